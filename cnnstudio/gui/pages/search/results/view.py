"""The base of the views of a search, and the plot of trials that most of them draw."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import Text, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.search.results.scales import Scale
from cnnstudio.gui.pages.search.results.shown import Shown
from cnnstudio.gui.widgets.basics import Stack
from cnnstudio.gui.widgets.plots import SharePlot

_NEAR: Final = 14.0
"""How many pixels from a point the cursor may be."""
_PALE: Final = 46
"""The opacity, of 255, of points that a brush leaves out."""


class ResultView(QWidget):
    """One view. `trial_chosen(number)` on a click or an arrow key, `trial_opened(number)` on a double click or Enter."""

    id: ClassVar[str]
    title: ClassVar[Text]
    trial_chosen = Signal(int)
    trial_opened = Signal(int)

    def show_search(self, shown: Shown) -> None:
        """Show another search, or what is new in it."""
        raise TypeError(f"{type(self).__name__} shows no search")

    def show_marks(self, chosen: int | None, kept: frozenset[int] | None) -> None:
        """Mark the chosen trial, and pale those that a brush leaves out; `kept` is None without one."""

    def close_threads(self) -> None:
        """Stop what runs in the background."""


class SnugStack(Stack):
    """As high as the widget in sight wants to be, not as the highest of all; at least `least` pixels."""

    def __init__(self, least: int = 0) -> None:
        super().__init__()
        self._least = least

    def sizeHint(self) -> QSize:
        shown = self.currentWidget()
        if shown is None:
            return super().sizeHint()
        wanted = shown.sizeHint()
        if shown.hasHeightForWidth():
            wanted.setHeight(shown.heightForWidth(max(200, self.width())))
        return wanted.expandedTo(QSize(0, self._least))

    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), self.sizeHint().height())

    def hasHeightForWidth(self) -> bool:
        return False


def value_color(share: float) -> QColor:
    """The colour of a value by how good it is, from 0 to 1: from pale to the accent."""
    share = min(1.0, max(0.0, share)) ** 1.5
    pale, strong = theme.color("line"), theme.color("accent")
    return QColor(*(round((1 - share) * getattr(pale, part)() + share * getattr(strong, part)())
                    for part in ("red", "green", "blue")))


class TrialPlot(SharePlot):
    """Points that stand for trials, at places from 0 to 1; the arrow keys walk through them from left to right."""

    trial_chosen = Signal(int)
    trial_opened = Signal(int)

    def __init__(self, name: str, height: int = 240) -> None:
        super().__init__(name, "", "", read=self._read_at, height=height)
        self.setMinimumHeight(height)
        self.setMaximumHeight(16_777_215)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._points: list[tuple[float, float, int]] = []
        self._texts: dict[int, str] = {}
        self._colors: list[QColor] = []
        self._hollow: set[int] = set()
        self._chosen: int | None = None
        self._kept: frozenset[int] | None = None
        for side in ("left", "bottom"):
            # The lines of the grid lie behind the points.
            self.getPlotItem().getAxis(side).setZValue(-1000)
        self._marks = pg.ScatterPlotItem(size=9)
        self._marks.setZValue(20)
        self._ring = pg.ScatterPlotItem(size=16, brush=pg.mkBrush(None), pen=pg.mkPen(theme.color("text"), width=2))
        self._ring.setZValue(30)
        self.addItem(self._marks)
        self.addItem(self._ring)

    def sizeHint(self) -> QSize:
        return QSize(300, self.minimumHeight())

    @property
    def places(self) -> dict[int, tuple[float, float]]:
        """Where every trial is, by its number."""
        return {number: (x, y) for x, y, number in self._points}

    def show_points(self, points: Sequence[tuple[float, float, int]], colors: Sequence[QColor], texts: dict[int, str],
                    hollow: set[int] | None = None) -> None:
        """Show (x, y, number of the trial), each in its colour; `hollow` ones without filling."""
        self._points, self._colors, self._texts, self._hollow = list(points), list(colors), texts, hollow or set()
        self._draw()

    def show_marks(self, chosen: int | None, kept: frozenset[int] | None) -> None:
        self._chosen, self._kept = chosen, kept
        self._draw()

    def set_axes(self, x: Scale, y: Scale) -> None:
        """The titles and numbers of both axes."""
        item, color = self.getPlotItem(), theme.color("dim").name()
        for side, scale, most in (("bottom", x, 6), ("left", y, 6)):
            ticks = scale.ticks(most)
            item.setLabel(side, scale.title, color=color)
            item.getAxis(side).setTicks([ticks])
        widest = max((self.fontMetrics().horizontalAdvance(text) for _place, text in y.ticks(6)), default=20)
        item.getAxis("left").setWidth(min(150, 30 + widest))

    def _draw(self) -> None:
        spots = []
        for (x, y, number), color in zip(self._points, self._colors, strict=True):
            own = QColor(color)
            if self._kept is not None and number not in self._kept:
                own.setAlpha(_PALE)
            brush = pg.mkBrush(theme.color("raised")) if number in self._hollow else pg.mkBrush(own)
            spots.append({"pos": (x, y), "brush": brush, "pen": pg.mkPen(own, width=1.5)})
        self._marks.setData(spots)
        ring = [(x, y) for x, y, number in self._points if number == self._chosen]
        self._ring.setData(np.array([place[0] for place in ring]), np.array([place[1] for place in ring]))

    # Mouse and keys ------------------------------------------------------------------------------

    def _nearest(self, place: QPointF) -> int | None:
        box = self.getPlotItem().getViewBox()
        width, height = max(1.0, box.width()), max(1.0, box.height())
        far = [(math.hypot((x - place.x()) * width, (y - place.y()) * height), number) for x, y, number in self._points]
        distance, number = min(far, default=(math.inf, -1))
        return number if distance <= _NEAR else None

    def _read_at(self, x: float, y: float) -> str:
        number = self._nearest(QPointF(x, y))
        return "" if number is None else self._texts.get(number, "")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        number = self._nearest(self._place(event))
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if number is not None and event.button() == Qt.MouseButton.LeftButton:
            self.trial_chosen.emit(number)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        number = self._nearest(self._place(event))
        if number is not None:
            self.trial_opened.emit(number)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        near = self._nearest(self._place(event)) is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if near else Qt.CursorShape.ArrowCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        order = [number for _x, _y, number in sorted(self._points)]
        if step is not None and order:
            place = order.index(self._chosen) + step if self._chosen in order else (0 if step > 0 else len(order) - 1)
            if 0 <= place < len(order):
                self.trial_chosen.emit(order[place])
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._chosen in order:
            self.trial_opened.emit(self._chosen)
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: object) -> None:
        super().focusInEvent(event)
        self.setAccessibleDescription(tr("The arrow keys choose a trial, Enter opens its run.",
                                         "Las flechas eligen un ensayo e Intro abre su entrenamiento."))
