"""What the catalog declares is what Keras builds: shapes, parameters, multiply-adds, printed code, and the saved file."""

from __future__ import annotations

from math import prod

import keras
import numpy as np
import pytest

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.keras_code import keras_code
from cnnstudio.catalog.layers import LAYERS
from cnnstudio.catalog.layers.common import ACTIVATIONS
from cnnstudio.catalog.layers.weights import INITIALIZERS, VECTOR_INITIALIZERS
from cnnstudio.catalog.shapes import report
from cnnstudio.core.network import Edge, NetworkSpec, Node
from cnnstudio.engine import models
from cnnstudio.engine.building import build

CONTEXT = Context(height=10, width=12, channels=3, class_count=4)
CONSTRAINTS = ("MaxNorm", "UnitNorm", "MinMaxNorm", "NonNeg")
VARIANTS = {
    "Conv2D": [
        {}, {"filters": 6, "kernel_size": (5, 3), "strides": (2, 2), "padding": "same", "activation": "relu"},
        {"kernel_size": (1, 1), "strides": (3, 2)}, {"filters": 6, "groups": 3, "use_bias": False}, {"dilation_rate": (2, 3)},
        {"kernel_regularizer": "L1L2", "bias_regularizer": "L2", "activity_regularizer": "L1"},
        *({"filters": 4, "kernel_initializer": name} for name in INITIALIZERS),
        *({"filters": 4, "bias_initializer": name} for name in VECTOR_INITIALIZERS),
        *({"filters": 4, "kernel_constraint": name, "bias_constraint": name} for name in CONSTRAINTS)],
    "DepthwiseConv2D": [
        {}, {"depth_multiplier": 2, "strides": (2, 2), "padding": "same"}, {"use_bias": False, "dilation_rate": (2, 2)},
        {"depthwise_initializer": "variance_scaling", "depthwise_initializer_mode": "fan_out", "bias_constraint": "NonNeg",
         "depthwise_constraint": "MaxNorm"}],
    "SeparableConv2D": [
        {}, {"depth_multiplier": 2, "filters": 5, "padding": "same", "depthwise_regularizer": "L1"},
        {"strides": (2, 2), "use_bias": False, "pointwise_constraint": "UnitNorm", "depthwise_initializer": "he_normal"}],
    "Conv2DTranspose": [
        {}, {"padding": "same", "filters": 5}, {"kernel_size": (1, 2), "strides": (3, 3), "use_bias": False},
        {"kernel_size": (4, 5), "strides": (2, 3), "output_padding": (1, 0)},
        {"padding": "same", "output_padding": (1, 2), "strides": (2, 3), "kernel_constraint": "UnitNorm"},
        {"strides": (1, 1), "activation": "selu"}],
    "MaxPooling2D": [{}, {"pool_size": (3, 2), "strides": (1, 2), "padding": "same"}],
    "AveragePooling2D": [{}, {"pool_size": (3, 3), "padding": "same"}],
    "GlobalAveragePooling2D": [{}, {"keepdims": True}],
    "GlobalMaxPooling2D": [{}, {"keepdims": True}],
    "AdaptiveAveragePooling2D": [{}, {"output_size": (3, 5)}, {"output_size": (13, 12)}],
    "AdaptiveMaxPooling2D": [{}, {"output_size": (3, 5)}, {"output_size": (13, 12)}],
    "Dense": [{}, {"units": 7, "activation": "tanh", "kernel_regularizer": "L2"}, {"use_bias": False},
              {"units": 5, "kernel_constraint": "MinMaxNorm", "bias_initializer": "constant"}],
    "BatchNormalization": [{}, {"center": False, "momentum": 0.9, "epsilon": 1e-5}, {"scale": False},
                           {"gamma_initializer": "zeros", "beta_regularizer": "L2", "gamma_constraint": "NonNeg"}],
    "LayerNormalization": [{}, {"scale": False, "epsilon": 1e-6}],
    "GroupNormalization": [{"groups": 3}, {"groups": 1, "epsilon": 0.01}],
    "RMSNormalization": [{}, {"epsilon": 0.001}],
    "Normalization": [{}, {"mean": 3.0, "variance": 4.0}, {"mean": (1.0, 2.0, 3.0), "variance": (4.0, 5.0, 6.0)},
                      {"mean": 1.0, "variance": 9.0, "invert": True}],
    "Rescaling": [{}, {"scale": (0.5, 1.0, 2.0), "offset": (1.0, 2.0, 3.0)}],
    "Activation": [{"activation": name} for name in ACTIVATIONS],
    "ReLU": [{}, {"max_value": 6.0}, {"negative_slope": 0.1, "threshold": 0.5}],
    "LeakyReLU": [{}, {"negative_slope": 0.01}],
    "PReLU": [{}, {"shared_axes": (1, 2), "alpha_initializer": "constant", "alpha_initializer_value": 0.25}],
    "ELU": [{}, {"alpha": 0.5}],
    "Softmax": [{}, {"axis": 1}, {"axis": -2}],
    "Dropout": [{}, {"rate": 0.1}, {"rate": 0.0}],
    "GaussianNoise": [{}, {"stddev": 0.0}],
    "ActivityRegularization": [{}, {"l1": 0.1, "l2": 0.2}],
    "ZeroPadding2D": [{}, {"padding": (1, 2, 3, 4)}],
    "Cropping2D": [{}, {"cropping": (1, 2, 3, 4)}, {"cropping": (0, 0, 0, 0)}],
    "UpSampling2D": [{}, {"size": (3, 1)}, *({"interpolation": name} for name in (
        "bilinear", "bicubic", "lanczos3", "lanczos5"))],
    "Reshape": [{}, {"target_shape": (20, -1)}, {"target_shape": (5, 24, 3)}],
    "Permute": [{}, {"dims": (3, 1, 2)}],
    "Concatenate": [{}, {"axis": 1}, {"axis": 2}, {"axis": 3}],
    "MultiHeadAttention": [{}, {"num_heads": 2, "key_dim": 5, "value_dim": 3, "use_bias": False, "dropout": 0.1}],
    "Output": [{}, {"kernel_regularizer": "L2"}],
    "PretrainedBase": [],  # bases have tests of their own
}
ROW = [("Flatten", {})]
PLACES = [("Reshape", {"target_shape": (-1, 6)})]
BEFORE = {
    "Output": [ROW], "RepeatVector": [ROW], "Attention": [PLACES], "Dot": [ROW, [*ROW, ("ReLU", {})]],
    **{kind: [[("Dense", {"units": 3})], [("ReLU", {})]]
       for kind in ("Add", "Concatenate", "Multiply", "Subtract", "Average", "Maximum", "Minimum")},
}
"""The layers between the input and each input of a layer that does not simply take the picture."""
GATE = [("GlobalAveragePooling2D", {"keepdims": True})]
OTHERS = [
    ("Multiply", {}, [[], GATE]), ("Add", {}, [GATE, [], [("ReLU", {})]]), ("Maximum", {}, [ROW, ROW]),
    ("Concatenate", {"axis": 1}, [ROW, GATE + ROW]), ("Dense", {}, [ROW]), ("BatchNormalization", {}, [ROW]),
    ("Dense", {"units": 2}, [PLACES]), ("PReLU", {}, [ROW]), ("Permute", {"dims": (2, 1)}, [PLACES]),
    ("Dot", {"axes": (2, 1)}, [PLACES, [*PLACES, ("Permute", {"dims": (2, 1)})]]),
    ("Dot", {"axes": (2,)}, [PLACES, [*PLACES, ("ReLU", {})]]), ("Dot", {"axes": (1,), "normalize": True}, [ROW, ROW]),
    ("Attention", {"use_scale": True, "score_mode": "concat"}, [PLACES, [("Reshape", {"target_shape": (10, 36)}), (
        "Dense", {"units": 6})]]),
    ("MultiHeadAttention", {"num_heads": 3}, [PLACES]),
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 4}, [PLACES, [("Reshape", {"target_shape": (10, 36)})]]),
    ("Conv2D", {"kernel_size": (1, 1), "filters": 2}, [GATE]), ("UnitNormalization", {}, [ROW]),
    ("GroupNormalization", {"groups": 4}, [ROW]), ("LayerNormalization", {}, [PLACES]),
]


