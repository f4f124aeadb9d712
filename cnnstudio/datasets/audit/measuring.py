"""Measure every picture once, in several processes."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import cv2

from cnnstudio.datasets.audit.file_measures import VERSION, Measured, measure_file
from cnnstudio.datasets.audit.helpers import Helpers, Piece, spare
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.refresh import Cancelled, OnProgress, check_drive, never

_ENTERED_SECONDS: Final = 0.4
"""How often results are written to the index; a crash loses only the ones since."""
_ENTERED: Final = 1024
_PIECE_BYTES: Final = 1 << 18
_PIECE: Final = 32
"""The most bytes and files in one piece."""
_WORTH: Final = 256
"""From this number of pictures on, helpers are worth their start."""
_FETCHED: Final = 4096
_COLUMNS: Final = ("picture", "brightness", "dark", "bright", "contrast", "sharpness", "entropy", "colorfulness",
                   "channels", "format", "orientation", "taken", "signature", "version")
_WAITING: Final = ("FROM pictures p LEFT JOIN measures m ON m.picture = p.id AND m.version = ?"
                   " WHERE m.picture IS NULL")


def waiting(index: Index) -> int:
    """The number of pictures that are not measured yet."""
    # Measures are deleted with their pictures, so a difference of counts is right and much quicker than a join.
    return int(index.rows("SELECT (SELECT COUNT(*) FROM pictures) - (SELECT COUNT(*) FROM measures WHERE version = ?)",
                          (VERSION,))[0][0])


def measure(index: Index, root: Path, on_progress: OnProgress | None = None, cancelled: Cancelled = never, *,
            helpers: int | None = None, here: bool = True, beside: Helpers | None = None) -> int:
    """Measure every picture that is not measured yet; returns how many were.

    `helpers` processes (by default one for each free core), or the started ones in `beside`, do the work, and with
    `here` the calling thread as well. It resumes after a cancellation, as results are entered continuously. The files
    are inspected by the same decoding, if they were not yet. Raises ProblemError when the folder goes away meanwhile.
    """
    # The processes use all cores; OpenCV's own threads would slow them down.
    cv2.setNumThreads(1)
    total = waiting(index)
    if not total:
        return 0
    if helpers is None:
        helpers = 0 if total < _WORTH and here else spare(here)
    entering = _Entering(index, root, total, on_progress)
    started = beside is not None and (total >= _WORTH or not here)
    with contextlib.nullcontext(beside) if started and beside is not None else Helpers(helpers) as working:
        working.root = root
        # Another round from the beginning: a file may have changed meanwhile.
        while not cancelled() and _round(index, root, entering, working, cancelled, here or not working.there):
            pass
    entering.enter()
    if entering.looked and not cancelled():
        index.follow_moves()
        index.keep_copies_together()
    return entering.done


def _round(index: Index, root: Path, entering: _Entering, beside: Helpers, cancelled: Cancelled, here: bool) -> bool:
    """Measure the waiting pictures; returns whether there were any."""
    pieces, begun, over = _pieces(index, entering.fresh), False, False
    while not (over and not beside.busy):
        if cancelled():
            return False
        while beside.room and not over:
            piece = next(pieces, None)
            if over := piece is None:
                break
            beside.give(piece)
            begun = True
        piece = next(pieces, None) if (here or not beside.there) and not over else None
        for identifier, path in piece or ():
            begun = True
            entering.add([measure_file(root, identifier, path)])
            if cancelled():
                return False
        # A share of the time goes by here only when there is nothing else to do.
        entering.add(beside.collect(0.0 if piece else 0.1))
        over = over or (piece is None and not beside.there)
    entering.enter()
    return begun


def _pieces(index: Index, fresh: set[int]) -> Iterator[Piece]:
    """The waiting pictures in pieces; ids of those that were never inspected go into `fresh`."""
    last = 0
    while rows := index.rows(f"SELECT p.id, p.path, p.inspected, p.size {_WAITING} AND p.id > ? ORDER BY p.id LIMIT ?",
                             (VERSION, last, _FETCHED)):
        last = rows[-1][0]
        fresh.update(row[0] for row in rows if not row[2])
        piece: list[tuple[int, str]] = []
        size = 0
        for identifier, path, _inspected, bytes_of_file in rows:
            piece.append((identifier, path))
            size += bytes_of_file
            if len(piece) == _PIECE or size >= _PIECE_BYTES:
                yield piece
                piece, size = [], 0
        if piece:
            yield piece


class _Entering:
    """Writes results to the index a few times a second and reports progress."""

    def __init__(self, index: Index, root: Path, total: int, on_progress: OnProgress | None) -> None:
        self._index, self._root, self._total, self._on_progress = index, root, total, on_progress
        self._held: list[Measured] = []
        self._due = time.perf_counter() + _ENTERED_SECONDS
        self.fresh: set[int] = set()
        self.done = 0
        self.looked = False

    def add(self, measured: Iterable[Measured]) -> None:
        self._held += measured
        if len(self._held) >= _ENTERED or (self._held and time.perf_counter() >= self._due):
            self.enter()

    def enter(self) -> None:
        """Write everything that is held."""
        self._due = time.perf_counter() + _ENTERED_SECONDS
        if not self._held:
            return
        held, self._held = self._held, []
        check_drive(self._root, (item.inspected for item in held))
        inspected = [item.inspected for item in held if item.inspected[0] in self.fresh]
        if inspected:
            self.looked = True
            self._index.set_inspected(inspected)
            self.fresh.difference_update(item[0] for item in inspected)
        marks = ",".join("?" * len(_COLUMNS))
        with self._index.transaction() as connection:
            connection.executemany(f"INSERT OR REPLACE INTO measures ({','.join(_COLUMNS)}) VALUES ({marks})",
                                   [item.row for item in held])
        self.done += len(held)
        if self._on_progress is not None:
            self._on_progress(self.done, max(self._total, self.done))
