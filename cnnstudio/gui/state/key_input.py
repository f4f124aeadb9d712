"""Typed keys of classes: more than one digit is waited for where a longer key begins with what was typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

_WAIT_MS: Final = 700
"""How long the next digit is waited for."""


class KeyInput(QObject):
    """`chosen(class)` when a key is complete; `typed(text)` while another digit may follow, "" afterwards."""

    chosen = Signal(str)
    typed = Signal(str)

    def __init__(self, keys: Callable[[], Mapping[str, str]], parent: QObject) -> None:
        """`keys()` is the key of each class."""
        super().__init__(parent)
        self._keys = keys
        self._pending = ""
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(_WAIT_MS)
        self._wait.timeout.connect(self._complete)

    def press(self, letter: str) -> None:
        """A digit or letter was typed."""
        keys = set(self._keys().values())
        text = self._pending + letter.casefold()
        if not any(key.startswith(text) for key in keys):
            text = letter.casefold()
        if not any(key.startswith(text) for key in keys):
            self.clear()
        elif any(key.startswith(text) and key != text for key in keys):
            self._pending = text
            self._wait.start()
            self.typed.emit(text)
        else:
            self._pending = text
            self._complete()

    def clear(self) -> None:
        """Forget what was typed."""
        self._wait.stop()
        if self._pending:
            self._pending = ""
            self.typed.emit("")

    def _complete(self) -> None:
        text = self._pending
        self.clear()
        name = next((name for name, key in self._keys().items() if key == text), None)
        if name is not None:
            self.chosen.emit(name)
