"""A model of the user's own as a base: the same features as the source, its weights kept, the freeze line exact."""

from __future__ import annotations

import shutil

import keras
import msgspec
import numpy as np
import pytest

from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.context import context_of
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.core import edits
from cnnstudio.core.events import Finished
from cnnstudio.core.jobs import BasesProbed
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.training import with_settings
from cnnstudio.engine.building import build
from cnnstudio.engine.model_card import Card
from cnnstudio.engine.models import save_model
from cnnstudio.interchange.own_base.project_copy import copy_into_project
from cnnstudio.interchange.own_base.resolver import ProjectBases, require_own_bases
from cnnstudio.interchange.printing.keras.network import keras_code
from cnnstudio.network.new_project import Facts, new_project
from cnnstudio.network.shapes import report
from tests.engine.conftest import Recorder
from tests.engine.own_bases import (
    L,
    bases_of,
    built,
    cut,
    lenet,
    pictures_of,
    residual,
    same_features,
    saved,
    started,
    stirred,
    taken,
)


def test_lenet_for_grey_digits_gives_the_features_of_its_source(place):
    model = stirred(lenet())
    base = taken(model, place)
    pooled = model.layers[3].name
    assert (base.channels, base.size, base.own.end, base.own.scaling) == (1, (28, 28), pooled, "zero_one")
    assert "x / 255" in base.own.notes[0].en
    project = started(base)
    assert [node.type for node in project.network.nodes] == ["Input", "PretrainedBase", "Flatten", "Dropout", "Output"]
    assert (project.recipe.shape, project.recipe.normalization) == ((28, 28, 1), "base")
    same_features(project, base, cut(model, pooled), lambda pixels: pixels / 255)
    same_features(started(base, "seen"), base, cut(model, "seen"), lambda pixels: pixels / 255)
    same_features(started(base, scaling="none"), base, cut(model, pooled))
    same_features(started(base, scaling="minus_one_one"), base, cut(model, pooled), lambda pixels: pixels / 127.5 - 1)


def test_a_residual_network_gives_the_features_of_its_source(place):
    model = stirred(residual())
    base = taken(model, place)
    assert (base.own.end, base.own.scales, base.own.scaling) == ("last", True, "none")
    assert ["RandomFlip" in note.en for note in base.own.notes] == [True]
    assert base.blocks == (model.layers[3].name, "conv2d_2", "last") or len(base.blocks) == 3
    same_features(started(base, pooling="none"), base, cut(model, "last"))
    averaged = keras.Model(model.inputs, L.GlobalAveragePooling2D()(model.get_layer("last").output))
    same_features(started(base), base, averaged)


@pytest.mark.nightly
@pytest.mark.parametrize("make", [
    lambda: keras.applications.MobileNetV2(weights=None, input_shape=(64, 64, 3), classes=4),
    lambda: keras.applications.EfficientNetB0(weights=None, input_shape=(64, 64, 3), classes=4),
    lambda: keras.applications.ResNet50V2(weights=None, input_shape=(64, 64, 3), classes=4)])
def test_models_of_keras_applications_can_be_bases(make, place):
    """EfficientNet's normalisation was adapted to pictures: its numbers lie among the weights."""
    keras.backend.clear_session()
    model = make()
    for layer in model.layers:
        if isinstance(layer, L.Normalization):
            layer.set_weights([np.array([0.4, 0.5, 0.6]), np.array([0.05, 0.06, 0.07]), np.array(9)])
            layer.finalize_state()
    base = taken(model, place, scaling="none")
    project = started(base, pooling="none")
    pictures = pictures_of(base, 2)
    wanted = cut(model, base.own.end).predict_on_batch(pictures)
    found = built(base, project).layers["base"].predict_on_batch(pictures)
    np.testing.assert_allclose(found, wanted, atol=1e-5 * max(1.0, float(np.abs(wanted).max())))
    assert built(base, project).layers["base"].count_params() == base.parameters


@pytest.mark.parametrize(("make", "params"), [(lenet, {}), (lenet, {"ends_at": "seen"}), (residual, {}),
                                              (residual, {"trainable_from": "last"})])
def test_the_printed_code_loads_the_file_and_gives_the_same(make, params, place, monkeypatch):
    keras.backend.clear_session()
    base = taken(stirred(make()), place)
    project = started(base, **params)
    context = context_of(project, 3, bases_of(base))
    model = built(base, project).model
    names: dict[str, object] = {}
    monkeypatch.chdir(place)
    text = keras_code(project.network, context)
    assert f'keras.saving.load_model("{base.own.file}", compile=False, safe_mode=True)' in text
    assert ("source.get_layer(" in text and ".output" in text) is (make is lenet)
    exec(text, names)  # our own text, printed a moment ago
    printed = names["model"]
    # The head was drawn at random: its weights are carried over, those of the base were loaded.
    printed.layers[-1].set_weights(model.layers[-1].get_weights())
    pictures = pictures_of(base)
    np.testing.assert_allclose(printed.predict_on_batch(pictures), model.predict_on_batch(pictures), atol=1e-5)
    assert sorted(tuple(weight.shape) for weight in printed.trainable_weights) == sorted(
        tuple(weight.shape) for weight in model.trainable_weights)


