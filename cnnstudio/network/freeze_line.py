"""Where the freeze line of a base can stand, what learns behind it, and the base drawn block by block."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from cnnstudio.catalog.bases import Base, last_layers
from cnnstudio.catalog.bases.entry import keras_order
from cnnstudio.catalog.context import Context
from cnnstudio.network.diagram import Diagram, draw_sections, drawing_order
from cnnstudio.network.shapes import NetworkReport, report


class FreezeLine(msgspec.Struct, frozen=True):
    """The blocks of a base up to its end, as a diagram with one section each.

    `learning[i]` is the number of weights that learn with the line before block i; the last is behind all blocks. `layers`
    are (block, weights that can learn) of all layers in the order of Keras.
    """

    blocks: tuple[str, ...]
    diagram: Diagram
    learning: tuple[int, ...]
    parameters: int
    layers: tuple[tuple[str, int], ...] = ()

    def index(self, trainable_from: str) -> int:
        """The number of blocks that are wholly frozen with that value of the parameter; a block behind the end leaves all
        frozen."""
        if trainable_from == "all":
            return 0
        count = last_layers(trainable_from)
        if count is not None:
            return min((self.blocks.index(block) for block, weights in self.layers[-count:] if weights),
                       default=len(self.blocks))
        return self.blocks.index(trainable_from) if trainable_from in self.blocks else len(self.blocks)

    def weights(self, trainable_from: str) -> int:
        """How many weights of the base learn with that value of the parameter."""
        count = last_layers(trainable_from)
        if count is not None:
            return sum(weights for _block, weights in self.layers[-count:])
        return self.learning[self.index(trainable_from)]

    def value(self, index: int) -> str:
        """The value of the parameter with so many frozen blocks."""
        if index <= 0:
            return "all"
        return self.blocks[index] if index < len(self.blocks) else "none"


@lru_cache(maxsize=32)
def freeze_line(base: Base, size: tuple[int, int], ends_at: str = "all") -> FreezeLine:
    """The freeze line of a base for pictures of that (height, width), or of its own size where they do not fit."""
    result = _report(base, size, ends_at)
    if any(item.shape is None for item in result.nodes.values()):
        size = base.size
        result = _report(base, size, ends_at)
    blocks = base.until(ends_at).blocks
    nodes: dict[str, list[str]] = {block: [] for block in blocks}
    for node in drawing_order(result):
        nodes.setdefault(base.block_of(node) or blocks[0], []).append(node)
    learning = tuple(sum(result.nodes[node].cost.trainable for node in base.trainable_layers(block) if node in result.nodes)
                     for block in blocks)
    able = base.trainable_layers("all")
    layers = tuple((base.block_of(node.id), result.nodes[node.id].cost.trainable if node.id in able else 0)
                   for node in keras_order(base.graph_for(*size, ends_at if ends_at in base.ends else "all")))
    return FreezeLine(blocks, draw_sections(result, ((block, nodes[block]) for block in blocks), max(size)),
                      (*learning, 0), result.parameters, layers)


def _report(base: Base, size: tuple[int, int], ends_at: str) -> NetworkReport:
    context = Context(height=size[0], width=size[1], channels=base.channels, class_count=1, normalization="none")
    return report(base.graph_for(*size, ends_at), context, headless=True)
