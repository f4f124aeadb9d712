"""What the catalog declares is what Keras builds: shapes, parameters, and the printed code."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from cnnstudio.catalog.bases import BASES
from cnnstudio.catalog.context import Context, context_of
from cnnstudio.catalog.keras_code import keras_code
from cnnstudio.catalog.layers import LAYERS
from cnnstudio.catalog.shapes import report
from cnnstudio.catalog.starting import Facts, new_project
from cnnstudio.catalog.templates import TEMPLATES
from cnnstudio.core.network import Edge, NetworkSpec, Node
from cnnstudio.engine.building import build

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
    _same_as_printed(spec, CONTEXT, model)


def _same_as_printed(spec: NetworkSpec, context: Context, model: keras.Model) -> None:
    """The printed script builds the same model: after copying the weights it answers the same."""
    names: dict[str, object] = {}
    exec(keras_code(spec, context), names)  # our own text, printed a moment ago
    printed = names["model"]
    printed.set_weights(model.get_weights())
    pictures = np.random.default_rng(1).integers(0, 256, (2, *model.input_shape[1:])).astype("float32")
    np.testing.assert_allclose(printed.predict_on_batch(pictures), model.predict_on_batch(pictures), atol=1e-5)


@pytest.mark.parametrize("template", [each for each in TEMPLATES.ids() if each != "vgg16"])
def test_templates_agree_with_keras(template):
    project = new_project("x", "/p", Facts(classes=("a", "b", "c")), template=template)
    context = context_of(project, 3)
    model = build(project.network, context).model
    found = report(project.network, context)
    assert model.count_params() == found.parameters
    _same_as_printed(project.network, context, model)


@pytest.mark.parametrize("base", ["mobilenet_v2", "vgg16"])
def test_bases_are_those_of_keras_applications(base):
    """Same layers by name, same weights in the same shapes, same answers from the scaled picture on."""
    theirs = {"mobilenet_v2": keras.applications.MobileNetV2, "vgg16": keras.applications.VGG16}[base](
        weights=None, include_top=False, input_shape=(64, 64, 3))
    graph = BASES[base].graph()
    context = Context(height=64, width=64, channels=3, class_count=2, normalization="none")
    ours = build(graph, context, headless=True).model
    for layer in theirs.layers:
        if layer.weights:
            mine = ours.get_layer(layer.name)
            assert [each.shape for each in mine.weights] == [each.shape for each in layer.weights]
            mine.set_weights(layer.get_weights())
    scaled = np.random.default_rng(2).normal(size=(1, 64, 64, 3)).astype("float32")
    inner = keras.Model(ours.get_layer("scaling").output, ours.outputs)
    np.testing.assert_allclose(inner.predict_on_batch(scaled), theirs.predict_on_batch(scaled), atol=1e-4)


def test_conv2d_multiply_adds_follow_the_number_of_weights():
    """Each weight of a convolution is used once for every output position."""
    spec = around("Conv2D", {"filters": 6, "kernel_size": (5, 3), "strides": (2, 2), "padding": "same"})
    node = report(spec, CONTEXT, headless=True).nodes["layer"]
    height, width, filters = node.shape
    assert node.cost.multiply_adds == (node.cost.parameters - filters) * height * width
