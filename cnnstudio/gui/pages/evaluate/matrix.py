"""The confusion matrix: rows are the true classes, columns the predicted ones; a click opens a cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QSizePolicy, QToolTip, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.formatting import format_count, format_percent, format_pictures

_WIDEST: Final = 72
_HIGHEST: Final = 34
_FEW: Final = (480, 240)
"""Width and height that the cells of a few classes share: two classes have large cells."""
_ROOMY: Final = 52
"""Cells of this height show the share below the number."""
_NARROWEST: Final = 28
_TINY: Final = 18
"""Cells are at least _NARROWEST wide; with more than _MANY classes, _TINY."""
_MANY: Final = 24
_LONGEST: Final = 132
_TOP: Final = 20
_TALLEST: Final = 560
_BAR: Final = 12
"""The thickness of a scroll bar in pixels."""
_ARROWS: Final = {Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0), Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1)}


class ConfusionMatrix(QAbstractScrollArea):
    """`chosen(true class, predicted class)` on a click, or Enter on the cell that the arrow keys moved to.

    The shade of a cell is its share of its row. Class names stay in place while cells scroll.
    """

    chosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self._colors: tuple[QColor, ...] = ()
        self._rows: tuple[tuple[int, ...], ...] = ()
        self._sums: list[int] = []
        self.current = (0, 0)
        self.selected: tuple[int, int] | None = None
        self._hover: tuple[int, int] | None = None
        self._left = self._head = self._width = self._height = 1
        self._turned = False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Confusion matrix", "Matriz de confusión"))
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)

    def show_matrix(self, names: Sequence[str], colors: Sequence[QColor], rows: Sequence[Sequence[int]]) -> None:
        """Show counts: `rows[i][j]` pictures of class i were predicted as class j."""
        self._names, self._colors = tuple(names), tuple(colors)
        self._rows = tuple(tuple(row) for row in rows)
        self._sums = [sum(row) for row in self._rows]
        self.current, self.selected, self._hover = (0, 0), None, None
        self._measure()
        self.viewport().update()

    def select(self, cell: tuple[int, int] | None) -> None:
        """Mark the cell whose pictures are shown."""
        self.selected = cell
        if cell is not None:
            self.current = cell
        self.viewport().update()

    # Where things are ----------------------------------------------------------------------------

    def _measure(self) -> None:
        number = max(1, len(self._names))
        metrics = QFontMetrics(theme.font("secondary"))
        longest = max((metrics.horizontalAdvance(name) for name in self._names), default=0)
        label = min(_LONGEST, longest)
        self._left = max(label + 30, metrics.horizontalAdvance(self._axis_text()[0]) + 12)
        widest, highest = max(_WIDEST, _FEW[0] // number), max(_HIGHEST, _FEW[1] // max(number, 2))
        least = _NARROWEST if number <= _MANY else _TINY
        room = self.width() - self._left - 2
        self._width = max(least, min(widest, room // number))
        if room < self._width * number:
            self._width = max(least, min(widest, (room - _BAR) // number))
        self._height = max(least, min(highest, self._width))
        self._turned = longest + 10 > self._width
        self._head = _TOP + ((min(_LONGEST, label) + 14) if self._turned else 26)
        content_height = self._head + self._height * number + 2
        # Computed from the widget instead of the viewport: otherwise two scroll bars would keep each other in place.
        wide = self._left + self._width * number + 2
        across = wide > self.width()
        height = min(_TALLEST, content_height + (_BAR if across else 0))
        down = content_height > height - (_BAR if across else 0)
        across = across or (down and wide > self.width() - _BAR)
        self.setFixedHeight(height)
        self.horizontalScrollBar().setRange(0, max(0, wide - self.width() + (_BAR if down else 0)) if across else 0)
        self.verticalScrollBar().setRange(0, max(0, content_height - height + (_BAR if across else 0)) if down else 0)
        for bar, step in ((self.horizontalScrollBar(), self._width), (self.verticalScrollBar(), self._height)):
            bar.setSingleStep(step)
            bar.setPageStep(step * 8)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._measure()

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        self.viewport().update()

    @staticmethod
    def _axis_text() -> tuple[str, str]:
        return tr("True ↓", "Verdadera ↓"), tr("Predicted →", "Predicha →")

    def rect_of(self, row: int, column: int) -> QRect:
        """The rectangle of a cell in the viewport."""
        return QRect(self._left + column * self._width - self.horizontalScrollBar().value(),
                     self._head + row * self._height - self.verticalScrollBar().value(), self._width, self._height)

    def cell_at(self, point: QPoint) -> tuple[int, int] | None:
        """The cell under a point of the viewport, or None."""
        if point.x() < self._left or point.y() < self._head:
            return None
        column = (point.x() - self._left + self.horizontalScrollBar().value()) // self._width
        row = (point.y() - self._head + self.verticalScrollBar().value()) // self._height
        return (row, column) if row < len(self._rows) and column < len(self._names) else None

    # Painting ------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        view = self.viewport().rect()
        left, top = self.horizontalScrollBar().value(), self.verticalScrollBar().value()
        columns = range(left // self._width, min(len(self._names), (left + view.width()) // self._width + 1))
        rows = range(top // self._height, min(len(self._rows), (top + view.height()) // self._height + 1))
        painter.save()
        painter.setClipRect(view.adjusted(self._left - 2, self._head - 2, 0, 0))
        for row in rows:
            for column in columns:
                self._paint_cell(painter, row, column)
        for cell, token in ((self._hover, "dim"), (self.selected, "text"),
                            (self.current if self.hasFocus() else None, "accent")):
            if cell is not None:
                painter.setPen(QPen(theme.color(token), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(QRectF(self.rect_of(*cell)).adjusted(0, 0, -1, -1), 4, 4)
        painter.restore()
        self._paint_rows(painter, rows)
        self._paint_columns(painter, columns)
        painter.setFont(theme.font("secondary"))
        painter.setPen(theme.color("dim"))
        true, predicted = self._axis_text()
        painter.drawText(QRect(0, self._head - 22, self._left - 10, 18),
                         Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, true)
        painter.drawText(QRect(self._left, 0, view.width() - self._left, 18),
                         Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, predicted)

    def _share(self, row: int, column: int) -> float:
        return self._rows[row][column] / self._sums[row] if self._sums[row] else 0.0

    def _paint_cell(self, painter: QPainter, row: int, column: int) -> None:
        value, share = self._rows[row][column], self._share(row, column)
        gap = 1 if self._width >= _NARROWEST else 0.5
        box = QRectF(self.rect_of(row, column)).adjusted(gap, gap, -gap, -gap)
        # Even a single picture must be visible: the shade starts a little above nothing.
        ground = blend_colors(theme.color("sunk"), theme.color("accent"), 0.12 + 0.88 * share if value else 0.0)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(box, 3, 3)
        text = format_count(value)
        painter.setFont(theme.font("body_strong" if row == column else "secondary"))
        if painter.fontMetrics().horizontalAdvance(text) + 4 > box.width():
            painter.setFont(theme.font("caption", 0.82))
        if painter.fontMetrics().horizontalAdvance(text) <= box.width():
            painter.setPen(theme.on_color(ground) if value else theme.color("faint"))
            half = box.height() / 2 if self._height >= _ROOMY and value else 0.0
            painter.drawText(box.adjusted(0, 0, 0, -half * 0.7), Qt.AlignmentFlag.AlignCenter,
                             text if value or self._width >= _NARROWEST else "")
            if half:
                painter.setFont(theme.font("caption"))
                painter.drawText(box.adjusted(0, half * 0.7, 0, 0), Qt.AlignmentFlag.AlignCenter, format_percent(share, 0))

    def _paint_rows(self, painter: QPainter, rows: range) -> None:
        painter.save()
        painter.setClipRect(QRect(0, self._head, self._left, self.viewport().height()))
        painter.setFont(theme.font("secondary"))
        metrics = painter.fontMetrics()
        for row in rows:
            box = self.rect_of(row, 0)
            middle = box.center().y() + 1
            self._dot(painter, QRectF(self._left - 18, middle - 4, 8, 8), row)
            marked = self._hover is not None and self._hover[0] == row
            painter.setPen(theme.color("text" if marked else "dim"))
            room = self._left - 26
            painter.drawText(QRect(0, box.y(), room, self._height),
                             Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                             metrics.elidedText(self._names[row], Qt.TextElideMode.ElideRight, room))
        painter.restore()

    def _paint_columns(self, painter: QPainter, columns: range) -> None:
        painter.save()
        painter.setClipRect(QRect(self._left, _TOP, self.viewport().width(), self._head - _TOP))
        painter.setFont(theme.font("secondary"))
        metrics = painter.fontMetrics()
        for column in columns:
            box = self.rect_of(0, column)
            marked = self._hover is not None and self._hover[1] == column
            painter.setPen(theme.color("text" if marked else "dim"))
            if not self._turned:
                painter.drawText(QRect(box.x(), _TOP, self._width, self._head - _TOP - 2),
                                 Qt.AlignmentFlag.AlignCenter, self._names[column])
                continue
            room = self._head - _TOP - 10
            painter.save()
            painter.translate(box.x(), self._head - 6)
            painter.rotate(-90)
            painter.drawText(QRect(0, 0, room, self._width), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
                             metrics.elidedText(self._names[column], Qt.TextElideMode.ElideRight, room))
            painter.restore()
        painter.restore()

    def _dot(self, painter: QPainter, box: QRectF, index: int) -> None:
        pen = painter.pen()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._colors[index])
        painter.drawRoundedRect(box, 2, 2)
        painter.setPen(pen)

    # Mouse and keyboard --------------------------------------------------------------------------

    def cell_text(self, row: int, column: int) -> str:
        """The text of a cell for tooltip and screen reader."""
        value = format_pictures(self._rows[row][column])
        if row == column:
            return tr("{n} of {name} recognised ({share})", "{n} de {name} reconocidas ({share})", n=value,
                      name=self._names[row], share=format_percent(self._share(row, column)))
        return tr("{n} of {true} predicted as {predicted} ({share})",
                  "{n} de {true} predichas como {predicted} ({share})", n=value,
                  true=self._names[row], predicted=self._names[column], share=format_percent(self._share(row, column)))

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

    def keyPressEvent(self, event: QKeyEvent) -> None:
        number = len(self._names)
        row, column = self.current
        if event.key() in _ARROWS and number:
            down, right = _ARROWS[Qt.Key(event.key())]
            self.current = (min(max(row + down, 0), number - 1), min(max(column + right, 0), number - 1))
            self._reveal()
            self.setAccessibleDescription(self.cell_text(*self.current))
            self.viewport().update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and number:
            self._open(self.current)
        else:
            super().keyPressEvent(event)

    def _reveal(self) -> None:
        box, view = self.rect_of(*self.current), self.viewport().rect()
        for bar, low, high, first, last in (
                (self.horizontalScrollBar(), box.left(), box.right(), self._left, view.right()),
                (self.verticalScrollBar(), box.top(), box.bottom(), self._head, view.bottom())):
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


def blend_colors(low: QColor, high: QColor, share: float) -> QColor:
    """The colour at `share` (0 to 1) between two colours."""
    parts = [round(one + (other - one) * share) for one, other in (
        (low.red(), high.red()), (low.green(), high.green()), (low.blue(), high.blue()))]
    return QColor(*parts)
