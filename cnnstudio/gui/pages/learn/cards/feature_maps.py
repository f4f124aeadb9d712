"""A value sees more of the picture from layer to layer."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.learn.drawing.field_colors import depth_color

_SHARES = (0.1, 0.22, 0.4, 0.62, 0.86)
_MAPS = 8


def paint(painter: QPainter, room: QRectF) -> None:
    side = room.height()
    left = room.center().x() - (side + 20 + 3 * side / 2) / 2
    picture = QRectF(left, room.y(), side, side)
    painter.setPen(Qt.PenStyle.NoPen)
    for row in range(_MAPS):
        for column in range(_MAPS):
            painter.setOpacity(0.1 + 0.5 * ((row * 3 + column * 5 + row * column) % 7) / 7)
            painter.setBrush(theme.color("dim"))
            painter.drawRect(QRectF(picture.x() + column * side / _MAPS, picture.y() + row * side / _MAPS, side / _MAPS,
                                    side / _MAPS))
    painter.setOpacity(1)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for number, share in enumerate(_SHARES):
        painter.setPen(QPen(depth_color(number, len(_SHARES)), 2))
        painter.drawRect(QRectF(picture.center().x() - share * side / 2, picture.center().y() - share * side / 2, share * side,
                                share * side))
    small = side / 2 - 4
    painter.setPen(Qt.PenStyle.NoPen)
    for number in range(6):
        tile = QRectF(picture.right() + 20 + number % 3 * (small + 8), picture.y() + number // 3 * (small + 8), small, small)
        cell = small / 4
        for row in range(4):
            for column in range(4):
                painter.setOpacity(0.12 + 0.8 * ((row * (number + 2) + column * 3 + number) % 5) / 5)
                painter.setBrush(theme.family_color("convolution"))
                painter.drawRect(QRectF(tile.x() + column * cell, tile.y() + row * cell, cell, cell))
    painter.setOpacity(1)
