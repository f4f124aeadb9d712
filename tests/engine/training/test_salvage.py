"""Runs that did not end well give a model; runs go on under other settings and for more epochs."""

from __future__ import annotations

import warnings

import keras
import msgspec
import numpy as np
import pytest

from cnnstudio.core.edits import set_field
from cnnstudio.core.events import Epoch, Notice
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import same
from cnnstudio.engine import model_card, models, run_models
from cnnstudio.engine.training.checkpoints import read_checkpoint, write_checkpoint
from cnnstudio.workers.runs.resuming import resumed_job
from tests.engine.collections_of_pictures import small_project

replace = msgspec.structs.replace


def with_training(project, **fields):
    for name, value in fields.items():
        project = set_field(project, "training", name, value)
    return project


def codes(recorder):
    return [event.problem.code for event in recorder.of(Notice)]


def test_a_run_that_ran_away_gives_the_model_of_its_last_whole_epoch(new_run, train_run):
    run = new_run(small_project(epochs=4))

    def fail(_recorder, event):
        if isinstance(event, Epoch) and event.epoch == 2:
            raise ProblemError(error("nan_loss", same("The loss is not a number."), "training"))

    with pytest.raises(ProblemError):
        train_run(run, on_event=fail)
    assert run.has_model_file
    weights = models.load(run.folder).model.get_weights()
    assert all(np.isfinite(weight).all() for weight in weights)


def test_a_killed_run_gives_a_model_when_it_is_asked_for(new_run, train_run):
    run = new_run(small_project(epochs=2))
    last, _recorder = train_run(run)
    kept = models.load(run.folder).model.get_weights()
    run.model_path.unlink()
    assert run.has_model
    assert run.summary().has_model
    again = run_models.load(run.folder).model.get_weights()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        keras.saving.load_model(run.model_path, safe_mode=True)
    assert all(np.array_equal(one, other) for one, other in zip(kept, again, strict=True))
    assert last.metrics["epoch"] == 2

    # A newer checkpoint whose weights are not finite is passed over for the one before.
    position, arrays = read_checkpoint(run.checkpoints)
    spoiled = {**arrays, "model": [np.full_like(array, np.nan) for array in arrays["model"]]}
    write_checkpoint(run.checkpoints, replace(position, epoch=3), spoiled)
    run.model_path.unlink()
    again = run_models.load(run.folder).model.get_weights()
    assert all(np.array_equal(one, other) for one, other in zip(kept, again, strict=True))

    # Nothing finite: no model, and the reason in words.
    for path in run.checkpoints.iterdir():
        path.unlink()
    write_checkpoint(run.checkpoints, replace(position, epoch=3), spoiled)
    run.model_path.unlink()
    with pytest.raises(ProblemError, match="no model"):
        run_models.load(run.folder)


def test_a_finished_run_goes_on_for_more_epochs_under_other_settings(new_run, train_run):
    run = new_run(small_project(epochs=2))
    train_run(run)
    wanted = with_training(run.spec(), epochs=3, optimizer=replace(
        run.spec().training.last_stage.optimizer, params={"learning_rate": 0.0005}))
    assert resumed_job(run, wanted).resume
    last, recorder = train_run(run, resume=True)
    assert "settings_changed" in codes(recorder)
    assert [event.epoch for event in recorder.of(Epoch)] == [3]
    assert recorder.of(Epoch)[0].metrics["learning_rate"] == pytest.approx(0.0005)
    assert last.metrics["epoch"] == 3

    # Once more: nothing differs from what the checkpoint was trained with.
    _last, recorder = train_run(run, resume=True)
    assert "settings_changed" not in codes(recorder)
    assert recorder.of(Epoch) == []

    # Another optimizer starts afresh and says so.
    other = with_training(run.spec(), epochs=4, optimizer=replace(
        run.spec().training.last_stage.optimizer, type="sgd", params={"learning_rate": 0.01, "momentum": 0.9}))
    resumed_job(run, other)
    _last, recorder = train_run(run, resume=True)
    assert [event.epoch for event in recorder.of(Epoch)] == [4]
    assert "starts_afresh" in codes(recorder)


def test_what_cannot_change_is_refused_and_nothing_is_written(new_run):
    run = new_run(small_project(epochs=2))
    before = run.spec_path.read_bytes()
    for other in (set_field(run.spec(), "recipe", "height", 20), with_training(run.spec(), batch_size=0)):
        with pytest.raises(ProblemError):
            resumed_job(run, other)
    assert run.spec_path.read_bytes() == before


class TestForeignModels:
    """Files without a card of this program."""

    def network(self, last):
        inputs = keras.Input((8, 8, 3), name="picture")
        return keras.Model(inputs, last(keras.layers.Flatten()(inputs)))

    @pytest.mark.parametrize(("activation", "units", "noticed"), [
        ("softmax", 3, ""), (None, 3, "softmax"), (None, 1, "sigmoid"), ("sigmoid", 1, ""), ("sigmoid", 3, "add up to 1")])
    @pytest.mark.parametrize("suffix", [".keras", ".h5"])
    @pytest.mark.parametrize("is_sequential", [False, True])
    def test_scores_become_probabilities_and_what_is_assumed_is_told(self, tmp_path, activation, units, noticed, suffix,
                                                                     is_sequential):
        keras.utils.set_random_seed(1)
        last = keras.layers.Dense(units, activation=activation)
        layers = [keras.Input((8, 8, 3)), keras.layers.Flatten(), last]
        model = keras.Sequential(layers) if is_sequential else self.network(last)
        model.save(tmp_path / f"model{suffix}")
        loaded = models.load(tmp_path / f"model{suffix}")
        assert "does not say how it was trained" in loaded.notes[0].en
        assert (noticed in loaded.notes[-1].en) if noticed else len(loaded.notes) == 1
        pixels = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 3)).astype(np.float32)
        answers = model_card.probabilities(np.asarray(loaded.model(pixels)), loaded.card.label_mode)
        assert answers.min() >= 0
        assert answers.max() <= 1
        if noticed != "add up to 1":
            assert np.allclose(answers.sum(axis=-1), 1, atol=1e-5)

    def test_other_shapes_are_refused_with_the_reason(self, tmp_path):
        inputs = keras.Input((8, 8, 3))
        flat = keras.layers.Flatten()(inputs)
        keras.Model(inputs, [keras.layers.Dense(2, name="kind")(flat), keras.layers.Dense(1, name="age")(flat)]).save(
            tmp_path / "two.keras")
        with pytest.raises(ProblemError, match="kind, age"):
            models.load(tmp_path / "two.keras")
        free = keras.Input((None, None, 3))
        keras.Model(free, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(free))).save(tmp_path / "free.keras")
        with pytest.raises(ProblemError, match="does not say which size of pictures"):
            models.load(tmp_path / "free.keras")
