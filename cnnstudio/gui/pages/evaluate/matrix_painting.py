"""The drawing of a confusion matrix: its cells, and the names of the classes beside and above them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter

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
    """Draw the visible cells; the grounds of small ones as pixels of `image`, and of all others in its colours."""
    small = places.width < NARROWEST
    if small:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)
        first = places.cell(0, 0)
        painter.drawImage(QRect(first.x(), first.y(), places.width * len(data), places.height * len(data)), image)
        painter.restore()
        if places.width < READABLE:
            return
    else:
        painter.setPen(Qt.PenStyle.NoPen)
        for line in lines:
            for column in columns:
                painter.setBrush(QColor(image.pixel(column, line)))
                painter.drawRoundedRect(QRectF(places.cell(line, column)).adjusted(1, 1, -1, -1), 3, 3)
    _CellTexts(data, places, image, small=small).paint(painter, lines, columns)


class _CellTexts:
    """What stands in the cells. A font is set once for all cells that it fits, and each text is measured once: a matrix of a
    hundred classes has thousands of them in sight."""

    def __init__(self, data: MatrixData, places: Places, image: QImage, *, small: bool) -> None:
        self._data, self._places, self._image, self._small = data, places, image, small
        self._room = places.width - 2
        self._inks: dict[int, QColor] = {}
        self._fonts = [theme.font("body_strong"), theme.font("secondary"), theme.font("caption", 0.82)]
        self._metrics = [QFontMetrics(font) for font in self._fonts]
        self._chosen: dict[tuple[str, bool], int] = {}

    def paint(self, painter: QPainter, lines: range, columns: range) -> None:
        data = self._data
        by_font: dict[int, list[tuple[str, QRect, QColor, tuple[int, int]]]] = {}
        for line in lines:
            label = data.order[line]
            counts = data.counts[label]
            for column in columns:
                predicted = data.order[column]
                value = bool(counts[predicted])
                if self._small and not value:
                    continue
                text = data.text(label, predicted)
                font = self._font(text, strong=label == predicted)
                if font >= 0:
                    ink = self._ink(self._image.pixel(column, line)) if value else theme.color("faint")
                    by_font.setdefault(font, []).append((text, self._places.cell(line, column), ink,
                                                         (label, predicted) if value else (-1, -1)))
        roomy = self._places.height >= _ROOMY
        for font, cells in by_font.items():
            painter.setFont(self._fonts[font])
            for text, box, ink, (label, _predicted) in cells:
                half = round(box.height() * 0.35) if roomy and label >= 0 else 0
                painter.setPen(ink)
                painter.drawText(box.adjusted(0, 0, 0, -half), Qt.AlignmentFlag.AlignCenter, text)
        if not roomy:
            return
        painter.setFont(theme.font("caption"))
        for _text, box, ink, (label, predicted) in (cell for cells in by_font.values() for cell in cells):
            if label >= 0:
                painter.setPen(ink)
                painter.drawText(box.adjusted(0, round(box.height() * 0.35), 0, 0), Qt.AlignmentFlag.AlignCenter,
                                 data.below(label, predicted))

    def _font(self, text: str, *, strong: bool) -> int:
        """The largest font in which a text fits a cell, or -1."""
        key = text, strong
        if key not in self._chosen:
            self._chosen[key] = next((font for font in ((0, 2) if strong else (1, 2))
                                      if self._metrics[font].horizontalAdvance(text) + (4 if font < 2 else 0) <= self._room),
                                     -1)
        return self._chosen[key]

    def _ink(self, ground: int) -> QColor:
        if ground not in self._inks:
            self._inks[ground] = theme.on_color(QColor(ground))
        return self._inks[ground]


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
