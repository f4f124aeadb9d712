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
    """Replaces Python's own collector until `stop`, with the same rules. For the window's thread."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._was_on = gc.isenabled()
        gc.disable()
        self._survivors = 0
        """Objects that were left by the last collection of everything."""
        self._full_at = gc.get_threshold()[2]
        """The count of the oldest generation at which to look whether everything is due."""
        self._timer = QTimer(self)
        self._timer.setInterval(_INTERVAL_MILLISECONDS)
        self._timer.timeout.connect(self.collect_due)
        self._timer.start()

    def stop(self) -> None:
        """Enable Python's own collector again."""
        self._timer.stop()
        if self._was_on:
            gc.enable()

    def collect_due(self) -> int:
        """Collect what is due; returns the number of freed objects.

        Everything is due when a quarter of it is new: collecting it takes a tenth of a second in a large project, and the
        window waits. https://docs.python.org/3.11/library/gc.html#gc.set_threshold
        """
        young, middle, old = gc.get_count()
        thresholds = gc.get_threshold()
        if thresholds[2] > 0 and self._full_at < old:
            if 4 * (len(gc.get_objects(generation=2)) - self._survivors) > self._survivors:
                freed = gc.collect()
                self._survivors, self._full_at = len(gc.get_objects(generation=2)), thresholds[2]
                return freed
            self._full_at = old + thresholds[2]
        if 0 < thresholds[1] < middle:
            return gc.collect(1)
        return gc.collect(0) if 0 < thresholds[0] < young else 0
