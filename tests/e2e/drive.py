"""The main job in a real window, driven by real mouse clicks: `python -m tests.e2e.drive PICTURES OUT LANGUAGE THEME`.

Run by `test_window.py` under Xvfb with xdotool. Prints one JSON object with what was seen.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPoint, QPointF
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from cnnstudio.app import make_application
from cnnstudio.core import edits
from cnnstudio.core.settings import Settings
from cnnstudio.core.text import Text
from cnnstudio.gui.state.commands import OpenPaths
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.window.main_window import MainWindow

LIMIT = 240.0
EPOCHS = int(os.environ.get("CNNSTUDIO_EPOCHS", "2"))


class Driver:
    """A window and a mouse."""

    def __init__(self, out: Path, language: str, theme: str) -> None:
        self.application = make_application([])
        self.workspace = Workspace(Settings(language=language, theme=theme))
        self.session = self.workspace.session
        self.window = MainWindow(self.workspace)
        self.window.resize(1440, 900)
        self.window.move(0, 0)
        self.window.show()
        self.workspace.warm_up.enable()
        self.out, self.suffix = out, f"{language}-{theme}"
        self.troubles: list[str] = []
        self.session.problem_reported.connect(lambda problem: self.troubles.append(problem.text.en))
        self.settle(1.0)

    def settle(self, seconds: float = 0.4) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.application.processEvents()
            time.sleep(0.01)

    def until(self, true: Callable[[], object], what: str) -> None:
        end = time.monotonic() + LIMIT
        while not true():
            if time.monotonic() > end:
                raise TimeoutError(f"{what}; notices: {self.troubles}")
            self.settle(0.05)

    def click(self, widget: QWidget) -> None:
        """A real click in the middle of a widget, through the X server."""
        place = widget.mapToGlobal(QPoint(widget.width() // 2, widget.height() // 2))
        subprocess.run(["xdotool", "mousemove", str(place.x()), str(place.y()), "click", "1"], check=True)
        self.settle(0.5)

    def button(self, *words: str) -> QPushButton:
        """The visible button with one of these words."""
        for widget in QApplication.allWidgets():
            if isinstance(widget, QPushButton) and widget.isVisible() and widget.text() in words:
                return widget
        shown = [each.text() for each in QApplication.allWidgets() if isinstance(each, QPushButton) and each.isVisible()]
        raise LookupError(f"no button {words} among {shown}")

    def go(self, page: str) -> None:
        """Click the page's entry in the rail."""
        title = next(str(entry.title) for entry in self.window.entries if entry.id == page)
        entry = next(widget for widget in self.window.rail.findChildren(QWidget)
                     if widget.accessibleName() == title and widget.isVisible())
        self.click(entry)
        self.until(lambda: self.window.current.id == page, f"page {page}")
        self.settle(0.8)

    def shoot(self, name: str) -> None:
        self.settle(0.3)
        self.window.grab().save(str(self.out / f"{name}-{self.suffix}.png"))


def audit(driver: Driver) -> None:
    """Audit the pictures, look at the map, and come back to the grid with a picture selected."""
    workspace = driver.workspace
    driver.click(driver.button("Audit the pictures", "Auditar las imágenes"))
    driver.until(lambda: workspace.audit.running is None and workspace.judge.embedding is not None, "the audit")
    driver.settle(1.0)
    driver.click(driver.button("Map", "Mapa"))
    driver.settle(1.5)
    driver.shoot("map")
    driver.click(driver.button("Grid", "Cuadrícula"))
    grid = driver.window.current.views.grid
    place = grid.viewport().mapToGlobal(QPoint(60, 60))
    subprocess.run(["xdotool", "mousemove", str(place.x()), str(place.y()), "click", "1"], check=True)
    driver.until(lambda: len(grid.selection) == 1, "a selected picture")
    driver.settle(1.0)


