"""Operators, built-in functions and methods of plain values, with limits on the size of results."""

from __future__ import annotations

import ast
import math
import operator
import posixpath
import re
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath
from typing import Any, Final

LONGEST: Final = 10_000
"""Values of a list, letters of a text."""
_LARGEST: Final = 1 << 128
_PLAIN: Final = (bool, int, float, str, tuple, list, type(None), PurePosixPath)


class CannotEvaluate(Exception):
    """The code would fail here, or its result exceeds the limits."""


_OPERATORS: Final[dict[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
}
_COMPARISONS: Final[dict[type[ast.cmpop], Callable[[Any, Any], Any]]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.Is: operator.is_, ast.IsNot: operator.is_not,
    ast.In: lambda one, other: one in other, ast.NotIn: lambda one, other: one not in other,
}


def is_plain(value: Any) -> bool:
    """Whether a value is one of Python's own."""
    return isinstance(value, (*_PLAIN, dict, set, range))


def count_values(value: Any) -> int:
    """Number of values in a value, nested ones included; counting stops above LONGEST."""
    waiting, count = [value], 0
    while waiting and count <= LONGEST:
        item = waiting.pop()
        count += 1
        if isinstance(item, list | tuple | set):
            waiting += item
        elif isinstance(item, dict):
            waiting += [*item, *item.values()]
        elif isinstance(item, str):
            count += len(item) // 64
    return count


def _check_count(*values: Any) -> None:
    """Raise CannotEvaluate if the values are too many: a short list may contain a long one many times."""
    if count_values(list(values)) > LONGEST:
        raise CannotEvaluate


def apply_operator(kind: type[ast.operator], left: Any, right: Any) -> Any:
    """`one <operator> other` of plain values; raises CannotEvaluate."""
    _check_repetition(kind, left, right)
    try:
        if kind is ast.Pow:
            return _check_size(_power(left, right))
        if kind is ast.Mod and isinstance(left, str):
            return _check_size(_format_percent(left, right))
        action = _OPERATORS.get(kind)
        if action is None:
            raise CannotEvaluate
        return _check_size(action(left, right))
    except (TypeError, ValueError, ArithmeticError, KeyError, MemoryError):
        raise CannotEvaluate from None


def _check_repetition(kind: type[ast.operator], left: Any, right: Any) -> None:
    """Raise CannotEvaluate before a repetition makes a large sequence."""
    for row, count in ((left, right), (right, left)):
        if kind is ast.Mult and isinstance(row, str | list | tuple) and isinstance(count, int) and (
                len(row) * max(count, 0) > LONGEST):
            raise CannotEvaluate


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(base, int) and isinstance(exponent, int) and abs(base) > 1 and exponent * math.log2(abs(base)) > 128:
        raise CannotEvaluate
    power = base ** exponent
    if isinstance(power, complex):
        raise CannotEvaluate
    return power


def _check_size(value: Any) -> Any:
    if isinstance(value, int) and abs(value) > _LARGEST:
        raise CannotEvaluate
    if isinstance(value, str | list | tuple) and len(value) > LONGEST:
        raise CannotEvaluate
    return value


_WIDTH: Final = re.compile(r"\d{3,}|\*")


def _format_percent(template: str, values: Any) -> str:
    _check_count(values)
    if _WIDTH.search(template):
        raise CannotEvaluate
    text: str = template % values
    return text


def format_field(value: Any, specification: str, conversion: str = "") -> str:
    """One field of an f-string."""
    if _WIDTH.search(specification) or not isinstance(value, str | int | float | bool | None | tuple | list):
        raise CannotEvaluate
    _check_count(value)
    try:
        converted = repr(value) if conversion == "r" else str(value) if conversion else value
        text: str = _check_size(format(converted, specification))
        return text
    except (TypeError, ValueError):
        raise CannotEvaluate from None


def compare(kind: type[ast.cmpop], left: Any, right: Any) -> bool:
    _check_count(left, right)
    try:
        return bool(_COMPARISONS[kind](left, right))
    except (TypeError, KeyError):
        raise CannotEvaluate from None


def apply_unary(kind: type[ast.unaryop], value: Any) -> Any:
    try:
        if kind is ast.Not:
            return not value
        return -value if kind is ast.USub else +value if kind is ast.UAdd else ~value
    except TypeError:
        raise CannotEvaluate from None


def get_item(value: Any, key: Any) -> Any:
    """`value[place]`."""
    try:
        return value[key]
    except (TypeError, IndexError, KeyError):
        raise CannotEvaluate from None


# Functions ---------------------------------------------------------------------------------------

def _round(value: float, digits: int | None = None) -> Any:
    return round(value, digits) if digits is not None else round(value)


BUILT_IN: Final[dict[str, Callable[..., Any]]] = {
    "range": range, "len": len, "int": int, "float": float, "bool": bool, "str": str, "abs": abs, "min": min, "max": max,
    "sum": sum, "round": _round, "list": list, "tuple": tuple, "dict": dict, "set": set, "divmod": divmod,
    "sorted": sorted, "enumerate": lambda values, start=0: list(enumerate(values, start)), "any": any, "all": all,
    "zip": lambda *values: list(zip(*values, strict=False)), "reversed": lambda values: list(reversed(values)),
    "pow": lambda one, other: _check_size(_power(one, other)),
}
LIBRARY: Final[dict[str, Any]] = {
    "math.ceil": math.ceil, "math.floor": math.floor, "math.sqrt": math.sqrt, "math.log2": math.log2, "math.log": math.log,
    "math.prod": math.prod, "math.pi": math.pi, "math.exp": math.exp,
    "os.path.join": posixpath.join, "pathlib.Path": PurePosixPath, "pathlib.PurePath": PurePosixPath,
    "os.fspath": str, "numpy.prod": math.prod, "numpy.ceil": math.ceil, "numpy.floor": math.floor, "numpy.sqrt": math.sqrt,
    "numpy.log2": math.log2, "numpy.arange": range,
}
METHODS: Final[dict[type, tuple[str, ...]]] = {
    list: ("append", "extend", "insert", "pop", "copy", "reverse", "index", "count", "clear"),
    dict: ("get", "items", "keys", "values", "update", "copy", "setdefault"),
    str: ("lower", "upper", "format", "join", "replace", "split", "strip", "title", "capitalize", "startswith", "endswith"),
    tuple: ("index", "count"),
}
"""The methods of plain values that may be called."""


def call_function(function: Callable[..., Any], arguments: list[Any], keywords: dict[str, Any]) -> Any:
    """A built-in function on plain values; raises CannotEvaluate."""
    for argument in arguments:
        if isinstance(argument, range) and len(argument) > LONGEST and function is not len:
            raise CannotEvaluate
    _check_count(arguments, keywords)
    try:
        return _check_size(function(*arguments, **keywords))
    except (TypeError, ValueError, ArithmeticError, IndexError, KeyError, AttributeError, RecursionError, MemoryError):
        raise CannotEvaluate from None


def call_method(owner: Any, method: str, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    """A method of a plain value; raises CannotEvaluate."""
    if method not in METHODS.get(type(owner), ()):
        raise CannotEvaluate
    if isinstance(owner, str):
        if method == "format" and (_WIDTH.search(owner) or re.search(r"\{[^}]*[.\[]", owner)):
            raise CannotEvaluate
        if method == "replace" and len(owner) * (1 + max((len(argument) for argument in arguments if isinstance(argument, str)),
                                                         default=0)) > LONGEST:
            raise CannotEvaluate
    answer = call_function(getattr(owner, method), [_row(argument) for argument in arguments], keywords)
    if isinstance(owner, list | dict) and len(owner) > LONGEST:
        raise CannotEvaluate
    return list(answer) if isinstance(owner, dict) and method in ("items", "keys", "values") else answer


def _row(value: Any) -> Any:
    return list(value) if isinstance(value, range) else value


def to_items(value: Any) -> list[Any] | None:
    """The items of a plain value that can be iterated; None if it cannot, or is too long."""
    if isinstance(value, dict):
        value = list(value)
    if isinstance(value, Iterable) and isinstance(value, str | list | tuple | set | range) and len(value) <= LONGEST:
        return list(value)
    return None
