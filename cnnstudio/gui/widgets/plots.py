"""Plots in the look of the program: axes, the values at the cursor, and a plot of shares against shares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QWheelEvent

from cnnstudio.core.text import localize_number
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.basics import Label

_MOST_LOG: Final = 4
"""With more numbers of a level on a logarithmic axis only some are written: those towards the next power stand too close."""
_ROOMY: Final = (1, 2, 3, 5)
"""The first digits that are written then."""


def style_plot(item: pg.PlotItem) -> None:
    """The look of all plots of curves: thin lines, no frame, no menu of pyqtgraph's."""
    item.setMenuEnabled(False)
    item.hideButtons()
    # It takes no key: as a stop of Tab it would be a place where nothing is seen to happen.
    if (view := item.getViewWidget()) is not None:
        view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    item.showGrid(x=False, y=True, alpha=0.35)
    for side in ("left", "bottom"):
        axis = item.getAxis(side)
        # “× 0.001” beside the axis is no way to write small numbers.
        axis.enableAutoSIPrefix(False)
        axis.setPen(pg.mkPen(theme.color("line")))
        axis.setTextPen(pg.mkPen(theme.color("dim")))
        axis.setStyle(tickFont=theme.font("secondary", 11 / 12), tickLength=0)
    item.getAxis("left").setWidth(44)


class NumberAxis(pg.AxisItem):  # type: ignore[misc]
    """An axis with numbers in the chosen language."""

    def tickStrings(self, values: Any, scale: Any, spacing: Any) -> list[str]:
        return [localize_number(tickString) for tickString in super().tickStrings(values, scale, spacing)]

    def logTickStrings(self, values: Any, scale: Any, spacing: Any) -> list[str]:
        # `tickStrings` asks for them, and writes them in the language.
        return [f"{number:.3g}" if len(values) <= _MOST_LOG or _digit(number) in _ROOMY else ""
                for number in (10.0 ** value * scale for value in values)]


def _digit(number: float) -> int:
    """The first digit."""
    return int(f"{number:e}"[0])


def readout_item() -> pg.TextItem:
    """The values at the cursor, above the curves."""
    item = pg.TextItem(anchor=(0, 0), fill=theme.color("raised"), border=pg.mkPen(theme.color("line"), width=1))
    item.textItem.setFont(theme.font("secondary"))
    item.setZValue(100)
    item.hide()
    return item


def legend_html(entries: Sequence[tuple[QColor, str, str]]) -> str:
    """The legend above a plot, from (colour, sign, name) of each curve or mark."""
    # A line breaks between the entries only.
    return " &nbsp; ".join(f'<span style="color:{color.name()}">{sign}&nbsp;{name.replace(" ", "&nbsp;")}</span>'
                           for color, sign, name in entries)


def legend_label(entries: Sequence[tuple[QColor, str, str]]) -> Label:
    """`legend_html` as a label that breaks its lines."""
    legend = Label(legend_html(entries), "secondary", wrap=True)
    legend.setTextFormat(Qt.TextFormat.RichText)
    return legend


class SharePlot(pg.PlotWidget):  # type: ignore[misc]
    """Both axes from 0 to 1. `pointed(x, y)` where the mouse is pressed or dragged, then `released`; the wheel scrolls the
    page. `read` gives the text for the point at the cursor."""

    pointed = Signal(float, float)
    released = Signal()

    def __init__(self, name: str, x_title: str, y_title: str, *, read: Callable[[float, float], str] | None = None,
                 draggable: bool = False, height: int = 232) -> None:
        super().__init__(background=theme.color("raised"),
                         axisItems={"left": NumberAxis("left"), "bottom": NumberAxis("bottom")})
        self._read, self._draggable, self._pressed = read, draggable, False
        self.setAccessibleName(name)
        self.setFixedHeight(height)
        self.setMinimumWidth(180)
        item = self.getPlotItem()
        style_plot(item)
        item.setMouseEnabled(x=False, y=False)
        color = theme.color("dim").name()
        item.setLabel("bottom", x_title, color=color)
        item.setLabel("left", y_title, color=color)
        for side in ("left", "bottom"):
            item.getAxis(side).setStyle(maxTickLevel=0)
        # The titles beside the numbers need their room.
        item.getAxis("left").setWidth(52)
        item.setRange(xRange=(0, 1), yRange=(0, 1), padding=0.05, disableAutoRange=True)
        self._readout = readout_item()
        self._readout.setParentItem(item.getViewBox())
        self.setMouseTracking(True)

    def sizeHint(self) -> QSize:
        return QSize(300, self.height())

    def line(self, token: str = "accent", width: float = 2.0, *, style: Qt.PenStyle = Qt.PenStyle.SolidLine,
             steps: bool = False) -> pg.PlotDataItem:
        """A new curve in the colour of a token."""
        curve = pg.PlotDataItem(pen=pg.mkPen(theme.color(token), width=width, style=style), antialias=True, connect="finite",
                                stepMode="right" if steps else None)
        self.addItem(curve)
        return curve

    def points(self, token: str = "accent", size: int = 10, symbol: str = "o", *, hollow: bool = False) -> pg.ScatterPlotItem:
        """New marks in the colour of a token."""
        color = theme.color(token)
        marks = pg.ScatterPlotItem(size=size, symbol=symbol, pen=pg.mkPen(color, width=2),
                                   brush=pg.mkBrush(theme.color("raised") if hollow else color))
        marks.setZValue(20)
        self.addItem(marks)
        return marks

    def diagonal(self) -> pg.PlotDataItem:
        """A dashed line from corner to corner."""
        curve = self.line("faint", 1.0, style=Qt.PenStyle.DashLine)
        curve.setData(np.asarray([0.0, 1.0]), np.asarray([0.0, 1.0]))
        return curve

    # The mouse -----------------------------------------------------------------------------------

    def _place(self, event: QMouseEvent) -> QPointF:
        place = self.getPlotItem().getViewBox().mapSceneToView(self.mapToScene(event.position().toPoint()))
        return QPointF(min(1.0, max(0.0, place.x())), min(1.0, max(0.0, place.y())))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._draggable and event.button() == Qt.MouseButton.LeftButton:
            self._pressed = True
            self._point(event)

    def _point(self, event: QMouseEvent) -> None:
        place = self._place(event)
        self.pointed.emit(place.x(), place.y())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed:
            self._point(event)
        self.setCursor(Qt.CursorShape.PointingHandCursor if self._draggable else Qt.CursorShape.ArrowCursor)
        self._show_readout(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._pressed:
            self._pressed = False
            self.released.emit()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._readout.hide()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def _show_readout(self, event: QMouseEvent) -> None:
        place = self._place(event)
        text = self._read(place.x(), place.y()) if self._read is not None else ""
        self._readout.setVisible(bool(text))
        if not text:
            return
        self._readout.setText(text, color=theme.color("text"))
        box = self.getPlotItem().getViewBox()
        size = self._readout.boundingRect()
        at = box.mapFromScene(self.mapToScene(event.position().toPoint()))
        left = at.x() + 14 if at.x() + 14 + size.width() < box.width() else at.x() - 10 - size.width()
        self._readout.setPos(max(2.0, left), min(max(2.0, at.y() - size.height() - 8), box.height() - size.height() - 2))
