"""Operators that exporters write one layer as, put together again: GELU by its error function, SiLU, layer normalisation.

A pattern is a tuple: the operator's type, and what enters it. A number stands for that number, "x" for
any tensor (the same name for the same tensor), "$x" for numbers of the model, another tuple for the operator before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from math import isclose, pi, sqrt
from typing import Any, Final

from cnnstudio.interchange.onnx.folding import folded, listed, of_tensor
from cnnstudio.interchange.onnx.parts import Graph, Operator, Tensor, replace
from cnnstudio.interchange.onnx.values import Known, Unlike, Weight

Constants = dict[str, Known | Weight]
Found = dict[str, str]
"""Which tensor each name of a pattern stands for."""
_EITHER_WAY: Final = ("Add", "Mul")


def constants_of(graph: Graph, operators: Sequence[Operator]) -> tuple[Constants, list[Operator]]:
    """Tensors that depend on no picture, and the operators that do."""
    known: Constants = {name: of_tensor(tensor, name) for name, tensor in graph.tensors.items()}
    left = []
    for operator in operators:
        value = constant(operator)
        if value is None and all(item in known or not item for item in operator.inputs) and operator.inputs:
            value = folded(operator, [known.get(item) for item in operator.inputs])
        if value is None or len(operator.outputs) != 1:
            left.append(operator)
            continue
        known[operator.outputs[0]] = value
    return known, left


def constant(operator: Operator) -> Known | Weight | None:
    """The numbers of a Constant operator."""
    import numpy as np

    if operator.type != "Constant" or operator.domain:
        return None
    value = operator.attributes.get("value")
    if isinstance(value, Tensor):
        return of_tensor(value, operator.outputs[0] if operator.outputs else "")
    for name, kind in (("value_float", np.float32), ("value_floats", np.float32), ("value_int", np.int64),
                       ("value_ints", np.int64)):
        if name in operator.attributes:
            return Known(np.asarray(operator.attributes[name], kind))
    return None


def put_together(operators: Sequence[Operator], known: Constants, ends: Sequence[str]) -> list[Operator]:
    """The operators with each pattern replaced by the one operator that it stands for."""
    matcher = _Matcher(operators, known, ends)
    # From the end, so that of patterns within patterns the largest is found.
    for place in reversed(range(len(operators))):
        matcher.try_all(place)
    return [matcher.here[place] for place in sorted(matcher.here)]


Way = tuple[Found, tuple[int, ...]]
"""One way in which a pattern fits: its names, and the places of the operators that are in it."""


class _Matcher:
    def __init__(self, operators: Sequence[Operator], known: Constants, ends: Sequence[str]) -> None:
        self.known = known
        self.here = dict(enumerate(operators))
        self._producer = {name: place for place, operator in self.here.items() for name in operator.outputs if name}
        self._users: dict[str, set[int]] = defaultdict(set)
        self._ends = set(ends)
        for place, operator in self.here.items():
            for name in operator.inputs:
                self._users[name].add(place)

    def try_all(self, place: int) -> None:
        """Replace what ends in this operator, the largest pattern first."""
        root = self.here.get(place)
        if root is None or root.domain or len(root.outputs) != 1:
            return
        for pattern, build in _PATTERNS:
            if root.type != pattern[0]:
                continue
            for found, places in self._match_operator(place, pattern, {}, ()):
                matched = tuple(self.here[item] for item in places)
                made = build(found, matched, self.known) if self._closed(place, places) else None
                if made is not None:
                    self._replace(place, places, replace(made, outputs=root.outputs, name=_name(root, matched)))
                    return

    def _replace(self, root: int, matched: tuple[int, ...], made: Operator) -> None:
        for place in set(matched):
            for name in self.here[place].inputs:
                self._users[name].discard(place)
            if place != root:
                del self.here[place]
        self.here[root] = made
        for name in made.inputs:
            self._users[name].add(root)

    def _closed(self, root: int, matched: tuple[int, ...]) -> bool:
        """Whether nothing outside the pattern uses what lies inside."""
        inside = set(matched)
        return all(self._users[name] <= inside and name not in self._ends
                   for place in inside if place != root for name in self.here[place].outputs if name)

    def _match(self, name: str, pattern: Any, found: Found, matched: tuple[int, ...]) -> list[Way]:
        if isinstance(pattern, float):
            return [(found, matched)] if self._is_number(name, pattern) else []
        if isinstance(pattern, str):
            if (pattern.startswith("$") and name not in self.known) or found.get(pattern, name) != name:
                return []
            return [(found | {pattern: name}, matched)]
        place = self._producer.get(name)
        if place is None or place not in self.here:
            return []
        operator = self.here[place]
        return [] if operator.domain or operator.type != pattern[0] else self._match_operator(place, pattern, found, matched)

    def _match_operator(self, place: int, pattern: Any, found: Found, matched: tuple[int, ...]) -> list[Way]:
        operator, wanted = self.here[place], pattern[1:]
        if len(operator.inputs) < len(wanted):
            return []
        orders = [operator.inputs]
        if operator.type in _EITHER_WAY and operator.inputs[0] != operator.inputs[1]:
            orders.append((operator.inputs[1], operator.inputs[0]))
        answers = []
        for inputs in orders:
            ways: list[Way] = [(found, (*matched, place))]
            for name, each in zip(inputs, wanted, strict=False):
                ways = [further for way in ways for further in self._match(name, each, *way)]
            answers += ways
        return answers[:8]

    def _is_number(self, name: str, number: float) -> bool:
        value = self.known.get(name)
        return (isinstance(value, Known) and value.data.size == 1 and value.data.dtype.kind in "fiu"
                and isclose(float(value.data.ravel()[0]), number, rel_tol=2e-3, abs_tol=1e-9))


def _name(root: Operator, matched: Sequence[Operator]) -> str:
    """The name for all of them: what their paths have in common, as /layer1/act of /layer1/act/Mul and /layer1/act/Erf."""
    names = [item.name for item in matched if item.name]
    if len(names) < 2 or len({item.rpartition("/")[0] for item in names}) != 1 or "/" not in names[0].strip("/"):
        return root.name
    number = root.name.rpartition("/")[2].rpartition("_")[2]
    return names[0].rpartition("/")[0] + ("" if not number.isdigit() else f"_{number}")


# What they stand for -----------------------------------------------------------------------------

Build = Callable[[Found, tuple[Operator, ...], Constants], Operator | None]


def _as(kind: str, **attributes: Any) -> Build:
    """One operator with the input "x"."""
    def build(found: Found, _matched: tuple[Operator, ...], _known: Constants) -> Operator:
        return Operator(kind, (found["x"],), attributes=dict(attributes))

    return build


def _hard(kind: str) -> Build:
    """HardSwish or HardSigmoid, where the inner operator is a clip from 0 to 6 or has the slope 1/6."""
    def build(found: Found, matched: tuple[Operator, ...], known: Constants) -> Operator | None:
        for operator in matched:
            if operator.type == "Clip" and not _is_six(operator, known):
                return None
            if operator.type == "HardSigmoid" and not is_hard_sigmoid(operator):
                return None
        return Operator(kind, (found["x"],), attributes={"alpha": 1 / 6, "beta": 0.5})

    return build


def _is_six(operator: Operator, known: Constants) -> bool:
    try:
        return limits(operator, known) == (0.0, 6.0)
    except Unlike:
        return False


def limits(operator: Operator, known: Constants) -> tuple[float | None, float | None]:
    """Lower and upper limit of a Clip, None for none; raises Unlike where one is not known."""
    result: list[float | None] = []
    for number, name in ((1, "min"), (2, "max")):
        value: Any = operator.attributes.get(name)
        if operator.input(number):
            data = known.get(operator.input(number))
            if not isinstance(data, Known) or data.data.size != 1:
                raise Unlike
            value = float(data.data.ravel()[0])
        result.append(None if value is None or abs(value) > 3e38 else float(f"{value:.7g}"))
    return result[0], result[1]


def is_hard_sigmoid(operator: Operator) -> bool:
    """Whether it is Keras's and PyTorch's: relu6(x + 3) / 6. ONNX's own default slope is 0.2."""
    return (isclose(operator.attributes.get("alpha", 0.2), 1 / 6, rel_tol=1e-3)
            and isclose(operator.attributes.get("beta", 0.5), 0.5, rel_tol=1e-3))


