"""Whole models in HDF5 as bases, as Keras 3 and Keras 2 write them; arithmetic and LayerScale as layers of the catalog."""

from __future__ import annotations

import json

import h5py
import keras
import msgspec
import numpy as np
import pytest
from keras.src.applications.convnext import LayerScale

from cnnstudio.catalog.context import context_of
from cnnstudio.core.problems import ProblemError
from cnnstudio.engine.building import build
from cnnstudio.interchange.own_base.project_copy import copy_into_project
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.interchange.printing.keras.network import keras_code
from cnnstudio.interchange.printing.keras.script import keras_script
from tests.engine.test_own_base import (
    bases_of,
    built,
    cut,
    lenet,
    pictures_of,
    residual,
    same_features,
    started,
    stirred,
)

L = keras.layers


def scaled() -> keras.Model:
    """Scales pixels by arithmetic, joins branches by +, and holds ConvNeXt's layer."""
    start = keras.Input((32, 32, 3), name="photos")
    x = L.Conv2D(8, 3, padding="same", name="first")(start / 127.5 - 1)
    x = L.LeakyReLU(negative_slope=0.1)(L.BatchNormalization()(x))
    branch = LayerScale(0.5, 8, name="factor")(L.Conv2D(8, 3, padding="same", activation="silu", name="branch")(x))
    x = 1 - 2.0 * (x + branch)
    return keras.Model(start, L.Dense(5)(L.GlobalAveragePooling2D()(L.Conv2D(16, 3, name="last")(x))))


def nested() -> keras.Model:
    """Models within models, as fine-tuning makes them: the inner one is called once more than it is written."""
    def inner(name: str, channels: int) -> keras.Model:
        start = keras.Input((16, 16, channels))
        x = L.BatchNormalization(name=f"{name}_norm")(L.Conv2D(6, 3, padding="same", name=f"{name}_conv")(start))
        return keras.Model(start, x, name=name)

    start = keras.Input((16, 16, 3))
    first = inner("front", 3)
    first.trainable = False
    between = keras.Input((16, 16, 3))
    whole = keras.Model(between, inner("rear", 6)(first(between)), name="whole")
    mean, deviation = np.array([120.0, 110.0, 100.0], "f4"), np.array([50.0, 60.0, 70.0], "f4")
    x = whole((start - mean) / deviation, training=False)
    return keras.Model(start, L.Dense(2)(L.Flatten()(x)))


def taken(model, place, suffix=".h5", change=lambda _file: None):
    source = place.parent / f"m{suffix}"
    model.save(source)
    if suffix == ".h5":
        with h5py.File(source, "r+") as file:
            change(file)
    return ProjectBases(place).require_own(copy_into_project(source, place))


# What Keras 2 wrote ------------------------------------------------------------------------------

_FUNCTIONS = {"TrueDivide": "math.truediv", "Subtract": "math.subtract", "Add": "__operators__.add",
              "Multiply": "math.multiply"}


def as_keras_2(file):
    """The same model in the spelling of Keras 2, from the input's shape to the names of the weights."""
    config = json.loads(file.attrs["model_config"])
    _respelled(config["config"])
    del file.attrs["model_config"]
    file.attrs["model_config"] = json.dumps(config).encode()
    for group in file["model_weights"].values():
        names = [name if isinstance(name, str) else name.decode() for name in group.attrs["weight_names"]]
        for name in names:
            group.move(name, f"{name}:0")
        group.attrs["weight_names"] = np.array([f"{name}:0".encode() for name in names] or [], "S" if names else "f8")


def _respelled(model):
    for layer in model["layers"]:
        kind, config = layer["class_name"], layer["config"]
        layer.pop("module", None)
        if "batch_shape" in config:
            config["batch_input_shape"] = config.pop("batch_shape")
        if config.get("activation") == "silu":
            config["activation"] = "swish"
        if kind == "LeakyReLU":
            config["alpha"] = config.pop("negative_slope")
        if "layers" in config:
            _respelled(config)
        operation = kind in _FUNCTIONS and "trainable" not in config
        layer["inbound_nodes"] = [_call(call, operation) for call in layer.get("inbound_nodes", [])]
        if operation:
            layer |= {"class_name": "TFOpLambda", "config": {"name": layer["name"], "trainable": True, "dtype": "float32",
                                                             "function": _FUNCTIONS[kind]}}


