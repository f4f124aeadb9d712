"""The confusion matrix: rows are the true classes, columns the predicted ones; a click opens a cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetrics,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QSizePolicy, QToolTip, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.evaluate.matrix_data import MatrixData, Mode
from cnnstudio.gui.pages.evaluate.matrix_painting import (
    NARROWEST,
    TOP,
    Places,
    paint_cells,
    paint_columns,
    paint_lines,
)

MANY: Final = 24
"""With more classes the whole matrix is shown at first, without numbers."""
SMALLEST, LARGEST = 4, 72
"""Sides of a cell in pixels that can be chosen."""
_WIDEST: Final = 72
_HIGHEST: Final = 34
_FEW: Final = (480, 240)
"""Width and height that the cells of a few classes share: two classes have large cells."""
_LONGEST: Final = 132
_TALLEST: Final = 560
_TALLEST_OF_MANY: Final = 680
_BAR: Final = 12
"""The thickness of a scroll bar in pixels."""
_ARROWS: Final = {Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0), Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1)}


class ConfusionMatrix(QAbstractScrollArea):
    """`chosen(true class, predicted class)` on a click, or Enter on the cell that the arrow keys moved to; `pointed(text)`
    says what is under the pointer or the keyboard; `zoomed(pixels)`.

    The shade of a cell is its share of its row, or of its column. Class names stay in place while cells scroll. Cells are
    named by the numbers of their classes, whatever the order.
    """

    chosen = Signal(int, int)
    pointed = Signal(str)
    zoomed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.data = MatrixData()
        self._image = QImage()
        self._places = Places()
        self._size: int | None = None
        self.current = (0, 0)
        self.selected: tuple[int, int] | None = None
        self._hover: tuple[int, int] | None = None
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Confusion matrix", "Matriz de confusión"))
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)

    def show_matrix(self, names: Sequence[str], colors: Sequence[QColor], rows: Sequence[Sequence[int]]) -> None:
        """Show counts: `rows[i][j]` pictures of class i were predicted as class j."""
        data = MatrixData.of(names, colors, rows)
        # Another evaluation of the same classes keeps the order only until it is set anew.
        self._show(replace(data, mode=self.data.mode))
        self.current, self.selected, self._hover = (0, 0), None, None

    def _show(self, data: MatrixData) -> None:
        self.data, self._image = data, data.image()
        self._measure()
        self.viewport().update()

    def set_mode(self, mode: Mode) -> None:
        """What stands in the cells."""
        self._show(replace(self.data, mode=mode))

    def set_order(self, order: Sequence[int]) -> None:
        """The classes in the order of the lines."""
        self._show(replace(self.data, order=tuple(order)))

    def select(self, cell: tuple[int, int] | None) -> None:
        """Mark the cell whose pictures are shown."""
        self.selected = cell
        if cell is not None:
            self.current = cell
        self.viewport().update()

    @property
    def cell_size(self) -> int:
        """The width of a cell in pixels."""
        return self._places.width

    def zoom_to(self, size: int | None) -> None:
        """Cells of so many pixels; None: as many as fit."""
        before = self._places
        middle = self.viewport().rect().center()
        share = ((middle.x() - before.left + before.across) / before.width, (middle.y() - before.head + before.down)
                 / before.height)
        self._size = None if size is None else max(SMALLEST, min(LARGEST, size))
        self._measure()
        after = self._places
        self.horizontalScrollBar().setValue(round(share[0] * after.width) - (middle.x() - after.left))
        self.verticalScrollBar().setValue(round(share[1] * after.height) - (middle.y() - after.head))
        self.viewport().update()
        self.zoomed.emit(self.cell_size)

    # Where things are ----------------------------------------------------------------------------

    def _measure(self) -> None:
        number, names = max(1, len(self.data)), self.data.names
        metrics = QFontMetrics(theme.font("secondary"))
        longest = max((metrics.horizontalAdvance(name) for name in names), default=0)
        label = min(_LONGEST, longest)
        left = max(label + 30, metrics.horizontalAdvance(self._axis_text()[0]) + 12)
        width, height = self._cell(number, self.width() - left - 2)
        turned = longest + 10 > width
        head = TOP + ((min(_LONGEST, label) + 14) if turned else 26)
        content_height = head + height * number + 2
        # Computed from the widget instead of the viewport: otherwise two scroll bars would keep each other in place.
        wide = left + width * number + 2
        across = wide > self.width()
        tall = min(_TALLEST if number <= MANY else _TALLEST_OF_MANY, content_height + (_BAR if across else 0))
        down = content_height > tall - (_BAR if across else 0)
        across = across or (down and wide > self.width() - _BAR)
        self._places = Places(left, head, width, height, turned)
        self.setFixedHeight(tall)
        self.horizontalScrollBar().setRange(0, max(0, wide - self.width() + (_BAR if down else 0)) if across else 0)
        self.verticalScrollBar().setRange(0, max(0, content_height - tall + (_BAR if across else 0)) if down else 0)
        for bar, step in ((self.horizontalScrollBar(), width), (self.verticalScrollBar(), height)):
            bar.setSingleStep(max(20, step))
            bar.setPageStep(max(20, step) * 8)
        self._follow()

    def _cell(self, number: int, room: int) -> tuple[int, int]:
        """Width and height of a cell."""
        if self._size is not None:
            return self._size, min(self._size, _HIGHEST) if self._size >= NARROWEST else self._size
        if number > MANY:
            # The whole at once: what stands out can then be enlarged.
            side = max(SMALLEST, min(room // number, (_TALLEST_OF_MANY - TOP - _LONGEST) // number, NARROWEST))
            return side, side
        widest, highest = max(_WIDEST, _FEW[0] // number), max(_HIGHEST, _FEW[1] // max(number, 2))
        width = max(NARROWEST, min(widest, room // number))
        if room < width * number:
            width = max(NARROWEST, min(widest, (room - _BAR) // number))
        return width, max(NARROWEST, min(highest, width))

    def _follow(self) -> None:
        """Take over where the scroll bars are."""
        self._places = replace(self._places, across=self.horizontalScrollBar().value(), down=self.verticalScrollBar().value())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        before = self.cell_size
        self._measure()
        if self.cell_size != before:
            self.zoomed.emit(self.cell_size)

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        self._follow()
        self.viewport().update()

    @staticmethod
    def _axis_text() -> tuple[str, str]:
        return tr("True ↓", "Verdadera ↓"), tr("Predicted →", "Predicha →")

    def rect_of(self, label: int, predicted: int) -> QRect:
        """The rectangle of a cell in the viewport."""
        return self._places.cell(self.data.places[label], self.data.places[predicted])

    def cell_at(self, point: QPoint) -> tuple[int, int] | None:
        """The cell under a point of the viewport, or None."""
        places, order = self._places, self.data.order
        if point.x() < places.left or point.y() < places.head:
            return None
        column = (point.x() - places.left + places.across) // places.width
        line = (point.y() - places.head + places.down) // places.height
        return (order[line], order[column]) if line < len(order) and column < len(order) else None

    # Painting ------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        if not len(self.data):
            return
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        view, places, number = self.viewport().rect(), self._places, len(self.data)
        columns = range(places.across // places.width, min(number, (places.across + view.width()) // places.width + 1))
        lines = range(places.down // places.height, min(number, (places.down + view.height()) // places.height + 1))
        painter.save()
        painter.setClipRect(view.adjusted(places.left - 2, places.head - 2, 0, 0))
        paint_cells(painter, self.data, places, self._image, lines, columns)
        for cell, token in ((self._hover, "dim"), (self.selected, "text"),
                            (self.current if self.hasFocus() else None, "accent")):
            if cell is not None and max(cell) < number:
                painter.setPen(QPen(theme.color(token), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(QRectF(self.rect_of(*cell)).adjusted(0, 0, -1, -1), 4, 4)
        painter.restore()
        marked = self._hover or (self.current if self.hasFocus() else self.selected)
        line, column = (self.data.places[each] for each in marked) if marked is not None else (-1, -1)
        paint_lines(painter, self.data, places, lines, line, view.height())
        paint_columns(painter, self.data, places, columns, column, view.width())
        painter.setFont(theme.font("secondary"))
        painter.setPen(theme.color("dim"))
        true, predicted = self._axis_text()
        painter.drawText(QRect(0, places.head - 22, places.left - 10, 18),
                         Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, true)
        painter.drawText(QRect(places.left, 0, view.width() - places.left, 18),
                         Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, predicted)

    # Mouse and keyboard --------------------------------------------------------------------------

    def cell_text(self, label: int, predicted: int) -> str:
        """The text of a cell for tooltip and screen reader."""
        return self.data.describe(label, predicted)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            cell = self.cell_at(event.pos())
            if cell is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), self.cell_text(*cell), self.viewport(), self.rect_of(*cell))
            return True
        if event.type() == QEvent.Type.Leave:
            self._set_hover(None)
        return super().viewportEvent(event)

    def _set_hover(self, cell: tuple[int, int] | None) -> None:
        if cell != self._hover:
            self._hover = cell
            self.pointed.emit(self.cell_text(*cell) if cell is not None else "")
            self.viewport().update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._set_hover(self.cell_at(event.position().toPoint()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position().toPoint())
        if cell is not None and event.button() == Qt.MouseButton.LeftButton:
            self._open(cell)

    def _open(self, cell: tuple[int, int]) -> None:
        self.select(cell)
        self.chosen.emit(*cell)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._zoom_by(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
        elif self.verticalScrollBar().maximum():
            super().wheelEvent(event)
        else:
            # What is shown whole does not scroll: the page does.
            event.ignore()

    def _zoom_by(self, steps: int) -> None:
        self.zoom_to(round(self.cell_size * 1.25 ** steps) + steps)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        number, order = len(self.data), self.data.order
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if event.key() in _ARROWS and number:
            down, right = _ARROWS[Qt.Key(event.key())]
            line, column = (self.data.places[each] for each in self.current)
            self.current = (order[min(max(line + down, 0), number - 1)], order[min(max(column + right, 0), number - 1)])
            self._reveal()
            self.setAccessibleDescription(self.cell_text(*self.current))
            self.pointed.emit(self.cell_text(*self.current))
            self.viewport().update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and number:
            self._open(self.current)
        elif control and event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self._zoom_by(-1 if event.key() == Qt.Key.Key_Minus else 1)
        elif control and event.key() == Qt.Key.Key_0:
            self.zoom_to(None)
        else:
            super().keyPressEvent(event)

    def _reveal(self) -> None:
        box, view, places = self.rect_of(*self.current), self.viewport().rect(), self._places
        for bar, low, high, first, last in (
                (self.horizontalScrollBar(), box.left(), box.right(), places.left, view.right()),
                (self.verticalScrollBar(), box.top(), box.bottom(), places.head, view.bottom())):
            if low < first:
                bar.setValue(bar.value() + low - first)
            elif high > last:
                bar.setValue(bar.value() + high - last)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()
