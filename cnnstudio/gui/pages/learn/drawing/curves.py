"""Curves of functions and measurements, with their values at the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.learn.drawing.numbers import format_exact
from cnnstudio.gui.widgets.basics import Label, column
from cnnstudio.gui.widgets.plots import NumberAxis, legend_html, readout_item, style_plot


class Curve(NamedTuple):
    """A curve: its name, its colour and its values; `marked` shows the points themselves."""

    name: str
    color: QColor
    x: np.ndarray
    y: np.ndarray
    dashed: bool = False
    marked: bool = False


class CurvePlot(QWidget):
    """Curves over one axis, with a legend above them. The wheel scrolls the page."""

    def __init__(self, name: str, x_title: str, y_title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._legend = Label("", "secondary", wrap=True)
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        self._plot = _Plot()
        self._plot.setAccessibleName(name)
        color = theme.color("dim").name()
        item = self._plot.getPlotItem()
        item.setLabel("bottom", x_title, color=color)
        item.setLabel("left", y_title, color=color)
        layout = column(self._legend, self._plot, spacing=4)
        layout.setStretch(1, 1)
        self.setLayout(layout)

    def show_curves(self, curves: Sequence[Curve], marker: float | None = None, y_range: tuple[float, float] | None = None
                    ) -> None:
        """Show these curves; `marker` is a line at one place of the axis."""
        item = self._plot.getPlotItem()
        item.clear()
        for curve in curves:
            style = Qt.PenStyle.DashLine if curve.dashed else Qt.PenStyle.SolidLine
            marks = {"symbol": "o", "symbolSize": 6, "symbolBrush": curve.color, "symbolPen": None} if curve.marked else {}
            item.addItem(pg.PlotDataItem(curve.x, curve.y, pen=pg.mkPen(curve.color, width=2, style=style), antialias=True,
                                         connect="finite", **marks))
        if marker is not None:
            item.addItem(pg.InfiniteLine(marker, pen=pg.mkPen(theme.color("dim"), width=1, style=Qt.PenStyle.DotLine)))
        known = [curve for curve in curves if len(curve.x)]
        if known:
            low, high = y_range or (min(float(np.nanmin(curve.y)) for curve in known),
                                    max(float(np.nanmax(curve.y)) for curve in known))
            item.setRange(xRange=(min(float(curve.x[0]) for curve in known), max(float(curve.x[-1]) for curve in known)),
                          yRange=(low, high if high > low else low + 1), padding=0.04, disableAutoRange=True)
        self._legend.setText(legend_html([(curve.color, "– –" if curve.dashed else "—", curve.name) for curve in curves]))
        self._plot.curves = tuple(curves)
        self.setAccessibleDescription(", ".join(curve.name for curve in curves))

    def set_ticks(self, ticks: Sequence[tuple[float, str]]) -> None:
        """Write these texts at these places of the axis, instead of the numbers."""
        self._plot.getPlotItem().getAxis("bottom").setTicks([list(ticks)])

    def sizeHint(self) -> QSize:
        return QSize(360, 240)


class _Plot(pg.PlotWidget):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(background=theme.color("raised"),
                         axisItems={"left": NumberAxis("left"), "bottom": NumberAxis("bottom")})
        self.curves: tuple[Curve, ...] = ()
        item = self.getPlotItem()
        style_plot(item)
        item.setMouseEnabled(x=False, y=False)
        item.getAxis("left").setWidth(52)
        self._readout = readout_item()
        self._readout.setParentItem(item.getViewBox())
        self.setMouseTracking(True)
        self.setMinimumSize(200, 140)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        item = self.getPlotItem()
        point = item.getViewBox().mapSceneToView(self.mapToScene(event.position().toPoint()))
        inside = [curve for curve in self.curves if len(curve.x) and curve.x[0] <= point.x() <= curve.x[-1]]
        self._readout.setVisible(bool(inside))
        if not inside:
            return
        lines = [f'<span style="color:{theme.color("dim").name()}">x = {format_exact(round(point.x(), 3))}</span>']
        for curve in inside:
            value = float(np.interp(point.x(), curve.x, curve.y))
            lines.append(f'<span style="color:{curve.color.name()}">{curve.name}: {format_exact(round(value, 4))}</span>')
        self._readout.setHtml("<br>".join(lines))
        at = self.mapToScene(event.position().toPoint())
        local = item.getViewBox().mapFromScene(at)
        box, room = self._readout.boundingRect(), item.getViewBox().rect()
        self._readout.setPos(min(local.x() + 12, room.width() - box.width()), min(local.y() + 12, room.height() - box.height()))

    def leaveEvent(self, event: QEvent) -> None:
        self._readout.hide()
        super().leaveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()
