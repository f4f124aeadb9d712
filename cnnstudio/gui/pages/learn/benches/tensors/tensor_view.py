"""A tensor drawn cell by cell, and as a box with its sides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.learn.drawing.numbers import format_cell
from cnnstudio.learning.benches.tensors.layout import cell_of, index_at, sheets_of

_BOX: Final = 84
"""Width of the drawing of the box at the left."""
_HEAD: Final = 22
_SHEET_GAP: Final = 12.0
_LARGEST, _SMALLEST = 46.0, 8.0
_WRITTEN: Final = 17.0
"""Cells from this size on have their numbers in them."""
_UNIT: Final = 9.0
_MOST_UNITS: Final = 4.2
Index = tuple[int, ...]


class _Place(NamedTuple):
    """The size of a cell, and where the first sheet begins."""

    side: float
    left: float
    top: float


class TensorView(QWidget):
    """`pointed(index or None)` when the user points at a value, with the mouse or with arrow keys."""

    pointed = Signal(object)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._values: np.ndarray = np.zeros(())
        self._color: Callable[[Index], QColor | None] = lambda _index: None
        self._marked: frozenset[Index] = frozenset()
        self._current: Index | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(220, 120)

    def sizeHint(self) -> QSize:
        return QSize(360, 180)

    def show_values(self, values: np.ndarray, color: Callable[[Index], QColor | None]) -> None:
        """Show a tensor; `color` gives the ground of a value."""
        self._values, self._color = values, color
        if self._current is not None and not _is_inside(self._current, values.shape):
            self._current = None
        self.setAccessibleName(f"{self._name}: {format_shape(values.shape)}")
        self.update()

    def mark(self, indices: frozenset[Index]) -> None:
        """Frame some values."""
        if indices != self._marked:
            self._marked = indices
            self.update()

    @property
    def marked(self) -> frozenset[Index]:
        return self._marked

    # Places --------------------------------------------------------------------------------------

    def _place(self) -> _Place:
        sheets = sheets_of(self._values.shape)
        room_x = self.width() - _BOX - 8 - _SHEET_GAP * (sheets.columns - 1)
        room_y = self.height() - _HEAD - 6 - _SHEET_GAP * (sheets.rows - 1)
        side = min(room_x / (sheets.columns * sheets.width), room_y / (sheets.rows * sheets.height), _LARGEST)
        return _Place(max(_SMALLEST, side), float(_BOX), float(_HEAD))

    def _cell(self, place: _Place, row: int, column: int, y: int, x: int) -> QRectF:
        sheets = sheets_of(self._values.shape)
        left = place.left + column * (sheets.width * place.side + _SHEET_GAP) + x * place.side
        top = place.top + row * (sheets.height * place.side + _SHEET_GAP) + y * place.side
        return QRectF(left, top, place.side, place.side)

    def cell_rect(self, index: Index) -> QRectF:
        """Where a value stands."""
        return self._cell(self._place(), *cell_of(self._values.shape, index))

    def _index_at(self, at: QPointF) -> Index | None:
        place, sheets = self._place(), sheets_of(self._values.shape)
        wide, high = sheets.width * place.side + _SHEET_GAP, sheets.height * place.side + _SHEET_GAP
        column, row = int((at.x() - place.left) // wide), int((at.y() - place.top) // high)
        x = int((at.x() - place.left - column * wide) // place.side)
        y = int((at.y() - place.top - row * high) // place.side)
        fits = 0 <= row < sheets.rows and 0 <= column < sheets.columns and 0 <= y < sheets.height and 0 <= x < sheets.width
        return index_at(self._values.shape, row, column, y, x) if fits else None

    # Drawing -------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("body_strong"))
        painter.setPen(theme.color("text"))
        painter.drawText(QRectF(0, 0, self.width(), _HEAD - 4), Qt.AlignmentFlag.AlignVCenter,
                         f"{self._name}  {format_shape(self._values.shape)}")
        _paint_box(painter, QRectF(0, _HEAD, _BOX - 14, min(self.height() - _HEAD, 96)), self._values.shape)
        place, sheets = self._place(), sheets_of(self._values.shape)
        font = theme.font("secondary")
        longest = max(len(format_cell(float(self._values.min()))), len(format_cell(float(self._values.max()))))
        written = place.side >= _WRITTEN
        if written:
            font.setPixelSize(max(7, min(13, int(place.side / max(1.6, longest * 0.66)))))
        for index in np.ndindex(*self._values.shape):
            self._paint_cell(painter, self._cell(place, *cell_of(self._values.shape, index)), index,
                             font if written else None)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.color("dim"), 1.2))
        for row in range(sheets.rows):
            for column in range(sheets.columns):
                first = self._cell(place, row, column, 0, 0)
                painter.drawRect(QRectF(first.topLeft(), QPointF(first.x() + sheets.width * place.side,
                                                                 first.y() + sheets.height * place.side)))
        for index in self._marked:
            painter.setPen(QPen(theme.color("accent"), 2.5))
            painter.drawRect(self._cell(place, *cell_of(self._values.shape, index)).adjusted(1, 1, -1, -1))
        if self.hasFocus():
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 5, 5)

    def _paint_cell(self, painter: QPainter, rect: QRectF, index: Index, font: QFont | None) -> None:
        ground = self._color(index) or theme.color("raised")
        painter.setBrush(ground)
        painter.setPen(QPen(theme.color("line"), 1))
        painter.drawRect(rect)
        if font is not None:
            painter.setFont(font)
            painter.setPen(theme.on_color(ground))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, format_cell(float(self._values[index])))

    # Mouse and keyboard --------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self._index_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._point(None)

    def _point(self, index: Index | None) -> None:
        if index != self._current:
            self._current = index
            self.setAccessibleDescription("" if index is None else tr(
                "index {index}: {value}", "índice {index}: {value}", index=index,
                value=format_cell(float(self._values[index]))))
            self.pointed.emit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right along the last axis, up and down along the one before."""
        shape, last = self._values.shape, self._values.size - 1
        width = shape[-1] if shape else 1
        now = int(np.ravel_multi_index(self._current, shape)) if self._current else 0
        begun = self._current is not None
        places = {Qt.Key.Key_Left: now - begun, Qt.Key.Key_Right: now + begun, Qt.Key.Key_Up: now - width * begun,
                  Qt.Key.Key_Down: now + width * begun, Qt.Key.Key_Home: 0, Qt.Key.Key_End: last}
        place = places.get(Qt.Key(event.key()))
        if place is None:
            super().keyPressEvent(event)
            return
        flat = min(max(place, 0), last)
        self._point(tuple(int(part) for part in np.unravel_index(flat, shape)) if shape else ())


