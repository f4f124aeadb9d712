"""What takes long to import is imported before it is needed: the pages in a thread, Keras in a spare child, begun when a page
that needs it is opened, or soon after the project."""

from __future__ import annotations

from threading import Thread
from typing import Final

from PySide6.QtCore import QObject, QTimer

from cnnstudio.core.jobs import JobSpec
from cnnstudio.gui.state.jobs import ChildJob
from cnnstudio.gui.state.page_imports import PageImports
from cnnstudio.gui.state.session import Session

PAGES: Final = ("network", "train", "evaluate", "predict", "export")
"""Pages whose work is done by Keras in a child."""
_AFTER_OPENING: Final = 8_000
"""Milliseconds after the project is opened, when its pictures are on screen."""
_IN_TRAINING: Final = 15_000
"""Milliseconds after a training began, which takes some seconds of a core from it: a user evaluates when it ends."""


class WarmUp(QObject):
    """Imports the pages, and keeps one spare child for the backend and device of the project, from `enable` until `end`."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        from cnnstudio.workers.spare import Spare

        self._session = session
        self.spare = Spare()
        self._page_imports = PageImports(self)
        self._training: object = None
        self._timer = QTimer(self, singleShot=True, interval=_AFTER_OPENING)
        self._timer.timeout.connect(self.begin)

    def enable(self) -> None:
        """Begin to import the pages and to keep a spare child; tests and scripts do without."""
        self._page_imports.begin()
        self._session.jobs.transport = self.spare.start
        self._session.opened.connect(self._timer.start)
        self._session.closing.connect(self._on_closing)
        self._session.jobs.ended.connect(self._on_job_ended)
        self._session.jobs.changed.connect(self._on_jobs_changed)
        if self._session.is_open:
            self._timer.start()

    def on_page_shown(self, page: str) -> None:
        """The next click may need Keras: do not wait any longer."""
        if page in PAGES and self._session.jobs.transport is not None and self._session.is_open:
            self._timer.start(0)

    def begin(self) -> None:
        """Start the spare child now, unless children other than a training are at work already: they need the processor
        and the memory."""
        if not self._session.is_open or any(isinstance(job, ChildJob) and not job.quiet and job.kind != "train"
                                            for job in self._session.jobs):
            return
        from cnnstudio.workers.supervisor import environment_of

        training = self._session.project.training
        environment = environment_of(JobSpec(backend=training.backend, device=training.device))
        # A process takes some hundredths of a second to start, which no click should wait for.
        Thread(target=self.spare.prepare, args=(environment,), daemon=True, name="cnnstudio-spare").start()

    def end(self) -> None:
        """End the imports and the spare child; the program ends."""
        self._page_imports.end()
        self._timer.stop()
        self.spare.end()

    def _on_jobs_changed(self) -> None:
        training = self._session.jobs.of_kind("train")
        if training is not self._training:
            self._training = training
            if training is not None:
                self._timer.start(_IN_TRAINING)

    def _on_job_ended(self, job: object, _last: object) -> None:
        if isinstance(job, ChildJob) and self._session.is_open:
            self._timer.start(500)

    def _on_closing(self) -> None:
        self._timer.stop()
        self.spare.clear()
