"""Arrays of one shape on the disk, by the content hash of the file that they were computed from.

`rows.bin` holds the rows one after the other and is mapped into memory; `index.sqlite` maps contents to rows, and paths
to their last known content.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from cnnstudio.core.text import tr

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS rows (row INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, size INTEGER, modified INTEGER, row INTEGER) WITHOUT ROWID;
"""


RESERVED_BYTES: Final = 1_000_000_000
"""The cache leaves this much of the disk free for checkpoints, projects and other programs."""


class Store:
    """One folder of rows. Every method may raise OSError or sqlite3.Error: the caller then uses memory."""

    def __init__(self, folder: Path, shape: tuple[int, ...], dtype: str) -> None:
        self.folder = folder
        self.shape = shape
        self.dtype = np.dtype(dtype)
        self._row_bytes = int(np.prod(shape)) * self.dtype.itemsize
        try:
            self._open()
        except sqlite3.DatabaseError:
            self._rebuild()

    @property
    def path(self) -> Path:
        return self.folder / "rows.bin"

    def _open(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(self.folder / "index.sqlite", timeout=60, check_same_thread=False)
        try:
            self._database.executescript(SCHEMA)
            self._database.execute("PRAGMA synchronous=NORMAL")
            count, last = self._database.execute("SELECT COUNT(*), COALESCE(MAX(row), -1) FROM rows").fetchone()
            self.path.touch()
            if self.path.stat().st_size < (last + 1) * self._row_bytes or count != last + 1:
                raise sqlite3.DatabaseError("rows are missing")
            self._rows = {name: row for row, name in self._database.execute("SELECT row, hash FROM rows")}
        except BaseException:
            self._database.close()
            raise
        os.utime(self.folder)

    def _rebuild(self) -> None:
        """Recreate a damaged store: everything in it can be computed again."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._open()

    @property
    def names(self) -> set[str]:
        """The content hashes of all rows."""
        return set(self._rows)

    def row_of(self, name: str) -> int | None:
        """The row made from the content of that hash, or None."""
        return self._rows.get(name)

    def find_rows(self, paths: Sequence[str], stats: Sequence[tuple[int, int] | None]) -> tuple[np.ndarray, list[str]]:
        """Rows (-1: none) and content hashes of files whose size and time of change are as last seen."""
        wanted = {row: name for name, row in self._rows.items()}
        seen = {path: (size, modified, row) for path, size, modified, row
                in self._database.execute("SELECT path, size, modified, row FROM files")}
        rows = np.full(len(paths), -1, np.int64)
        names = [""] * len(paths)
        for index, (path, stat) in enumerate(zip(paths, stats, strict=True)):
            entry = seen.get(path)
            if entry is not None and stat is not None and entry[:2] == stat and entry[2] in wanted:
                rows[index], names[index] = entry[2], wanted[entry[2]]
        return rows, names

    def add(self, names: Sequence[str], arrays: Sequence[np.ndarray]) -> list[int]:
        """Append rows; they are registered after they are on the disk."""
        first = len(self._rows)
        left = shutil.disk_usage(self.folder).free - len(arrays) * self._row_bytes
        if left < RESERVED_BYTES:
            raise OSError(tr("less than {n} GB would be left on the disk", "quedaría menos de {n} GB libre en el disco",
                             n=RESERVED_BYTES // 10**9))
        with self.path.open("r+b") as file:
            file.seek(first * self._row_bytes)
            for array in arrays:
                file.write(np.ascontiguousarray(array, self.dtype).reshape(self.shape).tobytes())
            file.flush()
            os.fsync(file.fileno())
        rows = list(range(first, first + len(arrays)))
        with self._database:
            self._database.executemany("INSERT INTO rows VALUES (?, ?)", zip(rows, names, strict=True))
        self._rows.update(zip(names, rows, strict=True))
        return rows

    def remember(self, files: Iterable[tuple[str, int, int, int]]) -> None:
        """Register (path, size, modified_ns, row) of files."""
        with self._database:
            self._database.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", files)

    def mapped(self) -> np.ndarray:
        """All rows (n, *shape), mapped from the disk and read-only."""
        count = len(self._rows)
        if count == 0:
            return np.empty((0, *self.shape), self.dtype)
        return np.memmap(self.path, self.dtype, "r", shape=(count, *self.shape))

    def close(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._database.close()


def make_room(cache: Path, limit: int, keep: Path | None = None) -> None:
    """Remove the least recently used entries until the cache's rows and engines fit in `limit` bytes."""
    result = []
    for kind in ("pixels", "features", "engines"):
        with contextlib.suppress(OSError):
            for entry in os.scandir(cache / kind):
                path = Path(entry.path)
                result.append((entry.stat().st_mtime, _size(path), path))
    total = sum(size for _, size, _ in result)
    for _, size, path in sorted(result, key=lambda item: item[0]):
        if total <= limit:
            return
        if path == keep:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                path.unlink()
        total -= size


def _size(path: Path) -> int:
    try:
        if path.is_file():
            return path.stat().st_size
        return sum(entry.stat().st_size for entry in os.scandir(path) if entry.is_file())
    except OSError:
        return 0