def _call(call, operation):
    values = [each["config"]["keras_history"] if isinstance(each, dict) and each["class_name"] == "__keras_tensor__" else
              each["config"]["value"] if isinstance(each, dict) else each for each in call["args"]]
    if not operation:
        return [[*each, {}] for each in values]
    first, second = values
    start = first if isinstance(first, list) else ["_CONSTANT_VALUE", -1, first]
    return [*start, {"y": second, "name": None}]


@pytest.mark.parametrize(("make", "change"), [
    pytest.param(lenet, as_keras_2, id="lenet-Keras 2"),
    pytest.param(scaled, lambda _file: None, id="scaled-Keras 3"),
    pytest.param(lenet, lambda _file: None, id="lenet-Keras 3", marks=pytest.mark.nightly),
    pytest.param(scaled, as_keras_2, id="scaled-Keras 2", marks=pytest.mark.nightly)])
def test_a_model_in_hdf5_gives_the_features_of_its_source(make, change, place, monkeypatch):
    keras.backend.clear_session()
    model = stirred(make())
    base = taken(model, place, change=change)
    assert base.own_file.endswith(".h5") and base.id.startswith(base.own_file)
    project = started(base, scaling="none", pooling="none")
    same_features(project, base, cut(model, base.own.origins[base.own.end].names[-1]))
    assert base.own.scales is (make is scaled)
    # The printed code reads the same numbers, without loading the model.
    whole = built(base, project).model
    names: dict[str, object] = {}
    monkeypatch.chdir(place)
    text = keras_code(project.network, context_of(project, 3, bases_of(base)))
    assert "load_model" not in text and text.startswith("import h5py\nimport keras\n")
    whole_script = keras_script(project, context_of(project, 3, bases_of(base)), 100)
    assert whole_script.index("import cv2\nimport h5py\nimport keras\n") < whole_script.index("h5py.File(")
    compile(whole_script, "script", "exec")
    exec(text, names)  # our own text, printed a moment ago
    names["model"].layers[-1].set_weights(whole.layers[-1].get_weights())
    pictures = pictures_of(base)
    np.testing.assert_allclose(names["model"].predict_on_batch(pictures), whole.predict_on_batch(pictures), atol=1e-5)


@pytest.mark.parametrize(("suffix", "change"), [(".keras", None), (".h5", lambda _file: None), (".h5", as_keras_2)],
                         ids=["archive", "Keras 3", "Keras 2"])
def test_models_within_models_and_scaling_by_channel(change, suffix, place, monkeypatch):
    keras.backend.clear_session()
    model = stirred(nested())
    base = taken(model, place, suffix, change)
    project = started(base, pooling="none")
    pictures = pictures_of(base)
    mean, deviation = np.array([120.0, 110.0, 100.0], "f4"), np.array([50.0, 60.0, 70.0], "f4")
    wanted = model.get_layer("whole").predict_on_batch((pictures - mean) / deviation)
    whole = built(base, project)
    np.testing.assert_allclose(whole.layers["base"].predict_on_batch(pictures), wanted, atol=1e-5)
    assert base.own.scales
    names: dict[str, object] = {}
    monkeypatch.chdir(place)
    exec(keras_code(project.network, context_of(project, 3, bases_of(base))), names)  # our own text, printed a moment ago
    names["model"].layers[-1].set_weights(whole.model.layers[-1].get_weights())
    np.testing.assert_allclose(names["model"].predict_on_batch(pictures), whole.model.predict_on_batch(pictures), atol=1e-5)


