"""Checkpoints: written beside the training within a budget, whole or passed over, and enough to go on exactly."""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import threading
import time

import keras
import numpy as np
import pytest

from cnnstudio.catalog.training import OPTIMIZERS
from cnnstudio.core import stage_edits
from cnnstudio.core.commands import Pause
from cnnstudio.core.events import Artifact, Batch, Epoch, Failed, Finished, Notice, Paused
from cnnstudio.core.item import Item, Step
from cnnstudio.core.jobs import Train
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.training import Stage
from cnnstudio.engine import models
from cnnstudio.engine.training import checkpoints, snapshots, writer
from cnnstudio.engine.training.checkpoints import Position, read_checkpoint, write_checkpoint
from cnnstudio.engine.training.writer import CheckpointWriter
from cnnstudio.workers.supervisor import Supervisor
from tests.engine.collections_of_pictures import augmented, replace, small_network, small_project
from tests.engine.conftest import stop_at


@pytest.fixture
def made(tmp_path):
    """(a writer, the seconds at risk that it told)."""
    told = []
    found = CheckpointWriter(tmp_path / "checkpoints", lambda _path, seconds: told.append(seconds))
    yield found, told
    found.close()


def snapshot(epoch):
    return Position(epoch=epoch), {"model": [np.full(10, epoch)]}


def held(monkeypatch):
    """Writes wait for the returned event; the other one tells that a write has begun."""
    begun, go = threading.Event(), threading.Event()

    def slow(folder, position, arrays):
        begun.set()
        assert go.wait(10)
        return write_checkpoint(folder, position, arrays)

    monkeypatch.setattr(writer, "write_checkpoint", slow)
    return begun, go


def test_the_training_goes_on_while_one_is_written_and_the_newest_that_waits_counts(made, monkeypatch, tmp_path):
    found, _told = made
    begun, go = held(monkeypatch)
    found.submit(lambda: snapshot(1))
    assert begun.wait(10)
    for epoch in (2, 3, 4):
        found.submit(lambda epoch=epoch: snapshot(epoch))
        assert not found.due
    go.set()
    found.flush()
    names = sorted(path.name[:11] for path in (tmp_path / "checkpoints").iterdir())
    assert names == ["epoch-00001", "epoch-00004"]
    assert read_checkpoint(tmp_path / "checkpoints")[0].epoch == 4


def test_what_still_waits_at_the_end_is_written(tmp_path, monkeypatch):
    begun, go = held(monkeypatch)
    found = CheckpointWriter(tmp_path, lambda _path, _seconds: None)
    found.submit(lambda: snapshot(1))
    assert begun.wait(10)
    found.submit(lambda: snapshot(2))
    go.set()
    found.close()
    assert read_checkpoint(tmp_path)[0].epoch == 2


def test_the_budget_follows_what_a_write_takes(made, monkeypatch):
    found, told = made
    now = [100.0]
    monkeypatch.setattr(writer.time, "monotonic", lambda: now[0])

    def slow(_folder, _position, _arrays):
        now[0] += 3.0

    monkeypatch.setattr(writer, "write_checkpoint", slow)
    found.submit(lambda: snapshot(1))
    found.flush()
    assert found.interval == pytest.approx(3.0 / writer.SHARE)
    assert told == [63]
    assert not found.due
    now[0] += 3.0 / writer.SHARE
    assert found.due


def test_a_full_disk_is_told_by_the_next_call_and_nothing_half_written_stays(made, monkeypatch, tmp_path):
    found, told = made

    def full(*_arguments, **_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoints.np, "savez", full)
    found.submit(lambda: snapshot(1))
    with pytest.raises(ProblemError) as caught:
        found.flush()
    assert caught.value.problems[0].code == "no_space"
    assert not list((tmp_path / "checkpoints").iterdir())
    assert not told


@pytest.mark.parametrize("change", ["cut", "flip", "empty"])
def test_a_torn_or_changed_file_is_passed_over(tmp_path, change):
    for epoch in (1, 2):
        write_checkpoint(tmp_path, Position(epoch=epoch), {"model": [np.arange(1000) * epoch]})
    newest = max(tmp_path.iterdir())
    data = bytearray(newest.read_bytes())
    if change == "flip":
        data[4000] ^= 1
    newest.write_bytes({"cut": data[:-100], "flip": data, "empty": b""}[change])
    position, arrays = read_checkpoint(tmp_path)
    assert position.epoch == 1
    np.testing.assert_array_equal(arrays["model"][0], np.arange(1000))


