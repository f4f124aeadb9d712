"""The graph of the source: nodes of called layers, models called on inputs, shapes as far as they are known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS, PLAIN_OUTPUT, ShapeError, values_of
from cnnstudio.core.network import BASE, INPUT, Node
from cnnstudio.core.params import check
from cnnstudio.core.text import Text
from cnnstudio.interchange.keras_source.values import (
    BaseModel,
    Chain,
    Graph,
    Instance,
    Layer,
    Model,
    Shape,
    SourceError,
    Tensor,
    TracedNode,
    Unknown,
)
from cnnstudio.network.shapes import shape_and_cost

MOST_NODES: Final = 5_000


class GraphBuilder:
    """The nodes and models that the code has created so far."""

    def __init__(self) -> None:
        self.nodes: list[TracedNode] = []
        self.models: list[Model] = []
        self._node_count = 0
        self.call_instance: Callable[[Instance, list[Any], dict[str, Any], int], Any] = lambda *_arguments: Unknown(
            Text("it is a custom object", "es un objeto propio"), 0)
        """Calls an object of a class of the file; set by the interpreter."""
        self.call_layer: Callable[[Layer, list[Tensor], int], Any] = self.apply
        """Calls a layer of a Sequential; the interpreter sets one that skips layers that only prepare pictures."""
        self._implied = False

    def node(self, kind: str, params: dict[str, Any], sources: Sequence[TracedNode], line: int, *, name: str = "",
             layer: Layer | None = None, base: BaseModel | None = None, shape: Shape | None = None) -> Tensor:
        """Add a node; its shape is inferred from its sources unless it is passed."""
        if self._node_count >= MOST_NODES:
            raise SourceError("code_too_large", Text("The code creates more than {n} layers.",
                                                 "El código crea más de {n} capas.").fill(n=MOST_NODES), line)
        self._node_count += 1
        traced = TracedNode(number=self._node_count, kind=kind, params=params, sources=list(sources), line=line, name=name,
                           layer=layer, base=base, shape=shape)
        traced.implied = self._implied
        if shape is None and kind != INPUT:
            traced.shape = _inferred_shape(traced)
        self.nodes.append(traced)
        return Tensor(traced)

    def input(self, shape: Any, line: int, name: str = "") -> Tensor:
        """An input of that shape without the batch; an unknown shape stays open."""
        sizes = picture_shape(shape)
        tensor = self.node(INPUT, {}, [], line, name=name, shape=sizes if sizes is None or len(sizes) == 3 else None)
        if sizes is not None and len(sizes) != 3:
            text = Text("The input has the shape {shape}: here a network takes pictures (height, width, channels).",
                        "La entrada tiene la forma {shape}: aquí una red recibe imágenes (alto, ancho, canales).")
            tensor.node.error = SourceError("not_pictures", text.fill(shape=sizes), line)
        return tensor

    def apply(self, layer: Layer, tensors: Sequence[Tensor], line: int) -> Tensor:
        """Call a layer on tensors."""
        sources = [tensor.node for tensor in tensors]
        entry = LAYERS.find(layer.kind)
        if entry is not None and entry.passing != "list":
            # Attention takes query, value and key: here the key is the value, and one input may be all three.
            sources = sources[:2] if len(sources) == 3 and sources[2] is sources[1] else sources
            sources = sources[:1] if len({item.number for item in sources}) == 1 else sources
        output = self.node(layer.kind, layer.params, sources, line, name=layer.name, layer=layer)
        layer.called.append(output.node)
        if layer.activation is not None:
            output = self.apply(layer.activation, [output], line)
        return output

    # Models ----------------------------------------------------------------------------------------

    def call_model(self, model: Model, tensors: Sequence[Tensor], line: int) -> Any:
        """Call a model on tensors: its layers are added again behind them."""
        model.nested = True
        if isinstance(model, Instance):
            return self.call_instance(model, list(tensors), {}, line)
        if isinstance(model, BaseModel):
            return self._call_base(model, tensors[0], line)
        if isinstance(model, Chain):
            return self._call_in_sequence(model.items, tensors[0], line)
        if isinstance(model, Graph):
            return self._copy_graph(model, tensors)
        raise TypeError(type(model).__name__)

    def ends(self, model: Model, line: int) -> tuple[list[Any], list[Any]]:
        """(inputs, outputs) of a model on its own; Unknown if the code leaves them open."""
        before, self._implied = self._implied, True
        try:
            return self._ends(model, line)
        finally:
            self._implied = before

    def _ends(self, model: Model, line: int) -> tuple[list[Any], list[Any]]:
        if isinstance(model, Graph):
            return model.inputs, model.outputs
        if isinstance(model, BaseModel):
            if model.start is None:
                model.start = self.input(model.shape, model.line)
            if model.end is None:
                model.end = self._call_base(model, model.start, model.line)
            return [model.start], [model.end]
        if isinstance(model, Chain):
            if model.ends is None or len(model.items) != model.ends[2]:
                start, answer = self._standalone_chain(model)
                model.ends = (start, answer, len(model.items))
            return [model.ends[0]], [model.ends[1]]
        if isinstance(model, Instance):
            start = self.input(model.shape, model.line)
            nested = model.nested
            answer = self.call_instance(model, [start], {}, model.line)
            model.nested = nested
            return [start], [answer]
        raise TypeError(type(model).__name__)

    def ancestors_of(self, ends: Iterable[TracedNode]) -> list[TracedNode]:
        """The nodes that lead to these, in order of creation."""
        return ancestors(ends)

    def _standalone_chain(self, chain: Chain) -> tuple[Any, Any]:
        """A Sequential on its own input: its Input, the shape of its first layer, or its first model."""
        items = list(chain.items)
        first = items[0] if items else None
        if isinstance(first, Tensor):
            return first, self._call_in_sequence(items[1:], first, chain.line)
        if isinstance(first, Model) and not isinstance(first, Instance):
            inputs, outputs = self.ends(first, chain.line)
            first.nested = True
            if len(inputs) == 1 and len(outputs) == 1 and isinstance(inputs[0], Tensor):
                return inputs[0], self._call_in_sequence(items[1:], outputs[0], chain.line)
        shape = chain.shape
        if isinstance(first, Layer) and first.input_shape is not None:
            shape = first.input_shape
            if first.kind == "InputLayer":
                items = items[1:]
        start = self.input(shape, chain.line)
        return start, self._call_in_sequence(items, start, chain.line)

    def _call_in_sequence(self, items: Iterable[Any], tensor: Any, line: int) -> Any:
        for item in items:
            if isinstance(item, Unknown) or isinstance(tensor, Unknown):
                return item if isinstance(item, Unknown) else tensor
            if isinstance(item, Layer):
                if item.kind != "InputLayer":
                    tensor = self.call_layer(item, [tensor], item.line)
            elif isinstance(item, Model):
                tensor = self.call_model(item, [tensor], line)
            elif not isinstance(item, Tensor):
                return Unknown(Text("a part of the Sequential is not a layer",
                                    "una parte del Sequential no es una capa"), line)
        return tensor

    def _copy_graph(self, graph: Graph, tensors: Sequence[Tensor]) -> Any:
        if any(isinstance(output, Unknown) for output in graph.outputs):
            return next(output for output in graph.outputs if isinstance(output, Unknown))
        copies = {id(old.node): new.node for old, new in zip(graph.inputs, tensors, strict=False)
                 if isinstance(old, Tensor)}
        for traced in ancestors([output.node for output in graph.outputs]):
            if id(traced) not in copies:
                copied = self.node(traced.kind, traced.params, [copies[id(source)] for source in traced.sources], traced.line,
                                 name=traced.name, layer=traced.layer, base=traced.base,
                                 shape=traced.shape if traced.kind == INPUT else None)
                copies[id(traced)] = copied.node
        outputs = [Tensor(copies[id(output.node)]) for output in graph.outputs]
        return outputs[0] if len(outputs) == 1 else outputs

    def _call_base(self, model: BaseModel, tensor: Tensor, line: int) -> Tensor:
        output = self.node(BASE, model.params, [tensor.node], line, base=model)
        if model.classes:
            output = self.node(PLAIN_OUTPUT, {"units": model.classes, "activation": "softmax"}, [output.node], line,
                              name="predictions")
        return output


def ancestors(ends: Iterable[TracedNode]) -> list[TracedNode]:
    """The nodes that lead to these, themselves included, in topological order."""
    result: dict[int, TracedNode] = {}
    waiting = list(ends)
    while waiting:
        traced = waiting.pop()
        if traced.number not in result:
            result[traced.number] = traced
            waiting += traced.sources
    return [result[number] for number in sorted(result)]


def _inferred_shape(traced: TracedNode) -> Shape | None:
    """The output shape of a node, if its inputs and settings are valid."""
    entry = LAYERS.find(traced.kind)
    shapes = [source.shape for source in traced.sources]
    input_shapes = tuple(shape for shape in shapes if shape is not None)
    if entry is None or len(input_shapes) < len(shapes) or not entry.minimum_inputs <= len(shapes) or (
            entry.maximum_inputs is not None and len(shapes) > entry.maximum_inputs):
        return None
    if (traced.layer is not None and traced.layer.open) or check(entry.params, traced.params, "network"):
        return None
    try:
        values = values_of(Node(id="x", type=traced.kind, params=traced.params), entry)
        return shape_and_cost(entry, values, input_shapes, Context(height=1, width=1, channels=1, class_count=1))[0]
    except ShapeError:
        return None


def picture_shape(shape: Any) -> Shape | None:
    """(height, width, channels) of an input, or another shape if it is no picture; None if it is open."""
    if not isinstance(shape, list | tuple) or not all(isinstance(item, int) and not isinstance(item, bool) for item in shape):
        return None
    sizes = tuple(shape)
    # Some collections have grey pictures without a channel axis.
    sizes = (*sizes, 1) if len(sizes) == 2 else sizes
    return sizes if len(sizes) != 3 or all(0 < size <= 1 << 16 for size in sizes) else None
