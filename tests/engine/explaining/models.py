"""Small networks to explain: nested and flat, with and without a convolution, and one that sees a single corner."""

from __future__ import annotations

import keras
import numpy as np

from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.engine import model_card, models
from cnnstudio.engine.explaining.gradients import ClassScores
from cnnstudio.engine.explaining.network import OpenNetwork

L = keras.layers


def base_layers():
    """Layers of a base, with a name that the network around it has, too."""
    return [L.Rescaling(1 / 255, name="rescaling"), L.Conv2D(6, 3, strides=2, padding="same", use_bias=False, name="stem"),
            L.BatchNormalization(name="norm"), L.ReLU(name="relu"), L.Conv2D(8, 3, activation="relu", name="last")]


def branched(start, layers):
    """The layers one after the other, and a way around the last one."""
    x = start
    for layer in layers[:-1]:
        x = layer(x)
    return L.Concatenate(name="joined")([layers[-1](x), L.Cropping2D(1, name="cropping")(x)])


def nested(size=16, activation="softmax", classes=3, sequential=False):
    layers = base_layers()
    if sequential:
        base = keras.Sequential([keras.Input((size, size, 3)), *layers], name="base")
    else:
        inner = keras.Input((size, size, 3))
        base = keras.Model(inner, branched(inner, layers), name="base")
    start = keras.Input((size, size, 3))
    x = L.Rescaling(1.0, name="rescaling")(start)
    x = L.Dropout(0.5, name="dropout")(L.GlobalAveragePooling2D(name="pooling")(base(x, training=False)))
    return stirred(keras.Model(start, L.Dense(classes, activation=activation, name="output")(x), name="network"))


def flat(size=16, activation="softmax", classes=3):
    start = keras.Input((size, size, 3))
    layers = base_layers()
    layers[0] = L.Rescaling(1 / 255, name="inner_rescaling")
    x = L.Rescaling(1.0, name="rescaling")(start)
    x = L.GlobalAveragePooling2D(name="pooling")(branched(x, layers))
    model = keras.Model(start, L.Dense(classes, activation=activation, name="output")(x), name="network")
    for mine, other in zip(model.weights, nested(size, activation, classes).weights, strict=True):
        mine.assign(other)
    return model


def stirred(model, seed=3):
    """With weights that leave nothing the same."""
    drawn = np.random.default_rng(seed)
    for weight in model.weights:
        if "seed" not in weight.path:
            weight.assign(drawn.uniform(0.5, 1.5, weight.shape) if len(weight.shape) == 1 else
                          drawn.normal(0, 0.4, weight.shape))
    return model


def corner(size=32):
    """Two classes: whether the upper left quarter of the picture is light; the rest is not looked at."""
    start = keras.Input((size, size, 3))
    x = L.Rescaling(1 / 255)(start)
    x = L.Conv2D(2, 3, padding="same", activation="relu", name="conv")(x)
    x = L.Flatten()(x)
    model = keras.Model(start, L.Dense(2, activation="softmax", name="output")(x))
    kernel = np.zeros((3, 3, 3, 2), np.float32)
    kernel[1, 1, :, 0] = 1
    kernel[1, 1, :, 1] = 0.5
    head = np.zeros((size, size, 2, 2), np.float32)
    head[:size // 2, :size // 2, 0, 1] = 16 / size ** 2
    model.get_layer("conv").set_weights([kernel, np.zeros(2)])
    model.get_layer("output").set_weights([head.reshape(-1, 2), np.asarray([0.0, -2.0])])
    return model


def dense_only(size=8):
    return stirred(keras.Sequential([keras.Input((size, size, 3)), L.Rescaling(1 / 255), L.Flatten(), L.Dense(6, "tanh"),
                                     L.Dense(1, "sigmoid")]))


def scores_of(model, classes=3):
    return ClassScores(OpenNetwork(model), classes)


def picture(size=16, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (size, size, 3)).astype(np.float32)


def saved(model, folder, names=("a", "b", "c"), **recipe):
    """A model file with its card."""
    height, width = model.input_shape[1:3]
    mode = "binary" if model.output_shape[-1] == 1 else "categorical"
    path = folder / "model.keras"
    models.save_model(model, path, model_card.Card(recipe=RecipeSpec(height=height, width=width, **recipe), class_names=names,
                                               label_mode=mode))
    return path
