"""The axes and the widget of a plot, in the look of the program."""

from __future__ import annotations

from typing import Final

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QWheelEvent

from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.plots import NumberAxis, style_plot

LOWEST: Final = 220
"""The least height of a plot in pixels; in a lower window the page scrolls."""


class _EpochAxis(NumberAxis):
    """Ticks at whole epochs only, however few there are."""

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        return [(max(1.0, spacing), offset) for spacing, offset in super().tickSpacing(low, high, size)]


class PlotArea(pg.PlotWidget):  # type: ignore[misc]
    """The wheel scrolls the page; with Ctrl it zooms the epochs. A double click asks for all of them."""

    reset = Signal()
    """All epochs are wanted."""

    def __init__(self, title: str) -> None:
        super().__init__(background=theme.color("raised"),
                         axisItems={"left": NumberAxis("left"), "bottom": _EpochAxis("bottom")})
        self.setMinimumHeight(LOWEST)
        self.setAccessibleName(title)
        item = self.getPlotItem()
        style_plot(item)
        item.setMouseEnabled(x=True, y=False)
        for side in ("left", "bottom"):
            item.getAxis(side).setStyle(maxTickLevel=0)
        item.setLabel("bottom", tr("epoch", "época"), color=theme.color("dim").name())
        item.getViewBox().setDefaultPadding(0.04)

    def sizeHint(self) -> QSize:
        # As low as it may be: it takes the room that is left, so that the runs below stay in sight.
        return QSize(320, LOWEST)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().wheelEvent(event)
        else:
            event.ignore()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        super().mouseDoubleClickEvent(event)
        self.reset.emit()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        # The scene says nothing when the mouse leaves.
        self.scene().sigMouseMoved.emit(QPointF(-1, -1))
