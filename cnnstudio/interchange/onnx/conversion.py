"""Converts an ONNX graph: an operator becomes layers of the catalog, or a node that is marked as unknown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import prod
from typing import Any, Final

import msgspec
import numpy as np

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS, ShapeError, values_of
from cnnstudio.core.graph import UniqueIds
from cnnstudio.core.network import Edge, NetworkSpec, Node
from cnnstudio.core.params import check
from cnnstudio.core.text import Text
from cnnstudio.interchange.onnx.folding import fold
from cnnstudio.interchange.onnx.model import Graph, Operator
from cnnstudio.interchange.onnx.names import layer_name
from cnnstudio.interchange.onnx.patterns import Constants, fuse_patterns, split_constants
from cnnstudio.interchange.onnx.values import CHANNELS_FIRST, Constant, FeatureMaps, Shape, Unsupported, Value, Weight
from cnnstudio.network.naming import layer_id
from cnnstudio.network.shapes import shape_and_cost

replace = msgspec.structs.replace

_POSITIVE: Final = ("ReLU", "Softmax", "MaxPooling2D", "AveragePooling2D", "GlobalAveragePooling2D", "GlobalMaxPooling2D",
                    "Concatenate", "Add", "Multiply", "Maximum", "Average", "Dropout", "ZeroPadding2D", "Cropping2D",
                    "Flatten", "Reshape", "Permute", "UpSampling2D")
"""Layers without negative outputs if their inputs are not negative; the first two for any input."""
_KEEPS_SHAPE: Final = frozenset(("Abs", "Ceil", "Cos", "Exp", "Floor", "Log", "Round", "Sign", "Sin", "Sqrt", "Reciprocal",
                                 "LRN", "LpNormalization", "MeanVarianceNormalization", "CumSum", "Tan", "Erf", "Hardmax",
                                 "ThresholdedRelu", "Shrink", "Not", "Trilu", "Bernoulli", "Erfc", "Expm1", "Add", "Sub", "Mul",
                                 "Div", "Pow", "Min", "Max", "Clip", "Where", "Less", "Greater", "Equal"))
"""Operators that are unknown or cannot be drawn, but whose output has the shape of the input."""
PASSING: Final = frozenset((
    "Relu", "Clip", "LeakyRelu", "PRelu", "Elu", "Selu", "Celu", "Sigmoid", "HardSigmoid", "HardSwish", "Swish", "Gelu",
    "Softplus", "Softsign", "Tanh", "Mish", "Dropout", "Identity", "Cast", "BatchNormalization"))
"""Elementwise operators: they leave the order of flattened values free."""

Rule = Callable[["Conversion", Operator], Value | Sequence[Value]]


class Conversion:
    """Converts a graph for pictures of one size. `batch` stands for the number of pictures."""

    def __init__(self, graph: Graph, opset: int, picture: tuple[int, int, int], batch: int, rules: Mapping[str, Rule],
                 check_cancelled: Callable[[], None]) -> None:
        self.opset, self.batch = opset, batch
        self.context = Context(height=picture[0], width=picture[1], channels=picture[2], class_count=1,
                               normalization="none")
        self.nodes: dict[str, Node] = {}
        self._ids = UniqueIds()
        self.sources: dict[str, tuple[str, ...]] = {}
        self.layer_operators: dict[str, list[Operator]] = {}
        """Operators by the layer that they became part of, the layer's own operator first."""
        self.unknown: list[str] = []
        self.notes: dict[str, Text] = {}
        """Notes for the user by code: one of each kind."""
        self.mismatches = 0
        """Layers whose weights do not match their input: the file expects pictures of another size."""
        self.values: dict[str, Value] = {}
        self._rules, self._check, self._graph = rules, check_cancelled, graph
        self._users: dict[str, int] = defaultdict(int)
        self._consumers: dict[str, list[Operator]] = defaultdict(list)
        self._padded_maps: dict[tuple[str, tuple[int, ...]], FeatureMaps] = {}
        self._weights: set[str] = set()
        self._operator = Operator("")
        self._name = ""

    # Converting ----------------------------------------------------------------------------------

    def add_input(self, name: str, axes: tuple[int, ...]) -> None:
        """The input of the model becomes the Input."""
        shape = (self.context.height, self.context.width, self.context.channels)
        name_id = layer_id(name.split(":", maxsplit=1)[0])
        node = self._add(Node(id="input" if name_id in _NAMELESS or name_id.isdigit() else name_id, type="Input"), ())
        self.values[name] = FeatureMaps(node, axes, shape, positive=False)

    def convert(self, operators: Sequence[Operator], constants: Constants, ends: Iterable[str]) -> None:
        """Convert all operators in order."""
        self.values |= constants
        for name in ends:
            self._users[name] += 1
        self._count_uses(operators)
        for operator in operators:
            self._check()
            self._convert_operator(operator)

    def convert_subgraph(self, graph: Graph) -> list[Value | None]:
        """Convert the graph inside an operator in its place; returns its outputs."""
        ends = [port.name for port in graph.outputs]
        constants, operators = split_constants(graph, graph.operators)
        self.convert(fuse_patterns(operators, constants, ends), constants, ends)
        return [self.values.get(name) for name in ends]

    def _count_uses(self, operators: Sequence[Operator]) -> None:
        for operator in operators:
            for name in operator.inputs:
                self._users[name] += 1
                self._consumers[name].append(operator)
            for value in operator.attributes.values():
                if isinstance(value, Graph):
                    self._count_uses(value.operators)

    def _convert_operator(self, operator: Operator) -> None:
        self._operator, self._name = operator, ""
        inputs = [self.values.get(name) for name in operator.inputs]
        constant = fold(operator, inputs) if operator.inputs and not operator.domain else None
        if constant is not None:
            self.values[operator.outputs[0]] = constant
            return
        before = len(self.nodes)
        try:
            rule = self._rules.get(operator.type) if not operator.domain else None
            if rule is None:
                raise Unsupported
            outputs = rule(self, operator)
        except (Unsupported, IndexError, KeyError, TypeError, ValueError, OverflowError, ZeroDivisionError):
            self._discard_layers(before)
            outputs = self._keep_unknown(operator)
        values = list(outputs) if isinstance(outputs, Sequence) else [outputs]
        for name, value in zip(operator.outputs, values, strict=False):
            if name:
                self.values[name] = value

    def _discard_layers(self, count: int) -> None:
        """Remove the layers after the first `count`."""
        for identifier in list(self.nodes)[count:] if len(self.nodes) > count else ():
            del self.nodes[identifier], self.sources[identifier], self.layer_operators[identifier]
        self._padded_maps = {key: maps for key, maps in self._padded_maps.items() if maps.node in self.nodes}

    # Inputs of an operator -----------------------------------------------------------------------

    def maps(self, operator: Operator, number: int = 0, bare: bool = False) -> FeatureMaps:
        """The feature maps of an input; their pending padding becomes a ZeroPadding2D unless `bare`. Raises Unsupported."""
        value = self.values.get(operator.input(number))
        if not isinstance(value, FeatureMaps):
            raise Unsupported
        return value if bare else self.apply_padding(value)

    def constant(self, operator: Operator, number: int) -> np.ndarray | None:
        """The constant of an input; None if the input is left out. Raises Unsupported if its numbers are not at hand."""
        if not operator.input(number):
            return None
        value = self.values.get(operator.input(number))
        if not isinstance(value, Constant):
            raise Unsupported
        return value.data

    def weight_dims(self, operator: Operator, number: int) -> Shape | None:
        """The dimensions of a weight; None if the input is left out. Raises Unsupported."""
        if not operator.input(number):
            return None
        value = self.values.get(operator.input(number))
        if not isinstance(value, Constant | Weight):
            raise Unsupported
        return value.dims

    def arrays(self, operator: Operator) -> list[np.ndarray | None]:
        """All constant inputs, None for the others."""
        values = [self.values.get(name) for name in operator.inputs]
        return [value.data if isinstance(value, Constant) else None for value in values]

    def only_use(self, operator: Operator, number: int = 0) -> bool:
        """Whether this operator alone uses the input, so that the layer before may be changed for it."""
        return self._users[operator.input(number)] == 1

    def is_used(self, operator: Operator, output: int) -> bool:
        return output < len(operator.outputs) and bool(operator.outputs[output]) and self._users[operator.outputs[output]] > 0

    def feeds_only_dense(self, name: str) -> bool:
        """Whether only dense layers use these values: they have one weight a value, so the order is free."""
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

    def emit(self, kind: str, params: Mapping[str, Any], *sources: FeatureMaps, axes: tuple[int, ...] | None = None,
             positive: bool | None = None) -> FeatureMaps:
        """Add a layer; its ONNX axes are those of its first source unless `axes` sets others.

        Values that equal the entry's defaults are left out. Raises Unsupported if the entry does not accept them.
        """
        entry = LAYERS[kind]
        defaults = values_of(Node(id="x", type=kind), entry)
        changed = {name: value for name, value in params.items() if value != defaults[name]}
        if check(entry.params, changed, "network"):
            raise Unsupported
        node = Node(id=self._next_id(kind), type=kind, params=changed)
        shapes = [source.shape for source in sources]
        shape: Shape | None = None
        if all(item is not None for item in shapes):
            try:
                inputs = tuple(shape for shape in shapes if shape is not None)
                shape, _cost = shape_and_cost(entry, values_of(node, entry), inputs, self.context)
            except ShapeError:
                # The layer is drawn as it is; the checks of the network explain on the canvas what is wrong.
                self.mismatches += 1
        if positive is None:
            positive = kind in _POSITIVE[:2] or (kind in _POSITIVE and all(source.positive for source in sources))
        return FeatureMaps(self._add(node, tuple(source.node for source in sources)), axes or sources[0].axes, shape,
                    positive=positive)

    def change(self, node: str, kind: str | None = None, **params: Any) -> None:
        """Change a layer that an earlier operator added; None resets a parameter to its default."""
        old = self.nodes[node]
        changed = {name: value for name, value in (old.params | params).items() if value is not None}
        self.nodes[node] = replace(old, type=kind or old.type, params=changed)
        self.layer_operators[node].append(self._operator)

    def apply_padding(self, maps: FeatureMaps) -> FeatureMaps:
        """The maps with their pending padding as a ZeroPadding2D layer."""
        if not any(maps.padding):
            return maps
        key = (maps.node, maps.padding)
        if key not in self._padded_maps:
            if maps.fill:
                self.add_note("border", _BORDER)
            plain = replace(maps, padding=(0, 0, 0, 0), fill=0.0)
            outer_name, self._name = self._name, ""
            self._padded_maps[key] = self.emit("ZeroPadding2D", {"padding": maps.padding}, plain)
            self._name = outer_name
        return replace(self._padded_maps[key], axes=maps.axes)

    def with_axes(self, maps: FeatureMaps, axes: tuple[int, ...]) -> FeatureMaps:
        """The same values with ONNX's axes at these places of ours; adds a Permute if they are elsewhere."""
        if maps.axes == axes:
            return maps
        if maps.rank != len(axes) or maps.axes[0] != 0 or axes[0] != 0:
            raise Unsupported
        if sum(size != 1 for size in maps.shape or (2, 2)) < 2 and maps.shape is not None:
            dims = maps.dims(self.batch)
            assert dims is not None
            target_shape = [0] * maps.rank
            for axis, position in enumerate(axes):
                target_shape[position] = dims[axis]
            return self.emit("Reshape", {"target_shape": tuple(target_shape[1:])}, maps, axes=axes)
        order = [0] * (maps.rank - 1)
        for axis, position in enumerate(axes):
            if position:
                order[position - 1] = maps.axes[axis]
        return self.emit("Permute", {"dims": tuple(order)}, maps, axes=axes)

    def image_maps(self, operator: Operator, number: int = 0, bare: bool = False) -> FeatureMaps:
        """Feature maps with ONNX's axes (batch, channels, height, width), ours (height, width, channels)."""
        maps = self.maps(operator, number, bare)
        if maps.rank != 4:
            raise Unsupported
        return maps if maps.axes == CHANNELS_FIRST else self.with_axes(self.apply_padding(maps), CHANNELS_FIRST)

    def with_last_axis(self, maps: FeatureMaps, axis: int) -> FeatureMaps:
        """The same values with this axis of ONNX's as our last: where dense layers and normalisations work."""
        position = maps.our_axis(axis)
        if position == 0:
            raise Unsupported
        if position == maps.rank - 1:
            return maps
        moved = {old: old - 1 if old > position else old for old in range(maps.rank)} | {position: maps.rank - 1}
        return self.with_axes(maps, tuple(moved[item] for item in maps.axes))

    def register_weight(self, operator: Operator, number: int) -> None:
        """Register the weight of a layer; adds a note if another layer uses the same one."""
        value = self.values.get(operator.input(number))
        name = value.name if isinstance(value, Weight) and value.name else operator.input(number)
        if name in self._weights:
            self.add_note("shared", _SHARED.fill(name=name))
        self._weights.add(name)

    def add_note(self, code: str, text: Text) -> None:
        self.notes.setdefault(code, text)

    def _next_id(self, kind: str) -> str:
        """The id for the next layer of this operator; helper layers get a suffix."""
        operator = self._operator
        value = self.values.get(operator.input(1))
        weight = operator.input(1) if isinstance(value, Constant | Weight) else ""
        if isinstance(value, Weight) and value.name:
            weight = value.name
        name = layer_name(operator.name, operator.type, weight)
        if not self._name:
            self._name = name
        helper = _HELPERS.get(kind)
        return f"{name}_{helper}" if helper and operator.type not in ("Pad", "Transpose", "Reshape", "Slice") else name

    def _add(self, node: Node, sources: tuple[str, ...]) -> str:
        identifier = self._ids.find(node.id, self.nodes)
        self.nodes[identifier] = replace(node, id=identifier)
        self.sources[identifier] = sources
        self.layer_operators[identifier] = [self._operator]
        return identifier

    # Unknown operators ---------------------------------------------------------------------------

    def _keep_unknown(self, operator: Operator) -> list[Value]:
        """Keep an operator without an entry, with its attributes: one node for each output in use."""
        inputs = [self.apply_padding(value) for value in (self.values.get(name) for name in operator.inputs)
                    if isinstance(value, FeatureMaps)]
        title = f"{operator.domain}.{operator.type}" if operator.domain else operator.type
        kind = f"{title} (ONNX)" if title in LAYERS else title
        numbers = {f"input {number}": _plain_attribute(value.data) for number, value in enumerate(
            self.values.get(name) for name in operator.inputs) if isinstance(value, Constant) and value.data.size <= 8}
        attributes = ((name, _plain_attribute(value)) for name, value in operator.attributes.items())
        params = {name: plain for name, plain in attributes if plain is not None} | numbers
        outputs: list[Value] = []
        for number, name in enumerate(operator.outputs):
            if number and not (name and self._users[name]):
                outputs.append(Weight(()))
                continue
            more = {"output": number} if number else {}
            node = Node(id=layer_name(operator.name, operator.type, ""), type=kind, params=params | more)
            identifier = self._add(node, tuple(dict.fromkeys(source.node for source in inputs)))
            self.unknown.append(identifier)
            outputs.append(self._unknown_output(operator, name, identifier, inputs))
        return outputs

    def _unknown_output(self, operator: Operator, name: str, identifier: str, inputs: Sequence[FeatureMaps]) -> FeatureMaps:
        """The output of an unknown operator, with the dimensions that the file declares."""
        first = max(inputs, key=lambda maps: prod(maps.shape or (0,)), default=None)
        if first is not None and operator.type in _KEEPS_SHAPE and not operator.domain:
            return replace(first, node=identifier, positive=False)
        dims = self._graph.dims.get(name)
        rank = len(dims) if dims is not None else first.rank if first is not None else 4
        axes = first.axes if first is not None and first.rank == rank else CHANNELS_FIRST if rank == 4 else tuple(range(rank))
        shape = None
        if dims is not None and all(item is not None for item in dims[1:]):
            ours: list[int] = [0] * rank
            for axis, position in enumerate(axes):
                ours[position] = dims[axis] or 0
            shape = tuple(ours[1:])
        return FeatureMaps(identifier, axes, shape)

    def weight_names(self, node: str) -> tuple[str, ...]:
        """The weight tensors of a layer, in the order of its operators."""
        layer = LAYERS.find(self.nodes[node].type)
        if layer is None or layer.family in _WEIGHTLESS:
            return ()
        return tuple(name for operator in self.layer_operators[node] for name in operator.inputs
                     if isinstance(self.values.get(name), Constant | Weight))

    # The end -------------------------------------------------------------------------------------

    def network(self, end: FeatureMaps) -> NetworkSpec:
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
"""Suffixes of the ids of helper layers."""
_SHARED: Final = Text(
    "Several layers of the file share the same weights ({name}); here each of them has its own.",
    "Varias capas del archivo comparten los mismos pesos ({name}); aquí cada una tiene los suyos.")
_BORDER: Final = Text(
    "Padding of −∞ before a pooling layer, or padding that an average ignores, becomes ZeroPadding2D: the values at the edge "
    "of the picture differ.",
    "Un relleno de −∞ antes de un agrupamiento, o uno que la media no cuenta, se convierte en ZeroPadding2D: los valores en "
    "el borde de la imagen difieren.")


def _plain_attribute(value: Any) -> Any:
    """An attribute as a plain value: a text or a few numbers; None if it is anything else."""
    if isinstance(value, np.ndarray):
        return None if value.dtype.kind not in "fiub" else _plain_attribute(value.item()) if value.ndim == 0 else (
            _plain_attribute(tuple(value.ravel().tolist())))
    if isinstance(value, float):
        return value if np.isfinite(value) else str(value)
    if isinstance(value, str):
        return value[:200]
    if isinstance(value, tuple):
        return tuple(_plain_attribute(item) for item in value) if len(value) <= 16 and all(
            isinstance(item, int | float | str) for item in value) else None
    return value if isinstance(value, int) else None
