"""Callbacks that keep models and tables, the time budget, and the end at a loss that is no number."""

from __future__ import annotations

import csv
import warnings

import keras
import msgspec
import numpy as np
import pytest

from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.context import context_of
from cnnstudio.core.events import Artifact, Epoch, Stopped
from cnnstudio.core.item import Item, Step
from cnnstudio.core.problems import ProblemError
from cnnstudio.engine import models
from cnnstudio.interchange.printing.keras.script import keras_script
from cnnstudio.interchange.printing.torch.script import torch_script
from cnnstudio.workers.runs.kept_checkpoints import find_kept, kept_checkpoints
from tests.engine.collections_of_pictures import CLASSES, dense_network, small_project
from tests.engine.test_script import run as run_script
from tests.engine.training.test_stages import HEAD, WHOLE, based
from tests.engine.training.test_training import metrics_of, stop_at


@pytest.fixture(autouse=True)
def every_batch(monkeypatch):
    monkeypatch.setattr("cnnstudio.engine.training.reporter.EVENT_SECONDS", -1.0)


def keeping(**params):
    return Step(id="keep", type="ModelCheckpoint", params=params)


def test_models_are_kept_whole_and_listed_with_their_metrics(new_run, train_run):
    run = new_run(small_project(epochs=4, callbacks=(keeping(files="all", epochs=2),)))
    _last, recorder = train_run(run)
    kept = kept_checkpoints(run)
    assert [item.epoch for item in kept] == [2, 4]
    assert [item.metrics for item in kept] == [recorder.of(Epoch)[1].metrics, recorder.of(Epoch)[3].metrics]
    assert [event.path for event in recorder.of(Artifact) if event.kind == "kept_model"] == [str(item.path) for item in kept]
    last = models.load(kept[1].path)
    assert last.card.class_names == models.load(run.folder).card.class_names
    for one, other in zip(last.model.weights, models.load(run.folder).model.weights, strict=True):
        np.testing.assert_array_equal(one, other)
    again = new_run(small_project(epochs=2))
    train_run(again)
    for one, other in zip(models.load(kept[0].path).model.weights, models.load(again.folder).model.weights, strict=True):
        np.testing.assert_array_equal(one, other)
    assert keras.saving.load_model(kept[0].path, safe_mode=True).optimizer is not None
    assert find_kept(run, 4) == kept[1]
    assert find_kept(run, 3) is None


