"""Content that shrinks before it scrolls."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QLayout, QWidget


class Room(QWidget):
    """Content of a scroll area that takes the size it is given, down to its `least` one: what stretches in it shrinks before
    anything scrolls. Its wrapped texts would otherwise ask for the height of a narrow column."""

    def __init__(self, layout: QLayout, least: QSize, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._least = least
        self.setLayout(layout)

    def hasHeightForWidth(self) -> bool:
        return False

    def sizeHint(self) -> QSize:
        return self._least

    def minimumSizeHint(self) -> QSize:
        return self._least
