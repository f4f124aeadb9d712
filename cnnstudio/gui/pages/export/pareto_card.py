"""The picture of accuracy against size or time."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QWidget

from cnnstudio.catalog.exporters import EXPORTERS
from cnnstudio.core.text import format_number, format_size, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.export.certificates import format_share
from cnnstudio.gui.pages.export.pareto import Cost, ParetoPoint, pareto_points
from cnnstudio.gui.widgets.basics import Label, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.inputs import SegmentedControl
from cnnstudio.gui.widgets.plots import SharePlot, legend_label
from cnnstudio.workers.runs.exports import ExportRecord

_NEAR = 0.05
"""How far from a point the cursor may be, as a share of the plot."""


class ParetoPlot(SharePlot):
    """`point_chosen(record)` where a point is pressed."""

    point_chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__(tr("Accuracy against cost", "Exactitud frente a coste"), "", tr("accuracy", "exactitud"),
                         read=self._read_at, draggable=True, height=280)
        self._points: list[ParetoPoint] = []
        self.places: list[tuple[float, float]] = []
        """Where the points are, both from 0 to 1, the least cost first."""
        self._front = self.line("accent", 1.6, style=Qt.PenStyle.DashLine, steps=False)
        self._bars = pg.ErrorBarItem(x=np.zeros(1), y=np.zeros(1), pen=pg.mkPen(theme.color("faint"), width=1.2))
        self.addItem(self._bars)
        self._others, self._best = self.points("dim", 9, hollow=True), self.points("accent", 11)
        self._labels: list[pg.TextItem] = []

    def show_points(self, points: list[ParetoPoint], cost: Cost) -> None:
        """Show exports; the axis of the cost is logarithmic."""
        self._points = points
        low, high = min(point.cost for point in points), max(point.cost for point in points)
        low, high = math.log10(low) - 0.1, math.log10(high) + 0.1
        floor = min(point.accuracy.low for point in points)
        floor = max(0.0, math.floor(floor * 20) / 20)
        self.places = [((math.log10(point.cost) - low) / (high - low), (point.accuracy.value - floor) / (1.0 - floor + 1e-9))
                        for point in points]
        scale = 1.0 / (1.0 - floor + 1e-9)
        x, y = np.array([place[0] for place in self.places]), np.array([place[1] for place in self.places])
        self._bars.setData(x=x, y=y, top=np.array([(point.accuracy.high - point.accuracy.value) * scale for point in points]),
                           bottom=np.array([(point.accuracy.value - point.accuracy.low) * scale for point in points]),
                           beam=0.008)
        best = np.array([point.best for point in points])
        self._best.setData(x[best], y[best])
        self._others.setData(x[~best], y[~best])
        self._front.setData(x[best], y[best])
        item = self.getPlotItem()
        item.setLabel("bottom", tr("size", "tamaño") if cost == "size" else tr("time for a picture", "tiempo por imagen"),
                      color=theme.color("dim").name())
        item.getAxis("bottom").setTicks([[((exponent - low) / (high - low), _cost_text(10 ** exponent, cost))
                                          for exponent in _exponents(low, high)]])
        item.getAxis("left").setTicks([[((share - floor) * scale, format_number(share, ".0%"))
                                        for share in share_ticks(floor)]])
        self._show_labels()

    def _show_labels(self) -> None:
        for label in self._labels:
            self.removeItem(label)
        self._labels = []
        for point, (x, y) in zip(self._points, self.places, strict=True):
            if point.best:
                entry = EXPORTERS.find(point.record.format)
                label = pg.TextItem(str(entry.label) if entry is not None else point.record.format, color=theme.color("text"),
                                    anchor=(-0.06, 1.1) if x < 0.75 else (1.06, 1.1))
                label.setPos(x, y)
                self.addItem(label)
                self._labels.append(label)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self._place(event)
        point = self._nearest(place.x(), place.y())
        if point is not None:
            self.point_chosen.emit(point.record)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        place = self._place(event)
        near = self._nearest(place.x(), place.y()) is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if near else Qt.CursorShape.ArrowCursor)

    def _nearest(self, x: float, y: float) -> ParetoPoint | None:
        distances = [math.hypot(x - place[0], y - place[1]) for place in self.places]
        if not distances or min(distances) > _NEAR:
            return None
        return self._points[distances.index(min(distances))]

    def _read_at(self, x: float, y: float) -> str:
        point = self._nearest(x, y)
        if point is None:
            return ""
        entry = EXPORTERS.find(point.record.format)
        check = point.record.check
        assert check is not None
        latency = "" if check.latency_ms is None else f"{format_number(check.latency_ms, '.2f')} ms"
        return "\n".join([f"{entry.label if entry is not None else point.record.format}, {point.record.run}",
                          format_share(point.accuracy), f"{format_size(check.bytes)}, {latency}"])


def _exponents(low: float, high: float) -> list[float]:
    """Ticks of a logarithmic axis: powers of ten, with 2 and 5 between where there are few."""
    powers = [float(power) for power in range(math.floor(low), math.ceil(high) + 1)]
    steps = (0.0,) if high - low > 2.5 else (0.0, math.log10(2), math.log10(5))
    return [power + step for power in powers for step in steps if low <= power + step <= high]


def share_ticks(floor: float) -> list[float]:
    """Ticks of the axis of shares from `floor` to 1: whole percents, so that each is where its label says."""
    step = next((step for step in (1, 2, 5, 10) if 100 * (1.0 - floor) <= 6 * step), 20)
    return [(100 - percent) / 100 for percent in range(0, math.floor(100 * (1.0 - floor) + 1e-6) + 1, step)]


def _cost_text(value: float, cost: Cost) -> str:
    return format_size(round(value)) if cost == "size" else f"{format_number(value, 'g' if value < 1 else '.0f')} ms"


class ParetoCard(Card):
    """The plot with the choice of the cost; hidden with fewer than two exports that can be compared."""

    record_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(title=tr("What an export costs", "Lo que cuesta una exportación"), spacing=8, parent=parent)
        self._records: Sequence[ExportRecord] = ()
        self._cost = SegmentedControl([("size", tr("Size", "Tamaño")), ("time", tr("Time", "Tiempo"))], "size", stretch=False)
        self._cost.setAccessibleName(tr("Cost", "Coste"))
        self._cost.chosen.connect(lambda _cost: self._show())
        self.plot = ParetoPlot()
        self.plot.point_chosen.connect(self.record_chosen)
        note = Label(tr("Every point is an export of a run of this project. On the line are those that no other beats: as "
                        "accurate for less.",
                        "Cada punto es una exportación de un entrenamiento de este proyecto. En la línea están las que ninguna "
                        "otra supera: igual de exactas por menos."), "secondary", "dim", wrap=True)
        accent, dim = theme.color("accent"), theme.color("dim")
        legend = legend_label([(accent, "●", tr("not beaten", "no superada")), (dim, "○", tr("beaten", "superada")),
                               (theme.color("faint"), "┃", tr("95% interval", "intervalo del 95 %"))])
        line = row(self._cost, legend, spacing=16)
        line.setStretch(1, 1)
        self.body.addLayout(line)
        self.body.addWidget(self.plot)
        self.body.addWidget(note)

    def show_records(self, records: Sequence[ExportRecord]) -> None:
        """Show these exports."""
        self._records = records
        self._show()

    def _show(self) -> None:
        cost: Cost = "time" if self._cost.value == "time" else "size"
        points = pareto_points(self._records, cost)
        self.setVisible(len(points) > 1)
        if len(points) > 1:
            self.plot.show_points(points, cost)
