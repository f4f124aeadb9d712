"""What the events of a training say of its speed."""

from __future__ import annotations

import pytest

from cnnstudio.core.events import Batch, Epoch
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.engine.training import reporter as module
from cnnstudio.engine.training.reporter import Reporter


class _Link:
    def __init__(self):
        self.events = []

    def emit(self, event):
        self.events.append(event)


def _diverged(epoch, batch, rate):
    return error("nan_loss", Text("{epoch} {batch} {rate}", "{epoch} {batch} {rate}").fill(epoch=epoch, batch=batch, rate=rate),
                 "training")


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test turns on."""
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def test_a_pause_changes_neither_speed_nor_time_left(clock):
    link = _Link()
    report = Reporter(link, 0, 0, planned=2, pictures=320, batch_size=32, diverged=_diverged)
    report.epoch_begun(0)
    for done in range(1, 11):
        clock[0] += 1.0
        report.batch(0, done, {"loss": 1.0}, lambda: 0.1)
        if done == 4:
            clock[0] += 600.0
            report.paused(600.0)
    events = [event for event in link.events if isinstance(event, Batch)]
    assert [event.pictures_per_second for event in events] == pytest.approx([32.0] * 10)
    assert events[-1].seconds_left == pytest.approx(10.0)
    report.epoch(0, {"loss": 1.0}, True, "loss", report.seconds)
    assert link.events[-1].pictures_per_second == pytest.approx(32.0)


def test_the_first_batch_of_an_epoch_does_not_tell_what_is_left_alone(clock):
    link = _Link()
    report = Reporter(link, 0, 0, planned=3, pictures=320, batch_size=32, diverged=_diverged)
    report.epoch_begun(0)
    clock[0] += 10.0
    report.epoch(0, {"loss": 1.0}, True, "loss", report.seconds)
    report.epoch_begun(0)
    clock[0] += 12.0
    report.batch(1, 1, {"loss": 1.0}, lambda: 0.1)
    assert link.events[-1].seconds_left == pytest.approx(19 * (10.0 + 12.0) / 11)


def test_the_speed_of_a_resumed_epoch_counts_what_was_seen_after_the_break(clock):
    link = _Link()
    report = Reporter(link, 0, 0, planned=2, pictures=320, batch_size=32, diverged=_diverged)
    report.epoch_begun(8)
    clock[0] += 2.0
    report.epoch(0, {"loss": 1.0}, False, "val_loss", report.seconds)
    (event,) = link.events
    assert isinstance(event, Epoch)
    assert event.pictures_per_second == pytest.approx(32.0)
    assert event.best_by == "val_loss"


@pytest.mark.parametrize(("gpu", "named"), [(False, "1 7 0.1"), (True, "1 5-8 0.1")])
def test_the_batch_whose_loss_is_no_number_is_named(clock, monkeypatch, gpu, named):
    """On a graphics card numbers are read now and then only: then the batch lies between two of them."""
    monkeypatch.setattr(module, "on_gpu", lambda: gpu)
    report = Reporter(_Link(), 0, 0, planned=2, pictures=320, batch_size=32, diverged=_diverged)
    report.epoch_begun(0)
    with pytest.raises(ProblemError) as told:
        for done in range(1, 11):
            if done % 4 == 0:
                clock[0] += 1.0
            report.batch(0, done, {"loss": float("nan") if done >= 7 else 1.0}, lambda: 0.1)
    assert told.value.problems[0].text.en == named
