"""The network as a directed acyclic graph of layers."""

from __future__ import annotations

from typing import Final

import msgspec

from cnnstudio.core.item import Item

INPUT: Final = "Input"
"""Type of the layer that stands for the prepared pictures; a network has one."""
OUTPUT: Final = "Output"
"""Type of the last layer that follows the classes."""
BASE: Final = "PretrainedBase"
"""Type of a layer that is a network of its own: a pretrained base."""


class Node(Item, frozen=True, kw_only=True):
    """One layer. `id` is a stable name, unique in the network; it becomes the layer's name in Keras.

    `version` is that of the layer type's parameters when the node was written; `position` is its place on the canvas in
    pixels at 100 %, None before the first layout.
    """

    id: str
    version: int = 1
    position: tuple[float, float] | None = None


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """The output of `source` enters `target`; `port` orders the inputs of a merging layer."""

    source: str
    target: str
    port: int = 0


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Layers under one name. Collapsed they are one card on the canvas; `repeat` of them stand in a row.

    A layer is in one group at most. `position` is where the collapsed card stands, None for automatically.
    """

    id: str
    name: str
    nodes: tuple[str, ...]
    repeat: int = 1
    collapsed: bool = False
    position: tuple[float, float] | None = None


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A text on the canvas; its position is in pixels at 100 %."""

    id: str
    text: str
    position: tuple[float, float]


class NetworkSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Layers and their connections. `origin` is the template or base it was started from.

    A group with a repeat count stands for as many copies in a row; see `core.groups.expand_repeats`.
    """

    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    origin: str = ""
    groups: tuple[Group, ...] = ()
    notes: tuple[Note, ...] = ()

    def node(self, identifier: str) -> Node | None:
        return next((node for node in self.nodes if node.id == identifier), None)

    def group_of(self, node: str) -> Group | None:
        """The group of a layer, or None."""
        return next((group for group in self.groups if node in group.nodes), None)

    def inputs_of(self, identifier: str) -> tuple[str, ...]:
        """Ids of the nodes that feed `identifier`, in the order of their ports."""
        entering = [edge for edge in self.edges if edge.target == identifier]
        return tuple(edge.source for edge in sorted(entering, key=lambda edge: edge.port))
