"""Does what the table of runs and the queue ask for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QObject, Signal

from cnnstudio.core.problems import ProblemError
from cnnstudio.gui.pages.train.classes.commands import ClassCommands
from cnnstudio.gui.pages.train.dialogs import compare_all, open_comparison
from cnnstudio.gui.pages.train.runs.actions import add_color_menu, edit_labels, rename_run, save_history
from cnnstudio.gui.pages.train.runs.colors import RunColors
from cnnstudio.gui.pages.train.runs.go_on import GoOnDialog
from cnnstudio.gui.pages.train.runs.group_labels import edit_group
from cnnstudio.gui.pages.train.runs.lines import GroupLine
from cnnstudio.gui.pages.train.runs.queue import QueuePanel
from cnnstudio.gui.pages.train.runs.starting import ask_branch
from cnnstudio.gui.pages.train.runs.table import RunsTable
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.workers.runs.folder import RunFolder, RunSummary

COLUMNS: Final = "run_columns"
"""The name under which the chosen columns are remembered."""


class RunCommands(QObject):
    """Connects a table of runs with what starts, changes and deletes them; owns the panel of the queue."""

    deleted = Signal(str)

    def __init__(self, workspace: Workspace, table: RunsTable, colors: RunColors) -> None:
        super().__init__(table)
        self._workspace, self._session, self._table, self._colors = workspace, workspace.session, table, colors
        self._launcher = workspace.launcher
        self._runs: Sequence[RunSummary] = ()
        table.resume_wanted.connect(self.resume)
        table.go_on_wanted.connect(self.go_on)
        table.again_wanted.connect(self.again)
        table.branch_wanted.connect(lambda run: ask_branch(run, self._launcher.start_from, table))
        table.delete_wanted.connect(self.delete)
        table.history_wanted.connect(lambda run: save_history(self._session, table, run))
        table.rename_wanted.connect(lambda run: rename_run(self._session, table, run, self._tell))
        table.labels_wanted.connect(lambda run: edit_labels(self._session, table, run, self._tell))
        table.menu_opened.connect(lambda menu, runs: add_color_menu(self._session, menu, runs, self._tell))
        classes = ClassCommands(workspace, table)
        table.menu_opened.connect(classes.add_actions)
        table.group_labels_wanted.connect(lambda group: edit_group(self._session, table, group, self._tell))
        table.group_compare_wanted.connect(lambda group: compare_all(workspace, group.runs, colors.color, table))
        table.group_delete_wanted.connect(self.delete_group)
        table.columns_chosen.connect(lambda names: self._session.remember(COLUMNS, names))
        table.compare_wanted.connect(lambda run: open_comparison(workspace, self._runs, run, colors.color, table))
        self.queue_panel = QueuePanel(self._launcher.queue, self._title_of)
        self.queue_panel.remove_wanted.connect(self._unqueue)
        self.queue_panel.start_wanted.connect(self._launcher.start_next)
        self._launcher.queue.changed.connect(self._mark_waiting)
        self._mark_waiting()

    def follow(self, runs: Sequence[RunSummary]) -> None:
        """The runs of the project, newest first."""
        self._runs = runs
        self.queue_panel.show_queue()

    def _mark_waiting(self) -> None:
        self._table.set_waiting([item.run.id for item in self._launcher.queue.waiting])

    def resume(self, run_id: str) -> None:
        """Continue a run that was paused, stopped or interrupted, or start one that was not."""
        if (run := self._folder(run_id)) is not None:
            self._launcher.resume(run)

    def go_on(self, run_id: str) -> None:
        """Ask for how many epochs and with which settings a run goes on, and continue it so."""
        run = self._folder(run_id)
        if run is None:
            return
        try:
            dialog = GoOnDialog(run.spec(), self._session.project, run.epochs(), self._table.window())
        except ProblemError as problem_error:
            self._session.report(*problem_error.problems)
            return
        if dialog.exec() == GoOnDialog.DialogCode.Accepted:
            self._launcher.go_on(run, dialog.wanted())

    def again(self, run_id: str) -> None:
        """Train a run again, exactly as it was."""
        if (run := self._folder(run_id)) is not None:
            self._launcher.start_again(run)

    def delete(self, run: RunSummary) -> None:
        """Delete a run; an undo step brings it back."""
        if self._workspace.deleted_runs.delete(RunFolder(run.folder), run.title):
            self.deleted.emit(run.id)
            self._tell()

    def delete_group(self, group: GroupLine) -> None:
        """Delete the runs of a group; one undo step brings them back."""
        if self._workspace.deleted_runs.delete_group([RunFolder(run.folder) for run in group.runs], group.name):
            for run in group.runs:
                self.deleted.emit(run.id)
            self._tell()

    def _unqueue(self, run_id: str) -> None:
        """Take a run out of the queue; one that was never started is deleted with it."""
        run = self._summary(run_id)
        if run is not None and run.state == "created":
            self.delete(run)
        else:
            self._launcher.queue.remove(run_id)

    def _tell(self) -> None:
        self._session.announce("runs")

    def _summary(self, run_id: str) -> RunSummary | None:
        return next((run for run in self._runs if run.id == run_id), None)

    def _folder(self, run_id: str) -> RunFolder | None:
        run = self._summary(run_id)
        return None if run is None else RunFolder(run.folder)

    def _title_of(self, run_id: str) -> str:
        run = self._summary(run_id)
        return run_id if run is None else run.title
