"""Several results as small pictures, of which one is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.learn.drawing import tints
from cnnstudio.gui.widgets.picture import fit_rect, image_of

_SIDE: Final = 52
_GAP: Final = 8


class MapStrip(QWidget):
    """`map_chosen(number)` by a click, or by the arrow keys."""

    map_chosen = Signal(int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._images: list[QImage] = []
        self._chosen = 0
        self.setFixedHeight(_SIDE + 4)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)

    def sizeHint(self) -> QSize:
        return QSize(len(self._images) * (_SIDE + _GAP), _SIDE + 4)

    def show_maps(self, maps: Sequence[np.ndarray], chosen: int) -> None:
        """Show results (rows, columns), and which one is shown large."""
        self._images = [image_of(_colors(values)) for values in maps]
        self._chosen = chosen
        self.setAccessibleDescription(tr("{n} of {count}", "{n} de {count}", n=chosen + 1, count=len(self._images)))
        self.update()

    def _side(self) -> float:
        count = max(1, len(self._images))
        return min(float(_SIDE), (self.width() - (count - 1) * _GAP) / count)

    def _rect(self, number: int) -> QRectF:
        side = self._side()
        return QRectF(number * (side + _GAP) + 2, 2, side - 4 if side > 8 else side, side - 4 if side > 8 else side)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number, image in enumerate(self._images):
            rect = self._rect(number)
            painter.fillRect(rect, theme.color("sunk"))
            painter.drawImage(fit_rect(image.size(), rect), image)
            on = number == self._chosen
            painter.setPen(QPen(theme.color("accent" if on else "line"), 2 if on else 1))
            painter.drawRect(rect)
        if self.hasFocus() and self._images:
            painter.setPen(QPen(theme.color("text"), 1, Qt.PenStyle.DotLine))
            painter.drawRect(self._rect(self._chosen).adjusted(3, 3, -3, -3))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        for number in range(len(self._images)):
            if self._rect(number).contains(event.position()):
                self.map_chosen.emit(number)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        number = self._chosen + steps.get(Qt.Key(event.key()), 0)
        if number != self._chosen and 0 <= number < len(self._images):
            self.map_chosen.emit(number)
        else:
            super().keyPressEvent(event)


def _colors(values: np.ndarray) -> np.ndarray:
    if values.min() < 0:
        return tints.diverging()(values)
    most = float(values.max())
    return tints.gray(0, most if most <= 32 or most > 255 else 255)(values)
