"""The network as a directed acyclic graph of layers."""

from __future__ import annotations

import msgspec

from cnnstudio.core.item import Item


class Node(Item, frozen=True, kw_only=True):
    """One layer. `id` is a stable name, unique in the network; it becomes the layer's name in Keras.

    `version` is that of the layer type's parameters when the node was written; `position` is where
    it stands on the canvas, in pixels at 100 %, None until it was laid out.
    """

    id: str
    version: int = 1
    position: tuple[float, float] | None = None


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """The output of `source` enters `target`; `port` orders the inputs of a merging layer."""

    source: str
    target: str
    port: int = 0


class NetworkSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Layers and their connections. `origin` is the template or base it was started from."""

    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    origin: str = ""

    def node(self, identifier: str) -> Node | None:
        return next((node for node in self.nodes if node.id == identifier), None)

    def inputs_of(self, identifier: str) -> tuple[str, ...]:
        """Ids of the nodes that feed `identifier`, in the order of their ports."""
        found = [edge for edge in self.edges if edge.target == identifier]
        return tuple(edge.source for edge in sorted(found, key=lambda edge: edge.port))
