"""Shared parts of the dialogs of the Data page: a title, a foot with progress, and work in the background."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QLineEdit, QProgressBar, QVBoxLayout, QWidget

from cnnstudio.core.events import Event, Failed, Finished, Phase, Progress
from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.state.commands import NewProject
from cnnstudio.gui.state.jobs import Job, Report, Work
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Elided, Label, box, column, row, scroll_area
from cnnstudio.gui.widgets.cards import Banner
from cnnstudio.gui.widgets.dialog import Dialog
from cnnstudio.gui.widgets.formatting import format_count, format_size, format_time_left
from cnnstudio.gui.widgets.inputs import SegmentedControl

_PROBLEMS_HEIGHT: Final = 108


class WorkDialog(Dialog):
    """A dialog with one primary button that starts work; Cancel ends the work first, then closes.

    A subclass fills `body` and implements `start_work` and `_on_succeeded(job)`.
    """

    def __init__(self, session: Session, title: str, note: str, primary: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.job: Job | None = None
        self._gone = False
        self.body: QVBoxLayout = column(spacing=10)
        self._problems = column(spacing=6)
        # In a scroll area, so that long texts never make the window grow beyond the screen.
        self._problems_box = scroll_area(box(self._problems))
        self._problems_box.setFixedHeight(_PROBLEMS_HEIGHT)
        self._problems_box.hide()
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 1000)
        self._bar.hide()
        self._status = Elided("", "secondary", "dim")
        self.cancel_button = Button(tr("Close", "Cerrar"), on_click=self._cancel)
        self.primary = Button(primary, "primary", on_click=self._start)
        self.primary.setDefault(True)
        self.cancel_button.setAutoDefault(False)
        foot = row(spacing=12)
        foot.addLayout(column(self._bar, self._status, spacing=4), 1)
        foot.addWidget(self.cancel_button)
        foot.addWidget(self.primary)
        layout = column(Label(title, "title"), spacing=10, margins=(24, 22, 24, 18))
        if note:
            layout.addWidget(Label(note, "secondary", "dim", wrap=True))
        layout.addSpacing(2)
        layout.addLayout(self.body, 1)
        layout.addWidget(self._problems_box)
        layout.addSpacing(2)
        layout.addLayout(foot)
        self.setLayout(layout)

    # For subclasses ------------------------------------------------------------------------------

    def start_work(self) -> Job | None:
        """Start the work of the primary button; None after `show_problems`."""
        return None

    def _on_succeeded(self, job: Job) -> None:
        """Called when the work is done."""

    def _on_working_changed(self, _on_working_changed: bool) -> None:
        """Called when the work starts or ends; subclasses lock their fields."""

    def run(self, function: Callable[[Report], Any], label: Text, kind: str) -> Job:
        """Run a function in a thread as this dialog's work."""
        return self.session.jobs.run(function, label, kind, page="data")

    # Life ----------------------------------------------------------------------------------------

    @property
    def is_working(self) -> bool:
        return self.job is not None and self.job.running

    def _start(self) -> None:
        if self.is_working:
            return
        self.show_problems(())
        job = self.start_work()
        if job is not None:
            self.start(job)

    def start(self, job: Job) -> None:
        """Follow a job that was started, with its progress and Cancel."""
        self.job = job
        job.event.connect(self._on_event)
        job.ended.connect(self._on_ended)
        self._show_working(True)

    def _show_working(self, _on_working_changed: bool) -> None:
        if self._gone:
            return
        self._bar.setVisible(_on_working_changed)
        self._bar.setRange(0, 0 if _on_working_changed else 1000)
        self.primary.setEnabled(not _on_working_changed)
        self.cancel_button.setText(tr("Cancel", "Cancelar") if _on_working_changed else tr("Close", "Cerrar"))
        if not _on_working_changed:
            self._status.setText("")
        self._on_working_changed(_on_working_changed)

    def _on_event(self, event: Event) -> None:
        if self._gone or self.job is None:
            return
        if isinstance(event, Phase):
            self._status.setText(str(event.text))
            self._bar.setRange(0, 0)
        elif isinstance(event, Progress):
            self._bar.setRange(0, 1000)
            self._bar.setValue(round(1000 * min(1.0, event.done / event.total)) if event.total else 0)
            self._status.setText(format_progress(self.job.phase, event))

    def _on_ended(self, last: Event) -> None:
        if self._gone:
            return
        job = self.job
        self._show_working(False)
        if isinstance(last, Failed):
            self.show_problems((last.problem,))
        elif isinstance(last, Finished) and job is not None:
            self._on_succeeded(job)

    def show_problems(self, problems: Iterable[Problem]) -> None:
        """Show problems above the buttons, at most three."""
        while (item := self._problems.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        first_problems = list(problems)[:3]
        for problem in first_problems:
            banner = Banner(problem)
            banner.fix_chosen.connect(self.session.apply)
            self._problems.addWidget(banner)
        self._problems.addStretch(1)
        self._problems_box.setVisible(bool(first_problems))

    def show_status(self, text: str) -> None:
        """Show a short text beside the buttons."""
        self._status.setText(text)

    def _cancel(self) -> None:
        if self.is_working and self.job is not None:
            self.job.cancel()
        else:
            self.reject()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        (self.primary if self.primary.isEnabled() else self).setFocus()

    def reject(self) -> None:
        self._release()
        super().reject()

    def accept(self) -> None:
        self._release()
        super().accept()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._release()
        super().closeEvent(event)

    def _release(self) -> None:
        if not self._gone and self.is_working and self.job is not None:
            self.job.cancel()
        self._gone = True


def format_progress(phase: Text | None, event: Progress) -> str:
    """The progress of the work as text."""
    amount = (f"{format_size(event.done)} / {format_size(event.total)}" if event.unit == "bytes"
              else f"{format_count(event.done)} / {format_count(event.total)}")
    parts = [str(phase)] if phase is not None else []
    parts.append(amount)
    if event.seconds_left is not None and event.seconds_left >= 1:
        parts.append(tr("{left} left", "quedan {left}", left=format_time_left(event.seconds_left)))
    return " · ".join(parts)


class PathField(QWidget):
    """A line for a path with a button that chooses one; `changed(text)`."""

    changed = Signal(str)

    def __init__(self, label: str, *, save: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._save = save
        self._label = label
        self.line = QLineEdit()
        self.line.setFont(theme.font())
        self.line.setAccessibleName(label)
        self.line.textChanged.connect(self.changed)
        choose = Button(tr("Choose…", "Elegir…"), "icon", "folder", on_click=self._choose)
        self.setLayout(column(Label(label, "secondary", "dim"), row(self.line, choose, spacing=4), spacing=4))

    @property
    def path(self) -> Path | None:
        """The path, if it is absolute."""
        text = self.line.text().strip()
        path = Path(text).expanduser() if text else None
        return path if path is not None and path.is_absolute() else None

    def set_path(self, path: Path) -> None:
        self.line.setText(str(path))
        self.line.setCursorPosition(0)

    def _choose(self) -> None:
        start = self.path or Path.home()
        if self._save:
            path, _kind = QFileDialog.getSaveFileName(self.window(), self._label, str(start))
            chosen = Path(path) if path else None
        else:
            path = QFileDialog.getExistingDirectory(self.window(), self._label, str(start.parent))
            chosen = Path(path) / start.name if path else None
        if chosen is not None:
            self.set_path(chosen)


JOIN, START = "join", "start"


class ModeChoice(SegmentedControl):
    """The choice between joining the collection and starting a project; hidden without an open project."""

    def __init__(self, session: Session, value: str) -> None:
        super().__init__([(JOIN, tr("Add to this collection", "Añadir a esta colección")),
                          (START, tr("Start a new project", "Empezar un proyecto nuevo"))],
                         value if session.is_open else START)
        self.setVisible(session.is_open)


def start_project(session: Session, place: Path) -> None:
    """Request a new project on a source."""
    session.request(NewProject(str(place)))


def make_progress(report: Report, phase: Text | None = None) -> Callable[[int, int], None]:
    """A progress callback that reports to a job, after an event for `phase`."""
    if phase is not None:
        report.event(Phase(name="sources", text=phase))
    return report.progress


__all__ = ["JOIN", "START", "ModeChoice", "PathField", "Work", "WorkDialog", "format_progress", "make_progress",
           "start_project"]