def _layer_normalization(found: Found, matched: tuple[Operator, ...], known: Constants) -> Operator | None:
    means = [item for item in matched if item.type == "ReduceMean"]
    arrays = [[value.data if isinstance(value := known.get(name), Known) else None for name in mean.inputs] for mean in means]
    try:
        axes = {listed(mean, "axes", values, 1) for mean, values in zip(means, arrays, strict=True)}
    except Unlike:
        return None
    epsilon = known.get(found["$epsilon"])
    if len(axes) != 1 or None in axes or not isinstance(epsilon, Known) or epsilon.data.size != 1:
        return None
    inputs = [found["x"], *(found[item] for item in ("$w", "$b") if item in found)]
    return Operator("LayerNormalization", tuple(inputs), attributes={
        "axes": axes.pop(), "epsilon": float(epsilon.data.ravel()[0]), "scale": "$w" in found, "center": "$b" in found})


def _group_normalization(found: Found, matched: tuple[Operator, ...], known: Constants) -> Operator | None:
    inner = next(item for item in matched if item.type == "InstanceNormalization")
    groups = known[found["$s"]].dims
    if len(groups) != 1:
        return None
    inputs = [found["x"], *(found[item] for item in ("$w", "$c") if item in found)]
    return Operator("GroupNormalization", tuple(inputs), attributes={
        "num_groups": groups[0], "epsilon": inner.attributes.get("epsilon", 1e-5)})


