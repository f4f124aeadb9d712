"""A window in which a lesson is active, with its project open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cnnstudio.gui.state.commands import OpenLesson, StartLesson
from cnnstudio.gui.window.main_window import MainWindow


def settle(qtbot, window: MainWindow) -> None:
    """Wait until nothing runs any more and the tasks were judged for the last time."""
    lessons = window.workspace.lessons

    def quiet() -> bool:
        return not len(window.session.jobs) and not lessons._timer.isActive()

    qtbot.waitUntil(quiet, timeout=30_000)


@pytest.fixture
def begin(qtbot, window: MainWindow, tmp_path: Path) -> Iterator[Callable[[str], MainWindow]]:
    """Start a lesson in the window as a student does; the page of the lesson is shown."""

    def start(name: str) -> MainWindow:
        window.perform(OpenLesson(name))
        window.perform(StartLesson(name, str(tmp_path / "lesson")))
        qtbot.waitUntil(lambda: window.session.is_open, timeout=30_000)
        settle(qtbot, window)
        return window

    yield start
    settle(qtbot, window)
