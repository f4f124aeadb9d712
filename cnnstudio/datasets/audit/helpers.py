"""Processes that measure pictures beside the thread that asks: none waits for another's interpreter.

They speak msgspec-encoded bytes over a pipe, nothing is pickled but the pipe's own end and the folder's name.
A file that makes a decoder crash takes one of them with it, never the program: it is found and named.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Final

import cv2
import msgspec

from cnnstudio.datasets.audit.measured import Measured, measure_file, refused
from cnnstudio.imaging.errors import corrupt

Piece = Sequence[tuple[int, str]]
"""Some pictures: id and path relative to the root."""
_AHEAD: Final = 2
"""Pieces that a helper is given at once, so that it never waits for the next."""
_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1
"""Numbers of glibc's mallopt (malloc.h)."""
_KEPT_BYTES: Final = 32 << 20
"""The largest threshold that glibc takes."""


class _Helper:
    def __init__(self, process: BaseProcess, connection: Connection) -> None:
        self.process, self.connection = process, connection
        self.pieces: deque[Piece] = deque()


class Helpers:
    """Up to `count` processes; where the system gives none, there are none. Used as a context."""

    def __init__(self, root: Path, count: int, target: Callable[[Connection, bytes], None] | None = None) -> None:
        self._root = os.fsencode(root)
        self._target = target or serve
        self._helpers: list[_Helper] = []
        self._again: deque[Piece] = deque()
        self._lost: list[Measured] = []
        for _ in range(count):
            self._start()

    def __enter__(self) -> Helpers:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
                 ) -> None:
        for helper in self._helpers:
            helper.connection.close()
        for helper in self._helpers:
            if helper.pieces:
                helper.process.terminate()
            helper.process.join(5.0)
            if helper.process.is_alive():
                helper.process.kill()
                helper.process.join()
            helper.process.close()

    @property
    def room(self) -> bool:
        """Whether one of them can take another piece."""
        return any(len(helper.pieces) < _AHEAD for helper in self._helpers)

    @property
    def busy(self) -> bool:
        """Whether an answer is still to come."""
        return bool(self._lost or self._again or any(helper.pieces for helper in self._helpers))

    @property
    def there(self) -> bool:
        """Whether there is any."""
        return bool(self._helpers)

    def give(self, piece: Piece) -> None:
        """Hand a piece to the one with the least to do; only while there is `room`."""
        helper = min(self._helpers, key=lambda each: len(each.pieces))
        helper.pieces.append(piece)
        # A process that is gone is noticed by the end of its pipe.
        with contextlib.suppress(OSError):
            helper.connection.send_bytes(msgspec.msgpack.encode([(number, os.fsencode(path)) for number, path in piece]))

    def collect(self, seconds: float) -> list[Measured]:
        """What has come meanwhile; waits so long for something to come, where something is to come."""
        found, self._lost = self._lost, []
        waiting = {helper.connection: helper for helper in self._helpers if helper.pieces}
        for connection in wait(list(waiting), 0.0 if found else seconds) if waiting else ():
            helper = waiting[connection]  # type: ignore[index]
            try:
                found += _decode(helper.connection.recv_bytes())
                helper.pieces.popleft()
            except (EOFError, OSError, msgspec.MsgspecError):
                found += self._died(helper)
        while self._again and self.room:
            self.give(self._again.popleft())
        return found

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        try:
            ours, theirs = context.Pipe()
            process = context.Process(target=self._target, args=(theirs, self._root), daemon=True, name="measuring")
            process.start()
        except OSError:
            return
        theirs.close()
        self._helpers.append(_Helper(process, ours))

    def _died(self, helper: _Helper) -> list[Measured]:
        """Put another in its place; the file that it died of is told apart by asking for each alone."""
        self._helpers.remove(helper)
        helper.connection.close()
        helper.process.kill()
        helper.process.join()
        helper.process.close()
        first, *rest = helper.pieces
        found = []
        if len(first) == 1:
            found.append(refused(first[0][0], corrupt("", "decoding")))
        else:
            self._again.extend([each] for each in first)
        self._again.extend(rest)
        self._start()
        if not self._helpers:
            # No process can be had any more: what they owe is measured here.
            root = Path(os.fsdecode(self._root))
            found += [measure_file(root, *each) for piece in self._again for each in piece]
            self._again.clear()
        return found


def serve(connection: Connection, root: bytes) -> None:
    """The life of a helper: measure what comes until the pipe ends."""
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_memory()
    cv2.setNumThreads(1)
    folder = Path(os.fsdecode(root))
    decoder = msgspec.msgpack.Decoder(list[tuple[int, bytes]])
    with contextlib.suppress(EOFError, OSError):
        while True:
            piece = decoder.decode(connection.recv_bytes())
            connection.send_bytes(msgspec.msgpack.encode(
                [measure_file(folder, number, os.fsdecode(path)) for number, path in piece]))


def keep_memory() -> None:
    """Have glibc keep freed memory for the next picture: giving pages back and getting them anew takes a fifth of
    the time of measuring photos. For a process that does nothing else."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            library = ctypes.CDLL(None)
            library.mallopt(_MMAP_THRESHOLD, _KEPT_BYTES)
            library.mallopt(_TRIM_THRESHOLD, 4 * _KEPT_BYTES)


def _decode(data: bytes) -> list[Measured]:
    return msgspec.msgpack.decode(data, type=list[Measured])
