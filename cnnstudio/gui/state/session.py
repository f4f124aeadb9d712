"""The open project: its history, folder, lock, pictures, settings and running work.

The one place where the window's state changes. Everybody else calls a method here and listens to `changed`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from cnnstudio.core import files
from cnnstudio.core.events import Failed, Finished
from cnnstudio.core.history import Direction, Effect, Entry, History, SlowEffect
from cnnstudio.core.lock import ProjectLock
from cnnstudio.core.problems import Fix, Problem, ProblemError, error, warning
from cnnstudio.core.project import Project
from cnnstudio.core.settings import Settings, load_settings, save_settings
from cnnstudio.core.text import Text
from cnnstudio.gui.state.jobs import JobList, Report, Work

if TYPE_CHECKING:
    from cnnstudio.catalog.bases.resolver import BaseResolver
    from cnnstudio.datasets.index import Index
    from cnnstudio.gui.state.pictures import Pictures

SPECS: Final = ("name", "dataset", "recipe", "augmentation", "network", "training", "export")
EVERYTHING: Final = frozenset((*SPECS, "pictures", "runs", "folder", "saved", "settings", "problems"))

AUTOSAVE_MS: Final = 1500
CHECK_MS: Final = 120


@dataclass(frozen=True)
class Change:
    """What changed: names of specs (by identity), or pictures, runs, folder, saved, settings, problems."""

    what: frozenset[str]

    def of(self, *names: str) -> bool:
        """Whether one of these changed."""
        return not self.what.isdisjoint(names)

    def __or__(self, other: Change) -> Change:
        return Change(self.what | other.what)


class Session(QObject):
    """`changed(Change)` after every change; `noticed(Problem)` for trouble that the user should see."""

    changed = Signal(object)
    noticed = Signal(object)
    asked = Signal(str, object)
    """An action of the window that a fix or a page asked for, with its arguments."""

    def __init__(self, settings: Settings | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = settings if settings is not None else load_settings()
        self.jobs = JobList(self)
        self.view: dict[str, Any] = {}
        """What pages remember while the window is rebuilt and between visits: selection, scroll, choices."""
        self.folder: Path | None = None
        self.problems: tuple[Problem, ...] = ()
        self._history: History | None = None
        self._lock: ProjectLock | None = None
        self._recovered: Project | None = None
        self._pictures: Pictures | None = None
        self._autosave = _timer(self, AUTOSAVE_MS, self._write_autosave)
        self._checking = _timer(self, CHECK_MS, self._check)

    # What is open --------------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        return self._history is not None

    @property
    def project(self) -> Project:
        """The present project; a default one while none is open."""
        return self._history.project if self._history is not None else _NONE

    @property
    def dirty(self) -> bool:
        """Whether something is not in the project's file yet (it is in the autosave)."""
        return self._history is not None and self._history.dirty

    @property
    def undo_label(self) -> Text | None:
        return self._history.undo_label if self._history is not None else None

    @property
    def redo_label(self) -> Text | None:
        return self._history.redo_label if self._history is not None else None

    @property
    def pictures(self) -> Pictures:
        """The index of pictures and the work on it (scan, relabel, counts)."""
        if self._pictures is None:
            from cnnstudio.gui.state.pictures import Pictures

            self._pictures = Pictures(self)
        return self._pictures

    @property
    def index(self) -> Index | None:
        """The index of the open project, or None."""
        return self.pictures.index if self.is_open else None

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes in their order; empty while there are no pictures."""
        return self.pictures.class_names if self.is_open else ()

    @property
    def bases(self) -> BaseResolver:
        """Finds pretrained bases: the built-in ones, and the user's models in the project's folder."""
        from cnnstudio.catalog.bases.resolver import BUILT_IN
        from cnnstudio.interchange.own_base.resolver import ProjectBases

        return ProjectBases(self.folder) if self.folder is not None else BUILT_IN

    @property
    def source_root(self) -> Path | None:
        """The folder that the paths of the index are relative to, or None (see `datasets.opening.source_folder`)."""
        if not self.project.dataset.source or self.folder is None:
            return None
        from cnnstudio.datasets.sourcing import source_folder

        return source_folder(self.project, self.folder)

    # Edits ---------------------------------------------------------------------------------------

    def edit(self, function: Callable[[Project], Project], label: Text, merge_key: str = "") -> bool:
        """Change the project by a pure function, as one step to undo; False when it could not be done.

        Steps with the same non-empty `merge_key` that follow each other are one (see `seal`).
        """
        if self._history is None:
            return False
        before = self._history.project
        try:
            self._history.push(function(before), label, merge_key)
        except ProblemError as trouble:
            self.notice(*trouble.problems)
            return False
        self._announce(before)
        return True

    def seal(self) -> None:
        """A drag ended: the next edit is a step of its own."""
        if self._history is not None:
            self._history.seal()

    def record(self, effect: Effect, label: Text, project: Project | None = None) -> None:
        """An edit of the pictures was carried out (and led to `project`); it can be undone like any other."""
        if self._history is not None:
            before = self._history.project
            self._history.push_effect(effect, label, project)
            self.pictures.recount()
            self._announce(before, "pictures")

    def undo(self) -> None:
        self._step("undo")

    def redo(self) -> None:
        self._step("redo")

    def _step(self, direction: Direction) -> None:
        if self._history is None:
            return
        following = self._history.next(direction)
        if following is not None and isinstance(following.effect, SlowEffect):
            self._step_slowly(following, following.effect, direction)
            return
        before = self._history.project
        try:
            entry = getattr(self._history, direction)()
        except ProblemError as trouble:
            self.notice(*trouble.problems)
            return
        if entry is not None:
            if entry.effect is not None:
                self.pictures.recount()
            self._announce(before, *(("pictures",) if entry.effect is not None else ()))

    def _step_slowly(self, entry: Entry, effect: SlowEffect, direction: Direction) -> None:
        """A step that works in the background; the history follows when it was carried out."""
        history = self._history

        def settle() -> None:
            if history is None or self._history is not history:
                return
            before = history.project
            history.settle(entry, direction)
            self.pictures.recount()
            self._announce(before, "pictures")

        effect.start(direction, settle)

    def apply(self, fix: Fix) -> None:
        """Carry out a mend: an edit of the project, or an action of the window."""
        from cnnstudio.network.fixes import FIXES, apply_fix

        if fix.action in FIXES:
            self.edit(lambda project: apply_fix(project, fix), fix.label)
        else:
            self.asked.emit(fix.action, fix.arguments)

    def notice(self, *problems: Problem) -> None:
        """Show these to the user, as a toast or a dialog."""
        for problem in problems:
            self.noticed.emit(problem)

    def announce(self, *what: str) -> None:
        """Tell everybody that these changed ("pictures", "runs", ...)."""
        if self.is_open and {"pictures", *SPECS} & set(what):
            self._checking.start()
        self.changed.emit(Change(frozenset(what)))

    def _announce(self, before: Project, *more: str) -> None:
        after = self.project
        specs = [name for name in SPECS if getattr(before, name) is not getattr(after, name)]
        self._autosave.start()
        self.announce(*specs, *more, "saved")

    # Opening, saving, closing --------------------------------------------------------------------

    def open(self, folder: Path) -> bool:
        """Open the project of a folder; False, with a notice, when it cannot be opened."""
        folder = Path(folder).absolute()
        try:
            project = files.read_project(folder)
        except ProblemError as trouble:
            self.notice(*trouble.problems)
            return False
        if self.folder == folder:
            return True
        lock = ProjectLock(folder)
        refused = lock.acquire()
        if refused is not None and refused.code == "project_in_use":
            self.notice(refused)
            return False
        self.close()
        self._lock = lock
        self.folder = folder
        self._history = History(project)
        self.view.clear()
        self.set_setting("recent", self.settings.with_recent(str(folder)).recent, announce=False)
        self._recovered = files.read_autosave(folder)
        if self._recovered == project:
            self._recovered = None
        self.pictures.open()
        self.announce(*EVERYTHING)
        if refused is not None:
            self.notice(refused)
        if self._recovered is not None:
            self.notice(_recovery())
        return True

    def create(self, folder: Path, data: Path, template: str, base: str, name: str,
               done: Callable[[Path], object], base_name: str = "") -> Work:
        """Make a project for the pictures in `data`, in the background; `done(folder)` when it is there.

        `base` is an id or the file of a model, whose copy is then called after `base_name`.
        """

        def work(report: Report) -> Path:
            from cnnstudio.datasets.opening import create_project

            def progress(count: int, total: int) -> None:
                report.progress(count, total or max(count, 1))

            try:
                _created, index = create_project(folder, data, template, base, name, progress, report.is_cancelled,
                                                 base_name)
            except ProblemError:
                report.check()
                raise
            index.close()
            report.check()
            return folder

        return self._make(work, Text("Reading the pictures", "Leyendo las imágenes"), done)

    def make_sample(self, done: Callable[[Path], object]) -> Work:
        """Make the sample project once, in the background; `done(folder)` when it is there."""

        def work(_report: Report) -> Path:
            from cnnstudio.datasets.opening import sample_project

            return sample_project()

        return self._make(work, Text("Preparing the sample", "Preparando el ejemplo"), done)

    def open_sample(self) -> Work:
        """Make the sample project and open it."""
        return self.make_sample(self.open)

    def _make(self, work: Callable[[Report], Path], label: Text, done: Callable[[Path], object]) -> Work:
        def ended(job: Work) -> None:
            if isinstance(job.last, Failed):
                self.notice(job.last.problem)
            elif isinstance(job.last, Finished):
                done(job.result)

        return self.jobs.run(work, label, "create", page="start", done=ended)

    def restore_autosave(self) -> None:
        """Take over the unsaved work that a crash left behind, as a step that can be undone."""
        recovered, self._recovered = self._recovered, None
        if recovered is not None:
            self.edit(lambda _project: recovered, Text("Restore unsaved work", "Recuperar trabajo no guardado"))

    def save_now(self) -> bool:
        """Write the project's file; False, with a notice, when that failed. Nothing is lost then."""
        if self._history is None or self.folder is None:
            return True
        project = self._history.project
        self._autosave.stop()
        try:
            files.write_project(self.folder, project)
        except ProblemError as trouble:
            self.notice(*trouble.problems)
            return False
        self._recovered = None
        self._history.mark_saved(project)
        self.announce("saved")
        return True

    def _write_autosave(self) -> None:
        if self._history is None or self.folder is None or not self._history.dirty:
            return
        try:
            files.write_autosave(self.folder, self._history.project)
        except ProblemError as trouble:
            self.notice(*trouble.problems)

    def close(self) -> None:
        """Let go of the project; unsaved changes must have been saved (`save_now`) or be unwanted."""
        self._autosave.stop()
        self._checking.stop()
        if self._pictures is not None:
            self._pictures.close()
        if self._lock is not None:
            self._lock.release()
        had = self._history is not None
        self._lock = self.folder = self._history = self._recovered = None
        self.problems = ()
        if had:
            self.announce(*EVERYTHING)

    def end(self) -> None:
        """The program ends: join all threads and let go of the project."""
        self.jobs.end_all()
        self.close()

    # Settings ------------------------------------------------------------------------------------

    def set_setting(self, name: str, value: Any, *, announce: bool = True) -> None:
        """Change one preference, now and for the next start."""
        changed = msgspec.structs.replace(self.settings, **{name: value})
        if changed == self.settings:
            return
        self.settings = changed
        trouble = save_settings(changed)
        if trouble is not None:
            self.notice(*trouble.problems)
        if announce:
            self.announce("settings")

    def remember(self, name: str, value: Any) -> None:
        """Keep a detail of the layout (widths, zoom) for the next start."""
        if self.settings.layout.get(name) != value:
            self.set_setting("layout", {**self.settings.layout, name: value}, announce=False)

    def remembered(self, name: str, default: Any = None) -> Any:
        return self.settings.layout.get(name, default)

    # Problems ------------------------------------------------------------------------------------

    def _check(self) -> None:
        if not self.is_open:
            return
        from cnnstudio.network.checks import check_project

        found: Iterable[Problem] = (
            *self.pictures.problems(),
            *check_project(self.project, self.class_names, self.pictures.usable_counts(), self.bases, self.pictures.pinned))
        if self.pictures.unusable:
            # That there are no classes and no pictures says nothing then.
            found = (*self.pictures.unusable, *(each for each in found if each.where.area != "dataset"))
        if tuple(found) != self.problems:
            self.problems = tuple(found)
            self.changed.emit(Change(frozenset({"problems"})))

    def check_now(self) -> tuple[Problem, ...]:
        """All problems of the project as it stands this moment."""
        self._checking.stop()
        self._check()
        return self.problems


_NONE: Final = Project()


def _timer(parent: QObject, milliseconds: int, action: Callable[[], None]) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(action)
    return timer


def _recovery() -> Problem:
    text = Text("The program ended without saving. Your last changes were kept beside the project.",
                "El programa terminó sin guardar. Sus últimos cambios se conservaron junto al proyecto.")
    fix = Fix(action="restore_autosave", label=Text("Restore them", "Recuperarlos"))
    return warning("unsaved_work", text, "project", fixes=(fix,))


def vanished(folder: Path) -> Problem:
    """The folder of pictures is not where the project says."""
    text = Text("The folder of pictures {path} is not there any more. It may have been renamed or moved.",
                "La carpeta de imágenes {path} ya no está. Puede que se haya renombrado o movido.")
    fix = Fix(action="choose_folder", label=Text("Choose folder…", "Elegir carpeta…"))
    return error("source_missing", text.fill(path=folder), "dataset", path=folder, fixes=(fix,))
