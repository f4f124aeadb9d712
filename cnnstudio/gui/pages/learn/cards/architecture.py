"""Maps that get smaller and deeper from layer to layer."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from cnnstudio.gui.look import theme

_LAYERS = (("input", 1.0, 5.0), ("convolution", 1.0, 14.0), ("pooling", 0.62, 14.0), ("convolution", 0.62, 24.0),
           ("pooling", 0.36, 24.0), ("core", 0.5, 5.0))


def paint(painter: QPainter, room: QRectF) -> None:
    widths = [width + 0.22 * share * room.height() for _family, share, width in _LAYERS]
    gap = min(16.0, (room.width() - sum(widths)) / (len(_LAYERS) - 1))
    left = room.center().x() - (sum(widths) + gap * (len(_LAYERS) - 1)) / 2
    for (family, share, width), whole in zip(_LAYERS, widths, strict=True):
        height = 0.72 * share * room.height()
        slant = QPointF(0.22 * share * room.height(), -0.16 * share * room.height())
        front = QRectF(left, room.center().y() - height / 2 + 0.06 * room.height(), width, height)
        color = theme.family_color(family)
        painter.setPen(QPen(theme.color("sunk"), 1.2))
        painter.setBrush(color.lighter(128))
        painter.drawPolygon(QPolygonF([front.topLeft(), front.topRight(), front.topRight() + slant, front.topLeft() + slant]))
        painter.setBrush(color.darker(118))
        painter.drawPolygon(QPolygonF([front.topRight(), front.bottomRight(), front.bottomRight() + slant,
                                       front.topRight() + slant]))
        painter.setBrush(color)
        painter.drawRect(front)
        left += whole + gap
    painter.setPen(Qt.PenStyle.NoPen)
