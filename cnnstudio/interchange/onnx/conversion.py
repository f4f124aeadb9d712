"""The walk through an ONNX graph: each operator becomes layers of the catalog, or a node that is marked as unknown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import prod
from typing import Any, Final

import msgspec
import numpy as np

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS, ShapeError, values_of
from cnnstudio.core.graph import unique_id
from cnnstudio.core.network import Edge, NetworkSpec, Node
from cnnstudio.core.params import check
from cnnstudio.core.text import Text
from cnnstudio.interchange.onnx.folding import folded
from cnnstudio.interchange.onnx.names import readable
from cnnstudio.interchange.onnx.parts import Graph, Operator
from cnnstudio.interchange.onnx.patterns import Constants, constants_of, put_together
from cnnstudio.interchange.onnx.values import CHANNELS_FIRST, Known, Maps, Shape, Unlike, Value, Weight
from cnnstudio.network.naming import layer_id
from cnnstudio.network.shapes import shape_and_cost

replace = msgspec.structs.replace

_POSITIVE: Final = ("ReLU", "Softmax", "MaxPooling2D", "AveragePooling2D", "GlobalAveragePooling2D", "GlobalMaxPooling2D",
                    "Concatenate", "Add", "Multiply", "Maximum", "Average", "Dropout", "ZeroPadding2D", "Cropping2D",
                    "Flatten", "Reshape", "Permute", "UpSampling2D")
"""Layers that give nothing below 0 where nothing below 0 comes in (or whatever comes in, for the first two)."""
_KEEPS_SHAPE: Final = frozenset(("Abs", "Ceil", "Cos", "Exp", "Floor", "Log", "Round", "Sign", "Sin", "Sqrt", "Reciprocal",
                                 "LRN", "LpNormalization", "MeanVarianceNormalization", "CumSum", "Tan", "Erf", "Hardmax",
                                 "ThresholdedRelu", "Shrink", "Not", "Trilu", "Bernoulli", "Erfc", "Expm1", "Add", "Sub", "Mul",
                                 "Div", "Pow", "Min", "Max", "Clip", "Where", "Less", "Greater", "Equal"))
"""Unknown here or not drawable, but what comes out has the shape of what came in."""
PASSING: Final = frozenset((
    "Relu", "Clip", "LeakyRelu", "PRelu", "Elu", "Selu", "Celu", "Sigmoid", "HardSigmoid", "HardSwish", "Swish", "Gelu",
    "Softplus", "Softsign", "Tanh", "Mish", "Dropout", "Identity", "Cast", "BatchNormalization"))
"""Operators behind which the order of flattened values is still free: each value is treated by itself."""

Rule = Callable[["Conversion", Operator], Value | Sequence[Value]]


class Conversion:
    """One reading of a graph, for pictures of one size. `batch` stands for the number of pictures."""

    def __init__(self, graph: Graph, opset: int, picture: tuple[int, int, int], batch: int, rules: Mapping[str, Rule],
                 tick: Callable[[], None]) -> None:
        self.opset, self.batch = opset, batch
        self.context = Context(height=picture[0], width=picture[1], channels=picture[2], class_count=1,
                               normalization="none")
        self.nodes: dict[str, Node] = {}
        self.sources: dict[str, tuple[str, ...]] = {}
        self.made_of: dict[str, list[Operator]] = {}
        """The operators that each layer comes from: its own first."""
        self.unknown: list[str] = []
        self.told: dict[str, Text] = {}
        """What a reader should know, each kind of remark once."""
        self.misfits = 0
        """Layers whose weights do not go with what enters them: pictures of another size are meant."""
        self.values: dict[str, Value] = {}
        self._rules, self._tick, self._graph = rules, tick, graph
        self._users: dict[str, int] = defaultdict(int)
        self._consumers: dict[str, list[Operator]] = defaultdict(list)
        self._bordered: dict[tuple[str, tuple[int, ...]], Maps] = {}
        self._weights: set[str] = set()
        self._operator = Operator("")
        self._name = ""

    # Walking -------------------------------------------------------------------------------------

    def enter(self, name: str, axes: tuple[int, ...]) -> None:
        """The input of the model becomes the Input."""
        shape = (self.context.height, self.context.width, self.context.channels)
        word = layer_id(name.split(":", maxsplit=1)[0])
        node = self._add(Node(id="input" if word in _NAMELESS or word.isdigit() else word, type="Input"), ())
        self.values[name] = Maps(node, axes, shape, positive=False)

    def walk(self, operators: Sequence[Operator], known: Constants, ends: Iterable[str]) -> None:
        """Take over all operators, in their order."""
        self.values |= known
        for name in ends:
            self._users[name] += 1
        self._count(operators)
        for operator in operators:
            self._tick()
            self._take(operator)

    def inner(self, graph: Graph) -> list[Value | None]:
        """A graph within an operator, as if it stood in its place; answers its outputs."""
        ends = [port.name for port in graph.outputs]
        known, left = constants_of(graph, graph.operators)
        self.walk(put_together(left, known, ends), known, ends)
        return [self.values.get(name) for name in ends]

    def _count(self, operators: Sequence[Operator]) -> None:
        for operator in operators:
            for name in operator.inputs:
                self._users[name] += 1
                self._consumers[name].append(operator)
            for value in operator.attributes.values():
                if isinstance(value, Graph):
                    self._count(value.operators)

    def _take(self, operator: Operator) -> None:
        self._operator, self._name = operator, ""
        entering = [self.values.get(name) for name in operator.inputs]
        found = folded(operator, entering) if operator.inputs and not operator.domain else None
        if found is not None:
            self.values[operator.outputs[0]] = found
            return
        before = len(self.nodes)
        try:
            rule = self._rules.get(operator.type) if not operator.domain else None
            if rule is None:
                raise Unlike
            given = rule(self, operator)
        except (Unlike, IndexError, KeyError, TypeError, ValueError, OverflowError, ZeroDivisionError):
            self._forget(before)
            given = self._kept(operator)
        several = list(given) if isinstance(given, Sequence) else [given]
        for name, value in zip(operator.outputs, several, strict=False):
            if name:
                self.values[name] = value

    def _forget(self, count: int) -> None:
        """Take back the layers made after the first `count`."""
        for identifier in list(self.nodes)[count:] if len(self.nodes) > count else ():
            del self.nodes[identifier], self.sources[identifier], self.made_of[identifier]
        self._bordered = {key: maps for key, maps in self._bordered.items() if maps.node in self.nodes}

    # What enters an operator ---------------------------------------------------------------------

    def maps(self, operator: Operator, number: int = 0, bare: bool = False) -> Maps:
        """Feature maps that enter; a border that waits becomes a ZeroPadding2D unless `bare`. Raises Unlike."""
        value = self.values.get(operator.input(number))
        if not isinstance(value, Maps):
            raise Unlike
        return value if bare else self.bordered(value)

    def known(self, operator: Operator, number: int) -> np.ndarray | None:
        """Numbers that enter; None where the input is left out. Raises Unlike where they are not at hand."""
        if not operator.input(number):
            return None
        value = self.values.get(operator.input(number))
        if not isinstance(value, Known):
            raise Unlike
        return value.data

    def weight(self, operator: Operator, number: int) -> Shape | None:
        """Dimensions of a weight that enters; None where it is left out. Raises Unlike."""
        if not operator.input(number):
            return None
        value = self.values.get(operator.input(number))
        if not isinstance(value, Known | Weight):
            raise Unlike
        return value.dims

    def arrays(self, operator: Operator) -> list[np.ndarray | None]:
        """All inputs that are known numbers, None for the others."""
        values = [self.values.get(name) for name in operator.inputs]
        return [value.data if isinstance(value, Known) else None for value in values]

    def only_use(self, operator: Operator, number: int = 0) -> bool:
        """Whether nothing else uses what enters there: its layer may be changed for this operator."""
        return self._users[operator.input(number)] == 1

    def is_used(self, operator: Operator, output: int) -> bool:
        return output < len(operator.outputs) and bool(operator.outputs[output]) and self._users[operator.outputs[output]] > 0

    def feeds_dense(self, name: str) -> bool:
        """Whether all that uses these values gives each of them a weight of its own: their order is free."""
        waiting, seen = [name], {name}
        while waiting:
            users = self._consumers[waiting.pop()]
            if not users:
                return False
            for user in users:
                if user.type in ("Gemm", "MatMul"):
                    continue
                if user.type not in PASSING:
                    return False
                waiting += [item for item in user.outputs if item and item not in seen]
                seen.update(user.outputs)
        return True

    # Layers --------------------------------------------------------------------------------------

    def emit(self, kind: str, params: Mapping[str, Any], *sources: Maps, axes: tuple[int, ...] | None = None,
             positive: bool | None = None) -> Maps:
        """Add a layer; its ONNX axes are those of its first source unless `axes` tells others.

        Values that equal the entry's defaults are left out. Raises Unlike where the entry does not take them.
        """
        entry = LAYERS[kind]
        standard = values_of(Node(id="x", type=kind), entry)
        given = {name: value for name, value in params.items() if value != standard[name]}
        if check(entry.params, given, "network"):
            raise Unlike
        node = Node(id=self._wanted(kind), type=kind, params=given)
        shapes = [source.shape for source in sources]
        shape: Shape | None = None
        if all(item is not None for item in shapes):
            try:
                inputs = tuple(shape for shape in shapes if shape is not None)
                shape, _cost = shape_and_cost(entry, values_of(node, entry), inputs, self.context)
            except ShapeError:
                # The layer is drawn as it is; the network's report explains on the canvas what is wrong with it.
                self.misfits += 1
        if positive is None:
            positive = kind in _POSITIVE[:2] or (kind in _POSITIVE and all(source.positive for source in sources))
        return Maps(self._add(node, tuple(source.node for source in sources)), axes or sources[0].axes, shape,
                    positive=positive)

    def change(self, node: str, kind: str | None = None, **params: Any) -> None:
        """Change the layer that was made for an operator before; None takes a parameter's default again."""
        old = self.nodes[node]
        kept = {name: value for name, value in (old.params | params).items() if value is not None}
        self.nodes[node] = replace(old, type=kind or old.type, params=kept)
        self.made_of[node].append(self._operator)

    def bordered(self, maps: Maps) -> Maps:
        """With the border that waits as a layer of its own."""
        if not any(maps.padding):
            return maps
        key = (maps.node, maps.padding)
        if key not in self._bordered:
            if maps.fill:
                self.tell("border", _BORDER)
            plain = replace(maps, padding=(0, 0, 0, 0), fill=0.0)
            wanted, self._name = self._name, ""
            self._bordered[key] = self.emit("ZeroPadding2D", {"padding": maps.padding}, plain)
            self._name = wanted
        return replace(self._bordered[key], axes=maps.axes)

    def arranged(self, maps: Maps, axes: tuple[int, ...]) -> Maps:
        """The same values with ONNX's axes at these places of ours; a Permute where they lie elsewhere."""
        if maps.axes == axes:
            return maps
        if maps.rank != len(axes) or maps.axes[0] != 0 or axes[0] != 0:
            raise Unlike
        if sum(size != 1 for size in maps.shape or (2, 2)) < 2 and maps.shape is not None:
            dims = maps.dims(self.batch)
            assert dims is not None
            wanted = [0] * maps.rank
            for axis, place in enumerate(axes):
                wanted[place] = dims[axis]
            return self.emit("Reshape", {"target_shape": tuple(wanted[1:])}, maps, axes=axes)
        order = [0] * (maps.rank - 1)
        for axis, place in enumerate(axes):
            if place:
                order[place - 1] = maps.axes[axis]
        return self.emit("Permute", {"dims": tuple(order)}, maps, axes=axes)

    def pictures(self, operator: Operator, number: int = 0, bare: bool = False) -> Maps:
        """Feature maps with ONNX's axes (batch, channels, height, width), ours (height, width, channels)."""
        maps = self.maps(operator, number, bare)
        if maps.rank != 4:
            raise Unlike
        return maps if maps.axes == CHANNELS_FIRST else self.arranged(self.bordered(maps), CHANNELS_FIRST)

    def with_last(self, maps: Maps, axis: int) -> Maps:
        """The same values with this axis of ONNX's as our last: where dense layers and normalisations work."""
        place = maps.place(axis)
        if place == 0:
            raise Unlike
        if place == maps.rank - 1:
            return maps
        moved = {old: old - 1 if old > place else old for old in range(maps.rank)} | {place: maps.rank - 1}
        return self.arranged(maps, tuple(moved[item] for item in maps.axes))

    def share(self, operator: Operator, number: int) -> None:
        """Remember which weight a layer uses; tells where another layer uses the same."""
        value = self.values.get(operator.input(number))
        name = value.name if isinstance(value, Weight) and value.name else operator.input(number)
        if name in self._weights:
            self.tell("shared", _SHARED.fill(name=name))
        self._weights.add(name)

    def tell(self, code: str, text: Text) -> None:
        self.told.setdefault(code, text)

    def _wanted(self, kind: str) -> str:
        """The id for the next layer of this operator; only the first one has the operator's name alone."""
        operator = self._operator
        value = self.values.get(operator.input(1))
        weight = operator.input(1) if isinstance(value, Known | Weight) else ""
        if isinstance(value, Weight) and value.name:
            weight = value.name
        word = readable(operator.name, operator.type, weight)
        if not self._name:
            self._name = word
        helper = _HELPERS.get(kind)
        return f"{word}_{helper}" if helper and operator.type not in ("Pad", "Transpose", "Reshape", "Slice") else word

    def _add(self, node: Node, sources: tuple[str, ...]) -> str:
        identifier = unique_id(node.id, self.nodes)
        self.nodes[identifier] = replace(node, id=identifier)
        self.sources[identifier] = sources
        self.made_of[identifier] = [self._operator]
        return identifier

    # Unknown operators ---------------------------------------------------------------------------

    def _kept(self, operator: Operator) -> list[Value]:
        """An operator that no entry stands for, with its attributes; a node for each of its outputs that is used."""
        entering = [self.bordered(value) for value in (self.values.get(name) for name in operator.inputs)
                    if isinstance(value, Maps)]
        title = f"{operator.domain}.{operator.type}" if operator.domain else operator.type
        kind = f"{title} (ONNX)" if title in LAYERS else title
        numbers = {f"input {number}": _shown(value.data) for number, value in enumerate(
            self.values.get(name) for name in operator.inputs) if isinstance(value, Known) and value.data.size <= 8}
        params = {name: shown for name, shown in ((name, _shown(value)) for name, value in operator.attributes.items())
                  if shown is not None} | numbers
        given: list[Value] = []
        for number, name in enumerate(operator.outputs):
            if number and not (name and self._users[name]):
                given.append(Weight(()))
                continue
            more = {"output": number} if number else {}
            node = Node(id=readable(operator.name, operator.type, ""), type=kind, params=params | more)
            identifier = self._add(node, tuple(dict.fromkeys(source.node for source in entering)))
            self.unknown.append(identifier)
            given.append(self._after(operator, name, identifier, entering))
        return given

    def _after(self, operator: Operator, name: str, identifier: str, entering: Sequence[Maps]) -> Maps:
        """What an unknown operator gives, as far as the file tells it."""
        first = max(entering, key=lambda maps: prod(maps.shape or (0,)), default=None)
        if first is not None and operator.type in _KEEPS_SHAPE and not operator.domain:
            return replace(first, node=identifier, positive=False)
        told = self._graph.dims.get(name)
        rank = len(told) if told is not None else first.rank if first is not None else 4
        axes = first.axes if first is not None and first.rank == rank else CHANNELS_FIRST if rank == 4 else tuple(range(rank))
        shape = None
        if told is not None and all(item is not None for item in told[1:]):
            ours: list[int] = [0] * rank
            for axis, place in enumerate(axes):
                ours[place] = told[axis] or 0
            shape = tuple(ours[1:])
        return Maps(identifier, axes, shape)

    def weights_of(self, node: str) -> tuple[str, ...]:
        """The tensors that a layer takes its weights from, in the order of its operators."""
        layer = LAYERS.find(self.nodes[node].type)
        if layer is None or layer.family in _WEIGHTLESS:
            return ()
        return tuple(name for operator in self.made_of[node] for name in operator.inputs
                     if isinstance(self.values.get(name), Known | Weight))

    # The end -------------------------------------------------------------------------------------

    def network(self, end: Maps) -> NetworkSpec:
        """The layers that lead to `end`, in the order in which they were made."""
        needed, waiting = {end.node}, [end.node]
        while waiting:
            for source in self.sources[waiting.pop()]:
                if source not in needed:
                    needed.add(source)
                    waiting.append(source)
        nodes = tuple(node for identifier, node in self.nodes.items() if identifier in needed)
        edges = tuple(Edge(source=source, target=node.id, port=port) for node in nodes
                      for port, source in enumerate(self.sources[node.id]))
        return NetworkSpec(nodes=nodes, edges=edges)


