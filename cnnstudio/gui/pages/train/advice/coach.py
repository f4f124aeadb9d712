"""The dialog of the coach: what stands out in a run, what shows it, and a run with one thing changed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtWidgets import QWidget

from cnnstudio.core.jobs import JobSpec
from cnnstudio.core.problems import Problem, ProblemError
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.pages.train.advice.evidence import evidence_view
from cnnstudio.gui.pages.train.plots.history import Curves, curves_of
from cnnstudio.gui.pages.train.trials.trial import Trial, Waiting, free_height, stopped_label
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Badge, Button, Label, Stack, box, clear, column, row, scroll_area
from cnnstudio.gui.widgets.cards import Banner, Card, EmptyState
from cnnstudio.gui.widgets.dialog import Dialog
from cnnstudio.gui.widgets.formatting import format_percent
from cnnstudio.network.fixes import value_text
from cnnstudio.workers.coach.advice import Advice
from cnnstudio.workers.coach.evidence import Evidence, collect, find_inspection
from cnnstudio.workers.coach.judge import RULES, judge
from cnnstudio.workers.coach.outcomes import outcome
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.trial_setup import inspection_job

KIND: Final = "coach"


class CoachDialog(Dialog):
    """Looks into the network of a run, then shows all advice, the most convincing first.

    `follow(advice)` when the user wants a run with its change.
    """

    def __init__(self, session: Session, run: RunFolder, title: str, follow: Callable[[Advice], object],
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._run, self._follow = session, run, follow
        self.advice: tuple[Advice, ...] | None = None
        self._curves: Curves | None = None
        self.setWindowTitle(tr("Advice about a run", "Consejos sobre un entrenamiento"))
        self.setMinimumWidth(560)
        self.resize(820, 760)
        self._waiting = Waiting()
        self._trial = Trial(session, self._prepare, Text("Looking into a run", "Examinando un entrenamiento"), KIND, self)
        self._trial.progressed.connect(lambda: self._waiting.follow(self._trial.job))
        self._trial.ended.connect(self._on_ended)
        self._trial.stopped.connect(self._show_stopped)
        self._problem = column()
        self._cards = column(spacing=12)
        self._silent = EmptyState("check", tr("Nothing stands out", "Nada llama la atención"),
                                  tr("Neither the curves nor the pictures nor a look into the network show a fault.",
                                     "Ni las curvas, ni las imágenes, ni un examen de la red muestran ningún fallo."))
        self._stack = Stack()
        for part in (self._waiting, box(column(box(self._problem), None)), scroll_area(box(self._cards)), self._silent):
            self._stack.addWidget(part)
        layout = column(
            Label(self.windowTitle(), "title"),
            Label(tr("{run}: judged by its curves, its pictures and what its network answers for some of them.",
                     "{run}: según sus curvas, sus imágenes y lo que su red responde a algunas de ellas.", run=title),
                  "body", "dim", wrap=True),
            self._stack, row(None, Button(tr("Close", "Cerrar"), "quiet", on_click=self.reject), spacing=8),
            spacing=12, margins=(24, 24, 24, 20))
        self.setLayout(free_height(layout))
        self._stack.setCurrentIndex(0)
        self._waiting.begin()
        self._trial.start()

    def _prepare(self) -> JobSpec | None:
        """In a thread: nothing to look into where somebody did since the last training, or where there is no model."""
        if find_inspection(self._run) is not None or not self._run.has_model:
            return None
        return inspection_job(self._run)

    def _on_ended(self, problem: Problem | None) -> None:
        """The curves and the pictures speak even where the network cannot be looked into."""
        clear(self._problem)
        try:
            evidence = collect(self._run)
        except ProblemError as problem_error:
            self._problem.addWidget(Banner(problem_error.problems[0]))
            self._stack.setCurrentIndex(1)
            return
        self.advice = judge(evidence)
        clear(self._cards)
        if problem is not None:
            self._cards.addWidget(Banner(problem))
        came = outcome(self._run)
        if came is not None:
            self._cards.addWidget(Card(Label(str(came), "body", wrap=True), edge="accent"))
        for advice in self.advice:
            self._cards.addWidget(self._card(advice, evidence))
        self._cards.addStretch(1)
        silent = not self.advice and problem is None and came is None
        self._stack.setCurrentIndex(3 if silent else 2)

    def _card(self, advice: Advice, evidence: Evidence) -> Card:
        rule = RULES[advice.advice]
        card = Card(spacing=10)
        card.setAccessibleName(str(rule.label))
        head = row(Label(str(rule.label), "body_strong"), None,
                   Badge(tr("{n} sure", "{n} seguro", n=format_percent(advice.confidence, 0))), spacing=8)
        card.body.addLayout(head)
        card.body.addWidget(Label(str(advice.text), "body", wrap=True, selectable=True))
        if self._curves is None:
            self._curves = curves_of(self._run.events())
        view = evidence_view(rule.plot, evidence, self._curves)
        if view is not None:
            card.body.addWidget(view)
        if advice.change:
            changes = "\n".join(f"{key} = {_shortened(value_text(value))}" for key, value in advice.change.items())
            card.body.addWidget(Label(changes, "secondary", "dim", wrap=True, selectable=True))
            go = Button(tr("Make a run with this changed", "Hacer un entrenamiento con este cambio"),
                        "primary" if advice is (self.advice or (None,))[0] else "", "play",
                        on_click=partial(self._make, advice))
            card.body.addLayout(row(go, None))
        return card

    def _make(self, advice: Advice) -> None:
        self.accept()
        self._follow(advice)

    def _show_stopped(self) -> None:
        clear(self._problem)
        self._problem.addWidget(stopped_label())
        self._stack.setCurrentIndex(1)

    def done(self, code: int) -> None:
        """Closing the dialog ends what it started."""
        self._trial.cancel()
        super().done(code)


def _shortened(text: str, most: int = 90) -> str:
    return text if len(text) <= most else text[:most - 1] + "…"
