"""Elements that flow through cards and leave in batches."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from cnnstudio.gui.look import theme


def paint(painter: QPainter, room: QRectF) -> None:
    middle, step = room.center().y(), room.width() / 12
    order = (0, 1, 2, 3, 4, 5), (3, 0, 5, 1, 4, 2)
    painter.setPen(QPen(theme.color("line"), 1))
    for turn, stage in enumerate(order):
        left = room.x() + turn * step * 5.4
        for number, element in enumerate(stage):
            row, column = divmod(number, 2)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.class_color(element))
            painter.drawEllipse(QPointF(left + step * (0.5 + column), middle + (row - 1) * step * 1.2), step * 0.4, step * 0.4)
    box = QRectF(room.x() + step * 2.6, middle - step * 1.3, step * 2.2, step * 2.6)
    for left in (box.x(), room.x() + step * 8):
        painter.setPen(QPen(theme.color("accent"), 1.6))
        painter.setBrush(theme.color("accent_bg"))
        painter.drawRoundedRect(QRectF(left, box.y(), box.width() * 0.9, box.height()), 5, 5)
    painter.setPen(QPen(theme.color("accent"), 1.8))
    for left in (box.x(), room.x() + step * 8):
        tip = QPointF(left + box.width() * 0.62, middle)
        painter.drawPolyline([tip + QPointF(-step * 0.5, -step * 0.6), tip, tip + QPointF(-step * 0.5, step * 0.6)])
    for batch in range(3):
        place = QRectF(room.x() + step * 10.4, middle + (batch - 1.5) * step * 1.15 + 2, step * 1.6, step)
        painter.setPen(QPen(theme.color("faint"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(place, 3, 3)
        for number in range(2):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.class_color(order[1][batch * 2 + number]))
            painter.drawEllipse(QPointF(place.x() + place.width() * (0.28 + 0.44 * number), place.center().y()), step * 0.3,
                                step * 0.3)
