"""Truncates a network at one of its layers."""

from __future__ import annotations

import msgspec

from cnnstudio.core.graph import reachable, topological_order
from cnnstudio.core.network import NetworkSpec


def up_to(network: NetworkSpec, end: str) -> NetworkSpec:
    """The layers that `end` needs, in topological order, `end` last."""
    pairs = [(edge.source, edge.target) for edge in network.edges]
    needed = reachable([end], [(target, source) for source, target in pairs])
    order, _circular = topological_order([node.id for node in network.nodes if node.id in needed],
                                         [pair for pair in pairs if needed.issuperset(pair)])
    nodes_by_id = {node.id: node for node in network.nodes}
    order = [name for name in order if name != end] + [end]
    return msgspec.structs.replace(
        network, nodes=tuple(nodes_by_id[name] for name in order), groups=(), notes=(),
        edges=tuple(edge for edge in network.edges if edge.target in needed and edge.source in needed))
