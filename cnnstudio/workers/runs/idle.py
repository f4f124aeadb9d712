"""How long a run did not train between its first and its last event: its pauses, and the time in which no process worked."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Final

from cnnstudio.core.events import Hello, Paused
from cnnstudio.core.foreign_files import open_regular
from cnnstudio.workers.journal import decode_lines

_TURNS: Final = re.compile(rb'^\{"event":"(?:hello|paused|resumed)".*$', re.MULTILINE)
"""The lines between which nothing was trained; the others need no decoding, of which there may be very many."""


def idle_seconds(path: Path, until: float) -> float:
    """Seconds of the events file up to the event at `until` (seconds since the epoch). Raises OSError."""
    gaps = _gaps(path, path.stat().st_ino)
    gaps.read(path)
    return gaps.seconds + (max(0.0, until - gaps.since) if gaps.since is not None else 0.0)


class _Gaps:
    """Reads on where it ended: the file of a training grows with every look."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self.seconds = 0.0
        self.since: float | None = None
        """When the pause began that has not ended."""
        self._offset = 0
        self._last = b""

    def read(self, path: Path) -> None:
        with open_regular(path) as file:
            if file.seek(0, 2) < self._offset:
                self._begin()
            file.seek(self._offset)
            data = file.read()
        data = data[:data.rfind(b"\n") + 1]
        for match in _TURNS.finditer(data):
            for event in decode_lines(match[0]):
                if isinstance(event, Paused):
                    self.since = event.time if self.since is None else self.since
                    continue
                begin = self.since
                if begin is None and isinstance(event, Hello):
                    begin = self._before(data[:match.start()])
                if begin is not None:
                    self.seconds += max(0.0, event.time - begin)
                self.since = None
        self._offset += len(data)
        self._last = data.rstrip(b"\n").rpartition(b"\n")[2] or self._last

    def _before(self, data: bytes) -> float | None:
        """The time of the last event in front of a process that took the run up again."""
        events = decode_lines(data.rstrip(b"\n").rpartition(b"\n")[2] or self._last)
        return events[-1].time if events else None


@lru_cache(512)
def _gaps(_path: Path, _file: int) -> _Gaps:
    return _Gaps()
