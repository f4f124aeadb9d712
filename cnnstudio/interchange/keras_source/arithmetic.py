"""Operators, built-in functions and methods of plain values, each held to a size that cannot hurt."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

LONGEST: Final = 10_000
"""Values of a list, letters of a word."""
_LARGEST: Final = 1 << 128
_PLAIN: Final = (bool, int, float, str, tuple, list, type(None))


class Impossible(Exception):
    """The code would fail here, or make something far too large."""


_OPERATORS: Final[dict[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
}
_COMPARISONS: Final[dict[type[ast.cmpop], Callable[[Any, Any], Any]]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.Is: operator.is_, ast.IsNot: operator.is_not,
    ast.In: lambda one, other: one in other, ast.NotIn: lambda one, other: one not in other,
}


def plain(value: Any) -> bool:
    """Whether a value is one of Python's own."""
    return isinstance(value, (*_PLAIN, dict, set, range))


def weight(value: Any) -> int:
    """How many values a value holds, those within others included; more than LONGEST are not counted."""
    waiting, found = [value], 0
    while waiting and found <= LONGEST:
        each = waiting.pop()
        found += 1
        if isinstance(each, list | tuple | set):
            waiting += each
        elif isinstance(each, dict):
            waiting += [*each, *each.values()]
        elif isinstance(each, str):
            found += len(each) // 64
    return found


def _bounded(*values: Any) -> None:
    """A row may hold the same row many times over: what looks short need not be."""
    if weight(list(values)) > LONGEST:
        raise Impossible


def combined(kind: type[ast.operator], one: Any, other: Any) -> Any:
    """`one <operator> other` of plain values; raises Impossible."""
    _may(kind, one, other)
    try:
        if kind is ast.Pow:
            return _kept(_power(one, other))
        if kind is ast.Mod and isinstance(one, str):
            return _kept(_formatted(one, other))
        action = _OPERATORS.get(kind)
        if action is None:
            raise Impossible
        return _kept(action(one, other))
    except (TypeError, ValueError, ArithmeticError, KeyError, MemoryError):
        raise Impossible from None


def _may(kind: type[ast.operator], one: Any, other: Any) -> None:
    """Before anything large is made: how often a row is repeated."""
    for row, count in ((one, other), (other, one)):
        if kind is ast.Mult and isinstance(row, str | list | tuple) and isinstance(count, int) and (
                len(row) * max(count, 0) > LONGEST):
            raise Impossible


def _power(one: Any, other: Any) -> Any:
    if isinstance(one, int) and isinstance(other, int) and abs(one) > 1 and other * math.log2(abs(one)) > 128:
        raise Impossible
    found = one ** other
    if isinstance(found, complex):
        raise Impossible
    return found


def _kept(value: Any) -> Any:
    if isinstance(value, int) and abs(value) > _LARGEST:
        raise Impossible
    if isinstance(value, str | list | tuple) and len(value) > LONGEST:
        raise Impossible
    return value


_WIDTH: Final = re.compile(r"\d{3,}|\*")


def _formatted(words: str, values: Any) -> str:
    _bounded(values)
    if _WIDTH.search(words):
        raise Impossible
    text: str = words % values
    return text


def formatted(value: Any, specification: str, conversion: str = "") -> str:
    """One field of an f-string."""
    if _WIDTH.search(specification) or not isinstance(value, str | int | float | bool | None | tuple | list):
        raise Impossible
    _bounded(value)
    try:
        shown = repr(value) if conversion == "r" else str(value) if conversion else value
        text: str = _kept(format(shown, specification))
        return text
    except (TypeError, ValueError):
        raise Impossible from None


def compared(kind: type[ast.cmpop], one: Any, other: Any) -> bool:
    _bounded(one, other)
    try:
        return bool(_COMPARISONS[kind](one, other))
    except (TypeError, KeyError):
        raise Impossible from None


