"""Declarations of parameters that a user can set: default, range, unit, label and help.

A declaration is the single source of the form in the window, of validation and of the command line.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from cnnstudio.core.display import Display
from cnnstudio.core.problems import Area, Problem, error
from cnnstudio.core.text import Text, same

Value = Any
"""bool, int, float, str, None or a tuple of these: what JSON can hold."""


class ShownWhen(msgspec.Struct, frozen=True):
    """A parameter matters only while parameter `name` has one of `values`."""

    name: str
    values: tuple[Value, ...]


class Param(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all parameters; `name` is spelled as in Keras where Keras has the parameter."""

    name: str
    label: Text
    help: Text
    default: Value
    shown_when: ShownWhen | None = None
    advanced: bool = False

    def error_text(self, value: Value) -> Text | None:
        """Why `value` is not allowed, or None."""
        raise TypeError(f"{type(self).__name__} declares no check")

    def parse(self, text: str) -> Value:
        """The value of a text from the command line; raises ValueError."""
        return text


class Int(Param, frozen=True, kw_only=True):
    """A whole number from `minimum` to `maximum`, both included."""

    minimum: int = 0
    maximum: int = 2**31 - 1
    step: int = 1
    odd: bool = False
    unit: Text | None = None
    optional: bool = False

    def error_text(self, value: Value) -> Text | None:
        if value is None and self.optional:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            return _expected_error(Text("a whole number", "un número entero"), value)
        if not self.minimum <= value <= self.maximum:
            return _range_error(self.minimum, self.maximum, value)
        if self.odd and value % 2 == 0:
            return _expected_error(Text("an odd number", "un número impar"), value)
        return None

    def parse(self, text: str) -> Value:
        if self.optional and text.lower() in ("none", ""):
            return None
        return int(text)


class Seed(Int, frozen=True, kw_only=True):
    """A seed for random numbers."""


class Float(Param, frozen=True, kw_only=True):
    """A finite number from `minimum` to `maximum`, both included unless `above` excludes the minimum.

    `display` is the unit that the window shows it in, where that differs from the stored one.
    """

    minimum: float = -math.inf
    maximum: float = math.inf
    above: bool = False
    step: float = 0.1
    decimals: int = 4
    logarithmic: bool = False
    unit: Text | None = None
    display: Display | None = None
    optional: bool = False

    def error_text(self, value: Value) -> Text | None:
        if value is None and self.optional:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            return _expected_error(Text("a number", "un número"), value)
        if not math.isfinite(value):
            return _expected_error(Text("a finite number", "un número finito"), value)
        if value < self.minimum or value > self.maximum or (self.above and value == self.minimum):
            return _range_error(self.minimum, self.maximum, value, above=self.above)
        return None

    def parse(self, text: str) -> Value:
        if self.optional and text.lower() in ("none", ""):
            return None
        return float(text)


class Bool(Param, frozen=True, kw_only=True):
    """Yes or no."""

    def error_text(self, value: Value) -> Text | None:
        return None if isinstance(value, bool) else _expected_error(Text("true or false", "true o false"), value)

    def parse(self, text: str) -> Value:
        values = {"true": True, "yes": True, "on": True, "1": True,
                  "false": False, "no": False, "off": False, "0": False}
        if text.lower() not in values:
            raise ValueError(text)
        return values[text.lower()]


class Option(msgspec.Struct, frozen=True):
    """One choice: the stored value and its label."""

    value: Value
    label: Text
    help: Text | None = None


class Choice(Param, frozen=True, kw_only=True):
    """One of a short list."""

    options: tuple[Option, ...]

    def error_text(self, value: Value) -> Text | None:
        allowed = [option.value for option in self.options]
        if value in allowed and not (isinstance(value, bool) and True not in allowed and False not in allowed):
            return None
        names = ", ".join("none" if item is None else str(item) for item in allowed)
        return _expected_error(Text(f"one of {names}", f"uno de {names}"), value)

    def parse(self, text: str) -> Value:
        for option in self.options:
            written = "none" if option.value is None else str(option.value)
            if written.lower() == text.lower():
                return option.value
        raise ValueError(text)


