"""A picture before and after a step, side by side."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.look import icons, theme
from cnnstudio.gui.pages.prepare.samples import RESULTS, StepSamples
from cnnstudio.gui.widgets.picture import draw_rounded, fit_rect

SIDE: Final = 52
_ARROW: Final = 20
_GAP: Final = 5
_RADIUS: Final = 4


class SampleStrip(QWidget):
    """The original, an arrow, and results of one step; empty wells until the first answer, nothing where there is no
    result."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self.samples: StepSamples | None = None
        self.setFixedHeight(SIDE)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._describe()

    def show_samples(self, samples: StepSamples | None) -> None:
        """Show these samples; None where there cannot be any."""
        self.setFixedHeight(0 if samples is None else SIDE)
        if samples is not self.samples:
            self.samples = samples
            self._describe()
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(SIDE * (RESULTS + 1) + _ARROW + _GAP * RESULTS, SIDE)

    def minimumSizeHint(self) -> QSize:
        return QSize(SIDE * 2 + _ARROW, SIDE)

    def _describe(self) -> None:
        samples = self.samples
        if samples is None:
            text = tr("{name}: examples are being computed", "{name}: calculando ejemplos", name=self._name)
        elif not samples.after:
            text = tr("{name} does not change this picture", "{name} no cambia esta imagen", name=self._name)
        else:
            text = tr("{name} alone: the current picture and its most different results (n = {n})",
                      "{name} por sí solo: la imagen actual y sus resultados más distintos (n = {n})", name=self._name,
                      n=len(samples.after))
        self.setAccessibleName(text)
        self.setToolTip(text)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_samples(painter, QRectF(self.rect()), self.samples, RESULTS, SIDE)


def paint_samples(painter: QPainter, room: QRectF, samples: StepSamples | None, results: int, side: int) -> None:
    """Paint up to so many results after the original, as many as there is room for; without samples their wells."""
    images = [None] * (results + 1) if samples is None else [samples.before, *samples.after[:results]]
    left = room.x()
    for number, image in enumerate(images):
        if number == 1:
            icons.paint(painter, QRectF(left - _GAP + (_ARROW + _GAP - 14) / 2, room.center().y() - 7, 14, 14),
                        "chevron-right", "faint")
            left += _ARROW
        cell = QRectF(left, room.y() + (room.height() - side) / 2, side, side)
        if cell.right() > room.right() + 0.5:
            break
        if image is None or image.isNull():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("sunk"))
            painter.drawRoundedRect(cell, _RADIUS, _RADIUS)
        else:
            draw_rounded(painter, image, fit_rect(image.size(), cell), _RADIUS)
        left += side + _GAP
    if samples is not None and not samples.after:
        painter.setFont(theme.font("secondary"))
        painter.setPen(theme.color("dim"))
        text = tr("does not change this picture", "no cambia esta imagen")
        painter.drawText(QRectF(left + 4, room.y(), room.right() - left - 4, room.height()),
                         Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap, text)