def _shuffle(found: Found, matched: tuple[Operator, ...], known: Constants) -> Operator | None:
    order = next(item for item in matched if item.type == "Transpose").attributes.get("perm")
    target = known[found["$target"]]
    if order != (0, 2, 1, 3, 4) or not isinstance(target, Known) or target.data.size != 5:
        return None
    return Operator("ChannelShuffle", (found["x"],), attributes={"groups": int(target.data.ravel()[1])})


def _clip(found: Found, _matched: tuple[Operator, ...], _known: Constants) -> Operator:
    return Operator("Clip", (found["x"], found["$lower"], found["$upper"]))


def _prelu(found: Found, _matched: tuple[Operator, ...], _known: Constants) -> Operator:
    return Operator("PRelu", (found["x"], found["$slope"]))


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
            result += [(pattern, _as("Gelu", approximate=kind)) for pattern in (
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
    (("Neg", ("Softplus", ("Neg", "x"))), _as("LogSigmoid")),
    (("Mul", "x", ("Tanh", ("Softplus", "x"))), _as("Mish")),
    (("Mul", "x", ("Sigmoid", "x")), _as("Swish")),
    (("Mul", "x", ("HardSigmoid", "x")), _hard("HardSwish")),
    (("Div", ("Mul", "x", _RELU6), 6.0), _hard("HardSwish")),
    (("Mul", ("Mul", "x", _RELU6), _SIXTH), _hard("HardSwish")),
    (("Mul", "x", ("Div", _RELU6, 6.0)), _hard("HardSwish")),
    (("Mul", "x", ("Mul", _RELU6, _SIXTH)), _hard("HardSwish")),
    (("Div", _RELU6, 6.0), _hard("HardSigmoid")),
    (("Mul", _RELU6, _SIXTH), _hard("HardSigmoid")),
    (("Log", ("Sigmoid", "x")), _as("LogSigmoid")),
    (("Sub", "x", ("Tanh", "x")), _as("TanhShrink")),
    (("Add", ("Relu", "x"), ("Mul", ("Neg", ("Relu", ("Neg", "x"))), "$slope")), _prelu),
    (("Sub", ("Relu", "x"), ("Mul", ("Relu", ("Neg", "x")), "$slope")), _prelu),
    (("Add", ("Relu", "x"), ("Mul", ("Relu", ("Neg", "x")), "$slope")), _prelu),
    (("Reshape", ("Transpose", ("Reshape", "x", "$target")), "y"), _shuffle),
)
