"""Receptive fields: the theoretical box against what really changes the output."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from cnnstudio.engine.explaining.receptive import effective_field, share_in_middle, theoretical_box
from tests.engine.explaining.models import nested, picture, scores_of, stirred

L = keras.layers
SIZE = 24
CHAINS = {
    "valid": [L.Conv2D(3, 3), L.Conv2D(3, 3, strides=2)],
    "same, strides": [L.Conv2D(3, 3, strides=2, padding="same"), L.Conv2D(3, 5, padding="same")],
    "dilation": [L.Conv2D(3, 3, dilation_rate=3), L.DepthwiseConv2D(3)],
    "borders": [L.ZeroPadding2D(((0, 1), (2, 0))), L.Conv2D(3, 3, strides=2), L.Cropping2D(((1, 0), (0, 2)))],
    "pooling": [L.Conv2D(3, 3), L.AveragePooling2D(2), L.SeparableConv2D(4, 3, padding="same"), L.BatchNormalization()],
    "upsampling": [L.Conv2D(3, 3, strides=2), L.UpSampling2D(2), L.Conv2D(3, 3)],
}


@pytest.mark.parametrize("name", CHAINS)
def test_the_box_is_what_the_output_depends_on(name):
    start = x = keras.Input((SIZE, SIZE, 3))
    for layer in CHAINS[name]:
        x = type(layer).from_config(layer.get_config())(x)
    model = stirred(keras.Model(start, L.Dense(2)(L.Flatten()(x))))
    scores = scores_of(model, 2)
    layer = scores.network.default_layer()
    for position in ((0, 0), (3, 4), (layer.shape[0] - 1, layer.shape[1] - 1)):
        heat = effective_field(scores, picture(SIZE), layer, position, None)
        rows, columns = np.nonzero(heat)
        top, left, high, wide = theoretical_box(scores.network, layer, position)
        assert (top, left) == (rows.min(), columns.min()), (position, layer)
        assert (top + high - 1, left + wide - 1) == (rows.max(), columns.max()), (position, layer)


def test_a_transposed_convolution_sees_no_more_than_its_box():
    start = keras.Input((SIZE, SIZE, 3))
    x = L.Conv2DTranspose(3, 3, strides=2, padding="same")(L.Conv2D(3, 3)(start))
    scores = scores_of(stirred(keras.Model(start, L.Dense(2)(L.Flatten()(x)))), 2)
    layer = scores.network.default_layer()
    rows, columns = np.nonzero(effective_field(scores, picture(SIZE), layer, (20, 21), 1))
    top, left, high, wide = theoretical_box(scores.network, layer, (20, 21))
    assert top <= rows.min() <= rows.max() < top + high <= rows.min() + 6
    assert left <= columns.min() <= columns.max() < left + wide


def test_layers_of_a_base_and_layers_that_see_everything():
    scores = scores_of(nested())
    assert theoretical_box(scores.network, scores.network.find("stem"), (2, 3)) == (4, 6, 3, 3)
    start = keras.Input((SIZE, SIZE, 3))
    x = L.Conv2D(4, 3)(start)
    gate = L.Reshape((1, 1, 4))(L.GlobalAveragePooling2D()(x))
    model = keras.Model(start, L.Dense(2)(L.GlobalAveragePooling2D()(L.Multiply(name="gated")([x, gate]))))
    network = scores_of(model, 2).network
    assert theoretical_box(network, network.find("gated"), (0, 0)) == (0, 0, SIZE, SIZE)


def test_the_share_of_the_middle():
    heat = np.ones((8, 8), np.float32)
    assert share_in_middle(heat, (0, 0, 8, 8)) == pytest.approx(0.25)
    assert share_in_middle(np.zeros((8, 8)), (0, 0, 8, 8)) == 0
