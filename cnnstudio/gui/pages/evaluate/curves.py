"""The view of the curves: ROC, precision and recall, the threshold of a class, and what its errors cost."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import Text, tr
from cnnstudio.evaluation.answers import Answers
from cnnstudio.gui.pages.evaluate.cost_card import CostCard
from cnnstudio.gui.pages.evaluate.curve_data import (
    CELLS,
    Areas,
    CurveData,
    CurveRequest,
    cell_numbers,
    compute_areas,
    compute_curves,
)
from cnnstudio.gui.pages.evaluate.curve_plots import make_cards
from cnnstudio.gui.pages.evaluate.threshold_card import CELL_NAMES, ThresholdCard
from cnnstudio.gui.pages.evaluate.views import EvaluationContext, EvaluationView
from cnnstudio.gui.state.latest import Failure, Latest
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Label, box, column, row, scroll_area
from cnnstudio.gui.widgets.formatting import format_percent, format_pictures
from cnnstudio.gui.widgets.inputs import Select
from cnnstudio.gui.widgets.side_by_side import SideBySide

ALL = -1
"""The choice of the mean over all classes."""


class CurvesView(EvaluationView):
    id = "curves"
    title = Text("Curves", "Curvas")

    def __init__(self, workspace: Workspace, state: dict[str, Any]) -> None:
        super().__init__(workspace, state)
        self._data: CurveData | None = None
        self._answers: Answers | None = None
        self._opened = ""
        jobs = workspace.session.jobs
        self._curves = Latest(jobs, "evaluation-curves", lambda request, _report: compute_curves(request), self)
        self._curves.answered.connect(self._on_curves)
        self._areas = Latest(jobs, "evaluation-areas", lambda request, report: compute_areas(request, report.check), self)
        self._areas.answered.connect(self._on_areas)
        self.choice = Select()
        self.choice.setAccessibleName(tr("Class", "Clase"))
        self.choice.setFixedWidth(260)
        self.choice.chosen.connect(self._on_chosen)
        self._note = Label("", "body", "dim", wrap=True)
        self.roc, self.precision_recall = make_cards()
        self.threshold = ThresholdCard()
        costs = state.get("costs", (1.0, 1.0))
        self.costs = CostCard((costs[0], costs[1]))
        for card in (self.roc, self.precision_recall):
            card.pointed.connect(self._set_threshold)
            card.released.connect(self._on_settled)
        for mover in (self.threshold, self.costs):
            mover.moved.connect(self._set_threshold)
            mover.settled.connect(self._on_settled)
        self.threshold.cell_requested.connect(self._open_cell)
        self.costs.costs_changed.connect(self._on_costs)
        self._plots = SideBySide(self.roc, self.precision_recall, wide=560)
        self._hint = Label(tr("Choose a class to move its threshold.", "Elija una clase para mover su umbral."), "secondary",
                           "dim", wrap=True)
        content: list[QWidget] = [self._note, self._plots, self._hint, self.threshold, self.costs]
        self._parts = content[1:]
        line = row(Label(tr("Class", "Clase"), "body", "dim"), self.choice, None, spacing=10)
        self.setLayout(column(scroll_area(box(column(line, *content, None, spacing=16, margins=(24, 16, 24, 24))))))
        self._say(tr("Reading the answers…", "Leyendo las respuestas…"))

    def close_threads(self) -> None:
        for work in (self._curves, self._areas):
            work.close()

    # What is shown -------------------------------------------------------------------------------

    def show_evaluation(self, context: EvaluationContext) -> None:
        if context.answers is self._answers and self._answers is not None:
            return
        self._answers, self._data, self._opened = context.answers, None, ""
        names = context.class_names
        if self.state.get("classes") != names:
            # The threshold and the class of other classes mean nothing here. Of two the second is the positive one.
            self.state.update({"classes": names, "class": 1 if len(names) == 2 else ALL, "threshold": 0.5})
        self.choice.set_choices([(ALL, tr("All classes (mean)", "Todas las clases (media)")), *enumerate(names)],
                                self.state["class"])
        self.choice.setEnabled(self._answers is not None)
        if self._answers is not None:
            self._ask()
        elif context.problem is not None:
            self._say(str(context.problem.text))
        else:
            self._say(tr("Reading the answers…", "Leyendo las respuestas…"))

    @property
    def number(self) -> int | None:
        """The chosen class; None: the mean over all."""
        chosen = int(self.state.get("class", ALL))
        return None if chosen == ALL else chosen

    def _on_chosen(self, number: object) -> None:
        self.state.update({"class": number, "threshold": 0.5})
        self._opened = ""
        self._ask()

    def _ask(self) -> None:
        if self._answers is not None:
            self._curves.ask(CurveRequest(self._answers, self.number))

    def _is_present(self, request: CurveRequest) -> bool:
        return request.answers is self._answers and request.number == self.number

    def _say(self, text: str) -> None:
        """Show a text instead of the curves; "" shows them."""
        self._note.setText(text)
        self._note.setVisible(bool(text))
        for part in self._parts:
            part.setVisible(not text)

    def _on_curves(self, request: CurveRequest, data: CurveData | Failure) -> None:
        if not self._is_present(request):
            return
        if isinstance(data, Failure) or data.roc is None or data.precision_recall is None:
            self._data = None
            self._say(data.text if isinstance(data, Failure) else data.problem)
            return
        self._data = data
        self._say("")
        self.roc.show_curve(data.roc)
        self.precision_recall.show_curve(data.precision_recall)
        single = data.one is not None
        self._hint.setVisible(not single)
        for card in (self.roc, self.precision_recall):
            card.show_legend(threshold=single)
        self.threshold.setVisible(single)
        self.costs.setVisible(single)
        if data.one is not None and request.number is not None:
            names = request.answers.class_names
            self.threshold.show_class(data.one, names[request.number], data.counts, self.state["threshold"],
                                      two_classes=len(names) == 2)
            self.costs.show_class(data.one)
            self._set_threshold(self.state["threshold"])
        self._areas.ask(request)

    def _on_areas(self, request: CurveRequest, areas: Areas | Failure) -> None:
        if self._is_present(request) and isinstance(areas, Areas):
            self.roc.show_area(areas.roc)
            self.precision_recall.show_area(areas.precision_recall)

    # The threshold -------------------------------------------------------------------------------

    def _set_threshold(self, threshold: float) -> None:
        if self._data is None or self._data.one is None:
            return
        self.state["threshold"] = threshold
        self.threshold.set_threshold(threshold)
        self.costs.set_threshold(threshold)
        self._mark_best()
        (left, alarm), (missed, found) = self._data.one.confusion(threshold).tolist()
        recall = found / (found + missed)
        self.roc.show_point(alarm / (alarm + left), recall)
        self.precision_recall.show_point(recall, found / (found + alarm) if found + alarm else 1.0)

    def _mark_best(self) -> None:
        best = self.costs.best
        self.threshold.plot.show_mark(None if best is None else min(best.threshold, 1.0))

    def _on_costs(self, false_alarm: float, miss: float) -> None:
        self.state["costs"] = false_alarm, miss
        self.costs.set_threshold(self.state["threshold"])
        self._mark_best()

    def _on_settled(self) -> None:
        if self._opened:
            self._open_cell(self._opened)

    def _open_cell(self, cell: str) -> None:
        if self._answers is None or self.number is None:
            return
        assert cell in CELLS
        self._opened = cell
        threshold = self.state["threshold"]
        numbers = cell_numbers(self._answers, self.number, threshold, cell)
        first = tr("most probable first", "más probables primero") if cell in ("found", "alarm") else tr(
            "least probable first", "menos probables primero")
        title = f"{self._answers.class_names[self.number]} · {CELL_NAMES[cell]}"
        t = format_percent(min(threshold, 1.0))
        note = tr("{n} at the threshold {t}, {first}", "{n} con el umbral {t}, {first}", n=format_pictures(len(numbers)), t=t,
                  first=first) if len(numbers) else tr("No picture at the threshold {t}.", "Ninguna imagen con el umbral {t}.",
                                                       t=t)
        self.pictures_requested.emit(title, note, numbers)


