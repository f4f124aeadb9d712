"""The view of the figures: key figures, all figures of one run or of several side by side, and those of each class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QResizeEvent

from cnnstudio.core.intervals import wilson_interval
from cnnstudio.core.jobs import Evaluated
from cnnstudio.core.problems import Problem, warning
from cnnstudio.core.text import Text, tr
from cnnstudio.datasets.leakage import LeakageCost
from cnnstudio.evaluation.report import ClassValues, Report
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.evaluate.figure_tables import (
    class_columns,
    figure_rows,
    format_value,
    several_columns,
    single_columns,
)
from cnnstudio.gui.pages.evaluate.reports import Reports, Wanted, kept_report, make_reports
from cnnstudio.gui.pages.evaluate.results import mean_f1
from cnnstudio.gui.pages.evaluate.views import EvaluationContext, EvaluationView
from cnnstudio.gui.state.jobs import Work
from cnnstudio.gui.state.latest import Latest
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Label, box, clear, column, row, scroll_area
from cnnstudio.gui.widgets.cards import Banner, Card, KeyFigure, KeyFigures
from cnnstudio.gui.widgets.formatting import (
    engine_help,
    format_count,
    format_engine,
    format_number,
    format_percent,
    format_pictures,
)
from cnnstudio.gui.widgets.inputs import SegmentedControl
from cnnstudio.gui.widgets.table import Table
from cnnstudio.workers.runs.answers import leakage_price
from cnnstudio.workers.runs.folder import RunSummary

_MOST_LINES: Final = 14
_ROOMY: Final = 620
"""From this width in pixels the table of classes shows intervals."""


class SummaryView(EvaluationView):
    id = "summary"
    title = Text("Summary", "Resumen")

    def __init__(self, workspace: Workspace, state: dict[str, Any]) -> None:
        super().__init__(workspace, state)
        self._colors: dict[str, int] = {}
        self._leaks_of: Evaluated | None = None
        self._figures_of: Evaluated | None = None
        self._complete = True
        self._roomy = True
        self._reports = Latest(workspace.session.jobs, "figures",
                               lambda wanted, report: make_reports(wanted, report.check), self)
        self._reports.answered.connect(self._on_computed)
        self.accuracy = KeyFigure(tr("Accuracy", "Exactitud"))
        self._loss = KeyFigure(tr("Loss", "Pérdida"))
        self._f1 = KeyFigure(tr("Mean F1", "F1 medio"))
        self._images = KeyFigure(tr("Pictures", "Imágenes"))
        figures = KeyFigures(self.accuracy, self._loss, self._f1, self._images)
        text = Text("The model has been trained further since this evaluation. Evaluate it again for current "
                    "figures.",
                    "El modelo se ha seguido entrenando desde esta evaluación. Evalúelo de nuevo para ver cifras "
                    "actuales.")
        self._outdated = Banner(warning("outdated_evaluation", text, "run"))
        self._leakage = Label("", "body", "error", wrap=True)
        self._leakage.hide()
        self._refused = column(spacing=8)
        self._refusals = box(self._refused)
        self.figures = Table(single_columns(lambda: not self._complete), sortable=False)
        self.figures.setAccessibleName(tr("All figures", "Todas las cifras"))
        self.table = Table(class_columns(self._color, intervals=True, probabilities=bool(state.get("probabilities", False))))
        self.table.setAccessibleName(tr("Classes", "Clases"))
        self.table.chosen.connect(self._show_mistakes)
        self._figures = _table_card(self.figures, tr("All figures", "Todas las cifras"))
        self._kind = SegmentedControl([(False, tr("Decisions", "Decisiones")), (True, tr("Probabilities", "Probabilidades"))],
                                      bool(state.get("probabilities", False)), stretch=False)
        self._kind.set_tooltips((tr("Precision, recall and F1 of what the model decides",
                                    "Precisión, exhaustividad y F1 de lo que decide el modelo"),
                                 tr("How well the probabilities of a class tell its pictures from the others",
                                    "Lo bien que las probabilidades de una clase distinguen sus imágenes de las demás")))
        self._kind.chosen.connect(self._choose_kind)
        classes = _table_card(self.table, tr("Classes", "Clases"))
        classes.body.insertWidget(1, box(row(self._kind, None, margins=(8, 0, 8, 0))))
        layout = column(figures, self._leakage, self._outdated, self._refusals, self._figures, classes, None, spacing=16,
                        margins=(24, 16, 24, 24))
        self.setLayout(column(scroll_area(box(layout))))

    def close_threads(self) -> None:
        self._reports.close()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        roomy = event.size().width() >= _ROOMY
        if roomy != self._roomy:
            self._roomy = roomy
            self._show_columns()

    def _show_columns(self) -> None:
        self.table.set_columns(class_columns(self._color, intervals=self._roomy, probabilities=bool(self._kind.value)))

    def _choose_kind(self, probabilities: object) -> None:
        self.state["probabilities"] = bool(probabilities)
        # A sorted column may not be there any more.
        self.table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        self._show_columns()

    def _color(self, values: ClassValues) -> QColor:
        return theme.class_color(self._colors.get(values.name, -1))

    def show_evaluation(self, context: EvaluationContext) -> None:
        evaluated = context.evaluated
        low, high = wilson_interval(evaluated.accuracy, evaluated.images)
        self.accuracy.set(format_percent(evaluated.accuracy), _interval_note(low, high, percent=True))
        self._loss.set(format_number(evaluated.loss, 4), tr("cross-entropy", "entropía cruzada"))
        self._f1.set(format_number(mean_f1(evaluated)), tr("of all classes", "de todas las clases"))
        skipped = tr("{n} skipped", "{n} omitidas", n=format_pictures(evaluated.skipped)) if evaluated.skipped else tr(
            "none skipped", "ninguna omitida")
        engine = format_engine(evaluated.engine)
        self._images.set(format_count(evaluated.images), f"{skipped} · {engine}" if engine else skipped)
        self._images.setToolTip(engine_help(evaluated.engine))
        self._outdated.setVisible(context.outdated)
        self._colors = dict(zip(context.class_names, context.colors, strict=True))
        if self._leaks_of is not evaluated:
            self._leaks_of = evaluated
            self.show_leakage(None)
            self._read_leakage(context)
        self._complete = False
        if self._figures_of is not evaluated:
            self._figures_of = evaluated
            self._show_reports(Reports(kept_report(evaluated)))
        if context.answers is not None or context.problem is not None:
            self._ask(context, intervals=context.answers is None)

    def _ask(self, context: EvaluationContext, *, intervals: bool) -> None:
        self._reports.ask(Wanted(context.run, context.split, context.evaluated, context.answers, context.beside, intervals))

    # The figures ---------------------------------------------------------------------------------

    def _on_computed(self, wanted: Wanted, reports: object) -> None:
        context = self.context
        if (context is None or wanted.evaluated is not context.evaluated or wanted.answers is not context.answers
                or wanted.beside != context.beside):
            return
        if not isinstance(reports, Reports):
            self._show_refusals((), (), getattr(reports, "text", ""))
            return
        self._complete = wanted.intervals
        self._show_reports(reports)
        if not wanted.intervals:
            # What is quick is shown at once; the bootstrap follows.
            self._ask(context, intervals=True)

    def _show_reports(self, reports: Reports) -> None:
        context = self.context
        assert context is not None
        own = reports.own
        self._show_key_figures(own)
        titles = [context.title, *(summary.title for summary, _report in reports.beside)]
        rows = figure_rows([own, *(report for _summary, report in reports.beside)])
        columns = several_columns(titles) if len(titles) > 1 else single_columns(lambda: not self._complete)
        self.figures.set_columns(columns, rows)
        _fit(self.figures, len(rows), len(rows))
        chosen = self.table.selected
        self.table.blockSignals(True)
        self.table.set_rows(own.classes)
        if chosen is not None:
            self.table.select(next((values for values in own.classes if values.name == chosen.name), None))
        self.table.blockSignals(False)
        _fit(self.table, len(own.classes), _MOST_LINES)
        # Without answers most figures are missing: the reason stands above them.
        missing = (msgspec.structs.replace(context.problem, severity="info"),) if (
            context.answers is None and context.problem is not None and context.saved) else ()
        self._kind.setEnabled(context.answers is not None)
        if missing and self._kind.value:
            self._kind.set_value(False)
            self._show_columns()
        self._show_refusals((*missing, *reports.refused), reports.missing)

    def _show_key_figures(self, own: Report) -> None:
        """The intervals of what was shown without one so far."""
        for card, name, digits in ((self._loss, "log_loss", 4), (self._f1, "macro_f1", 3)):
            value = next((value for value in own.figures if value.id == name), None)
            if value is not None and value.value is not None and value.interval is not None:
                card.set(format_number(value.value, digits), _interval_note(*value.interval, percent=False))

    def _show_refusals(self, refused: Sequence[Problem], missing: Sequence[RunSummary], failure: str = "") -> None:
        clear(self._refused)
        for problem in refused:
            self._refused.addWidget(Banner(problem))
        if failure:
            self._refused.addWidget(Label(failure, "body", "error", wrap=True))
        if missing:
            names = ", ".join(summary.title for summary in missing)
            text = tr("Not evaluated on these pictures by its present model: {names}.",
                      "Sin evaluar con estas imágenes por su modelo actual: {names}.", names=names)
            ids = [summary.id for summary in missing]
            button = Button(tr("Evaluate", "Evaluar"), "link", on_click=lambda: self.evaluation_requested.emit(ids))
            line = row(Label(text, "body", "dim", wrap=True), button, spacing=12)
            line.setStretch(0, 1)
            self._refused.addWidget(Card(box(line), margins=(14, 10, 10, 10)))
        self._refusals.setVisible(self._refused.count() > 0)

    def _show_mistakes(self, values: ClassValues | None) -> None:
        """The pictures of a class that were predicted as another, and those of others that were predicted as it."""
        context = self.context
        if values is None or context is None or context.answers is None:
            return
        answers, number = context.answers, context.class_names.index(values.name)
        wrong = answers.labels != answers.predicted
        missed = np.flatnonzero(wrong & (answers.labels == number))
        false = np.flatnonzero(wrong & (answers.predicted == number))
        order = [numbers[np.argsort(-answers.probabilities[numbers, answers.predicted[numbers]], kind="stable")]
                 for numbers in (missed, false)]
        note = tr("{missed} of this class predicted as another, then {false} of another predicted as this one",
                  "{missed} de esta clase predichas como otra, después {false} de otra predichas como esta",
                  missed=format_count(len(missed)), false=format_count(len(false)))
        self.pictures_requested.emit(tr("Mistakes with {name}", "Errores con {name}", name=values.name), note,
                                     np.concatenate(order))

    # Leakage -------------------------------------------------------------------------------------

    def _read_leakage(self, context: EvaluationContext) -> None:
        """The accuracy gained by duplicates between the splits, according to the audit."""
        index, jobs = self.workspace.collection.index, self.workspace.session.jobs
        if index is None or not context.saved or jobs.of_kind("leakage") is not None:
            return

        def done(job: Work) -> None:
            now = self.context
            if now is not None and (now.run.id, now.split) == (context.run.id, context.split):
                self.show_leakage(job.result)

        jobs.run(lambda _report: leakage_price(index, context.run, context.split),
                 Text("Checking for leakage", "Buscando fugas"), "leakage", quiet=True, done=done, owner=self)

    def show_leakage(self, price: LeakageCost | None) -> None:
        """Show the accuracy gained by duplicates of training pictures; None or no duplicates hides the line."""
        has_leakage = price is not None and price.leaked > 0
        self._leakage.setVisible(has_leakage)
        if price is None or not has_leakage:
            return
        without = "–" if price.without is None else format_percent(price.without)
        self._leakage.setText(tr(
            "Pictures with a duplicate among the training pictures: {leaked} ({share}). Accuracy without them: {without}.",
            "Imágenes con una copia entre las de entrenamiento: {leaked} ({share}). Exactitud sin ellas: "
            "{without}.", leaked=format_count(price.leaked), share=format_percent(price.share),
            without=without))


def _interval_note(low: float, high: float, *, percent: bool) -> str:
    return tr("95%: {low} to {high}", "95 %: de {low} a {high}", low=format_value(low, percent),
              high=format_value(high, percent))


def _table_card(table: Table, title: str) -> Card:
    card = Card(table, title=title, margins=(8, 14, 8, 8))
    card.body.itemAt(0).widget().setContentsMargins(8, 0, 8, 0)  # type: ignore[union-attr]
    return card


def _fit(table: Table, rows: int, most: int) -> None:
    """As high as its rows, up to so many."""
    table.setFixedHeight(34 + 32 * min(rows, most) + 4)
