"""Thumbnails and their bounded cache on disk."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cnnstudio.imaging.decode import decode_described, read_bytes, reduction
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.headers import read_header
from cnnstudio.imaging.sample_range import STRETCHED

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS thumbnails (key BLOB PRIMARY KEY, data BLOB NOT NULL, bytes INTEGER NOT NULL,
                                       used INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS thumbnails_used ON thumbnails (used);
"""
_KEPT_TOUCHES: Final = 256


def thumbnail(source: str | os.PathLike[str] | bytes, size: int,
              background: Sequence[int] = (255, 255, 255)) -> NDArray[np.uint8]:
    """The picture within `size` x `size` pixels: uint8 (height, width, 3), red first.

    Proportions are kept and nothing is enlarged. A JPEG is decoded at the smallest size that libjpeg
    offers above the one needed, which is good enough to look at. Pictures of more than 8 bits are shown by their own
    range. Raises PictureError.
    """
    data = source if isinstance(source, bytes) else read_bytes(source)
    header = read_header(data)
    picture = decode_described(data, header, channels=3, background=background, reduce=reduction(header, size),
                               sample_range=STRETCHED)
    scale = size / max(header.width, header.height)
    if scale >= 1:
        return picture
    wide, high = header.size_as_seen
    target = (max(1, round(wide * scale)), max(1, round(high * scale)))
    if picture.shape[1::-1] == target:
        return picture
    # Up to a factor of two linear interpolation uses every pixel, too, and is far quicker.
    near = picture.shape[1] <= 2 * target[0] and picture.shape[0] <= 2 * target[1]
    how = cv2.INTER_LINEAR if near else cv2.INTER_AREA
    return cv2.resize(picture, target, interpolation=how).astype(np.uint8, copy=False)


def encode_thumbnail(picture: NDArray[np.uint8], quality: int = 85) -> bytes:
    """A thumbnail (height, width, 3), red first, as the bytes of a JPEG for the cache."""
    done, coded = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise PictureError("unsupported", format="JPEG", detail="size")
    return coded.tobytes()


def decode_thumbnail(coded: bytes) -> np.ndarray | None:
    """The thumbnail (height, width, 3), red first, of `encode_thumbnail`; None where the bytes are damaged.

    OpenCV decodes without the interpreter's lock. Qt's decoders hold it, and wait for locks that the window's thread may
    hold while it waits for the interpreter: both would wait for ever.
    """
    try:
        picture = cv2.imdecode(np.frombuffer(coded, np.uint8), cv2.IMREAD_COLOR) if coded else None
    except cv2.error:
        return None
    return None if picture is None else cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


class ThumbnailCache:
    """Encoded thumbnails on disk, at most `maximum_bytes` of them; the least recently used go first.

    It may be used from several threads and be deleted at any moment. Errors of the disk are never raised: an unreadable
    thumbnail counts as missing, an unwritable one is not kept.
    """

    def __init__(self, folder: str | os.PathLike[str], maximum_bytes: int = 512 << 20) -> None:
        self._path = Path(folder) / "thumbnails.sqlite"
        self._maximum = maximum_bytes
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._total = 0
        self._touched: dict[bytes, int] = {}
        with self._lock:
            self._open()

    @staticmethod
    def _key(path: str | os.PathLike[str], file_bytes: int, mtime_ns: int, size: int) -> bytes:
        name = os.fsencode(os.path.abspath(path))
        # The number at the end changes with the look of thumbnails, so that older ones are not shown.
        return hashlib.blake2b(name + b"\0%d,%d,%d,2" % (file_bytes, mtime_ns, size), digest_size=16).digest()

    def get(self, path: str | os.PathLike[str], file_bytes: int, mtime_ns: int, size: int) -> bytes | None:
        """The kept bytes for a file of this size and time (nanoseconds) at this thumbnail size, or None."""
        key = self._key(path, file_bytes, mtime_ns, size)
        with self._lock:
            try:
                if self._connection is None:
                    return None
                row = self._connection.execute("SELECT data FROM thumbnails WHERE key = ?", (key,)).fetchone()
            except sqlite3.Error as sqlite_error:
                self._recover(sqlite_error)
                return None
            if row is None:
                return None
            self._touched[key] = time.time_ns()
            if len(self._touched) >= _KEPT_TOUCHES:
                self._write_touches()
            return bytes(row[0])

    def put(self, path: str | os.PathLike[str], file_bytes: int, mtime_ns: int, size: int, data: bytes) -> None:
        """Keep the bytes of a thumbnail."""
        if len(data) > self._maximum:
            return
        key = self._key(path, file_bytes, mtime_ns, size)
        with self._lock:
            if self._connection is None:
                self._open()
            if self._connection is None:
                return
            try:
                with self._connection:
                    old = self._connection.execute("SELECT bytes FROM thumbnails WHERE key = ?", (key,)).fetchone()
                    self._connection.execute("INSERT OR REPLACE INTO thumbnails VALUES (?, ?, ?, ?)",
                                             (key, data, len(data), time.time_ns()))
                self._total += len(data) - (old[0] if old else 0)
                if self._total > self._maximum:
                    self._evict()
            except sqlite3.Error as sqlite_error:
                self._recover(sqlite_error)

    def close(self) -> None:
        """Write down what was used and close the file; the cache opens again when it is written to."""
        with self._lock:
            self._write_touches()
            self._close()

    def _open(self) -> None:
        for attempt in range(2):
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                connection = sqlite3.connect(self._path, timeout=5, check_same_thread=False)
                self._connection = connection
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=OFF")  # the cache can be computed again
                connection.executescript(_SCHEMA)
                self._total = int(connection.execute("SELECT coalesce(sum(bytes), 0) FROM thumbnails").fetchone()[0])
                return
            except (sqlite3.Error, OSError) as err:
                self._close()
                # Only a damaged file is thrown away, not one that another window holds for a moment.
                if attempt or not _is_damage(err):
                    return
                self._remove()

    def _evict(self) -> None:
        """Evict down to nine tenths of the bound, so that not every new picture evicts."""
        connection = self._connection
        if connection is None:
            return
        self._write_touches()
        with connection:
            while self._total > self._maximum * 9 // 10:
                rows = connection.execute("SELECT key, bytes FROM thumbnails ORDER BY used LIMIT 64").fetchall()
                if not rows:
                    break
                for key, count in rows:
                    connection.execute("DELETE FROM thumbnails WHERE key = ?", (key,))
                    self._total -= int(count)
                    if self._total <= self._maximum * 9 // 10:
                        break
            # Another window may have written as well.
            self._total = int(connection.execute("SELECT coalesce(sum(bytes), 0) FROM thumbnails").fetchone()[0])

    def _write_touches(self) -> None:
        touched, self._touched = self._touched, {}
        if self._connection is None or not touched:
            return
        try:
            with self._connection:
                self._connection.executemany("UPDATE thumbnails SET used = ? WHERE key = ?",
                                             [(when, key) for key, when in touched.items()])
        except sqlite3.Error as sqlite_error:
            self._recover(sqlite_error)

    def _recover(self, sqlite_error: sqlite3.Error) -> None:
        if _is_damage(sqlite_error):
            self._close()
            self._remove()
            self._open()

    def _close(self) -> None:
        if self._connection is not None:
            try:
                self._connection.close()
            except sqlite3.Error:
                pass
            self._connection = None

    def _remove(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            try:
                os.remove(f"{self._path}{suffix}")
            except OSError:
                pass


def _is_damage(exception: Exception) -> bool:
    return isinstance(exception, sqlite3.DatabaseError) and not isinstance(exception, sqlite3.OperationalError)
