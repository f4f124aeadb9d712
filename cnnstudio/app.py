"""The program with a window: `cnnstudio [PROJECT or FOLDER OF PICTURES]`."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication

from cnnstudio import __version__
from cnnstudio.core.places import resource

_UPDATE_MS = 5_000
"""Milliseconds after the start when the network may be asked for a newer version: nobody waits for that."""

if TYPE_CHECKING:
    from cnnstudio.gui.state.commands import Command
    from cnnstudio.gui.window.main_window import MainWindow


def make_application(arguments: Sequence[str]) -> QApplication:
    """The QApplication with name, icon, style and fonts; the existing one if there is one."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        application = existing
        application.setStyle("Fusion")
    else:
        QCoreApplication.setApplicationName("CNN Studio")
        QCoreApplication.setApplicationVersion(__version__)
        QCoreApplication.setOrganizationName("cnnstudio")
        # The style by argument: setStyle answers a QStyle, and to wrap it PySide prepares every class of styles (10 ms).
        application = QApplication([sys.argv[0] or "cnnstudio", "-style", "Fusion", *arguments])
    from PySide6.QtGui import QGuiApplication

    from cnnstudio.gui.look import theme

    QGuiApplication.setDesktopFileName("cnnstudio")
    theme.load_fonts()
    return application


def open_window() -> tuple[QApplication, MainWindow]:
    """The application with its window on screen, not painted yet."""
    # Modules imported at the start stay, so collecting garbage among them only delays the first paint.
    gc.disable()
    try:
        application = make_application([])
        from cnnstudio.gui.state.workspace import Workspace
        from cnnstudio.gui.window.main_window import MainWindow

        window = MainWindow(Workspace())
        window.show()
        QTimer.singleShot(0, application, lambda: _set_icon(application))
    finally:
        gc.freeze()
        gc.enable()
    return application, window


def _set_icon(application: QApplication) -> None:
    # After the first paint: Qt loads a plug-in for it.
    from PySide6.QtGui import QIcon

    application.setWindowIcon(QIcon(str(resource("icons", "cnnstudio.svg"))))


def keep_warm(window: MainWindow) -> None:
    """Let a spare child wait for the jobs of the window; after the first paint, which does not need it."""
    window.workspace.warm_up.enable()


def _start_logging() -> None:
    # After the first paint, which does not need it.
    from cnnstudio.core.logs import start_logging

    start_logging("window")


def report_damaged_settings(window: MainWindow) -> None:
    """Say that the preferences could not be read, so that nobody wonders about the defaults."""
    from cnnstudio.core.settings import load_settings_with_problem

    problem = load_settings_with_problem()[1]
    if problem is not None:
        window.toasts.show_problem(problem)


def report_update(window: MainWindow, version: str) -> None:
    """Say quietly that a newer version is published, with a link where this build knows the page."""
    from cnnstudio.core.problems import Fix
    from cnnstudio.core.text import Text, tr
    from cnnstudio.core.updates import release_page

    fixes = (Fix(action="show_releases", label=Text("What is new", "Novedades")),) if release_page() else ()
    window.toasts.show_text(tr("CNN Studio {version} is published; this is {present}.",
                               "Se ha publicado CNN Studio {version}; este es {present}.", version=version,
                               present=__version__), 20.0, fixes)


class DocumentOpener(QObject):
    """Opens the document that macOS names by an event, where other systems name it as an argument."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QFileOpenEvent):
            return False
        from cnnstudio.gui.state.commands import OpenPaths

        self._window.perform(OpenPaths((event.file(),)))
        return True


def check_window(application: QApplication, window: MainWindow) -> int:
    """Wait for the first paint, load every page, print as JSON what showed the window, and close it: for the self-check."""
    import json

    from PySide6.QtCore import qVersion
    from PySide6.QtGui import QFontDatabase, QIcon

    from cnnstudio.gui.pages import PAGES, load_page

    class FirstPaint(QObject):
        def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                window.status.removeEventFilter(self)
                QTimer.singleShot(0, application, application.quit)
            return False

    listener = FirstPaint()
    window.status.installEventFilter(listener)
    application.exec()
    pages = [load_page(entry).__name__ for entry in PAGES]
    icon = QIcon(str(resource("icons", "cnnstudio.svg"))).pixmap(64)
    sys.stdout.write(json.dumps({"platform": application.platformName(), "qt": qVersion(), "pages": len(pages),
                                 "icon": not icon.isNull(), "font": "Inter" in QFontDatabase.families()}) + "\n")
    sys.stdout.flush()
    window.workspace.end()
    return 0


def opening_command(argument: str) -> Command:
    """What opens the project, the folder of pictures or the file that is named on the command line."""
    from cnnstudio.core.files import PROJECT_FILE
    from cnnstudio.gui.state.commands import OpenPaths, OpenProject

    path = Path(os.path.abspath(argument))
    is_project = path.name == PROJECT_FILE or (path / PROJECT_FILE).exists() or not path.exists()
    return OpenProject(str(path)) if is_project else OpenPaths((str(path),))


def run(arguments: Sequence[str]) -> int:
    """Open the window, with the project in `arguments` if there is one; returns the exit code."""
    # Ctrl+C in the terminal ends the program.
    import signal

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    application, window = open_window()
    if "--check-window" in arguments:
        return check_window(application, window)
    from cnnstudio.gui.state.commands import OpenLesson, OpenSample
    from cnnstudio.gui.state.updates import UpdateCheck
    from cnnstudio.gui.window.garbage import Collector
    from cnnstudio.gui.window.notices import install_exception_hook
    from cnnstudio.gui.window.replacement import ReplacementNotice

    collector = Collector()
    remove_hook = install_exception_hook(window.show_report)
    project_argument = next((argument for argument in arguments if not argument.startswith("-")), "")
    QTimer.singleShot(0, window, _start_logging)
    QTimer.singleShot(0, window, lambda: report_damaged_settings(window))
    QTimer.singleShot(0, window, lambda: keep_warm(window))
    ReplacementNotice(window.session)
    updates = UpdateCheck(window.session)
    updates.found.connect(lambda version: report_update(window, version))
    QTimer.singleShot(_UPDATE_MS, window, updates.begin)
    documents = DocumentOpener(window)
    application.installEventFilter(documents)
    if "--sample" in arguments and not project_argument:
        QTimer.singleShot(0, window, lambda: window.perform(OpenSample()))
    lesson = next((argument for argument in arguments if argument.startswith("--learn=")), None)
    if lesson is not None:
        QTimer.singleShot(0, window, lambda: window.perform(OpenLesson(lesson.partition("=")[2])))
    if project_argument:
        # After the first paint: the window appears before the project is read.
        QTimer.singleShot(0, window, lambda: window.perform(opening_command(project_argument)))
    try:
        return application.exec()
    finally:
        window.workspace.end()
        collector.stop()
        remove_hook()
