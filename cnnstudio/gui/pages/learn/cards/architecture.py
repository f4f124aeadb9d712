"""Volumes that get smaller and deeper."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from cnnstudio.gui.look import theme

_VOLUMES = ((1.0, 0.06, "input"), (0.86, 0.14, "convolution"), (0.56, 0.2, "pooling"), (0.44, 0.3, "convolution"),
            (0.24, 0.38, "pooling"), (0.7, 0.05, "core"))


def paint(painter: QPainter, room: QRectF) -> None:
    height = room.height()
    wide = sum(depth + 0.16 for _size, depth, _family in _VOLUMES) * height * 0.72
    left = room.center().x() - wide / 2
    for size, depth, family in _VOLUMES:
        color = theme.family_color(family)
        high, slant, long = size * height * 0.82, size * height * 0.16, depth * height * 0.72
        front = QRectF(left, room.center().y() - high / 2 + slant / 2, long, high - slant / 2)
        top = QPolygonF([front.topLeft(), front.topLeft() + QPointF(slant, -slant), front.topRight() + QPointF(slant, -slant),
                         front.topRight()])
        end = QPolygonF([front.topRight(), front.topRight() + QPointF(slant, -slant),
                         front.bottomRight() + QPointF(slant, -slant), front.bottomRight()])
        painter.setPen(QPen(theme.color("surface"), 1))
        for shape, lightness in ((QPolygonF(front), 100), (top, 130), (end, 80)):
            painter.setBrush(QColor(color).lighter(lightness))
            painter.drawPolygon(shape)
        left += long + 0.16 * height * 0.72
