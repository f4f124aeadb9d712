"""Fixtures for the window: a session, a window, and what must not be left behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import (
    QBuffer,
    QCoreApplication,
    QEvent,
    QIODevice,
    QThread,
    QTimer,
    QtMsgType,
    qInstallMessageHandler,
)
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QDialog, QMessageBox

from cnnstudio.app import make_application
from cnnstudio.core.settings import Settings
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.question import Question
from cnnstudio.gui.window.garbage import Collector
from cnnstudio.gui.window.main_window import MainWindow

# What Qt says of the offscreen platform itself.
_EXPECTED = ("This plugin does not support", "QFontDatabase: Cannot find font directory", "propagateSizeHints")


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    """The program's own application object, with its style and fonts."""
    return make_application([])


@pytest.fixture(autouse=True)
def nothing_left_behind(qapp: QApplication) -> Iterator[None]:
    """Fails on a thread or a running timer that outlives its test, and on an unexpected warning of Qt."""
    warnings: list[str] = []

    def hear(kind: QtMsgType, _context: object, text: str) -> None:
        if kind != QtMsgType.QtDebugMsg and not any(expected in text for expected in _EXPECTED):
            warnings.append(text)

    before = set(threading.enumerate())
    earlier = qInstallMessageHandler(hear)
    collector = Collector()
    yield
    collector.stop()
    qapp.processEvents()
    # No event loop runs between tests: without this every deleted widget stays, and each new style is given to all of them.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qInstallMessageHandler(earlier)
    left = [thread.name for thread in threading.enumerate()
            if thread not in before and not thread.daemon and "Dummy" not in thread.name]
    assert not left, f"threads left behind: {left}"
    assert not warnings, f"unexpected words of Qt: {warnings}"


@pytest.fixture(autouse=True)
def nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A modal dialog that no test answers would wait for ever: it fails instead."""

    def refuse(dialog: QDialog) -> int:
        raise AssertionError(f"nobody answers {dialog.windowTitle()!r}")

    for dialog in (Question, QMessageBox):
        monkeypatch.setattr(dialog, "exec", refuse)


@pytest.fixture
def workspace(qapp: QApplication) -> Iterator[Workspace]:
    """A workspace in English and light, with nothing open; everything of it must end with it."""
    result = Workspace(Settings(language="en", theme="light"))
    yield result
    result.end()
    running = [thread for thread in result.findChildren(QThread) if thread.isRunning()]
    timers = [timer for timer in result.findChildren(QTimer) if timer.isActive()]
    assert not running
    assert not timers, f"timers left running: {timers}"
    result.deleteLater()
    qapp.processEvents()


@pytest.fixture
def session(workspace: Workspace) -> Session:
    """The session of that workspace."""
    return workspace.session


@pytest.fixture
def window(qtbot, workspace: Workspace) -> Iterator[MainWindow]:
    """A window on that workspace."""
    # Not given to qtbot: it would close the window before the fixtures that use it have ended.
    main_window = MainWindow(workspace)
    main_window.resize(1440, 900)
    main_window.show()
    qtbot.waitExposed(main_window)
    yield main_window
    assert main_window.close()
    timers = [timer for timer in main_window.findChildren(QTimer) if timer.isActive() and timer.parent() is main_window]
    assert not timers
    main_window.deleteLater()
    # Without a running event loop nobody would delete it, and every later window would be styled together with it.
    QCoreApplication.sendPostedEvents(main_window, QEvent.Type.DeferredDelete)


@pytest.fixture(scope="session")
def small_pictures() -> dict[str, bytes]:
    """Forty small pictures in two classes: their PNG files by their path in a folder."""
    files = {}
    for index, name in enumerate(("cat", "dog")):
        for number in range(20):
            image = QImage(24 + number, 24, QImage.Format.Format_RGB32)
            image.fill(QColor(30 + number * 8, 60 + index * 120, 90))
            buffer = QBuffer()
            buffer.open(QIODevice.OpenModeFlag.WriteOnly)
            image.save(buffer, "png")
            files[f"{name}/{name}{number:02d}.png"] = bytes(buffer.data().data())
    return files


@pytest.fixture
def pictures_folder(tmp_path: Path, small_pictures: dict[str, bytes]) -> Path:
    """A folder with those pictures."""
    root = tmp_path / "pictures"
    for path, content in small_pictures.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    return root


@pytest.fixture
def project_folder(tmp_path: Path, pictures_folder: Path) -> Path:
    """A project on those pictures."""
    from cnnstudio.datasets.opening import create_project

    folder = tmp_path / "project"
    _created, index = create_project(folder, pictures_folder, template="lenet5")
    index.close()
    return folder
