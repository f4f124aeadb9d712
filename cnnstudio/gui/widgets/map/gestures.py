"""Mouse and keyboard input of the map."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainterPath,
    QPolygonF,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication

from cnnstudio.gui.widgets.map.raster import points_within
from cnnstudio.gui.widgets.map.view import DotView

LASSO, RECTANGLE, PAN = "lasso", "rectangle", "pan"
_STEP: Final = 1.25
_ARROWS: Final = {Qt.Key.Key_Left: (1, 0), Qt.Key.Key_Right: (-1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}


class MapView(DotView):
    """The left button draws a lasso (with Shift, or as `tool` says, a rectangle; Ctrl adds, Alt takes away) or
    selects what it clicks; the middle and the right one, or Space and the left one, move the map; the wheel zooms.

    Arrows move, with Ctrl they go from picture to picture; + and - zoom, Home fits, Enter opens, Esc selects nothing;
    digits, letters and Delete are passed on as in the grid.
    """

    tool = LASSO
    _pressed: QPointF | None = None
    _button = Qt.MouseButton.NoButton
    _moved = False
    _space = False

    def set_tool(self, tool: str) -> None:
        """What the left button does: "lasso", "rectangle" or "pan"."""
        self.tool = tool
        self._show_cursor()

    def _show_cursor(self) -> None:
        if self._moved and self._is_panning():
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self.tool == PAN or self._space:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self.setCursor(Qt.CursorShape.PointingHandCursor if self._hover >= 0 else Qt.CursorShape.CrossCursor)

    def _is_panning(self) -> bool:
        return self._button in (Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton) or (
            self._button == Qt.MouseButton.LeftButton and (self.tool == PAN or self._space))

    # Zoom and pan --------------------------------------------------------------------------------

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom around a point of the screen, or its middle."""
        point = at if at is not None else QPointF(self.width() / 2, self.height() / 2)
        self.camera.zoom_by(factor, point.x(), point.y())
        self._on_view_changed()

    def zoom_in(self) -> None:
        self.zoom_by(_STEP)

    def zoom_out(self) -> None:
        self.zoom_by(1 / _STEP)

    def fit(self) -> None:
        """Show the whole map."""
        self.camera.fit()
        self._on_view_changed()

    def pan_by(self, x: float, y: float) -> None:
        self.camera.pan_by(x, y)
        self._on_view_changed()

    def _on_view_changed(self) -> None:
        self._redraw()
        self.view_changed.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        pixels = event.pixelDelta().y()
        steps = event.angleDelta().y() / 120
        factor = math.pow(2, pixels / 240) if pixels and abs(steps) < 1 else math.pow(_STEP, steps)
        self.zoom_by(factor, event.position())
        event.accept()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_by(1 + event.value(), event.position())
            return True
        return super().event(event)

    # Mouse ---------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed, self._button, self._moved = event.position(), event.button(), False
        self._last = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = event.position()
        if self._pressed is None:
            self._hover_to(point)
            return
        if not self._moved:
            if (point - self._pressed).manhattanLength() < QApplication.startDragDistance():
                return
            self._moved = True
            self._hover = -1
            self._show_cursor()
        if self._is_panning():
            self.pan_by(point.x() - self._last.x(), point.y() - self._last.y())
        elif self.tool == RECTANGLE or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._outline = QPolygonF(QRectF(self._pressed, point).normalized())
            self.update()
        else:
            if self._outline.isEmpty():
                self._outline.append(self._pressed)
            self._outline.append(point)
            self.update()
        self._last = point

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None or event.button() != self._button:
            return
        moved, pans, outline = self._moved, self._is_panning(), self._outline
        self._pressed, self._moved, self._outline = None, False, QPolygonF()
        self._button = Qt.MouseButton.NoButton
        if moved and not pans:
            self.select_within(outline, event.modifiers())
        elif not moved and event.button() == Qt.MouseButton.RightButton:
            row = self.row_at(event.position())
            if row >= 0 and not self._selected[row]:
                self._choose(np.asarray([row]), Qt.KeyboardModifier.NoModifier)
            if self._selected.any():
                self.menu_requested.emit(event.globalPosition().toPoint())
        elif not moved and event.button() == Qt.MouseButton.LeftButton:
            row = self.row_at(event.position())
            self._current = row
            self._choose(np.asarray([row] if row >= 0 else [], np.intp), event.modifiers(), toggle=True)
        self._hover_to(event.position())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        # The right button also moves the map, and opens the menu on release; this is the menu key.
        if event.reason() != QContextMenuEvent.Reason.Mouse:
            self._menu_by_key()

    def _menu_by_key(self) -> None:
        if self._selected.any():
            self.menu_requested.emit(self.mapToGlobal(self.rect().center()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        row = self.row_at(event.position())
        if row >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.opened.emit(int(self.ids[row]))

    def leaveEvent(self, event: QEvent) -> None:
        if self._hover >= 0:
            self._hover = -1
            self.update()

    def _hover_to(self, point: QPointF) -> None:
        row = self.row_at(point)
        if row != self._hover or row >= 0:
            self._hover, self._hover_at = row, point
            self.update()
        self._show_cursor()

    # Selecting -----------------------------------------------------------------------------------

    def select_within(self, outline: QPolygonF, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Select the dots inside an outline on the screen."""
        path = QPainterPath()
        path.addPolygon(outline)
        path.closeSubpath()
        path.setFillRule(Qt.FillRule.WindingFill)
        if self._layer is None:
            self._draw_layer()
        self._choose(points_within(path, self.width(), self.height(), self._x, self._y), modifiers)

    def select_all(self) -> None:
        """Select all dots that are not dimmed."""
        self._choose(np.arange(len(self.ids)), Qt.KeyboardModifier.NoModifier)

    def _choose(self, rows: NDArray[np.intp], modifiers: Qt.KeyboardModifier, toggle: bool = False) -> None:
        rows = rows[~self._dimmed[rows]]
        add = bool(modifiers & Qt.KeyboardModifier.ControlModifier)
        take = bool(modifiers & Qt.KeyboardModifier.AltModifier)
        selected = self._selected.copy() if add or take else np.zeros(len(self.ids), np.bool_)
        selected[rows] = ~selected[rows] if add and toggle else not take
        if not np.array_equal(selected, self._selected):
            self._selected = selected
            self._redraw()
            self.selection_changed.emit(self.selected_ids())

    # Keyboard ------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if key in _ARROWS and control:
            self._step(*_ARROWS[Qt.Key(key)], add=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        elif key in _ARROWS:
            across, down = _ARROWS[Qt.Key(key)]
            self.pan_by(across * self.width() / 8, down * self.height() / 8)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_in()
        elif key == Qt.Key.Key_Minus:
            self.zoom_out()
        elif key == Qt.Key.Key_Home:
            self.fit()
        elif key == Qt.Key.Key_A and control:
            self.select_all()
        elif key == Qt.Key.Key_Escape and not self._outline.isEmpty():
            self._pressed, self._moved, self._outline = None, False, QPolygonF()
            self.update()
        elif key == Qt.Key.Key_Escape and self._selected.any():
            self._choose(np.empty(0, np.intp), Qt.KeyboardModifier.NoModifier)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._current >= 0:
            self.opened.emit(int(self.ids[self._current]))
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.exclude_key.emit()
        elif event.text().isalnum() and not control:
            self.label_key.emit(event.text())
        elif key == Qt.Key.Key_F10 and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._menu_by_key()
        elif key == Qt.Key.Key_Space:
            self._space = True
            self._show_cursor()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self._show_cursor()
        super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._space = False
        super().focusOutEvent(event)

    def _step(self, across: int, down: int, add: bool) -> None:
        """Select the nearest picture in a direction from the present one (or from the one nearest the middle)."""
        free = ~self._dimmed
        if not free.any():
            return
        if self._current < 0 or self._current >= len(self.ids):
            away = (self._x - self.width() / 2) ** 2 + (self._y - self.height() / 2) ** 2
        else:
            right, below = self._x - self._x[self._current], self._y - self._y[self._current]
            along, beside = -(right * across + below * down), np.abs(right * down) + np.abs(below * across)
            away = np.where((along > 0.5) & (beside <= 2 * along), along ** 2 + 4 * beside ** 2, np.inf)
        away = np.where(free, away, np.inf)
        row = int(np.argmin(away))
        if not np.isfinite(away[row]):
            return
        self._current = row
        x, y = (float(item) for item in self._position[row])
        self.camera.show(x, y)
        self._redraw()
        self._choose(np.asarray([row]), Qt.KeyboardModifier.ControlModifier if add
                     else Qt.KeyboardModifier.NoModifier)
