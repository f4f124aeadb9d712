"""Objects of the dotted names that calls of the catalog use."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any


@cache
def resolve(name: str) -> Any:
    """The object of a dotted name under keras, such as "keras.layers.Conv2D"; raises ValueError for others."""
    if name.split(".", maxsplit=1)[0] != "keras":
        raise ValueError(f"Expected a name under keras. Received: {name!r}")
    value: Any = import_module("keras")
    for part in name.split(".")[1:]:
        value = getattr(value, part)
    return value
