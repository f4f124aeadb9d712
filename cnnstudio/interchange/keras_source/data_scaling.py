"""How code scales the pictures that it feeds to its network, outside of the network: `rescale=1/255`, `x / 255.0`."""

from __future__ import annotations

import ast
import math
from typing import Final

import msgspec

from cnnstudio.interchange.keras_source.names import normalized_name

_SCALES: Final = {"zero_one": (1 / 255, 0.0), "minus_one_one": (1 / 127.5, -1.0)}
_ZERO_ONE: Final = 1 / 255


class DataScaling(msgspec.Struct, frozen=True):
    """The recipe's normalisation that the code does, "" for a scaling that no recipe has; the code and its line."""

    normalization: str
    code: str
    line: int


def find_scaling(tree: ast.Module) -> DataScaling | None:
    """The first scaling of pictures in the data code; None where nothing looks like one.

    A known scaling counts before one that only looks like it (`preprocess_input`). A Rescaling layer of the network itself
    is none of the data code: ask only where the network has none.
    """
    constants = _constants(tree)
    found = [scaling for node in ast.walk(tree) if (scaling := _scaling(node, constants)) is not None]
    # In x / 255 * 2 - 1 the division alone says something else: the widest expression of a line counts.
    found.sort(key=lambda item: (not item.normalization, item.line, -len(item.code)))
    return found[0] if found else None


def _scaling(node: ast.AST, constants: dict[str, float]) -> DataScaling | None:
    name = ""
    if isinstance(node, ast.Call):
        called = normalized_name(_last_name(node.func))
        name = _of_keywords(node, constants)
        if called == "rescaling":
            name = _of_rescaling(node, constants)
        elif called == "convertimagedtype":
            name = "zero_one" if "float" in ast.unparse(node) else ""
        elif called == "totensor":
            name = "zero_one"
        elif called == "preprocessinput":
            return DataScaling("", ast.unparse(node)[:80], node.lineno)
    elif isinstance(node, ast.BinOp):
        name = _of_arithmetic(node, constants)
    elif isinstance(node, ast.AugAssign):
        name = _of_arithmetic(ast.BinOp(node.target, node.op, node.value), constants)
    return DataScaling(name, ast.unparse(node)[:80], node.lineno) if name else None  # type: ignore[attr-defined]


def _of_keywords(call: ast.Call, constants: dict[str, float]) -> str:
    value = next((item.value for item in call.keywords if item.arg == "rescale"), None)
    return "zero_one" if value is not None and _is(value, _ZERO_ONE, constants) else ""


def _of_rescaling(call: ast.Call, constants: dict[str, float]) -> str:
    given = {item.arg: item.value for item in call.keywords if item.arg}
    given |= dict(zip(("scale", "offset"), call.args, strict=False))
    scale, offset = given.get("scale"), given.get("offset")
    return "" if scale is None else next((
        name for name, pair in _SCALES.items() if _is(scale, pair[0], constants) and (
            not pair[1] if offset is None else _is(offset, pair[1], constants))), "")


def _of_arithmetic(node: ast.BinOp, constants: dict[str, float]) -> str:
    linear = _linear(node, constants)
    return "" if linear is None else next((name for name, pair in _SCALES.items() if all(
        math.isclose(value, wanted, rel_tol=1e-4, abs_tol=1e-9) for value, wanted in zip(linear, pair, strict=True))), "")


def _linear(node: ast.expr, constants: dict[str, float]) -> tuple[float, float] | None:
    """(scale, offset) of an expression in one unknown, whatever that is; None for any other expression."""
    if not isinstance(node, ast.BinOp):
        return 1.0, 0.0
    left, right = _number(node.left, constants), _number(node.right, constants)
    inner = _linear(node.left, constants) if right is not None else _linear(node.right, constants) if left is not None else None
    if inner is None or (left is not None and right is not None):
        return None
    scale, offset = inner
    match node.op:
        case ast.Add():
            return scale, offset + (left if right is None else right)  # type: ignore[operator]
        case ast.Mult():
            factor = left if right is None else right
            return scale * factor, offset * factor  # type: ignore[operator]
        case ast.Sub() if right is not None:
            return scale, offset - right
        case ast.Div() if right:
            return scale / right, offset / right
    return None


def _is(node: ast.expr, wanted: float, constants: dict[str, float]) -> bool:
    value = _number(node, constants)
    return value is not None and math.isclose(value, wanted, rel_tol=1e-4, abs_tol=1e-9)


def _constants(tree: ast.Module) -> dict[str, float]:
    """Names that are assigned a plain number once."""
    values: dict[str, float] = {}
    assigned: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            value = None if name in assigned else _number(node.value, {})
            assigned.add(name)
            values.pop(name, None)
            if value is not None:
                values[name] = value
    return values


def _number(node: ast.expr, constants: dict[str, float]) -> float | None:
    match node:
        case ast.Constant(value=bool()):
            return None
        case ast.Constant(value=int() | float() as value):
            return float(value) if abs(value) < 1e12 else None
        case ast.Name(id=name):
            return constants.get(name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            negated = _number(operand, constants)
            return None if negated is None else -negated
        case ast.BinOp(left=left, op=ast.Div() | ast.Mult() as operator, right=right):
            first, second = _number(left, constants), _number(right, constants)
            if first is None or second is None or (isinstance(operator, ast.Div) and not second):
                return None
            return first / second if isinstance(operator, ast.Div) else first * second
    return None


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
