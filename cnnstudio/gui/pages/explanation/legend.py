"""The scale of the colours of a map."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.explanation.maps import MapLook
from cnnstudio.gui.widgets.picture import image_of
from cnnstudio.imaging import overlay

_BAR, _HIGH = 8, 28


class Legend(QWidget):
    """What the colours say: from little to much for the class, or from against to for it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._signed = MapLook(), False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._describe()

    def show_look(self, look: MapLook, *, signed: bool) -> None:
        """Show the colours of a look; `signed`: they are those for and against the class."""
        self._look, self._signed = look, signed
        self._describe()
        self.update()

    def _ends(self) -> tuple[str, str]:
        if self._signed:
            return tr("against the class", "contra la clase"), tr("for the class", "a favor de la clase")
        return tr("no part in it", "sin influencia"), tr("decisive", "decisivo")

    def _describe(self) -> None:
        self.setAccessibleName(tr("Colours from “{first}” to “{last}”", "Colores de «{first}» a «{last}»",
                                  first=self._ends()[0], last=self._ends()[1]))

    def sizeHint(self) -> QSize:
        return QSize(200, _HIGH)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, _HIGH)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        values = np.linspace(-1 if self._signed else 0, 1, 256, dtype=np.float32)[None]
        box = QRectF(0, 0, self.width(), _BAR)
        path = QPainterPath()
        path.addRoundedRect(box, _BAR / 2, _BAR / 2)
        painter.setClipPath(path)
        painter.fillRect(box, theme.color("sunk"))
        painter.drawImage(box, image_of(overlay.heat(values, self._look.palette, signed=self._signed)))
        painter.setClipping(False)
        painter.setFont(theme.font("secondary"))
        painter.setPen(theme.color("dim"))
        first, last = self._ends()
        below = QRectF(0, _BAR + 2, self.width(), 18)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, first)
        painter.drawText(below, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, last)
