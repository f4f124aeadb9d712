"""One quantity over the epochs: training and validation, other runs behind, what happened, values at the cursor."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Final, NamedTuple

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.train.plots.axes import PlotArea
from cnnstudio.gui.pages.train.plots.history import SMOOTHING, Curves, format_best
from cnnstudio.gui.pages.train.plots.marks import MarkItem
from cnnstudio.gui.pages.train.plots.quantities import Quantity
from cnnstudio.gui.pages.train.plots.readout import Line, nearest, readout_html
from cnnstudio.gui.widgets.basics import Label, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.plots import readout_item
from cnnstudio.workers.runs.group_figures import spread_of

_MOST_NAMES: Final = 6
"""The most names of other runs in a legend."""
_NEAR: Final = 12.0
"""Pixels within which a click means a curve."""


class OtherRun(NamedTuple):
    """A run that is drawn behind the shown one; with `members` the mean of these runs, and their deviation as a band."""

    name: str
    color: QColor
    curves: Curves
    members: tuple[Curves, ...] = ()

    def line(self, metric: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(epochs, values, deviations) of the validation, else of the training; no deviations of a single run."""
        of_each = [_by_epoch(curves, metric) for curves in self.members or (self.curves,)]
        epochs = sorted({epoch for values in of_each for epoch in values})
        spreads = [spread_of([values[epoch] for values in of_each if epoch in values]) for epoch in epochs]
        deviations = [spread.deviation or 0.0 for spread in spreads] if self.members else []
        return np.asarray(epochs, float), np.asarray([spread.mean for spread in spreads]), np.asarray(deviations)


def _by_epoch(curves: Curves, metric: str) -> dict[int, float]:
    values = curves.epoch_values.get("val_" + metric) or curves.epoch_values.get(metric, [])
    return dict(zip(curves.epoch_x, values, strict=False))


def _label_height(metric: str) -> float:
    """The height of the label at the best epoch, from 0 to 1: away from the curves of good epochs."""
    return 0.93 if "loss" in metric else 0.14


