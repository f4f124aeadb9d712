"""The curve of the learning-rate finder, with a line at every suggestion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QWheelEvent

from cnnstudio.core.text import localize_number, tr
from cnnstudio.core.trial_jobs import RatesTried
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.plots import NumberAxis, style_plot

_NEAR: Final = 12.0
"""Pixels within which a click means a line."""


class _RateAxis(pg.AxisItem):  # type: ignore[misc]
    """Powers of ten, which is how people write learning rates."""

    def logTickStrings(self, values: Any, _scale: Any, _spacing: Any) -> list[str]:
        return [localize_number(f"{10 ** value:.0e}".replace("e-0", "e-").replace("e+0", "e")) if float(value).is_integer()
                else "" for value in values]


class RatePlot(pg.PlotWidget):  # type: ignore[misc]
    """Loss against rate, the rate by powers of ten. A click on a line emits `chosen` with the name of its rule."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__(background=theme.color("raised"),
                         axisItems={"left": NumberAxis("left"), "bottom": _RateAxis("bottom")})
        self.setAccessibleName(tr("Loss against learning rate", "Pérdida según la tasa de aprendizaje"))
        self._lines: dict[str, pg.InfiniteLine] = {}
        item = self.getPlotItem()
        item.setLogMode(x=True, y=False)
        style_plot(item)
        item.setMouseEnabled(x=False, y=False)
        color = theme.color("dim").name()
        item.setLabel("bottom", tr("learning rate", "tasa de aprendizaje"), color=color)
        item.setLabel("left", tr("loss", "pérdida"), color=color)
        self._curve = pg.PlotDataItem(pen=pg.mkPen(theme.color("accent"), width=2), antialias=True)
        self.addItem(self._curve)

    def sizeHint(self) -> QSize:
        return QSize(480, 260)

    def show_rates(self, tried: RatesTried, labels: Mapping[str, str], chosen: str) -> None:
        """Show a curve; `labels` name the rules, `chosen` is the one that is taken."""
        rates, losses = np.asarray(tried.curve).T
        self._curve.setData(rates, losses)
        self._show_fall(losses)
        for line in self._lines.values():
            self.removeItem(line)
        self._lines = {}
        ordered = sorted(tried.suggestions, key=tried.suggestions.__getitem__)
        for number, name in enumerate(ordered):
            # Names at different heights: lines may be near each other.
            line = pg.InfiniteLine(np.log10(tried.suggestions[name]), angle=90, label=labels[name], labelOpts={
                "position": 0.92 - 0.1 * number, "color": theme.color("dim"), "fill": theme.color("raised"),
                "anchors": [(0, 0.5), (0, 0.5)]})
            # A name stands before the lines at its right, which would cross it out.
            line.setZValue(len(ordered) - number)
            self._lines[name] = line
            self.addItem(line, ignoreBounds=True)
        self.choose(chosen)

    def _show_fall(self, losses: np.ndarray) -> None:
        """The fall takes half of the height, however high the loss runs away behind it."""
        lowest = int(losses.argmin())
        low, high = float(losses[lowest]), float(losses[:lowest + 1].max())
        item = self.getPlotItem()
        if high > low:
            item.setYRange(low, min(float(losses.max()), 2 * high - low), padding=0.06)
        else:
            item.enableAutoRange(axis="y")

    def choose(self, name: str) -> None:
        """Mark the line of a rule."""
        for rule, line in self._lines.items():
            on = rule == name
            line.setPen(pg.mkPen(theme.color("accent" if on else "faint"), width=2 if on else 1,
                                 style=Qt.PenStyle.SolidLine if on else Qt.PenStyle.DashLine))
            line.label.setColor(theme.color("text" if on else "dim"))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        box = self.getPlotItem().getViewBox()
        for name, line in self._lines.items():
            place = self.mapFromScene(box.mapViewToScene(line.pos()))
            if abs(place.x() - event.position().x()) < _NEAR:
                self.chosen.emit(name)
                return
        super().mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()
