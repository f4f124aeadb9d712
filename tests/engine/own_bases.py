"""Small Keras models taken as bases, and the same features asked of them."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from cnnstudio.catalog.context import context_of
from cnnstudio.core import edits
from cnnstudio.core.network import Node
from cnnstudio.core.project import Project
from cnnstudio.engine.building import build
from cnnstudio.interchange.own_base.project_copy import copy_into_project
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.network.new_project import with_base
from cnnstudio.network.shapes import report

L = keras.layers


def lenet() -> keras.Model:
    """For digits, as a Keras script writes it: nothing scales the pixels."""
    return keras.Sequential([
        keras.Input((28, 28, 1)), L.Conv2D(6, 5, padding="same", activation="tanh"), L.AveragePooling2D(2),
        L.Conv2D(16, 5, activation="tanh"), L.AveragePooling2D(2), L.Flatten(), L.Dense(120, activation="tanh"),
        L.Dense(84, activation="tanh", name="seen"), L.Dense(10, activation="softmax")])


def residual() -> keras.Model:
    """With batch normalisation, scaling inside, augmentation, a model within the model and + between tensors."""
    start = keras.Input((32, 32, 3), name="photos")
    x = L.Rescaling(1 / 127.5, -1.0)(L.RandomFlip()(start))
    x = L.ReLU()(L.BatchNormalization()(L.Conv2D(8, 3, padding="same", use_bias=False)(x)))
    inner = keras.Sequential([L.Conv2D(16, 3, strides=2, padding="same"), L.BatchNormalization(), L.ReLU(),
                              L.Conv2D(16, 3, padding="same"), L.BatchNormalization()], name="branch")
    x = L.ReLU()(inner(x) + L.Conv2D(16, 1, strides=2)(x))
    x = L.SeparableConv2D(24, 3, name="last")(L.Dropout(0.2)(x))
    return keras.Model(start, L.Dense(5)(L.GlobalAveragePooling2D()(x)))


def stirred(model: keras.Model) -> keras.Model:
    """With weights that leave nothing the same."""
    drawn = np.random.default_rng(3)
    for weight in model.weights:
        if "seed" not in weight.path:
            weight.assign(drawn.uniform(0.5, 1.5, weight.shape) if len(weight.shape) == 1 else
                          drawn.normal(0, 0.2, weight.shape))
    return model


def taken(model, place, **more):
    """The model saved, and its file taken into the project: the base."""
    source = place.parent / "my model.keras"
    model.save(source)
    return ProjectBases(place).require_own(copy_into_project(source, place), **more)


def started(base, ends_at="all", **params):
    """A project that starts from the base."""
    project = with_base(Project(), base, ends_at)
    for name, value in params.items():
        project = edits.set_node_param(project, "base", name, value)
    if params.get("pooling") == "none":
        project = edits.replace_node(project, Node(id="dropout", type="Flatten"))
    return project


def bases_of(base):
    """Resolves the bases of the project that the base's file lies in."""
    return ProjectBases(Path(base.own.path).parent.parent)


def built(base, project, weights=True):
    return build(project.network, context_of(project, 3, bases_of(base)), weights=weights)


def pictures_of(base, count=4):
    return np.random.default_rng(1).integers(0, 256, (count, *base.size, base.channels)).astype("float32")


def same_features(project, base, source, scaled=lambda pixels: pixels):
    """The answer of the base in the network, and of the source cut there."""
    pictures = pictures_of(base)
    layer = built(base, project).layers["base"]
    found = report(project.network, context_of(project, 3, bases_of(base)))
    assert found.nodes["base"].shape == layer.output_shape[1:]
    assert found.nodes["base"].cost.parameters == layer.count_params()
    wanted = source.predict_on_batch(scaled(pictures))
    np.testing.assert_allclose(layer.predict_on_batch(pictures), wanted, atol=1e-5)
    assert np.ptp(wanted) > 0.01


def cut(model, name):
    return keras.Model(model.inputs, model.get_layer(name).output)


def saved(model, path):
    stirred(model).save(path)
    return path
