"""Two parts of a board side by side, in a narrow place one below the other."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QWidget


class Beside(QWidget):
    """`shares` are the widths of the two; from the width `wide` in pixels on they stand beside each other."""

    def __init__(self, left: QWidget, right: QWidget, shares: tuple[int, int] = (1, 1), *, wide: int = 520,
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wide = wide
        self._layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(16)
        self._layout.addWidget(left, shares[0])
        self._layout.addWidget(right, shares[1])
        # What stands below each other gives the width, not the sum of both.
        self.setMinimumWidth(200)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        beside = event.size().width() >= self._wide
        direction = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        if direction != self._layout.direction():
            self._layout.setDirection(direction)
            self.updateGeometry()
