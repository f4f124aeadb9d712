"""Keeps a part of a scrolled page where it is on the screen while parts above it become higher or lower."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, QTimer
from PySide6.QtWidgets import QScrollArea, QWidget

_LASTS: Final = 60
"""Milliseconds in which the layout follows a change: wrapped texts take a second turn."""


class ScrollAnchor(QObject):
    """Holds the first of `parts` that is in sight. A page that is at its top stays there."""

    def __init__(self, area: QScrollArea, *parts: QWidget) -> None:
        super().__init__(area)
        self._area, self._parts = area, parts
        self._held: QWidget | None = None
        self._place = 0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_LASTS)
        self._timer.timeout.connect(self._release)
        for part in parts:
            part.installEventFilter(self)

    def hold(self) -> None:
        """Call before a change."""
        if self._held is None and self._area.verticalScrollBar().value():
            self._held = next((part for part in self._parts if self._is_in_sight(part)), None)
            if self._held is not None:
                self._place = self._top(self._held)
        if self._held is not None:
            self._timer.start()

    def _is_in_sight(self, part: QWidget) -> bool:
        return part.isVisible() and -part.height() < self._top(part) < self._area.viewport().height()

    def _top(self, part: QWidget) -> int:
        return part.mapTo(self._area.viewport(), QPoint(0, 0)).y()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._held and event.type() == QEvent.Type.Move:
            self._follow()
        return False

    def _follow(self) -> None:
        if self._held is not None:
            bar = self._area.verticalScrollBar()
            bar.setValue(bar.value() + self._top(self._held) - self._place)

    def _release(self) -> None:
        self._follow()
        self._held = None