def format_shape(shape: tuple[int, ...]) -> str:
    """A shape as Python writes it."""
    return str(shape)


def _is_inside(index: Index, shape: tuple[int, ...]) -> bool:
    return len(index) == len(shape) and all(0 <= item < side for item, side in zip(index, shape, strict=True))


def _paint_box(painter: QPainter, room: QRectF, shape: tuple[int, ...]) -> None:
    """The tensor as a body: a point, a line, a sheet, a box, and boxes one behind the other for four axes."""
    count, depth, height, width = (1,) * (4 - len(shape)) + shape
    most = max(depth if len(shape) > 2 else 1, height if len(shape) > 1 else 1, width, 1)
    unit = _UNIT * min(1.0, _MOST_UNITS / most)
    across, down, back = (max(4.0, side * unit) if used else 3.0 for side, used in (
        (width, len(shape) > 0), (height, len(shape) > 1), (depth, len(shape) > 2)))
    slant = QPointF(back * 0.5, -back * 0.5) if len(shape) > 2 else QPointF(0, 0)
    start = QPointF(room.x() + 3, room.y() + 12 + back * 0.5 + (min(count, 3) - 1) * 7)
    for number in reversed(range(min(count, 3))):
        _paint_body(painter, QRectF(start.x() + number * 9, start.y() - number * 7, across, down), slant)
    if count > 1:
        painter.setFont(theme.font("secondary"))
        painter.setPen(theme.color("dim"))
        painter.drawText(QRectF(room.x(), start.y() + down + 4, room.width(), 16), Qt.AlignmentFlag.AlignLeft, f"× {count}")


def _paint_body(painter: QPainter, front: QRectF, slant: QPointF) -> None:
    color = theme.color("accent_bg")
    painter.setPen(QPen(theme.color("accent"), 1.2))
    painter.setBrush(color)
    if not slant.isNull():
        painter.drawPolygon(QPolygonF([front.topLeft(), front.topRight(), front.topRight() + slant, front.topLeft() + slant]))
        painter.drawPolygon(QPolygonF([front.topRight(), front.bottomRight(), front.bottomRight() + slant,
                                       front.topRight() + slant]))
    painter.drawRect(front)
