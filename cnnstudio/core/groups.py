"""Groups of layers: their border nodes, and the network with every repetition expanded."""

from __future__ import annotations

from typing import Final

import msgspec

from cnnstudio.core.graph import unique_id
from cnnstudio.core.network import Edge, Group, NetworkSpec, Node

MOST_REPEATS: Final = 200
replace = msgspec.structs.replace


def border_nodes(network: NetworkSpec, group: Group) -> tuple[set[str], set[str]]:
    """(layers outside that feed the group, layers of the group that feed something outside or nothing)."""
    members = set(group.nodes)
    feeding = {edge.source for edge in network.edges if edge.target in members and edge.source not in members}
    inner = {edge.source for edge in network.edges if edge.source in members and edge.target in members}
    leaving = {edge.source for edge in network.edges if edge.source in members and edge.target not in members}
    return feeding, leaving | (members - inner)


def is_repeatable(network: NetworkSpec, group: Group) -> bool:
    """Whether the group can be repeated: one layer feeds it, and one of its layers has the output."""
    feeding, leaving = border_nodes(network, group)
    return len(feeding) == 1 and len(leaving) == 1


def repeat_count(network: NetworkSpec, group: Group) -> int:
    """How often the group is really repeated: once where it cannot be."""
    return min(group.repeat, MOST_REPEATS) if group.repeat > 1 and is_repeatable(network, group) else 1


def expand_repeats(network: NetworkSpec) -> tuple[NetworkSpec, dict[str, str]]:
    """The network with the repetitions of its groups as layers of their own, and for each copy the layer it copies.

    A copy has the name of its original with `_r2`, `_r3`, ...; the first keeps its name. Groups that cannot be repeated
    occur once. Without repetitions the network itself is returned.
    """
    copies: dict[str, str] = {}
    for group in network.groups:
        if repeat_count(network, group) > 1:
            network, new_copies = _repeat_group(network, group)
            copies |= new_copies
    return network, copies


def _repeat_group(network: NetworkSpec, group: Group) -> tuple[NetworkSpec, dict[str, str]]:
    members = set(group.nodes)
    feeding, leaving = border_nodes(network, group)
    entry, last = feeding.pop(), leaving.pop()
    exit_node = last
    nodes_by_id = {node.id: node for node in network.nodes}
    inside = [edge for edge in network.edges if edge.target in members]
    taken = set(nodes_by_id)
    copies: dict[str, str] = {}
    nodes: list[Node] = []
    edges: list[Edge] = []
    for number in range(2, repeat_count(network, group) + 1):
        names: dict[str, str] = {}
        for identifier in (node.id for node in network.nodes if node.id in members):
            names[identifier] = unique_id(f"{identifier}_r{number}", taken)
            taken.add(names[identifier])
            nodes.append(replace(nodes_by_id[identifier], id=names[identifier], position=None))
            copies[names[identifier]] = identifier
        edges += [replace(edge, source=last if edge.source == entry else names[edge.source], target=names[edge.target])
                  for edge in inside]
        last = names[exit_node]
    outer_edges = [replace(edge, source=last) if edge.source == exit_node and edge.target not in members else edge
                   for edge in network.edges]
    place = max(number for number, node in enumerate(network.nodes) if node.id in members) + 1
    all_nodes = (*network.nodes[:place], *nodes, *network.nodes[place:])
    return replace(network, nodes=all_nodes, edges=(*outer_edges, *edges)), copies
