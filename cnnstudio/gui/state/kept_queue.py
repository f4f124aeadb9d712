"""Keeps the queue of trainings with the project, and restores it, on hold, when the project is opened again."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject

from cnnstudio.core.problems import ProblemError
from cnnstudio.gui.state.run_queue import RunQueue, Waiting
from cnnstudio.gui.state.session import Session
from cnnstudio.workers.job_setup import training_job
from cnnstudio.workers.runs.folder import RunFolder, find_run
from cnnstudio.workers.runs.waiting import read_waiting, read_waiting_clusters, write_waiting


class KeptQueue(QObject):
    """Writes the order of `queue` after every change, and fills it for a project that is opened."""

    def __init__(self, session: Session, queue: RunQueue) -> None:
        super().__init__(queue)
        self._session, self._queue = session, queue
        self._folder: Path | None = None
        self._kept: tuple[str, ...] = ()
        session.opened.connect(self._restore)
        session.closing.connect(self._on_closing)
        queue.changed.connect(self._keep)
        if session.is_open:
            self._restore()

    def _restore(self) -> None:
        self._folder = self._session.folder
        if self._folder is None:
            return
        self._kept = read_waiting(self._folder)
        clusters = read_waiting_clusters(self._folder)
        for run_id in self._kept:
            item = _waiting(self._folder, run_id)
            if item is not None:
                self._queue.add(item._replace(cluster=clusters.get(run_id, "")))
        # Nobody expects the machine to begin to train because a project was opened.
        self._queue.hold()

    def _keep(self) -> None:
        ids = tuple(item.run.id for item in self._queue.waiting)
        if self._folder is None or ids == self._kept:
            return
        self._kept = ids
        try:
            write_waiting(self._folder, ids, {item.run.id: item.cluster for item in self._queue.waiting if item.cluster})
        except ProblemError as problem_error:
            self._session.report(*problem_error.problems)

    def _on_closing(self) -> None:
        """What waits stays written."""
        self._folder = None
        self._queue.clear()


def _waiting(folder: Path, run_id: str) -> Waiting | None:
    """What waits; None for a run that is gone, damaged or trained by now."""
    try:
        run: RunFolder = find_run(folder, run_id)
        if run.state() not in ("created", "stopped", "failed", "interrupted", "finished"):
            return None
        project = run.spec()
    except ProblemError:
        return None
    return Waiting(run, training_job(run, project, resume=run.events_path.exists()), project.training.epochs)
