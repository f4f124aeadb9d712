"""The view of the figures: key figures, and a line for each class."""

from __future__ import annotations

from typing import Any

from PySide6.QtGui import QColor

from cnnstudio.core.intervals import wilson_interval
from cnnstudio.core.jobs import ClassReport
from cnnstudio.core.problems import warning
from cnnstudio.core.text import Text, tr
from cnnstudio.datasets.leakage import LeakageCost
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.evaluate.results import mean_f1
from cnnstudio.gui.pages.evaluate.views import EvaluationContext, EvaluationView
from cnnstudio.gui.state.jobs import Work
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Label, box, column, scroll_area
from cnnstudio.gui.widgets.cards import Banner, Card, KeyFigure, KeyFigures
from cnnstudio.gui.widgets.formatting import (
    engine_help,
    format_count,
    format_engine,
    format_number,
    format_percent,
    format_pictures,
)
from cnnstudio.gui.widgets.table import Column, Table
from cnnstudio.workers.runs.answers import leakage_price

_MOST_LINES = 14


class SummaryView(EvaluationView):
    id = "summary"
    title = Text("Summary", "Resumen")

    def __init__(self, workspace: Workspace, state: dict[str, Any]) -> None:
        super().__init__(workspace, state)
        self._colors: dict[str, int] = {}
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
        self.table = Table([
            Column(tr("Class", "Clase"), text=lambda item: item.name, stretch=True, color=self._color),
            Column(tr("Precision", "Precisión"), text=_format_precision, key=lambda item: item.precision, right=True),
            Column(tr("Recall", "Exhaustividad"), text=lambda item: _format_defined(item, item.recall),
                   key=lambda item: item.recall, right=True),
            Column("F1", text=lambda item: _format_defined(item, item.f1), key=lambda item: item.f1, right=True),
            Column(tr("Pictures", "Imágenes"), text=lambda item: format_count(item.support), key=lambda item: item.support,
                   right=True, spare=1),
        ])
        self.table.setAccessibleName(tr("Classes", "Clases"))
        classes = Card(self.table, title=tr("Classes", "Clases"), margins=(8, 14, 8, 8))
        classes.body.itemAt(0).widget().setContentsMargins(8, 0, 8, 0)  # type: ignore[union-attr]
        layout = column(figures, self._leakage, self._outdated, classes, None, spacing=16, margins=(24, 16, 24, 24))
        self.setLayout(column(scroll_area(box(layout))))

    def _color(self, report: ClassReport) -> QColor:
        return theme.class_color(self._colors.get(report.name, -1))

    def show_evaluation(self, context: EvaluationContext) -> None:
        evaluated = context.evaluated
        low, high = wilson_interval(evaluated.accuracy, evaluated.images)
        self.accuracy.set(format_percent(evaluated.accuracy), tr("95%: {low} to {high}", "95 %: de {low} a {high}",
                                                       low=format_percent(low), high=format_percent(high)))
        self._loss.set(format_number(evaluated.loss, 4), tr("cross-entropy", "entropía cruzada"))
        self._f1.set(format_number(mean_f1(evaluated)), tr("of all classes", "de todas las clases"))
        skipped = tr("{n} skipped", "{n} omitidas", n=format_pictures(evaluated.skipped)) if evaluated.skipped else tr(
            "none skipped", "ninguna omitida")
        engine = format_engine(evaluated.engine)
        self._images.set(format_count(evaluated.images), f"{skipped} · {engine}" if engine else skipped)
        self._images.setToolTip(engine_help(evaluated.engine))
        self._outdated.setVisible(context.outdated)
        names = [entry.name for entry in evaluated.classes]
        self._colors = dict(zip(names, context.colors, strict=True))
        self.table.set_rows(evaluated.classes)
        lines = min(_MOST_LINES, len(names))
        self.table.setFixedHeight(34 + 32 * lines + 4)

        if context.answers is None:
            self.show_leakage(None)
            self._read_leakage(context)

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


def _format_defined(report: ClassReport, value: float) -> str:
    """A class without pictures has no recall and no F1: a dash instead of zero."""
    return format_number(value) if report.support else "–"


def _format_precision(report: ClassReport) -> str:
    return format_number(report.precision) if report.support or report.precision else "–"
