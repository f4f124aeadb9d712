"""From the canvas to Keras's files and back: the same graph. Models of others become graphs that cost the same."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import pytest

from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.context import Context, context_of
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.core.edits import set_network
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.project import Project
from cnnstudio.engine.building import build
from cnnstudio.interchange.foreign import with_foreign_network
from cnnstudio.interchange.open import read_network
from cnnstudio.network.new_project import Facts, new_project
from cnnstudio.network.shapes import report


def same(one: NetworkSpec, other: NetworkSpec) -> None:
    """The same layers with the same values, connected in the same way."""
    first, second = ({node.id: (node.type, values_of(node, LAYERS[node.type]))
                      for node in network.nodes} for network in (one, other))
    assert second == first
    for node in one.nodes:
        assert other.inputs_of(node.id) == one.inputs_of(node.id), node.id


@pytest.mark.parametrize("template", ["lenet5", "small_cnn", "residual", "inception", "resnet18", "mobilenet"])
def test_an_architecture_survives_a_keras_file(template, tmp_path):
    project = new_project("x", "/p", Facts(classes=("a", "b", "c")), template=template)
    context = context_of(project, 3, BUILT_IN)
    path = tmp_path / "señal.keras"
    build(project.network, context).model.save(path)
    foreign = read_network(path)
    back = with_foreign_network(set_network(project, NetworkSpec()), foreign, context)
    same(project.network, back.network)
    assert (back.recipe.height, back.recipe.width, back.recipe.channels) == project.recipe.shape
    assert back.recipe.normalization == project.recipe.normalization


def foreign_models() -> dict[str, keras.Model]:
    """Models as others write them: a Sequential without Input names, one in another, tensors added with +."""
    layers = keras.layers
    plain = keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(8, 3, activation="relu"), layers.MaxPooling2D(),
                              layers.Flatten(), layers.Dense(4, activation="softmax")])
    start = keras.Input((32, 32, 3), name="my input")
    inner = keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(8, 3, padding="same"), layers.ReLU()], name="stem")
    x = inner(start)
    x = layers.Add()([x, layers.Conv2D(8, 1)(start)])
    x = layers.GlobalAveragePooling2D()(x)
    nested = keras.Model(start, layers.Dense(4, activation="softmax")(x))
    start = keras.Input((32, 32, 3))
    tensors = keras.Model(start, layers.GlobalAveragePooling2D()(layers.Conv2D(3, 1)(start) + start))
    return {"plain": plain, "nested": nested, "tensors": tensors,
            "applications": keras.applications.MobileNetV2(weights=None, input_shape=(64, 64, 3), classes=4)}


@pytest.mark.parametrize("name", ["plain", "nested", "tensors", "applications"])
def test_models_of_others_cost_the_same_here(name, tmp_path):
    model = foreign_models()[name]
    path = tmp_path / "model.keras"
    model.save(path)
    foreign = read_network(path)
    assert foreign.unknown == ()
    context = Context(height=foreign.shape[0], width=foreign.shape[1], channels=foreign.shape[2], class_count=4,
                      normalization="none")
    found = report(foreign.network, context, headless=True)
    assert [problem for problem in found.problems if problem.blocks] == []
    assert found.parameters == model.count_params()
    assert build(foreign.network, context, headless=True).model.output_shape == model.output_shape
    if name == "plain":
        taken = with_foreign_network(Project(), foreign, context)
        assert taken.network.nodes[-1].type == "Output"


def test_layers_that_are_not_known_are_kept_and_marked(tmp_path):
    start = keras.Input((8, 8, 3))
    x = keras.layers.Lambda(lambda value: value * 2, name="doubling", output_shape=(8, 8, 3))(start)
    model = keras.Model(start, keras.layers.Flatten()(x))
    path = Path(tmp_path / "model.keras")
    model.save(path)
    foreign = read_network(path)
    assert foreign.unknown == ("doubling",)
    assert foreign.network.node("doubling").type == "Lambda"
    assert "lambda" not in json.dumps(foreign.network.node("doubling").params).lower()
    found = report(foreign.network, Context(height=8, width=8, channels=3, class_count=2), headless=True)
    assert [problem.where.node for problem in found.problems if problem.code == "unknown_layer"] == ["doubling"]