def around(kind: str, values: dict, before: list | None = None) -> NetworkSpec:
    """Input, what stands before each input of the layer, and the layer, called "layer"."""
    nodes, edges = [Node(id="input", type="Input")], []
    for port, chain in enumerate(before or BEFORE.get(kind, [[]])):
        last = "input"
        for step, (type, params) in enumerate(chain):
            nodes.append(Node(id=f"before_{port}_{step}", type=type, params=params))
            edges.append(Edge(source=last, target=nodes[-1].id))
            last = nodes[-1].id
        edges.append(Edge(source=last, target="layer", port=port))
    return NetworkSpec(nodes=(*nodes, Node(id="layer", type=kind, params=values)), edges=tuple(edges))


CASES = [(layer.id, values, None) for layer in LAYERS for values in VARIANTS.get(layer.id, [{}]) if layer.id != "Input"]


@pytest.mark.parametrize(("kind", "values", "before"), CASES + OTHERS,
                         ids=lambda value: value if isinstance(value, str) else "")
def test_a_layer_is_what_the_catalog_says(kind, values, before, tmp_path):
    spec = around(kind, values, before)
    found = report(spec, CONTEXT, headless=True)
    assert found.problems == ()
    model = build(spec, CONTEXT, headless=True).model
    layer = model.get_layer("layer")
    node = found.nodes["layer"]
    assert tuple(layer.output.shape[1:]) == node.shape
    assert sum(int(np.prod(each.shape)) for each in layer.trainable_weights) == node.cost.trainable
    assert layer.count_params() == node.cost.parameters
    pictures = np.random.default_rng(1).integers(0, 256, (2, *model.input_shape[1:])).astype("float32")
    answers = np.asarray(model(pictures))
    assert answers.shape[1:] == node.shape
    if "groups" not in values and "dilation_rate" not in values:  # TensorFlow rearranges these before it multiplies
        assert multiply_adds(model) == found.multiply_adds

    names: dict[str, object] = {}
    exec(keras_code(spec, CONTEXT), names)  # our own text, printed a moment ago
    printed = names["model"]
    printed.set_weights(model.get_weights())
    np.testing.assert_allclose(np.asarray(printed(pictures)), answers, atol=1e-5)

    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False, safe_mode=True)
    np.testing.assert_allclose(np.asarray(loaded(pictures)), answers, atol=1e-5)


