"""The open project: its history, folder, lock, settings and running work.

The only place where the project changes: other parts call a method here and connect to `changed`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from cnnstudio.core import files
from cnnstudio.core.history import Direction, Effect, Entry, History, SlowEffect
from cnnstudio.core.lock import ProjectLock
from cnnstudio.core.problems import Fix, Problem, ProblemError, warning
from cnnstudio.core.project import Project
from cnnstudio.core.settings import Settings, load_settings, save_settings
from cnnstudio.core.text import Text
from cnnstudio.gui.state.changes import EVERYTHING, SPECS, Change, Step
from cnnstudio.gui.state.commands import Command, command_of
from cnnstudio.gui.state.jobs import JobList

if TYPE_CHECKING:
    from cnnstudio.catalog.bases.resolver import BaseResolver

AUTOSAVE_MS: Final = 1500
_RETRY_MS: Final = 15_000
"""After a save that failed, such as on a full disk."""


class Session(QObject):
    """`changed(Change)` after every change."""

    changed = Signal(object)
    problem_reported = Signal(object)
    """A problem to show to the user."""
    command_requested = Signal(object)
    """A `Command` for the window."""
    opened = Signal()
    """A project was opened; `changed` follows."""
    closing = Signal()
    """The project will be closed; it is still available."""
    stepped = Signal(object)
    """A `Step`: something was undone or redone; `changed` came before."""
    pictures_changed = Signal()
    """A step that was recorded, undone or redone changed pictures; `changed` follows."""

    def __init__(self, settings: Settings | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = settings if settings is not None else load_settings()
        self.jobs = JobList(self)
        self.view: dict[str, dict[str, Any]] = {}
        """State of the pages over visits and rebuilds of the window, by page; cleared for another project."""
        self.folder: Path | None = None
        self.problems: tuple[Problem, ...] = ()
        self._history: History | None = None
        self._lock: ProjectLock | None = None
        self._recovered: Project | None = None
        self.save_failed = False
        """Whether the last save failed; another one follows by itself."""
        self._autosave = _timer(self, AUTOSAVE_MS, self._save_by_itself)

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
        """Whether there are changes that the project's file lacks; it follows within moments."""
        return self._history is not None and self._history.dirty

    @property
    def undo_label(self) -> Text | None:
        return self._history.undo_label if self._history is not None else None

    @property
    def redo_label(self) -> Text | None:
        return self._history.redo_label if self._history is not None else None

    @property
    def bases(self) -> BaseResolver:
        """Resolves pretrained bases: the built-in ones, and the user's models in the project's folder."""
        from cnnstudio.catalog.bases.resolver import BUILT_IN
        from cnnstudio.interchange.own_base.resolver import ProjectBases

        return ProjectBases(self.folder) if self.folder is not None else BUILT_IN

    @property
    def chosen_run(self) -> str:
        """The id of the run that the pages show: one that is chosen on a page is shown on the others; "" for none."""
        return str(self.view.get("runs", {}).get("chosen", ""))

    @chosen_run.setter
    def chosen_run(self, run: str) -> None:
        if run != self.chosen_run:
            self.view.setdefault("runs", {})["chosen"] = run
            self.announce("run")

    # Edits ---------------------------------------------------------------------------------------

    def edit(self, function: Callable[[Project], Project], label: Text, merge_key: str = "") -> bool:
        """Change the project by a pure function, as one undo step; False when it failed.

        Consecutive steps with the same non-empty `merge_key` are merged (see `seal`).
        """
        if self._history is None:
            return False
        before = self._history.project
        try:
            self._history.push(function(before), label, merge_key)
        except ProblemError as err:
            self.report(*err.problems)
            return False
        self._announce(before)
        return True

    def seal(self) -> None:
        """End a drag: the next edit is a step of its own."""
        if self._history is not None:
            self._history.seal()

    def record(self, effect: Effect, label: Text, project: Project | None = None, part: str = "pictures") -> None:
        """Record an edit of the pictures, or of another part, that was applied (and led to `project`); it can be undone like
        any other."""
        if self._history is not None:
            before = self._history.project
            self._history.push_effect(effect, label, project, part)
            self._announce_effect(before, part)

    def _announce_effect(self, before: Project, part: str) -> None:
        if part == "pictures":
            self.pictures_changed.emit()
        self._announce(before, part)

    def steps(self, direction: Direction) -> list[Text]:
        """The labels of all steps in a direction, the next one first."""
        if self._history is None:
            return []
        return [entry.label for entry in reversed(self._history.done if direction == "undo" else self._history.undone)]

    def undo(self, count: int = 1) -> None:
        """Undo the last steps, so many."""
        self._step("undo", count)

    def redo(self, count: int = 1) -> None:
        """Redo the last undone steps, so many."""
        self._step("redo", count)

    def _step(self, direction: Direction, count: int) -> None:
        while count and self._history is not None:
            following = self._history.next(direction)
            if following is not None and isinstance(following.effect, SlowEffect):
                self._step_slowly(following, following.effect, direction, count)
                return
            before = self._history.project
            try:
                entry = getattr(self._history, direction)()
            except ProblemError as err:
                self.report(*err.problems)
                return
            if entry is None:
                return
            count -= 1
            if entry.effect is not None:
                self._announce_effect(before, entry.part)
            else:
                self._announce(before)
            if not count:
                self.stepped.emit(Step.of(entry, direction))

    def _step_slowly(self, entry: Entry, effect: SlowEffect, direction: Direction, count: int) -> None:
        """A step that runs in the background; the history, and the steps after it, follow when it is done."""
        history = self._history

        def settle() -> None:
            if history is None or self._history is not history:
                return
            before = history.project
            history.settle(entry, direction)
            self._announce_effect(before, entry.part)
            self.stepped.emit(Step.of(entry, direction))
            self._step(direction, count - 1)

        effect.start(direction, settle)

    def apply(self, fix: Fix) -> None:
        """Apply a fix: an edit of the project, or a command of the window."""
        from cnnstudio.network.fixes import FIXES, apply_fix

        if fix.action in FIXES:
            self.edit(lambda project: apply_fix(project, fix), fix.label)
            return
        try:
            command = command_of(fix)
        except ProblemError as err:
            self.report(*err.problems)
            return
        self.request(command)

    def request(self, command: Command) -> None:
        """Request a command from the window."""
        self.command_requested.emit(command)

    def report(self, *problems: Problem) -> None:
        """Show problems to the user, as messages over the lower edge."""
        for problem in problems:
            self.problem_reported.emit(problem)

    def announce(self, *what: str) -> None:
        """Announce changes of these parts ("pictures", "runs", ...)."""
        self.changed.emit(Change(frozenset(what)))

    def _announce(self, before: Project, *more: str) -> None:
        after = self.project
        specs = [name for name in SPECS if getattr(before, name) is not getattr(after, name)]
        self._autosave.start(AUTOSAVE_MS)
        self.announce(*specs, *more, "saved")

    # Opening, saving, closing --------------------------------------------------------------------

    def open(self, folder: Path) -> bool:
        """Open the project of a folder; False, with a message, when it cannot be opened."""
        folder = Path(folder).absolute()
        try:
            project = files.read_project(folder)
        except ProblemError as err:
            self.report(*err.problems)
            return False
        if self.folder == folder:
            return True
        lock = ProjectLock(folder)
        refused = lock.acquire()
        if refused is not None and refused.code == "project_in_use":
            self.report(refused)
            return False
        self.close()
        self._lock = lock
        self.folder = folder
        self._history = History(project)
        for state in self.view.values():
            state.clear()
        self.set_setting("recent", self.settings.with_recent(str(folder)).recent, announce=False)
        self._recovered = files.read_autosave(folder)
        if self._recovered == project:
            self._recovered = None
        self.opened.emit()
        self.announce(*EVERYTHING)
        if refused is not None:
            self.report(refused)
        if self._recovered is not None:
            self.report(_recovery())
        return True

    def restore_autosave(self) -> None:
        """Restore the unsaved work that a crash left, as a step that can be undone."""
        recovered, self._recovered = self._recovered, None
        if recovered is not None:
            self.edit(lambda _project: recovered, Text("Restore unsaved work", "Recuperar trabajo no guardado"))

    def save_now(self) -> bool:
        """Write the project's file; False, with a message, when that failed. Nothing is lost then."""
        if self._history is None or self.folder is None:
            return True
        problems = self._write()
        self.report(*problems)
        if not problems:
            self._recovered = None
        return not problems

    def _save_by_itself(self) -> None:
        """Save after an edit; a save that keeps failing is reported once, and the status bar shows it."""
        if self.dirty:
            reported = self.save_failed
            problems = self._write()
            if not reported:
                self.report(*problems)

    def _write(self) -> tuple[Problem, ...]:
        """Write the project's file; the problems where that failed."""
        self._autosave.stop()
        if self._history is None or self.folder is None:
            return ()
        project = self._history.project
        problems: tuple[Problem, ...] = ()
        try:
            files.write_project(self.folder, project)
        except ProblemError as err:
            problems = err.problems
            self._autosave.start(_RETRY_MS)
        else:
            self._history.mark_saved(project)
        self.save_failed = bool(problems)
        self.announce("saved")
        return problems

    def close(self) -> None:
        """Close the project; unsaved changes must have been saved (`save_now`) or be unwanted."""
        self._autosave.stop()
        if self._history is not None:
            self.closing.emit()
        if self._lock is not None:
            self._lock.release()
        had = self._history is not None
        self._lock = self.folder = self._history = self._recovered = None
        self.problems = ()
        self.save_failed = False
        if had:
            self.announce(*EVERYTHING)

    def end(self) -> None:
        """Join all threads and close the project; the program ends."""
        self.jobs.end_all()
        self.close()

    # Settings ------------------------------------------------------------------------------------

    def set_setting(self, name: str, value: Any, *, announce: bool = True) -> None:
        """Change one preference, now and for the next start."""
        changed = msgspec.structs.replace(self.settings, **{name: value})
        if changed == self.settings:
            return
        self.settings = changed
        failure = save_settings(changed)
        if failure is not None:
            self.report(*failure.problems)
        if announce:
            self.announce("settings")

    def remember(self, name: str, value: Any) -> None:
        """Store a detail of the layout (widths, zoom) for the next start."""
        if self.settings.layout.get(name) != value:
            self.set_setting("layout", {**self.settings.layout, name: value}, announce=False)

    def recall(self, name: str, default: Any = None) -> Any:
        return self.settings.layout.get(name, default)

    # Problems ------------------------------------------------------------------------------------

    def set_problems(self, problems: tuple[Problem, ...]) -> None:
        """Set the problems of the project from the last check."""
        if problems != self.problems:
            self.problems = problems
            self.changed.emit(Change(frozenset({"problems"})))


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
