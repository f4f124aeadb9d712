"""The pictures of the open project: the index, scans in the background, counts and decisions."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace
from PySide6.QtCore import QObject, QTimer

from cnnstudio.core.dataset import SPLIT_NAMES, SPLITS, DatasetSpec
from cnnstudio.core.events import Phase
from cnnstudio.core.problems import Fix, Problem, ProblemError, warning
from cnnstudio.core.text import Text
from cnnstudio.gui.state.auditing import Auditing
from cnnstudio.gui.state.folder_changes import FolderChanges
from cnnstudio.gui.state.jobs import Job, Report, Work
from cnnstudio.gui.state.picture_counts import PictureCounts, count_pictures

if TYPE_CHECKING:
    from cnnstudio.core.project import Project
    from cnnstudio.datasets.index import Filter, Index, Picture
    from cnnstudio.datasets.refresh import ScanResult
    from cnnstudio.gui.state.session import Change, Session

SCAN: Final = "scan"
RESCUE: Final = "rescue"
_REFRESH_SECONDS: Final = 0.4


class Pictures(QObject):
    """Owned by the session, which is told of every change of pictures."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.index: Index | None = None
        self.missing: Path | None = None
        self.unusable: tuple[Problem, ...] = ()
        """Why there is no index, though a project is open."""
        self.scan_problems: tuple[Problem, ...] = ()
        self._spec = self._scan_spec = DatasetSpec()
        self._classes: tuple[str, ...] = ()
        self._all_classes: tuple[str, ...] = ()
        self._counts: dict[str, dict[str, int]] = {}
        self._troubles: dict[str, int] = {}
        self._pinned: tuple[str, ...] = ()
        self._total = self._excluded = self._stamp = 0
        self._again = False
        self.auditing = Auditing(session)
        self.news: ScanResult | None = None
        """What the last scan found new, changed or gone, until it was seen."""
        self.folder_changes = FolderChanges(self)
        self.folder_changes.rested.connect(self._scan_changes)
        # While a scan runs the counts are asked again now and then, less often the longer they take.
        self._ticks = QTimer(self)
        self._ticks.setSingleShot(True)
        self._ticks.timeout.connect(self._tick)
        session.changed.connect(self._changed)

    # Life ----------------------------------------------------------------------------------------

    def open(self) -> None:
        """Open the index of the project and look for what changed in the folder."""
        from cnnstudio.datasets.index import FILE, Index

        assert self._session.folder is not None
        self._spec = self._session.project.dataset
        try:
            self.index = Index(self._session.folder / FILE)
        except ProblemError as trouble:
            self.unusable = trouble.problems
            # A damaged one is told with its mend on the page, until it is mended.
            self._session.notice(*(each for each in trouble.problems if not each.fixes))
            return
        from cnnstudio.datasets.trashing import forget_deleted

        forget_deleted(self._session.folder)
        self.auditing.open()
        self._count()
        # After the window has shown the project: the grid fills from the index at once.
        QTimer.singleShot(0, self, self.scan)

    def set_index_aside(self) -> None:
        """Put a new index in the place of a damaged one, in the background, and read the folder into it."""
        session, folder = self._session, self._session.folder
        if folder is None or session.jobs.of_kind(RESCUE) is not None:
            return
        project = session.project
        self.close()

        def work(report: Report) -> Problem | None:
            from cnnstudio.workers.rescuing import rescue_index

            return rescue_index(folder, project, report.progress)

        def done(job: Work) -> None:
            if session.folder != folder:
                return
            told = job.result or getattr(job.last, "problem", None)
            if told is not None:
                session.notice(told)
            self.open()
            session.announce("pictures", "dataset")

        session.announce("pictures")
        session.jobs.run(work, Text("Reading the pictures", "Leyendo las imágenes"), RESCUE, page="data", done=done)

    def close(self) -> None:
        """Let go of the index; a running scan is ended first."""
        self._ticks.stop()
        self.folder_changes.stop()
        self._again = False
        for job in self._session.jobs:
            if job.kind in (SCAN, RESCUE, "trash", "splits", "audit", "embed", "judge", "charts", "query", "answers", "map",
                            "report", "leaks", "leakage"):
                job.cancel()
                job.join()
        self.auditing.close()
        if self.index is not None:
            self.index.close()
        if self._session.folder is not None:
            from cnnstudio.datasets.trashing import forget_deleted

            forget_deleted(self._session.folder)
        self.index = self.missing = None
        self.scan_problems = self.unusable = ()
        self.news = None
        self._classes, self._counts, self._troubles = (), {}, {}
        self._total = self._excluded = 0

    def _changed(self, change: Change) -> None:
        if self.index is None or not change.of("dataset") or change.of("folder"):
            return
        before, after = self._spec, self._session.project.dataset
        self._spec = after
        places = ("source", "joined", "split_folders", "follow_links")
        if any(getattr(before, name) != getattr(after, name) for name in places):
            self.scan()
        elif before.splits != after.splits:
            self._divide(after)
        elif replace(before, audit=after.audit) != after:
            self.refresh()

    # Scanning ------------------------------------------------------------------------------------

    @property
    def scanning(self) -> Job | None:
        """The scan that runs now, or None."""
        return self._session.jobs.of_kind(SCAN)

    def scan(self) -> None:
        """Bring the index up to date with the folder, in the background."""
        root, index = self._session.source_root, self.index
        if index is None or root is None:
            return
        running = self.scanning
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
            report.event(Phase(name="inspecting", text=Text("looking into the files", "examinando los archivos")))
            inspect_pictures(index, root, report.progress, report.is_cancelled)
            return result

        label = Text("Reading the pictures", "Leyendo las imágenes")
        self._session.jobs.run(work, label, SCAN, page="data", done=self._scanned)
        self._ticks.start(round(_REFRESH_SECONDS * 1000))

    def cancel_scan(self) -> None:
        """Stop looking; what was found stays, and the next scan goes on from there."""
        self._again = False
        if self.scanning is not None:
            self.scanning.cancel()

    def _scanned(self, job: Work) -> None:
        self._ticks.stop()
        if self.index is None:
            return
        if job.result is not None:
            self.scan_problems = job.result.problems
            self._tell_news(job.result)
        elif (problem := getattr(job.last, "problem", None)) is not None:
            # A folder that went away is told where one that was never there is: on the page, with a mend.
            if self._session.source_root is not None and not self._session.source_root.is_dir():
                self._again = True
            else:
                self._session.notice(problem)
        if self._again:
            self._again = False
            self.scan()
        elif self._scan_spec.splits != self._spec.splits:
            # The shares were changed while the scan put the old ones in force.
            self._divide(self._spec)
        self.refresh()

    # The folder changes --------------------------------------------------------------------------

    def _start_watch(self) -> None:
        from cnnstudio.datasets.sourcing import source_folders

        assert self._session.folder is not None
        self.folder_changes.start(source_folders(self._session.project, self._session.folder))

    def _scan_changes(self) -> None:
        if self.scanning is not None:
            self.folder_changes.wait()
        else:
            self.scan()

    def _tell_news(self, result: ScanResult) -> None:
        first = result.new == result.pictures
        if result.complete and not first and (result.new or result.changed or result.gone):
            self.news = result

    def seen_news(self) -> None:
        """The user saw what changed in the folder."""
        self.news = None
        self._session.announce("pictures")

    def _tick(self) -> None:
        if self.scanning is None:
            return
        start = time.perf_counter()
        self.refresh()
        seconds = time.perf_counter() - start
        self._ticks.start(round(max(_REFRESH_SECONDS, 10 * seconds) * 1000))

    def _divide(self, spec: DatasetSpec) -> None:
        index = self.index
        if index is None:
            return
        if self._session.jobs.of_kind("splits") is not None:
            QTimer.singleShot(150, self, lambda: self._divide(self._spec))
            return
        self._session.jobs.run(lambda _report: index.apply(spec), Text("Dividing the pictures",
                               "Dividiendo las imágenes"), "splits", quiet=True, done=lambda _job: self.refresh())

    # Numbers -------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Count again and tell everybody."""
        if self.index is not None:
            self._count()
            self._session.announce("pictures")

    def recount(self) -> None:
        """Count again after an edit; the session tells everybody."""
        self._count()

    def after_counting(self) -> Callable[[], Callable[[], None]]:
        """A function that counts in any thread; what it answers, called in the window's, tells everybody."""
        index, spec, stamp = self.index, self._session.project.dataset, self._stamp

        def ask() -> Callable[[], None]:
            numbers = count_pictures(index, spec) if index is not None else None

            def tell() -> None:
                # What was counted in the meantime is newer.
                if numbers is None or stamp != self._stamp or index is not self.index:
                    self.refresh()
                else:
                    self._take(numbers)
                    self._session.announce("pictures")

            return tell

        return ask

    def _count(self) -> None:
        if self.index is None:
            return
        try:
            self._take(count_pictures(self.index, self._session.project.dataset))
        except ProblemError as trouble:
            self._session.notice(*trouble.problems)

    def _take(self, numbers: PictureCounts) -> None:
        self._stamp += 1
        self._classes, self._all_classes = numbers.classes, numbers.all_classes
        self._counts, self._troubles, self._pinned = numbers.usable, numbers.troubles, numbers.pinned
        self._total, self._excluded = numbers.total, numbers.excluded
        self.auditing.take(numbers)

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes in their order."""
        return self._classes or self._session.project.dataset.class_names

    @property
    def all_class_names(self) -> tuple[str, ...]:
        """The classes in their order, hidden ones too."""
        return self._all_classes or self.class_names

    @property
    def total(self) -> int:
        """All pictures of the index, unreadable and excluded ones too."""
        return self._total

    @property
    def excluded(self) -> int:
        """Pictures that the user left out."""
        return self._excluded

    @property
    def troubles(self) -> dict[str, int]:
        """Pictures that cannot be read, by the code of the problem."""
        return self._troubles

    def usable_counts(self) -> dict[str, dict[str, int]]:
        """Usable pictures by class and split."""
        return self._counts

    @property
    def pinned(self) -> tuple[str, ...]:
        """Classes with pictures that the user put into validation or test and the draw might not."""
        return self._pinned

    def class_counts(self) -> dict[str, int]:
        """Usable pictures of each class, hidden ones too."""
        return {name: sum(self._counts.get(name, {}).values()) for name in self.all_class_names}

    def split_counts(self) -> dict[str, int]:
        """Usable pictures of each split."""
        names = self.class_names
        return {split: sum(self._counts.get(name, {}).get(split, 0) for name in names) for split in SPLITS}

    def problems(self) -> tuple[Problem, ...]:
        """What the scan noticed: a missing folder, other trouble, unreadable pictures."""
        from cnnstudio.gui.state.session import vanished

        if self.unusable:
            return self.unusable
        if self.missing is not None:
            return (vanished(self.missing),)
        unreadable = sum(self._troubles.values())
        if not unreadable:
            return self.scan_problems
        text = Text("{n} pictures cannot be read; they are left out.",
                    "{n} imágenes no se pueden leer; quedan fuera.") if unreadable > 1 else Text(
                    "One picture cannot be read; it is left out.", "Una imagen no se puede leer; queda fuera.")
        fix = Fix(action="filter_problems", label=Text("Show", "Mostrar") if unreadable == 1
                  else Text("Show them", "Mostrarlas"))
        return (*self.scan_problems, warning("unreadable_pictures", text.fill(n=unreadable), "dataset", fixes=(fix,)))

    # Pictures and decisions ----------------------------------------------------------------------

    def ids_of(self, paths: Iterable[str]) -> array[int]:
        """Ids of these paths (relative to the collection), in their own order; unknown ones are left out."""
        return array("q") if self.index is None else self.index.ids_of(list(paths))

    def ids(self, wanted: Filter, sort: str = "path") -> array[int]:
        """Ids of the pictures that pass the filter, in order."""
        return array("q") if self.index is None else self.index.ids(wanted, sort)

    def rows(self, ids: Sequence[int]) -> list[Picture]:
        """The pictures of these ids."""
        return [] if self.index is None else self.index.pictures(ids)

    def common(self, ids: Sequence[int]) -> tuple[set[str], set[str], set[bool]]:
        """What these pictures have in common: their classes, their splits, whether they are left out."""
        return (set(), set(), set()) if self.index is None else self.index.common(ids)

    def answer(self, run: str, picture: int) -> tuple[str, float] | None:
        """What a run took a picture for, and how sure it was; None without a run or an answer."""
        return None if self.index is None or not run else self.index.answer(run, picture)

    def path(self, picture: Picture) -> Path:
        """The absolute path of a picture."""
        return self.path_of(picture.path)

    def path_of(self, path: str) -> Path:
        """The absolute path of what the index calls `path`."""
        return (self._session.source_root or Path()) / path

    def color_index(self, class_name: str) -> int:
        """The number that gives a class its colour; -1 for a class that was not chosen."""
        names = self.all_class_names
        return names.index(class_name) if class_name in names else -1

    def relabel(self, ids: Iterable[int], class_name: str) -> bool:
        """Give pictures another class, as one step to undo."""
        return self._decide(lambda index, chosen: index.relabel(chosen, class_name), ids,
                            Text("Change class to {name}", "Cambiar clase a {name}").fill(name=class_name))

    def exclude(self, ids: Iterable[int], excluded: bool) -> bool:
        """Leave pictures out, or take them in again."""
        label = Text("Exclude pictures", "Excluir imágenes") if excluded else Text("Include pictures",
                                                                                   "Incluir imágenes")
        return self._decide(lambda index, chosen: index.exclude(chosen, excluded), ids, label)

    def relabel_each(self, classes: Mapping[int, str]) -> bool:
        """Give each picture a class of its own, as one step to undo."""
        return self._decide(lambda index, _chosen: index.relabel_each(classes), classes,
                            Text("Change classes", "Cambiar clases"))

    def accept(self, kind: str, paths: Sequence[str], label: Text | None = None, project: Project | None = None) -> bool:
        """Findings of this kind about these pictures (or classes) are fine; with `project` as it is to be then."""
        return self._decide(lambda index, chosen: index.accept(kind, chosen), list(paths),
                            label or Text("Accept findings", "Aceptar hallazgos"), project)

    def delete(self, ids: Iterable[int]) -> bool:
        """Move the files to the system's trash, in the background; undo brings them back. False if none can be."""
        if self.index is None:
            return False
        from cnnstudio.gui.state.deleting import delete

        return delete(self._session, [self.path(picture) for picture in self.rows(list(ids))])

    def assign_splits(self, splits: Mapping[int, str]) -> bool:
        """Pin each picture to a split of its own, as one step to undo."""
        def change(index: Index, _chosen: list[int]) -> Any:
            from cnnstudio.datasets.decisions import Effects

            return Effects(*(index.assign_split([each for each, split in splits.items() if split == wanted], wanted)
                             for wanted in sorted(set(splits.values()))))

        return self._decide(change, splits, Text("Change splits", "Cambiar divisiones"))

    def assign_split(self, ids: Iterable[int], split: str | None) -> bool:
        """Pin pictures to a split; None lets the draw decide."""
        name = SPLIT_NAMES[split] if split in SPLIT_NAMES else Text("drawn", "sorteo")
        return self._decide(lambda index, chosen: index.assign_split(chosen, split), ids,
                            Text("Change split to {name}", "Cambiar división a {name}").fill(name=name))

    def draw_splits(self, classes: Sequence[str]) -> bool:
        """The draw decides again about the pictures of these classes, as one step to undo."""
        from cnnstudio.datasets.index import Filter

        return self.assign_split(self.ids(Filter(classes=tuple(classes))), None)

    def _decide(self, change: Callable[[Index, list[Any]], Any], ids: Iterable[Any], label: Text,
                project: Project | None = None) -> bool:
        chosen = list(ids)
        if self.index is None or not chosen:
            return False
        try:
            effect = change(self.index, chosen)
        except ProblemError as trouble:
            self._session.notice(*trouble.problems)
            return False
        self._session.record(effect, label, project)
        return True