def test_another_size_is_told_where_weights_depend_on_it_and_printed_layer_by_layer(place, monkeypatch):
    model = stirred(lenet())
    base = taken(model, place)
    bigger = msgspec.structs.replace(started(base).recipe, height=40, width=36)
    project = msgspec.structs.replace(started(base), recipe=bigger)
    whole = built(base, project)
    assert whole.layers["base"].output_shape == (None, 8, 7, 16)
    names: dict[str, object] = {}
    monkeypatch.chdir(place)
    exec(keras_code(project.network, context_of(project, 3, bases_of(base))), names)
    printed = names["model"]
    printed.layers[-1].set_weights(whole.model.layers[-1].get_weights())
    pictures = np.random.default_rng(1).integers(0, 256, (2, 40, 36, 1)).astype("float32")
    np.testing.assert_allclose(printed.predict_on_batch(pictures), whole.model.predict_on_batch(pictures), atol=1e-5)
    late = edits.set_node_param(project, "base", "ends_at", "seen")
    context = context_of(late, 3, bases_of(base))
    (problem,) = [each for each in report(late.network, context).problems if each.where.node == "base"]
    assert problem.code == "base_fixed_size"
    assert problem.fixes[0].arguments == {"height": 28, "width": 28}


def test_the_freeze_line_lets_exactly_the_right_layers_learn(place):
    base = taken(stirred(residual()), place)
    first, second, last = base.blocks

    def learning(line):
        layer = built(base, started(base, trainable_from=line)).layers["base"]
        return {each.name for each in layer.layers if each.trainable_weights}

    kernels = {name for name, kind in ((node.id, node.type) for node in base.own.network.nodes) if "Conv" in kind}
    assert learning("none") == set()
    assert learning("all") == kernels
    assert learning(last) == {"last"}
    assert learning(second) == {name for name in kernels if base.block_of(name) in (second, last)} != kernels
    assert {each for each in kernels if base.block_of(each) == first} == learning("all") - learning(second)
    project = started(base, trainable_from=second)
    counted = report(project.network, context_of(project, 3, bases_of(base))).nodes["base"].cost
    layer = built(base, started(base, trainable_from=second)).layers["base"]
    assert counted.trainable == sum(int(np.prod(weight.shape)) for weight in layer.trainable_weights)


def weights_of(base):
    return {(layer.name, place): np.array(weight) for layer in base.layers for place, weight in enumerate(layer.weights)}


def test_training_leaves_a_frozen_base_as_it_is_and_moves_what_learns(new_run, train_run, tmp_path):
    """The file that the model was taken from is gone by then."""
    base = ProjectBases(tmp_path).require_own(copy_into_project(saved(residual(), tmp_path / "source.keras"), tmp_path))
    (tmp_path / "source.keras").unlink()
    before = weights_of(built(base, started(base)).layers["base"])
    for line, keep in (("none", True), ("none", False), ("last", False)):
        project = started(base, trainable_from=line)
        project = msgspec.structs.replace(
            project, dataset=msgspec.structs.replace(project.dataset, label_mode="binary"),
            training=with_settings(project.training, epochs=2, batch_size=8, keep_features=keep))
        run = new_run(project)
        last, _recorder = train_run(run)
        assert isinstance(last, Finished)
        after = weights_of(keras.saving.load_model(run.model_path).get_layer("base"))
        assert after.keys() == before.keys()
        moved = {name for name in before if not np.array_equal(before[name], after[name])}
        assert moved == (set() if line == "none" else {name for name in before if name[0] == "last"}), line
        assert moved or line == "none"
    assert run.summary().network == "source"


def test_a_run_of_a_moved_project_finds_its_base(new_run, train_run, tmp_path):
    base = ProjectBases(tmp_path).require_own(copy_into_project(saved(residual(), tmp_path / "m.keras"), tmp_path))
    project = started(base)
    project = msgspec.structs.replace(
        project, dataset=msgspec.structs.replace(project.dataset, label_mode="binary"),
        training=with_settings(project.training, epochs=1, batch_size=8))
    run = new_run(project)
    shutil.copytree(tmp_path / "bases", tmp_path / "elsewhere" / "bases")
    shutil.copytree(run.folder, tmp_path / "elsewhere" / "runs" / run.id)
    shutil.rmtree(tmp_path / "bases")
    with pytest.raises(ProblemError) as told:
        train_run(run)
    assert told.value.problems[0].code == "own_base_missing"
    with pytest.raises(ProblemError) as told:
        require_own_bases(project.network, bases_of(base))
    assert (told.value.problems[0].code, told.value.problems[0].where.node) == ("own_base_missing", "base")
    last, _recorder = train_run(type(run)(tmp_path / "elsewhere" / "runs" / run.id))
    assert isinstance(last, Finished)


