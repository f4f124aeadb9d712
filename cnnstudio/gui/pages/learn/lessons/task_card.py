"""A task: what to do, how it stands, hints one at a time, and the code of what was done."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.core.text import Text, tr
from cnnstudio.gui.pages import PAGES
from cnnstudio.gui.pages.learn.lessons.questions import question_form
from cnnstudio.gui.pages.learn.lessons.task_mark import TaskMark
from cnnstudio.gui.state.commands import CheckLesson, ShowPage
from cnnstudio.gui.state.jobs import Report, Work
from cnnstudio.gui.state.lessons import KIND
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Caption, Icon, Label, box, clear, column, row
from cnnstudio.gui.widgets.cards import Card, Expander
from cnnstudio.gui.widgets.code_editor import CodeEditor
from cnnstudio.gui.widgets.flow import FlowLayout
from cnnstudio.learning.course.code import CODES, task_code
from cnnstudio.learning.course.lesson import Task
from cnnstudio.learning.course.progress import Answer, Progress

_CODE_HEIGHT: Final = 280


class TaskCard(Card):
    """One task of the active lesson; `refresh` shows how it stands now."""

    task_refreshed = Signal()

    def __init__(self, workspace: Workspace, task: Task, number: int, parent: QWidget | None = None) -> None:
        super().__init__(spacing=8, edge="accent", parent=parent)
        self._workspace, self._session, self._lessons, self.task = workspace, workspace.session, workspace.lessons, task
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self._mark = TaskMark()
        caption = Caption(tr("Task {n}", "Tarea {n}", n=number))
        head = row(self._mark, spacing=10)
        head.addLayout(column(caption, Label(str(task.title), "heading", wrap=True), spacing=0), 1)
        self.body.addLayout(head)
        self.body.addWidget(Label(str(task.text), wrap=True, selectable=True))
        self._form = question_form(task)
        if self._form is not None:
            self._form.answered.connect(lambda answer: self._lessons.answer(task.id, answer))
            self.body.addWidget(self._form)
        self._measured = Label("", "secondary", "dim", wrap=True)
        self._missing = Label("", "secondary", "warn", wrap=True)
        self._hints = column(spacing=4)
        self.body.addWidget(self._measured)
        self.body.addWidget(self._missing)
        self.body.addLayout(self._hints)
        self._hint = Button("", "link", on_click=lambda: self._lessons.reveal_hint(task.id))
        holder = QWidget()
        buttons = FlowLayout(holder, spacing=12)
        page = next((entry for entry in PAGES if entry.id == task.page), None)
        self._page = Button(tr("Go to {page}", "Ir a {page}", page=page.title), icon=page.icon,
                            on_click=self._go) if page is not None else None
        check = Button(tr("Check now", "Comprobar ahora"), "link", on_click=lambda: self._session.request(CheckLesson()))
        # An answer is judged at once.
        check.setVisible(self._form is None or bool(task.page))
        for button in (self._page, check, self._hint):
            if button is not None:
                buttons.addWidget(button)
        self.body.addWidget(holder)
        self._code = Expander(
            tr("The code of what you have done: {title}", "El código de lo que ha hecho: {title}",
               title=CODES[task.code].title), _TaskCode(workspace, task)) if task.code else None
        if self._code is not None:
            self.body.addWidget(self._code)
        self.refresh()

    def refresh(self) -> None:
        """Show how the task stands."""
        state, progress = self._lessons.state(self.task.id), self._lessons.progress
        done = (state is not None and state.counts) or self.task.id in progress.done
        self._mark.show_state(done, 0.0 if state is None else state.share)
        self.setProperty("edge", "ok" if done else "accent")
        self.style().unpolish(self)
        self.style().polish(self)
        measured = str(state.measured) if state is not None else ""
        self._measured.setText(tr("Now: {text}", "Ahora: {text}", text=measured) if measured else "")
        waits = self._form is not None and not task_answered(progress, self.task)
        self._measured.setVisible(bool(measured) and not waits)
        missing = "" if state is None or state.done or waits else str(state.missing)
        self._missing.setText(_missing_text(missing, done))
        self._missing.set_tone("dim" if done else "warn")
        self._missing.setVisible(bool(missing))
        self._show_hints(progress.hints.get(self.task.id, 0))
        if self._form is not None:
            self._form.show_answer(progress.answers.get(self.task.id, Answer()))
        if self._page is not None:
            self._page.setEnabled(self._session.is_open)
        if self._code is not None:
            self._code.setVisible(done and self._lessons.is_project_open)
        word = tr("done", "hecha") if done else tr("not done yet", "aún sin hacer")
        self.setAccessibleName(f"{self.task.title}: {word}")
        self.task_refreshed.emit()

    def _go(self) -> None:
        """Show the page where the task is done; the task stays in sight there."""
        if self.task.id not in self._lessons.progress.done:
            self._lessons.choose_task(self.task.id)
        self._session.request(ShowPage(self.task.page))

    def _show_hints(self, count: int) -> None:
        hints = self.task.hints
        if self._hints.count() > count:
            clear(self._hints)
        for place in range(self._hints.count(), min(count, len(hints))):
            line = row(Icon("help", "accent", 16), spacing=8)
            line.addWidget(Label(str(hints[place]), wrap=True, selectable=True), 1)
            holder = box(line)
            self._hints.addWidget(holder)
        left = len(hints) - count
        self._hint.setVisible(left > 0)
        self._hint.setText(tr("Show a hint", "Mostrar una pista") if not count else tr(
            "Show another hint", "Mostrar otra pista"))


def task_answered(progress: Progress, task: Task) -> bool:
    """Whether the question of a task was answered."""
    answer = progress.answers.get(task.id)
    return answer is not None and bool(answer.value)


def _missing_text(missing: str, done: bool) -> str:
    if done:
        return tr("Done before; as it is now: {text}", "Hecha antes; tal como está ahora: {text}", text=missing)
    return tr("Still to do: {text}", "Falta: {text}", text=missing)


class _TaskCode(QWidget):
    """The code of what was done, printed when it comes into sight."""

    def __init__(self, workspace: Workspace, task: Task) -> None:
        super().__init__()
        self._workspace, self._task = workspace, task
        self._editor = CodeEditor(str(CODES[task.code].title))
        self._editor.setFixedHeight(_CODE_HEIGHT)
        copy = Button(tr("Copy", "Copiar"), "", "copy",
                      on_click=lambda: QGuiApplication.clipboard().setText(self._editor.toPlainText()))
        self.setLayout(column(self._editor, row(copy, None), spacing=6))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        session, kind = self._workspace.session, self._task.code
        folder, project = session.folder, session.project
        if folder is None:
            return

        def work(_report: Report) -> str:
            return task_code(kind, folder, project)

        def done(job: Work) -> None:
            if job.result is not None:
                self._editor.show_text(job.result)
            else:
                problem = getattr(job.last, "problem", None)
                self._editor.show_text("" if problem is None else f"# {problem.text}")

        session.jobs.run(work, Text("Writing the code", "Escribiendo el código"), KIND, quiet=True, done=done, owner=self)
