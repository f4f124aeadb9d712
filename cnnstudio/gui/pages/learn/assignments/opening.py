"""Opens the dialogs about assignments for the commands of the window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QWidget

from cnnstudio.core.problems import ProblemError
from cnnstudio.gui.pages.learn.assignments.grade_dialog import GradeDialog
from cnnstudio.gui.pages.learn.assignments.hand_in_dialog import HandInDialog
from cnnstudio.gui.pages.learn.assignments.new_dialog import NewAssignmentDialog
from cnnstudio.gui.pages.learn.assignments.open_dialog import OpenAssignmentDialog
from cnnstudio.gui.pages.learn.assignments.standing_dialog import StandingDialog
from cnnstudio.gui.state.commands import HandIn, ShowPage
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.learning.assignments.standing import Standing, find_standing


def open_new_assignment(workspace: Workspace, parent: QWidget | None) -> NewAssignmentDialog | None:
    """Make an assignment from the open project."""
    if not workspace.session.is_open:
        return None
    dialog = NewAssignmentDialog(workspace, parent)
    dialog.open()
    return dialog


def open_assignment_file(workspace: Workspace, parent: QWidget | None, file: str, done: Callable[[Path], object]
                         ) -> OpenAssignmentDialog:
    """Make the project of an assignment, then call `done(folder)`."""
    dialog = OpenAssignmentDialog(workspace.session, file, parent)
    dialog.project_made.connect(lambda folder: done(Path(folder)))
    dialog.open()
    return dialog


def open_standing(workspace: Workspace, parent: QWidget | None) -> StandingDialog | None:
    """Show the assignment of the open project; say so where it belongs to none."""
    if _standing(workspace) is None:
        return None
    dialog = StandingDialog(workspace.session, parent)
    dialog.hand_in_requested.connect(lambda run: workspace.session.request(HandIn(run)))
    dialog.train_requested.connect(lambda: workspace.session.request(ShowPage("train")))
    dialog.open()
    return dialog


def open_hand_in(workspace: Workspace, parent: QWidget | None, run: str) -> HandInDialog | None:
    """Hand in a run of the open project, by default the best."""
    standing, folder = _standing(workspace), workspace.session.folder
    if standing is None or folder is None:
        return None
    if not standing.runs:
        open_standing(workspace, parent)
        return None
    dialog = HandInDialog(workspace.session, folder, standing, run, parent)
    dialog.open()
    return dialog


def open_grading(workspace: Workspace, parent: QWidget | None) -> GradeDialog:
    """Grade a folder of hand-ins."""
    dialog = GradeDialog(workspace.session, parent)
    dialog.open()
    return dialog


def _standing(workspace: Workspace) -> Standing | None:
    folder = workspace.session.folder
    if folder is None:
        return None
    try:
        return find_standing(folder)
    except ProblemError as problem_error:
        workspace.session.report(problem_error.problems[0])
        return None
