"""Curves of training and validation that part, and others that stay together."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.learn.drawing.sketch import paint_axes, paint_curve


def paint(painter: QPainter, room: QRectF) -> None:
    x = np.linspace(0, 1, 60)
    for half, gap in ((0, 0.62), (1, 0.08)):
        place = QRectF(room.x() + half * (room.width() / 2 + 8), room.y(), room.width() / 2 - 8, room.height())
        paint_axes(painter, place, 0.0, 1.0)
        falling = 0.08 + 0.85 * np.exp(-x * 5)
        paint_curve(painter, place, x, falling, theme.class_color(0))
        paint_curve(painter, place, x, falling + 0.04 + gap * x**1.6, theme.class_color(5), dashed=True)
