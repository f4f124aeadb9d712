"""Below the curves of a run that is over: what it took beside its forecast, the way to advice about it, and what a class more
cost the others."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QDialog, QWidget

from cnnstudio.core.problems import ProblemError
from cnnstudio.core.project import Project
from cnnstudio.core.text import tr
from cnnstudio.gui.pages.train.advice.coach import CoachDialog
from cnnstudio.gui.pages.train.classes.change_card import ClassChangeCard
from cnnstudio.gui.pages.train.trials.batch_finder import BatchDialog
from cnnstudio.gui.pages.train.trials.forecast import ForecastDialog
from cnnstudio.gui.pages.train.trials.trial import from_project
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Label, column, row
from cnnstudio.network.fixes import set_values_fix
from cnnstudio.workers.coach.advice import Advice
from cnnstudio.workers.coach.outcomes import follow, outcome
from cnnstudio.workers.forecasts import outcome_of, outcome_text
from cnnstudio.workers.runs.class_change import class_change
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.trial_setup import batch_job, forecast_job


class AfterRun(QWidget):
    """Opens the dialogs that judge a training before and after it. `start()` begins a training of the project."""

    def __init__(self, workspace: Workspace, start: Callable[[], object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace, self._start = workspace, start
        self._run: RunFolder | None = None
        self._followed: tuple[str, Advice, Project] | None = None
        self._text = Label("", "secondary", "dim", wrap=True)
        self._advice = Button(tr("Advice about this run…", "Consejos sobre este entrenamiento…"), "link", "info",
                              on_click=self.open_coach)
        line = row(self._text, self._advice, spacing=12)
        line.setStretch(0, 1)
        self._change = ClassChangeCard()
        self.setLayout(column(self._change, line, spacing=14))
        self.hide()

    def show_run(self, run: RunFolder | None) -> None:
        """Show what is known of a run; nothing while it is being trained."""
        self._run = run
        job = self._workspace.session.jobs.of_kind("train")
        running = run is not None and job is not None and job.run_folder == str(run.folder)
        over = run is not None and not running and run.events_path.exists()
        self.setVisible(over)
        self._change.show_change(class_change(run) if run is not None and over else None)
        if run is None or not over:
            return
        took, came = outcome_of(run), outcome(run)
        self._text.setText(" ".join(str(text) for text in (
            None if took is None else outcome_text(took), came) if text is not None))

    def launched(self, run: RunFolder) -> None:
        """A run begins: the one that follows an advice is told so; others may have waited for their turn before it."""
        if self._followed is None:
            return
        judged, advice, wanted = self._followed
        try:
            own = run.spec()
        except ProblemError:
            return
        if all(getattr(own, name) == getattr(wanted, name) for name in ("network", "recipe", "augmentation", "training")):
            self._followed = None
            follow(run, judged, advice)

    def open_coach(self) -> QDialog | None:
        """Judge the run on screen."""
        run = self._run
        if run is None:
            return None
        return _opened(CoachDialog(self._workspace.session, run, run.summary().title, self._make, self.window()))

    def _make(self, advice: Advice) -> None:
        """One edit of the project, which can be undone, then a training of it."""
        fix = advice.fix
        if fix is None or self._run is None:
            return
        judged = self._run.id
        self._workspace.session.apply(fix)
        self._followed = (judged, advice, self._workspace.session.project)
        self._start()

    def open_forecast(self) -> QDialog:
        """Forecast the training that would begin now."""
        return _opened(ForecastDialog(self._workspace.session, from_project(self._workspace, forecast_job), self._start,
                                      self.open_batch_finder, self.window()))

    def open_batch_finder(self) -> QDialog:
        """Find the largest batch for the present project."""
        return _opened(BatchDialog(self._workspace.session, from_project(self._workspace, batch_job), self._take_batch,
                                   self.window()))

    def _take_batch(self, size: int) -> None:
        self._workspace.session.apply(set_values_fix({"training.batch_size": size}))


def _opened(dialog: QDialog) -> QDialog:
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog
