"""The visible graph of a network: layers, one card for each collapsed group, and their positions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cnnstudio.core.layout import HEIGHT, ROW_GAP, WIDTH, Position, layered
from cnnstudio.core.network import Edge, NetworkSpec

CARD: Final = "group:"
"""The id of a collapsed group's card is this prefix and the group's id. Layer names contain no colon."""
PADDING: Final = 14.0
"""Pixels between the frame of an open group and its layers; the name stands above them."""
NAME: Final = 24.0


@dataclass(frozen=True)
class VisibleGraph:
    """`ids` in the network's order; `ends` of each visible connection (the first of several between the same items
    represents all); `members` of each card; `places` of everything: manual ones, else from the automatic layout."""

    ids: tuple[str, ...]
    ends: dict[Edge, tuple[str, str]]
    members: dict[str, tuple[str, ...]]
    places: dict[str, Position]


def visible_graph(network: NetworkSpec, before: tuple[NetworkSpec, VisibleGraph] | None = None) -> VisibleGraph:
    """The visible graph. `before`: an earlier network and its graph, which is reused where nothing visible changed."""
    if before is not None and _is_same_graph(network, before[0]):
        return before[1]
    home = {node.id: node.id for node in network.nodes}
    members: dict[str, tuple[str, ...]] = {}
    for group in network.groups:
        if group.collapsed:
            members[CARD + group.id] = group.nodes
            home.update(dict.fromkeys(group.nodes, CARD + group.id))
    ids = tuple(dict.fromkeys(home[node.id] for node in network.nodes))
    ends: dict[Edge, tuple[str, str]] = {}
    seen: set[tuple[str, str]] = set()
    for edge in network.edges:
        if edge.source not in home or edge.target not in home:
            continue
        pair = home[edge.source], home[edge.target]
        if pair[0] == pair[1]:
            continue
        if pair != (edge.source, edge.target):
            if pair in seen:
                continue
            seen.add(pair)
        ends[edge] = pair
    places = _with_room_for_names(layered(ids, list(ends.values())), network)
    for node in network.nodes:
        if node.position is not None and home[node.id] == node.id:
            places[node.id] = node.position
    for group in network.groups:
        if group.collapsed and group.position is not None:
            places[CARD + group.id] = group.position
    return VisibleGraph(ids, ends, members, places)


def _with_room_for_names(places: dict[str, Position], network: NetworkSpec) -> dict[str, Position]:
    """Move everything from the first layer of an open group on down, so that the frame's name fits above it."""
    tops = [min(places[node][1] for node in group.nodes) for group in network.groups if not group.collapsed]
    extra = PADDING + NAME + 6 - ROW_GAP
    return {identifier: (x, y + extra * sum(top <= y for top in tops)) for identifier, (x, y) in places.items()}


def _is_same_graph(one: NetworkSpec, other: NetworkSpec) -> bool:
    """Whether both networks have the same graph at the same positions; parameters may differ."""
    if one.edges != other.edges or one.groups != other.groups or len(one.nodes) != len(other.nodes):
        return False
    return all(first is second or (first.id == second.id and first.position == second.position)
               for first, second in zip(one.nodes, other.nodes, strict=True))


def frame_around(places: list[Position]) -> tuple[float, float, float, float]:
    """The frame (x, y, width, height) of an open group with layers at these positions."""
    left, top = min(place[0] for place in places), min(place[1] for place in places)
    right, bottom = max(place[0] for place in places) + WIDTH, max(place[1] for place in places) + HEIGHT
    return left - PADDING, top - PADDING - NAME, right - left + 2 * PADDING, bottom - top + 2 * PADDING + NAME
