"""A call of the field's own API as a value: evaluated to build, printed to show.

Training evaluates the very expression that the code view prints, so the two cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

Resolve = Callable[[str], Any]
"""Gives the object of a dotted name, such as "keras.layers.Conv2D" (the engine imports it)."""


class P(msgspec.Struct, frozen=True):
    """Stands for the value of the parameter `name`."""

    name: str


class Switch(msgspec.Struct, frozen=True):
    """One of several expressions, by the value of the parameter `name`."""

    name: str
    cases: dict[Any, Any]


class Call(msgspec.Struct, frozen=True):
    """`target(**kwargs)`; an argument that equals its entry in `defaults` is left out.

    Arguments are literals, `P`, `Switch` or further calls.
    """

    target: str
    kwargs: dict[str, Any] = {}
    defaults: dict[str, Any] = {}

    def arguments(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The keyword arguments that are passed, as literals and calls."""
        found = {name: chosen(expression, values) for name, expression in self.kwargs.items()}
        return {
            name: value for name, value in found.items()
            if name not in self.defaults or not _equal(value, self.defaults[name])
        }

    def build(self, values: Mapping[str, Any], resolve: Resolve, **extra: Any) -> Any:
        """Evaluate the call; `extra` arguments (a layer's name) are added."""
        arguments = {
            name: value.build(values, resolve) if isinstance(value, Call) else value
            for name, value in self.arguments(values).items()
        }
        return resolve(self.target)(**arguments, **extra)

    def code(self, values: Mapping[str, Any], shorten: Callable[[str], str] = str, **extra: Any) -> str:
        """The call as Python source; `shorten` turns a dotted name into what the script calls it."""
        arguments = self.arguments(values) | extra
        written = ", ".join(
            f"{name}={value.code(values, shorten) if isinstance(value, Call) else literal(value)}"
            for name, value in arguments.items()
        )
        return f"{shorten(self.target)}({written})"


def chosen(expression: Any, values: Mapping[str, Any]) -> Any:
    """The literal or call that an expression stands for."""
    if isinstance(expression, P):
        return values[expression.name]
    if isinstance(expression, Switch):
        return expression.cases[values[expression.name]]
    return expression


def literal(value: Any) -> str:
    """A value as Python source, strings in double quotes."""
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, tuple | list):
        inner = ", ".join(literal(each) for each in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return repr(value)


def _equal(value: Any, default: Any) -> bool:
    if isinstance(value, Call) or isinstance(default, Call):
        return False
    return bool(value == default) and isinstance(value, bool) == isinstance(default, bool)
