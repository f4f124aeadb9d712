"""The dialog of the learning-rate finder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
from PySide6.QtWidgets import QLayout, QProgressBar, QWidget

from cnnstudio.core.events import Event, Failed, Stopped
from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text, localize_number, tr
from cnnstudio.core.trial_jobs import RatesTried, TryRates
from cnnstudio.gui.pages.train.trials.rate_plot import RatePlot
from cnnstudio.gui.pages.train.trials.trial import Prepare
from cnnstudio.gui.state.jobs import ChildJob, Work
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Label, Stack, box, clear, column, row
from cnnstudio.gui.widgets.cards import Banner
from cnnstudio.gui.widgets.dialog import Dialog
from cnnstudio.gui.widgets.inputs import SegmentedControl
from cnnstudio.gui.widgets.progress import show_progress

KIND: Final = "rates"
_LABEL: Final = Text("Learning-rate finder", "Buscador de tasa de aprendizaje")
_RULES: Final = {
    "valley": (Text("Valley", "Valle"), Text("Half-way along the longest fall of the loss: a good first choice.",
                                             "A la mitad de la caída más larga de la pérdida: una buena primera opción.")),
    "steep": (Text("Steepest", "Mayor pendiente"), Text("Where the loss falls fastest.", "Donde la pérdida cae más rápido.")),
    "minimum": (Text("Minimum ÷ 10", "Mínimo ÷ 10"), Text("A tenth of the rate with the lowest loss.",
                                                          "La décima parte de la tasa con la pérdida más baja.")),
    "slide": (Text("Slide", "Pendiente final"), Text("The highest rate before the loss climbs for good: fast, and daring.",
                                                     "La tasa más alta antes de que la pérdida suba definitivamente: rápida y "
                                                     "arriesgada.")),
}


class RateFinderDialog(Dialog):
    """Tries rates with the settings of a stage; `taken(rate)` when the user takes a suggestion."""

    def __init__(self, session: Session, prepare: Prepare, taken: Callable[[float], object],
                 parent: QWidget | None = None) -> None:
        """`prepare` makes the job in a thread, and may raise ProblemError."""
        super().__init__(parent)
        self._session, self._prepare, self._taken = session, prepare, taken
        self._work: Work | None = None
        self._job: ChildJob | None = None
        self.tried: RatesTried | None = None
        self.setWindowTitle(tr("Find a learning rate", "Buscar una tasa de aprendizaje"))
        self.setMinimumWidth(560)
        self.resize(680, 600)
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._phase = Label("", "secondary", "dim")
        self._problem = column()
        self._plot = RatePlot()
        self._plot.chosen.connect(self._choose)
        self._rules = SegmentedControl([(name, str(label)) for name, (label, _help) in _RULES.items()], "valley")
        self._rules.chosen.connect(lambda name: self._choose(str(name)))
        self._meaning = Label("", "secondary", "dim", wrap=True)
        self._take = Button("", "primary", on_click=self._take_rate)
        self._again = Button(tr("Try again", "Volver a probar"), on_click=self.start)
        self._stack = Stack()
        waiting = column(None, self._phase, self._progress, None, spacing=8)
        for part in (box(waiting), box(column(box(self._problem), None)),
                     box(column(self._plot, self._rules, self._meaning, spacing=10))):
            self._stack.addWidget(part)
        words = tr("The network is trained from new weights for 100 batches while the rate grows with each. A good rate lies "
                   "where the loss falls clearly. Nothing of this training is kept.",
                   "La red se entrena desde pesos nuevos durante 100 lotes mientras la tasa crece con cada uno. Una buena tasa "
                   "está donde la pérdida baja con claridad. De este entrenamiento no se guarda nada.")
        layout = column(
            Label(tr("Find a learning rate", "Buscar una tasa de aprendizaje"), "title"),
            Label(words, "body", "dim", wrap=True), self._stack,
            row(self._again, None, Button(tr("Close", "Cerrar"), "quiet", on_click=self.reject), self._take, spacing=8),
            spacing=12, margins=(24, 24, 24, 20))
        # Wrapped text would ask for the height that it has in the narrowest window.
        layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self.setLayout(layout)
        self.start()

    def start(self) -> None:
        """Try the rates, in a child process."""
        self.tried = None
        self._show(0)
        self._phase.setText(tr("Preparing…", "Preparando…"))
        show_progress(self._progress, None)
        self._work = self._session.jobs.run(lambda _report: self._prepare(), _LABEL, KIND, page="train", quiet=True,
                                            done=self._on_prepared, owner=self)

    def _show(self, place: int) -> None:
        self._stack.setCurrentIndex(place)
        self._take.setVisible(place == 2)
        self._again.setVisible(place != 0)
        if place == 2:
            self._take.setFocus()

    def _on_prepared(self, work: Work) -> None:
        if work is not self._work:
            return
        if isinstance(work.last, Failed):
            self._show_problem(work.last.problem)
        elif isinstance(work.last, Stopped):
            self._show_stopped()
        elif isinstance(work.result, TryRates):
            self._job = ChildJob(work.result, _LABEL, KIND, page="train")
            self._job.event.connect(self._on_event)
            self._job.ended.connect(self._on_ended)
            self._session.jobs.start(self._job)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, RatesTried):
            self.tried = event
        elif self._job is not None:
            show_progress(self._progress, self._job.progress)
            if self._job.phase is not None:
                self._phase.setText(f"{self._job.phase}…")

    def _on_ended(self, last: Event) -> None:
        if isinstance(last, Failed):
            self._show_problem(last.problem)
        elif self.tried is not None and self._stack.currentIndex() == 0:
            self._plot.show_rates(self.tried, {name: str(label) for name, (label, _help) in _RULES.items()}, "valley")
            self._choose("valley")
            self._show(2)
        else:
            self._show_stopped()

    def _show_stopped(self) -> None:
        """Stopped in the status bar."""
        clear(self._problem)
        self._problem.addWidget(Label(tr("Stopped before there was a result.", "Detenido antes de que hubiera un resultado."),
                                      "body", wrap=True))
        self._show(1)

    def _show_problem(self, problem: Problem) -> None:
        clear(self._problem)
        self._problem.addWidget(Banner(msgspec.structs.replace(problem, fixes=())))
        self._show(1)

    def _choose(self, name: str) -> None:
        if self.tried is None:
            return
        self._rules.set_value(name)
        self._plot.choose(name)
        self._meaning.setText(str(_RULES[name][1]))
        self._take.setText(tr("Use {rate}", "Usar {rate}", rate=format_rate(self.tried.suggestions[name])))

    def _take_rate(self) -> None:
        if self.tried is not None:
            self._taken(rounded(self.tried.suggestions[str(self._rules.value)]))
        self.accept()

    def done(self, code: int) -> None:
        """Closing the dialog ends what it started."""
        for job in (self._work, self._job):
            if job is not None and job.running:
                job.cancel()
        super().done(code)


def rounded(rate: float) -> float:
    """Two digits: the curve is not more exact."""
    return float(f"{rate:.1e}")


def format_rate(rate: float) -> str:
    """A learning rate as the field writes it: 0.0015, or 2.5e-5 where zeros would have to be counted."""
    value = rounded(rate)
    return localize_number(f"{value:g}")
