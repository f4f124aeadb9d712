"""Measuring runs on pictures of scenarios that they have no answer for, one run after the other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from cnnstudio.core.events import Event, Failed, Notice, Stopped
from cnnstudio.core.files import read_project
from cnnstudio.core.jobs import Evaluate
from cnnstudio.core.text import Text
from cnnstudio.datasets.index import open_index
from cnnstudio.datasets.scenarios import Scenario
from cnnstudio.datasets.source_folders import source_folder
from cnnstudio.gui.state.jobs import ChildJob, Job, Work
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.runs.scenarios import scenarios_job

if TYPE_CHECKING:
    from cnnstudio.gui.state.session import Session

KIND: Final = "scenarios"
_LABEL: Final = Text("Measuring scenarios", "Midiendo escenarios")


class ScenarioMeasuring(QObject):
    """`changed()` when a run begins or ends; `failed(Problem)` where one cannot be measured, which ends the rest."""

    changed = Signal()
    failed = Signal(object)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._waiting: list[RunFolder] = []
        self._scenarios: tuple[Scenario, ...] = ()
        session.jobs.ended.connect(self._on_ended)

    @property
    def job(self) -> Job | None:
        """The job that works now."""
        return self._session.jobs.of_kind(KIND)

    def start(self, runs: Sequence[RunFolder], scenarios: Sequence[Scenario]) -> None:
        """Measure these runs, unless some are being measured."""
        if self.job is None:
            self._waiting, self._scenarios = list(runs), tuple(scenarios)
            self._next()

    def cancel(self) -> None:
        """Stop; what was measured stays."""
        self._waiting = []
        if self.job is not None:
            self.job.cancel()

    def _next(self) -> None:
        folder = self._session.folder
        if self._waiting and folder is not None:
            run, scenarios = self._waiting.pop(0), self._scenarios
            work = self._session.jobs.run(lambda _report: _prepare(folder, run, scenarios), _LABEL, KIND, page="evaluate")
            work.ended.connect(self._on_prepared)
            self._work = work
        self.changed.emit()

    def _on_prepared(self, _last: Event) -> None:
        work = self._work
        if isinstance(work.result, Evaluate) and not work.cancelling:
            child = ChildJob(work.result, _LABEL, KIND, page="evaluate")
            child.event.connect(self._on_event)
            self._session.jobs.start(child)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, Notice) and event.problem.code == "evaluation_not_kept":
            self.failed.emit(event.problem)

    def _on_ended(self, job: Job, last: Event) -> None:
        if job.kind != KIND:
            return
        if isinstance(last, Failed):
            self._waiting = []
            self.failed.emit(last.problem)
        elif isinstance(last, Stopped):
            self._waiting = []
        elif isinstance(job, Work) and job.result is not None:
            return  # the list of pictures is ready, the measuring follows
        self._next()


def _prepare(folder: Path, run: RunFolder, scenarios: Sequence[Scenario]) -> Evaluate | None:
    index = open_index(folder)
    try:
        return scenarios_job(run, scenarios, index, source_folder(read_project(folder), folder))
    finally:
        index.close()
