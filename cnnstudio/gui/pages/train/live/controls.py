"""What a user may do with a training while it runs: change its learning rate, see what it answers for pictures, and look
inside its layers."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor

from cnnstudio.core.commands import Command, SetLearningRate
from cnnstudio.core.text import tr
from cnnstudio.gui.pages.train.live.answers import LearningAnswers
from cnnstudio.gui.pages.train.live.layers_panel import LayersPanel
from cnnstudio.gui.pages.train.live.rate_change import RateChangeDialog
from cnnstudio.gui.pages.train.plots.history import Curves
from cnnstudio.gui.pages.train.watch import Watch
from cnnstudio.gui.state.cluster_job import ClusterJob
from cnnstudio.gui.state.jobs import ChildJob, Job
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button


class LiveControls(QObject):
    """The button for the header, `rate`, and for the centre the pictures, `answers`, and the `layers`; all act on the job that
    is followed."""

    _ended = Signal()

    def __init__(self, session: Session, color_of: Callable[[str], QColor], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._job: Job | None = None
        self._curves = Curves()
        self.rate = Button(tr("Learning rate…", "Tasa de aprendizaje…"), compact_icon="train", on_click=self._ask_rate,
                           tooltip=tr("Change the learning rate of this training now",
                                      "Cambiar ahora la tasa de aprendizaje de este entrenamiento"))
        self.rate.hide()
        self.answers = LearningAnswers(session, color_of)
        self.answers.wished.connect(self._send)
        self.layers = LayersPanel(session)
        self.layers.wished.connect(self._send)

    def follow(self, job: Job | None) -> None:
        """The training that runs, or None."""
        if job is self._job:
            return
        self._job = job
        self._ended.emit()
        self.rate.setVisible(job is not None)
        # A cluster shows no answers and no layers while it trains.
        watchable = job is not None and not isinstance(job, ClusterJob)
        for part in (self.answers, self.layers):
            part.set_live(watchable)
            if watchable and part.wishes_anything:
                self._send(part.wish)

    def show_curves(self, curves: Curves) -> None:
        """The run on screen."""
        if curves is not self._curves:
            self._curves = curves
            self.answers.forget()
        self.answers.show_answers(curves.observed)
        self.layers.show_layers(curves.layers)

    def _send(self, command: Command) -> None:
        if isinstance(self._job, ChildJob | Watch | ClusterJob):
            self._job.send(command)

    def _ask_rate(self) -> None:
        _epochs, rates = self._curves.load("learning_rate")
        dialog = RateChangeDialog(float(rates[-1]) if len(rates) else None, self.rate.window())
        dialog.accepted.connect(lambda: self._send(SetLearningRate(rate=dialog.rate)))
        dialog.finished.connect(dialog.deleteLater)
        # Once the training has ended there is nothing to change.
        self._ended.connect(dialog.reject)
        dialog.open()

    def close(self) -> None:
        self.answers.close_threads()
