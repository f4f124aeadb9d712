"""The graph of source: nodes of called layers, with their shapes as far as they are known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from cnnstudio.catalog.bases.resolver import BUILT_IN, BaseResolver
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS, ShapeError, values_of
from cnnstudio.core.network import INPUT, Node
from cnnstudio.core.params import check
from cnnstudio.core.text import Text
from cnnstudio.interchange.python_source.values import Layer, Shape, SourceError, Tensor, TracedNode
from cnnstudio.network.shapes import shape_and_cost

MOST_NODES: Final = 5_000


class Nodes:
    """The nodes that the code has created so far."""

    def __init__(self) -> None:
        self.nodes: list[TracedNode] = []
        self._node_count = 0
        self._implied = False
        self.resolver: BaseResolver = BUILT_IN
        """Finds pretrained bases: a project's own ones as well, where the code belongs to one."""

    def clear(self) -> None:
        """Forget all nodes."""
        self.nodes.clear()
        self._node_count = 0

    def node(self, kind: str, params: dict[str, Any], sources: Sequence[TracedNode], line: int, *, name: str = "",
             layer: Layer | None = None, base: Any = None, shape: Shape | None = None) -> Tensor:
        """Add a node; its shape is inferred from its sources unless it is passed."""
        if self._node_count >= MOST_NODES:
            raise SourceError("code_too_large", Text("The code creates more than {n} layers.",
                                                 "El código crea más de {n} capas.").fill(n=MOST_NODES), line)
        self._node_count += 1
        traced = TracedNode(number=self._node_count, kind=kind, params=params, sources=list(sources), line=line, name=name,
                           layer=layer, base=base, shape=shape)
        traced.implied = self._implied
        if shape is None and kind != INPUT:
            traced.shape = _inferred_shape(traced, self.resolver)
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


def _inferred_shape(traced: TracedNode, resolver: BaseResolver) -> Shape | None:
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
        context = Context(height=1, width=1, channels=1, class_count=1, bases=resolver)
        return shape_and_cost(entry, values, input_shapes, context)[0]
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