def load_silently(path):
    """The model as plain Keras opens it, without a word."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return keras.saving.load_model(path, safe_mode=True)


@pytest.mark.parametrize("settings", [
    {}, {"optimizer": Item(type="sgd", params={"learning_rate": 0.01, "momentum": 0.9, "use_ema": True}), "accumulation": 2},
    {"schedule": Item(type="OneCycle"), "precision": "mixed_bfloat16"}, {"precision": "mixed_float16"}], ids=str)
def test_plain_keras_opens_a_kept_model_with_the_state_of_its_optimizer(new_run, train_run, settings):
    run = new_run(small_project(epochs=2, callbacks=(keeping(files="all"),), **settings))
    train_run(run)
    (first, last), end = kept_checkpoints(run), load_silently(run.model_path).optimizer
    of_first, of_last = load_silently(first.path).optimizer, load_silently(last.path).optimizer
    assert int(of_last.iterations) == int(end.iterations) > int(of_first.iterations) > 0
    assert len(of_last.variables) == len(end.variables)
    for one, other in zip(of_last.variables, end.variables, strict=True):
        np.testing.assert_array_equal(one, other)


def test_plain_keras_opens_kept_models_of_every_stage(new_run, train_run):
    run = new_run(based(*(msgspec.structs.replace(stage, callbacks=(keeping(files="all"),)) for stage in (HEAD, WHOLE))))
    train_run(run)
    assert all(int(load_silently(item.path).optimizer.iterations) for item in kept_checkpoints(run))


def test_keeping_models_changes_no_number(new_run, train_run, unbroken):
    plain = unbroken(small_project(epochs=3))
    _last, recorder = train_run(new_run(small_project(epochs=3, callbacks=(keeping(files="all"),))))
    assert metrics_of(recorder) == plain.epochs


@pytest.mark.parametrize("moment", [(3, 1), pytest.param((5, 2), marks=pytest.mark.nightly)])
def test_the_best_is_kept_and_a_break_changes_nothing(new_run, train_run, moment):
    step = keeping(save_best_only=True, monitor="val_accuracy")
    whole = new_run(small_project(epochs=6, callbacks=(step,)))
    _last, recorder = train_run(whole)
    run = new_run(small_project(epochs=6, callbacks=(step,)))
    stopped, _first = train_run(run, on_event=stop_at(*moment))
    assert isinstance(stopped, Stopped)
    train_run(run, resume=True)
    (wanted,), (kept,) = kept_checkpoints(whole), kept_checkpoints(run)
    values = [event.metrics["val_accuracy"] for event in recorder.of(Epoch)]
    assert wanted.epoch == kept.epoch == 1 + values.index(max(values))
    for one, other in zip(models.load(kept.path).model.weights, models.load(wanted.path).model.weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_whole_network_is_kept_where_only_a_head_is_trained(new_run, train_run):
    stages = [msgspec.structs.replace(stage, callbacks=(keeping(files="all"),)) for stage in (HEAD, WHOLE)]
    run = new_run(based(*stages))
    train_run(run)
    kept = kept_checkpoints(run)
    assert [item.epoch for item in kept] == list(range(1, 1 + HEAD.epochs + WHOLE.epochs))
    whole = models.load(run.folder).model
    for item in kept:
        assert [weight.shape for weight in models.load(item.path).model.weights] == [weight.shape for weight in whole.weights]
    for one, other in zip(models.load(kept[-1].path).model.weights, whole.weights, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("moment", [pytest.param((1, 2), marks=pytest.mark.nightly), (3, 1)])
def test_the_table_has_every_epoch_once(new_run, train_run, moment):
    step = Step(id="table", type="CSVLogger", params={"separator": ";"})
    run = new_run(small_project(epochs=4, callbacks=(step,)))
    stopped, first = train_run(run, on_event=stop_at(*moment))
    assert isinstance(stopped, Stopped)
    _last, second = train_run(run, resume=True)
    rows = list(csv.DictReader((run.folder / "table.csv").open(encoding="utf-8"), delimiter=";"))
    assert [int(row["epoch"]) for row in rows] == [0, 1, 2, 3]
    assert [{name: float(value) for name, value in row.items() if name != "epoch"} for row in rows] == (
        metrics_of(first) + metrics_of(second))


def test_the_time_budget_counts_what_was_used_before_a_break(new_run, train_run, monkeypatch):
    import time

    clock = {"now": 0.0}

    def tick():
        clock["now"] += 1.0
        return clock["now"]

    from types import SimpleNamespace

    from cnnstudio.engine.names import resolve

    module = resolve("own.TimeBudget")
    monkeypatch.setitem(module.on_train_begin.__globals__, "time", SimpleNamespace(monotonic=tick))
    assert time.monotonic is not tick
    step = Step(id="budget", type="TimeBudget", params={"minutes": 15 / 60})
    whole = new_run(small_project(epochs=20, callbacks=(step,)))
    _last, recorder = train_run(whole)
    count = len(recorder.of(Epoch))
    assert 1 < count < 20
    clock["now"] = 0.0
    run = new_run(small_project(epochs=20, callbacks=(step,)))
    stopped, first = train_run(run, on_event=stop_at(2, 1))
    assert isinstance(stopped, Stopped)
    clock["now"] = 500.0
    _last, second = train_run(run, resume=True)
    assert len(first.of(Epoch)) + len(second.of(Epoch)) == count


def test_a_loss_that_is_no_number_ends_it_at_the_batch(new_run, train_run, monkeypatch):
    seen: list = []
    monkeypatch.setattr("cnnstudio.engine.training.reporter.EVENT_SECONDS", 1000.0)
    project = small_project(epochs=30, callbacks=(Step(id="nan", type="TerminateOnNaN"),), optimizer=Item(
        type="sgd", params={"learning_rate": 1e18, "momentum": 0.9}))
    with pytest.raises(ProblemError) as caught:
        train_run(new_run(msgspec.structs.replace(project, network=dense_network())),
                  on_event=lambda _link, event: seen.append(event))
    assert caught.value.problems[0].code == "nan_loss"
    assert not any(isinstance(event, Epoch) for event in seen), "it did not wait for the end of the epoch"


@pytest.mark.parametrize("framework", ["keras", "torch"])
def test_the_scripts_keep_models_and_tables(tmp_path, monkeypatch, framework):
    pytest.importorskip("torch", reason="PyTorch is not installed (pip install torch)")
    steps = (keeping(save_best_only=True), Step(id="all_of_them", type="ModelCheckpoint", params={"files": "all", "epochs": 2}),
             Step(id="table", type="CSVLogger"), Step(id="nan", type="TerminateOnNaN"),
             Step(id="budget", type="TimeBudget", params={"minutes": 5.0}))
    project = small_project(epochs=4, callbacks=steps)
    context = context_of(project, len(CLASSES), BUILT_IN)
    text = keras_script(project, context, 18) if framework == "keras" else torch_script(project, context, 18)
    found = run_script(text, tmp_path, monkeypatch, CLASSES)
    rows = list(csv.DictReader((tmp_path / "table.csv").open(encoding="utf-8")))
    assert [row["epoch"] for row in rows] == ["0", "1", "2", "3"]
    suffix = "keras" if framework == "keras" else "npz"
    folder = tmp_path / "kept" if framework == "keras" else tmp_path
    assert {path.name for path in folder.glob(f"*.{suffix}")} >= {
        f"keep.{suffix}", f"all_of_them-00002.{suffix}", f"all_of_them-00004.{suffix}"}
    assert not (folder / f"all_of_them-00003.{suffix}").exists()
    if framework == "torch":
        with np.load("all_of_them-00004.npz") as archive, np.load("weights.npz") as last:
            assert all(np.array_equal(archive[name], last[name]) for name in last.files)
    assert found


@pytest.mark.parametrize("kind", ["ModelCheckpoint", "CSVLogger", "TensorBoard"])
def test_a_run_from_elsewhere_writes_nothing_beside_itself(new_run, train_run, kind):
    run = new_run(small_project(epochs=1, callbacks=(Step(id="../../evil", type=kind),)))
    before = sorted(run.project_folder.rglob("*evil*"))
    with pytest.raises(ProblemError) as caught:
        train_run(run)
    assert caught.value.problems[0].code == "callback_id"
    assert sorted(run.project_folder.rglob("*evil*")) == before == []
