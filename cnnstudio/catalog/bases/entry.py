"""What one entry of the registry of pretrained bases declares."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.places import cache_folder
from cnnstudio.core.text import Text


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """Where a base's weights come from, and how the file is laid out.

    `resource` is a bundled file under resources/weights; else `url` is downloaded once into the cache
    as `file_name` and checked against `checksum` ("sha256:..." or "md5:...", "" where the publisher
    gives none: then every name and shape in the file is checked instead). `layout`: "npz" has arrays
    "<layer>/<n>" in Keras's order of a layer's weights; "keras_h5" is the legacy HDF5 weights format
    of Keras Applications, by layer name.
    `flip_input_of` names the first convolution when the publisher trained it on BGR: its kernel's
    input channels are reversed while loading, so that the network takes RGB.
    """

    resource: str = ""
    url: str = ""
    file_name: str = ""
    checksum: str = ""
    bytes: int = 0
    layout: Literal["npz", "keras_h5"] = "npz"
    flip_input_of: str = ""

    @property
    def bundled(self) -> bool:
        return bool(self.resource)

    @property
    def cached(self) -> Path:
        """Where a download lies in the user's cache."""
        return cache_folder() / "bases" / self.file_name


class Base(msgspec.Struct, frozen=True, kw_only=True):
    """A network without its top, trained on ImageNet.

    `graph()` is its layers as an ordinary network: an Input, its own scaling of 0-255 pixels, and the
    layers, named as in Keras Applications; its last layer gives the feature maps. The few bases whose
    borders depend on the size of the pictures are drawn by `sized` for (height, width); `graph()` is
    then the drawing for their own size. `blocks` are the names at which the freeze line can stand, from
    the input on, and `block_of` tells a layer's block ("" for input and scaling). `parameters` is without
    the top, `top1` ImageNet accuracy in percent as Keras publishes it.
    """

    id: str
    label: Text
    family: str
    help: Text
    licence: str
    source: str
    year: int
    parameters: int
    top1: float
    input_size: int
    minimum_size: int
    features: int
    scaling: Text
    weights: Weights
    graph: Callable[[], NetworkSpec]
    blocks: tuple[str, ...]
    block_of: Callable[[str], str]
    sized: Callable[[int, int], NetworkSpec] | None = None

    def graph_for(self, height: int, width: int, ends_at: str = "all") -> NetworkSpec:
        """The layers as they are for pictures of that size, up to the end of the block `ends_at`."""
        whole = self.graph() if self.sized is None else self.sized(height, width)
        if ends_at == "all":
            return whole
        kept = {"", *self.blocks[:self.blocks.index(ends_at) + 1]}
        nodes = tuple(node for node in whole.nodes if self.block_of(node.id) in kept)
        names = {node.id for node in nodes}
        edges = tuple(edge for edge in whole.edges if edge.target in names)
        return msgspec.structs.replace(whole, nodes=nodes, edges=edges)

    @property
    def megabytes(self) -> float:
        """Size of the weights in float32, in MB of 2^20 bytes as Keras counts them."""
        return self.parameters * 4 / 2**20

    def trainable_layers(self, trainable_from: str) -> frozenset[str]:
        """Ids of the layers that learn: none for "none", all for "all", else from that block on.

        Batch normalisation stays frozen: the statistics of small batches would spoil it, and Keras keeps
        it from following them only while the layer is not trainable.
        """
        if trainable_from == "none":
            return frozenset()
        first = 0 if trainable_from == "all" else self.blocks.index(trainable_from)
        learning = set(self.blocks[first:])
        return frozenset(node.id for node in self.graph().nodes
                         if node.type != "BatchNormalization" and self.block_of(node.id) in learning)
