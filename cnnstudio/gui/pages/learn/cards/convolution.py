"""A window over a digit, the kernel, and the result."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from cnnstudio.gui.pages.learn.drawing import tints
from cnnstudio.gui.pages.learn.drawing.cells import Grid, paint_cells
from cnnstudio.gui.pages.learn.drawing.marks import Window, paint_window
from cnnstudio.gui.pages.learn.drawing.sketch import paint_sign
from cnnstudio.learning.benches.convolution.arithmetic import convolve
from cnnstudio.learning.benches.convolution.settings import ConvolutionSettings
from cnnstudio.learning.benches.pictures.source import PictureSource, load_pixels

_SETTINGS = ConvolutionSettings(source=PictureSource(sample="digit", side=12))


def paint(painter: QPainter, room: QRectF) -> None:
    convolved = convolve(load_pixels(_SETTINGS.source), _SETTINGS)
    side = min(room.height() / 12, room.width() / 31)
    top, left = room.center().y() - side * 6, room.center().x() - side * 15.5
    first = Grid(left, top, side)
    paint_cells(painter, convolved.pixels[..., 0].astype(float), first, room, tints.gray())
    paint_window(painter, first, Window(3, 4, 3, 3))
    kernel = Grid(left + side * 13.6, top + side * 4.5, side)
    paint_cells(painter, convolved.kernels[0].values[..., 0], kernel, room, tints.diverging())
    paint_sign(painter, QRectF(left + side * 17.2, top + side * 4, side * 3, side * 4))
    result = np.asarray(convolved.result[..., 0])
    paint_cells(painter, result, Grid(left + side * 21, top + side, side), room, tints.diverging())
