"""The loss of every runner by steps, and below it the learning rates of a schedule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QWheelEvent

from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.learn.benches.optimisation.runners import rule_color
from cnnstudio.gui.widgets.plots import NumberAxis, style_plot
from cnnstudio.learning.benches.optimisation.race import Run

_LEAST: Final = 1e-6
"""A surface that ends below this, but not below zero, is shown by the logarithm of its loss."""
_DECADES: Final = 12
"""Powers of ten of the beginning that are in sight; a curve that falls further leaves the plot at its lower edge."""


class _StepPlot(pg.PlotWidget):  # type: ignore[misc]
    """Curves over the steps with a line at the present one."""

    def __init__(self, name: str, title: str, *, logarithmic: bool = False) -> None:
        super().__init__(background=theme.color("raised"),
                         axisItems={"left": NumberAxis("left"), "bottom": NumberAxis("bottom")})
        self.setAccessibleName(name)
        item = self.getPlotItem()
        if logarithmic:
            item.setLogMode(x=False, y=True)
        style_plot(item)
        item.setMouseEnabled(x=False, y=False)
        color = theme.color("dim").name()
        item.setLabel("bottom", tr("step", "paso"), color=color)
        item.setLabel("left", title, color=color)
        item.getAxis("left").setWidth(58)
        self._curves: list[pg.PlotDataItem] = []
        self._now = pg.InfiniteLine(0, angle=90, pen=pg.mkPen(theme.color("faint"), style=Qt.PenStyle.DashLine))
        self.addItem(self._now, ignoreBounds=True)
        self.setMinimumSize(160, 90)

    def sizeHint(self) -> QSize:
        return QSize(300, 160)

    def show_curves(self, curves: Sequence[tuple[str, np.ndarray]], steps: int) -> None:
        """Show (rule, values from step 0 on)."""
        while len(self._curves) < len(curves):
            curve = pg.PlotDataItem(antialias=True, connect="finite")
            self._curves.append(curve)
            self.addItem(curve)
        for place, curve in enumerate(self._curves):
            if place < len(curves):
                rule, values = curves[place]
                curve.setData(np.arange(len(values)), values)
                curve.setPen(pg.mkPen(rule_color(rule), width=2))
            else:
                curve.setData([], [])
        self.getPlotItem().setXRange(0, max(1, steps), padding=0.02)

    def show_step(self, step: int) -> None:
        self._now.setValue(step)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class LossPlot(_StepPlot):
    """The loss; by its logarithm where the surface ends at zero."""

    def __init__(self) -> None:
        super().__init__(tr("Loss by steps", "Pérdida según los pasos"), tr("loss", "pérdida"))

    def show_runs(self, runs: Sequence[Run], steps: int, lowest: float) -> None:
        """Show the losses; `lowest` is that of the surface."""
        logarithmic = 0 <= lowest < _LEAST
        self.getPlotItem().setLogMode(x=False, y=logarithmic)
        # A logarithm has no zero: where the loss is exactly zero the curve ends.
        self.show_curves([(run.rule, np.where(run.losses > 0, run.losses, np.nan) if logarithmic else run.losses)
                          for run in runs], steps)
        shown = np.concatenate([run.losses for run in runs]) if runs else np.asarray([1.0])
        begin = float(runs[0].losses[0]) if runs else 1.0
        item = self.getPlotItem()
        if logarithmic:
            begin = begin if begin > 0 else 1.0
            low = max(begin * 10.0 ** -_DECADES, float(shown[shown > 0].min(initial=begin)))
            item.setYRange(np.log10(low), np.log10(max(begin * 4, low * 10)), padding=0.04)
        else:
            span = max(begin - float(shown.min()), 1e-9)
            item.setYRange(float(shown.min()), begin + 0.3 * span, padding=0.05)


class RatePlot(_StepPlot):
    """The learning rates."""

    def __init__(self) -> None:
        super().__init__(tr("Learning rate by steps", "Tasa de aprendizaje según los pasos"), tr("rate", "tasa"))

    def show_runs(self, runs: Sequence[Run], steps: int) -> None:
        """Show the rates of a schedule as shares of the highest, so that all runners are in one plot."""
        self.show_curves([(run.rule, run.rates / max(1e-12, float(run.rates.max(initial=0)))) for run in runs
                          if len(run.rates)], steps)
        self.getPlotItem().setYRange(0, 1, padding=0.06)
