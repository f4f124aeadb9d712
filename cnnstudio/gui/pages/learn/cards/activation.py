"""ReLU, sigmoid and tanh."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.learn.drawing.sketch import paint_axes, paint_curve
from cnnstudio.learning.benches.activation.functions import FUNCTIONS


def paint(painter: QPainter, room: QRectF) -> None:
    x = np.linspace(-3, 3, 121)
    place = QRectF(room.center().x() - room.height(), room.y(), room.height() * 2, room.height())
    paint_axes(painter, place, 0.5, 0.6)
    for color, name in ((0, "relu"), (2, "sigmoid"), (5, "tanh")):
        y = FUNCTIONS[name].value(x, 0.0)
        paint_curve(painter, place, (x + 3) / 6, 0.4 + y / 2.6 * 0.6, theme.class_color(color))
