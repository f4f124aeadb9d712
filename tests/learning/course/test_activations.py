"""Which activation the convolutions of a network have, whatever its layers are called."""

from __future__ import annotations

import pytest

from cnnstudio.core.network import Edge, NetworkSpec, Node
from cnnstudio.learning.course.checks.activations import activated_convolutions


def network(*layers: tuple[str, dict]) -> NetworkSpec:
    """Layers in a row, with names that nobody gives."""
    nodes = tuple(Node(id=f"n{place}", type=kind, params=values) for place, (kind, values) in enumerate(layers))
    edges = tuple(Edge(source=before.id, target=after.id) for before, after in zip(nodes, nodes[1:], strict=False))
    return NetworkSpec(nodes=nodes, edges=edges)


RELU = {"activation": "relu"}


@pytest.mark.parametrize(("layers", "count"), [
    ([("Conv2D", RELU), ("Conv2D", {"activation": "tanh"})], 1),
    ([("Conv2D", RELU), ("DepthwiseConv2D", RELU), ("Dense", RELU)], 2),
    ([("Conv2D", {}), ("BatchNormalization", {}), ("ReLU", {})], 1),
    ([("Conv2D", {}), ("BatchNormalization", {}), ("Activation", RELU)], 1),
    ([("Conv2D", {}), ("MaxPooling2D", {}), ("ReLU", {})], 0),
    ([("Conv2D", {}), ("Conv2D", RELU)], 1),
    ([("Conv2D", {"activation": "tanh"}), ("ReLU", {})], 0),
    ([("Conv2D", {})], 0),
    ([("A layer from tomorrow", RELU)], 0),
])
def test_a_convolution_is_activated_by_itself_or_by_the_layer_behind_it(layers, count):
    assert activated_convolutions(network(*layers), "relu") == count


def test_a_circle_ends():
    spec = network(("Conv2D", {}), ("BatchNormalization", {}))
    circle = NetworkSpec(nodes=spec.nodes, edges=(*spec.edges, Edge(source="n1", target="n0")))
    assert activated_convolutions(circle, "relu") == 0
