"""Four windows of four cells become four cells."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.learn.drawing.cells import Grid, paint_cells
from cnnstudio.gui.pages.learn.drawing.marks import Window, paint_window
from cnnstudio.gui.pages.learn.drawing.sketch import paint_sign

_VALUES = np.asarray([[1, 3, 2, 0], [5, 2, 1, 4], [0, 2, 7, 3], [1, 6, 2, 8]], float)


def _tint(values: np.ndarray) -> np.ndarray:
    """Each window, or what is left of it, in its own colour."""
    step = 2 if values.shape[0] == 4 else 1
    result = np.zeros((*values.shape, 3), np.uint8)
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            color = theme.class_color(row // step * 2 + column // step)
            result[row, column] = (color.red(), color.green(), color.blue())
    return result


def paint(painter: QPainter, room: QRectF) -> None:
    side = min(room.height() / 4, room.width() / 8.4)
    left, top = room.center().x() - side * 4.2, room.center().y() - side * 2
    first = Grid(left, top, side)
    paint_cells(painter, _VALUES, first, room, _tint)
    paint_window(painter, first, Window(2, 2, 2, 2), "text")
    paint_sign(painter, QRectF(left + side * 4.4, top + side, side * 1.6, side * 2))
    pooled = _VALUES.reshape(2, 2, 2, 2).max(axis=(1, 3))
    paint_cells(painter, pooled, Grid(left + side * 6.4, top + side, side), room, _tint)
