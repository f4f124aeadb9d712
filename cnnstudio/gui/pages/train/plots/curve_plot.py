"""One metric over the epochs: training and validation, other runs behind, values at the cursor."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QBoxLayout, QWidget

from cnnstudio.core.text import localize_number, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.train.plots.history import Curves, format_best, metrics_in
from cnnstudio.gui.widgets.basics import Label, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.formatting import format_number
from cnnstudio.gui.widgets.inputs import Select

_LOWEST: Final = 220
"""The least height of a plot in pixels; in a lower window the page scrolls."""
_MOST_NAMES: Final = 6
"""The most names of other runs in a legend."""


class _Axis(pg.AxisItem):  # type: ignore[misc]
    """An axis with numbers in the chosen language."""

    def tickStrings(self, values: Any, scale: Any, spacing: Any) -> list[str]:
        return [localize_number(tickString) for tickString in super().tickStrings(values, scale, spacing)]


class _EpochAxis(_Axis):
    """Ticks at whole epochs only, however few there are."""

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        return [(max(1.0, spacing), offset) for spacing, offset in super().tickSpacing(low, high, size)]


class _Plot(pg.PlotWidget):  # type: ignore[misc]
    """The wheel scrolls the page; with Ctrl it zooms the epochs. A double click shows all of them again."""

    def sizeHint(self) -> QSize:
        # As low as it may be: it takes the room that is left, so that the runs below stay in sight.
        return QSize(320, _LOWEST)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().wheelEvent(event)
        else:
            event.ignore()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        super().mouseDoubleClickEvent(event)
        self.getPlotItem().enableAutoRange()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        # The scene says nothing when the mouse leaves.
        self.scene().sigMouseMoved.emit(QPointF(-1, -1))


def _readout() -> pg.TextItem:
    """The values at the cursor, above the curves."""
    item = pg.TextItem(anchor=(0, 0), fill=theme.color("raised"), border=pg.mkPen(theme.color("line"), width=1))
    item.textItem.setFont(theme.font("secondary"))
    item.setZValue(100)
    item.hide()
    return item


def _label_height(metric: str) -> float:
    """The height of the label at the best epoch, from 0 to 1: away from the curves of good epochs."""
    return 0.93 if "loss" in metric else 0.08


class CurvePlot(Card):
    """A card with a title, a legend and the curves of `metric` and `val_<metric>`.

    With `choosable` another metric of the run can be chosen where it has several.
    """

    def __init__(self, metric: str, title: str, parent: QWidget | None = None, *, choosable: bool = False) -> None:
        super().__init__(margins=(16, 12, 12, 8), spacing=4, parent=parent)
        self._metric = metric
        self._curves: Curves | None = None
        self._training, self._validation = theme.color("accent"), theme.color("warn")
        self._legend = Label(self._legend_text(validated=True), "secondary")
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        self._title, self._usual, self._choosable = Label(title, "body_strong"), (metric, title), choosable
        self.choice = Select()
        self.choice.setAccessibleName(tr("Metric of the plot", "Métrica del gráfico"))
        self.choice.setMinimumContentsLength(14)
        self.choice.chosen.connect(self._choose)
        self.choice.hide()
        self._shown_others: Mapping[str, tuple[QColor, Curves]] = {}
        head = row(self._title, self.choice, None, self._legend, spacing=6)
        self.body.addLayout(head)
        self._names = Label("", "secondary", wrap=True)
        self._names.setTextFormat(Qt.TextFormat.RichText)
        self._names.hide()
        self.body.addWidget(self._names)
        self._plot = _Plot(background=theme.color("raised"),
                             axisItems={"left": _Axis("left"), "bottom": _EpochAxis("bottom")})
        self._plot.setMinimumHeight(_LOWEST)
        self._plot.setAccessibleName(title)
        self._item = self._plot.getPlotItem()
        self._style()
        self.body.addWidget(self._plot, 1)
        self._raw = self._line(self._training, 1.0, 70)
        self._smooth = self._line(self._training, 2.0)
        self._valid = self._line(self._validation, 2.0, symbol=True)
        self._best = pg.InfiniteLine(angle=90, pen=pg.mkPen(theme.color("ok"), width=1, style=Qt.PenStyle.DashLine),
                                     label=" ", labelOpts={"position": _label_height(metric), "color": theme.color("ok"),
                                                           "anchors": [(1, 0.5), (1, 0.5)]})
        self._best.hide()
        self._item.addItem(self._best)
        self._cursor = pg.InfiniteLine(angle=90, pen=pg.mkPen(theme.color("faint"), width=1))
        self._cursor.hide()
        self._item.addItem(self._cursor, ignoreBounds=True)
        self._readout = _readout()
        # On the plot, not in the head: the plots must not grow while the mouse moves.
        self._readout.setParentItem(self._item.getViewBox())
        self._others: list[pg.PlotDataItem] = []
        self._boundaries: list[pg.InfiniteLine] = []
        self._shown_boundaries: list[tuple[int, int]] = []
        self._item.getViewBox().sigXRangeChanged.connect(self._place_label)
        self._plot.scene().sigMouseMoved.connect(self._on_mouse_moved)

    def _legend_text(self, *, validated: bool) -> str:
        """The names of the curves; without validation pictures there is one."""
        names = [(self._training, tr("training", "entrenamiento"))]
        if validated:
            names.append((self._validation, tr("validation", "validación")))
        return " &nbsp; ".join(f'<span style="color:{color.name()}">▬ {text}</span>' for color, text in names)

    def _style(self) -> None:
        item = self._item
        item.setMenuEnabled(False)
        item.hideButtons()
        item.setMouseEnabled(x=True, y=False)
        item.showGrid(x=False, y=True, alpha=0.35)
        for side in ("left", "bottom"):
            axis = item.getAxis(side)
            axis.setPen(pg.mkPen(theme.color("line")))
            axis.setTextPen(pg.mkPen(theme.color("dim")))
            axis.setStyle(tickFont=theme.font("secondary", 11 / 12), tickLength=0, maxTickLevel=0)
        item.getAxis("left").setWidth(44)
        item.setLabel("bottom", tr("epoch", "época"), color=theme.color("dim").name())
        item.getViewBox().setDefaultPadding(0.04)

    def _line(self, color: QColor, width: float, alpha: int = 255, symbol: bool = False) -> pg.PlotDataItem:
        shade = QColor(color)
        shade.setAlpha(alpha)
        # There are many raw values: antialiasing would cost most of the painting.
        line = pg.PlotDataItem(pen=pg.mkPen(shade, width=width), antialias=alpha == 255, skipFiniteCheck=True)
        if symbol:
            line.setSymbol("o")
            line.setSymbolSize(5)
            line.setSymbolBrush(shade)
            line.setSymbolPen(None)
        self._item.addItem(line)
        return line

    def show_curves(self, curves: Curves) -> None:
        """Draw the run in front."""
        if curves is not self._curves:
            self._clear_readout()
        self._curves = curves
        if self._choosable:
            self._offer(metrics_in(curves))
        name = self._metric
        batches = np.asarray(curves.batch_values.get(name, ()), dtype=float)
        x = np.asarray(curves.batch_x[:len(batches)], dtype=float)
        epochs = np.asarray(curves.epoch_x, dtype=float)
        training = np.asarray(curves.epoch_values.get(name, ()), dtype=float)
        step = max(1, len(x) // 600)
        shown = x[::step]
        # A line is drawn only where no whole epoch is missing between two values.
        missing = np.concatenate([[0], np.cumsum(curves.gaps()[:max(0, len(x) - 1)], dtype=int)])[:len(x)][::step]
        known = np.append(np.diff(missing) == 0, False)[:len(shown)]
        self._raw.setData(shown, batches[::step], connect=known)
        if len(training) >= 2:
            self._smooth.setData(epochs[:len(training)], training, connect="all")
        else:
            self._smooth.setData(shown, np.asarray(curves.smoothed(name), dtype=float)[::step], connect=known)
        validation = np.asarray(curves.epoch_values.get("val_" + name, ()), dtype=float)
        self._valid.setData(epochs[:len(validation)], validation)
        self._legend.setText(self._legend_text(validated=len(validation) > 0 or not len(epochs)))
        if curves.best is not None:
            self._best.setPos(curves.best)
            # Shown first: a hidden label ignores its text.
            self._best.show()
            self._best.label.setFormat(tr("{best}, epoch {n}", "{best}, época {n}",
                                          best=format_best(curves.best_by, short=True), n=curves.best))
        else:
            self._best.hide()
        if not len(x) and not len(epochs):
            # The axes would keep the numbers of the run before.
            self._item.setRange(xRange=(0, 1), yRange=(0, 1), disableAutoRange=False)
        # The range is otherwise known with the next painting only.
        self._item.getViewBox().updateAutoRange()
        self._place_label()
        self._show_boundaries(curves.boundaries)

    def _offer(self, names: list[str]) -> None:
        """Let the user choose among the metrics of the run, if there are several; without the usual one show another."""
        if self._metric not in names:
            self._metric = self._usual[0] if self._usual[0] in names or not names else names[0]
        wanted = [(name, self._usual[1] if name == self._usual[0] else name) for name in names]
        if self.choice.values != [name for name, _words in wanted]:
            self.choice.set_choices(wanted, self._metric)
        self.choice.set_value(self._metric)
        several = len(names) > 1
        self.choice.setVisible(several)
        self._title.setVisible(not several)
        self._title.setText(self._usual[1] if self._metric == self._usual[0] else self._metric)

    def _choose(self, metric: object) -> None:
        self._metric = str(metric)
        if self._curves is not None:
            self._clear_readout()
            self.show_curves(self._curves)
        self.show_others(self._shown_others)

    def _place_label(self) -> None:
        """Put the label of the best epoch towards the middle of what is shown, where there is room for it."""
        (left, right), _heights = self._item.viewRange()
        side = 0 if self._best.value() * 2 < left + right else 1
        self._best.label.anchors = [(side, 0.5), (side, 0.5)]
        self._best.label.setAnchor((side, 0.5))

    def _show_boundaries(self, boundaries: list[tuple[int, int]]) -> None:
        """Draw a line where each later stage begins: at the last epoch of the one before."""
        if boundaries == self._shown_boundaries:
            return
        self._shown_boundaries = list(boundaries)
        for line in self._boundaries:
            self._item.removeItem(line)
        self._boundaries = []
        for stage, before in boundaries:
            line = pg.InfiniteLine(
                before, angle=90, pen=pg.mkPen(theme.color("dim"), width=1, style=Qt.PenStyle.DotLine),
                label=tr("stage {n}", "etapa {n}", n=stage),
                labelOpts={"position": 0.5, "color": theme.color("dim"), "anchors": [(0, 0.5), (0, 0.5)]})
            self._item.addItem(line, ignoreBounds=True)
            self._boundaries.append(line)

    def show_others(self, others: Mapping[str, tuple[QColor, Curves]]) -> None:
        """Draw the validation curves of other runs behind, thin, in their colours, and name them in the legend."""
        self._shown_others = others
        for item in self._others:
            self._item.removeItem(item)
        self._others = []
        for color, curves in others.values():
            values = curves.epoch_values.get("val_" + self._metric) or curves.epoch_values.get(self._metric, [])
            line = pg.PlotDataItem(np.asarray(curves.epoch_x[:len(values)], dtype=float), np.asarray(values, dtype=float),
                                   pen=pg.mkPen(color, width=1.4), antialias=True)
            self._item.addItem(line)
            self._others.append(line)
        names = [f'<span style="color:{color.name()}">▬</span> {escape(name)}' for name, (color, _curves) in others.items()]
        if len(names) > _MOST_NAMES:
            more = len(names) - _MOST_NAMES
            names[_MOST_NAMES:] = [tr("and {n} more", "y {n} más", n=more)]
        self._names.setText(" &nbsp; ".join(names))
        self._names.setToolTip("\n".join(others) if len(others) > _MOST_NAMES else "")
        self._names.setVisible(bool(names))

    @property
    def readout(self) -> str:
        """The values at the cursor, line by line; "" without them."""
        return self._readout.textItem.toPlainText() if self._readout.isVisible() else ""

    def _clear_readout(self) -> None:
        self._cursor.hide()
        self._readout.hide()

    def _on_mouse_moved(self, position: QPointF) -> None:
        curves = self._curves
        if curves is None or not curves.epoch_x or not self._item.sceneBoundingRect().contains(position):
            self._clear_readout()
            return
        box = self._item.getViewBox()
        x = box.mapSceneToView(position).x()
        place = min(range(len(curves.epoch_x)), key=lambda index: abs(curves.epoch_x[index] - x))
        self._cursor.setPos(curves.epoch_x[place])
        self._cursor.show()
        lines = [tr("Epoch {n}", "Época {n}", n=curves.epoch_x[place])]
        for name, label, color in ((self._metric, tr("training", "entrenamiento"), self._training),
                                   ("val_" + self._metric, tr("validation", "validación"), self._validation)):
            values = curves.epoch_values.get(name, ())
            if place < len(values):
                lines.append(f'<span style="color:{color.name()}">▬</span> {label} {format_number(values[place], 4)}')
        self._readout.setHtml(f'<div style="color:{theme.color("text").name()}">{"<br>".join(lines)}</div>')
        # Beside the line, on the side where there is more room.
        at = box.mapFromView(QPointF(curves.epoch_x[place], 0)).x()
        right = at > box.width() / 2
        self._readout.setAnchor((1, 0) if right else (0, 0))
        self._readout.setPos(at - 6 if right else at + 6, 6)
        self._readout.show()


class PlotPair(QWidget):
    """Two plots side by side, in a narrow window one above the other."""

    _GAP = 14

    def __init__(self, first: CurvePlot, second: CurvePlot) -> None:
        super().__init__()
        self._line = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._line.setContentsMargins(0, 0, 0, 0)
        self._line.setSpacing(self._GAP)
        for plot in (first, second):
            self._line.addWidget(plot, 1)
        self._least = max(plot.minimumSizeHint().width() for plot in (first, second))
        # Set here: the layout would require the width of both.
        self.setMinimumWidth(self._least)

    def resizeEvent(self, event: QResizeEvent) -> None:
        beside = event.size().width() >= 2 * self._least + self._GAP
        self._line.setDirection(QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom)
        super().resizeEvent(event)
