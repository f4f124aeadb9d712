"""The cells of a matrix as one picture: grounds, numbers where they fit, lines between. Crisp at every scale."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen

from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.learn.drawing.numbers import format_cell
from cnnstudio.gui.pages.learn.drawing.tints import Tint

LINED: Final = 6.0
"""The side of a cell in pixels from which lines are drawn between cells."""
_NUMBERED: Final = 14.0
"""The side from which numbers may fit."""
_MOST_NUMBERS: Final = 4000
_SMALLEST, _LARGEST = 7, 16
"""Pixels of the font in a cell."""
_DARK, _LIGHT = QColor(16, 18, 20), QColor(255, 255, 255)


class Grid(NamedTuple):
    """Where cells lie in a widget: the left upper corner of cell (0, 0), and the side of a cell in pixels."""

    left: float
    top: float
    side: float

    def cell(self, row: float, column: float, rows: float = 1, columns: float = 1) -> QRectF:
        """The rectangle of some cells."""
        return QRectF(self.left + column * self.side, self.top + row * self.side, columns * self.side, rows * self.side)

    def at(self, point: QPointF) -> tuple[int, int]:
        """The row and column below a point, whether or not there is such a cell."""
        return int((point.y() - self.top) // self.side), int((point.x() - self.left) // self.side)


class Border(NamedTuple):
    """The cells at each side of a matrix that are padding."""

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0

    def mask(self, shape: tuple[int, int]) -> np.ndarray:
        """True for padding."""
        result = np.ones(shape, bool)
        result[self.top:shape[0] - self.bottom, self.left:shape[1] - self.right] = False
        return result


def paint_cells(painter: QPainter, values: np.ndarray, grid: Grid, room: QRectF, tint: Tint, border: Border = Border(),
                text: Callable[[float], str] = format_cell, lines: bool = True) -> bool:
    """Draw what is seen of a matrix in `room`; True where its numbers are readable."""
    rows, columns = values.shape
    first_row, first_column = (max(0, place) for place in grid.at(room.topLeft()))
    last_row, last_column = grid.at(room.bottomRight())
    last_row, last_column = min(rows, last_row + 1), min(columns, last_column + 1)
    if last_row <= first_row or last_column <= first_column:
        return False
    part = (slice(first_row, last_row), slice(first_column, last_column))
    grounds = tint(values)[part].copy()
    padding = border.mask(values.shape)[part]
    sunk = theme.color("sunk")
    grounds[padding] = (sunk.red(), sunk.green(), sunk.blue())
    target = grid.cell(first_row, first_column, last_row - first_row, last_column - first_column)
    painter.save()
    painter.setClipRect(room)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, grid.side * painter.device().devicePixelRatioF() < 1)
    painter.drawImage(target, _image(grounds))
    if lines and grid.side >= LINED:
        _paint_lines(painter, target, grid)
    readable = _paint_numbers(painter, values[part], grounds, padding, target, grid, text)
    painter.restore()
    return readable


def _image(pixels: np.ndarray) -> QImage:
    # 32 bits a pixel, as the screen has them: others would be converted first.
    data = np.full((*pixels.shape[:2], 4), 255, np.uint8)
    data[..., :3] = pixels[..., ::-1]
    return QImage(data.data, data.shape[1], data.shape[0], data.shape[1] * 4, QImage.Format.Format_RGB32).copy()


def _paint_lines(painter: QPainter, target: QRectF, grid: Grid) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    # Half transparent: seen on black and on white, loud on neither.
    color = QColor(theme.color("faint"))
    color.setAlpha(90)
    pen = QPen(color, 1)
    pen.setCosmetic(True)
    painter.setPen(pen)
    for number in range(round(target.width() / grid.side) + 1):
        x = target.x() + number * grid.side
        painter.drawLine(QPointF(x, target.top()), QPointF(x, target.bottom()))
    for number in range(round(target.height() / grid.side) + 1):
        y = target.y() + number * grid.side
        painter.drawLine(QPointF(target.left(), y), QPointF(target.right(), y))


def _paint_numbers(painter: QPainter, values: np.ndarray, grounds: np.ndarray, padding: np.ndarray, target: QRectF,
                   grid: Grid, text: Callable[[float], str]) -> bool:
    if grid.side < _NUMBERED or values.size > _MOST_NUMBERS:
        return False
    texts = [[text(value) for value in line] for line in values.tolist()]
    longest = max((item for line in texts for item in line), key=len, default="")
    font = number_font(longest, grid.side)
    if font is None:
        return False
    painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
    painter.setFont(font)
    light = (grounds @ np.asarray([0.299, 0.587, 0.114]) < 128).tolist()
    faint = theme.color("dim")
    for row, line in enumerate(texts):
        for column, item in enumerate(line):
            if item:
                painter.setPen(faint if padding[row, column] else _LIGHT if light[row][column] else _DARK)
                painter.drawText(QRectF(target.x() + column * grid.side, target.y() + row * grid.side, grid.side, grid.side),
                                 Qt.AlignmentFlag.AlignCenter, item)
    return True


def number_font(longest: str, side: float) -> QFont | None:
    """The font in which a text fits a cell, or None where none is readable."""
    font = theme.font("body")
    font.setPixelSize(max(_SMALLEST, min(_LARGEST, int(side * 0.46))))
    width = QFontMetricsF(font).horizontalAdvance(longest)
    if width > side - 4:
        font.setPixelSize(max(1, int(font.pixelSize() * (side - 4) / width)))
    return font if font.pixelSize() >= _SMALLEST else None