def test_arithmetic_and_layer_scale_of_an_archive(place, monkeypatch):
    keras.backend.clear_session()
    model = stirred(scaled())
    base = taken(model, place, ".keras")
    kinds = {node.id: node for node in base.own.network.nodes}
    scaling, factor = next(node for node in kinds.values() if node.type == "Rescaling"), kinds["factor"]
    assert scaling.params == {"scale": 1 / 127.5, "offset": -1.0} and base.own.scales
    assert (factor.type, factor.params) == ("DepthwiseConv2D", {"kernel_size": (1, 1), "use_bias": False})
    project = started(base, pooling="none")
    same_features(project, base, cut(model, "last"))
    bigger = msgspec.structs.replace(project, recipe=msgspec.structs.replace(project.recipe, height=40, width=48))
    whole = built(base, bigger)
    names: dict[str, object] = {}
    monkeypatch.chdir(place)
    exec(keras_code(bigger.network, context_of(bigger, 3, bases_of(base))), names)  # our own text, printed a moment ago
    names["model"].layers[-1].set_weights(whole.model.layers[-1].get_weights())
    pictures = np.random.default_rng(1).integers(0, 256, (2, 40, 48, 3)).astype("float32")
    np.testing.assert_allclose(names["model"].predict_on_batch(pictures), whole.model.predict_on_batch(pictures), atol=1e-5)


def test_a_residual_model_in_hdf5(place):
    keras.backend.clear_session()
    model = stirred(residual())
    base = taken(model, place)
    same_features(started(base, pooling="none"), base, cut(model, "last"))
    project = started(base, trainable_from=base.blocks[-1])
    learning = build(project.network, context_of(project, 3, bases_of(base)), weights=True).layers["base"]
    assert {layer.name for layer in learning.layers if layer.trainable_weights} == {"last"}


# Files that are not what they seem ---------------------------------------------------------------


def first(file):
    """The group of the first layer's weights."""
    return file["model_weights/conv2d"][file["model_weights/conv2d"].attrs["weight_names"][0]].parent


def moved_outside(file):
    group = first(file)
    del group["kernel"]
    group["kernel"] = h5py.ExternalLink("/etc/passwd", "/x")


def not_finite(file):
    first(file)["kernel"][0, 0, 0, 0] = np.inf


def other_shape(file):
    group = first(file)
    del group["bias"]
    group["bias"] = np.zeros(2, "f4")


def declared_only(file):
    group = first(file)
    del group["bias"]
    group.create_dataset("bias", shape=(1 << 33,), dtype="f4", chunks=(1 << 16,), compression="gzip")


def unnamed(file):
    del file["model_weights/conv2d"].attrs["weight_names"]


def numbers_for_names(file):
    file["model_weights/conv2d"].attrs["weight_names"] = np.zeros(4)


def upwards(file):
    file["model_weights/conv2d"].attrs["weight_names"] = [b"../../optimizer", b"/etc/passwd"]


def missing(file):
    del file["model_weights/conv2d_1"]


def twice_the_names(file):
    names = list(file["model_weights/conv2d"].attrs["weight_names"])
    file["model_weights/conv2d"].attrs["weight_names"] = names * 60


@pytest.mark.parametrize(("change", "code"), [
    (moved_outside, "own_base_damaged"), (not_finite, "own_base_damaged"), (other_shape, "weights_unfit"),
    (declared_only, "own_base_damaged"), (unnamed, "network_damaged"), (numbers_for_names, "network_damaged"),
    (upwards, "own_base_damaged"), (missing, "network_damaged"), (twice_the_names, "own_base_damaged")])
def test_numbers_that_are_not_there_or_do_not_fit_are_refused(change, code, place):
    keras.backend.clear_session()
    base = taken(lenet(), place, change=change)
    project = started(base)
    with pytest.raises(ProblemError) as told:
        built(base, project)
    assert [problem.code for problem in told.value.problems] == [code]
    assert told.value.problems[0].text.es


def test_what_learned_under_another_meaning_is_refused(place):
    model = keras.Sequential([keras.Input((16, 16, 3)), L.Conv2D(4, 3, activation="hard_sigmoid"), L.Flatten(), L.Dense(2)])
    assert taken(model, place).parameters == 112
    with pytest.raises(ProblemError) as told:
        taken(model, place, change=as_keras_2)
    assert "Keras 2" in told.value.problems[0].text.es and told.value.problems[0].code == "own_base_layers"
