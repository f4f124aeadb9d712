"""Learn: the course and the benches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import Text, tr
from cnnstudio.gui.pages.base import Page
from cnnstudio.gui.pages.learn.bench_frame import BenchFrame, needs_network_text
from cnnstudio.gui.pages.learn.contents import BENCH, HOME, LESSON, Contents
from cnnstudio.gui.pages.learn.course import Course, make_course
from cnnstudio.gui.pages.learn.home import Home
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.state.commands import Command, OpenLesson, OpenSample, ShowBench, ShowPage
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Stack, scroll_area
from cnnstudio.gui.widgets.cards import EmptyState
from cnnstudio.learning.benches import BENCHES
from cnnstudio.learning.benches.entry import Bench


class LearnPage(Page):
    id = "learn"
    title = Text("Learn", "Aprender")
    icon = "learn"

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(workspace, parent)
        self._trained = False
        self._shown = HOME
        self._course: Course | None = make_course(workspace)
        self._contents = Contents(self._course.lessons if self._course is not None else [])
        self._contents.chosen.connect(self._show)
        self._home = Home(self._course.cards if self._course is not None else None)
        self._home.bench_chosen.connect(lambda name: self._show(f"{BENCH}{name}"))
        self._home.assignments.command_chosen.connect(self.session.request)
        self.frame = BenchFrame(workspace)
        self.frame.code_shown.connect(self._on_code_shown)
        self._stack = Stack()
        self._empty = Stack()
        for widget in (scroll_area(self._home), self.frame, self._empty):
            self._stack.addWidget(widget)
        if self._course is not None:
            self._course.cards.lesson_chosen.connect(lambda name: self.session.request(OpenLesson(name)))
            self._course.view.left.connect(lambda: self._show(HOME))
            self._course.view.bench_chosen.connect(lambda name: self._show(f"{BENCH}{name}"))
            self._stack.addWidget(self._course.view)

    # The parts -----------------------------------------------------------------------------------

    def heading(self) -> str:
        bench = self._bench()
        return str(bench.title) if bench is not None else str(self.title)

    def subtitle(self) -> str:
        if self._shown == HOME:
            return tr("Every number can be checked, and every bench gives its code",
                      "Cada número se puede comprobar y cada banco da su código")
        return ""

    def side(self) -> QWidget:
        return self._contents

    def centre(self) -> QWidget:
        return self._stack

    def actions(self) -> Iterable[QWidget]:
        self._reset = Button(tr("Reset", "Restablecer"), "", "undo", on_click=self.frame.reset,
                             tooltip=tr("Set everything as it was at the beginning", "Dejar todo como al principio"))
        self._picture = Button(tr("Picture…", "Imagen…"), "", "image", on_click=self.frame.save_picture,
                               tooltip=tr("Save what is shown as a PNG", "Guardar lo que se muestra como PNG"))
        self._film = Button(tr("Film…", "Película…"), "", "play", on_click=self.frame.save_film,
                            tooltip=tr("Save what moves as a GIF, WebP or MP4", "Guardar lo que se mueve como GIF, WebP o MP4"))
        self._code = Button(tr("Code", "Código"), "", "code", checkable=True,
                            tooltip=tr("Programs that compute exactly what is shown",
                                       "Programas que calculan exactamente lo que se muestra"))
        self._code.clicked.connect(self.frame.show_code)
        self._show_actions()
        return self._reset, self._picture, self._film, self._code

    def _show_actions(self) -> None:
        on_bench = self._stack.currentWidget() is self.frame
        for button in (self._reset, self._picture, self._code):
            button.setVisible(on_bench)
        self._film.setVisible(on_bench and self.frame.moves)

    def _on_code_shown(self, shown: bool) -> None:
        self._code.setChecked(shown)

    # What is shown -------------------------------------------------------------------------------

    def _bench(self) -> Bench | None:
        return BENCHES.find(self._shown.removeprefix(BENCH)) if self._shown.startswith(BENCH) else None

    def _show(self, identifier: str, settings: dict[str, Any] | None = None) -> None:
        """Show the home, a lesson or a bench."""
        if identifier.startswith(LESSON):
            self.session.request(OpenLesson(identifier.removeprefix(LESSON)))
            return
        self._shown = self.state["shown"] = identifier
        bench = self._bench()
        self.frame.keep()
        if bench is None:
            self._go(0)
        elif bench.needs_run and not self._trained:
            self._show_empty(bench)
        else:
            self.frame.show_bench(bench, settings)
            self._go(1)
        self._contents.show_current(identifier)

    def _show_lesson(self, identifier: str) -> None:
        """Show the lesson that is being worked on."""
        if self._course is None or not identifier:
            self._show(HOME)
            return
        self._shown = self.state["shown"] = f"{LESSON}{identifier}"
        self.frame.keep()
        self._course.view.refresh()
        self._go(3)
        self._contents.show_current(self._shown)

    def _go(self, place: int) -> None:
        before = self._stack.currentIndex()
        self._stack.setCurrentIndex(place)
        if place != 1:
            self.frame.leave()
        else:
            self.frame.enter()
        if self._course is not None and (before == 3) != (place == 3):
            (self._course.view.enter if place == 3 else self._course.view.leave)()
        if self._course is not None and place == 0:
            self._course.cards.refresh()
        if hasattr(self, "_code"):
            self._show_actions()
        self.header_changed.emit()

    def _show_empty(self, bench: Bench) -> None:
        """Say what a bench of a trained network needs, with a button that leads there."""
        opened = self.session.is_open
        text = tr("Train a network of this project first.", "Entrene antes una red de este proyecto.") if opened else tr(
            "Open a project and train its network first; the sample trains in a minute.",
            "Abra antes un proyecto y entrene su red; el de ejemplo se entrena en un minuto.")
        button = tr("Go to Train", "Ir a Entrenar") if opened else tr("Open the sample project", "Abrir el proyecto de ejemplo")
        command = ShowPage("train") if opened else OpenSample()
        while self._empty.count():
            before = self._empty.widget(0)
            assert before is not None
            self._empty.removeWidget(before)
            before.deleteLater()
        self._empty.addWidget(EmptyState(bench.icon, str(needs_network_text()), text, button,
                                         lambda: self.session.request(command)))
        self._go(2)

    # Commands and changes ------------------------------------------------------------------------

    def handle(self, command: Command) -> None:
        if isinstance(command, ShowBench):
            self._show(f"{BENCH}{command.bench}", command.settings)
        elif isinstance(command, OpenLesson):
            self._show_lesson(command.lesson)
        else:
            super().handle(command)

    def refresh(self, change: Change) -> None:
        if change.of("folder", "run", "runs"):
            self._trained = self._has_run()
            self._home.show_trained(self._trained)
            self._home.assignments.show_open(self.session.is_open)
            bench = self._bench()
            if bench is not None and bench.needs_run:
                self._show(self._shown)

    def _has_run(self) -> bool:
        from cnnstudio.workers.runs.folder import list_runs

        folder = self.session.folder
        return folder is not None and any(run.has_model for run in list_runs(folder))

    def take_paths(self, paths: list[str]) -> bool:
        if self._stack.currentWidget() is not self.frame or self.frame.view is None or not self.frame.view.takes_paths(paths):
            return False
        self.frame.view.take_paths(paths)
        return True

    def drop_text(self, paths: list[str]) -> str:
        taken = self._stack.currentWidget() is self.frame and self.frame.view is not None and self.frame.view.takes_paths(paths)
        return tr("Use this picture", "Usar esta imagen") if taken else ""

    # Life ----------------------------------------------------------------------------------------

    def enter(self) -> None:
        # The state ends with the project; a lesson goes on in the project that it has just made.
        shown = str(self.state.get("shown", self._shown))
        if shown != self._shown and not shown.startswith(LESSON):
            self._show(shown)
        elif shown.startswith(LESSON) and shown != self._shown:
            self._show_lesson(shown.removeprefix(LESSON))
        elif self._stack.currentWidget() is self.frame:
            self.frame.enter()

    def leave(self) -> None:
        self.frame.leave()
        if self._course is not None and self._stack.currentIndex() == 3:
            self._course.view.leave()

    def keep(self) -> None:
        self.frame.keep()

    def close(self) -> None:
        # The window may be built again, in another language.
        self.state["shown"] = self._shown
        self.frame.close_bench()
        if self._course is not None:
            self._course.view.close_view()
