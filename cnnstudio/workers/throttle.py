"""Limits the rate of frequent events; all others pass."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from cnnstudio.core.events import Batch, Event, Progress

PER_SECOND: Final = 20.0
_KINDS: Final = (Batch, Progress)


class Throttle:
    """Passes events to `listener`; at most `per_second` of Batch and of Progress each.

    The newest held event follows as soon as allowed, or before the next event of another kind, so that the last state
    is always delivered and the order is kept.
    """

    def __init__(self, listener: Callable[[Event], None], per_second: float = PER_SECOND) -> None:
        self._listener = listener
        self._gap = 1.0 / per_second
        self._free: dict[type, float] = {}
        self._held: dict[type, Event] = {}

    def pass_on(self, event: Event) -> None:
        """Deliver or hold an event."""
        kind = type(event)
        if kind not in _KINDS:
            for held in list(self._held):
                self._listener(self._held.pop(held))
            self._listener(event)
            return
        now = time.monotonic()
        if now < self._free.get(kind, 0.0):
            self._held[kind] = event
            return
        self._held.pop(kind, None)
        self._free[kind] = now + self._gap
        self._listener(event)

    def next_due(self) -> float | None:
        """When (time.monotonic) the next held event is due; None if none is held."""
        return min((self._free[kind] for kind in self._held), default=None)

    def flush_due(self) -> None:
        """Deliver held events that are due."""
        now = time.monotonic()
        for kind in [kind for kind in self._held if self._free[kind] <= now]:
            self._free[kind] = now + self._gap
            self._listener(self._held.pop(kind))
