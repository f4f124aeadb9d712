"""Imports the pages before they are visited, in a thread: the first visit would wait for pyqtgraph and others."""

from __future__ import annotations

from contextlib import suppress
from threading import Event, Thread
from typing import Final

from PySide6.QtCore import QObject, QTimer

_AFTER_PAINT: Final = 1_200
"""Milliseconds after the window is on the screen: the start, and the first click, have the processor for themselves."""
_LONGEST: Final = 5.0
"""Seconds in which the import of one page ends."""


class PageImports(QObject):
    """Begins soon after `begin`, and stops between two pages at `end`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stop = Event()
        self._thread: Thread | None = None
        self._timer = QTimer(self, singleShot=True, interval=_AFTER_PAINT)
        self._timer.timeout.connect(self._start)

    def begin(self) -> None:
        """Import when the window has been painted."""
        self._timer.start()

    def _start(self) -> None:
        if self._thread is None:
            self._thread = Thread(target=self._work, daemon=True, name="cnnstudio-pages")
            self._thread.start()

    def _work(self) -> None:
        from cnnstudio.gui.pages import load_page, present_pages

        for entry in present_pages():
            if self._stop.is_set():
                return
            # Whoever visits the page is told why it cannot be imported.
            with suppress(ImportError):
                load_page(entry)

    def end(self) -> None:
        """Stop; the program ends."""
        self._timer.stop()
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_LONGEST)
