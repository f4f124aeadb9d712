"""The main job and the first lesson by keyboard alone, with real keys: `python -m tests.e2e.keyboard PICTURES OUT`.

Run by `test_keyboard.py` under Xvfb with xdotool. A dialog of Qt runs a loop of its own, so the keys are pressed by a thread.
Prints one JSON object with what was seen.
"""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from cnnstudio.workers.runs.exports import list_exports
from cnnstudio.workers.runs.folder import RunFolder, list_runs
from tests.e2e.drive import LIMIT, Driver

_MOST_TABS = 120


class Keyboard:
    """Presses keys for a window, and looks where the focus is."""

    def __init__(self, driver: Driver) -> None:
        self.driver, self.session = driver, driver.session
        self._wanted: queue.Queue[tuple[Callable[[], Any], queue.Queue[tuple[bool, Any]]]] = queue.Queue()
        self._timer = QTimer(driver.window)
        self._timer.setInterval(10)
        self._timer.timeout.connect(self._answer)
        self._timer.start()

    def _answer(self) -> None:
        while not self._wanted.empty():
            function, answer = self._wanted.get()
            try:
                answer.put((True, function()))
            except Exception as err:  # noqa: BLE001 (raised again in the thread that asked)
                answer.put((False, err))

    def ask(self, function: Callable[[], Any]) -> Any:
        """Call a function in the thread of the window."""
        answer: queue.Queue[tuple[bool, Any]] = queue.Queue()
        self._wanted.put((function, answer))
        done, value = answer.get()
        if not done:
            raise value
        return value

    def until(self, true: Callable[[], object], what: str) -> None:
        end = time.monotonic() + LIMIT
        while not self.ask(true):
            if time.monotonic() > end:
                raise TimeoutError(f"{what}; the focus: {self.ask(focused_name)}; notices: {self.driver.troubles}")
            time.sleep(0.05)

    def press(self, *keys: str) -> None:
        """Press keys in the active window; without a window manager somebody must give it the keyboard."""
        for key in keys:
            self._activate()
            subprocess.run(["xdotool", "key", key], check=True)
            time.sleep(0.15)
            self.ask(lambda: None)

    def write(self, text: str) -> None:
        self._activate()
        subprocess.run(["xdotool", "type", "--delay", "40", text], check=True)
        time.sleep(0.4)

    def _activate(self) -> None:
        top = self.ask(lambda: 0 if QApplication.activePopupWidget() is not None else int(
            (QApplication.activeModalWidget() or self.driver.window).winId()))
        if top:
            subprocess.run(["xdotool", "windowfocus", str(top)], check=True)
            time.sleep(0.1)

    def tab_to(self, name: str) -> None:
        """Press Tab until the part of that name has the focus and is seen."""
        for _ in range(_MOST_TABS):
            if self.ask(focused_name) == name:
                assert self.ask(lambda: not QApplication.focusWidget().visibleRegion().isEmpty()), f"{name} is out of sight"
                return
            self.press("Tab")
        raise LookupError(f"Tab does not lead to {name}")

    def quiet(self, kind: str) -> None:
        """Wait until a job of that kind has begun and ended."""
        self.until(lambda: self.session.jobs.of_kind(kind) is not None, f"{kind} to begin")
        self.until(lambda: self.session.jobs.of_kind(kind) is None, f"{kind} to end")


def focused_name() -> str:
    widget = QApplication.focusWidget()
    return widget.accessibleName() if isinstance(widget, QWidget) else ""