def multiply_adds(model: keras.Model) -> int:
    """The products that TensorFlow computes for one picture, counted from the operations of its graph."""
    import tensorflow as tf

    traced = tf.function(lambda pictures: model(pictures, training=False))
    graph = traced.get_concrete_function(tf.TensorSpec((1, *model.input_shape[1:]))).graph
    work = 0
    for operation in graph.get_operations():
        shapes = [each.shape.as_list() for each in operation.inputs if each.shape.rank is not None]
        if operation.type in ("Conv2D", "DepthwiseConv2dNative"):
            out = operation.outputs[0].shape.as_list()
            work += out[1] * out[2] * prod(shapes[1])
        elif operation.type == "Conv2DBackpropInput":
            work += shapes[2][1] * shapes[2][2] * prod(shapes[1])
        elif operation.type in ("MatMul", "BatchMatMulV2", "BatchMatMulV3"):
            flipped = operation.get_attr("transpose_a" if operation.type == "MatMul" else "adj_x")
            work += prod(operation.outputs[0].shape.as_list()) * shapes[0][-2 if flipped else -1]
        elif operation.type == "Einsum":
            letters = operation.get_attr("equation").decode().split("->")[0].split(",")
            sizes = {letter: size for word, shape in zip(letters, shapes, strict=True)
                     for letter, size in zip(word, shape, strict=True)}
            work += prod(sizes.values())
    return work


def test_every_layer_of_the_catalog_may_be_in_a_model_file():
    targets = {layer.call.target.rsplit(".", 1)[1] for layer in LAYERS if layer.call.target.startswith("keras.layers.")}
    assert targets <= models.KNOWN_LAYERS


def test_every_layer_has_a_formula():
    assert [layer.id for layer in LAYERS if not layer.formula and layer.id != "PretrainedBase"] == []


def test_conv2d_multiply_adds_follow_the_number_of_weights():
    """Each weight of a convolution is used once for every output position, with groups and dilation too."""
    spec = around("Conv2D", {"filters": 6, "kernel_size": (5, 3), "groups": 3, "dilation_rate": (2, 3)})
    node = report(spec, CONTEXT, headless=True).nodes["layer"]
    height, width, filters = node.shape
    assert node.cost.multiply_adds == (node.cost.parameters - filters) * height * width
