"""The open project with its pictures: who owns whom, and in which order they open and close."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QTimer

from cnnstudio.core.problems import Problem
from cnnstudio.core.settings import Settings
from cnnstudio.core.text import Text
from cnnstudio.gui.state.audit import Audit
from cnnstudio.gui.state.checks import ProjectChecks
from cnnstudio.gui.state.class_edits import ClassEdits
from cnnstudio.gui.state.collection import Collection
from cnnstudio.gui.state.counts import Counts
from cnnstudio.gui.state.decisions import Decisions
from cnnstudio.gui.state.jobs import Report, Work
from cnnstudio.gui.state.judge import Judge
from cnnstudio.gui.state.leaks import LeakShares
from cnnstudio.gui.state.remedies import Remedies
from cnnstudio.gui.state.scanner import Scanner
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.state.trash import Trash

RESCUE: Final = "rescue"
_INDEX_JOBS: Final = ("scan", RESCUE, "trash", "splits", "audit", "embed", "judge", "charts", "query", "answers", "map",
                      "report", "leaks", "leakage")
"""Kinds of jobs that use the index, and end before it is closed."""


class Workspace(QObject):
    """Owns the session and everything about its pictures. Pages and dialogs get the part they need."""

    def __init__(self, settings: Settings | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        session = self.session = Session(settings, self)
        self.collection = Collection(session)
        self.counts = Counts(session, self.collection)
        self.scanner = Scanner(session, self.collection, self.counts)
        self.decisions = Decisions(session, self.collection)
        self.classes = ClassEdits(session, self.collection, self.counts)
        self.trash = Trash(session, self.collection, self.scanner)
        self.judge = Judge(session, self.collection, self.counts)
        self.audit = Audit(session, self.collection, self.counts, self.judge)
        self.leaks = LeakShares(session, self.collection, self.counts)
        self.remedies = Remedies(session, self.decisions, self.trash)
        self.checks = ProjectChecks(session, self.collection, self.scanner, self.counts)
        session.opened.connect(self._open_pictures)
        session.closing.connect(self._on_closing)
        session.pictures_changed.connect(self.counts.recount)

    def end(self) -> None:
        """The program ends: join all threads and close the project."""
        self.session.end()

    # Opening and closing -------------------------------------------------------------------------

    def _open_pictures(self) -> None:
        """The session opened a project, and announces it afterwards."""
        if not self.collection.open():
            # A damaged index is shown with its fix on the page, until it is replaced.
            self.session.notice(*(problem for problem in self.collection.problems if not problem.fixes))
            return
        self.trash.forget()
        self.judge.open()
        self.scanner.open()
        self.counts.recount()
        # After the window has shown the project: the grid fills from the index at once.
        QTimer.singleShot(0, self.scanner, self.scanner.scan)

    def _on_closing(self) -> None:
        self.checks.stop()
        self._close_pictures()

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
        """Put a new index in the place of a damaged one, in the background, and read the folder into it."""
        session, folder = self.session, self.session.folder
        if folder is None or session.jobs.of_kind(RESCUE) is not None:
            return
        project = session.project
        self._close_pictures()

        def work(report: Report) -> Problem | None:
            from cnnstudio.workers.rescuing import rescue_index

            return rescue_index(folder, project, report.progress)

        def done(job: Work) -> None:
            if session.folder != folder:
                return
            problem = job.result or getattr(job.last, "problem", None)
            if problem is not None:
                session.notice(problem)
            self._open_pictures()
            session.announce("pictures", "dataset")

        session.announce("pictures")
        session.jobs.run(work, Text("Reading the pictures", "Leyendo las imágenes"), RESCUE, page="data", done=done)


def source_of(session: Session, path: Path) -> str:
    """How a folder of pictures is written in the project: relative where it lies inside the project's folder."""
    resolved, home = path.resolve(), session.folder
    if home is not None and resolved.is_relative_to(home.resolve()):
        return resolved.relative_to(home.resolve()).as_posix()
    return str(resolved)
