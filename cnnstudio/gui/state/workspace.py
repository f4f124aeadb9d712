"""The open project with its pictures: ownership of the parts, and their order of opening and closing."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer

from cnnstudio.core.problems import Problem
from cnnstudio.core.settings import Settings
from cnnstudio.core.text import Text
from cnnstudio.gui.state.jobs import Report, Work
from cnnstudio.gui.state.session import Session

if TYPE_CHECKING:
    from cnnstudio.gui.state.additions import Additions
    from cnnstudio.gui.state.audit import Audit
    from cnnstudio.gui.state.bench_jobs import BenchJobs
    from cnnstudio.gui.state.changes import Change
    from cnnstudio.gui.state.checks import ProjectChecks
    from cnnstudio.gui.state.class_edits import ClassEdits
    from cnnstudio.gui.state.collection import Collection
    from cnnstudio.gui.state.counts import Counts
    from cnnstudio.gui.state.decisions import Decisions
    from cnnstudio.gui.state.deleted_runs import DeletedRuns
    from cnnstudio.gui.state.judge import Judge
    from cnnstudio.gui.state.launcher import Launcher
    from cnnstudio.gui.state.leaks import LeakShares
    from cnnstudio.gui.state.lessons import Lessons
    from cnnstudio.gui.state.remedies import Remedies
    from cnnstudio.gui.state.scanner import Scanner
    from cnnstudio.gui.state.scenarios import Scenarios
    from cnnstudio.gui.state.searcher import Searcher
    from cnnstudio.gui.state.training_places import TrainingPlaces
    from cnnstudio.gui.state.trash import Trash
    from cnnstudio.gui.state.warm_up import WarmUp

RESCUE: Final = "rescue"
_INDEX_JOBS: Final = ("scan", RESCUE, "trash", "splits", "audit", "embed", "judge", "charts", "query", "answers", "map",
                      "report", "leaks", "leakage", "add-pictures", "lesson", "prepare_search")
"""Kinds of jobs that use the index, and must end before it is closed."""


class Workspace(QObject):
    """Owns the session and everything about its pictures.

    Pages and dialogs get the part they need. A part is created on first use: the first paint of the window needs the
    session alone.
    """

    def __init__(self, settings: Settings | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = Session(settings, self)
        self.session.opened.connect(self._open_pictures)
        self.session.changed.connect(self._on_changed)
        self.session.closing.connect(self._on_closing)
        self.session.pictures_changed.connect(self._on_pictures_changed)

    # The parts -----------------------------------------------------------------------------------

    @cached_property
    def collection(self) -> Collection:
        """The index, read only."""
        from cnnstudio.gui.state.collection import Collection

        return Collection(self.session)

    @cached_property
    def counts(self) -> Counts:
        """Counts of the collection."""
        from cnnstudio.gui.state.counts import Counts

        return Counts(self.session, self.collection)

    @cached_property
    def scanner(self) -> Scanner:
        """Scans of the folder."""
        from cnnstudio.gui.state.scanner import Scanner

        return Scanner(self.session, self.collection, self.counts)

    @cached_property
    def decisions(self) -> Decisions:
        """Labels, splits and exclusions."""
        from cnnstudio.gui.state.decisions import Decisions

        return Decisions(self.session, self.collection)

    @cached_property
    def scenarios(self) -> Scenarios:
        """Named subsets of pictures."""
        from cnnstudio.gui.state.scenarios import Scenarios

        return Scenarios(self.session, self.collection)

    @cached_property
    def classes(self) -> ClassEdits:
        """Names, order and hiding of classes."""
        from cnnstudio.gui.state.class_edits import ClassEdits

        return ClassEdits(self.session, self.collection, self.counts)

    @cached_property
    def trash(self) -> Trash:
        """Deleting files."""
        from cnnstudio.gui.state.trash import Trash

        return Trash(self.session, self.collection, self.scanner)

    @cached_property
    def additions(self) -> Additions:
        """Adding single pictures."""
        from cnnstudio.gui.state.additions import Additions

        return Additions(self.session, self.collection, self.scanner)

    @cached_property
    def judge(self) -> Judge:
        """Judging again by thresholds and the embedding."""
        from cnnstudio.gui.state.judge import Judge

        return Judge(self.session, self.collection, self.counts)

    @cached_property
    def audit(self) -> Audit:
        """The audit in the background."""
        from cnnstudio.gui.state.audit import Audit

        return Audit(self.session, self.collection, self.counts, self.judge)

    @cached_property
    def launcher(self) -> Launcher:
        """Starting trainings, and those that wait."""
        from cnnstudio.gui.state.launcher import Launcher

        return Launcher(self.session, self.collection, self.checks, self.places)

    @cached_property
    def places(self) -> TrainingPlaces:
        """Where to train."""
        from cnnstudio.gui.state.training_places import TrainingPlaces

        return TrainingPlaces(self.session)

    @cached_property
    def searcher(self) -> Searcher:
        """Starting searches, and letting them go on."""
        from cnnstudio.gui.state.searcher import Searcher

        return Searcher(self.session, self.collection)

    @cached_property
    def deleted_runs(self) -> DeletedRuns:
        """Deleting runs."""
        from cnnstudio.gui.state.deleted_runs import DeletedRuns

        return DeletedRuns(self.session, lambda: self.launcher.queue)

    @cached_property
    def leaks(self) -> LeakShares:
        """Duplicates between the splits."""
        from cnnstudio.gui.state.leaks import LeakShares

        return LeakShares(self.session, self.collection, self.counts)

    @cached_property
    def remedies(self) -> Remedies:
        """Remedies for findings."""
        from cnnstudio.gui.state.remedies import Remedies

        return Remedies(self.session, self.decisions, self.trash)

    @cached_property
    def checks(self) -> ProjectChecks:
        """All problems of the project."""
        from cnnstudio.gui.state.checks import ProjectChecks

        return ProjectChecks(self.session, self.collection, self.scanner, self.counts)

    @cached_property
    def lessons(self) -> Lessons:
        """The lesson that is being worked on."""
        from cnnstudio.gui.state.lessons import Lessons

        return Lessons(self.session)

    @cached_property
    def bench_jobs(self) -> BenchJobs:
        """The children of the benches."""
        from cnnstudio.gui.state.bench_jobs import BenchJobs

        return BenchJobs(self.session)

    @cached_property
    def warm_up(self) -> WarmUp:
        """The spare child of the jobs."""
        from cnnstudio.gui.state.warm_up import WarmUp

        return WarmUp(self.session)

    def on_page_shown(self, page: str) -> None:
        """What the page will need is begun."""
        if "warm_up" in self.__dict__:
            self.warm_up.on_page_shown(page)

    def end(self) -> None:
        """Join all threads and close the project; the program ends."""
        if "lessons" in self.__dict__:
            self.lessons.stop()
        self.session.end()
        if "warm_up" in self.__dict__:
            self.warm_up.end()

    # Opening and closing -------------------------------------------------------------------------

    def _on_changed(self, change: Change) -> None:
        """Connected before the window is, so that counts are up to date when a change is shown."""
        if self.session.is_open:
            self.scanner.follow(change)
            self.judge.follow(change)
            self.checks.follow(change)

    def _on_pictures_changed(self) -> None:
        self.counts.recount()

    def _open_pictures(self) -> None:
        """Open the pictures of a new project; the session announces it afterwards."""
        if not self.collection.open():
            # A damaged index is shown with its fix on the page, until it is replaced.
            self.session.report(*(problem for problem in self.collection.problems if not problem.fixes))
            return
        self.trash.forget()
        self.judge.open()
        self.scanner.open()
        self.leaks.clear()
        self.counts.recount()
        # After the window has shown the project: the grid is filled from the index at once.
        QTimer.singleShot(0, self.scanner, self.scanner.scan)

    def _on_closing(self) -> None:
        self.checks.stop()
        self._close_pictures()
        self.deleted_runs.empty()

    def _close_pictures(self) -> None:
        self.scanner.close()
        for job in self.session.jobs:
            if job.kind in _INDEX_JOBS:
                job.cancel()
                job.join()
        self.judge.close()
        self.leaks.clear()
        self.collection.close()
        self.trash.forget()
        self.counts.clear()

    def replace_index(self) -> None:
        """Replace a damaged index by a new one, in the background, and scan the folder into it."""
        session, folder = self.session, self.session.folder
        if folder is None or session.jobs.of_kind(RESCUE) is not None:
            return
        project = session.project
        self._close_pictures()

        def work(report: Report) -> Problem | None:
            from cnnstudio.workers.index_rescue import rescue_index

            return rescue_index(folder, project, report.progress)

        def done(job: Work) -> None:
            if session.folder != folder:
                return
            problem = job.result or getattr(job.last, "problem", None)
            if problem is not None:
                session.report(problem)
            self._open_pictures()
            session.announce("pictures", "dataset")

        session.announce("pictures")
        session.jobs.run(work, Text("Reading the pictures", "Leyendo las imágenes"), RESCUE, page="data", done=done)