_NAMELESS: Final = ("onnx", "keras_tensor")
_WEIGHTLESS: Final = ("input", "pooling", "regularization", "reshaping", "merge")
_HELPERS: Final = {"ZeroPadding2D": "pad", "Permute": "permute", "Cropping2D": "crop"}
"""What is added to the name of layers that are put before or behind the operator's own."""
_SHARED: Final = Text(
    "Several layers of the file use the same weights ({name}); here each is a layer of its own.",
    "Varias capas del archivo usan los mismos pesos ({name}); aquí cada una es una capa propia.")
_BORDER: Final = Text(
    "A border of −∞ before a pooling, or one that an average leaves out, is drawn as ZeroPadding2D: at the edge of the "
    "picture the numbers differ.",
    "Un borde de −∞ antes de un agrupamiento, o uno que la media no cuenta, se dibuja como ZeroPadding2D: en el borde de la "
    "imagen los números difieren.")


def _shown(value: Any) -> Any:
    """An attribute that can be kept and shown: words, and a few numbers."""
    if isinstance(value, np.ndarray):
        return None if value.dtype.kind not in "fiub" else _shown(value.item()) if value.ndim == 0 else (
            _shown(tuple(value.ravel().tolist())))
    if isinstance(value, float):
        return value if np.isfinite(value) else str(value)
    if isinstance(value, str):
        return value[:200]
    if isinstance(value, tuple):
        return tuple(_shown(item) for item in value) if len(value) <= 16 and all(
            isinstance(item, int | float | str) for item in value) else None
    return value if isinstance(value, int) else None
