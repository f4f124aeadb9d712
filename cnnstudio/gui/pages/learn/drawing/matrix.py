"""A matrix of cells with numbers, as on a blackboard; a picture where the cells are small, numbers where one zooms in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QRegion,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.learn.drawing import tints
from cnnstudio.gui.pages.learn.drawing.cell_field import CellField
from cnnstudio.gui.pages.learn.drawing.cells import LINED, Border, Grid, paint_cells
from cnnstudio.gui.pages.learn.drawing.marks import Window, paint_focus, paint_mark, paint_window
from cnnstudio.gui.pages.learn.drawing.numbers import format_cell, format_exact

_STEP: Final = 1.25
_LARGEST_CELL: Final = 96.0
_MARGIN: Final = 3
_ARROWS: Final = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}


class MatrixView(QWidget):
    """Cells of one matrix.

    Arrow keys and the mouse move a cursor (`cursor_moved`); with `editable` a typed number, Enter or a double click opens a
    field in the cell, and `cell_edited(row, column, value)` follows. Ctrl and the wheel, + and - zoom, 0 shows all again.
    """

    cursor_moved = Signal(int, int)
    """By the user: a click, a drag or an arrow key."""
    cell_hovered = Signal(int, int)
    """(-1, -1) where the pointer left."""
    cell_edited = Signal(int, int, float)

    def __init__(self, name: str, *, editable: bool = False, cell: int = 40, integer: bool = False,
                 parent: QWidget | None = None) -> None:
        """`cell` is the largest side of a cell in pixels while everything is shown."""
        super().__init__(parent)
        self._name, self._editable, self._most = name, editable, float(cell)
        self._values = np.zeros((1, 1))
        self._tint = tints.plain()
        self._border = Border()
        self._window: Window | None = None
        self._window_token = "accent"
        self._marks: tuple[tuple[tuple[int, int], str], ...] = ()
        self._shown: int | None = None
        self._hint: Callable[[int, int], str] | None = None
        self._text: Callable[[float], str] = format_cell
        self._zoom, self._middle = 1.0, (0.5, 0.5)
        self._cursor, self._by_key = (0, 0), False
        self._cells: QPixmap | None = None
        self._readable = False
        self._field = CellField(self, integer=integer)
        self._field.entered.connect(self._on_entered)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(name)

    # What is shown -------------------------------------------------------------------------------

    @property
    def values(self) -> np.ndarray:
        """The numbers on screen; NaN is an empty cell."""
        return self._values

    @property
    def readable(self) -> bool:
        """Whether the cells are large enough for their numbers."""
        return self._readable

    @property
    def cursor_cell(self) -> tuple[int, int]:
        return self._cursor

    @property
    def window_cells(self) -> Window | None:
        """The window over the cells."""
        return self._window

    @property
    def shown(self) -> int:
        """How many cells, row by row, are seen."""
        return self._values.size if self._shown is None else self._shown

    def show_values(self, values: np.ndarray, tint: tints.Tint | None = None, border: Border = Border()) -> None:
        """Show a matrix (rows, columns); `border` is its padding."""
        values = np.atleast_2d(np.asarray(values, np.float64))
        if values.shape != self._values.shape:
            self._zoom = 1.0
            self._field.abandon()
            self.updateGeometry()
        self._values, self._border = values, border
        if tint is not None:
            self._tint = tint
        self._cursor = (min(self._cursor[0], values.shape[0] - 1), min(self._cursor[1], values.shape[1] - 1))
        self._forget()

    def set_editable(self, editable: bool) -> None:
        """Allow typing numbers into the cells, or not."""
        self._editable = editable

    def set_text(self, text: Callable[[float], str]) -> None:
        """How numbers are written."""
        self._text = text
        self._forget()

    def set_window(self, window: Window | None, token: str = "accent") -> None:
        """Light the cells below a kernel."""
        if (window, token) != (self._window, self._window_token):
            self._window, self._window_token = window, token
            if window is not None and self._zoom > 1:
                self._bring_into_view(window.row + window.height / 2, window.column + window.width / 2)
            self.update()

    def set_marks(self, *marks: tuple[tuple[int, int], str]) -> None:
        """Frame single cells: each with a token."""
        if marks != self._marks:
            self._marks = marks
            self.update()

    def set_shown(self, count: int | None) -> None:
        """Show only the first cells, row by row: a result that grows. None shows all."""
        if count != self._shown:
            self._shown = count
            self.update()

    def set_hint(self, hint: Callable[[int, int], str] | None) -> None:
        """What the tooltip says of a cell."""
        self._hint = hint

    def move_cursor(self, row: int, column: int) -> None:
        """Put the cursor on a cell; nothing is emitted."""
        rows, columns = self._values.shape
        self._cursor = (max(0, min(rows - 1, row)), max(0, min(columns - 1, column)))
        self.update()

    # Geometry ------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        rows, columns = self._values.shape
        side = max(2, min(int(self._most), 200 // max(rows, columns)))
        return QSize(columns * side + 2 * _MARGIN, rows * side + 2 * _MARGIN)

    def minimumSizeHint(self) -> QSize:
        return QSize(72, 72)

    def grid(self) -> Grid:
        """Where the cells lie."""
        rows, columns = self._values.shape
        width, height = self.width() - 2 * _MARGIN, self.height() - 2 * _MARGIN
        side = min(width / columns, height / rows, self._most)
        ratio = self.devicePixelRatioF()
        if side * ratio >= LINED:
            # Whole pixels of the screen: all cells are alike.
            side = int(side * ratio) / ratio
        side = max(side, 0.01)
        if self._zoom > 1:
            side = min(max(side * self._zoom, side), max(side, _LARGEST_CELL))
        middle = QRectF(self.rect()).center()
        wide, high = columns * side, rows * side
        left = middle.x() - wide / 2 if wide <= width else middle.x() - self._middle[1] * side
        top = middle.y() - high / 2 if high <= height else middle.y() - self._middle[0] * side
        if wide > width:
            left = max(self.width() - _MARGIN - wide, min(_MARGIN, left))
        if high > height:
            top = max(self.height() - _MARGIN - high, min(_MARGIN, top))
        return Grid(round(left * ratio) / ratio, round(top * ratio) / ratio, side)

    def cell_at(self, point: QPointF) -> tuple[int, int] | None:
        """The cell below a point of the widget."""
        row, column = self.grid().at(point)
        rows, columns = self._values.shape
        return (row, column) if 0 <= row < rows and 0 <= column < columns else None

    def _bring_into_view(self, row: float, column: float) -> None:
        grid = self.grid()
        seen = QRectF(self.rect()).adjusted(grid.side, grid.side, -grid.side, -grid.side)
        if not seen.contains(grid.cell(row, column, 0.01, 0.01).center()):
            self._middle = (row, column)
            self._cells = None

    def zoom_to(self, zoom: float, at: QPointF | None = None) -> None:
        """1 shows everything; the cell below `at` stays there."""
        point = at if at is not None else QPointF(self.rect().center())
        before = self.grid()
        row, column = (point.y() - before.top) / before.side, (point.x() - before.left) / before.side
        self._zoom = max(1.0, min(zoom, 200.0))
        side = self.grid().side
        if side <= before.side and zoom > before.side:
            self._zoom = max(1.0, self._zoom / _STEP)
        middle = QRectF(self.rect()).center()
        self._middle = (row - (point.y() - middle.y()) / side, column - (point.x() - middle.x()) / side)
        self._forget()

    def _forget(self) -> None:
        self._cells = None
        self.update()

    # Painting ------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        grid = self.grid()
        painter = QPainter(self)
        self._paint_cells(painter, grid)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(self.rect())
        if self._window is not None:
            paint_window(painter, grid, self._window, self._window_token)
        for cell, token in self._marks:
            paint_mark(painter, grid, cell, token)
        if self.hasFocus() and self._by_key:
            paint_focus(painter, QRectF(self.rect()).adjusted(1, 1, -1, -1))
            if self._editable or self._window is None:
                paint_mark(painter, grid, self._cursor)

    def _paint_cells(self, painter: QPainter, grid: Grid) -> None:
        ratio = painter.device().devicePixelRatioF()
        if self._cells is None or self._cells.devicePixelRatio() != ratio:
            # Drawn once: while the window slides, this is only copied.
            self._cells = QPixmap(self.size() * ratio)
            self._cells.setDevicePixelRatio(ratio)
            self._cells.fill(Qt.GlobalColor.transparent)
            inner = QPainter(self._cells)
            self._readable = paint_cells(inner, self._values, grid, QRectF(self.rect()), self._tint, self._border, self._text)
            inner.end()
        painter.save()
        if self._shown is not None:
            painter.fillRect(grid.cell(0, 0, *self._values.shape), theme.color("sunk"))
            painter.setClipRegion(self._seen(grid))
        painter.drawPixmap(0, 0, self._cells)
        painter.restore()

    def _seen(self, grid: Grid) -> QRegion:
        columns = self._values.shape[1]
        row, column = divmod(max(0, self._shown or 0), columns)
        region = QRegion(grid.cell(0, 0, row, columns).toAlignedRect())
        return region.united(QRegion(grid.cell(row, 0, 1, column).toAlignedRect())) if column else region

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._forget()
        super().resizeEvent(event)

    # Mouse and keyboard --------------------------------------------------------------------------

    def _go(self, row: int, column: int) -> None:
        before = self._cursor
        self.move_cursor(row, column)
        value = format_exact(self._values[self._cursor])
        self.setAccessibleDescription(tr("Row {row}, column {column}: {value}", "Fila {row}, columna {column}: {value}",
                                         row=self._cursor[0] + 1, column=self._cursor[1] + 1, value=value))
        if self._zoom > 1:
            self._bring_into_view(self._cursor[0] + 0.5, self._cursor[1] + 0.5)
        if before != self._cursor or self._window is not None:
            self.cursor_moved.emit(*self._cursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and cell is not None:
            self._field.take()
            self._go(*cell)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position())
        self.cell_hovered.emit(*(cell or (-1, -1)))
        if event.buttons() & Qt.MouseButton.LeftButton:
            row, column = self.grid().at(event.position())
            self._go(row, column)
        shape = Qt.CursorShape.IBeamCursor if self._editable and cell else Qt.CursorShape.CrossCursor if cell else (
            Qt.CursorShape.ArrowCursor)
        self.setCursor(shape)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position())
        if self._editable and cell is not None:
            self.edit(*cell)

    def leaveEvent(self, event: QEvent) -> None:
        self.cell_hovered.emit(-1, -1)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier and event.angleDelta().y():
            self.zoom_to(self._zoom * _STEP ** (event.angleDelta().y() / 120), event.position())
            event.accept()
        else:
            event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, text = Qt.Key(event.key()), event.text()
        if key in _ARROWS:
            self._by_key = True
            down, across = _ARROWS[key]
            self._go(self._cursor[0] + down, self._cursor[1] + across)
        elif self._editable and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2):
            self.edit(*self._cursor)
        elif self._editable and text and text in "0123456789-.,":
            self.edit(*self._cursor, text)
        elif text in ("+", "="):
            self.zoom_to(self._zoom * _STEP)
        elif text == "-":
            self.zoom_to(self._zoom / _STEP)
        elif text == "0":
            self.zoom_to(1.0)
        else:
            super().keyPressEvent(event)

    def edit(self, row: int, column: int, typed: str = "") -> None:
        """Open the field in a cell; `typed` replaces its number."""
        self.move_cursor(row, column)
        self._field.open_at(self.grid().cell(row, column), self._values[row, column], typed)

    def _on_entered(self, value: float, down: int, across: int) -> None:
        row, column = self._cursor
        self.cell_edited.emit(row, column, value)
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        if down or across:
            self._go(row + down, column + across)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._by_key = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason) or (
            self._by_key and event.reason() == Qt.FocusReason.OtherFocusReason)
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and self._hint is not None:
            cell = self.cell_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self._hint(*cell) if cell is not None else "", self)
            return True
        return super().event(event)
