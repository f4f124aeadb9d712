"""The charts of the Data page: balance of the classes, and sizes, ratios, brightness and sharpness as bars."""

from __future__ import annotations

import math
from typing import Any, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from cnnstudio.core.text import Text, tr
from cnnstudio.datasets.query import Filter, Range
from cnnstudio.datasets.statistics import QUANTITIES, Histogram, balance, histogram
from cnnstudio.gui.look import theme
from cnnstudio.gui.state.collection import Collection
from cnnstudio.gui.state.counts import Counts
from cnnstudio.gui.state.jobs import JobList, Report, Work
from cnnstudio.gui.widgets.basics import Button, Label, column, row, scroll_area
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.charts import BalanceChart, HistogramChart, SplitLegend
from cnnstudio.gui.widgets.formatting import format_number

ANY: Final[Range] = (None, None)


class DataCharts(QWidget):
    """Charts that filter on a click: `class_chosen(class, split)`, `range_chosen(filter field, range)`."""

    class_chosen = Signal(str, str)
    range_chosen = Signal(str, object)

    def __init__(self, jobs: JobList, collection: Collection, counts: Counts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs, self._collection, self._counts = jobs, collection, counts
        self._wanted: Filter | None = None
        self.histograms: dict[str, Histogram] = {}
        """The histograms on screen, by the id of the quantity."""
        self._balance = BalanceChart(lambda name: theme.class_color(counts.color_index(name)))
        self._balance.chosen.connect(self.class_chosen)
        self._charts: dict[str, HistogramChart] = {}
        self._lifts: dict[str, Button] = {}
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(14)
        for place, quantity in enumerate(QUANTITIES):
            grid.addWidget(self._card(quantity.id, str(quantity.label)), place // 2, place % 2)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        balanced = Card(SplitLegend(), self._balance, title=tr("Pictures of each class", "Imágenes de cada clase"))
        hint = Label(tr("Click a bar to show its pictures; drag over several bars for a range.",
                        "Pulse una barra para ver sus imágenes; arrastre sobre varias para un intervalo."),
                     "secondary", "dim", wrap=True)
        inside = QWidget()
        inside.setLayout(column(hint, balanced, grid, None, spacing=14, margins=(0, 0, 8, 8)))  # type: ignore[arg-type]
        self.setLayout(column(scroll_area(inside)))

    def _card(self, identifier: str, title: str) -> Card:
        chart = HistogramChart(title)
        chart.chosen.connect(lambda first, last: self._choose(identifier, first, last))
        self._charts[identifier] = chart
        lift = Button(tr("All", "Todas"), "link", on_click=lambda: self._choose(identifier, -1, -1))
        lift.hide()
        self._lifts[identifier] = lift
        head = QWidget()
        head.setLayout(row(Label(title, "body_strong"), None, lift))
        head.setFixedHeight(24)
        return Card(head, chart)

    def _choose(self, identifier: str, first: int, last: int) -> None:
        quantity, bins = QUANTITIES[identifier], self.histograms.get(identifier)
        span: Any = ANY if first < 0 or bins is None else bins.span(first, last)
        self.range_chosen.emit(quantity.field, span)

    def show_for(self, wanted: Filter) -> None:
        """Count the pictures that pass the filter, for each chart without its own part of it; in the background."""
        self._wanted = wanted
        if self._collection.index is not None and self._jobs.of_kind("charts") is None:
            self._start()

    def _start(self) -> None:
        index, wanted = self._collection.index, self._wanted
        if index is None or wanted is None:
            return

        def work(report: Report) -> tuple[dict[str, Histogram], dict[str, dict[str, int]]]:
            from msgspec.structs import replace

            result = {}
            for quantity in QUANTITIES:
                report.check()
                result[quantity.id] = histogram(index, quantity, replace(wanted, **{quantity.field: ANY}))
            return result, balance(index, replace(wanted, classes=(), splits=()))

        self._jobs.run(work, Text("Counting", "Contando"), "charts", quiet=True,
                               done=lambda job: self._on_counted(job, wanted), owner=self)

    def _on_counted(self, job: Work, wanted: Filter) -> None:
        if job.result is None:
            return
        if wanted != self._wanted:
            self._start()
        self.histograms, counts = job.result
        names = self._counts.class_names
        others = sorted(set(counts) - set(names))
        self._balance.show_counts((*names, *others), counts, wanted.classes, wanted.splits)
        for quantity in QUANTITIES:
            bins = self.histograms[quantity.id]
            span = getattr(wanted, quantity.field)
            self._charts[quantity.id].show_bins(
                bins.counts, [_edge_text(edge, quantity.integer, quantity.unit) for edge in bins.edges], _bins(bins, span))
            self._lifts[quantity.id].setVisible(span != ANY)


def _bins(histogram: Histogram, span: Range) -> tuple[int, int]:
    """The bins that a range of the filter covers; (-1, -1) without one."""
    if span == ANY or not histogram.counts:
        return -1, -1
    low, high = span[0] or 0.0, math.inf if span[1] is None else span[1]
    spans = [histogram.span(place, place) for place in range(len(histogram.counts))]
    inside = [place for place, (start, end) in enumerate(spans)
              if start is not None and end is not None and start >= low - 1e-9 and end <= high + 1e-9]
    return (inside[0], inside[-1]) if inside else (-1, -1)


def _edge_text(value: float, integer: bool, unit: str) -> str:
    text = f"{value:.0f}" if integer or value >= 100 else format_number(value, 1 if value >= 10 else 2)
    return f"{text} {unit}" if unit else text
