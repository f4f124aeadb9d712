"""Training goes on to rise, validation does not: the gap."""

from __future__ import annotations

from math import exp

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from cnnstudio.gui.look import theme


def paint(painter: QPainter, room: QRectF) -> None:
    def points(top: float, speed: float, fall: float) -> list[QPointF]:
        shares = [place / 40 for place in range(41)]
        return [QPointF(room.x() + share * room.width(), room.bottom() - room.height() * (
            top * (1 - exp(-speed * share)) - fall * share)) for share in shares]

    train, validation = points(0.96, 4.5, 0.0), points(0.78, 5.5, 0.14)
    color = theme.class_color(0)
    fill = QColor(color)
    fill.setAlpha(50)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(fill)
    painter.drawPolygon(QPolygonF([*train, *reversed(validation)]))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(color, 2, Qt.PenStyle.DashLine))
    painter.drawPolyline(QPolygonF(train))
    painter.setPen(QPen(color, 2.5))
    painter.drawPolyline(QPolygonF(validation))
    painter.setPen(QPen(theme.color("faint"), 1))
    painter.drawLine(room.bottomLeft(), room.bottomRight())
    painter.drawLine(room.bottomLeft(), room.topLeft())