def main_job(keyboard: Keyboard, pictures: Path) -> dict[str, Any]:
    """A project from a folder, every page, training, evaluation, an answer, an export."""
    session, window = keyboard.session, keyboard.driver.window
    keyboard.press("ctrl+n")
    keyboard.until(lambda: isinstance(QApplication.focusWidget(), QLineEdit), "the dialog")
    keyboard.write(str(pictures))
    keyboard.press("Return")
    keyboard.tab_to("Create project")
    keyboard.press("Return")
    keyboard.until(lambda: session.is_open and not [job for job in session.jobs if not job.quiet], "the project")
    for page in ("3", "4"):
        keyboard.press(f"ctrl+{page}", "Tab")
        assert keyboard.ask(lambda: window.pages.isAncestorOf(QApplication.focusWidget())), page
    keyboard.press("ctrl+5")
    keyboard.tab_to("Epochs")
    keyboard.press("ctrl+a")
    keyboard.write("2")
    keyboard.press("Return")
    keyboard.tab_to("Start training")
    keyboard.press("Return")
    keyboard.quiet("train")
    keyboard.press("ctrl+6")
    keyboard.tab_to("Evaluate")
    # The rail has a part of that name, too: the button is the one in the page.
    while not keyboard.ask(lambda: window.pages.isAncestorOf(QApplication.focusWidget())):
        keyboard.press("Tab")
        keyboard.tab_to("Evaluate")
    keyboard.press("Return")
    keyboard.quiet("evaluate")
    keyboard.press("ctrl+7")
    keyboard.tab_to("Choose files…")
    keyboard.press("Return")
    keyboard.until(lambda: isinstance(QApplication.focusWidget(), QLineEdit), "the dialog")
    keyboard.write(f'"{next(iter(sorted((pictures / "3").iterdir())))}"')
    keyboard.press("Return")
    keyboard.until(lambda: window.current.answers, "an answer")
    keyboard.press("ctrl+8")
    keyboard.tab_to("Keras script")
    keyboard.press("Return")
    keyboard.tab_to("Export")
    while keyboard.ask(lambda: window.rail.isAncestorOf(QApplication.focusWidget())):
        keyboard.press("Tab")
        keyboard.tab_to("Export")
    keyboard.press("Return")
    runs = list_runs(session.folder)
    keyboard.until(lambda: list_exports([RunFolder(run.folder) for run in runs]), "an export")
    return {"runs": [(run.state, run.epochs) for run in runs]}


def lesson(keyboard: Keyboard) -> dict[str, Any]:
    """The three tasks of the first lesson."""
    session, window = keyboard.session, keyboard.driver.window
    # Made by the thread of the window, whose timers it has.
    lessons = keyboard.ask(lambda: keyboard.driver.workspace.lessons)
    before = session.folder
    keyboard.press("ctrl+9")
    keyboard.tab_to("Lesson 1: What a convolutional network is")
    keyboard.press("Return")
    keyboard.tab_to("Start this lesson")
    keyboard.press("Return")
    keyboard.until(lambda: session.folder != before and lessons.is_project_open, "the project of the lesson")
    keyboard.tab_to("Go to Train")
    keyboard.press("Return")
    keyboard.tab_to("Start training")
    keyboard.press("Return")
    keyboard.quiet("train")
    keyboard.press("ctrl+9")
    keyboard.tab_to("Answer")
    keyboard.write("50240")
    keyboard.press("Return")
    keyboard.tab_to("Go to Network")
    keyboard.press("Return")
    keyboard.until(lambda: window.current.id == "network", "the network")

    def walk(key: str, wanted: str) -> None:
        for _ in range(14):
            if keyboard.ask(window.current.editor.scene.chosen_nodes) == [wanted]:
                return
            keyboard.press(key)
        raise LookupError(f"the arrows do not lead to {wanted}")

    walk("Down", "flatten")
    keyboard.press("Delete")
    walk("Up", "average_pooling_2")
    keyboard.write("global")
    keyboard.press("Return")
    walk("Down", "dense")
    keyboard.press("Delete")
    tasks = ("first-training", "dense-count", "fewer-parameters")
    keyboard.until(lambda: all(task in lessons.progress.done for task in tasks), "the tasks")
    return {"tasks": sorted(lessons.progress.done)}


def main(pictures: Path, out: Path) -> int:
    driver = Driver(out, "en", "light")
    keyboard, seen, code = Keyboard(driver), {}, [1]

    def work() -> None:
        try:
            seen.update(main_job(keyboard, pictures) | lesson(keyboard))
            code[0] = 0
        finally:
            keyboard.ask(lambda: QTimer.singleShot(0, driver.application.quit))

    driver.application.setQuitOnLastWindowClosed(False)
    thread = threading.Thread(target=work)
    thread.start()
    driver.application.exec()
    thread.join()
    driver.window.close()
    driver.workspace.end()
    print(json.dumps(seen))
    return code[0]


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), Path(sys.argv[2])))
