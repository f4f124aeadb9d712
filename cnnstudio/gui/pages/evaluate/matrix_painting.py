"""The drawing of a confusion matrix: its cells, and the names of the classes beside and above them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.evaluate.matrix_data import MatrixData

NARROWEST: Final = 28
"""The width in pixels of a cell whose number can be read."""
READABLE: Final = 12
"""Below this height in pixels lines have no names."""
TOP: Final = 20
_ROOMY: Final = 52
"""Cells of this height show a second number below the first."""


@dataclass(frozen=True)
class Places:
    """Where the cells are, in pixels: the corner of the first one, the size of each, and how far is scrolled. `turned`: the
    names above stand upright."""

    left: int = 1
    head: int = 1
    width: int = 1
    height: int = 1
    turned: bool = False
    across: int = 0
    down: int = 0

    def cell(self, line: int, column: int) -> QRect:
        return QRect(self.left + column * self.width - self.across, self.head + line * self.height - self.down, self.width,
                     self.height)


def paint_cells(painter: QPainter, data: MatrixData, places: Places, image: QImage, lines: range, columns: range) -> None:
    """Draw the visible cells; small ones as pixels of `image`."""
    if places.width < NARROWEST:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)
        first = places.cell(0, 0)
        painter.drawImage(QRect(first.x(), first.y(), places.width * len(data), places.height * len(data)), image)
        painter.restore()
        if places.width < READABLE:
            return
    for line in lines:
        for column in columns:
            _paint_cell(painter, data, places, data.order[line], data.order[column], places.cell(line, column))


def _paint_cell(painter: QPainter, data: MatrixData, places: Places, label: int, predicted: int, box: QRect) -> None:
    value = data.counts[label, predicted]
    small = places.width < NARROWEST
    if small and not value:
        return
    ground = data.ground(label, predicted)
    inside = QRectF(box).adjusted(1, 1, -1, -1)
    if not small:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(inside, 3, 3)
    text = data.text(label, predicted)
    painter.setFont(theme.font("body_strong" if label == predicted else "secondary"))
    if painter.fontMetrics().horizontalAdvance(text) + 4 > inside.width():
        painter.setFont(theme.font("caption", 0.82))
    if painter.fontMetrics().horizontalAdvance(text) > inside.width():
        return
    painter.setPen(theme.on_color(ground) if value else theme.color("faint"))
    half = inside.height() / 2 if places.height >= _ROOMY and value else 0.0
    painter.drawText(inside.adjusted(0, 0, 0, -half * 0.7), Qt.AlignmentFlag.AlignCenter, text)
    if half:
        painter.setFont(theme.font("caption"))
        painter.drawText(inside.adjusted(0, half * 0.7, 0, 0), Qt.AlignmentFlag.AlignCenter, data.below(label, predicted))


def paint_lines(painter: QPainter, data: MatrixData, places: Places, lines: range, marked: int, height: int) -> None:
    """Draw the names at the left; `marked` is the line under the pointer, `height` that of the viewport."""
    painter.save()
    painter.setClipRect(QRect(0, places.head, places.left, height))
    painter.setFont(theme.font("secondary"))
    metrics = painter.fontMetrics()
    for line in lines:
        if places.height < READABLE and line != marked:
            continue
        number, box = data.order[line], places.cell(line, 0)
        middle = box.center().y() + 1
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(data.colors[number])
        painter.drawRoundedRect(QRectF(places.left - 18, middle - 4, 8, 8), 2, 2)
        painter.setPen(theme.color("text" if line == marked else "dim"))
        room = places.left - 26
        painter.drawText(QRect(0, middle - 9, room, 18), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                         metrics.elidedText(data.names[number], Qt.TextElideMode.ElideRight, room))
    painter.restore()


def paint_columns(painter: QPainter, data: MatrixData, places: Places, columns: range, marked: int, width: int) -> None:
    """Draw the names above; `marked` is the column under the pointer, `width` that of the viewport."""
    painter.save()
    painter.setClipRect(QRect(places.left, TOP, width, places.head - TOP))
    painter.setFont(theme.font("secondary"))
    metrics = painter.fontMetrics()
    for column in columns:
        if places.width < READABLE and column != marked:
            continue
        name, box = data.names[data.order[column]], places.cell(0, column)
        painter.setPen(theme.color("text" if column == marked else "dim"))
        if not places.turned:
            painter.drawText(QRect(box.x(), TOP, places.width, places.head - TOP - 2), Qt.AlignmentFlag.AlignCenter, name)
            continue
        room = places.head - TOP - 10
        painter.save()
        painter.translate(box.center().x() - 8, places.head - 6)
        painter.rotate(-90)
        painter.drawText(QRect(0, 0, room, 18), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
                         metrics.elidedText(name, Qt.TextElideMode.ElideRight, room))
        painter.restore()
    painter.restore()