def canvas(driver: Driver) -> None:
    """Choose a layer with the mouse, insert one by typing, group two with keys, and take everything back."""
    page = driver.window.current
    network = driver.session.project.network
    first, second = network.nodes[1].id, network.nodes[2].id

    def press(*keys: str) -> None:
        subprocess.run(["xdotool", "key", *keys], check=True)
        driver.settle(0.5)

    def click(identifier: str, held: str = "") -> None:
        item = page.editor.scene.nodes[identifier]
        place = page.canvas.viewport().mapToGlobal(page.canvas.mapFromScene(item.pos() + QPointF(60, 20)))
        keys = (["keydown", held], ["keyup", held]) if held else ([], [])
        subprocess.run(["xdotool", *keys[0], "mousemove", str(place.x()), str(place.y()), "click", "1", *keys[1]], check=True)
        driver.settle(0.4)

    click(first)
    assert page.editor.scene.chosen_nodes() == [first], page.editor.scene.chosen_nodes()
    subprocess.run(["xdotool", "type", "--delay", "80", "dropout"], check=True)
    driver.settle(0.6)
    press("Return")
    driver.until(lambda: any(node.type == "Dropout" and node.id not in [each.id for each in network.nodes]
                             for node in driver.session.project.network.nodes), "a typed layer")
    click(first)
    click(second, "ctrl")
    press("ctrl+g")
    driver.until(lambda: driver.session.project.network.groups, "a block")
    driver.shoot("canvas")
    press("ctrl+z", "ctrl+z")
    driver.until(lambda: driver.session.project.network == network, "everything undone")
    driver.until(lambda: not [job for job in driver.session.jobs if not job.quiet], "quiet")


def gallery(driver: Driver) -> None:
    """Look at the bases, and come back."""
    driver.click(driver.button("Gallery…", "Galería…"))
    driver.shoot("gallery")
    driver.click(driver.button("Back to the canvas", "Volver al lienzo"))
    driver.settle(0.3)


def main_job(pictures: Path, out: Path, language: str, theme: str) -> dict[str, object]:
    """New project, look at every page, train, evaluate, drop a picture, save, close, reopen."""
    driver = Driver(out, language, theme)
    session, window = driver.session, driver.window
    driver.shoot("start")
    window.perform(OpenPaths((str(pictures),)))
    driver.settle(0.8)
    driver.click(driver.button("Create project", "Crear proyecto"))
    driver.until(lambda: session.is_open and not len(session.jobs), "the project")
    session.edit(lambda project: edits.set_field(project, "training", "epochs", EPOCHS), Text("Epochs", "Épocas"))
    for page in ("data", "prepare", "network"):
        driver.go(page)
        driver.until(lambda: not [job for job in session.jobs if not job.quiet], page)
        if page == "data":
            audit(driver)
        elif page == "network":
            canvas(driver)
        driver.shoot(page)
        if page == "network":
            gallery(driver)
    driver.go("train")
    driver.click(driver.button("Start training", "Empezar a entrenar"))
    driver.until(lambda: session.jobs.of_kind("train") is not None, "the training to begin")
    driver.until(lambda: session.jobs.of_kind("train") is None, "the training to end")
    driver.shoot("train")
    driver.go("evaluate")
    driver.click(driver.button("Evaluate", "Evaluar"))
    driver.until(lambda: session.jobs.of_kind("evaluate") is None, "the evaluation")
    driver.settle(1.0)
    driver.shoot("evaluate")
    answers: list[str] = []

    def listen() -> bool:
        for job in session.jobs:
            if job.kind == "serve" and not job.property_heard:
                job.property_heard = True
                job.event.connect(lambda event: answers.append(event.top[0].label) if hasattr(event, "top") else None)
        return bool(answers)

    driver.go("predict")
    for job in session.jobs:
        job.property_heard = False
    picture = next(each for each in sorted(pictures.rglob("*.*")) if each.is_file() and not each.name.startswith("."))
    window.perform(OpenPaths((str(picture),)))
    for job in session.jobs:
        job.property_heard = getattr(job, "property_heard", False)
    driver.until(listen, "an answer")
    driver.shoot("predict")
    driver.go("export")
    driver.shoot("export")
    folder = session.folder
    assert folder is not None
    session.save_now()
    window.close()
    driver.settle(0.5)
    driver.workspace.end()

    again = Workspace(Settings(language=language, theme=theme))
    opened = again.session.open(folder)
    from cnnstudio.workers.runs.folder import list_runs

    runs = list_runs(folder)
    epochs = again.session.project.training.epochs
    again.end()
    return {"answer": answers[0], "opened": opened, "epochs": epochs, "troubles": driver.troubles,
            "runs": [(run.state, run.epochs) for run in runs]}


if __name__ == "__main__":
    print(json.dumps(main_job(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4])))
