"""Which activation the convolutions of a network have, whatever they are called."""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.core.network import NetworkSpec, Node

_NONE: Final = ("linear", None, "")


def activated_convolutions(network: NetworkSpec, activation: str) -> int:
    """How many convolutions have that activation, as a parameter or as a layer of its own behind them; between them a
    normalisation may stand."""
    return sum(activation in _activations(network, node, frozenset()) for node in network.nodes
               if _family(node) == "convolution")


def _activations(network: NetworkSpec, node: Node, seen: frozenset[str]) -> set[str]:
    """What activates the output of a layer."""
    own = values_of(node, LAYERS[node.type]).get("activation") if node.type in LAYERS else None
    if own not in _NONE:
        return {str(own)}
    if _family(node) == "activation":
        return {node.type.lower()}
    if _family(node) not in ("convolution", "normalization") or node.id in seen:
        return set()
    behind = {edge.target for edge in network.edges if edge.source == node.id}
    found = (_activations(network, other, seen | {node.id}) for other in network.nodes
             if other.id in behind and _family(other) in ("activation", "normalization"))
    return set().union(*found)


def _family(node: Node) -> str:
    return LAYERS[node.type].family if node.type in LAYERS else ""
