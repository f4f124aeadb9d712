"""Bars of the classes that a model answers."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.core.jobs import Ranked
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.formatting import format_percent

TOP = 8
"""The number of classes with a bar."""
_BAR = 44


class AnswerBars(QWidget):
    """The likeliest classes with their probability, in the colours of the classes."""

    def __init__(self, color_of: Callable[[str], QColor], *, most: int = TOP, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._color_of, self._most = color_of, most
        self.ranked: tuple[Ranked, ...] = ()
        self._all: tuple[Ranked, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(160)

    def show_ranked(self, ranked: tuple[Ranked, ...]) -> None:
        """Show classes, the likeliest first."""
        self._all = ranked
        self.ranked = ranked[:self._most]
        self.setAccessibleName(", ".join(f"{item.label} {format_percent(item.probability)}" for item in self.ranked))
        self.updateGeometry()
        self.update()

    def set_most(self, most: int) -> None:
        """Show at most so many classes."""
        if most != self._most:
            self._most = most
            self.show_ranked(self._all)

    def sizeHint(self) -> QSize:
        return QSize(280, max(1, len(self.ranked)) * _BAR)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = self.width()
        for place, item in enumerate(self.ranked):
            top = place * _BAR
            painter.setFont(theme.font("body_strong" if place == 0 else "body"))
            painter.setPen(theme.color("text"))
            text = format_percent(item.probability)
            room = painter.fontMetrics().horizontalAdvance(text) + 12
            name = painter.fontMetrics().elidedText(item.label, Qt.TextElideMode.ElideRight, width - room)
            painter.drawText(QRectF(0, top + 2, width - room, 20), Qt.AlignmentFlag.AlignVCenter, name)
            painter.drawText(QRectF(0, top + 2, width, 20),
                             Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("sunk"))
            painter.drawRoundedRect(QRectF(0, top + 25, width, 8), 4, 4)
            if item.probability > 0:
                painter.setBrush(self._color_of(item.label))
                painter.drawRoundedRect(QRectF(0, top + 25, max(4.0, width * item.probability), 8), 4, 4)