def negated(kind: type[ast.unaryop], value: Any) -> Any:
    try:
        if kind is ast.Not:
            return not value
        return -value if kind is ast.USub else +value if kind is ast.UAdd else ~value
    except TypeError:
        raise Impossible from None


def taken(value: Any, place: Any) -> Any:
    """`value[place]`."""
    try:
        return value[place]
    except (TypeError, IndexError, KeyError):
        raise Impossible from None


# Functions ---------------------------------------------------------------------------------------

def _rounded(value: float, digits: int | None = None) -> Any:
    return round(value, digits) if digits is not None else round(value)


BUILT_IN: Final[dict[str, Callable[..., Any]]] = {
    "range": range, "len": len, "int": int, "float": float, "bool": bool, "str": str, "abs": abs, "min": min, "max": max,
    "sum": sum, "round": _rounded, "list": list, "tuple": tuple, "dict": dict, "set": set, "divmod": divmod,
    "sorted": sorted, "enumerate": lambda *given: list(enumerate(*given)), "any": any, "all": all,
    "zip": lambda *given: list(zip(*given, strict=False)), "reversed": lambda given: list(reversed(given)),
    "pow": lambda one, other: _kept(_power(one, other)),
}
LIBRARY: Final[dict[str, Any]] = {
    "math.ceil": math.ceil, "math.floor": math.floor, "math.sqrt": math.sqrt, "math.log2": math.log2, "math.log": math.log,
    "math.prod": math.prod, "math.pi": math.pi, "math.exp": math.exp,
    "numpy.prod": math.prod, "numpy.ceil": math.ceil, "numpy.floor": math.floor, "numpy.sqrt": math.sqrt,
    "numpy.log2": math.log2, "numpy.arange": range,
}
METHODS: Final[dict[type, tuple[str, ...]]] = {
    list: ("append", "extend", "insert", "pop", "copy", "reverse", "index", "count", "clear"),
    dict: ("get", "items", "keys", "values", "update", "copy", "setdefault"),
    str: ("lower", "upper", "format", "join", "replace", "split", "strip", "title", "capitalize", "startswith", "endswith"),
    tuple: ("index", "count"),
}
"""What may be asked of a plain value; nothing else is."""


def called(function: Callable[..., Any], arguments: list[Any], keywords: dict[str, Any]) -> Any:
    """A built-in function on plain values; raises Impossible."""
    for argument in arguments:
        if isinstance(argument, range) and len(argument) > LONGEST and function is not len:
            raise Impossible
    _bounded(arguments, keywords)
    try:
        return _kept(function(*arguments, **keywords))
    except (TypeError, ValueError, ArithmeticError, IndexError, KeyError, AttributeError, RecursionError, MemoryError):
        raise Impossible from None


def asked(owner: Any, method: str, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    """A method of a plain value; raises Impossible."""
    if method not in METHODS.get(type(owner), ()):
        raise Impossible
    if isinstance(owner, str):
        if method == "format" and (_WIDTH.search(owner) or re.search(r"\{[^}]*[.\[]", owner)):
            raise Impossible
        if method == "replace" and len(owner) * (1 + max((len(argument) for argument in arguments if isinstance(argument, str)),
                                                         default=0)) > LONGEST:
            raise Impossible
    answer = called(getattr(owner, method), [_row(argument) for argument in arguments], keywords)
    if isinstance(owner, list | dict) and len(owner) > LONGEST:
        raise Impossible
    return list(answer) if isinstance(owner, dict) and method in ("items", "keys", "values") else answer


def _row(value: Any) -> Any:
    return list(value) if isinstance(value, range) else value


def items(value: Any) -> list[Any] | None:
    """What a loop over a plain value goes through; None where it is none, or too long."""
    if isinstance(value, dict):
        value = list(value)
    if isinstance(value, Iterable) and isinstance(value, str | list | tuple | set | range) and len(value) <= LONGEST:
        return list(value)
    return None
