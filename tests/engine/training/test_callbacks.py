"""Keras's callbacks: called as documented, and with all their state after a break."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest

from cnnstudio.core.events import Batch, Epoch, Notice, Stopped
from cnnstudio.core.item import Item
from cnnstudio.core.problems import ProblemError
from cnnstudio.engine import models
from cnnstudio.engine.training.callback_state import decode_state, encode_state
from tests.engine.collections_of_pictures import augmented, dense_network, replace, small_network, small_project
from tests.engine.conftest import metrics_of, pause_at, stop_at


@pytest.fixture(autouse=True)
def every_batch(monkeypatch):
    monkeypatch.setattr("cnnstudio.engine.training.reporter.EVENT_SECONDS", -1.0)


@pytest.fixture
def use(monkeypatch):
    """Makes every stage have these callbacks, as `make()` gives them anew for each."""
    def use_callbacks(make):
        monkeypatch.setattr("cnnstudio.engine.training.trainer.make_callbacks", lambda *_arguments: make())

    return use_callbacks


class Counter(keras.callbacks.Callback):
    """Counts everything that `fit` calls, and keeps what it is given."""

    def __init__(self):
        super().__init__()
        self.calls = {}
        self.batches = []
        self.losses = []

    def _count(self, name):
        self.calls[name] = self.calls.get(name, 0) + 1

    def on_train_begin(self, logs=None):
        self._count("train_begin")

    def on_train_end(self, logs=None):
        self._count("train_end")

    def on_epoch_begin(self, epoch, logs=None):
        self._count("epoch_begin")

    def on_epoch_end(self, epoch, logs=None):
        self._count("epoch_end")

    def on_train_batch_begin(self, batch, logs=None):
        self._count("batch_begin")

    def on_train_batch_end(self, batch, logs=None):
        self.batches.append(batch)
        self.losses.append(logs["loss"])

    def on_test_begin(self, logs=None):
        self._count("test_begin")

    def on_test_batch_end(self, batch, logs=None):
        self._count("test_batch_end")


@pytest.mark.parametrize("moment", [None, (2, 3), pytest.param((1, 4), marks=pytest.mark.nightly),
                                    pytest.param((3, 1), marks=pytest.mark.nightly)])
def test_every_hook_is_called_as_often_as_without_a_break(new_run, train_run, use, moment):
    counters = []
    use(lambda: {"counter": counters.append(Counter()) or counters[-1]})
    run = new_run(small_project())
    if moment is not None:
        last, _recorder = train_run(run, on_event=stop_at(*moment))
        assert isinstance(last, Stopped)
    train_run(run, resume=moment is not None)
    counter = counters[-1]
    # Begin and end are a process's own; a stop ends it too.
    assert {name: count for name, count in counter.calls.items() if not name.startswith("train_")} == {
        "epoch_begin": 3, "epoch_end": 3, "batch_begin": 15, "test_begin": 3, "test_batch_end": 6}
    assert counter.batches == [*range(5)] * 3
    assert all(math.isfinite(loss) for loss in counter.losses)


def test_a_pause_calls_no_hook(new_run, train_run, use):
    counters = []
    use(lambda: {"counter": counters.append(Counter()) or counters[-1]})
    train_run(new_run(small_project()), on_event=pause_at(2, 2))
    (counter,) = counters
    assert counter.batches == [*range(5)] * 3


class StopAtBatch(keras.callbacks.Callback):
    """Ends the training after so many batches."""

    def __init__(self, most):
        super().__init__()
        self.most, self.seen = most, 0

    def on_train_batch_end(self, batch, logs=None):
        self.seen += 1
        if self.seen == self.most:
            self.model.stop_training = True


def test_a_callback_may_end_the_training_within_an_epoch(new_run, train_run, use):
    use(lambda: {"stop": StopAtBatch(7)})
    run = new_run(small_project())
    last, recorder = train_run(run)
    assert [event.epoch for event in recorder.of(Epoch)] == [1, 2]
    assert [event.batch for event in recorder.of(Batch)] == [1, 2, 3, 4, 5, 1, 2]
    assert last.metrics["epoch"] == 2
    again, recorder = train_run(run, resume=True)
    assert again.metrics == last.metrics
    assert not recorder.of(Epoch)


def test_terminate_on_nan_ends_it_at_that_batch(new_run, train_run, use, monkeypatch):
    monkeypatch.setattr("cnnstudio.engine.training.reporter.EVENT_SECONDS", 1e9)
    counters = []
    use(lambda: {"nan": keras.callbacks.TerminateOnNaN(), "counter": counters.append(Counter()) or counters[-1]})
    optimizer = Item(type="sgd", params={"learning_rate": 1e18, "momentum": 0.9})
    with pytest.raises(ProblemError) as caught:
        train_run(new_run(replace(small_project(optimizer=optimizer, epochs=30), network=dense_network())))
    assert caught.value.problems[0].code == "nan_loss"
    (counter,) = counters
    assert not math.isfinite(counter.losses[-1])
    assert all(math.isfinite(loss) for loss in counter.losses[:-1])
    assert len(counter.losses) < 5


@pytest.mark.parametrize("moment", [(2, 3), pytest.param((2, 5), marks=pytest.mark.nightly),
                                    pytest.param((3, 1), marks=pytest.mark.nightly)])
def test_a_rate_that_follows_the_one_before_is_applied_once_an_epoch(new_run, train_run, use, moment):
    use(lambda: {"rate": keras.callbacks.LearningRateScheduler(lambda _epoch, rate: rate * 0.5)})
    run = new_run(small_project(epochs=4))
    _last, first = train_run(run, on_event=stop_at(*moment))
    _last, second = train_run(run, resume=True)
    assert [metrics["learning_rate"] for metrics in (*metrics_of(first), *metrics_of(second))] == pytest.approx(
        [0.005, 0.0025, 0.00125, 0.000625])


def all_callbacks():
    """Every callback of Keras that needs no file and no network, with everything in it that has state."""
    return {
        "stop": keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True, min_delta=0.01, start_from_epoch=1),
        "accuracy": keras.callbacks.EarlyStopping("val_accuracy", patience=9, restore_best_weights=True),
        "plateau": keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=1, min_delta=0.5, cooldown=1),
        "nan": keras.callbacks.TerminateOnNaN(),
        "rate": keras.callbacks.LearningRateScheduler(lambda _epoch, rate: rate * 0.97),
        "counter": Counter(),
        "lambda": keras.callbacks.LambdaCallback(on_epoch_end=lambda *_arguments, **_named: None),
    }


def attributes(callback):
    found = {}
    for name, value in vars(callback).items():
        if name not in ("_model", "params") and not callable(value):
            found[name] = [np.asarray(item).tolist() for item in value] if isinstance(value, list) else value
    return found


@pytest.mark.parametrize("moment", [(2, 3), pytest.param((4, 4), marks=pytest.mark.nightly),
                                    pytest.param((5, 1), marks=pytest.mark.nightly)])
def test_all_state_of_all_callbacks_survives(new_run, train_run, use, moment):
    sets = []
    use(lambda: sets.append(all_callbacks()) or sets[-1])
    project = augmented(small_project(epochs=6))
    project = replace(project, network=small_network(dropout=0.3, batch_normalization=True))
    _last, whole = train_run(kept := new_run(project))
    unbroken = sets[-1]
    run = new_run(project)
    _last, first = train_run(run, on_event=stop_at(*moment))
    _last, second = train_run(run, resume=True)
    assert metrics_of(first) + metrics_of(second) == metrics_of(whole)
    for name, callback in sets[-1].items():
        mine, theirs = attributes(callback), attributes(unbroken[name])
        for calls in (mine, theirs):
            calls.get("calls", {}).pop("train_end", None)
            calls.get("calls", {}).pop("train_begin", None)
        assert mine == theirs, name
        assert getattr(callback, "monitor_op", None) is getattr(unbroken[name], "monitor_op", None)
    for mine, theirs in zip(models.load(run.folder).model.weights, models.load(kept.folder).model.weights, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert not [event for event in second.of(Notice) if event.problem.code == "state_not_kept"]


def test_state_in_every_form_comes_back():
    first, second = keras.callbacks.Callback(), keras.callbacks.Callback()
    values = {"none": None, "number": 3, "infinite": math.inf, "text": "ñ", "scalar": np.float32(0.1), "true": True,
              "array": np.arange(3), "list": [1, (2, {"x"}), np.ones(2)], "mapping": {1: "a", (1, 2): [np.zeros(1)]},
              "operation": keras.ops.greater, "tensor": keras.ops.convert_to_tensor([1.0, 2.0])}
    vars(first).update(values)
    arrays = []
    state, lost = encode_state(first, arrays, {})
    assert not lost
    decode_state(second, state, arrays)
    for name, value in values.items():
        found = getattr(second, name)
        assert type(found) is type(value), name
        assert str(found) == str(value), name
    assert math.isinf(second.infinite)
    assert second.operation is keras.ops.greater


class Hoarder(keras.callbacks.Callback):
    """Keeps something that no file can hold."""

    def on_epoch_begin(self, epoch, logs=None):
        self.treasure = object()


def test_what_cannot_be_kept_is_named_once(new_run, train_run, use):
    use(lambda: {"hoarder": Hoarder()})
    _last, recorder = train_run(new_run(small_project()))
    (notice,) = [event.problem for event in recorder.of(Notice) if event.problem.code == "state_not_kept"]
    assert "Hoarder.treasure" in notice.text.en


def test_a_state_that_was_tampered_with_runs_nothing():
    callback = keras.callbacks.Callback()
    for state in ({"x": {"$": "operation", "name": "__loader__.exec"}}, {"x": {"$": "eval", "items": []}},
                  {"x": {"$": "array", "number": 7}}):
        with pytest.raises((AttributeError, KeyError, IndexError)):
            decode_state(callback, state, [])
