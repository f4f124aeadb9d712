"""A number, a vector, a matrix, a stack of matrices."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.learn.drawing.cells import Grid, paint_cells


def _tint(number: int) -> np.ndarray:
    color = theme.class_color(number)
    return np.asarray([color.red(), color.green(), color.blue()], np.uint8)


def _paint(painter: QPainter, room: QRectF, grid: Grid, rows: int, columns: int, color: int) -> None:
    values = np.arange(rows * columns, dtype=float).reshape(rows, columns) + 1
    paint_cells(painter, values, grid, room, lambda shown: np.broadcast_to(_tint(color), (*shown.shape, 3)).astype(np.uint8))


def paint(painter: QPainter, room: QRectF) -> None:
    side = min(room.height() / 4.2, room.width() / 10.6)
    left, middle = room.center().x() - side * 5.3, room.center().y()
    _paint(painter, room, Grid(left, middle - side / 2, side), 1, 1, 7)
    _paint(painter, room, Grid(left + side * 1.7, middle - side * 1.5, side), 3, 1, 2)
    _paint(painter, room, Grid(left + side * 3.4, middle - side * 1.5, side), 3, 3, 4)
    for depth in (2, 1, 0):
        _paint(painter, room, Grid(left + side * (7.1 + depth * 0.32), middle - side * (1.2 + depth * 0.32), side), 3, 3, 0)