class Pair(Param, frozen=True, kw_only=True):
    """Two whole numbers (height, width), as kernel_size and strides have them."""

    minimum: int = 1
    maximum: int = 4096
    optional: bool = False

    def error_text(self, value: Value) -> Text | None:
        if value is None and self.optional:
            return None
        if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
            return _expected_error(Text("two whole numbers", "dos números enteros"), value)
        for item in value:
            if isinstance(item, bool) or not isinstance(item, int):
                return _expected_error(Text("two whole numbers", "dos números enteros"), value)
            if not self.minimum <= item <= self.maximum:
                return _range_error(self.minimum, self.maximum, item)
        return None

    def parse(self, text: str) -> Value:
        if self.optional and text.lower() in ("none", ""):
            return None
        parts = [int(part) for part in text.lower().strip("()").replace("x", ",").split(",")]
        return (parts[0], parts[0]) if len(parts) == 1 else tuple(parts)


class Padding4(Param, frozen=True, kw_only=True):
    """Four whole numbers: top, bottom, left, right."""

    minimum: int = 0
    maximum: int = 4096

    def error_text(self, value: Value) -> Text | None:
        expected = Text("four whole numbers: top, bottom, left, right",
                        "cuatro números enteros: arriba, abajo, izquierda, derecha")
        return _whole_numbers_error(value, expected, (4, 4), self.minimum, self.maximum)

    def parse(self, text: str) -> Value:
        parts = [int(part) for part in text.strip("()").split(",")]
        return tuple(parts * 4) if len(parts) == 1 else tuple(parts)


class Factor(Param, frozen=True, kw_only=True):
    """A range (lower, upper) to draw from, as Keras's augmentation layers have it.

    A single number f means (-f, f). Both ends lie between `minimum` and `maximum`.
    """

    minimum: float = -1.0
    maximum: float = 1.0
    unit: Text | None = None
    display: Display | None = None
    optional: bool = False

    def error_text(self, value: Value) -> Text | None:
        if value is None and self.optional:
            return None
        ends = value if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
        if len(ends) not in (1, 2):
            return _expected_error(Text("one or two numbers", "uno o dos números"), value)
        for end in ends:
            if isinstance(end, bool) or not isinstance(end, int | float) or not math.isfinite(end):
                return _expected_error(Text("one or two numbers", "uno o dos números"), value)
            if not self.minimum <= end <= self.maximum:
                return _range_error(self.minimum, self.maximum, end)
        if len(ends) == 1 and ends[0] < 0:
            return _range_error(0, self.maximum, ends[0])
        if len(ends) == 2 and ends[0] > ends[1]:
            return Text("The lower limit is greater than the upper limit.", "El límite inferior es mayor que el superior.")
        return None

    def parse(self, text: str) -> Value:
        if self.optional and text.lower() in ("none", ""):
            return None
        parts = [float(part) for part in text.strip("()").split(",")]
        return parts[0] if len(parts) == 1 else tuple(parts)


class Numbers(Param, frozen=True, kw_only=True):
    """One number, or one for each channel."""

    def error_text(self, value: Value) -> Text | None:
        ends = value if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
        for end in ends:
            if isinstance(end, bool) or not isinstance(end, int | float) or not math.isfinite(end):
                return _expected_error(Text("a number, or one for each channel", "un número, o uno por canal"), value)
        return None if ends else _expected_error(Text("a number", "un número"), value)

    def parse(self, text: str) -> Value:
        parts = [float(part) for part in text.strip("()").split(",")]
        return parts[0] if len(parts) == 1 else tuple(parts)


class Ints(Param, frozen=True, kw_only=True):
    """A sequence of whole numbers, such as a shape: between `shortest` and `longest` of them."""

    minimum: int = 1
    maximum: int = 2**31 - 1
    shortest: int = 1
    longest: int = 4
    optional: bool = False

    def error_text(self, value: Value) -> Text | None:
        if value is None and self.optional:
            return None
        expected = Text("from {low} to {high} whole numbers", "de {low} a {high} números enteros").fill(
            low=self.shortest, high=self.longest)
        return _whole_numbers_error(value, expected, (self.shortest, self.longest), self.minimum, self.maximum)

    def parse(self, text: str) -> Value:
        if self.optional and text.lower() in ("none", ""):
            return None
        return tuple(int(part) for part in text.lower().strip("() ,").replace("×", ",").replace("x", ",").split(","))


