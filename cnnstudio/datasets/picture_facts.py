"""What is known of picture files: from the index, else from a cache, else measured now as the audit measures them."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, NamedTuple

from cnnstudio.catalog.properties import PictureFacts
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import ProblemError
from cnnstudio.datasets.audit.file_measures import VERSION, measure_file
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.refresh import Cancelled, OnProgress, never

_MEASURES: Final = ("width", "height", "brightness", "contrast", "sharpness", "colorfulness", "channels", "format")
_MOST: Final = 500_000
"""Rows of the cache; beyond them the oldest go."""
_PART: Final = 500
_MEASURED_AT_ONCE: Final = 64
_SQL: Final = ("CREATE TABLE IF NOT EXISTS measured (path TEXT PRIMARY KEY, size INTEGER NOT NULL, modified_ns INTEGER NOT"
               " NULL, width INTEGER, height INTEGER, brightness REAL, contrast REAL, sharpness REAL, colorfulness REAL,"
               " channels INTEGER, format TEXT)")


class _File(NamedTuple):
    """A file that is there: its path, and its size and time."""

    path: str
    size: int
    modified_ns: int


def read_facts(files: Sequence[Path], folders: Sequence[str], index: Index | None = None, root: Path | None = None, *,
               decodes: bool = True, on_progress: OnProgress | None = None, cancelled: Cancelled = never
               ) -> list[PictureFacts]:
    """The facts of each file; what is not there, or cannot be decoded, has no measures. `folders` are those that are shown.

    `index` has the audit's measures of the files below `root`. Without `decodes` no file is opened. After a cancellation
    the rest has no measures either; what was measured is kept.
    """
    present = [_stat(path) for path in files]
    known: dict[str, tuple[Any, ...]] = {}
    if decodes:
        wanted = [file for file in present if file is not None]
        if index is not None and root is not None:
            known |= _of_index(index, root, wanted)
        known |= _measured([file for file in wanted if file.path not in known], on_progress, cancelled)
    return [PictureFacts(folder=folder) if file is None else PictureFacts(
        folder=folder, file_bytes=file.size, **dict(zip(_MEASURES, known.get(file.path, (None,) * len(_MEASURES)),
                                                        strict=True)))
            for file, folder in zip(present, folders, strict=True)]


def _stat(path: Path) -> _File | None:
    try:
        facts = os.stat(path)
    except (OSError, ValueError):
        return None
    return _File(os.fspath(path), facts.st_size, facts.st_mtime_ns)


def _of_index(index: Index, root: Path, files: Sequence[_File]) -> dict[str, tuple[Any, ...]]:
    """The measures of the audit, of files that did not change since."""
    relative = {}
    for file in files:
        with contextlib.suppress(ValueError):
            relative[Path(file.path).relative_to(root).as_posix()] = file
    paths, found = list(relative), {}
    columns = ", ".join(f"p.{name}" if name in ("width", "height") else f"m.{name}" for name in _MEASURES)
    try:
        for start in range(0, len(paths), _PART):
            part = paths[start:start + _PART]
            for path, size, modified, *measures in index.rows(
                    f"SELECT p.path, p.size, p.modified_ns, {columns} FROM pictures p JOIN measures m ON m.picture = p.id"
                    f" WHERE m.version = ? AND p.path IN ({','.join('?' * len(part))})", (VERSION, *part)):
                file = relative[path]
                if (file.size, file.modified_ns) == (size, modified):
                    found[file.path] = tuple(measures)
    except ProblemError:
        # A damaged index is told elsewhere; here everything can be measured again.
        return {}
    return found


def _measured(files: Sequence[_File], on_progress: OnProgress | None, cancelled: Cancelled) -> dict[str, tuple[Any, ...]]:
    if not files:
        return {}
    with _cache() as connection:
        found = _of_cache(connection, files)
        missing = [file for file in files if file.path not in found]
        done = 0
        with ThreadPoolExecutor(max(1, os.cpu_count() or 1)) as pool:
            for start in range(0, len(missing), _MEASURED_AT_ONCE):
                if cancelled():
                    break
                part = missing[start:start + _MEASURED_AT_ONCE]
                rows = dict(zip((file.path for file in part), pool.map(_measure, part), strict=True))
                found |= rows
                _keep(connection, part, rows)
                done += len(part)
                if on_progress is not None:
                    on_progress(done, len(missing))
    return found


def _measure(file: _File) -> tuple[Any, ...]:
    measured = measure_file(Path(), 0, file.path)
    _id, width, height, *_rest = measured.inspected
    _id, brightness, _dark, _bright, contrast, sharpness, _entropy, colorfulness, channels, name, *_more = measured.row
    return width, height, brightness, contrast, sharpness, colorfulness, channels, name


# The cache -----------------------------------------------------------------------------------------


@contextlib.contextmanager
def _cache() -> Iterator[sqlite3.Connection | None]:
    """The cache, or None where it cannot be used: everything in it can be measured again."""
    path = cache_folder() / "properties" / f"measures-{VERSION}.sqlite"
    connection = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=5, isolation_level=None)
        connection.execute(_SQL)
    except (OSError, sqlite3.Error):
        if connection is not None:
            connection.close()
        connection = None
    try:
        yield connection
    finally:
        if connection is not None:
            connection.close()


def _of_cache(connection: sqlite3.Connection | None, files: Sequence[_File]) -> dict[str, tuple[Any, ...]]:
    found: dict[str, tuple[Any, ...]] = {}
    by_path = {file.path: file for file in files}
    if connection is None:
        return found
    try:
        for start in range(0, len(files), _PART):
            part = [file.path for file in files[start:start + _PART]]
            for path, size, modified, *measures in connection.execute(
                    f"SELECT path, size, modified_ns, {', '.join(_MEASURES)} FROM measured"
                    f" WHERE path IN ({','.join('?' * len(part))})", part):
                if (by_path[path].size, by_path[path].modified_ns) == (size, modified):
                    found[path] = tuple(measures)
    except (sqlite3.Error, UnicodeError):
        return {}
    return found


def _keep(connection: sqlite3.Connection | None, files: Sequence[_File], rows: dict[str, tuple[Any, ...]]) -> None:
    if connection is None:
        return
    marks = ",".join("?" * (3 + len(_MEASURES)))
    with contextlib.suppress(sqlite3.Error, UnicodeError):
        connection.execute("BEGIN")
        connection.executemany(f"INSERT OR REPLACE INTO measured VALUES ({marks})",
                               [(*file, *rows[file.path]) for file in files])
        connection.execute("DELETE FROM measured WHERE rowid <= (SELECT MAX(rowid) FROM measured) - ?", (_MOST,))
        connection.execute("COMMIT")
    with contextlib.suppress(sqlite3.Error):
        if connection.in_transaction:
            connection.execute("ROLLBACK")