def _with_gaps(x: np.ndarray, values: np.ndarray, gaps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The curve with NaN where a line would be invented."""
    places = np.flatnonzero(gaps[:max(0, len(x) - 1)]) + 1
    return (np.insert(x, places, np.nan), np.insert(values, places, np.nan)) if len(places) else (x, values)


class CurvePlot(Card):
    """A card with a title, a legend and the curves of a quantity: a metric and its `val_<metric>`, or a load."""

    run_clicked = Signal(str)
    """The id of another run whose curve was clicked."""
    zoomed = Signal(object)
    """The epochs (low, high) to which the user zoomed; None: all."""
    hovered = Signal(object)
    """The epoch at the cursor; None: none."""

    def __init__(self, quantity: Quantity, parent: QWidget | None = None) -> None:
        super().__init__(margins=(16, 12, 12, 8), spacing=4, parent=parent)
        self.quantity = quantity
        self._metric = quantity.id
        self._curves: Curves | None = None
        self._weight: float | None = None
        self._logarithmic = False
        self._training, self._validation = theme.color("accent"), theme.color("warn")
        self._legend = Label(self._legend_text(validated=True), "secondary")
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        title = str(quantity.title)
        self.head = row(Label(title, "body_strong"), None, self._legend, spacing=6)
        self.body.addLayout(self.head)
        self._names = Label("", "secondary", wrap=True)
        self._names.setTextFormat(Qt.TextFormat.RichText)
        self._names.hide()
        self.body.addWidget(self._names)
        self._plot = PlotArea(title)
        self._item = self._plot.getPlotItem()
        self.body.addWidget(self._plot, 1)
        self._raw = self._line(self._training, 1.0, 70)
        self._smooth = self._line(self._training, 2.0)
        self._valid = self._line(self._validation, 2.0, symbol=True)
        self._best = pg.InfiniteLine(angle=90, pen=pg.mkPen(theme.color("ok"), width=1, style=Qt.PenStyle.DashLine),
                                     label=" ", labelOpts={"position": _label_height(quantity.id), "color": theme.color("ok"),
                                                           "anchors": [(1, 0.5), (1, 0.5)]})
        self._best.hide()
        self._item.addItem(self._best)
        self._cursor = pg.InfiniteLine(angle=90, pen=pg.mkPen(theme.color("faint"), width=1))
        self._cursor.hide()
        self._item.addItem(self._cursor, ignoreBounds=True)
        self._marks = MarkItem()
        self._item.addItem(self._marks, ignoreBounds=True)
        self._readout = readout_item()
        # On the plot, not in the head: the plots must not grow while the mouse moves.
        self._readout.setParentItem(self._item.getViewBox())
        self._own: list[Line] = []
        self._others: dict[str, Line] = {}
        self._other_items: list[pg.GraphicsObject] = []
        self._boundaries: list[pg.InfiniteLine] = []
        self._shown_boundaries: list[tuple[int, int]] = []
        box = self._item.getViewBox()
        box.sigXRangeChanged.connect(self._place_label)
        box.sigRangeChangedManually.connect(lambda _mask: self.zoomed.emit(tuple(self._item.viewRange()[0])))
        self._plot.reset.connect(self._show_all)
        self._plot.scene().sigMouseMoved.connect(self._on_mouse_moved)
        self._plot.scene().sigMouseClicked.connect(self._on_click)

    @property
    def area(self) -> PlotArea:
        """The plot itself, for an export."""
        return self._plot

    def _legend_text(self, *, validated: bool) -> str:
        """The names of the curves; without validation pictures there is one, and a load has none."""
        if self.quantity.source != "metric":
            return self.quantity.unit
        names = [(self._training, tr("training", "entrenamiento"))]
        if validated:
            names.append((self._validation, tr("validation", "validación")))
        return " &nbsp; ".join(f'<span style="color:{color.name()}">▬ {text}</span>' for color, text in names)

    def _line(self, color: QColor, width: float, alpha: int = 255, symbol: bool = False) -> pg.PlotDataItem:
        shade = QColor(color)
        shade.setAlpha(alpha)
        # There are many raw values: antialiasing would cost most of the painting.
        line = pg.PlotDataItem(pen=pg.mkPen(shade, width=width), antialias=alpha == 255, connect="finite")
        if symbol:
            line.setSymbol("o")
            line.setSymbolSize(5)
            line.setSymbolBrush(shade)
            line.setSymbolPen(None)
        self._item.addItem(line)
        # Of a million values only as many are painted as there are pixels, and none of the extremes is lost.
        line.setDownsampling(auto=True, method="peak")
        line.setClipToView(True)
        return line

    # The curves ----------------------------------------------------------------------------------

    def set_smoothing(self, weight: float | None) -> None:
        """Smooth the values of batches with this weight of the past, from 0 to below 1; None: the means of epochs."""
        if weight != self._weight:
            self._weight = weight
            self._redraw()

    def set_logarithmic(self, logarithmic: bool) -> None:
        """Draw the quantity by powers of ten, where it is positive."""
        if self.quantity.positive and logarithmic != self._logarithmic:
            self._logarithmic = logarithmic
            self._item.setLogMode(y=logarithmic)
            self._redraw()

    def _redraw(self) -> None:
        if self._curves is not None:
            self.show_curves(self._curves)

    def show_curves(self, curves: Curves) -> None:
        """Draw the run in front."""
        if curves is not self._curves:
            self._clear_readout()
        self._curves = curves
        if self.quantity.source == "metric":
            self._show_metric(curves)
        else:
            self._show_load(curves)
        self._show_best(curves)
        self._marks.show_marks(curves.marks)
        if not any(len(line.values) for line in self._own) and not len(curves.batch_x):
            # The axes would keep the numbers of the run before.
            self._item.setRange(xRange=(0, 1), yRange=(0, 1), disableAutoRange=False)
        self._scale_constant()
        # The range is otherwise known with the next painting only.
        self._item.getViewBox().updateAutoRange()
        self._place_label()
        self._show_boundaries(curves.boundaries)

    def _scale_constant(self) -> None:
        """Give a value that never changes the middle of its axis: pyqtgraph keeps the scale that was there, on which a
        learning rate of 0.001 looks like 0."""
        values = np.concatenate([line.values for line in self._own]) if self._own else np.empty(0)
        if not self._logarithmic and len(values) and values[0] > 0 and (values == values[0]).all():
            self._item.setRange(yRange=(0, 2 * float(values[0])), padding=0, disableAutoRange=False)

    def _show_metric(self, curves: Curves) -> None:
        name = self._metric
        batches = curves.batch_values[name].values if name in curves.batch_values else np.empty(0)
        x = curves.batch_x.values[:len(batches)]
        epochs = np.asarray(curves.epoch_x, dtype=float)
        training = np.asarray(curves.epoch_values.get(name, ()), dtype=float)
        validation = np.asarray(curves.epoch_values.get("val_" + name, ()), dtype=float)
        gaps = curves.gaps()
        self._raw.setData(*_with_gaps(x, batches, gaps))
        if len(training) >= 2 and self._weight is None:
            self._smooth.setData(epochs[:len(training)], training)
        else:
            weight = SMOOTHING if self._weight is None else self._weight
            self._smooth.setData(*_with_gaps(x, curves.smoothed(name, weight), gaps))
        self._valid.setData(epochs[:len(validation)], validation)
        self._legend.setText(self._legend_text(validated=len(validation) > 0 or not len(epochs)))
        self._own = [Line(tr("training", "entrenamiento"), self._training, epochs, training),
                     Line(tr("validation", "validación"), self._validation, epochs, validation)]

    def _show_load(self, curves: Curves) -> None:
        x, values = curves.load(self.quantity.id)
        self._smooth.setData(x, values)
        self._own = [Line(str(self.quantity.title), self._training, x, values)]

    def _show_best(self, curves: Curves) -> None:
        if curves.best is None or self.quantity.source != "metric":
            self._best.hide()
            return
        self._best.setPos(curves.best)
        # Shown first: a hidden label ignores its text.
        self._best.show()
        self._best.label.setFormat(tr("{best}, epoch {n}", "{best}, época {n}",
                                      best=format_best(curves.best_by, short=True), n=curves.best))

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

    def show_others(self, others: Mapping[str, OtherRun]) -> None:
        """Draw the validation curves of other runs, by their ids, behind: thin, in their colours, named in the legend."""
        for item in self._other_items:
            self._item.removeItem(item)
        self._other_items, self._others = [], {}
        if self.quantity.source != "metric":
            return
        for identifier, other in others.items():
            epochs, values, deviations = other.line(self._metric)
            line = Line(other.name, other.color, epochs, values, run=identifier)
            self._draw_behind(line, deviations)
            self._others[identifier] = line
        names = [f'<span style="color:{line.color.name()}">▬</span>&nbsp;{_unbroken(line.name)}'
                 for line in self._others.values()]
        if len(names) > _MOST_NAMES:
            more = len(names) - _MOST_NAMES
            names[_MOST_NAMES:] = [tr("and {n} more", "y {n} más", n=more)]
        self._names.setText(" &nbsp; ".join(names))
        self._names.setToolTip("\n".join(other.name for other in others.values()) if len(others) > _MOST_NAMES else "")
        self._names.setVisible(bool(names))

    def _draw_behind(self, line: Line, deviations: np.ndarray) -> None:
        curve = pg.PlotDataItem(line.x, line.values, pen=pg.mkPen(line.color, width=1.4), antialias=True)
        items = [curve]
        if len(deviations):
            shade = QColor(line.color)
            shade.setAlpha(50)
            low, high = (pg.PlotDataItem(line.x, line.values + sign * deviations, pen=None) for sign in (-1, 1))
            items += [low, high, pg.FillBetweenItem(low, high, brush=shade)]
        for item in items:
            self._item.addItem(item)
        self._other_items += items

    @property
    def lines(self) -> list[Line]:
        """The curves that are drawn, those of the shown run first."""
        return [*(line for line in self._own if len(line.values)), *self._others.values()]

    # The mouse -----------------------------------------------------------------------------------

    @property
    def readout(self) -> str:
        """The values at the cursor, line by line; "" without them."""
        return self._readout.textItem.toPlainText() if self._readout.isVisible() else ""

    def zoom_to(self, epochs: tuple[float, float] | None) -> None:
        """Show these epochs, or all."""
        if epochs is None:
            self._item.enableAutoRange()
            # What was clipped away has no part in the range until it is drawn again.
            self._redraw()
        else:
            self._item.setXRange(*epochs, padding=0)

    def _show_all(self) -> None:
        self.zoom_to(None)
        self.zoomed.emit(None)

    def show_cursor(self, x: float | None) -> None:
        """Draw the line at that epoch, where another plot has the mouse."""
        self._cursor.setVisible(x is not None)
        if x is not None:
            self._cursor.setPos(x)

    def _clear_readout(self) -> None:
        if self._readout.isVisible():
            self.hovered.emit(None)
        self._cursor.hide()
        self._readout.hide()

    def _on_mouse_moved(self, position: QPointF) -> None:
        positions = np.unique(np.concatenate([line.x for line in self.lines])) if self.lines else np.empty(0)
        if self._curves is None or not len(positions) or not self._item.sceneBoundingRect().contains(position):
            self._clear_readout()
            return
        box = self._item.getViewBox()
        at = box.mapSceneToView(position)
        x = float(positions[np.abs(positions - at.x()).argmin()])
        y = 10.0 ** at.y() if self._logarithmic else at.y()
        self._cursor.setPos(x)
        self._cursor.show()
        self.hovered.emit(x)
        heading = tr("Epoch {n}", "Época {n}", n=format_epoch(x))
        reach = 6 * box.viewPixelSize()[0]
        self._readout.setHtml(readout_html(heading, self._own, self._others.values(), self._marks.near(at.x(), reach), x, y,
                                           self.quantity.unit))
        # Beside the line, on the side where there is more room; over it where neither has enough.
        place, width = box.mapFromView(QPointF(x, 0)).x(), self._readout.boundingRect().width()
        left = place - 6 - width if place > box.width() / 2 else place + 6
        self._readout.setPos(max(0.0, min(left, box.width() - width)), 6)
        self._readout.show()

    def _on_click(self, event: object) -> None:
        """A click on the curve of another run."""
        box = self._item.getViewBox()
        at = box.mapSceneToView(event.scenePos())  # type: ignore[attr-defined]
        y = 10.0 ** at.y() if self._logarithmic else at.y()
        ranked = nearest(self.lines, at.x(), y)
        if not ranked or not ranked[0][0].run:
            return
        line, value = ranked[0]
        height = np.log10(max(value, 1e-300)) if self._logarithmic else value
        if abs(height - at.y()) <= _NEAR * box.viewPixelSize()[1]:
            self.run_clicked.emit(line.run)


def _unbroken(name: str) -> str:
    """A name in a legend: its mark and its parts stay in one line."""
    return escape(name).replace("-", "\u2011").replace(" ", "&nbsp;")


def format_epoch(x: float) -> str:
    """A whole epoch as such, a part of one with two decimals."""
    return str(int(x)) if float(x).is_integer() else f"{x:.2f}"
