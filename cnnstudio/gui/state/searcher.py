"""Starts searches, lets them go on, and reads them: everything slow in threads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from cnnstudio.core.events import Failed
from cnnstudio.core.problems import Problem, ProblemError, blocking, error
from cnnstudio.core.search import SearchSpec
from cnnstudio.core.text import Text
from cnnstudio.gui.state.jobs import Job, Report, Work
from cnnstudio.gui.state.search_job import KIND, SearchJob
from cnnstudio.workers.search.applying import with_trial
from cnnstudio.workers.search.begin import begin_search, extend_search
from cnnstudio.workers.search.folder import SearchFolder
from cnnstudio.workers.search.reading import Search, Trial

if TYPE_CHECKING:
    from cnnstudio.gui.state.collection import Collection
    from cnnstudio.gui.state.session import Session

PREPARE = "prepare_search"


class Searcher(QObject):
    """`began(id)` when a search is on the disk; `moved(event)` for everything it tells; `changed` when one begins or ends."""

    began = Signal(str)
    moved = Signal(object)
    changed = Signal()
    refused = Signal(object)
    """The problems for which a search could not begin."""
    noticed = Signal(object)
    """A problem to show with the search that does not stop it."""
    target = ""
    """The entry of the children, where it is not the ordinary one."""

    def __init__(self, session: Session, collection: Collection) -> None:
        super().__init__(session)
        self._session, self._collection = session, collection
        session.jobs.ended.connect(self._on_ended)

    @property
    def running(self) -> SearchJob | None:
        """The search that this window drives."""
        job = self._session.jobs.of_kind(KIND)
        return job if isinstance(job, SearchJob) else None

    @property
    def preparing(self) -> bool:
        return self._session.jobs.of_kind(PREPARE) is not None

    def start(self, spec: SearchSpec) -> None:
        """Scan the pictures again, freeze the project, and search."""
        session = self._session
        folder, index = session.folder, self._collection.index
        if folder is None or index is None or self.preparing or self.running is not None:
            return
        project = session.project

        def work(report: Report) -> SearchFolder | tuple[Problem, ...]:
            from cnnstudio.workers.job_setup import refresh_index

            try:
                noticed = refresh_index(folder, project, index, report.progress, report.is_cancelled)
                report.check()
                return begin_search(folder, project, index, spec, noticed)
            except ProblemError as problem_error:
                return problem_error.problems

        def done(job: Work) -> None:
            if session.folder != folder:
                return
            if isinstance(job.result, SearchFolder):
                self._launch(job.result)
            else:
                problems = (job.last.problem,) if isinstance(job.last, Failed) else job.result or ()
                self.refused.emit(blocking(problems) or tuple(problems))
            self.changed.emit()

        session.jobs.run(work, Text("Reading the pictures", "Leyendo las imágenes"), PREPARE, page=KIND, done=done, owner=self)
        self.changed.emit()

    def go_on(self, search: Search, trials: int | None = None, seconds: float | None = None) -> None:
        """Let a search that is over or was stopped go on, up to so many trials, for so many seconds more."""
        if self.running is not None or self.preparing:
            return
        folder = SearchFolder(search.folder)
        try:
            extend_search(folder, search.seconds, trials=trials, seconds=seconds)
        except ProblemError as problem_error:
            self.refused.emit(problem_error.problems)
            return
        self._launch(folder)

    def _launch(self, folder: SearchFolder) -> None:
        job = SearchJob(folder, self.target)
        job.event.connect(self._on_event)
        self._session.jobs.start(job)
        self.began.emit(folder.id)
        self.changed.emit()

    def _on_event(self, event: Any) -> None:
        from cnnstudio.workers.search.search_events import SearchEvent, SearchNotice, TrialBegan, TrialEnded

        if isinstance(event, SearchNotice):
            self.noticed.emit(event.problem)
        if isinstance(event, TrialBegan | TrialEnded):
            self._session.announce("runs")
        if isinstance(event, SearchEvent):
            self.moved.emit(event)

    def _on_ended(self, job: Job, last: object) -> None:
        if isinstance(job, SearchJob):
            if isinstance(last, Failed):
                self.refused.emit((last.problem,))
            self._session.announce("runs")
            self.changed.emit()

    def use(self, search: Search, trial: Trial) -> bool:
        """Put the settings of a trial into the project, as one step that can be undone; False, with a message, where the
        project does not take them any more."""
        folder = self._session.folder
        if folder is None:
            return False
        return self._session.edit(lambda project: with_trial(Path(folder), project, search, trial),
                                  Text("Use the settings of trial {n}", "Usar los ajustes del ensayo {n}").fill(
                                      n=trial.number + 1))


def gone_problem(run: str) -> Problem:
    """The run of a trial was deleted."""
    text = Text("The run {run} of this trial was deleted. Its settings can still be used.",
                "El entrenamiento {run} de este ensayo se eliminó. Sus ajustes aún se pueden usar.")
    return error("no_run", text.fill(run=run), "run")
