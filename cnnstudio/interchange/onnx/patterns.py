"""Fuses the operators that exporters split one layer into: GELU by its error function, SiLU, layer normalisation.

A pattern is a tuple: the operator's type and its inputs. A number matches that number, "x" any tensor
(the same name the same tensor), "$x" a constant, another tuple the operator before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from math import isclose, pi, sqrt
from typing import Any, Final

from cnnstudio.interchange.onnx.folding import fold, from_tensor, get_ints
from cnnstudio.interchange.onnx.model import Graph, Operator, Tensor, replace
from cnnstudio.interchange.onnx.values import Constant, Unsupported, Weight

Constants = dict[str, Constant | Weight]
Bindings = dict[str, str]
"""The tensors that the names of a pattern match."""
_EITHER_WAY: Final = ("Add", "Mul")


def split_constants(graph: Graph, operators: Sequence[Operator]) -> tuple[Constants, list[Operator]]:
    """The constants (tensors that depend on no picture), and the remaining operators."""
    constants: Constants = {name: from_tensor(tensor, name) for name, tensor in graph.tensors.items()}
    remaining = []
    for operator in operators:
        value = constant_value(operator)
        if value is None and all(item in constants or not item for item in operator.inputs) and operator.inputs:
            value = fold(operator, [constants.get(item) for item in operator.inputs])
        if value is None or len(operator.outputs) != 1:
            remaining.append(operator)
            continue
        constants[operator.outputs[0]] = value
    return constants, remaining


def constant_value(operator: Operator) -> Constant | Weight | None:
    """The numbers of a Constant operator."""
    import numpy as np

    if operator.type != "Constant" or operator.domain:
        return None
    value = operator.attributes.get("value")
    if isinstance(value, Tensor):
        return from_tensor(value, operator.outputs[0] if operator.outputs else "")
    for name, kind in (("value_float", np.float32), ("value_floats", np.float32), ("value_int", np.int64),
                       ("value_ints", np.int64)):
        if name in operator.attributes:
            return Constant(np.asarray(operator.attributes[name], kind))
    return None


def fuse_patterns(operators: Sequence[Operator], constants: Constants, ends: Sequence[str]) -> list[Operator]:
    """The operators with every pattern replaced by one operator."""
    matcher = _Matcher(operators, constants, ends)
    # From the end, so that the largest of nested patterns matches.
    for index in reversed(range(len(operators))):
        matcher.fuse_at(index)
    return [matcher.operators[index] for index in sorted(matcher.operators)]


Match = tuple[Bindings, tuple[int, ...]]
"""A match of a pattern: its bindings and the places of its operators."""


class _Matcher:
    def __init__(self, operators: Sequence[Operator], constants: Constants, ends: Sequence[str]) -> None:
        self.constants = constants
        self.operators = dict(enumerate(operators))
        self._producer = {name: index for index, operator in self.operators.items() for name in operator.outputs if name}
        self._users: dict[str, set[int]] = defaultdict(set)
        self._ends = set(ends)
        for index, operator in self.operators.items():
            for name in operator.inputs:
                self._users[name].add(index)

    def fuse_at(self, index: int) -> None:
        """Fuse the pattern that ends in this operator, the largest first."""
        root = self.operators.get(index)
        if root is None or root.domain or len(root.outputs) != 1:
            return
        for pattern, build in _PATTERNS:
            if root.type != pattern[0]:
                continue
            for bindings, indices in self._match_operator(index, pattern, {}, ()):
                matched = tuple(self.operators[item] for item in indices)
                fused = build(bindings, matched, self.constants) if self._is_closed(index, indices) else None
                if fused is not None:
                    self._replace(index, indices, replace(fused, outputs=root.outputs, name=_fused_name(root, matched)))
                    return

    def _replace(self, root: int, matched: tuple[int, ...], fused: Operator) -> None:
        for index in set(matched):
            for name in self.operators[index].inputs:
                self._users[name].discard(index)
            if index != root:
                del self.operators[index]
        self.operators[root] = fused
        for name in fused.inputs:
            self._users[name].add(root)

    def _is_closed(self, root: int, matched: tuple[int, ...]) -> bool:
        """Whether no operator outside the pattern uses its inner tensors."""
        inside = set(matched)
        return all(self._users[name] <= inside and name not in self._ends
                   for index in inside if index != root for name in self.operators[index].outputs if name)

    def _match(self, name: str, pattern: Any, bindings: Bindings, matched: tuple[int, ...]) -> list[Match]:
        if isinstance(pattern, float):
            return [(bindings, matched)] if self._is_number(name, pattern) else []
        if isinstance(pattern, str):
            if (pattern.startswith("$") and name not in self.constants) or bindings.get(pattern, name) != name:
                return []
            return [(bindings | {pattern: name}, matched)]
        index = self._producer.get(name)
        if index is None or index not in self.operators:
            return []
        operator = self.operators[index]
        return [] if operator.domain or operator.type != pattern[0] else self._match_operator(index, pattern, bindings, matched)

    def _match_operator(self, index: int, pattern: Any, bindings: Bindings, matched: tuple[int, ...]) -> list[Match]:
        operator, operands = self.operators[index], pattern[1:]
        if len(operator.inputs) < len(operands):
            return []
        orders = [operator.inputs]
        if operator.type in _EITHER_WAY and operator.inputs[0] != operator.inputs[1]:
            orders.append((operator.inputs[1], operator.inputs[0]))
        results = []
        for inputs in orders:
            matches: list[Match] = [(bindings, (*matched, index))]
            for name, operand in zip(inputs, operands, strict=False):
                matches = [extended for match in matches for extended in self._match(name, operand, *match)]
            results += matches
        return results[:8]

    def _is_number(self, name: str, number: float) -> bool:
        value = self.constants.get(name)
        return (isinstance(value, Constant) and value.data.size == 1 and value.data.dtype.kind in "fiu"
                and isclose(float(value.data.ravel()[0]), number, rel_tol=2e-3, abs_tol=1e-9))


def _fused_name(root: Operator, matched: Sequence[Operator]) -> str:
    """The common path of the operators: /layer1/act for /layer1/act/Mul and /layer1/act/Erf."""
    names = [item.name for item in matched if item.name]
    if len(names) < 2 or len({item.rpartition("/")[0] for item in names}) != 1 or "/" not in names[0].strip("/"):
        return root.name
    number = root.name.rpartition("/")[2].rpartition("_")[2]
    return names[0].rpartition("/")[0] + ("" if not number.isdigit() else f"_{number}")


# Fused operators ---------------------------------------------------------------------------------

Build = Callable[[Bindings, tuple[Operator, ...], Constants], Operator | None]


def _unary(kind: str, **attributes: Any) -> Build:
    """One operator with the input "x"."""
    def build(bindings: Bindings, _matched: tuple[Operator, ...], _constants: Constants) -> Operator:
        return Operator(kind, (bindings["x"],), attributes=dict(attributes))

    return build


def _hard_activation(kind: str) -> Build:
    """HardSwish or HardSigmoid, where the inner operator is a clip from 0 to 6 or has the slope 1/6."""
    def build(bindings: Bindings, matched: tuple[Operator, ...], constants: Constants) -> Operator | None:
        for operator in matched:
            if operator.type == "Clip" and not _is_six(operator, constants):
                return None
            if operator.type == "HardSigmoid" and not is_hard_sigmoid(operator):
                return None
        return Operator(kind, (bindings["x"],), attributes={"alpha": 1 / 6, "beta": 0.5})

    return build


def _is_six(operator: Operator, constants: Constants) -> bool:
    try:
        return limits(operator, constants) == (0.0, 6.0)
    except Unsupported:
        return False


def limits(operator: Operator, constants: Constants) -> tuple[float | None, float | None]:
    """Lower and upper limit of a Clip, None for none; raises Unsupported if one is not constant."""
    result: list[float | None] = []
    for number, name in ((1, "min"), (2, "max")):
        value: Any = operator.attributes.get(name)
        if operator.input(number):
            data = constants.get(operator.input(number))
            if not isinstance(data, Constant) or data.data.size != 1:
                raise Unsupported
            value = float(data.data.ravel()[0])
        result.append(None if value is None or abs(value) > 3e38 else float(f"{value:.7g}"))
    return result[0], result[1]


def is_hard_sigmoid(operator: Operator) -> bool:
    """Whether it is the one of Keras and PyTorch: relu6(x + 3) / 6. ONNX's default slope is 0.2."""
    return (isclose(operator.attributes.get("alpha", 0.2), 1 / 6, rel_tol=1e-3)
            and isclose(operator.attributes.get("beta", 0.5), 0.5, rel_tol=1e-3))


