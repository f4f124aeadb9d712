"""What checks look at: a project's folder with its pictures and runs, and what the student answered. Read, never changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from cnnstudio.catalog.context import context_of
from cnnstudio.core.files import PROJECT_FILE, read_project
from cnnstudio.core.problems import ProblemError, blocking
from cnnstudio.core.project import Project
from cnnstudio.datasets.index import FILE as INDEX_FILE
from cnnstudio.datasets.index import Index, open_index
from cnnstudio.datasets.manifest import read_manifest
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.learning.course.data.entry import Faults
from cnnstudio.learning.course.progress import Progress
from cnnstudio.network.checks import check_network
from cnnstudio.network.shapes import NetworkReport, report
from cnnstudio.workers.runs.folder import RunFolder, RunSummary, list_runs


class Subject:
    """A project as it is now, or as it was when a run began."""

    def __init__(self, folder: Path, project: Project, class_count: int) -> None:
        self.folder, self.project, self.class_count = folder, project, class_count

    @cached_property
    def network(self) -> NetworkReport:
        """The analysis of its network."""
        return report(self.project.network, context_of(self.project, max(2, self.class_count), ProjectBases(self.folder)))

    @cached_property
    def builds(self) -> bool:
        """Whether Keras can build its network."""
        return not blocking(check_network(self.project, max(2, self.class_count), ProjectBases(self.folder)))


class RunSubject(Subject):
    """A run with its own frozen project. Raises ProblemError where that cannot be read."""

    def __init__(self, summary: RunSummary) -> None:
        self.summary, self.run = summary, RunFolder(summary.folder)
        self.manifest = read_manifest(self.run.manifest_path, as_trained=True)
        super().__init__(self.run.project_folder, self.run.spec(), len(self.manifest.header.class_names))


class Evidence:
    """All that the checks of one lesson may look at. `task` is the one that is judged: its answers count.

    `project` is the present one where it is newer than the saved file, as in the window.
    """

    def __init__(self, folder: Path | None, progress: Progress, faults: Faults | None = None, project: Project | None = None
                 ) -> None:
        self.folder, self.progress, self.task = folder, progress, ""
        self.faults = faults or Faults()
        self._project = project

    @property
    def has_project(self) -> bool:
        return self.folder is not None and (self.folder / PROJECT_FILE).is_file()

    @cached_property
    def subject(self) -> Subject | None:
        """The project as it is now; None where there is none. Raises ProblemError for a damaged one."""
        if self.folder is None or not self.has_project:
            return None
        project = self._project if self._project is not None else read_project(self.folder)
        with self.index() as index:
            count = 0 if index is None else len(index.class_names(project.dataset))
        return Subject(self.folder, project, count)

    @contextmanager
    def index(self) -> Iterator[Index | None]:
        """The pictures and the decisions about them; None where there are none yet."""
        if self.folder is None or not (self.folder / INDEX_FILE).is_file():
            yield None
            return
        index = open_index(self.folder)
        try:
            yield index
        finally:
            index.close()

    @cached_property
    def runs(self) -> tuple[RunSubject, ...]:
        """The runs that can be read, newest first."""
        if self.folder is None:
            return ()
        summaries = [summary for summary in list_runs(self.folder) if summary.state != "damaged" and summary.epochs]
        return tuple(subject for summary in summaries if (subject := _readable(summary)) is not None)


def _readable(summary: RunSummary) -> RunSubject | None:
    try:
        return RunSubject(summary)
    except ProblemError:
        return None
