"""Objects of the dotted names that calls of the catalog use."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from cnnstudio.catalog.keras_parts import PARTS, PREFIX, KerasPart


@cache
def resolve(name: str) -> Any:
    """The object of a dotted name under keras, such as "keras.layers.Conv2D", or a class or function of our own; raises
    ValueError for others."""
    if name.startswith(PREFIX):
        return _own(PARTS[name.removeprefix(PREFIX)])
    if name.split(".", maxsplit=1)[0] != "keras":
        raise ValueError(f"Expected a name under keras. Received: {name!r}")
    value: Any = import_module("keras")
    for part in name.split(".")[1:]:
        value = getattr(value, part)
    return value


def _own(part: KerasPart) -> Any:
    """The class or function of a part, made from the very source that scripts print."""
    module = ModuleType(f"cnnstudio.own.{part.name}")
    vars(module).update({name: import_module(name) for name in ("keras", "math", "time")})
    exec(compile(part.code, f"<{part.name}>", "exec"), vars(module))  # our own text
    return getattr(module, part.name)


def is_own_object(value: Any) -> bool:
    """Whether a value is of a class of our own, which a saved model must not need."""
    return type(value).__module__.startswith("cnnstudio.own.")