class Line(Param, frozen=True, kw_only=True):
    """One line of free text; `file` marks it as a path that a file dialog can fill."""

    file: bool = False
    optional: bool = True

    def error_text(self, value: Value) -> Text | None:
        if value is None and self.optional:
            return None
        if not isinstance(value, str):
            return _expected_error(Text("a text", "un texto"), value)
        if not value and not self.optional:
            return Text("This field must not be empty.", "Este campo no puede quedar vacío.")
        return None

    def parse(self, text: str) -> Value:
        return None if self.default is None and text.lower() in ("none", "") else text


class Color(Param, frozen=True, kw_only=True):
    """Red, green and blue, each from 0 to 255."""

    def error_text(self, value: Value) -> Text | None:
        good = (
            isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 3
            and all(isinstance(item, int) and not isinstance(item, bool) and 0 <= item <= 255 for item in value)
        )
        return None if good else _expected_error(
            Text("three whole numbers from 0 to 255", "tres números enteros de 0 a 255"), value)

    def parse(self, text: str) -> Value:
        if text.startswith("#") and len(text) == 7:
            return tuple(int(text[start:start + 2], 16) for start in (1, 3, 5))
        return tuple(int(part) for part in text.strip("()").split(","))


def _expected_error(what: Text, value: Value) -> Text:
    return Text("Expected {what}. Received: {value}", "Se esperaba {what}. Se recibió: {value}").fill(
        what=what, value=_abbreviated(value))


def _abbreviated(value: Value) -> str:
    written = "none" if value is None else str(value)
    return written if len(written) <= 60 else written[:57] + "..."


def _whole_numbers_error(value: Value, expected: Text, count: tuple[int, int], minimum: int, maximum: int) -> Text | None:
    """The error of a sequence of (least, most) whole numbers, or None; `expected` is its description."""
    if not isinstance(value, Sequence) or isinstance(value, str) or not count[0] <= len(value) <= count[1]:
        return _expected_error(expected, value)
    for item in value:
        if isinstance(item, bool) or not isinstance(item, int):
            return _expected_error(expected, value)
        if not minimum <= item <= maximum:
            return _range_error(minimum, maximum, item)
    return None


def _range_error(minimum: float, maximum: float, value: Value, above: bool = False) -> Text:
    if math.isinf(maximum) or maximum >= 2**31 - 1:
        expected = (Text("a number greater than {low:g}", "un número mayor que {low:g}") if above
                    else Text("at least {low:g}", "al menos {low:g}"))
        return _expected_error(expected.fill(low=minimum), value)
    expected = (Text("a number greater than {low:g} and at most {high:g}",
                     "un número mayor que {low:g} y como máximo {high:g}") if above
                else Text("a number from {low:g} to {high:g}", "un número de {low:g} a {high:g}"))
    return _expected_error(expected.fill(low=minimum, high=maximum), value)


def with_defaults(params: Sequence[Param], values: Mapping[str, Value]) -> dict[str, Value]:
    """`values` with the defaults of what is missing; unknown names are kept."""
    return {param.name: param.default for param in params} | dict(values)


def is_relevant(param: Param, values: Mapping[str, Value]) -> bool:
    """Whether `param` matters for these (completed) values."""
    return param.shown_when is None or values.get(param.shown_when.name) in param.shown_when.values


def check(params: Sequence[Param], values: Mapping[str, Value], area: Area, node: str | None = None
          ) -> tuple[Problem, ...]:
    """All problems of `values`, each located at its field."""
    completed = with_defaults(params, values)
    problems = []
    for param in params:
        if not is_relevant(param, completed):
            continue
        problem = param.error_text(completed[param.name])
        if problem is not None:
            text = Text("{label}: {trouble}", "{label}: {trouble}").fill(label=param.label, trouble=problem)
            problems.append(error("value", text, area, node=node, field=param.name))
    names = {param.name for param in params}
    for name in values:
        if name not in names:
            text = Text("There is no setting called {name}. Available: {names}.",
                        "No hay ningún ajuste llamado {name}. Disponibles: {names}.")
            text = text.fill(name=name, names=", ".join(param.name for param in params) or "-")
            problems.append(error("unknown_setting", text, area, node=node, field=name))
    return tuple(problems)


def find_param(params: Sequence[Param], name: str) -> Param | None:
    """The parameter of that name, or None."""
    return next((param for param in params if param.name == name), None)


def options(*values: str, **labels: Text) -> tuple[Option, ...]:
    """Options that are Keras's own values, with a label where one is passed."""
    return tuple(Option(value, labels.get(value, same(value))) for value in values)
