"""A digit, and what a first layer sees in it."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from cnnstudio.gui.pages.learn.drawing import tints
from cnnstudio.gui.pages.learn.drawing.cells import Grid, paint_cells
from cnnstudio.gui.pages.learn.drawing.sketch import paint_sign
from cnnstudio.learning.benches.convolution.arithmetic import convolve
from cnnstudio.learning.benches.convolution.settings import ConvolutionSettings, Filter
from cnnstudio.learning.benches.pictures.source import PictureSource, load_pixels

_NAMES = ("sobel_x", "sobel_y", "edges", "emboss", "blur", "laplacian")
_SETTINGS = ConvolutionSettings(source=PictureSource(sample="digit_3", side=28), padding="same",
                                filters=tuple(Filter(preset=name) for name in _NAMES))


def paint(painter: QPainter, room: QRectF) -> None:
    convolved = convolve(load_pixels(_SETTINGS.source), _SETTINGS)
    side = min(room.height() / 62, room.width() / 150)
    left, top = room.center().x() - side * 75, room.center().y() - side * 30
    paint_cells(painter, convolved.pixels[..., 0].astype(float), Grid(left, top + side * 8, side * 1.5), room, tints.gray())
    paint_sign(painter, QRectF(left + side * 45, top + side * 20, side * 10, side * 20))
    for number in range(len(_NAMES)):
        row, column = divmod(number, 3)
        values = convolved.result[..., number]
        grid = Grid(left + side * (60 + column * 31), top + side * row * 31, side)
        paint_cells(painter, values, grid, room, tints.diverging() if values.min() < 0 else tints.gray())
