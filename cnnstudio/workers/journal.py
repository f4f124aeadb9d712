"""Read the events file of a run: all of it, its end, or as it grows."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Final

from cnnstudio.core.checksums import is_line_intact, is_sealed
from cnnstudio.core.events import Event
from cnnstudio.core.foreign_files import open_regular, read_bytes
from cnnstudio.core.messages import decode_event

_CHUNK: Final = 32 * 1024
_SETTLED_SECONDS: Final = 2.0
_MOST: Final = 512 << 20
"""Bytes of events that are read: those of weeks of training."""


def decode_lines(data: bytes) -> list[Event]:
    """The events of complete lines; damaged ones are skipped, and counted by `damaged_lines`."""
    return [event for line in data.split(b"\n") if line and (event := _decode(line)) is not None]


def _decode(line: bytes) -> Event | None:
    """The event of a line; None if it is damaged."""
    if not is_line_intact(line):
        return None
    try:
        return decode_event(line)
    except ValueError:
        return None


def begin_of(path: Path) -> float | None:
    """When the first event was written, in seconds since the epoch; None where there is none. Raises OSError."""
    facts = path.stat()
    return _begin_of(path, facts.st_ino, min(facts.st_size, _CHUNK))


@lru_cache(512)
def _begin_of(path: Path, _file: int, size: int) -> float | None:
    with open_regular(path) as file:
        events = decode_lines(file.read(size))
    return events[0].time if events else None


def damaged_lines(path: Path) -> list[int]:
    """The numbers of damaged lines, from 1; a last line that was cut by a crash does not count. Raises OSError."""
    facts = path.stat()
    # What changed a moment ago may change again within the resolution of the file system's clock.
    moment = facts.st_mtime_ns if time.time() - facts.st_mtime > _SETTLED_SECONDS else time.perf_counter_ns()
    return list(_damaged_lines(path, facts.st_size, moment))


@lru_cache(256)
def _damaged_lines(path: Path, _size: int, _moment: int) -> tuple[int, ...]:
    *lines, rest = read_bytes(path, _MOST).split(b"\n")
    damaged = [number for number, line in enumerate(lines, start=1) if line and _is_damaged(line)]
    if is_sealed(rest) or is_sealed(rest[:-1]):
        # A crash cuts a line before its checksum. Here only the end of the line is lost or another byte.
        damaged.append(len(lines) + 1)
    return tuple(damaged)


def _is_damaged(line: bytes) -> bool:
    # Lines with a checksum that matches need no decoding, which takes a while.
    return not is_line_intact(line) if is_sealed(line) else _decode(line) is None


def read_events(path: Path, offset: int = 0) -> tuple[list[Event], int]:
    """The events from byte `offset` on, and the offset behind the last complete line. A missing file has none."""
    try:
        with open_regular(path, _MOST) as file:
            file.seek(offset)
            data = file.read(_MOST)
    except OSError:
        return [], offset
    end = data.rfind(b"\n") + 1
    return decode_lines(data[:end]), offset + end


def read_tail(path: Path, enough: Callable[[list[Event]], bool]) -> list[Event]:
    """The last events, as many as are needed until `enough`, or all. Raises OSError."""
    with open_regular(path, _MOST) as file:
        start = file.seek(0, os.SEEK_END)
        length = _CHUNK
        size = start
        while True:
            start = max(0, size - length)
            file.seek(start)
            data = file.read(size - start)
            if start:
                data = data[data.find(b"\n") + 1:]
            events = decode_lines(data)
            if start == 0 or enough(events):
                return events
            length *= 8
