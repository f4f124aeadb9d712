"""Scans of the folder of pictures: in the background, and again when the folder or the project's sources change."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace
from PySide6.QtCore import QObject, QTimer

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.events import Phase
from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text
from cnnstudio.gui.state.folder_changes import FolderChanges
from cnnstudio.gui.state.jobs import Job, Report, Work

if TYPE_CHECKING:
    from cnnstudio.datasets.refresh import ScanResult
    from cnnstudio.gui.state.changes import Change
    from cnnstudio.gui.state.collection import Collection
    from cnnstudio.gui.state.counts import Counts
    from cnnstudio.gui.state.session import Session
    from cnnstudio.imaging.picture_files import LeftOut

SCAN: Final = "scan"
SPLITS: Final = "splits"
_REFRESH_SECONDS: Final = 0.4
_SOURCES: Final = ("source", "joined", "source_classes", "split_folders", "follow_links", "ignore", "path_columns",
                   "label_columns")
"""Fields of the dataset that determine which files are pictures."""


class Scanner(QObject):
    """Keeps the index in step with the files and with the dataset's spec."""

    def __init__(self, session: Session, collection: Collection, counts: Counts) -> None:
        super().__init__(session)
        self._session, self._collection, self._counts = session, collection, counts
        self._spec = self._scan_spec = DatasetSpec()
        self._again = False
        self.missing: Path | None = None
        """The problem of a missing folder of pictures."""
        self.problems: tuple[Problem, ...] = ()
        """The problems of the last scan."""
        self.left_out: tuple[LeftOut, ...] = ()
        """What the last scan did not take, by reason."""
        self.news: ScanResult | None = None
        """New, changed and missing files of the last scan, until `dismiss_news`."""
        self._folder_changes = FolderChanges(self)
        self._folder_changes.rested.connect(self._on_folder_rested)
        # While a scan runs the counts are updated now and then, less often the longer they take.
        self._ticks = QTimer(self)
        self._ticks.setSingleShot(True)
        self._ticks.timeout.connect(self._tick)
        # Of the shares that change while the last ones are applied, only the newest count.
        self._shares = QTimer(self)
        self._shares.setSingleShot(True)
        self._shares.setInterval(150)
        self._shares.timeout.connect(lambda: self._apply_shares(self._spec))

    def open(self) -> None:
        """Start; the index was opened."""
        self._spec = self._session.project.dataset

    def close(self) -> None:
        """Drop due scans; the index will be closed, and its owner ends the running scan."""
        self._ticks.stop()
        self._shares.stop()
        self._folder_changes.stop()
        self._again = False
        self.missing = self.news = None
        self.problems = ()
        self.left_out = ()

    # Scanning ------------------------------------------------------------------------------------

    @property
    def running(self) -> Job | None:
        """The running scan, or None."""
        return self._session.jobs.of_kind(SCAN)

    def scan(self) -> None:
        """Update the index from the folder, in the background."""
        root, index = self._collection.root, self._collection.index
        if index is None or root is None:
            return
        running = self.running
        if running is not None:
            self._again = True
            running.cancel()
            return
        self.missing = None if root.is_dir() else root
        self._start_watch()
        if self.missing is not None:
            self._session.announce("pictures")
            return
        spec = self._scan_spec = self._session.project.dataset

        def work(report: Report) -> Any:
            from cnnstudio.datasets.refresh import inspect_pictures, scan_folder

            result = scan_folder(index, root, spec, cancelled=report.is_cancelled)
            report.check()
            report.event(Phase(name="inspecting", text=Text("reading the files", "leyendo los archivos")))
            inspect_pictures(index, root, report.progress, report.is_cancelled)
            return result

        label = Text("Reading the pictures", "Leyendo las imágenes")
        self._session.jobs.run(work, label, SCAN, page="data", done=self._on_scanned)
        self._ticks.start(round(_REFRESH_SECONDS * 1000))

    def cancel(self) -> None:
        """Cancel the scan; its results stay, and the next one continues from there."""
        self._again = False
        if self.running is not None:
            self.running.cancel()

    def _on_scanned(self, job: Work) -> None:
        self._ticks.stop()
        if self._collection.index is None:
            return
        if job.result is not None:
            self.problems = job.result.problems
            self.left_out = job.result.left_out
            self._keep_news(job.result)
        elif (problem := getattr(job.last, "problem", None)) is not None:
            # A folder that disappeared is shown like one that never existed: on the page, with a fix.
            root = self._collection.root
            if root is not None and not root.is_dir():
                self._again = True
            else:
                self._session.report(problem)
        if self._again:
            self._again = False
            self.scan()
        elif self._scan_spec.splits != self._spec.splits:
            # The shares were changed while the scan applied the old ones.
            self._apply_shares(self._spec)
        self._counts.refresh()

    def _tick(self) -> None:
        if self.running is None:
            return
        start = time.perf_counter()
        self._counts.refresh()
        seconds = time.perf_counter() - start
        self._ticks.start(round(max(_REFRESH_SECONDS, 10 * seconds) * 1000))

    # The folder ----------------------------------------------------------------------------------

    def _start_watch(self) -> None:
        from cnnstudio.datasets.source_folders import source_folders

        assert self._session.folder is not None
        self._folder_changes.start(source_folders(self._session.project, self._session.folder))

    def stop_watching(self) -> None:
        """Ignore changes of the folder until the next scan."""
        self._folder_changes.stop()

    def _on_folder_rested(self) -> None:
        if self.running is not None:
            self._folder_changes.wait()
        else:
            self.scan()

    def _keep_news(self, result: ScanResult) -> None:
        first = result.new == result.pictures
        if result.complete and not first and (result.new or result.changed or result.gone):
            self.news = result

    def dismiss_news(self) -> None:
        """The user has seen the changes in the folder."""
        self.news = None
        self._session.announce("pictures")

    # The spec ------------------------------------------------------------------------------------

    def follow(self, change: Change) -> None:
        """Follow a change of the session; called before the change is shown."""
        if change.of("libraries") and any(problem.code == "library_missing" for problem in self.problems):
            self.scan()
        if self._collection.index is None or not change.of("dataset") or change.of("folder"):
            return
        before, after = self._spec, self._session.project.dataset
        self._spec = after
        if any(getattr(before, name) != getattr(after, name) for name in _SOURCES):
            self.scan()
        elif before.splits != after.splits:
            self._apply_shares(after)
        elif replace(before, audit=after.audit) != after:
            self._counts.refresh()

    def _apply_shares(self, spec: DatasetSpec) -> None:
        """Apply the shares of the splits."""
        index = self._collection.index
        if index is None:
            return
        if self._session.jobs.of_kind(SPLITS) is not None:
            self._shares.start()
            return
        self._session.jobs.run(lambda _report: index.apply(spec), Text("Splitting the pictures",
                               "Dividiendo las imágenes"), SPLITS, quiet=True, done=lambda _job: self._counts.refresh())
