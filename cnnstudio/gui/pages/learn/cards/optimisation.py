"""Two ways down a valley."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.learn.drawing.sketch import paint_curve


def paint(painter: QPainter, room: QRectF) -> None:
    place = QRectF(room.center().x() - room.height() * 1.1, room.y(), room.height() * 2.2, room.height())
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for ring in range(1, 6):
        color = theme.color("faint" if ring % 2 else "dim")
        painter.setPen(QPen(color, 1))
        painter.drawEllipse(place.center(), place.width() / 2 * ring / 5.4, place.height() / 2 * ring / 5.4)
    for hue, rate, momentum in ((5, 0.19, 0.0), (0, 0.03, 0.85)):
        at, speed, ways = np.asarray([-0.95, 0.62]), np.zeros(2), []
        for _ in range(40):
            ways.append(at.copy())
            speed = momentum * speed - rate * at * np.asarray([0.6, 9.2])
            at = at + speed
        points = np.clip(np.asarray(ways), -1, 1)
        paint_curve(painter, place, points[:, 0] / 2 + 0.5, points[:, 1] / 2 + 0.5, theme.class_color(hue))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color("text"))
    painter.drawEllipse(QPointF(place.center()), 3, 3)
