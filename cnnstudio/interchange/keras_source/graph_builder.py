"""The graph while it is read: nodes as they are called, models played on inputs, shapes as far as they are known."""

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
    """All nodes that the code drew so far, and the models that it made."""

    def __init__(self) -> None:
        self.nodes: list[TracedNode] = []
        self.models: list[Model] = []
        self._made = 0
        self.answer: Callable[[Instance, list[Any], dict[str, Any], int], Any] = lambda *_given: Unknown(
            Text("it is an object of its own", "es un objeto propio"), 0)
        """What an object of the file's own class answers; the reader knows."""
        self.call: Callable[[Layer, list[Tensor], int], Any] = self.apply
        """How a layer of a model in a row is called; the reader passes over those that only prepare pictures."""
        self._implied = False

    def node(self, kind: str, params: dict[str, Any], sources: Sequence[TracedNode], line: int, *, name: str = "",
             layer: Layer | None = None, base: BaseModel | None = None, shape: Shape | None = None) -> Tensor:
        """Draw a node; its shape follows from its sources unless it is given."""
        if self._made >= MOST_NODES:
            raise SourceError("code_too_large", Text("The code makes more than {n} layers.",
                                                 "El código crea más de {n} capas.").fill(n=MOST_NODES), line)
        self._made += 1
        drawn = TracedNode(number=self._made, kind=kind, params=params, sources=list(sources), line=line, name=name,
                           layer=layer, base=base, shape=shape)
        drawn.implied = self._implied
        if shape is None and kind != INPUT:
            drawn.shape = _shape(drawn)
        self.nodes.append(drawn)
        return Tensor(drawn)

    def input(self, shape: Any, line: int, name: str = "") -> Tensor:
        """An input of that shape without the batch; what is not known of it stays open."""
        sizes = picture(shape)
        made = self.node(INPUT, {}, [], line, name=name, shape=sizes if sizes is None or len(sizes) == 3 else None)
        if sizes is not None and len(sizes) != 3:
            text = Text("The input has the shape {shape}: here a network takes pictures (height, width, channels).",
                        "La entrada tiene la forma {shape}: aquí una red recibe imágenes (alto, ancho, canales).")
            made.node.error = SourceError("not_pictures", text.fill(shape=sizes), line)
        return made

    def apply(self, layer: Layer, tensors: Sequence[Tensor], line: int) -> Tensor:
        """Call a layer on tensors."""
        sources = [tensor.node for tensor in tensors]
        entry = LAYERS.find(layer.kind)
        if entry is not None and entry.passing != "list":
            # Attention takes query, value and key: here the key is the value, and one input may be all of them.
            sources = sources[:2] if len(sources) == 3 and sources[2] is sources[1] else sources
            sources = sources[:1] if len({item.number for item in sources}) == 1 else sources
        found = self.node(layer.kind, layer.params, sources, line, name=layer.name, layer=layer)
        layer.called.append(found.node)
        if layer.activation is not None:
            found = self.apply(layer.activation, [found], line)
        return found

    # Models ----------------------------------------------------------------------------------------

    def play(self, model: Model, tensors: Sequence[Tensor], line: int) -> Any:
        """A model called on tensors: its layers are drawn anew behind them."""
        model.nested = True
        if isinstance(model, Instance):
            return self.answer(model, list(tensors), {}, line)
        if isinstance(model, BaseModel):
            return self._base(model, tensors[0], line)
        if isinstance(model, Chain):
            return self._in_a_row(model.items, tensors[0], line)
        if isinstance(model, Graph):
            return self._copy(model, tensors)
        raise TypeError(type(model).__name__)

    def ends(self, model: Model, line: int) -> tuple[list[Any], list[Any]]:
        """(inputs, outputs) of a model as it stands by itself; Unknown where the code leaves them open."""
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
                model.end = self._base(model, model.start, model.line)
            return [model.start], [model.end]
        if isinstance(model, Chain):
            if model.ends is None or len(model.items) != model.ends[2]:
                start, answer = self._alone(model)
                model.ends = (start, answer, len(model.items))
            return [model.ends[0]], [model.ends[1]]
        if isinstance(model, Instance):
            start = self.input(model.shape, model.line)
            nested = model.nested
            answer = self.answer(model, [start], {}, model.line)
            model.nested = nested
            return [start], [answer]
        raise TypeError(type(model).__name__)

    def reaching(self, ends: Iterable[TracedNode]) -> list[TracedNode]:
        """The nodes that lead to these, in the order in which they were drawn."""
        return ancestors(ends)

    def _alone(self, chain: Chain) -> tuple[Any, Any]:
        """A Sequential on an input of its own: an Input in it, the shape of its first layer, or a model at its head."""
        items = list(chain.items)
        first = items[0] if items else None
        if isinstance(first, Tensor):
            return first, self._in_a_row(items[1:], first, chain.line)
        if isinstance(first, Model) and not isinstance(first, Instance):
            inputs, outputs = self.ends(first, chain.line)
            first.nested = True
            if len(inputs) == 1 and len(outputs) == 1 and isinstance(inputs[0], Tensor):
                return inputs[0], self._in_a_row(items[1:], outputs[0], chain.line)
        shape = chain.shape
        if isinstance(first, Layer) and first.input_shape is not None:
            shape = first.input_shape
            if first.kind == "InputLayer":
                items = items[1:]
        start = self.input(shape, chain.line)
        return start, self._in_a_row(items, start, chain.line)

    def _in_a_row(self, items: Iterable[Any], tensor: Any, line: int) -> Any:
        for item in items:
            if isinstance(item, Unknown) or isinstance(tensor, Unknown):
                return item if isinstance(item, Unknown) else tensor
            if isinstance(item, Layer):
                if item.kind != "InputLayer":
                    tensor = self.call(item, [tensor], item.line)
            elif isinstance(item, Model):
                tensor = self.play(item, [tensor], line)
            elif not isinstance(item, Tensor):
                return Unknown(Text("a part of the Sequential is no layer", "una parte del Sequential no es una capa"), line)
        return tensor

    def _copy(self, graph: Graph, tensors: Sequence[Tensor]) -> Any:
        if any(isinstance(output, Unknown) for output in graph.outputs):
            return next(output for output in graph.outputs if isinstance(output, Unknown))
        names = {id(old.node): new.node for old, new in zip(graph.inputs, tensors, strict=False)
                 if isinstance(old, Tensor)}
        for drawn in ancestors([output.node for output in graph.outputs]):
            if id(drawn) not in names:
                made = self.node(drawn.kind, drawn.params, [names[id(source)] for source in drawn.sources], drawn.line,
                                 name=drawn.name, layer=drawn.layer, base=drawn.base,
                                 shape=drawn.shape if drawn.kind == INPUT else None)
                names[id(drawn)] = made.node
        found = [Tensor(names[id(output.node)]) for output in graph.outputs]
        return found[0] if len(found) == 1 else found

    def _base(self, model: BaseModel, tensor: Tensor, line: int) -> Tensor:
        found = self.node(BASE, model.params, [tensor.node], line, base=model)
        if model.classes:
            found = self.node(PLAIN_OUTPUT, {"units": model.classes, "activation": "softmax"}, [found.node], line,
                              name="predictions")
        return found


