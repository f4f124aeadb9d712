"""Work beside the window: threads, progress, cancel, trouble."""

from __future__ import annotations

import threading

from PySide6.QtCore import QThread

from cnnstudio.core.events import Failed, Finished, Progress, Stopped
from cnnstudio.core.text import Text

LABEL = Text("Counting", "Contando")


def test_progress_and_result_come_in_the_windows_thread(qtbot, session):
    threads, events, done = [], [], []

    def work(report):
        threads.append(threading.current_thread() is threading.main_thread())
        report.progress(5, 10)
        return 42

    job = session.jobs.run(work, LABEL, "count", done=done.append)
    job.event.connect(lambda event: events.append((event, QThread.currentThread().isMainThread())))
    qtbot.waitUntil(lambda: bool(done))
    assert threads == [False]
    assert done[0].result == 42
    assert isinstance(job.last, Finished)
    assert [(type(event), main) for event, main in events] == [(Progress, True)]
    assert job.progress == 0.5
    assert not len(session.jobs)


def test_cancel_ends_the_work(qtbot, session):
    started = threading.Event()

    def work(report):
        started.set()
        while True:
            report.check()
            threading.Event().wait(0.005)

    job = session.jobs.run(work, LABEL, "count")
    started.wait(5)
    assert session.jobs.of_kind("count") is job
    assert session.jobs.foremost() is job
    job.cancel()
    qtbot.waitUntil(lambda: job.last is not None)
    assert isinstance(job.last, Stopped)


def test_an_exception_becomes_a_problem_with_its_traceback(qtbot, session):
    def work(_report):
        raise RuntimeError("no more ink")

    job = session.jobs.run(work, LABEL, "count")
    qtbot.waitUntil(lambda: job.last is not None)
    assert isinstance(job.last, Failed)
    assert "no more ink" in str(job.last.problem.text)
    assert "Traceback" in job.last.problem.details


def test_the_end_waits_for_every_thread(session):
    job = session.jobs.run(lambda _report: threading.Event().wait(0.2), LABEL, "count")
    session.jobs.end_all()
    assert job.join(0)


def test_quiet_work_is_not_shown(qtbot, session):
    job = session.jobs.run(lambda _report: None, LABEL, "count", quiet=True)
    assert session.jobs.foremost() is None
    qtbot.waitUntil(lambda: job.last is not None)
