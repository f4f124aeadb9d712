"""The surface from above with the paths of the runners; the start is dragged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme, tokens
from cnnstudio.gui.pages.learn.benches.optimisation.contours import contour_image
from cnnstudio.gui.pages.learn.benches.optimisation.runners import rule_color
from cnnstudio.gui.pages.learn.drawing.numbers import format_cell
from cnnstudio.learning.benches.optimisation.race import Run
from cnnstudio.learning.benches.optimisation.surfaces import BOWL, Point, Surface

_NEAR: Final = 14.0
_NUDGE: Final = 0.02
"""How far an arrow key moves the start, as a share of the width."""
_FARTHEST: Final = 1e5
_MOVES: Final = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}


class SurfaceMap(QWidget):
    """`start_moved(x, y)` while the start is dragged, or moved with the arrow keys."""

    start_moved = Signal(float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._surface: Surface = BOWL
        self._runs: Sequence[Run] = ()
        self._start: Point = BOWL.start
        self._step = 0
        self._ground = QImage()
        self._dragging = False
        self.setAccessibleName(tr("Loss surface with the paths", "Superficie de pérdida con los caminos"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(220, 180)

    def sizeHint(self) -> QSize:
        return QSize(520, 380)

    def show_surface(self, surface: Surface) -> None:
        """Show another surface."""
        if surface is not self._surface:
            self._surface = surface
            self._ground = QImage()
            self.update()

    def show_runs(self, runs: Sequence[Run], start: Point, step: int) -> None:
        """Show the paths up to a step."""
        self._runs, self._start, self._step = runs, start, step
        self.setAccessibleDescription(tr("start at {x}, {y}", "inicio en {x}, {y}", x=format_cell(start[0]),
                                         y=format_cell(start[1])))
        self.update()

    def show_step(self, step: int) -> None:
        self._step = step
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._ground = QImage()
        super().resizeEvent(event)

    # Places --------------------------------------------------------------------------------------

    def _to_screen(self, places: np.ndarray) -> np.ndarray:
        (left, bottom), (right, top) = self._surface.low, self._surface.high
        x = (places[:, 0] - left) / (right - left) * self.width()
        y = (top - places[:, 1]) / (top - bottom) * self.height()
        return np.clip(np.stack([x, y], axis=1), -_FARTHEST, _FARTHEST)

    def _point(self, place: Point) -> QPointF:
        x, y = self._to_screen(np.asarray([place], np.float64))[0]
        return QPointF(float(x), float(y))

    def _place(self, point: QPointF) -> Point:
        (left, bottom), (right, top) = self._surface.low, self._surface.high
        x = left + min(max(point.x() / max(1, self.width()), 0.0), 1.0) * (right - left)
        y = top - min(max(point.y() / max(1, self.height()), 0.0), 1.0) * (top - bottom)
        return round(x, 4), round(y, 4)

    # Drawing -------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        ratio = self.devicePixelRatioF()
        if self._ground.isNull():
            width, height = (max(2, round(side * ratio)) for side in (self.width(), self.height()))
            self._ground = contour_image(self._surface, width, height)
        painter.drawImage(QRectF(self.rect()), self._ground)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for place in self._surface.minima:
            self._paint_minimum(painter, self._point(place))
        for run in self._runs:
            self._paint_run(painter, run)
        self._paint_start(painter, self._point(self._start))
        self._paint_corners(painter)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), tokens.RADIUS / 2, tokens.RADIUS / 2)

    def _paint_minimum(self, painter: QPainter, at: QPointF) -> None:
        painter.setPen(QPen(theme.color("text"), 1.6))
        for x, y in ((5, 0), (0, 5)):
            painter.drawLine(QPointF(at.x() - x, at.y() - y), QPointF(at.x() + x, at.y() + y))

    def _paint_run(self, painter: QPainter, run: Run) -> None:
        end = min(self._step, run.taken)
        points = [QPointF(x, y) for x, y in self._to_screen(run.places[:end + 1]).tolist()]
        color = rule_color(run.rule)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        # A light line around the coloured one: it is seen on every ground.
        for line, width in ((theme.color("raised"), 4), (color, 2)):
            painter.setPen(QPen(line, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
            painter.drawPolyline(QPolygonF(points))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        for point in points[1:-1]:
            painter.drawEllipse(point, 1.8, 1.8)
        painter.setPen(QPen(theme.color("raised"), 1.5))
        painter.drawEllipse(points[-1], 5.5, 5.5)

    def _paint_start(self, painter: QPainter, at: QPointF) -> None:
        painter.setPen(QPen(theme.color("text"), 2))
        painter.setBrush(theme.color("raised"))
        painter.drawEllipse(at, 7, 7)
        painter.setBrush(theme.color("text"))
        painter.drawEllipse(at, 2, 2)

    def _paint_corners(self, painter: QPainter) -> None:
        """The coordinates of two corners: the scale."""
        painter.setFont(theme.font("secondary"))
        painter.setPen(theme.color("text"))
        room = QRectF(self.rect()).adjusted(8, 5, -8, -5)
        for place, flags in ((self._surface.low, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom),
                             (self._surface.high, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)):
            painter.drawText(room, flags, f"({format_cell(place[0])}; {format_cell(place[1])})")

    # Mouse and keyboard --------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._dragging = True
            self._move_start(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragging:
            self._move_start(event.position())
            return
        distance = event.position() - self._point(self._start)
        near = abs(distance.x()) + abs(distance.y()) < _NEAR
        self.setCursor(Qt.CursorShape.OpenHandCursor if near else Qt.CursorShape.CrossCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragging = False

    def _move_start(self, at: QPointF) -> None:
        self.start_moved.emit(*self._place(at))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = _MOVES.get(Qt.Key(event.key()))
        if move is None:
            super().keyPressEvent(event)
            return
        low, high = self._surface.low, self._surface.high
        x, y = (min(max(self._start[axis] + move[axis] * _NUDGE * (high[axis] - low[axis]), low[axis]), high[axis])
                for axis in (0, 1))
        self.start_moved.emit(round(x, 4), round(y, 4))
