"""What becomes of a running training when the window closes."""

from __future__ import annotations

import os
import signal

import pytest
from PySide6.QtWidgets import QProgressBar

from cnnstudio.core.jobs import Evaluate
from cnnstudio.core.text import Text
from cnnstudio.gui.state.commands import OpenProject
from cnnstudio.gui.state.jobs import ChildJob
from cnnstudio.gui.window import closing
from tests.gui.driving import button


@pytest.fixture
def training(qtbot, window, project_folder, tmp_path):
    """A scripted child that works until it is told to stop."""
    with qtbot.waitSignal(window.session.jobs.ended):
        window.perform(OpenProject(str(project_folder)))
    order = Evaluate(run_folder=str(tmp_path), manifest="", split="test", table="")
    job = ChildJob(order, Text("Training", "Entrenamiento"), "train", page="train", log=tmp_path / "worker.log",
                   target="tests.workers.children:obeys")
    with qtbot.waitSignal(job.event, timeout=20_000):
        window.session.jobs.start(job)
    yield job
    if job.running:
        with qtbot.waitSignal(job.ended, timeout=20_000):
            job.cancel(keep=False)


def test_cancel_keeps_the_window_and_the_training(window, training, monkeypatch):
    monkeypatch.setattr(closing, "close_question", lambda _window: None)
    assert not window.close()
    assert training.running
    assert window.session.is_open


def test_stop_and_keep_waits_for_the_last_event(window, training, monkeypatch):
    monkeypatch.setattr(closing, "close_question", lambda _window: "keep")
    assert window.close()
    assert training.last is not None
    assert training.last.kept


def test_a_detached_training_goes_on(window, training, monkeypatch):
    monkeypatch.setattr(closing, "close_question", lambda _window: "detach")
    pid = training.supervisor.pid
    assert window.close()
    os.kill(pid, 0)
    os.kill(pid, signal.SIGKILL)


def test_the_status_bar_shows_the_work(window, training):
    shown = button(window.status, "Training")
    assert window.session.jobs.foremost() is training
    training.phase = Text("Training", "Entrenando")
    window.status.update_job()
    assert shown.text().count("Training") == 1


def test_the_bar_of_the_status_moves_while_nobody_knows_how_far_the_work_is(window, training):
    (bar,) = window.status.findChildren(QProgressBar)
    training.progress, training.paused = None, False
    window.status.update_job()
    assert (bar.minimum(), bar.maximum()) == (0, 0), "a busy bar"
    training.paused = True
    window.status.update_job()
    assert bar.maximum() > 0, "what is paused does not move"
    training.paused, training.progress = False, 0.25
    window.status.update_job()
    assert bar.value() * 4 == bar.maximum()
