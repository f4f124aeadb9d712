"""How often each value occurs in a picture."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.core.text import format_number
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.basics import Label, column

_LINES: Final = (5, 2, 0)
"""The colour-blind-safe hues for red, green and blue."""


class Histogram(QWidget):
    """256 values from left to right, one area for each channel, with the facts of the picture above."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self._heading = Label(title, "body_strong")
        self._facts = Label("", "secondary", "dim")
        self._area = _Area(title)
        layout = column(self._heading, self._facts, self._area, spacing=2)
        layout.setStretch(2, 1)
        self.setLayout(layout)

    def show_counts(self, counts: np.ndarray, facts: str, low: float = 0, high: float = 255) -> None:
        """Show counts (channels, 256); `low` and `high` are the values at both ends."""
        self._facts.setText(facts)
        self._area.show_counts(counts, low, high)
        self._area.setAccessibleDescription(facts)


class _Area(QWidget):
    def __init__(self, name: str) -> None:
        super().__init__()
        self._counts, self._ends = np.zeros((1, 256)), ("0", "255")
        self.setMinimumHeight(76)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(name)

    def sizeHint(self) -> QSize:
        return QSize(260, 110)

    def show_counts(self, counts: np.ndarray, low: float, high: float) -> None:
        self._counts = counts
        self._ends = (format_number(low, ".3g"), format_number(high, ".3g"))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = QRectF(0, 0, self.width(), self.height() - 18)
        painter.fillRect(room, theme.color("raised"))
        # The square root: a single frequent value would press all others to the ground.
        heights = np.sqrt(self._counts / max(1, self._counts.max()))
        several = len(heights) > 1
        for number, line in enumerate(heights):
            color = theme.class_color(_LINES[number % 3]) if several else theme.color("dim")
            self._paint_line(painter, room, line, color)
        painter.setPen(QPen(theme.color("line"), 1))
        painter.drawLine(room.bottomLeft(), room.bottomRight())
        painter.setFont(theme.font("secondary"))
        painter.setPen(theme.color("dim"))
        line_rect = QRectF(0, room.bottom() + 2, self.width(), 16)
        painter.drawText(line_rect, Qt.AlignmentFlag.AlignLeft, self._ends[0])
        painter.drawText(line_rect, Qt.AlignmentFlag.AlignRight, self._ends[1])

    def _paint_line(self, painter: QPainter, room: QRectF, heights: np.ndarray, color: QColor) -> None:
        step = room.width() / len(heights)
        points = [QPointF((place + 0.5) * step, room.bottom() - height * (room.height() - 4))
                  for place, height in enumerate(heights.tolist())]
        fill = QColor(color)
        fill.setAlpha(50)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawPolygon(QPolygonF([room.bottomLeft(), *points, room.bottomRight()]))
        painter.setPen(QPen(color, 1.4))
        painter.drawPolyline(points)
