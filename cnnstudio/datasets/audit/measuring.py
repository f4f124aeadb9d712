"""Every picture decoded once, in threads: what is measured then is never measured again."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import cv2
import msgspec
import numpy as np

from cnnstudio.core.text import Text
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.refresh import Cancelled, Inspected, OnProgress, never
from cnnstudio.imaging import jpeg
from cnnstudio.imaging.decode import decode_described, lay_over, read_bytes
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.hashing import content_hash
from cnnstudio.imaging.header import Header
from cnnstudio.imaging.headers import read_header
from cnnstudio.imaging.metadata import taken_at
from cnnstudio.imaging.quality import measure as measure_pixels
from cnnstudio.imaging.quality import to_gray
from cnnstudio.imaging.signature import signature

VERSION: Final = 4
"""Of what is measured: rows of another version are measured again."""
_ENOUGH: Final = 768
"""Pixels of the longer side that a JPEG keeps at least when it is decoded at a part of its size."""
_WHITE: Final = (255, 255, 255)
"""What shows through transparent pixels."""
_FIRST: Final = 32
_SECONDS: Final = 0.4
_SMALL: Final = 12_000
"""Bytes of a file, in the mean, below which threads wait for each other longer than they help."""
_COLUMNS: Final = ("picture", "brightness", "dark", "bright", "contrast", "sharpness", "entropy", "colorfulness",
                   "channels", "format", "orientation", "taken", "signature", "version")
_WAITING: Final = ("FROM pictures p LEFT JOIN measures m ON m.picture = p.id AND m.version = ?"
                   " WHERE m.picture IS NULL")


class Measured(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One picture: what `Index.set_inspected` takes, and the row of its measures."""

    inspected: Inspected
    row: tuple[Any, ...]


def waiting(index: Index) -> int:
    """How many pictures were not measured yet."""
    # Measures go away with their pictures: a difference is right, and a hundred times quicker than a join.
    return int(index.rows("SELECT (SELECT COUNT(*) FROM pictures) - (SELECT COUNT(*) FROM measures WHERE version = ?)",
                          (VERSION,))[0][0])


def measure(index: Index, root: Path, on_progress: OnProgress | None = None, cancelled: Cancelled = never,
            workers: int | None = None, chunk: int = 512) -> int:
    """Measure every picture that was not measured yet; answers how many were.

    It goes on where it was cancelled: each chunk, of at most `chunk` pictures, is entered as it is done. The
    files are inspected by the same decoding, if they were not yet.
    """
    # These threads, and those that decode thumbnails beside them, are enough: OpenCV's own stand in their way.
    cv2.setNumThreads(1)
    total, done, looked, size, last = waiting(index), 0, False, min(chunk, _FIRST), 0
    with ThreadPoolExecutor(workers or os.cpu_count() or 2, thread_name_prefix="audit") as pool:
        while not cancelled():
            rows = index.rows(f"SELECT p.id, p.path, p.inspected, p.size {_WAITING} AND p.id > ? ORDER BY p.id LIMIT ?",
                              (VERSION, last, size))
            if not rows and not last:
                break
            # Once more from the beginning at the end: a file may have changed meanwhile.
            last = rows[-1][0] if rows else 0
            if not rows:
                continue
            start = time.perf_counter()
            if sum(row[3] for row in rows) < _SMALL * len(rows):
                found = [measure_file(root, row[0], row[1]) for row in rows]
            else:
                found = list(pool.map(lambda row: measure_file(root, row[0], row[1]), rows))
            fresh = {row[0] for row in rows if not row[2]}
            looked = looked or bool(fresh)
            _enter(index, found, fresh)
            done += len(rows)
            # Some chunks a second: large photos can be cancelled soon, small ones are not held up by the index.
            size = max(1, min(chunk, 2 * size, round(len(rows) * _SECONDS / (time.perf_counter() - start))))
            if on_progress is not None:
                on_progress(done, max(total, done))
    if looked and not cancelled():
        index.follow_moves()
    return done


def _enter(index: Index, found: Iterable[Measured], fresh: set[int]) -> None:
    values = list(found)
    inspected = [each.inspected for each in values if each.inspected[0] in fresh]
    if inspected:
        index.set_inspected(inspected)
    marks = ",".join("?" * len(_COLUMNS))
    with index.transaction() as connection:
        connection.executemany(f"INSERT OR REPLACE INTO measures ({','.join(_COLUMNS)}) VALUES ({marks})",
                               [each.row for each in values])


def measure_file(root: Path, identifier: int, path: str) -> Measured:
    """Read, decode and measure one file; trouble with it is part of the answer."""
    digest: str | None = None
    header: Header | None = None
    try:
        data = read_bytes(root / path)
        digest = content_hash(data)
        header = read_header(data)
        picture = decode_described(data, header, channels=None, background=_WHITE,
                                   reduce=_reduction(header))
        channels = picture.shape[2] if picture.ndim == 3 else 1
        if channels == 4:
            picture = np.ascontiguousarray(lay_over(picture, _WHITE))
        gray = to_gray(picture)
        quality = measure_pixels(picture, gray)
        width, height = header.size_as_seen
        if header.format != jpeg.NAME:
            height, width = picture.shape[:2]
        taken = taken_at(data) if b"Exif" in data[:4096] else None
        row = (identifier, quality.brightness, quality.dark, quality.bright, quality.contrast, quality.sharpness,
               quality.entropy, quality.colorfulness, channels, header.format, header.orientation, taken,
               signature(picture, gray), VERSION)
        return Measured(inspected=(identifier, width, height, digest, None, None), row=row)
    except PictureError as trouble:
        text = Text(trouble.text("en"), trouble.text("es"))
        return Measured(inspected=(identifier, None, None, digest, trouble.code, text),
                        row=(identifier, *[None] * 8, header.format if header is not None else None, None, None, None,
                             VERSION))


def _reduction(header: Header) -> int:
    if header.format != jpeg.NAME:
        return 1
    longest = max(header.width, header.height)
    return next((factor for factor in (8, 4, 2) if longest >= factor * _ENOUGH), 1)
