"""TensorFlow compiles the step of a training once, and once that of its validation, whatever the sizes of the batches."""

from __future__ import annotations

import keras
import pytest

from cnnstudio.core.events import Finished, Stopped
from tests.engine.collections_of_pictures import small_project
from tests.engine.conftest import stop_at


@pytest.fixture
def traced(monkeypatch):
    """How often Python ran each step, which is how often TensorFlow compiled it."""
    counts = {"train": 0, "test": 0}
    for kind in counts:
        def counted(model, data, kind=kind, step=getattr(keras.Model, f"{kind}_step")):
            counts[kind] += 1
            return step(model, data)
        monkeypatch.setattr(keras.Model, f"{kind}_step", counted)
    return counts


@pytest.fixture(autouse=True)
def every_batch(monkeypatch):
    monkeypatch.setattr("cnnstudio.engine.training.reporter.EVENT_SECONDS", -1.0)


def test_a_smaller_last_batch_compiles_nothing_more(new_run, train_run, traced):
    last, _recorder = train_run(new_run(small_project(epochs=2, batch_size=9)))
    assert isinstance(last, Finished)
    assert traced == {"train": 1, "test": 1}


def test_nor_does_a_training_that_is_resumed_at_it(new_run, train_run, traced):
    run = new_run(small_project(epochs=2, batch_size=9))
    last, _recorder = train_run(run, on_event=stop_at(1, 3))
    assert isinstance(last, Stopped)
    traced.update(train=0, test=0)
    train_run(run, resume=True)
    assert traced == {"train": 1, "test": 1}
