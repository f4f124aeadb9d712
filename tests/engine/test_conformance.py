"""What the catalog declares is what Keras builds: shapes, parameters, multiply-adds, printed code, and the saved file."""

from __future__ import annotations

from math import prod

import keras
import numpy as np
import pytest

from cnnstudio.catalog.layers import LAYERS
from cnnstudio.engine import models
from cnnstudio.engine.building import build
from cnnstudio.interchange.printing.keras.network import keras_code
from cnnstudio.network.shapes import report
from tests.catalog.layer_cases import CASES, CONTEXT, OTHERS, around


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