def _layer_normalization(bindings: Bindings, matched: tuple[Operator, ...], constants: Constants) -> Operator | None:
    means = [item for item in matched if item.type == "ReduceMean"]
    arrays = [[value.data if isinstance(value := constants.get(name), Constant) else None for name in mean.inputs]
              for mean in means]
    try:
        axes = {get_ints(mean, "axes", values, 1) for mean, values in zip(means, arrays, strict=True)}
    except Unsupported:
        return None
    epsilon = constants.get(bindings["$epsilon"])
    if len(axes) != 1 or None in axes or not isinstance(epsilon, Constant) or epsilon.data.size != 1:
        return None
    inputs = [bindings["x"], *(bindings[item] for item in ("$w", "$b") if item in bindings)]
    return Operator("LayerNormalization", tuple(inputs), attributes={
        "axes": axes.pop(), "epsilon": float(epsilon.data.ravel()[0]), "scale": "$w" in bindings, "center": "$b" in bindings})


def _group_normalization(bindings: Bindings, matched: tuple[Operator, ...], constants: Constants) -> Operator | None:
    inner = next(item for item in matched if item.type == "InstanceNormalization")
    groups = constants[bindings["$s"]].dims
    if len(groups) != 1:
        return None
    inputs = [bindings["x"], *(bindings[item] for item in ("$w", "$c") if item in bindings)]
    return Operator("GroupNormalization", tuple(inputs), attributes={
        "num_groups": groups[0], "epsilon": inner.attributes.get("epsilon", 1e-5)})