def ancestors(ends: Iterable[TracedNode]) -> list[TracedNode]:
    """The nodes that lead to these, themselves included, each behind its sources."""
    result: dict[int, TracedNode] = {}
    waiting = list(ends)
    while waiting:
        drawn = waiting.pop()
        if drawn.number not in result:
            result[drawn.number] = drawn
            waiting += drawn.sources
    return [result[number] for number in sorted(result)]


def _shape(drawn: TracedNode) -> Shape | None:
    """What comes out of a node, where its inputs and settings are sound."""
    entry = LAYERS.find(drawn.kind)
    shapes = [source.shape for source in drawn.sources]
    known = tuple(shape for shape in shapes if shape is not None)
    if entry is None or len(known) < len(shapes) or not entry.minimum_inputs <= len(shapes) or (
            entry.maximum_inputs is not None and len(shapes) > entry.maximum_inputs):
        return None
    if (drawn.layer is not None and drawn.layer.open) or check(entry.params, drawn.params, "network"):
        return None
    try:
        values = values_of(Node(id="x", type=drawn.kind, params=drawn.params), entry)
        return shape_and_cost(entry, values, known, Context(height=1, width=1, channels=1, class_count=1))[0]
    except ShapeError:
        return None


def picture(shape: Any) -> Shape | None:
    """(height, width, channels) of an input, or the shape of what is no picture; None where it is open."""
    if not isinstance(shape, list | tuple) or not all(isinstance(item, int) and not isinstance(item, bool) for item in shape):
        return None
    sizes = tuple(shape)
    # Grey pictures come without an axis for their one channel in some collections.
    sizes = (*sizes, 1) if len(sizes) == 2 else sizes
    return sizes if len(sizes) != 3 or all(0 < size <= 1 << 16 for size in sizes) else None
