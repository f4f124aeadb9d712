"""The axes and the widget of a plot, in the look of the program."""

from __future__ import annotations

from typing import Any, Final

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QWheelEvent

from cnnstudio.core.text import localize_number, tr
from cnnstudio.gui.look import theme

LOWEST: Final = 220
"""The least height of a plot in pixels; in a lower window the page scrolls."""
_MOST_LOG: Final = 4
"""With more numbers of a level on a logarithmic axis only some are written: those towards the next power stand too close."""
_ROOMY: Final = (1, 2, 3, 5)
"""The first digits that are written then."""


def style_plot(item: pg.PlotItem) -> None:
    """The look of all plots of curves: thin lines, no frame, no menu of pyqtgraph's."""
    item.setMenuEnabled(False)
    item.hideButtons()
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


def readout_item() -> pg.TextItem:
    """The values at the cursor, above the curves."""
    item = pg.TextItem(anchor=(0, 0), fill=theme.color("raised"), border=pg.mkPen(theme.color("line"), width=1))
    item.textItem.setFont(theme.font("secondary"))
    item.setZValue(100)
    item.hide()
    return item
