"""Building: names, normalisation, pretrained bases and their freeze line, features of a frozen base."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from cnnstudio.catalog.bases import BASES
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.networks import network_builder
from cnnstudio.catalog.templates import TEMPLATES
from cnnstudio.catalog.training import CALLBACKS, LOSSES, OPTIMIZERS
from cnnstudio.core import edits, network_edits
from cnnstudio.core.events import Epoch, Notice
from cnnstudio.core.item import Item, Step
from cnnstudio.core.params import with_defaults
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.project import Project
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.core.training import Stage
from cnnstudio.engine import features, models
from cnnstudio.engine.base_weights import load_base_weights
from cnnstudio.engine.building import build, optimizer_of
from cnnstudio.engine.names import resolve
from cnnstudio.engine.training.callbacks import make_callbacks
from cnnstudio.engine.training.kept_models import RunFiles
from cnnstudio.interchange.base_weights import read_weights
from cnnstudio.network.shapes import report
from cnnstudio.workers.runs.folder import RunFolder
from tests.engine.collections_of_pictures import replace, small_network, small_project
from tests.engine.conftest import metrics_of

CONTEXT = Context(height=12, width=12, channels=3, class_count=2)


def based(trainable_from="none", pooling="avg", weights="imagenet", base="efficientnet_lite0", **params):
    drawing = network_builder()
    drawing.add("Input")
    drawing.add("PretrainedBase", id="base", base=base, trainable_from=trainable_from, pooling=pooling,
                weights=weights, **params)
    if pooling == "none":
        drawing.add("GlobalAveragePooling2D")
    drawing.add("Dropout", rate=0.2)
    drawing.add("Output")
    return drawing.network()


def base_context(size=32):
    return Context(height=size, width=size, channels=3, class_count=2, normalization="base")


def test_layers_are_named_by_nodes():
    model = build(small_network(), CONTEXT).model
    assert [layer.name for layer in model.layers] == ["input", "normalization", "conv", "global_average_pooling",
                                                      "output"]


@pytest.mark.parametrize(("normalization", "low", "high"), [
    ("zero_one", 0.0, 1.0), ("minus_one_one", -1.0, 1.0), ("none", 0.0, 255.0)])
def test_the_model_takes_plain_pixels(normalization, low, high):
    built = build(small_network(), replace(CONTEXT, normalization=normalization))
    inside = keras.Model(built.model.inputs, built.tensors["input"])
    answers = inside.predict_on_batch(np.stack([np.zeros((12, 12, 3)), np.full((12, 12, 3), 255.0)]))
    assert (answers[0].max(), answers[1].max()) == pytest.approx((low, high), abs=1e-6)


def test_templates_build():
    for template in TEMPLATES:
        if template.published is not None:  # those are compared with Keras in test_templates.py
            continue
        recipe = RecipeSpec(**template.recipe)
        context = Context(height=recipe.height, width=recipe.width, channels=recipe.channels, class_count=3)
        model = build(template.network(), context).model
        assert model.output_shape == (None, 3)


def test_optimizers_losses_and_callbacks_build(tmp_path):
    for recipe in OPTIMIZERS:
        optimizer = optimizer_of(Stage(id="x", optimizer=Item(type=recipe.id)))
        assert type(optimizer).__name__.lower() == recipe.id
    for recipe in LOSSES:
        assert recipe.call.build(with_defaults(recipe.params, {}), resolve) is not None
    steps = [Step(id=recipe.id, type=recipe.id) for recipe in CALLBACKS]
    files = RunFiles(RunFolder(tmp_path), None, None)
    made = make_callbacks(steps, True, pytest.fail, keras.Sequential(), files)
    assert list(made) == list(CALLBACKS.ids()) and all(isinstance(item, keras.callbacks.Callback) for item in made.values())
    with pytest.raises(ProblemError):
        optimizer_of(Stage(id="x", optimizer=Item(type="newer")))
    with pytest.raises(ValueError, match="under keras"):
        resolve("os.system")


def test_the_freeze_line():
    built = build(based("block15"), base_context())
    learning = {layer.name for layer in built.layers["base"].layers if layer.trainable and layer.weights}
    assert learning
    assert {BASES["efficientnet_lite0"].block_of(name) for name in learning} == {"block15", "block16", "head"}
    assert len(build(based("none"), base_context()).model.trainable_weights) == 2
    unfrozen = build(based("all"), base_context()).layers["base"]
    assert len(unfrozen.non_trainable_weights) == 4 * sum(
        isinstance(layer, keras.layers.BatchNormalization) for layer in unfrozen.layers)


def test_batch_normalization_of_a_base_keeps_its_statistics():
    model = build(based("all"), base_context()).model
    model.compile("sgd", "categorical_crossentropy")
    statistics = [weight for weight in model.weights if "moving" in weight.path]
    before = [np.array(weight) for weight in statistics]
    model.train_on_batch(np.random.default_rng(0).uniform(0, 255, (4, 32, 32, 3)), np.eye(2)[[0, 1, 0, 1]])
    for weight, old in zip(statistics, before, strict=True):
        np.testing.assert_array_equal(weight, old)


def test_the_bundled_base_is_the_published_network(shared_data):
    """Its answers agree with the reference within 1e-4."""
    reference = np.load(shared_data / "efficientnet_lite0_reference.npz")
    built = build(based(), base_context(224))
    model = keras.Model(built.model.inputs, built.tensors["base"])
    answers = model.predict_on_batch(reference["images"].astype(np.float32))
    np.testing.assert_allclose(answers, reference["features"], atol=1e-4)


def test_weights_that_do_not_fit_are_explained(tmp_path):
    path = tmp_path / "weights.npz"
    np.savez(path, **{"stem/0": np.zeros((1, 2))})
    with pytest.raises(ProblemError) as problem:
        build(based(weights="file", weights_file=str(path)), base_context())
    assert problem.value.problems[0].code == "weights_unfit"
    with pytest.raises(ProblemError) as problem:
        build(based(base="mobilenet_v2"), base_context())
    assert problem.value.problems[0].code == "weights_missing"
    path.write_bytes(b"nonsense")
    with pytest.raises(ProblemError):
        build(based(weights="file", weights_file=str(path)), base_context())


def test_weights_of_keras_applications_are_read(tmp_path):
    """The legacy HDF5 layout by layer name, and the reversed input of a network trained on BGR."""
    import h5py

    built = build(based(base="vgg16", weights="random"), base_context())
    layers = {layer.name: layer for layer in built.layers["base"].layers if layer.weights}
    random = np.random.default_rng(0)
    path = tmp_path / "vgg16.h5"
    written = {}
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [name.encode() for name in layers]
        for name, layer in layers.items():
            group = file.create_group(name)
            arrays = [random.normal(size=weight.shape).astype(np.float32) for weight in layer.weights]
            words = [f"{name}/{number}".encode() for number in range(len(arrays))]
            group.attrs["weight_names"] = words
            for word, array in zip(words, arrays, strict=True):
                group[word.decode()] = array
            written[name] = arrays
    assert set(read_weights(path)) == set(layers)
    load_base_weights(BASES["vgg16"], layers, str(path))
    np.testing.assert_array_equal(layers["block5_conv3"].get_weights()[0], written["block5_conv3"][0])
    np.testing.assert_array_equal(layers["block1_conv1"].get_weights()[0], written["block1_conv1"][0][:, :, ::-1])


def frozen_project(**training):
    project = small_project(epochs=4, **training)
    # Half of the base: nothing here depends on its depth, and each training builds and traces it.
    network = based(ends_at="block6")
    return replace(project, network=network, recipe=RecipeSpec(height=32, width=32, normalization="base"))


@pytest.mark.nightly
def test_the_head_on_features_is_the_same_network(new_run, train_run):
    run = new_run(frozen_project())
    last, recorder = train_run(run)
    assert "features_kept" in [event.problem.code for event in recorder.of(Notice)]
    assert "features" in [event.name for event in recorder.events if hasattr(event, "name")]
    loaded = models.load(run.folder)
    assert loaded.model.input_shape == (None, 32, 32, 3)
    whole = new_run(frozen_project(keep_features=False))
    without, plain = train_run(whole)
    assert "features_kept" not in [event.problem.code for event in plain.of(Notice)]
    assert last.metrics == pytest.approx(without.metrics, abs=2e-3)
    pictures = np.random.default_rng(0).uniform(0, 255, (4, 32, 32, 3)).astype(np.float32)
    np.testing.assert_allclose(loaded.model.predict_on_batch(pictures),
                               models.load(whole.folder).model.predict_on_batch(pictures), atol=5e-3)


def test_features_are_computed_once(new_run, train_run, monkeypatch):
    first = train_run(new_run(frozen_project()))[1]

    def never(*_arguments, **_options):
        raise AssertionError("features were computed again")

    monkeypatch.setattr(features.inference, "engine_for", never)
    second = train_run(new_run(frozen_project()))[1]
    assert metrics_of(first) == metrics_of(second)
    assert second.of(Epoch)


@pytest.mark.parametrize("change", ["augmented", "unfrozen", "switched off", "something before"])
def test_what_must_not_be_cut(change):
    from tests.engine.collections_of_pictures import augmented

    project = frozen_project(keep_features=change != "switched off")
    if change == "augmented":
        project = augmented(project)
    if change == "unfrozen":
        project = replace(project, network=based("block6", ends_at="block6"))
    if change == "something before":
        drawing = network_builder()
        drawing.add("Input")
        drawing.add("Conv2D", filters=3, padding="same")
        drawing.add("PretrainedBase", id="base", weights="random")
        drawing.add("Output")
        project = replace(project, network=drawing.network())
    assert features.find_cut(project, build(project.network, base_context())) is None


def test_a_repeated_block_is_built_as_often():
    drawing = network_builder()
    drawing.add("Input")
    drawing.add("Conv2D", filters=4, padding="same")
    drawing.add("Conv2D", id="inner", filters=4, padding="same")
    drawing.add("Add", "conv", "inner", id="add")
    drawing.add("Flatten")
    drawing.add("Output")
    project = edits.set_network(Project(), drawing.network())
    project = network_edits.set_group(network_edits.group_nodes(project, ["inner", "add"]), "block", repeat=3)
    context = Context(height=8, width=8, channels=3, class_count=2)
    model = build(project.network, context).model
    found = report(project.network, context)
    assert model.count_params() == found.parameters
    assert [layer.name for layer in model.layers if layer.name.startswith("add")] == ["add", "add_r2", "add_r3"]
