"""The spare child of the window: when one is begun."""

from __future__ import annotations

from threading import current_thread, main_thread

import pytest

from cnnstudio.core.jobs import Diagnose
from cnnstudio.core.text import Text
from cnnstudio.gui import pages
from cnnstudio.gui.state import warm_up
from cnnstudio.gui.state.jobs import ChildJob


@pytest.fixture
def begun(monkeypatch, qtbot, workspace, project_folder):
    """The environments that spare children are begun for, in an open project."""
    environments = []
    with qtbot.waitSignal(workspace.session.jobs.ended):
        assert workspace.session.open(project_folder)
    monkeypatch.setattr(workspace.warm_up.spare, "prepare", environments.append)
    return environments


@pytest.fixture
def work(qtbot, workspace):
    """Starts a scripted child that works until it is told to stop, as work of a kind."""
    started = []

    def start(kind):
        job = ChildJob(Diagnose(), Text("Work", "Trabajo"), kind, target="tests.workers.children:obeys")
        with qtbot.waitSignal(job.event, timeout=20_000):
            workspace.session.jobs.start(job)
        started.append(job)
        return job

    yield start
    for job in started:
        if job.running:
            with qtbot.waitSignal(job.ended, timeout=20_000):
                job.cancel(keep=False)


def test_a_training_leaves_a_spare_child_for_its_evaluation(qtbot, monkeypatch, workspace, begun, work):
    monkeypatch.setattr(warm_up, "_IN_TRAINING", 10)
    workspace.warm_up.enable()
    # The timer of the opened project is far away.
    work("train")
    qtbot.waitUntil(lambda: len(begun) == 1, timeout=4000)
    assert begun[0]["KERAS_BACKEND"] == workspace.session.project.training.backend


def test_no_spare_child_disturbs_other_work(workspace, begun, work):
    work("evaluate")
    workspace.warm_up.begin()
    assert begun == []


def test_the_pages_are_imported_in_a_thread_after_the_first_paint(qtbot, monkeypatch, workspace):
    imported = []
    monkeypatch.setattr(pages, "load_page", lambda entry: imported.append((entry.id, current_thread() is main_thread())))
    workspace.warm_up.enable()
    assert imported == [], "the start does not wait for it"
    qtbot.waitUntil(lambda: len(imported) == len(pages.present_pages()), timeout=10_000)
    assert imported == [(entry.id, False) for entry in pages.present_pages()]
