"""What the catalog declares is what Keras builds: shapes, parameters, and the printed code."""

from __future__ import annotations

import numpy as np
import pytest

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS
from cnnstudio.catalog.shapes import report
from cnnstudio.core.network import Edge, NetworkSpec, Node
from cnnstudio.engine.building import build
from tests.engine.printed import same_as_printed

CONTEXT = Context(height=20, width=24, channels=3, class_count=4)
VARIANTS = {
    "Conv2D": [{}, {"filters": 6, "kernel_size": (5, 3), "strides": (2, 2), "padding": "same", "activation": "relu"},
               {"filters": 6, "groups": 3, "use_bias": False}, {"dilation_rate": (2, 3)},
               {"kernel_regularizer": "L1L2", "bias_regularizer": "L2"}],
    "DepthwiseConv2D": [{}, {"depth_multiplier": 2, "strides": (2, 2), "padding": "same"}, {"use_bias": False}],
    "SeparableConv2D": [{}, {"depth_multiplier": 2, "filters": 5, "padding": "same", "depthwise_regularizer": "L1"}],
    "MaxPooling2D": [{}, {"pool_size": (3, 2), "strides": (1, 2), "padding": "same"}],
    "AveragePooling2D": [{}, {"pool_size": (3, 3), "padding": "same"}],
    "Dense": [{}, {"units": 7, "activation": "tanh", "kernel_regularizer": "L2"}, {"use_bias": False}],
    "BatchNormalization": [{}, {"center": False, "momentum": 0.9}],
    "LayerNormalization": [{}, {"scale": False}],
    "GroupNormalization": [{"groups": 3}, {"groups": 1, "epsilon": 0.01}],
    "Activation": [{"activation": name} for name in ("relu", "gelu", "softmax", "hard_silu")],
    "ReLU": [{}, {"max_value": 6.0}, {"negative_slope": 0.1}],
    "ZeroPadding2D": [{}, {"padding": (1, 2, 3, 4)}],
    "Rescaling": [{}, {"scale": (0.5, 1.0, 2.0), "offset": (1.0, 2.0, 3.0)}],
    "Dropout": [{}, {"rate": 0.1}],
    "Output": [{}, {"kernel_regularizer": "L2"}],
    "PretrainedBase": [],  # its layers are compared below, its weights in test_building
}


def around(kind: str, values: dict) -> NetworkSpec:
    """Input, the layer (twice fed for merging layers, flattened before for Output)."""
    nodes = [Node(id="input", type="Input")]
    edges = []
    if kind == "Output":
        nodes.append(Node(id="flat", type="Flatten"))
        edges.append(Edge(source="input", target="flat"))
    source = nodes[-1].id
    if kind != "Input":
        nodes.append(Node(id="layer", type=kind, params=values))
        edges.append(Edge(source=source, target="layer"))
    if LAYERS[kind].minimum_inputs > 1:
        nodes.insert(1, Node(id="other", type="ReLU"))
        edges += [Edge(source="input", target="other"), Edge(source="other", target="layer", port=1)]
    return NetworkSpec(nodes=tuple(nodes), edges=tuple(edges))


CASES = [(layer.id, values) for layer in LAYERS for values in VARIANTS.get(layer.id, [{}]) if layer.id != "Input"]


@pytest.mark.parametrize(("kind", "values"), CASES, ids=lambda value: value if isinstance(value, str) else "")
def test_a_layer_is_what_the_catalog_says(kind, values):
    spec = around(kind, values)
    found = report(spec, CONTEXT, headless=True)
    assert found.problems == ()
    model = build(spec, CONTEXT, headless=True).model
    layer = model.get_layer("layer")
    assert tuple(layer.output.shape[1:]) == found.nodes["layer"].shape
    assert sum(int(np.prod(each.shape)) for each in layer.trainable_weights) == found.nodes["layer"].cost.trainable
    assert layer.count_params() == found.nodes["layer"].cost.parameters
    same_as_printed(spec, CONTEXT, model)


def test_conv2d_multiply_adds_follow_the_number_of_weights():
    """Each weight of a convolution is used once for every output position."""
    spec = around("Conv2D", {"filters": 6, "kernel_size": (5, 3), "strides": (2, 2), "padding": "same"})
    node = report(spec, CONTEXT, headless=True).nodes["layer"]
    height, width, filters = node.shape
    assert node.cost.multiply_adds == (node.cost.parameters - filters) * height * width
