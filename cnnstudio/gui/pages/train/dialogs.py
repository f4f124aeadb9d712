"""Opens the dialogs of Train; none of them blocks the window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtGui import QColor
from PySide6.QtWidgets import QDialog, QWidget

from cnnstudio.core.project import Project
from cnnstudio.core.trial_jobs import TryRates
from cnnstudio.datasets.index import Index
from cnnstudio.gui.pages.train.runs.compare import CompareDialog
from cnnstudio.gui.pages.train.trials.rate_finder import RateFinderDialog
from cnnstudio.gui.pages.train.trials.trial import from_project
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.workers.job_setup import rates_job
from cnnstudio.workers.runs.folder import RunSummary


def _open(dialog: QDialog) -> QDialog:
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog


def open_comparison(workspace: Workspace, runs: Sequence[RunSummary], run: RunSummary,
                    color_of: Callable[[RunSummary], QColor], parent: QWidget) -> QDialog | None:
    """Put a run beside the newest other one (`runs` are newest first); others can be chosen there."""
    other = next((item for item in runs if item.has_model and item.id != run.id), None)
    return None if other is None else _open(CompareDialog(workspace.session, runs, run, [other], color_of, parent.window()))


def compare_all(workspace: Workspace, runs: Sequence[RunSummary], color_of: Callable[[RunSummary], QColor],
                parent: QWidget) -> QDialog | None:
    """Compare the first of the runs that have a model with all the others."""
    first, *others = [run for run in runs if run.has_model]
    return None if not others else _open(CompareDialog(workspace.session, runs, first, others, color_of, parent.window()))


def open_rate_finder(workspace: Workspace, stage: str, taken: Callable[[float], object], parent: QWidget) -> QDialog:
    """Find a learning rate for a stage; `taken(rate)` when the user takes one."""
    def make(folder: Path, project: Project, index: Index) -> TryRates:
        return rates_job(folder, project, index, stage)

    return _open(RateFinderDialog(workspace.session, from_project(workspace, make), taken, parent.window()))
