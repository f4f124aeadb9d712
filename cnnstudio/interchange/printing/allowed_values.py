"""What a parameter accepts, in a few words: for the reference."""

from __future__ import annotations

import math

from cnnstudio.core.params import (
    Bool,
    Choice,
    Color,
    Factor,
    Float,
    Int,
    Ints,
    Numbers,
    Padding4,
    Pair,
    Param,
    Value,
)
from cnnstudio.core.text import format_number, tr

_NO_LIMIT = 2**31 - 1
"""The default maximum of whole numbers: no limit to a reader."""


def allowed_values(param: Param) -> str:
    """The kind and range of values that `param` accepts, in the language of the program."""
    text = _kind(param)
    unit = getattr(param, "unit", None)
    if unit is not None:
        text = f"{text} ({unit})"
    return tr("{values}, or none", "{values}, o none", values=text) if getattr(param, "optional", False) else text


def format_value(value: Value) -> str:
    """A value as the command line takes it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return ",".join(format_value(item) for item in value)
    return str(value)


def _kind(param: Param) -> str:
    match param:
        case Bool():
            return "`true`, `false`"
        case Choice():
            return ", ".join(f"`{format_value(option.value)}`" for option in param.options)
        case Color():
            return tr("red, green, blue from 0 to 255", "rojo, verde y azul de 0 a 255")
        case Pair():
            return tr("two whole numbers {range}", "dos números enteros {range}", range=_range(param.minimum, param.maximum))
        case Padding4():
            return tr("four whole numbers {range}", "cuatro números enteros {range}",
                      range=_range(param.minimum, param.maximum))
        case Ints():
            return tr("from {low} to {high} whole numbers", "de {low} a {high} números enteros",
                      low=param.shortest, high=param.longest)
        case Numbers():
            return tr("a number, or one for each channel", "un número, o uno por canal")
        case Factor():
            return tr("one or two numbers {range}", "uno o dos números {range}", range=_range(param.minimum, param.maximum))
        case Int():
            kind = tr("odd number", "número impar") if param.odd else tr("whole number", "número entero")
            return f"{kind} {_range(param.minimum, param.maximum)}".strip()
        case Float():
            return f"{tr('number', 'número')} {_range(param.minimum, param.maximum, param.above)}".strip()
    return tr("text", "texto")


def _range(minimum: float, maximum: float, above: bool = False) -> str:
    low, high = format_number(minimum, ".10g"), format_number(maximum, ".10g")
    no_low, no_high = math.isinf(minimum), math.isinf(maximum) or maximum >= _NO_LIMIT
    if no_low and no_high:
        return ""
    if no_low:
        return tr("up to {high}", "hasta {high}", high=high)
    if no_high:
        return tr("greater than {low}", "mayor que {low}", low=low) if above else tr("from {low}", "desde {low}", low=low)
    if above:
        return tr("greater than {low}, up to {high}", "mayor que {low}, hasta {high}", low=low, high=high)
    return tr("from {low} to {high}", "de {low} a {high}", low=low, high=high)