def _shuffle(bindings: Bindings, matched: tuple[Operator, ...], constants: Constants) -> Operator | None:
    order = next(item for item in matched if item.type == "Transpose").attributes.get("perm")
    target = constants[bindings["$target"]]
    if order != (0, 2, 1, 3, 4) or not isinstance(target, Constant) or target.data.size != 5:
        return None
    return Operator("ChannelShuffle", (bindings["x"],), attributes={"groups": int(target.data.ravel()[1])})


def _clip(bindings: Bindings, _matched: tuple[Operator, ...], _constants: Constants) -> Operator:
    return Operator("Clip", (bindings["x"], bindings["$lower"], bindings["$upper"]))


def _prelu(bindings: Bindings, _matched: tuple[Operator, ...], _constants: Constants) -> Operator:
    return Operator("PRelu", (bindings["x"], bindings["$slope"]))


_ERF: Final = (("Erf", ("Div", "x", sqrt(2))), ("Erf", ("Mul", "x", sqrt(0.5))))
_NEGATIVE_ERF: Final = (("Erf", ("Mul", ("Neg", "x"), sqrt(0.5))), ("Erf", ("Mul", "x", -sqrt(0.5))),
                        ("Erf", ("Neg", ("Mul", "x", sqrt(0.5)))))
_CUBE: Final = (("Pow", "x", 3.0), ("Mul", ("Mul", "x", "x"), "x"))
_RELU6: Final = ("Clip", ("Add", "x", 3.0))
_SIXTH: Final = 1 / 6


