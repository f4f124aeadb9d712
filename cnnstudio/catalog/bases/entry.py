"""The type of an entry in the registry of pretrained bases."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import msgspec

from cnnstudio.core.network import NetworkSpec, Node
from cnnstudio.core.places import cache_folder
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.core.text import Text

LAST: Final = "last:"
_LAST: Final = re.compile(LAST + r"([1-9][0-9]{0,4})")


def last_layers(trainable_from: str) -> int | None:
    """The n of "last:n", a base of which the last n layers learn; None for another value of `trainable_from`."""
    found = _LAST.fullmatch(trainable_from)
    return None if found is None else int(found[1])


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """The source of a base's weights, and the layout of the file.

    `resource` is a bundled file under resources/weights; else `url` is downloaded once into the cache
    as `file_name` and checked against `checksum` ("sha256:..." or "md5:...", "" where the publisher
    gives none: then every name and shape in the file is checked instead). `layout`: "npz" has arrays
    "<layer>/<n>" in Keras's order of a layer's weights; "keras_h5" is the legacy HDF5 weights format
    of Keras Applications, by layer name; "keras" is a whole model of the user's, read by the groups of its file.
    `flip_input_of` names the first convolution when the publisher trained it on BGR: its kernel's
    input channels are reversed while loading, so that the network takes RGB.
    """

    resource: str = ""
    url: str = ""
    file_name: str = ""
    checksum: str = ""
    bytes: int = 0
    layout: Literal["npz", "keras_h5", "keras"] = "npz"
    flip_input_of: str = ""

    @property
    def bundled(self) -> bool:
        return bool(self.resource)

    @property
    def cached(self) -> Path:
        """The path of a download in the user's cache."""
        return cache_folder() / "bases" / self.file_name


class Part(msgspec.Struct, frozen=True):
    """A repeated part of a base, such as a cell: its kind as its paper calls it, and the name of this one."""

    kind: str
    name: str


