"""How the parameters of both networks grow with the size of the pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QWheelEvent

from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.formatting import format_compact
from cnnstudio.gui.widgets.plots import style_plot
from cnnstudio.learning.benches.architecture.measures import Growth


class _CountAxis(pg.AxisItem):  # type: ignore[misc]
    """Powers of ten as 1 k, 10 k, 1 M."""

    def logTickStrings(self, values: Any, _scale: Any, _spacing: Any) -> list[str]:
        return [format_compact(10 ** float(value)) if float(value).is_integer() else "" for value in values]


class _SideAxis(pg.AxisItem):  # type: ignore[misc]
    """The sides of usual pictures."""

    def tickValues(self, low: float, high: float, _size: float) -> Any:
        return [(1.0, [value for value in np.log10([8, 16, 32, 64, 128, 256, 512]) if low <= value <= high])]

    def tickStrings(self, values: Any, _scale: Any, _spacing: Any) -> list[str]:
        return [f"{round(10 ** value)}" for value in values]


class GrowthPlot(pg.PlotWidget):  # type: ignore[misc]
    """Parameters against the side of the pictures, both by powers."""

    def __init__(self) -> None:
        super().__init__(background=theme.color("raised"),
                         axisItems={"left": _CountAxis("left"), "bottom": _SideAxis("bottom")})
        self.setAccessibleName(tr("Parameters by the side of the pictures", "Parámetros según el lado de las imágenes"))
        item = self.getPlotItem()
        item.setLogMode(x=True, y=True)
        style_plot(item)
        item.setMouseEnabled(x=False, y=False)
        color = theme.color("dim").name()
        item.setLabel("bottom", tr("side of the picture in pixels", "lado de la imagen en píxeles"), color=color)
        item.setLabel("left", tr("parameters", "parámetros"), color=color)
        item.getAxis("left").setWidth(56)
        self._dense = self._curve("core")
        self._convolutional = self._curve("convolution")
        self._now = pg.InfiniteLine(angle=90, pen=pg.mkPen(theme.color("faint"), style=Qt.PenStyle.DashLine))
        self.addItem(self._now, ignoreBounds=True)

    def _curve(self, family: str) -> pg.PlotDataItem:
        color = theme.family_color(family)
        curve = pg.PlotDataItem(pen=pg.mkPen(color, width=2), symbol="o", symbolSize=5, symbolPen=None, symbolBrush=color,
                                antialias=True, connect="finite")
        self.addItem(curve)
        return curve

    def sizeHint(self) -> QSize:
        return QSize(420, 190)

    def show_growth(self, growth: Growth, side: int) -> None:
        """Show the curves; `side` is that of the present pictures."""
        sides = np.asarray(growth.sides, float)
        self._dense.setData(sides, np.asarray(growth.dense, float))
        known = [(float(one), float(count)) for one, count in zip(growth.sides, growth.convolutional, strict=True)
                 if count is not None]
        self._convolutional.setData([one for one, _count in known], [count for _side, count in known])
        self._now.setValue(np.log10(side))

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()
