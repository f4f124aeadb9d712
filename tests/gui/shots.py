"""Pictures of the window: `python -m tests.gui.shots OUT [--project P] [--page ID ...] [--language es] [--theme dark]`.

Needs a screen (or Xvfb), or QT_QPA_PLATFORM=offscreen.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from PySide6.QtWidgets import QApplication, QWidget

from cnnstudio.app import make_application
from cnnstudio.core.settings import Settings
from cnnstudio.gui.state.commands import OpenProject
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.window.main_window import MainWindow


def settle(application: QApplication, session: Session | None = None, seconds: float = 0.4, limit: float = 30) -> None:
    """Let the window work until nothing runs any more."""
    end, quiet = time.monotonic() + limit, time.monotonic() + seconds
    while time.monotonic() < min(end, quiet):
        application.processEvents()
        time.sleep(0.005)
        if session is not None and len(session.jobs):
            quiet = time.monotonic() + seconds


def open_window(application: QApplication, language: str = "en", theme: str = "light", project: Path | None = None,
                size: tuple[int, int] = (1440, 900)) -> MainWindow:
    """A window in that language and theme, on `project`; the settings on the disk are not read."""
    workspace = Workspace(Settings(language=language, theme=theme))
    window = MainWindow(workspace)
    window.resize(*size)
    window.show()
    if project is not None:
        window.perform(OpenProject(str(project)))
    settle(application, window.session)
    return window


def shoot(widget: QWidget, path: Path) -> Path:
    """Save what a widget shows as a PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not widget.grab().save(str(path)):
        raise OSError(f"could not write {path}")
    return path


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--project", type=Path)
    parser.add_argument("--page", action="append", default=[])
    parser.add_argument("--language", action="append", default=[])
    parser.add_argument("--theme", action="append", default=[])
    parser.add_argument("--size", default="1440x900")
    chosen = parser.parse_args()
    application = make_application([])
    width, height = (int(number) for number in chosen.size.split("x"))
    for language in chosen.language or ["en", "es"]:
        for theme in chosen.theme or ["light", "dark"]:
            window = open_window(application, language, theme, chosen.project, (width, height))
            for page in chosen.page or [entry.id for entry in window.entries]:
                if window.go(page):
                    settle(application, window.session, 0.8)
                    print(shoot(window, chosen.out / f"{page}-{language}-{theme}.png"))
            window.close()
            settle(application)


if __name__ == "__main__":
    main()