def test_a_model_of_this_program_brings_its_recipe(place, tmp_path):
    project = new_project("x", "/p", Facts(classes=("0", "1", "2"), grey=True, median_height=28, median_width=28))
    recipe = msgspec.structs.replace(project.recipe, fit="pad")
    model = build(project.network, context_of(project, 3, BUILT_IN)).model
    save_model(model, tmp_path / "run.keras", Card(recipe=recipe, class_names=("0", "1", "2"), label_mode="categorical"))
    base = ProjectBases(place).require_own(copy_into_project(tmp_path / "run.keras", place))
    assert (base.own.recipe, base.own.classes, base.own.scales, base.own.notes) == (recipe, ("0", "1", "2"), True, ())
    assert "0, 1, 2" in base.help.es
    made = started(base)
    assert made.recipe.fit == "pad" and made.recipe.normalization == "base"
    pictures = pictures_of(base)
    wanted = cut(model, base.own.end).predict_on_batch(pictures)
    np.testing.assert_allclose(built(base, made).layers["base"].predict_on_batch(pictures), wanted, atol=1e-5)


def test_the_probe_ranks_an_own_base(place, pictures, tmp_path):
    from cnnstudio.core.jobs import Probe
    from cnnstudio.engine.linear_probe import probe
    from tests.engine.collections_of_pictures import CLASSES, write_manifest

    base = taken(stirred(residual()), place)
    root, entries = pictures
    write_manifest(tmp_path / "m.jsonl", root, entries, CLASSES[:2], "binary")
    gone = base.id[:-8] + "0.keras"
    job = Probe(manifest=str(tmp_path / "m.jsonl"), target=str(tmp_path / "p.json"), bases=(base.id, gone),
                project=str(place), cache=str(tmp_path / "cache"))
    recorder = Recorder()
    assert isinstance(probe(job, recorder), Finished)
    found = recorder.of(BasesProbed)[-1]
    assert [(row.base, row.features) for row in found.rows] == [(base.id, base.features)]
    assert {name: problem.code for name, problem in found.failed.items()} == {gone: "own_base_missing"}


@pytest.mark.parametrize(("make", "line"), [(lenet, "none"), (residual, "last"), (residual, "all")])
def test_pytorch_answers_as_the_network_with_an_own_base(make, line, place, tmp_path):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (pip install torch)")
    from cnnstudio.engine.weight_transfer import save_state, torch_state
    from cnnstudio.interchange.printing.torch.module import torch_model
    from cnnstudio.interchange.printing.torch.script import torch_code
    from cnnstudio.interchange.printing.torch.weights import base_state

    base = taken(stirred(make()), place)
    project = started(base, trainable_from=line)
    context = context_of(project, 3, bases_of(base))
    model = built(base, project).model
    names: dict[str, object] = {}
    exec(torch_code(project.network, context), names)  # our own text, printed a moment ago
    network = names["Network"]()
    save_state(torch_state(model, torch_model(project.network, context)), tmp_path / "w.npz")
    names["load_weights"](network, tmp_path / "w.npz")
    # The whole script has the weights of the base from its file alone.
    node = next(node for node in project.network.nodes if node.type == "PretrainedBase")
    alone = base_state(project.network, context, node.id, base, values_of(node, LAYERS["PretrainedBase"]))
    assert alone.keys() == getattr(network, node.id).state_dict().keys()
    for name, array in alone.items():
        np.testing.assert_array_equal(array, getattr(network, node.id).state_dict()[name].numpy(), err_msg=name)
    pictures = pictures_of(base)
    with torch.no_grad():
        found = network.eval()(torch.from_numpy(pictures.transpose(0, 3, 1, 2).copy())).numpy()
    np.testing.assert_allclose(found, model.predict_on_batch(pictures), atol=1e-4)
    trainable = sum(each.numel() for each in network.parameters() if each.requires_grad)
    assert trainable == report(project.network, context).trainable


def test_the_exported_keras_source_needs_no_file_of_the_project(place, tmp_path, monkeypatch):
    from cnnstudio.engine.exporting.keras_writers import state
    from cnnstudio.engine.weight_transfer import save_state
    from cnnstudio.interchange.printing.keras.script import keras_source

    for make in (lenet, residual):
        base = taken(stirred(make()), place)
        project = started(base)
        model = built(base, project).model
        names: dict[str, object] = {}
        monkeypatch.chdir(tmp_path)
        text = keras_source(project.network, context_of(project, 3, bases_of(base)))
        assert "bases/" not in text.replace('"""', "").split("takes 0-255")[1]
        exec(text, names)  # our own text, printed a moment ago
        save_state(state(model, names["model"]), tmp_path / "w.npz")
        names["load_weights"](names["model"], tmp_path / "w.npz")
        pictures = np.random.default_rng(1).integers(0, 256, (2, *model.input_shape[1:])).astype("float32")
        np.testing.assert_allclose(names["model"].predict_on_batch(pictures), model.predict_on_batch(pictures), atol=1e-5)
