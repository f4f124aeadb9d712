"""Devices and backends in the dialog of libraries: what is listed, and the benchmark."""

from __future__ import annotations

import pytest

from cnnstudio.core.events import Failed, Finished, Stopped
from cnnstudio.core.problems import error
from cnnstudio.core.text import Text
from cnnstudio.gui.window import devices_card
from cnnstudio.gui.window.devices_card import DevicesCard
from tests.gui.driving import button, press, says
from tests.workers.test_devices import ALL, CARD, machine, measured


class Signals(list):
    connect = list.append


class Measuring:
    """A job that the test ends."""

    started: list[Measuring] = []

    def __init__(self, job, *_arguments, **_options):
        self.job, self.event, self.ended, self.cancelled = job, Signals(), Signals(), False
        self.started.append(self)

    def cancel(self):
        self.cancelled = True

    def tell(self, event, last=None):
        if event is not None:
            self.event[0](event)
        self.ended[0](last or Finished())


@pytest.fixture
def card(qtbot, session, monkeypatch):
    Measuring.started = []
    monkeypatch.setattr(devices_card, "this_machine", lambda: machine(backends={**ALL, "jax": ""}, with_gpu=["tensorflow"]))
    monkeypatch.setattr(devices_card, "ChildJob", Measuring)
    monkeypatch.setattr(session.jobs, "start", lambda _job: None)
    made = DevicesCard(session)
    qtbot.addWidget(made)
    made.show()
    return made


def test_processor_cards_and_backends_are_listed(card):
    for words in ("Processor", CARD.name, "2.21.0 · uses the graphics card", "not installed", "lacks NVIDIA's libraries"):
        assert says(card, words), words


def test_all_are_measured_one_after_the_other(card):
    press(card, "Measure")
    assert button(card, "Cancel").isEnabled()
    Measuring.started[0].tell(measured("tensorflow", gpu=True))
    assert (Measuring.started[1].job.backend, Measuring.started[1].job.device) == ("tensorflow", "cpu")
    Measuring.started[1].tell(measured("tensorflow", step=(1.001,)))
    Measuring.started[2].tell(None, Failed(problem=error("x", Text("out of memory", "sin memoria"), "machine")))
    assert len(Measuring.started) == 3
    assert says(card, "out of memory") and says(card, "Agrees roughly") and says(card, "10/s")
    assert button(card, "Measure").isEnabled()


def test_a_cancel_ends_them_all(card):
    press(card, "Measure")
    press(card, "Cancel")
    (job,) = Measuring.started
    assert job.cancelled
    job.tell(None, Stopped(kept=False))
    assert len(Measuring.started) == 1 and button(card, "Measure").isEnabled()
