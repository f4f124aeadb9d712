"""Garbage collection in the window's thread alone.

Python collects garbage in whichever thread happens to allocate. A widget, a timer or a signal that is deleted in
another thread than its own is destroyed there by Qt while the window uses it: a crash or a hang, once in many hours.
"""

from __future__ import annotations

import gc
from typing import Final

from PySide6.QtCore import QObject, QTimer

_INTERVAL_MILLISECONDS: Final = 200
"""The interval of checks: garbage of background work stays small meanwhile, and an idle window costs nothing."""


class Collector(QObject):
    """Replaces Python's own collector until `stop`, with the same thresholds. For the window's thread."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._was_on = gc.isenabled()
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(_INTERVAL_MILLISECONDS)
        self._timer.timeout.connect(collect_due)
        self._timer.start()

    def stop(self) -> None:
        """Enable Python's own collector again."""
        self._timer.stop()
        if self._was_on:
            gc.enable()


def collect_due() -> int:
    """Collect the oldest generation that is due; returns the number of freed objects."""
    counts, thresholds = gc.get_count(), gc.get_threshold()
    due = [generation for generation in range(3) if 0 < thresholds[generation] < counts[generation]]
    return gc.collect(due[-1]) if due else 0
