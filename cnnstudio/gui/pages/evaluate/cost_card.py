"""What false alarms and misses cost, and the threshold that costs least."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from cnnstudio.core.text import tr
from cnnstudio.evaluation.thresholds import BestThreshold, OneClass
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.basics import Button, Label, box, column, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.formatting import format_number, format_percent
from cnnstudio.gui.widgets.number_box import NumberBox
from cnnstudio.gui.widgets.plots import SharePlot
from cnnstudio.gui.widgets.side_by_side import SideBySide


class CostCard(Card):
    """`costs_changed(false alarm, miss)`, `moved(threshold)` where the curve is dragged or the best one is taken, then
    `settled()`."""

    costs_changed = Signal(float, float)
    moved = Signal(float)
    settled = Signal()

    def __init__(self, costs: tuple[float, float]) -> None:
        super().__init__(title=tr("Costs of the errors", "Costes de los errores"), spacing=10)
        self._one: OneClass | None = None
        self.best: BestThreshold | None = None
        self._fields = tuple(NumberBox(cost, minimum=0.0, maximum=1e6, step=1.0, decimals=3) for cost in costs)
        names = (tr("A false alarm costs", "Una falsa alarma cuesta"), tr("A miss costs", "Una omisión cuesta"))
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        for place, (name, field) in enumerate(zip(names, self._fields, strict=True)):
            label = Label(name, wrap=True)
            label.setBuddy(field)
            field.setAccessibleName(name)
            field.setFixedWidth(96)
            field.value_changed.connect(self._on_cost)
            grid.addWidget(label, place, 0)
            grid.addWidget(field, place, 1)
        grid.setColumnStretch(0, 1)
        self._text = Label("", "body", wrap=True)
        self._take = Button(tr("Use the best threshold", "Usar el mejor umbral"), on_click=self._take_best)
        fields = QWidget()
        fields.setLayout(grid)
        left = box(column(fields, self._text, row(self._take, None), None, spacing=12))
        self._plot = SharePlot(tr("Cost of a picture by the threshold", "Coste por imagen según el umbral"),
                               tr("threshold", "umbral"), tr("cost", "coste"), draggable=True, read=self._read, height=190)
        self._curve = self._plot.line("text", 1.6)
        self._lines = []
        for token, style in (("ok", Qt.PenStyle.DashLine), ("accent", Qt.PenStyle.SolidLine)):
            line = pg.InfiniteLine(0.5, angle=90, pen=pg.mkPen(theme.color(token), width=2, style=style))
            self._plot.addItem(line, ignoreBounds=True)
            self._lines.append(line)
        self._plot.pointed.connect(lambda x, _y: self.moved.emit(x))
        self._plot.released.connect(self.settled)
        self.body.addWidget(SideBySide(left, self._plot, wide=520))

    @property
    def costs(self) -> tuple[float, float]:
        """The cost of a false alarm and of a miss."""
        alarm, miss = (float(field.value or 0.0) for field in self._fields)
        return alarm, miss

    def show_class(self, one: OneClass) -> None:
        """Find the best threshold of a class."""
        self._one = one
        self._find()

    def set_threshold(self, threshold: float) -> None:
        """Mark the present threshold, and what it costs."""
        self._lines[1].setValue(min(threshold, 1.0))
        if self._one is None or self.best is None:
            return
        alarm, miss = self.costs
        (left, alarms), (missed, found) = self._one.confusion(threshold).tolist()
        cost = (alarm * alarms + miss * missed) / max(1, left + alarms + missed + found)
        self._text.setText(self._say(self.best, cost))
        self._take.setEnabled(cost > self.best.cost + 1e-12)

    @staticmethod
    def _say(best: BestThreshold, cost: float) -> str:
        """Which threshold costs least, and what the present one costs."""
        if cost <= best.cost + 1e-12:
            return tr("No threshold costs less than the present one: {cost} a picture on average.",
                      "Ningún umbral cuesta menos que el actual: {cost} por imagen de media.", cost=format_number(cost))
        if best.threshold > 1:
            text = tr("It costs least never to call a picture so: {cost} a picture on average. ",
                      "Lo que menos cuesta es no llamar así a ninguna imagen: {cost} por imagen de media. ",
                      cost=format_number(best.cost))
        else:
            text = tr("{t} costs least: {cost} a picture on average. ",
                      "El umbral que menos cuesta es {t}: {cost} por imagen de media. ", t=format_percent(best.threshold),
                      cost=format_number(best.cost))
        return text + tr("The present threshold costs {cost}.", "El umbral actual cuesta {cost}.", cost=format_number(cost))

    def _on_cost(self, _value: object) -> None:
        self._find()
        self.costs_changed.emit(*self.costs)

    def _find(self) -> None:
        if self._one is None:
            return
        self.best = self._one.best(*self.costs)
        costs = np.asarray(self.best.costs)
        self._curve.setData(np.minimum(np.asarray(self.best.thresholds), 1.0), costs)
        # Calling every picture so may cost so much that all other differences would be a flat line.
        top = min(float(costs.max()), max(6 * self.best.cost, 2 * self.best.present, 1.2 * float(costs[-1]))) or 1.0
        self._plot.getPlotItem().setYRange(0.0, top, padding=0.05)
        self._lines[0].setValue(min(self.best.threshold, 1.0))

    def _take_best(self) -> None:
        if self.best is not None:
            self.moved.emit(self.best.threshold)
            self.settled.emit()

    def _read(self, x: float, _y: float) -> str:
        if self.best is None:
            return ""
        place = int(np.abs(np.asarray(self.best.thresholds) - x).argmin())
        return tr("threshold {t}\ncost {cost}", "umbral {t}\ncoste {cost}", t=format_percent(x),
                  cost=format_number(self.best.costs[place]))
