"""How code scales the pictures that it feeds to its network, outside of the network: `rescale=1/255`, `x / 255.0`."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from typing import Final

import msgspec

from cnnstudio.interchange.python_source.names import normalized_name

_SCALES: Final = {"zero_one": (1 / 255, 0.0), "minus_one_one": (1 / 127.5, -1.0)}
_ZERO_ONE: Final = 1 / 255
_TO_MINUS_ONE: Final = frozenset((
    "mobilenet", "mobilenetv2", "inceptionv3", "inceptionresnetv2", "xception", "nasnet", "resnetv2"))
"""The modules of keras.applications whose preprocess_input is x / 127.5 - 1."""
_OTHER_CALLS: Final = frozenset(("perimagestandardization", "standardscaler"))
"""Calls that scale pictures in a way that no recipe has."""
_OTHER_KEYWORDS: Final = frozenset((
    "featurewise_center", "featurewise_std_normalization", "samplewise_center", "samplewise_std_normalization"))
_OPERATORS: Final[dict[str, type[ast.operator]]] = {
    "divide": ast.Div, "truedivide": ast.Div, "multiply": ast.Mult, "subtract": ast.Sub, "add": ast.Add}


class DataScaling(msgspec.Struct, frozen=True):
    """The recipe's normalisation that the code does, "" for a scaling that no recipe has; the code and its line."""

    normalization: str
    code: str
    line: int
    is_of_base: bool = False
    """Whether it is the one with which a pretrained base was trained."""


def find_scaling(tree: ast.Module) -> DataScaling | None:
    """The first scaling of pictures in the data code; None where nothing looks like one.

    A known scaling counts before one that only looks like it (`preprocess_input`). A Rescaling layer of the network itself
    is none of the data code: ask only where the network has none.
    """
    constants, modules = _constants(tree), _preprocessing(tree)
    nodes = (*ast.walk(tree), *_joined_steps(tree))
    found = [scaling for node in nodes if (scaling := _scaling(node, constants, modules)) is not None]
    # In x / 255 * 2 - 1 the division alone says something else: the widest expression of a line counts.
    found.sort(key=lambda item: (not item.normalization, item.line, -len(item.code)))
    return found[0] if found else None


def _preprocessing(tree: ast.Module) -> dict[str, str]:
    """Names that are imported as a preprocess_input of keras.applications, with its module."""
    return {alias.asname or alias.name: normalized_name((node.module or "").rpartition(".")[2])
            for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
            for alias in node.names if alias.name == "preprocess_input"}


def _joined_steps(tree: ast.Module) -> Iterator[ast.expr]:
    """Statements in a row that go on with one variable (`x /= 127.5`, then `x -= 1`), as one expression."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        target, joined = "", None
        for statement in body if isinstance(body, list) else ():
            name, operation = _step(statement)
            if joined is not None and name == target and operation is not None:
                below = _innermost(operation, target)
                if below is not None:
                    joined = _replaced(operation, below, joined)
                    yield joined
                    continue
            target, joined = name, operation


def _step(statement: ast.AST) -> tuple[str, ast.BinOp | None]:
    """The variable that a statement sets, and the calculation; ("", None) for any other statement."""
    if isinstance(statement, ast.AugAssign):
        operation = ast.BinOp(statement.target, statement.op, statement.value)
        return ast.unparse(statement.target), ast.copy_location(operation, statement)
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and isinstance(statement.value, ast.BinOp):
        return ast.unparse(statement.targets[0]), statement.value
    return "", None


def _innermost(operation: ast.expr, target: str) -> ast.expr | None:
    """The one place of a variable in a calculation."""
    places = [node for node in ast.walk(operation) if isinstance(node, ast.expr) and ast.unparse(node) == target]
    return places[0] if len(places) == 1 else None


def _replaced(operation: ast.BinOp, place: ast.expr, by: ast.BinOp) -> ast.BinOp:
    left, right = (by if side is place else _replaced(side, place, by) if isinstance(side, ast.BinOp) else side
                   for side in (operation.left, operation.right))
    return ast.copy_location(ast.BinOp(left, operation.op, right), by)


def _scaling(node: ast.AST, constants: dict[str, float], modules: dict[str, str]) -> DataScaling | None:
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
        elif called in _OPERATORS:
            name = _of_arithmetic(node, constants)
        elif not name and (called in _OTHER_CALLS or _is_normalize(node) or any(
                item.arg in _OTHER_KEYWORDS and getattr(item.value, "value", False) for item in node.keywords)):
            return DataScaling("", ast.unparse(node)[:80], node.lineno)
    elif isinstance(node, ast.Name | ast.Attribute) and (
            node.id in modules if isinstance(node, ast.Name) else node.attr == "preprocess_input"):
        module = modules[node.id] if isinstance(node, ast.Name) else normalized_name(_last_name(node.value))
        return DataScaling("minus_one_one" if module in _TO_MINUS_ONE else "", ast.unparse(node)[:80], node.lineno, True)
    elif isinstance(node, ast.Name) and node.id == "preprocess_input":
        return DataScaling("", node.id, node.lineno, True)
    elif isinstance(node, ast.BinOp):
        name = _of_arithmetic(node, constants)
    elif isinstance(node, ast.AugAssign):
        name = _of_arithmetic(ast.BinOp(node.target, node.op, node.value), constants)
    return DataScaling(name, ast.unparse(node)[:80], node.lineno) if name else None  # type: ignore[attr-defined]


def _is_normalize(call: ast.Call) -> bool:
    """Whether a call is a normalisation by means and deviations (albumentations, torchvision) or `keras.utils.normalize`."""
    called = _last_name(call.func)
    by_mean = any(item.arg in ("mean", "std") for item in call.keywords) or len(call.args) == 2
    return (called == "Normalize" and by_mean) or (
        called == "normalize" and isinstance(call.func, ast.Attribute) and _last_name(call.func.value) == "utils")


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


def _of_arithmetic(node: ast.expr, constants: dict[str, float]) -> str:
    linear = _linear(node, constants)
    return "" if linear is None else next((name for name, pair in _SCALES.items() if all(
        math.isclose(value, wanted, rel_tol=1e-4, abs_tol=1e-9) for value, wanted in zip(linear, pair, strict=True))), "")


def _linear(node: ast.expr, constants: dict[str, float]) -> tuple[float, float] | None:
    """(scale, offset) of an expression in one unknown, whatever that is; None for any other expression."""
    if isinstance(node, ast.Call) and len(node.args) == 2 and _last_name(node.func).lower() in _OPERATORS:
        node = ast.BinOp(node.args[0], _OPERATORS[_last_name(node.func).lower()](), node.args[1])
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
