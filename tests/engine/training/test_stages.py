"""Stages of a training: features or pictures, what learns, running epochs, and the same after a break."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.context import context_of
from cnnstudio.catalog.networks import network_builder
from cnnstudio.core import stage_edits
from cnnstudio.core.events import Batch, Epoch, Finished, Notice, Stopped
from cnnstudio.core.item import Item, Step
from cnnstudio.core.training import Stage
from cnnstudio.engine import models
from cnnstudio.engine.training.checkpoints import read_checkpoint
from cnnstudio.interchange.printing.keras.script import keras_script
from cnnstudio.interchange.printing.torch.module import torch_model
from cnnstudio.interchange.printing.torch.script import torch_script
from tests.engine.collections_of_pictures import CLASSES, augmented, replace, small_network, small_project
from tests.engine.conftest import metrics_of, stop_at
from tests.engine.test_script import run as run_script

STOP = Step(id="early_stopping", type="EarlyStopping", params={"patience": 1, "restore_best_weights": True})


@pytest.fixture(autouse=True)
def every_batch(monkeypatch):
    monkeypatch.setattr("cnnstudio.engine.training.reporter.EVENT_SECONDS", -1.0)


def stage(identifier, epochs=2, rate=0.01, **settings):
    return Stage(id=identifier, epochs=epochs, optimizer=Item(type="adam", params={"learning_rate": rate}),
                 **{"callbacks": (), **settings})


def planned(*stages, project=None):
    return stage_edits.with_stages(project or small_project(), stages)


def restless(*stages):
    project = augmented(small_project())
    return planned(*stages, project=replace(project, network=small_network(dropout=0.3, batch_normalization=True)))


def based(*stages, ends_at="conv_1"):
    """The beginning of a frozen base with random weights and a head, on pictures of 32 x 32: a whole base is no different,
    but slow to trace."""
    drawing = network_builder()
    drawing.add("Input")
    drawing.add("PretrainedBase", base="mobilenet", weights="random", pooling="avg", ends_at=ends_at)
    drawing.add("Dropout", rate=0.2)
    drawing.add("Output")
    project = small_project(batch_size=12)
    return planned(*stages, project=replace(
        project, network=drawing.network("based"), recipe=replace(project.recipe, height=32, width=32)))


def arrays_of(run):
    return [np.asarray(weight) for weight in models.load(run.folder).model.weights]


def equal(first, second):
    return all(np.array_equal(mine, theirs) for mine, theirs in zip(first, second, strict=True))


def test_epochs_go_on_counting_and_events_name_their_stage(new_run, train_run):
    last, recorder = train_run(new_run(planned(stage("a", 2), stage("b", 3))))
    assert isinstance(last, Finished)
    assert last.metrics["epoch"] == 5
    assert [(event.epoch, event.epochs, event.stage) for event in recorder.of(Epoch)] == [
        (1, 5, 0), (2, 5, 0), (3, 5, 1), (4, 5, 1), (5, 5, 1)]
    assert {(event.epoch, event.stage) for event in recorder.of(Batch)} == {(1, 0), (2, 0), (3, 1), (4, 1), (5, 1)}
    assert recorder.of(Batch)[0].seconds_left > recorder.of(Batch)[-2].seconds_left >= 0


def test_a_stage_that_ends_early_shortens_the_plan(new_run, train_run):
    eager = replace(STOP, params=STOP.params | {"min_delta": 10.0})
    last, recorder = train_run(new_run(planned(stage("a", 9, callbacks=(eager,)), stage("b", 2))))
    assert [(event.epoch, event.epochs, event.stage) for event in recorder.of(Epoch)] == [
        (1, 11, 0), (2, 11, 0), (3, 4, 1), (4, 4, 1)]
    assert last.metrics["epoch"] == 4


def test_a_later_stage_begins_with_a_new_optimizer_and_the_kept_weights(new_run, train_run):
    """Two stages are two trainings, the second from the weights of the first."""
    run = new_run(planned(stage("a", 2), stage("b", 1, rate=0.0)))
    train_run(run)
    alone = new_run(planned(stage("a", 2)))
    train_run(alone)
    assert equal(arrays_of(run), arrays_of(alone))
    position, arrays = read_checkpoint(run.checkpoints)
    assert (position.stage, position.before, position.epoch) == (1, 2, 3)
    assert int(arrays["optimizer"][0]) == 5, "the steps of the second stage alone"


@pytest.mark.parametrize("moment", [pytest.param((1, 3), marks=pytest.mark.nightly), (3, 2),
                                    pytest.param((3, 4), marks=pytest.mark.nightly),
                                    pytest.param((4, 1), marks=pytest.mark.nightly),
                                    pytest.param((5, 5), marks=pytest.mark.nightly)])
def test_resumed_in_any_stage_equals_unbroken(new_run, train_run, unbroken, moment):
    stages = (stage("a", 2, callbacks=(STOP,)), stage("b", 3, 0.002, schedule=Item(
        type="CosineDecay", params={"initial_learning_rate": 0.002})))
    wanted = unbroken(restless(*stages))
    run = new_run(restless(*stages))
    last, first = train_run(run, on_event=stop_at(*moment))
    if moment != (5, 5):
        assert isinstance(last, Stopped)
        last, second = train_run(run, resume=True)
        assert metrics_of(first) + metrics_of(second) == wanted.epochs
    assert last.metrics == wanted.metrics
    assert equal(arrays_of(run), wanted.arrays)


def test_stopped_in_the_first_epoch_of_a_later_stage_keeps_the_stage_before(new_run, train_run):
    run = new_run(planned(stage("a", 2), stage("b", 2, rate=1.0)))
    last, recorder = train_run(run, on_event=stop_at(3, 2))
    assert isinstance(last, Stopped)
    assert last.metrics == recorder.of(Epoch)[1].metrics | {"epoch": 2.0}
    alone = new_run(planned(stage("a", 2)))
    train_run(alone)
    assert equal(arrays_of(run), arrays_of(alone))


HEAD, WHOLE = stage("head", 2, trainable_from="none"), stage("tuning", 2, 0.001, trainable_from="all")


def base_arrays(run):
    return [np.asarray(weight) for weight in models.load(run.folder).model.get_layer("base").weights]


def notices(recorder):
    return [event.problem.code for event in recorder.of(Notice)]


def test_a_frozen_stage_trains_on_features_and_a_later_one_on_pictures(new_run, train_run, monkeypatch):
    seen = []
    from cnnstudio.engine.training import trainer

    original = trainer.StageTrainer.run

    def run_stage(self, resumed):
        seen.append((self._model.name, len(self._model.trainable_variables)))
        return original(self, resumed)

    monkeypatch.setattr(trainer.StageTrainer, "run", run_stage)
    _last, recorder = train_run(first := new_run(based(HEAD)))
    # The whole model goes on where the head stopped.
    steps = sum(event.batches for event in {event.epoch: event for event in recorder.of(Batch)}.values())
    optimizer = keras.saving.load_model(first.model_path).optimizer
    assert int(optimizer.iterations) == steps > 0
    assert any(np.asarray(variable).any() for variable in optimizer.variables[2:])
    seen.clear()
    last, recorder = train_run(run := new_run(based(HEAD, WHOLE)))
    assert isinstance(last, Finished)
    assert notices(recorder).count("features_kept") == 1
    assert [name for name, _count in seen] == ["head", "network"]
    assert seen[0][1] == 2
    assert seen[1][1] == seen[0][1] + 3, "three kernels; the normalisation of a base stays"
    assert not equal(base_arrays(run), base_arrays(first))


@pytest.mark.parametrize("moment", [pytest.param((2, 1), marks=pytest.mark.nightly), (3, 1),
                                    pytest.param((4, 1), marks=pytest.mark.nightly)])
def test_a_break_in_any_of_them_changes_nothing(new_run, train_run, unbroken, moment):
    wanted = unbroken(based(HEAD, WHOLE))
    run = new_run(based(HEAD, WHOLE))
    _last, first = train_run(run, on_event=stop_at(*moment))
    last, second = train_run(run, resume=True)
    assert metrics_of(first) + metrics_of(second) == wanted.epochs
    assert last.metrics == wanted.metrics
    assert equal(arrays_of(run), wanted.arrays)


def test_features_of_a_base_that_learned_before_are_its_own(new_run, train_run):
    """Frozen again after it learned: a break there must not bring back the base as it was."""
    again = stage("again", 2, trainable_from="none")
    whole, unbroken = train_run(kept := new_run(based(WHOLE, again)))
    run = new_run(based(WHOLE, again))
    _last, first = train_run(run, on_event=stop_at(4, 1))
    last, second = train_run(run, resume=True)
    assert metrics_of(first) + metrics_of(second) == metrics_of(unbroken)
    assert last.metrics == whole.metrics
    assert equal(arrays_of(run), arrays_of(kept))


def test_the_printed_scripts_freeze_and_free_the_base_as_the_stages_do(tmp_path, monkeypatch):
    project = based(replace(HEAD, epochs=1), replace(WHOLE, epochs=1))
    text = keras_script(project, context_of(project, 2, BUILT_IN), 24)
    monkeypatch.chdir(tmp_path)
    found = run_script(text, tmp_path, monkeypatch, CLASSES[:2])
    # Freed, but for its normalisation.
    assert found["model"].get_layer("conv1").trainable
    assert not found["model"].get_layer("conv1_bn").trainable
    assert "    layer.trainable = False\n" in text
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (pip install torch)")
    text = torch_script(project, context_of(project, 2, BUILT_IN), 24)
    assert "# Not in PyTorch" not in text
    network = run_script(text, tmp_path, monkeypatch, CLASSES[:2])["network"]
    assert learning_layers(network, project) == {"conv1", "conv_dw_1", "conv_pw_1", "output"}
    assert isinstance(network.base, torch.nn.Module)
    middle = based(HEAD, replace(WHOLE, trainable_from="conv_12"), ends_at="all")
    text = torch_script(middle, context_of(middle, 2, BUILT_IN), 24)
    network = run_script(text, tmp_path, monkeypatch, CLASSES[:2])["network"]
    assert learning_layers(network, middle) == {"conv_dw_12", "conv_pw_12", "conv_dw_13", "conv_pw_13", "output"}


def learning_layers(network, project):
    """The Keras layers whose weights in PyTorch learn."""
    model = torch_model(project.network, context_of(project, 2, BUILT_IN), logits=True)
    layers = {key: carried.layer[-1] for carried in model.carried for key, _weight in carried.entries}
    return {layers[name] for name, value in network.named_parameters() if value.requires_grad}
