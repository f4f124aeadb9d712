"""The curves of one network: training and validation, and the gap between them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QWheelEvent

from cnnstudio.core.learning_jobs import RemedyEpoch
from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.plots import NumberAxis, style_plot

_FILL = 46
"""How strong the gap is filled, of 255."""


class GapPlot(pg.PlotWidget):  # type: ignore[misc]
    """Accuracy or loss by epochs; the gap is filled."""

    def __init__(self, color: QColor) -> None:
        super().__init__(background=theme.color("raised"),
                         axisItems={"left": NumberAxis("left"), "bottom": NumberAxis("bottom")})
        item = self.getPlotItem()
        style_plot(item)
        item.setMouseEnabled(x=False, y=False)
        item.setLabel("bottom", tr("epoch", "época"), color=theme.color("dim").name())
        self._train = pg.PlotDataItem(pen=pg.mkPen(color, width=2, style=Qt.PenStyle.DashLine), antialias=True)
        self._validation = pg.PlotDataItem(pen=pg.mkPen(color, width=2.5), antialias=True)
        fill = QColor(color)
        fill.setAlpha(_FILL)
        self._gap = pg.FillBetweenItem(self._train, self._validation, brush=fill)
        for part in (self._gap, self._train, self._validation):
            self.addItem(part)
        self.setMinimumSize(160, 150)

    def sizeHint(self) -> QSize:
        return QSize(280, 220)

    def show_epochs(self, epochs: Sequence[RemedyEpoch], planned: int, *, losses: bool, top: float) -> None:
        """Show the epochs so far; `top` is the highest loss of all networks, so that the plots can be compared."""
        numbers = np.asarray([event.epoch for event in epochs], float)
        train = np.asarray([event.loss if losses else event.accuracy for event in epochs], float)
        validation = np.asarray([event.val_loss if losses else event.val_accuracy for event in epochs], float)
        self._train.setData(numbers, train)
        self._validation.setData(numbers, validation)
        self.setAccessibleDescription("" if not epochs else tr(
            "epoch {epoch}: training {train}, validation {validation}", "época {epoch}: entrenamiento {train}, validación "
            "{validation}", epoch=epochs[-1].epoch, train=f"{train[-1]:.3f}", validation=f"{validation[-1]:.3f}"))
        item = self.getPlotItem()
        item.setXRange(0, max(1, planned), padding=0.02)
        item.setYRange(0, top if losses else 1, padding=0.03)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()
