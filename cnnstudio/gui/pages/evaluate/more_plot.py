"""The plot of a learning curve: what was measured, the fitted curve and its band, up to twice as many pictures."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.evaluate.more_data import MoreData
from cnnstudio.gui.widgets.basics import Label
from cnnstudio.gui.widgets.formatting import format_count, format_percent
from cnnstudio.gui.widgets.plots import SharePlot, legend_label

_TICKS = 4


class MorePlot(SharePlot):
    """Pictures from 0 to twice the most that were learned from, as shares of that."""

    def __init__(self) -> None:
        super().__init__(tr("Accuracy by the number of training pictures", "Exactitud según el número de imágenes de "
                                                                           "entrenamiento"),
                         tr("training pictures", "imágenes de entrenamiento"), tr("accuracy", "exactitud"), read=self._read_at,
                         height=300)
        self._data: MoreData | None = None
        clear = pg.mkPen(QColor(0, 0, 0, 0))
        self._low, self._high = pg.PlotDataItem(pen=clear), pg.PlotDataItem(pen=clear)
        shade = QColor(theme.color("accent"))
        shade.setAlpha(44)
        self.addItem(self._low)
        self.addItem(self._high)
        self.addItem(pg.FillBetweenItem(self._low, self._high, brush=pg.mkBrush(shade)))
        self._curve = self.line("accent", 2.0)
        self._bars = pg.ErrorBarItem(x=np.zeros(1), y=np.zeros(1), pen=pg.mkPen(theme.color("text"), width=1.4))
        self._bars.setVisible(False)
        self.addItem(self._bars)
        self._points = self.points("text", 8)
        dashed = pg.mkPen(theme.color("faint"), width=1.4, style=Qt.PenStyle.DashLine)
        self._present = pg.InfiniteLine(0.5, angle=90, pen=dashed)
        self.addItem(self._present, ignoreBounds=True)

    def show_data(self, data: MoreData) -> None:
        """Show a curve."""
        self._data = data
        most = max(1, data.most)
        x = np.asarray([point.pictures / most for point in data.points])
        y = np.asarray([point.accuracy for point in data.points])
        low = np.asarray([point.interval[0] for point in data.points])
        high = np.asarray([point.interval[1] for point in data.points])
        self._bars.setVisible(len(x) > 0)
        if len(x):
            self._bars.setData(x=x, y=y, top=high - y, bottom=y - low, beam=0.012)
        self._points.setData(x, y)
        sizes = np.asarray(data.sizes) / most
        self._curve.setData(sizes, np.asarray(data.fitted))
        band = np.asarray(data.band).reshape(-1, 2)
        self._low.setData(sizes, band[:, 0])
        self._high.setData(sizes, band[:, 1])
        ends = np.concatenate([low, band[:, 0]]) if len(low) + len(band) else np.zeros(1)
        floor = max(0.0, float(np.floor(ends.min() * 20) / 20))
        item = self.getPlotItem()
        item.setYRange(floor, 1.0, padding=0.04)
        ticks = [(place / _TICKS, format_count(round(most * place / _TICKS))) for place in range(_TICKS + 1)]
        item.getAxis("bottom").setTicks([ticks])

    def _read_at(self, x: float, _y: float) -> str:
        data = self._data
        if data is None or not data.sizes:
            return ""
        place = int(np.abs(np.asarray(data.sizes) - x * data.most).argmin())
        low, high = (format_percent(end) for end in data.band[place])
        return tr("{n} pictures\n{accuracy} ({low} – {high})", "{n} imágenes\n{accuracy} ({low} – {high})",
                  n=format_count(round(data.sizes[place])), accuracy=format_percent(data.fitted[place]), low=low, high=high)


def more_legend() -> Label:
    """What the marks mean."""
    text = theme.color("text")
    return legend_label([
        (text, "●", tr("measured, with its 95% interval", "medido, con su intervalo del 95 %")),
        (theme.color("accent"), "━", tr("fitted curve", "curva ajustada")),
        (theme.color("accent"), "▒", tr("95% band", "banda del 95 %")),
        (theme.color("dim"), "┊", tr("pictures now", "imágenes ahora"))])
