"""Networks opened up: layers within bases, the score before the last activation, the default layer, 16 bits."""

from __future__ import annotations

import cv2
import keras
import numpy as np
import pytest

from cnnstudio.engine.explaining.cams import gradcam, hirescam
from cnnstudio.engine.explaining.network import OpenNetwork
from tests.engine.explaining.models import base_layers, corner, dense_only, flat, nested, picture, scores_of, stirred

L = keras.layers


def logits_by_keras(model):
    """The same scores from Keras: the last layer without its activation."""
    last = model.layers[-1]
    before = keras.Model(model.inputs, last.input)
    kernel, bias = (np.asarray(weight) for weight in last.weights)
    return lambda pictures: np.asarray(before(pictures, training=False)) @ kernel + bias


@pytest.mark.parametrize("make", [nested, flat, lambda: nested(sequential=True), corner])
def test_the_scores_are_what_the_last_activation_gets(make):
    model = make()
    scores = scores_of(model)
    pictures = np.stack([picture(model.input_shape[1], seed) for seed in range(3)])
    outputs = scores.outputs_of(pictures)
    np.testing.assert_allclose(outputs, logits_by_keras(model)(pictures), atol=1e-4)
    np.testing.assert_allclose(scores.probabilities(outputs), np.asarray(model(pictures, training=False)), atol=1e-5)


def test_layers_are_named_by_their_way_and_the_last_one_with_maps_is_the_default():
    network = OpenNetwork(nested())
    names = [layer.name for layer in network.layers]
    assert names[:3] == ["rescaling", "base/rescaling", "base/stem"]
    assert network.default_layer().name == "base/joined"
    assert network.find("last").name == "base/last"
    assert network.find("rescaling").name == "rescaling", "of two the one with exactly this name"
    assert network.find("nothing") is None
    assert not network.find("base/rescaling").maps, "still pixels"
    assert OpenNetwork(flat()).default_layer().name == "joined"
    assert OpenNetwork(dense_only()).default_layer() is None


def test_two_bases_whose_layers_have_the_same_names():
    start = keras.Input((16, 16, 3))
    parts = [L.GlobalMaxPooling2D()(keras.Sequential([keras.Input((16, 16, 3)), *base_layers()], name=name)(start))
             for name in ("one", "two")]
    model = stirred(keras.Model(start, L.Dense(2, "softmax")(L.Concatenate()(parts))))
    scores = scores_of(model, 2)
    outputs = scores.outputs_of(picture()[None])
    np.testing.assert_allclose(scores.probabilities(outputs), np.asarray(model(picture()[None])), atol=1e-5)
    assert scores.gradient(picture()[None], np.asarray([0]), "one/last").gradient.any()
    assert scores.network.find("last") is None, "the name alone could be either"


def test_nested_and_flat_forms_give_the_same_map():
    for method in (gradcam, hirescam):
        one, other = (method(scores_of(model), picture(), 0, scores_of(model).network.default_layer().name, {})
                      for model in (nested(), flat()))
        assert one.any()
        np.testing.assert_allclose(one, other, atol=1e-5 * one.max())


def test_grad_cam_is_what_a_plain_script_computes():
    import tensorflow as tf

    model = flat()
    both = keras.Model(model.inputs, [model.get_layer("joined").output, model.get_layer("pooling").output])
    kernel = model.get_layer("output").kernel
    with tf.GradientTape() as tape:
        maps, pooled = both(picture()[None], training=False)
        tape.watch(maps)
        score = tf.linalg.matvec(tf.transpose(kernel), tf.reduce_mean(maps, (1, 2))[0])[2]
    assert pooled is not None
    weights = np.asarray(tape.gradient(score, maps))[0].mean(axis=(0, 1))
    wanted = np.maximum(np.asarray(maps)[0] @ weights, 0)
    found = gradcam(scores_of(model), picture(), 2, "joined", {})
    assert wanted.any()
    np.testing.assert_allclose(found, cv2.resize(wanted, (16, 16)), atol=1e-5)


def test_a_sigmoid_speaks_for_and_against_its_class():
    model = nested(activation="sigmoid", classes=1)
    scores = scores_of(model, 2)
    outputs = scores.outputs_of(picture()[None])
    probability = float(np.asarray(model(picture()[None], training=False))[0, 0])
    np.testing.assert_allclose(scores.probabilities(outputs), [[1 - probability, probability]], atol=1e-5)
    assert scores.scores_of(picture()[None], 1)[0] == -scores.scores_of(picture()[None], 0)[0]


@pytest.mark.parametrize("end", ["activation", "softmax", "dropout", "logits"])
def test_the_activation_is_found_wherever_it_stands(end):
    start = keras.Input((16, 16, 3))
    x = L.Dense(3, name="dense")(L.GlobalAveragePooling2D()(L.Conv2D(4, 3)(start)))
    last = {"activation": lambda: L.Activation("softmax")(x), "softmax": lambda: L.Softmax()(x),
            "dropout": lambda: L.Dropout(0.1)(L.Softmax()(x)), "logits": lambda: x}[end]()
    model = stirred(keras.Model(start, last))
    network = OpenNetwork(model)
    assert network.final_activation == ("" if end == "logits" else "softmax")
    dense = keras.Model(start, x)
    np.testing.assert_allclose(scores_of(model).outputs_of(picture()[None]), np.asarray(dense(picture()[None])), rtol=1e-4)


def test_networks_that_compute_in_16_bits_are_explained_in_32():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        mixed = nested()
    finally:
        keras.config.set_dtype_policy("float32")
    one, other = (gradcam(scores_of(model), picture(), 0, "base/joined", {}) for model in (mixed, nested()))
    np.testing.assert_allclose(one, other, atol=1e-5 * other.max())


def test_the_model_is_the_same_afterwards():
    model = nested()
    before = np.asarray(model(picture()[None], training=False))
    gradcam(scores_of(model), picture(), 0, "base/last", {})
    np.testing.assert_array_equal(np.asarray(model(picture()[None], training=False)), before)
    assert model.layers[-1].activation.__name__ == "softmax"
