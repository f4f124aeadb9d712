"""Networks of layers one behind the other."""

from __future__ import annotations

from cnnstudio.core.network import Edge, NetworkSpec, Node


def chain(*layers: Node) -> NetworkSpec:
    """A network of these layers between Input and Output."""
    nodes = (Node(id="input", type="Input"), *layers, Node(id="output", type="Output"))
    return NetworkSpec(nodes=nodes, edges=tuple(Edge(source=one.id, target=other.id)
                                                for one, other in zip(nodes, nodes[1:], strict=False)))
