"""A sheet to draw on, with the mouse, a pen or the keyboard."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme, tokens

SIDE: Final = 224
"""Pixels of a side of the picture that is answered."""
PENS: Final = (0.05, 0.085, 0.13)
"""Widths of the pen, as shares of the side."""
_KEY_STEP: Final = 0.04
_MARGIN: Final = 4
_HINT_GAP: Final = 16
"""Pixels between the hint and the cross of the keys in the middle."""
_KEYS: Final = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}


class DrawingPad(QWidget):
    """`changed()` while something is drawn. Points are shares of the side, so that a drawing survives another size.

    With the keyboard the arrows move a cross, Space puts the pen down and lifts it; Delete clears, Backspace takes the last
    stroke back.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._strokes: list[list[QPointF]] = []
        self._pen, self._dark = PENS[1], False
        self._cross = QPointF(0.5, 0.5)
        self._pen_down = self._drawing = False
        self.setMinimumSize(200, 200)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName(tr("Drawing", "Dibujo"))
        self.setAccessibleDescription(tr(
            "Arrows move the cross, Space puts the pen down or lifts it, Backspace takes a stroke back, Delete clears.",
            "Las flechas mueven la cruz, la barra espaciadora baja o levanta el lápiz, Retroceso quita un trazo, Supr borra."))

    # What is drawn ---------------------------------------------------------------------------------

    @property
    def empty(self) -> bool:
        return not self._strokes

    @property
    def strokes(self) -> list[list[tuple[float, float]]]:
        """The strokes as plain points."""
        return [[(point.x(), point.y()) for point in stroke] for stroke in self._strokes]

    def draw(self, points: list[tuple[float, float]]) -> None:
        """Add a whole stroke."""
        self._strokes.append([QPointF(*point) for point in points])
        self._announce()

    def set_strokes(self, strokes: Iterable[Iterable[tuple[float, float]]]) -> None:
        """Draw these strokes instead."""
        self._strokes = [[QPointF(*point) for point in stroke] for stroke in strokes]
        self._announce()

    def clear(self) -> None:
        """An empty sheet."""
        self._strokes.clear()
        self._pen_down = False
        self._announce()

    def take_back(self) -> None:
        """Remove the last stroke."""
        if self._strokes:
            self._strokes.pop()
            self._pen_down = False
            self._announce()

    def set_pen(self, share: float) -> None:
        self._pen = share
        self._announce()

    def set_dark(self, dark: bool) -> None:
        self._dark = dark
        self._announce()

    def ink(self, side: int = SIDE) -> NDArray[np.uint8]:
        """The ink (side, side): 255 where the pen was."""
        image = QImage(side, side, QImage.Format.Format_Grayscale8)
        image.fill(0)
        painter = QPainter(image)
        self._paint_strokes(painter, QRectF(0, 0, side, side), QColor(255, 255, 255))
        painter.end()
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(side, image.bytesPerLine())
        return rows[:, :side].copy()

    def _announce(self) -> None:
        self.update()
        self.changed.emit()

    # Painting --------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(420, 420)

    def _sheet(self) -> QRectF:
        side = min(self.width(), self.height()) - 2 * _MARGIN
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def _paint_strokes(self, painter: QPainter, area: QRectF, color: QColor) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(color, self._pen * area.width(), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap,
                            Qt.PenJoinStyle.RoundJoin))
        for stroke in self._strokes:
            points = [QPointF(area.x() + point.x() * area.width(), area.y() + point.y() * area.height()) for point in stroke]
            if len(points) == 1:
                painter.drawPoint(points[0])
                continue
            path = QPainterPath(points[0])
            for point in points[1:]:
                path.lineTo(point)
            painter.drawPath(path)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        sheet = self._sheet()
        # The sheet has the colours of the picture, whatever the theme: it is what the network gets.
        paper, ink = (QColor(0, 0, 0), QColor(255, 255, 255)) if self._dark else (QColor(255, 255, 255), QColor(0, 0, 0))
        outline = QPainterPath()
        outline.addRoundedRect(sheet, tokens.THUMBNAIL_RADIUS, tokens.THUMBNAIL_RADIUS)
        painter.setPen(QPen(theme.color("accent" if self.hasFocus() else "line"), 2 if self.hasFocus() else 1))
        painter.setBrush(paper)
        painter.drawPath(outline)
        painter.save()
        painter.setClipPath(outline)
        self._paint_strokes(painter, sheet, ink)
        painter.restore()
        if self.empty:
            self._paint_hint(painter, sheet)
        if self.hasFocus() and not self._drawing:
            self._paint_cross(painter, sheet)

    def _paint_hint(self, painter: QPainter, sheet: QRectF) -> None:
        painter.setPen(QColor(150, 155, 162) if self._dark else QColor(95, 100, 107))
        painter.setFont(theme.font("title"))
        area, align = self.hint_area(sheet)
        painter.drawText(area, Qt.AlignmentFlag.AlignHCenter | align | Qt.TextFlag.TextWordWrap, tr("Draw here", "Dibuje aquí"))

    def hint_area(self, sheet: QRectF) -> tuple[QRectF, Qt.AlignmentFlag]:
        """Where the hint stands: in the middle, or with the keyboard in the half in which its cross is not."""
        inner = sheet.adjusted(24, 24, -24, -24)
        if not self.hasFocus():
            return inner, Qt.AlignmentFlag.AlignVCenter
        middle = inner.center().y()
        half = QRectF(inner.x(), inner.y(), inner.width(), inner.height() / 2 - _HINT_GAP)
        if self._cross.y() < 0.5:
            return half.translated(0, middle + _HINT_GAP - inner.y()), Qt.AlignmentFlag.AlignTop
        return half, Qt.AlignmentFlag.AlignBottom

    def _paint_cross(self, painter: QPainter, sheet: QRectF) -> None:
        place = QPointF(sheet.x() + self._cross.x() * sheet.width(), sheet.y() + self._cross.y() * sheet.height())
        painter.setPen(QPen(theme.color("accent"), 2 if self._pen_down else 1))
        for across, down in ((7, 0), (0, 7)):
            painter.drawLine(place - QPointF(across, down), place + QPointF(across, down))

    # Mouse and keys --------------------------------------------------------------------------------

    def _share(self, place: QPointF) -> QPointF:
        sheet = self._sheet()
        return QPointF((place.x() - sheet.x()) / sheet.width(), (place.y() - sheet.y()) / sheet.height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._sheet().contains(event.position()):
            self._drawing, self._pen_down = True, False
            self._strokes.append([self._share(event.position())])
            self._announce()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drawing:
            self._strokes[-1].append(self._share(event.position()))
            self._announce()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._drawing and event.button() == Qt.MouseButton.LeftButton:
            self._drawing = False
            self._cross = self._share(event.position())
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _KEYS:
            self._move_cross(*_KEYS[key])
        elif key == Qt.Key.Key_Space:
            self._pen_down = not self._pen_down
            if self._pen_down:
                self._strokes.append([QPointF(self._cross)])
            self._announce()
        elif key == Qt.Key.Key_Delete:
            self.clear()
        elif key == Qt.Key.Key_Backspace:
            self.take_back()
        else:
            super().keyPressEvent(event)

    def _move_cross(self, across: int, down: int) -> None:
        self._cross = QPointF(min(1.0, max(0.0, self._cross.x() + _KEY_STEP * across)),
                              min(1.0, max(0.0, self._cross.y() + _KEY_STEP * down)))
        if self._pen_down:
            self._strokes[-1].append(QPointF(self._cross))
            self._announce()
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._pen_down = False
        self.update()