def test_a_long_epoch_is_kept_in_its_middle_and_what_a_crash_costs_is_told(new_run, train_run, monkeypatch):
    monkeypatch.setattr(writer, "SHORTEST_SECONDS", 0.0)
    monkeypatch.setattr(writer, "SHARE", 1e9)
    seen = []
    original = writer.write_checkpoint
    monkeypatch.setattr(writer, "write_checkpoint", lambda folder, position, arrays: (
        seen.append((position.epoch, position.batch)), original(folder, position, arrays))[1])
    last, recorder = train_run(new_run(small_project()))
    assert isinstance(last, Finished)
    assert [place for place in seen if place[1]], "only whole epochs were kept"
    assert seen[-1] == (3, 0)
    assert seen == sorted(seen)
    written = [event for event in recorder.of(Artifact) if event.kind == "checkpoint"]
    assert len(written) == len(seen)
    assert all(event.seconds_at_risk >= 1 for event in written)
    notice = next(event.problem for event in recorder.of(Notice) if event.problem.code == "seconds_at_risk")
    assert notice.severity == "info"


def test_without_a_budget_only_what_must_be_kept_is(new_run, train_run, monkeypatch):
    monkeypatch.setattr(writer, "SHORTEST_SECONDS", 1e9)
    seen = []
    original = writer.write_checkpoint
    monkeypatch.setattr(writer, "write_checkpoint", lambda folder, position, arrays: (
        seen.append(position.epoch), time.sleep(0.0), original(folder, position, arrays))[2])
    worse = (Step(id="stop", type="EarlyStopping", params={"patience": 99, "restore_best_weights": True,
                                                           "min_delta": 10.0}),)
    last, recorder = train_run(run := new_run(small_project(epochs=6, callbacks=worse)))
    assert [event.best for event in recorder.of(Epoch)] == [True, *[False] * 5]
    assert seen == [1, 6], "the best and the last"
    position, _arrays = read_checkpoint(run.checkpoints)
    assert position.epoch == 6
    assert last.metrics["epoch"] == 1


