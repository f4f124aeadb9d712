"""When a value that is dragged or moved with keys is settled: one undo step ends there."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget


class Settling(QObject):
    """Emits `settled` once after changes: when a key is let go, when the focus leaves, or by `settle`, which a widget calls
    when its drag ends."""

    settled = Signal()

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._changed = False
        widget.installEventFilter(self)

    def change(self) -> None:
        """The value has changed and may change again."""
        self._changed = True

    def settle(self) -> None:
        """The value stays, if it has changed at all."""
        if self._changed:
            self._changed = False
            self.settled.emit()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        released = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyRelease and not event.isAutoRepeat()
        if released or event.type() == QEvent.Type.FocusOut:
            self.settle()
        return False
