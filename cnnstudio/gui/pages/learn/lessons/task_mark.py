"""The state of a task as a circle: empty, partly drawn, or filled with a tick."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from cnnstudio.gui.look import icons, theme

_TOP: Final = 90 * 16
"""Twelve o'clock, in the sixteenths of a degree of Qt."""


class TaskMark(QWidget):
    """`show_state(done, share)`: `share` (0 to 1) of the circle is drawn in the accent."""

    def __init__(self, size: int = 22, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._done, self._share = False, 0.0
        self.setFixedSize(size, size)

    def show_state(self, done: bool, share: float) -> None:
        """Show whether the task is done, else how much of it is."""
        if (done, share) != (self._done, self._share):
            self._done, self._share = done, share
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        circle = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        if self._done:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("ok"))
            painter.drawEllipse(circle)
            icons.paint(painter, circle.adjusted(3, 3, -3, -3), "check", "surface")
            return
        painter.setPen(QPen(theme.color("faint"), 1.6))
        painter.drawEllipse(circle)
        if self._share > 0:
            painter.setPen(QPen(theme.color("accent"), 2.4))
            painter.drawArc(circle, _TOP, -round(self._share * 360 * 16))