def test_a_snapshot_stays_as_it_was_while_the_training_goes_on():
    """On TensorFlow it shares the memory of the variables until they change."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(300), keras.layers.BatchNormalization(),
                              keras.layers.Dropout(0.5), keras.layers.Dense(1)])
    x, y = np.random.default_rng(0).random((8, 4)), np.ones((8, 1))
    for optimizer in ("adam", "sgd", keras.optimizers.SGD(momentum=0.9)):
        model.compile(optimizer, "mse")
        model.train_on_batch(x, y)
        variables = [*snapshots.weights_of(model), *model.optimizer.variables]
        taken = snapshots.copy_weights(variables)
        expected = [np.array(keras.ops.convert_to_numpy(variable), copy=True) for variable in variables]
        model.fit(x, y, epochs=3, verbose=0)
        for mine, theirs in zip(taken, expected, strict=True):
            np.testing.assert_array_equal(mine, theirs)
        assert any((mine != keras.ops.convert_to_numpy(variable)).any()
                   for mine, variable in zip(taken, variables, strict=True))
        snapshots.assign(variables, taken, "all")
        model.train_on_batch(x, y)
        again = snapshots.copy_weights(variables)
        model.train_on_batch(x, y)
        assert any((mine != theirs).any() for mine, theirs in zip(again, snapshots.copy_weights(variables), strict=True))


@pytest.mark.parametrize("epoch", [1, 3])
def test_a_run_that_is_removed_while_it_is_trained_does_not_come_back(new_run, train_run, epoch):
    run = new_run(small_project(epochs=3, callbacks=()))

    def remove(_link, event):
        if isinstance(event, Epoch) and event.epoch == epoch:
            shutil.rmtree(run.folder)

    with pytest.raises(ProblemError):
        train_run(run, on_event=remove)
    assert not run.model_path.exists() and not run.checkpoints.exists()


def test_what_was_kept_of_a_resumed_run_is_not_trained_on(new_run, train_run, monkeypatch):
    """Stopped, resumed at the end of an epoch and stopped within the next: the epoch before counts, untouched."""
    monkeypatch.setattr("cnnstudio.engine.training.reporter.EVENT_SECONDS", -1.0)
    run = new_run(small_project(epochs=5))
    train_run(run, on_event=stop_at(3, 1))
    for path in run.checkpoints.iterdir():
        if not path.name.endswith("-000000.ckpt"):
            path.unlink()
    kept = read_checkpoint(run.checkpoints)[0].epoch
    last, _recorder = train_run(run, resume=True, on_event=stop_at(kept + 1, 4))
    assert last.metrics["epoch"] == kept
    train_run(alone := new_run(small_project(epochs=kept)))
    assert equal(run, alone)


# A run of the version before ---------------------------------------------------------------------

def test_a_checkpoint_of_the_version_before_goes_on(new_run, train_run, monkeypatch):
    """As that version wrote it: five attributes of each callback, the best weights apart, no state of the host."""
    monkeypatch.setattr("cnnstudio.engine.training.reporter.EVENT_SECONDS", -1.0)
    unbroken = train_run(kept := new_run(restless()))[1].of(Epoch)
    run = new_run(restless())
    train_run(run, on_event=stop_at(3, 2))
    position, arrays = read_checkpoint(run.checkpoints)
    for path in run.checkpoints.iterdir():
        path.unlink()
    names = ("wait", "best", "best_epoch", "stopped_epoch", "cooldown_counter")
    best = position.callbacks["early_stopping"]["best_weights"]["items"]
    old = {group: members for group, members in arrays.items() if group in ("model", "optimizer", "metrics", "random", "whole")}
    old["best"] = [arrays["callback:early_stopping"][item["number"]] for item in best]
    write_checkpoint(run.checkpoints, replace(
        position, callbacks={identifier: {name: state[name] for name in names if name in state}
                             for identifier, state in position.callbacks.items() if identifier != "history"}), old)
    last, recorder = train_run(run, resume=True)
    assert [event.metrics for event in recorder.of(Epoch)] == [event.metrics for event in unbroken[2:]]
    assert equal(run, kept)
    assert last.metrics["epoch"] > 0


# Killed ------------------------------------------------------------------------------------------

CALLBACKS = (
    Step(id="early_stopping", type="EarlyStopping", params={"patience": 5, "restore_best_weights": True}),
    Step(id="plateau", type="ReduceLROnPlateau", params={"factor": 0.5, "patience": 1, "min_delta": 0.5}))


def restless(**training):
    project = augmented(small_project(**{"epochs": 4, "callbacks": CALLBACKS, **training}))
    return replace(project, network=small_network(dropout=0.3, batch_normalization=True))


def equal(run, other):
    mine, theirs = (models.load(each.folder).model.weights for each in (run, other))
    return all(np.array_equal(first, second) for first, second in zip(mine, theirs, strict=True))


def demanding(precision):
    """Two stages: a schedule, accumulated gradients, a moving average of the weights where the optimizer has one."""
    project = restless()
    adam = Item(type="adam", params={"learning_rate": 0.01} | (
        {"use_ema": True} if any(param.name == "use_ema" for param in OPTIMIZERS["adam"].params) else {}))
    stages = (Stage(id="first", epochs=4, optimizer=adam, schedule=Item(type="CosineDecay"), callbacks=CALLBACKS[:1]),
              Stage(id="second", epochs=4, optimizer=Item(type="sgd", params={"learning_rate": 0.01, "momentum": 0.9}),
                    callbacks=CALLBACKS))
    project = stage_edits.with_stages(project, stages)
    return replace(project, training=replace(project.training, accumulation=2, precision=precision, determinism="on"))


def killed_equals_unbroken(new_run, tmp_path, project, kills, seed):
    """Real children, killed with SIGKILL at moments of a seed, some right after a pause in mid-epoch: bit for bit."""
    dice = random.Random(seed)

    def child(run, resume, moment=None, pause=False):
        supervisor = None

        def act(event):
            if isinstance(event, Batch) and moment is not None and (event.epoch, event.batch) >= moment:
                supervisor.send(Pause()) if pause else os.kill(supervisor.pid, signal.SIGKILL)
            if isinstance(event, Paused):
                os.kill(supervisor.pid, signal.SIGKILL)

        training = project.training
        job = Train(run_folder=str(run.folder), cache=str(tmp_path / "cache"), backend=training.backend,
                    determinism=training.determinism, resume=resume)
        supervisor = Supervisor(job, act)
        return supervisor.run()

    kept = new_run(project)
    whole = child(kept, False)
    assert isinstance(whole, Finished), whole
    run = new_run(project)
    epochs = sorted(dice.sample(range(1, 8), kills))
    for number, epoch in enumerate(epochs):
        last = child(run, bool(number), (epoch, dice.randint(1, 4)), pause=dice.random() < 0.5)
        assert isinstance(last, Failed), last
        assert last.problem.code == "child_killed"
        assert run.state() == "interrupted"
    last = child(run, True)
    assert isinstance(last, Finished)
    assert run.state() == "finished"
    assert last.metrics == whole.metrics
    assert [event.metrics for event in run.epochs()] == [event.metrics for event in kept.epochs()]
    assert equal(run, kept)


@pytest.mark.keras
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("backend", "kills"), [
    ("tensorflow", 1), *(pytest.param(backend, 5, marks=pytest.mark.nightly) for backend in ("tensorflow", "torch", "jax"))])
def test_killed_at_any_moment_equals_unbroken(new_run, tmp_path, backend, kills):
    pytest.importorskip(backend)
    killed_equals_unbroken(new_run, tmp_path, restless(backend=backend, epochs=8), kills, seed=5)


@pytest.mark.keras
@pytest.mark.nightly
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("backend", ["tensorflow", "torch", "jax"])
@pytest.mark.parametrize("precision", ["float32", "mixed_float16", "mixed_bfloat16"])
def test_killed_in_two_stages_equals_unbroken(new_run, tmp_path, backend, precision):
    pytest.importorskip(backend)
    project = demanding(precision)
    project = replace(project, training=replace(project.training, backend=backend))
    killed_equals_unbroken(new_run, tmp_path, project, 5, seed=11)
