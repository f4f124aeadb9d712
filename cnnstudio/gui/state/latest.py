"""Background work where only the newest request counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal

from cnnstudio.core.text import Text
from cnnstudio.gui.state.jobs import JobList, Report, Work


@dataclass(frozen=True)
class Failure:
    """Why there is no result, as a text for the user."""

    text: str


class Latest(QObject):
    """Runs one function in a thread; of the requests made meanwhile only the newest is run."""

    answered = Signal(object, object)
    """The request and the result of the function, or a Failure."""

    def __init__(self, jobs: JobList, kind: str, function: Callable[[Any, Report], Any], parent: QObject) -> None:
        super().__init__(parent)
        self._jobs, self._kind, self._function = jobs, kind, function
        self._job: Work | None = None
        self._doing: Any = None
        self._waiting: Any = None

    def ask(self, request: Any) -> None:
        """Run this request next, and drop the waiting one."""
        if self._job is None:
            self._start(request)
        else:
            self._waiting = request
            self._job.cancel()

    def close(self) -> None:
        """Stop the thread; nothing is emitted any more."""
        self._waiting = None
        if self._job is not None:
            self._job.ended.disconnect(self._on_done)
            self._job.cancel()
            self._job.join()
            self._job = None

    def _start(self, request: Any) -> None:
        self._doing = request
        self._job = self._jobs.run(lambda report: self._function(request, report),
                                   Text("Preview", "Vista previa"), self._kind, quiet=True)
        self._job.ended.connect(self._on_done)

    def _on_done(self, last: Any) -> None:
        job, request = self._job, self._doing
        waiting, self._job, self._waiting = self._waiting, None, None
        if waiting is not None:
            self._start(waiting)
        if job is None:
            return
        if job.result is not None:
            self.answered.emit(request, job.result)
        elif (problem := getattr(last, "problem", None)) is not None:
            self.answered.emit(request, Failure(str(problem.text)))