class OwnBase(Protocol):
    """A user's model that serves as a custom base (`interchange.own_base` reads it from its file)."""

    @property
    def file(self) -> str:
        """Its file in the project's folder: "bases/<name>-<digest>.keras" or .h5."""

    @property
    def path(self) -> str:
        """The same file, absolute."""

    @property
    def digest(self) -> str:
        """The digest in the file's name."""

    @property
    def bytes(self) -> int:
        """Size of the file."""

    @property
    def scaling(self) -> str:
        """The scaling before it that the user chose: "none", "zero_one" or "minus_one_one"."""

    @property
    def network(self) -> NetworkSpec:
        """Its layers up to the last of `ends`."""

    @property
    def end(self) -> str:
        """The layer at which it ends by default."""

    @property
    def ends(self) -> tuple[str, ...]:
        """The layers at which it can end."""

    @property
    def blocks(self) -> tuple[str, ...]:
        """The blocks where the freeze line can be."""

    @property
    def scales(self) -> bool:
        """Whether the model scales 0-255 pixels itself."""

    @property
    def flattened(self) -> bool:
        """Whether the model flattened its last maps rather than averaging them."""

    @property
    def recipe(self) -> RecipeSpec | None:
        """The recipe of its training pictures, if its file has one."""

    @property
    def notes(self) -> tuple[Text, ...]:
        """Notes on the conversion of its file."""

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of the node that stands for it, where they are not the defaults."""

    def until(self, ends_at: str = "all") -> NetworkSpec:
        """Its layers up to that one."""


class Base(msgspec.Struct, frozen=True, kw_only=True):
    """A network without its top, trained on ImageNet, or a user's own model (`own`) without its classifier.

    `graph()` is its layers as an ordinary network: an Input, its own scaling of 0-255 pixels, and the
    layers, named as in Keras Applications; its last layer gives the feature maps. The few bases whose
    borders depend on the size of the pictures are drawn by `sized` for (height, width); `graph()` is
    then the drawing for their own size. `blocks` are the names at which the freeze line can stand, from
    the input on, and `block_of` tells a layer's block ("" for input and scaling). `parameters` is without
    the top, `top1` ImageNet accuracy in percent as `top1_source` publishes it (0 where there is none). `input_width`
    is 0 where the pictures are square. `part_of` tells the repeated part of a layer, in printed code a function's call;
    its default is the block. `kinds` are (how the name of a block begins, what its paper calls such a block).
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
    channels: int = 3
    input_width: int = 0
    own: OwnBase | None = None
    part_of: Callable[[str], Part | None] | None = None
    kinds: tuple[tuple[str, str], ...] = ()
    top1_source: str = "https://keras.io/api/applications/"

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the pictures that it was trained on."""
        return self.input_size, self.input_width or self.input_size

    @property
    def own_file(self) -> str:
        """The path of a custom base in the project's folder, "" for a built-in base."""
        return self.own.file if self.own is not None else ""

    @property
    def is_here(self) -> bool:
        """Whether its weights are on this computer."""
        return self.own is not None or self.weights.bundled or self.weights.cached.is_file()

    @property
    def ends(self) -> tuple[str, ...]:
        """The possible ends besides "all", in order: its blocks; for a custom base any layer behind which
        its graph is one tensor."""
        return self.blocks if self.own is None else self.own.ends

    @property
    def lines(self) -> tuple[str, ...]:
        """The blocks where the freeze line can be, also those behind the default end."""
        return self.blocks if self.own is None else self.own.blocks

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of the node that stands for it, where they are not the defaults."""
        return {"base": self.id} if self.own is None else self.own.params

    def until(self, ends_at: str) -> Base:
        """The base with the parameters of a node."""
        if ends_at not in self.ends:
            return self
        height, width = self.size
        last = ends_at if self.own is None else self.block_of(ends_at)
        blocks = self.lines[:self.lines.index(last) + 1] if last else self.lines[:1]
        return msgspec.structs.replace(self, blocks=blocks,
                                       graph=lambda: self.graph_for(height, width, ends_at))

    def part_name(self, layer: str) -> str:
        """The name of a layer's repeated part, "" where its drawing says none."""
        part = self.part_of(layer) if self.part_of is not None else None
        return part.name if part is not None else ""

    def part_kind(self, name: str, layer: str) -> str:
        """The kind of the repeated part of that name and first layer, as its paper calls it; "" where it says none."""
        part = self.part_of(layer) if self.part_of is not None else None
        if part is not None:
            return part.kind
        return next((kind for pattern, kind in self.kinds if re.match(pattern, name)), "")

    @property
    def application(self) -> str:
        """Its function in keras.applications; "" for a base that Keras does not publish."""
        if self.weights.layout != "keras_h5":
            return ""
        return "".join(letter for letter in self.label.en.replace("-v", "V") if letter.isalnum())

    def graph_for(self, height: int, width: int, ends_at: str = "all") -> NetworkSpec:
        """The layers for pictures of that size, up to the end of the block (or layer) `ends_at`."""
        if self.own is not None:
            return self.own.until(ends_at)
        graph = self.graph() if self.sized is None else self.sized(height, width)
        if ends_at == "all":
            return graph
        kept_blocks = {"", *self.blocks[:self.blocks.index(ends_at) + 1]}
        nodes = tuple(node for node in graph.nodes if self.block_of(node.id) in kept_blocks)
        names = {node.id for node in nodes}
        edges = tuple(edge for edge in graph.edges if edge.target in names)
        return msgspec.structs.replace(graph, nodes=nodes, edges=edges)

    @property
    def megabytes(self) -> float:
        """Size of the weights in float32, in MB of 2^20 bytes as Keras counts them."""
        return self.parameters * 4 / 2**20

    def has_line(self, trainable_from: str) -> bool:
        """Whether the base can learn from there: "none", "all", "last:n" or one of `lines`."""
        return trainable_from in ("none", "all", *self.lines) or last_layers(trainable_from) is not None

    def trainable_layers(self, trainable_from: str, ends_at: str = "all") -> frozenset[str]:
        """Ids of the layers that learn: none for "none" (and for a value that is no line of the base), all for "all", for
        "last:n" those among the last n up to the end, else from that block on.

        Batch normalisation stays frozen: the statistics of small batches would spoil it, and Keras keeps
        it from following them only while the layer is not trainable.
        """
        count = last_layers(trainable_from)
        if count is not None:
            nodes = keras_order(self.graph_for(*self.size, ends_at if ends_at in self.ends else "all"))[-count:]
        elif trainable_from == "none" or not self.has_line(trainable_from):
            return frozenset()
        else:
            first = 0 if trainable_from == "all" else self.lines.index(trainable_from)
            learning = set(self.lines[first:])
            nodes = tuple(node for node in (self.graph() if self.own is None else self.own.network).nodes
                          if self.block_of(node.id) in learning)
        return frozenset(node.id for node in nodes if node.type != "BatchNormalization" and self.block_of(node.id))


def keras_order(graph: NetworkSpec) -> tuple[Node, ...]:
    """The layers in the order of `model.layers` in Keras, so that "the last n" are those of `base.layers[-n:]`: by their
    greatest distance from the end, where branches run side by side in the order in which they are made."""
    following: dict[str, list[str]] = {node.id: [] for node in graph.nodes}
    for edge in graph.edges:
        following[edge.source].append(edge.target)
    distance: dict[str, int] = {}
    for node in reversed(graph.nodes):
        distance[node.id] = max((distance[after] + 1 for after in following[node.id]), default=0)
    return tuple(sorted(graph.nodes, key=lambda node: -distance[node.id]))
