"""Every pretrained base is the network of Keras Applications, layer for layer."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from cnnstudio.catalog.bases import BASES
from cnnstudio.catalog.context import Context
from cnnstudio.engine.building import build


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
