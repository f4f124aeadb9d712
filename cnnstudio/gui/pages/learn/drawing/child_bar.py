"""A job of a bench in a child process: its button, and while it works its phase, progress and Cancel."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QWidget
from shiboken6 import isValid

from cnnstudio.core.events import Event, Failed, Stopped
from cnnstudio.core.jobs import JobSpec
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.state.bench_jobs import BenchJobs
from cnnstudio.gui.state.jobs import ChildJob
from cnnstudio.gui.widgets.basics import Button, Label, Stack, box, column, row
from cnnstudio.gui.widgets.progress import show_progress


class ChildBar(QWidget):
    """`event_arrived(Event)` of the child, and `ended(Event)` with its last. `requested` when the button is pressed: the bench
    then calls `start`. The child goes on where the bench goes; `resume` takes it over again."""

    requested = Signal()
    event_arrived = Signal(object)
    ended = Signal(object)

    def __init__(self, jobs: BenchJobs, button: str, icon: str, kind: str, label: Text, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs, self._kind, self._label = jobs, kind, label
        self._owner = ""
        self._job: ChildJob | None = None
        self.button = Button(button, "primary", icon, on_click=self.requested.emit)
        self._phase = Label("", "secondary", "dim")
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._problem = Label("", "secondary", "error", wrap=True)
        self._problem.hide()
        cancel = Button(tr("Cancel", "Cancelar"), on_click=self.cancel)
        self._stack = Stack()
        self._stack.addWidget(box(column(self.button)))
        self._stack.addWidget(box(column(self._phase, row(self._progress, cancel, spacing=8), spacing=4)))
        self.setLayout(column(self._stack, self._problem, spacing=6))

    @property
    def running(self) -> bool:
        return self._job is not None

    def start(self, spec: JobSpec, target: str = "") -> None:
        """Start the child, unless one is running."""
        if self._job is not None:
            return
        self._problem.hide()
        job = ChildJob(spec, self._label, self._kind, page="learn", target=target)
        self._follow(job)
        self._jobs.start(self._name, spec, job)
        self._on_event(None)

    def resume(self, owner: str, accepts: Callable[[JobSpec], bool] = lambda _spec: True) -> None:
        """Take over the child that the bench of this owner left running, and what it has told. `accepts` says of its
        description whether the bench still shows what it works on."""
        self._owner = owner
        kept = self._jobs.find(self._name)
        if kept is None or self._job is not None or not accepts(kept.spec):
            return
        if kept.job.running:
            self._follow(kept.job)
            self._on_event(None)
        for event in tuple(kept.events):
            self.event_arrived.emit(event)
        if kept.job.last is not None:
            self._show_end(kept.job.last)

    @property
    def _name(self) -> str:
        return f"{self._kind}:{self._owner}"

    def _follow(self, job: ChildJob) -> None:
        self._job = job
        job.event.connect(self._guarded(self._on_event))
        job.ended.connect(self._guarded(self._on_ended))
        self._stack.setCurrentIndex(1)

    def cancel(self) -> None:
        """End the child; `ended` follows."""
        if self._job is not None:
            self._job.cancel(keep=False)

    def forget(self) -> None:
        """End the child; what it has told is about other settings."""
        self.cancel()
        self._jobs.forget(self._name)

    def leave_child(self) -> None:
        """The widget will be deleted; the child goes on."""
        self._job = None

    def _guarded(self, slot: Callable[[Event], None]) -> Callable[[Event], None]:
        job = self._job
        return lambda event: slot(event) if isValid(self) and self._job is job else None

    def _on_event(self, event: Event | None) -> None:
        job = self._job
        if job is None:
            return
        self._phase.setText(f"{job.phase}…" if job.phase is not None else "")
        show_progress(self._progress, job.progress)
        if event is not None:
            self.event_arrived.emit(event)

    def _on_ended(self, last: Event) -> None:
        self._job = None
        self._show_end(last)
        self.ended.emit(last)

    def _show_end(self, last: Event) -> None:
        self._stack.setCurrentIndex(0)
        if isinstance(last, Failed):
            self._problem.setText(str(last.problem.text))
            self._problem.show()
        elif isinstance(last, Stopped):
            self._problem.hide()