def _gelus() -> list[tuple[Any, Build]]:
    result: list[tuple[Any, Build]] = []
    ones = [(("Add", erf, 1.0)) for erf in _ERF] + [("Sub", 1.0, erf) for erf in _NEGATIVE_ERF]
    ones += [("Erfc", *erf[1:]) for erf in _NEGATIVE_ERF]
    tanhs = [("Add", ("Tanh", ("Mul", ("Add", "x", ("Mul", cube, 0.044715)), sqrt(2 / pi))), 1.0) for cube in _CUBE]
    for kind, factors in (("none", ones), ("tanh", tanhs)):
        for one in factors:
            result += [(pattern, _unary("Gelu", approximate=kind)) for pattern in (
                ("Mul", ("Mul", "x", one), 0.5), ("Mul", "x", ("Mul", one, 0.5)), ("Mul", ("Mul", "x", 0.5), one))]
    return result


def _normalizations() -> list[tuple[Any, Build]]:
    less = ("Sub", "x", ("ReduceMean", "x"))
    result: list[tuple[Any, Build]] = []
    for squared in (("Pow", less, 2.0), ("Mul", less, less)):
        plain = ("Div", less, ("Sqrt", ("Add", ("ReduceMean", squared), "$epsilon")))
        result += [(pattern, _layer_normalization) for pattern in (
            ("Add", ("Mul", plain, "$w"), "$b"), ("Mul", plain, "$w"), plain)]
    mean = ("ReduceMean", "x")
    for middle in (mean, ("Reshape", mean, "$shape")):
        # As tf2onnx writes Keras's layer: x · i − mean · i with i = γ / √(variance + ε), and β where there is one.
        far = ("Sub", "x", middle)
        inverse = ("Mul", ("Reciprocal", ("Sqrt", ("Add", ("ReduceMean", ("Mul", far, far)), "$epsilon"))), "$w")
        for shift in (("Mul", ("Neg", mean), inverse), ("Sub", "$b", ("Mul", mean, inverse)),
                      ("Add", ("Mul", ("Neg", mean), inverse), "$b")):
            result.append((("Add", ("Mul", "x", inverse), shift), _layer_normalization))
    grouped = ("Reshape", ("InstanceNormalization", ("Reshape", "x", "$r"), "$s", "$o"), "y")
    return [*result, (("Add", ("Mul", grouped, "$w"), "$c"), _group_normalization), (grouped, _group_normalization)]


_PATTERNS: Final[tuple[tuple[Any, Build], ...]] = (
    *_gelus(),
    *_normalizations(),
    (("Max", ("Min", "x", "$upper"), "$lower"), _clip),
    (("Min", ("Max", "x", "$lower"), "$upper"), _clip),
    (("Neg", ("Softplus", ("Neg", "x"))), _unary("LogSigmoid")),
    (("Mul", "x", ("Tanh", ("Softplus", "x"))), _unary("Mish")),
    (("Mul", "x", ("Sigmoid", "x")), _unary("Swish")),
    (("Mul", "x", ("HardSigmoid", "x")), _hard_activation("HardSwish")),
    (("Div", ("Mul", "x", _RELU6), 6.0), _hard_activation("HardSwish")),
    (("Mul", ("Mul", "x", _RELU6), _SIXTH), _hard_activation("HardSwish")),
    (("Mul", "x", ("Div", _RELU6, 6.0)), _hard_activation("HardSwish")),
    (("Mul", "x", ("Mul", _RELU6, _SIXTH)), _hard_activation("HardSwish")),
    (("Div", _RELU6, 6.0), _hard_activation("HardSigmoid")),
    (("Mul", _RELU6, _SIXTH), _hard_activation("HardSigmoid")),
    (("Log", ("Sigmoid", "x")), _unary("LogSigmoid")),
    (("Sub", "x", ("Tanh", "x")), _unary("TanhShrink")),
    (("Add", ("Relu", "x"), ("Mul", ("Neg", ("Relu", ("Neg", "x"))), "$slope")), _prelu),
    (("Sub", ("Relu", "x"), ("Mul", ("Relu", ("Neg", "x")), "$slope")), _prelu),
    (("Add", ("Relu", "x"), ("Mul", ("Relu", ("Neg", "x")), "$slope")), _prelu),
    (("Reshape", ("Transpose", ("Reshape", "x", "$target")), "y"), _shuffle),
)
