"""A number, a vector, a matrix and a box."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPen

from cnnstudio.gui.look import theme

_SHAPES = ((1, 1, 1), (1, 4, 1), (1, 4, 3), (3, 4, 3))
"""Depth, height and width."""


def paint(painter: QPainter, room: QRectF) -> None:
    side = min(room.height() / 6, room.width() / 18)
    slant = side * 0.55
    widths = [width * side + (depth - 1) * slant for depth, _height, width in _SHAPES]
    gap = side * 1.6
    left = room.center().x() - (sum(widths) + gap * (len(_SHAPES) - 1)) / 2
    for (depth, height, width), whole in zip(_SHAPES, widths, strict=True):
        for layer in reversed(range(depth)):
            top = room.center().y() - height * side / 2 + (depth - 1) * slant / 2 - layer * slant
            for row in range(height):
                for column in range(width):
                    painter.setPen(QPen(theme.color("sunk"), 1.4))
                    painter.setBrush(theme.class_color((0, 4, 2)[layer]))
                    painter.drawRect(QRectF(left + layer * slant + column * side, top + row * side, side, side))
        left += whole + gap
