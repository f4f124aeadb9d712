"""Two ways down a valley."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from cnnstudio.gui.look import theme

_STEEP = ((0.08, 0.16), (0.2, 0.92), (0.27, 0.2), (0.36, 0.8), (0.44, 0.32), (0.53, 0.66), (0.61, 0.42), (0.68, 0.53))
_SMOOTH = ((0.08, 0.16), (0.16, 0.36), (0.27, 0.54), (0.4, 0.64), (0.53, 0.62), (0.64, 0.53), (0.72, 0.5))


def paint(painter: QPainter, room: QRectF) -> None:
    middle = QPointF(room.x() + 0.72 * room.width(), room.center().y())
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for number in range(1, 8):
        share = number / 7
        painter.setPen(QPen(theme.color("accent" if number < 3 else "faint"), 1))
        painter.setOpacity(1.15 - share)
        painter.drawEllipse(middle, share * 0.72 * room.width(), share * 0.56 * room.height())
    painter.setOpacity(1)
    for place, path in ((1, _STEEP), (0, _SMOOTH)):
        points = [QPointF(room.x() + x * room.width(), room.y() + y * room.height()) for x, y in path]
        painter.setPen(QPen(theme.class_color(place), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(points))
        painter.setBrush(theme.class_color(place))
        painter.setPen(Qt.PenStyle.NoPen)
        for point in points:
            painter.drawEllipse(point, 3, 3)
