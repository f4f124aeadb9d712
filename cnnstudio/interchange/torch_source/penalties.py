"""The regularisers of a printed network: the terms that its function `penalties(model)` adds up."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, Final

from cnnstudio.catalog.layers import LAYERS
from cnnstudio.interchange.python_source.values import Function, TracedNode

_POWERS: Final = {"abs": "l1", "square": "l2"}
_ROLES: Final = {"bias": "bias", "weight": "kernel"}
_OWN: Final[dict[str, dict[str, str]]] = {
    "BatchNormalization": {"weight": "gamma", "bias": "beta"}, "LayerNormalization": {"weight": "gamma", "bias": "beta"},
    "GroupNormalization": {"weight": "gamma", "bias": "beta"}, "PReLU": {"weight": "alpha"},
    "DepthwiseConv2D": {"weight": "depthwise"}}
"""Keras's names of a module's parameters, where they are not the kernel and the bias."""


def add_penalties(function: Any, nodes: list[TracedNode]) -> None:
    """Set the regularisers of the nodes' layers by the terms of the function."""
    if not isinstance(function, Function) or isinstance(function.node, ast.Lambda):
        return
    found: dict[tuple[int, str], dict[str, float]] = {}
    by_path = {node.name: node for node in nodes if node.name}
    for factor, power, owners, key in _terms(function.node):
        while len(owners) > 1 and owners[-1] in ("module", "layer"):
            # Printed wrappers hold their module under these names.
            owners.pop()
        name = "_".join(owners)
        depthwise = by_path.get(name.removesuffix("_depthwise"))
        node = by_path.get(name) or depthwise
        if node is None:
            continue
        if node.kind == "SeparableConv2D" and key == "weight":
            role = "depthwise" if name.endswith("_depthwise") else "pointwise"
        else:
            role = _OWN.get(node.kind, _ROLES).get(key, "")
        if role and LAYERS[node.kind].has_param(f"{role}_regularizer"):
            found.setdefault((node.number, role), {})[_POWERS[power]] = factor
    for node in nodes:
        for (number, role), factors in found.items():
            if number == node.number:
                kind = "L1L2" if len(factors) == 2 else next(iter(factors)).upper()
                node.params = dict(node.params) | {f"{role}_regularizer": kind} | {
                    f"{role}_regularizer_{name}": factor for name, factor in factors.items()}


def _terms(function: ast.AST) -> Iterator[tuple[float, str, list[str], str]]:
    """(factor, "abs" or "square", path of the module, name of the parameter) of terms such as
    0.01 * model.conv.weight.square().sum()."""
    for node in ast.walk(function):
        match node:
            case ast.BinOp(left=ast.Constant(value=int() | float() as factor), op=ast.Mult(), right=ast.Call(
                    func=ast.Attribute(attr="sum", value=ast.Call(func=ast.Attribute(attr=power, value=weight))))):
                path = _path(weight)
                if power in _POWERS and len(path) > 1:
                    yield float(factor), power, path[:-1], path[-1]


def _path(node: ast.expr) -> list[str]:
    """The attributes behind the first name of `model.a.b.weight`."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.insert(0, node.attr)
        node = node.value
    return names if isinstance(node, ast.Name) else []
