"""Strokes of small drawings: an arrow, axes, a curve."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from cnnstudio.gui.look import theme


def paint_sign(painter: QPainter, room: QRectF) -> None:
    """An arrow to the right in the middle of a room."""
    middle, half = room.center(), min(room.width(), room.height()) * 0.36
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.color("dim"), 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    tip = middle + QPointF(half, 0)
    painter.drawLine(middle - QPointF(half, 0), tip)
    painter.drawPolyline([tip + QPointF(-half * 0.7, -half * 0.6), tip, tip + QPointF(-half * 0.7, half * 0.6)])


def paint_axes(painter: QPainter, room: QRectF, across: float, up: float) -> None:
    """Two thin lines; `across` and `up` are the shares of the room where they cross, from the left and from the top."""
    painter.setPen(QPen(theme.color("faint"), 1))
    x, y = room.x() + room.width() * across, room.y() + room.height() * up
    painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
    painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))


def paint_curve(painter: QPainter, room: QRectF, x: np.ndarray, y: np.ndarray, color: QColor, *, dashed: bool = False) -> None:
    """A curve of shares of the room, `y` upwards; what lies outside of it is cut off."""
    painter.save()
    painter.setClipRect(room.adjusted(-1, -1, 1, 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(color, 2, Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine))
    painter.drawPolyline(QPolygonF([QPointF(room.x() + room.width() * across, room.bottom() - room.height() * up)
                                    for across, up in zip(x.tolist(), y.tolist(), strict=True)]))
    painter.restore()
