"""The training of the tour: as long as a user likes to watch, and kept."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from cnnstudio.core.events import Batch, Epoch, Event, Failed
from cnnstudio.gui.state.jobs import ChildJob, Job
from cnnstudio.gui.state.workspace import Workspace

SECONDS: Final = 10


class ShortTraining(QObject):
    """Starts a training, counts ten seconds from its first step, then stops it and keeps the model.

    `ticked(seconds left)`; `ended(accuracy)` with the validation accuracy of the last epoch, or None; `failed` where nothing
    was trained.
    """

    ticked = Signal(int)
    ended = Signal(object)
    failed = Signal()

    def __init__(self, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._launcher, self._jobs = workspace.launcher, workspace.session.jobs
        self._job: ChildJob | None = None
        self._left = SECONDS
        self._accuracy: float | None = None
        self._stop_wanted = False
        self._clock = QTimer(self)
        self._clock.setInterval(1000)
        self._clock.timeout.connect(self._on_second)
        self._launcher.launched.connect(self._on_launched)
        self._jobs.ended.connect(self._on_ended)

    def start(self) -> None:
        """Train the project that is open; a training that runs already is the one that is watched."""
        running = self._launcher.running
        if isinstance(running, ChildJob):
            self._watch(running)
        else:
            self._launcher.start()
            if not self._launcher.preparing and self._launcher.running is None:
                self.failed.emit()

    def leave(self) -> None:
        """Watch no longer: the training goes on like any other."""
        self._clock.stop()
        self._job = None

    def _on_launched(self, _run: object, job: ChildJob) -> None:
        self._watch(job)

    def _watch(self, job: ChildJob) -> None:
        if self._job is None:
            self._job = job
            job.event.connect(self._on_event)

    def _on_event(self, event: Event) -> None:
        if self._job is None:
            return
        if isinstance(event, Batch | Epoch) and not self._clock.isActive() and self._left == SECONDS:
            self._clock.start()
        if isinstance(event, Epoch):
            self._accuracy = event.metrics.get("val_accuracy", self._accuracy)
            self._stop_if_wanted()

    def _on_second(self) -> None:
        self._left -= 1
        self.ticked.emit(max(0, self._left))
        if self._left <= 0:
            self._clock.stop()
            self._stop_wanted = True
            self._stop_if_wanted()

    def _stop_if_wanted(self) -> None:
        """A slow computer may need longer for the first epoch; without one there is no figure to show."""
        if self._stop_wanted and self._accuracy is not None and self._job is not None and not self._job.cancelling:
            self._job.stop(keep=True)

    def _on_ended(self, job: Job, last: object) -> None:
        if job.kind == "prepare_run" and isinstance(last, Failed) and self._job is None:
            self.failed.emit()
        if job is not self._job:
            return
        self._clock.stop()
        self._job = None
        if isinstance(last, Failed) or not Path(job.run_folder).is_dir():
            self.failed.emit()
        else:
            self.ended.emit(self._accuracy)
