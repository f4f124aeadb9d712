"""Cards of the canvas: a collapsed group represents its layers."""

from __future__ import annotations

from cnnstudio.core.groups import border_nodes
from cnnstudio.core.network import Group, NetworkSpec
from cnnstudio.gui.pages.network.canvas.display import CARD


def group_of_card(network: NetworkSpec, item: str) -> Group | None:
    """The group of a card; None for a layer."""
    if not item.startswith(CARD):
        return None
    return next(group for group in network.groups if CARD + group.id == item)


def exit_of(network: NetworkSpec, item: str) -> str:
    """The layer whose output is the card's output; a layer itself."""
    group = group_of_card(network, item)
    if group is None:
        return item
    leaving = border_nodes(network, group)[1]
    return next((node for node in reversed(group.nodes) if node in leaving), group.nodes[-1])


def entries_of(network: NetworkSpec, item: str) -> list[str]:
    """The layers of a card that have an input from outside, or none at all; a layer itself."""
    group = group_of_card(network, item)
    if group is None:
        return [item]
    members = set(group.nodes)
    inner = {edge.target for edge in network.edges if edge.source in members}
    outer = [node for node in group.nodes
             if any(edge.target == node and edge.source not in members for edge in network.edges)]
    return outer or [node for node in group.nodes if node not in inner] or [group.nodes[0]]
