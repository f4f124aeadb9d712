"""A call of Keras's API as a value: it can be evaluated and printed.

Training evaluates the very expression that the code view prints, so the two cannot differ.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

Resolve = Callable[[str], Any]
"""Returns the object of a dotted name, such as "keras.layers.Conv2D" (the engine imports it)."""


class P(msgspec.Struct, frozen=True):
    """A reference to the value of the parameter `name`."""

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
        passed = {name: chosen(expression, values) for name, expression in self.kwargs.items()}
        return {
            name: value for name, value in passed.items()
            if name not in self.defaults or not _equal(value, self.defaults[name])
        }

    def build(self, values: Mapping[str, Any], resolve: Resolve, **extra: Any) -> Any:
        """Evaluate the call; `extra` arguments (a layer's name) are added."""
        arguments = {
            name: value.build(values, resolve) if isinstance(value, Call) else value
            for name, value in self.arguments(values).items()
        }
        return resolve(self.target)(**arguments, **extra)

    def parameters(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """The inverse: values of parameters from the arguments that Keras saves in a model's file.

        What stands there in a form that no value of the parameters gives is left out.
        """
        values: dict[str, Any] = {}
        for name, expression in self.kwargs.items():
            if name in config:
                values |= _parse_value(expression, config[name])
        return values

    def code(self, values: Mapping[str, Any], shorten: Callable[[str], str] = str, **extra: Any) -> str:
        """The call as Python source; `shorten` turns a dotted name into its name in the script."""
        arguments = self.arguments(values) | extra
        written = ", ".join(
            f"{name}={value.code(values, shorten) if isinstance(value, Call) else literal(value)}"
            for name, value in arguments.items()
        )
        return f"{shorten(self.target)}({written})"


def chosen(expression: Any, values: Mapping[str, Any]) -> Any:
    """The literal or call of an expression."""
    if isinstance(expression, P):
        return values[expression.name]
    if isinstance(expression, Switch):
        return expression.cases[values[expression.name]]
    return expression


def _parse_value(expression: Any, written: Any) -> dict[str, Any]:
    """Values of the parameters in an expression, from its saved form."""
    if isinstance(expression, P):
        return {expression.name: _value(written)}
    if isinstance(expression, Switch):
        for value, case in expression.cases.items():
            if isinstance(case, Call):
                if isinstance(written, Mapping) and written.get("class_name") == case.target.rpartition(".")[2]:
                    return {expression.name: value} | case.parameters(written.get("config") or {})
            elif _value(written) == case:
                return {expression.name: value}
    return {}


def _value(written: Any) -> Any:
    """A value as Keras writes it: lists for tuples, a mapping for a function or an object of its own."""
    if isinstance(written, Mapping):
        name = written.get("config") if written.get("class_name") == "function" else written.get("class_name")
        snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", str(name))
        return snake.lower()
    return tuple(_value(item) for item in written) if isinstance(written, list | tuple) else written


def literal(value: Any) -> str:
    """A value as Python source, strings in double quotes."""
    if isinstance(value, str):
        # JSON strings are valid Python: names from other programs may contain any character.
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, tuple | list):
        inner = ", ".join(literal(item) for item in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, float) and value and len(repr(value)) > 12:
        # 1/255 rather than 0.00392156862745098.
        divisor = float(f"{1 / value:.6g}")
        if 1 / divisor == value:
            return f"1 / {divisor:g}"
    return repr(value)


def _equal(value: Any, default: Any) -> bool:
    if isinstance(value, Call) or isinstance(default, Call):
        return False
    return bool(value == default) and isinstance(value, bool) == isinstance(default, bool)
