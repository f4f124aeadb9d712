"""Read the events file of a run: all of it, its end, or as it grows."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.core.events import Event
from cnnstudio.core.messages import decode_event

_CHUNK: Final = 32 * 1024


def decode_lines(data: bytes) -> list[Event]:
    """The events of complete lines; damaged ones are skipped."""
    result = []
    for line in data.split(b"\n"):
        if line:
            try:
                result.append(decode_event(line))
            except (msgspec.MsgspecError, UnicodeDecodeError):
                continue
    return result


def read_events(path: Path, offset: int = 0) -> tuple[list[Event], int]:
    """The events from byte `offset` on, and the offset behind the last complete line. A missing file has none."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            data = file.read()
    except OSError:
        return [], offset
    end = data.rfind(b"\n") + 1
    return decode_lines(data[:end]), offset + end


def read_tail(path: Path, enough: Callable[[list[Event]], bool]) -> list[Event]:
    """The last events, as many as are needed until `enough`, or all. Raises OSError."""
    with path.open("rb") as file:
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
