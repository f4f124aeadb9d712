"""The program with a window: `cnnstudio [PROJECT]`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtWidgets import QApplication

from cnnstudio import __version__
from cnnstudio.core.places import resource


def make_application(arguments: Sequence[str]) -> QApplication:
    """The QApplication with name, icon, style and fonts; the present one if there is one."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        application = existing
    else:
        QCoreApplication.setApplicationName("CNN Studio")
        QCoreApplication.setApplicationVersion(__version__)
        QCoreApplication.setOrganizationName("cnnstudio")
        application = QApplication([sys.argv[0] or "cnnstudio", *arguments])
    from PySide6.QtGui import QGuiApplication, QIcon

    from cnnstudio.gui import theme

    QGuiApplication.setDesktopFileName("cnnstudio")
    application.setStyle("Fusion")
    application.setWindowIcon(QIcon(str(resource("icons", "cnnstudio.svg"))))
    theme.load_fonts()
    return application


def run(arguments: Sequence[str]) -> int:
    """Open the window, on the project in `arguments` if one is named; answers the exit code."""
    # Ctrl+C in the terminal ends the program as it ends every other.
    import signal

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    application = make_application([])
    from cnnstudio.gui.main_window import MainWindow
    from cnnstudio.gui.notices import install_exception_hook
    from cnnstudio.gui.session import Session

    session = Session()
    window = MainWindow(session)
    remove_hook = install_exception_hook(window.report)
    window.show()
    named = next((each for each in arguments if not each.startswith("-")), "")
    if named:
        # After the first paint: the window stands before the project is read.
        QTimer.singleShot(0, window, lambda: window.perform("open", {"folder": os.path.abspath(Path(named))}))
    try:
        return application.exec()
    finally:
        session.end()
        remove_hook()
