"""The mouse wheel over a field: it scrolls the page, unless the user means the field."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtWidgets import QSlider, QWidget

_POINTED = (QEvent.Type.MouseMove, QEvent.Type.MouseButtonPress)


class WheelGuard(QObject):
    """Lets a field take the wheel only with the focus, and where the pointer was moved onto it.

    A page that scrolls brings fields below the pointer; without the guard the next turn of the wheel would change the
    value of such a field, which nobody notices.
    """

    def __init__(self, field: QWidget) -> None:
        super().__init__(field)
        self._field = field
        self._pointed_at: QPoint | None = None
        """The position of the field on the screen when the pointer was last moved over it."""
        field.setMouseTracking(True)
        field.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _POINTED:
            self._pointed_at = self._field.mapToGlobal(QPoint())
        elif event.type() == QEvent.Type.Wheel:
            meant = self._field.hasFocus() and self._pointed_at == self._field.mapToGlobal(QPoint())
            if not meant:
                event.ignore()
                return True
        return False


class Slider(QSlider):
    """A slider whose value the wheel changes only where that is meant."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._guard = WheelGuard(self)
