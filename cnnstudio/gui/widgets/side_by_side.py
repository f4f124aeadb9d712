"""Widgets side by side, in a narrow window one below the other."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QWidget


class SideBySide(QWidget):
    """From the width `wide` on in a line, each with its share of it; else in a column."""

    def __init__(self, *items: QWidget, wide: int = 560, shares: tuple[int, ...] = (), spacing: int = 16,
                 top: bool = False) -> None:
        super().__init__()
        self._wide, self._items = wide, items
        self._layout = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(spacing)
        for place, item in enumerate(items):
            self._layout.addWidget(item, shares[place] if shares else 1)
            if top:
                self._layout.setAlignment(item, Qt.AlignmentFlag.AlignTop)

    def minimumSizeHint(self) -> QSize:
        # As narrow as the column: where the line does not fit, it becomes one.
        least = max((item.minimumSizeHint().expandedTo(item.minimumSize()).width() for item in self._items), default=0)
        return QSize(least, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        wide = event.size().width() >= self._wide
        way = QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        if way != self._layout.direction():
            self._layout.setDirection(way)
        super().resizeEvent(event)
