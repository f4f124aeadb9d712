"""Builds networks in code, for templates, blocks and bases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnnstudio.core.graph import unique_id
from cnnstudio.core.network import Edge, NetworkSpec, Node


class NetworkBuilder:
    """Collects layers; by default a layer is connected to the one before.

    `stem` gives the first part of the id of a layer that is added without one; `catalog.networks.network_builder` makes a
    builder that asks the layers' entries.
    """

    def __init__(self, stem: Callable[[str], str] = str.lower) -> None:
        self._stem = stem
        self._nodes: dict[str, Node] = {}
        self._edges: list[Edge] = []
        self.last: str | None = None

    def add(self, type: str, *after: str, id: str | None = None, **params: Any) -> str:
        """Add a layer after `after` (the last one added by default); returns its id."""
        identifier = unique_id(id or self._stem(type), self._nodes)
        sources = after or ((self.last,) if self.last is not None else ())
        self._nodes[identifier] = Node(id=identifier, type=type, params=params)
        self._edges += [Edge(source=source, target=identifier, port=port) for port, source in enumerate(sources)]
        self.last = identifier
        return identifier

    def network(self, origin: str = "") -> NetworkSpec:
        return NetworkSpec(nodes=tuple(self._nodes.values()), edges=tuple(self._edges), origin=origin)
