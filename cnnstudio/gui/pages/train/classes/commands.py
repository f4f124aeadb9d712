"""What can be done with the classes of a run: rename them, and add one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu, QWidget

from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.pages.train.classes.adding import AddClassDialog
from cnnstudio.gui.pages.train.classes.rename import RenameDialog
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.workers.runs.classes import rename_classes, run_classes, set_class_names
from cnnstudio.workers.runs.folder import RunFolder, RunSummary


class ClassCommands(QObject):
    """Adds its actions to the menu of a run; no dialog blocks the window."""

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(parent)
        self._workspace, self._session, self._parent = workspace, workspace.session, parent

    def add_actions(self, menu: QMenu, runs: Sequence[RunSummary]) -> None:
        """The part of the menu of a single run that has a model."""
        if len(runs) != 1 or not runs[0].has_model or runs[0].state in ("running", "paused"):
            return
        menu.addSeparator()
        menu.addAction(tr("Rename classes…", "Cambiar nombres de clases…"), lambda: self.rename(runs[0]))
        if RunFolder(runs[0].folder).has_model_file:
            menu.addAction(tr("Add a class…", "Añadir una clase…"), lambda: self.add(runs[0]))

    def rename(self, summary: RunSummary) -> RenameDialog | None:
        """Ask for the names, and give them to the classes of the run, as a step that can be undone."""
        run = RunFolder(summary.folder)
        try:
            dialog = RenameDialog(summary.title, run_classes(run), self._parent.window())
        except ProblemError as problem_error:
            self._session.report(*problem_error.problems)
            return None
        dialog.accepted.connect(lambda: self._rename(run, dialog.changes))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog

    def _rename(self, run: RunFolder, changes: dict[str, str]) -> None:
        try:
            before, after = rename_classes(run, changes)
        except ProblemError as problem_error:
            self._session.report(*problem_error.problems)
            return
        step = _Renaming(self._session, run, before, after)
        self._session.record(step, Text("Rename classes of the run", "Cambiar nombres de clases del entrenamiento"),
                             part="classes")
        step.tell()

    def add(self, summary: RunSummary) -> AddClassDialog | None:
        """Ask for the class, and train the run that has it."""
        run = RunFolder(summary.folder)
        try:
            known = {name for item in run_classes(run) for name in (item.name, item.trained)}
        except ProblemError as problem_error:
            self._session.report(*problem_error.problems)
            return None
        counts = self._workspace.counts.class_counts()
        there = [(name, counts[name]) for name in counts if name not in known and counts[name]]
        dialog = AddClassDialog(self._session, run, summary.title, there, self._parent.window())
        dialog.accepted.connect(lambda: self._workspace.launcher.start_with_class(run, dialog.wanted))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog


class _Renaming:
    """Names of the classes of a run in the history. Whoever shows them is told: the runs, and what a calibration concerns."""

    def __init__(self, session: Session, run: RunFolder, before: tuple[str, ...], after: tuple[str, ...]) -> None:
        self._session, self._run, self._before, self._after = session, run, before, after

    def undo(self) -> None:
        set_class_names(self._run, self._before)
        self.tell()

    def redo(self) -> None:
        set_class_names(self._run, self._after)
        self.tell()

    def tell(self) -> None:
        """What reads the names of classes with a calibration reads them again."""
        self._session.announce("runs")
        self._session.announce("calibration")
