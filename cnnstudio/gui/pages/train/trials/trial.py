"""Something that is tried out in a child process for a dialog: prepared in a thread, followed, and ended with the dialog."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QLayout, QProgressBar, QWidget

from cnnstudio.core.events import Event, Failed, Stopped
from cnnstudio.core.jobs import JobSpec
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.state.jobs import ChildJob, Work
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Label, column
from cnnstudio.gui.widgets.progress import show_progress

Prepare = Callable[[], JobSpec | None]
"""Makes the job, in a thread; it may raise ProblemError. None: there is nothing to do."""


class Trial(QObject):
    """`told(Event)` for what the child sends; then `ended(Problem or None)`: None after a success, and `stopped` if the user
    ended it."""

    told = Signal(object)
    progressed = Signal()
    ended = Signal(object)
    stopped = Signal()

    def __init__(self, session: Session, prepare: Prepare, label: Text, kind: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._prepare, self._label, self._kind = session, prepare, label, kind
        self._work: Work | None = None
        self.job: ChildJob | None = None

    def start(self) -> None:
        """Begin, or begin again."""
        self._work = self._session.jobs.run(lambda _report: self._prepare(), self._label, self._kind, page="train", quiet=True,
                                            done=self._on_prepared, owner=self)

    def _on_prepared(self, work: Work) -> None:
        if work is not self._work:
            return
        if isinstance(work.last, Failed):
            self.ended.emit(work.last.problem)
        elif isinstance(work.last, Stopped):
            self.stopped.emit()
        elif work.result is None:
            self.ended.emit(None)
        else:
            self.job = ChildJob(work.result, self._label, self._kind, page="train")
            self.job.event.connect(self._on_event)
            self.job.ended.connect(self._on_ended)
            self._session.jobs.start(self.job)

    def _on_event(self, event: Event) -> None:
        self.told.emit(event)
        self.progressed.emit()

    def _on_ended(self, last: Event) -> None:
        if isinstance(last, Failed):
            self.ended.emit(last.problem)
        elif isinstance(last, Stopped):
            self.stopped.emit()
        else:
            self.ended.emit(None)

    def cancel(self) -> None:
        """End what was started."""
        for job in (self._work, self.job):
            if job is not None and job.running:
                job.cancel()


class Waiting(QWidget):
    """What a trial does now, with its progress."""

    def __init__(self) -> None:
        super().__init__()
        self._phase = Label("", "secondary", "dim")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self.setLayout(column(None, self._phase, self._bar, None, spacing=8))

    def begin(self) -> None:
        self._phase.setText(tr("Preparing…", "Preparando…"))
        show_progress(self._bar, None)

    def follow(self, job: ChildJob | None) -> None:
        """Show how far a job is."""
        if job is not None:
            show_progress(self._bar, job.progress)
            if job.phase is not None:
                self._phase.setText(f"{job.phase}…")


def from_project(workspace: Workspace, make: Callable[..., JobSpec]) -> Prepare:
    """Makes a job of the present project with `make(folder, project, index)`."""
    folder, project, index = workspace.session.folder, workspace.session.project, workspace.collection.index

    def prepare() -> JobSpec:
        if folder is None or index is None:
            raise ProblemError(error("pictures_unread", Text(
                "The pictures of the project have not been read yet. Wait a moment, or look at the Data page.",
                "Las imágenes del proyecto aún no se han leído. Espere un momento o mire la página Datos."), "dataset"))
        return make(folder, project, index)

    return prepare


def stopped_label() -> Label:
    return Label(tr("Stopped before there was a result.", "Detenido antes de que hubiera un resultado."), "body", wrap=True)


def free_height(layout: QLayout) -> QLayout:
    """Wrapped text would ask for the height that it has in the narrowest window."""
    layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
    return layout
