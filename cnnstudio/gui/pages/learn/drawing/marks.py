"""What is drawn over a matrix: the window that slides, marked cells, the cursor."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.learn.drawing.cells import LINED, Grid


class Window(NamedTuple):
    """Cells below a kernel: the first one, how many each way, and the distance from one to the next."""

    row: float
    column: float
    rows: int
    columns: int
    dilation: int = 1

    @property
    def height(self) -> int:
        """The cells from the first to the last, both included."""
        return (self.rows - 1) * self.dilation + 1

    @property
    def width(self) -> int:
        return (self.columns - 1) * self.dilation + 1


def paint_window(painter: QPainter, grid: Grid, window: Window, token: str = "accent") -> None:
    """A frame around the window, its cells lit."""
    color = theme.color(token)
    fill = QColor(color)
    fill.setAlpha(56)
    frame = grid.cell(window.row, window.column, window.height, window.width)
    painter.setPen(Qt.PenStyle.NoPen)
    if window.dilation == 1 or grid.side < 2:
        painter.fillRect(frame, fill)
    else:
        for row in range(window.rows):
            for column in range(window.columns):
                painter.fillRect(grid.cell(window.row + row * window.dilation, window.column + column * window.dilation), fill)
    width = 2.5 if grid.side >= LINED else 2.0
    painter.setBrush(Qt.BrushStyle.NoBrush)
    # A light line around the frame: it is seen on every picture.
    painter.setPen(QPen(theme.color("surface"), width + 2))
    painter.drawRect(frame)
    painter.setPen(QPen(color, width))
    painter.drawRect(frame)


def paint_mark(painter: QPainter, grid: Grid, cell: tuple[int, int], token: str = "accent") -> None:
    """A frame around one cell, and a ring around one that is too small to be seen."""
    rect = grid.cell(*cell)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if grid.side < LINED:
        rect = QRectF(rect.center().x() - 4, rect.center().y() - 4, 8, 8)
    painter.setPen(QPen(theme.color("surface"), 4))
    painter.drawRect(rect)
    painter.setPen(QPen(theme.color(token), 2))
    painter.drawRect(rect)


def paint_focus(painter: QPainter, rect: QRectF) -> None:
    """The ring of the keyboard's focus around the whole matrix."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(theme.color("accent"), 2))
    painter.drawRoundedRect(rect, 4, 4)
