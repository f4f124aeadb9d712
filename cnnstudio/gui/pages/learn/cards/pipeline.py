"""Numbers in order, shuffled, and in batches."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from cnnstudio.gui.look import theme

_ROWS = ((0, 1, 2, 3, 4, 5, 6, 7), (2, 0, 3, 1, 5, 7, 4, 6), (2, 0, 3, 1, 5, 7, 4, 6))
_BATCH = 4


def paint(painter: QPainter, room: QRectF) -> None:
    step = min(room.width() / 9, room.height() / 2.6)
    radius = step * 0.36
    painter.setFont(theme.font("secondary"))
    for number, row in enumerate(_ROWS):
        y = room.y() + room.height() * (2 * number + 1) / 6
        left = room.center().x() - step * (len(row) - 1) / 2
        if number == len(_ROWS) - 1:
            painter.setBrush(theme.color("accent_bg"))
            painter.setPen(QPen(theme.color("accent"), 1.2))
            for start in range(0, len(row), _BATCH):
                painter.drawRoundedRect(QRectF(left + start * step - radius - 3, y - radius - 3, (_BATCH - 1) * step
                                               + 2 * radius + 6, 2 * radius + 6), radius, radius)
        for place, value in enumerate(row):
            at = QPointF(left + place * step, y)
            painter.setPen(Qt.PenStyle.NoPen)
            color = theme.class_color(value)
            painter.setBrush(color)
            painter.drawEllipse(at, radius, radius)
            painter.setPen(theme.on_color(color))
            painter.drawText(QRectF(at.x() - radius, at.y() - radius, 2 * radius, 2 * radius), Qt.AlignmentFlag.AlignCenter,
                             str(value))
