"""The index of a collection in SQLite: what was found, and what the user decided about it.

What was found can be scanned again; decisions (another class, another split, left out) are the user's
and never live in a cache only. They are kept by path, with a journal of every change.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.files import write_problem
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.datasets.scan import Found
from cnnstudio.datasets.splits import divide

FILE: Final = "dataset.sqlite"

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS pictures (
  id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, folder_class TEXT NOT NULL, folder_split TEXT,
  size INTEGER NOT NULL, modified_ns INTEGER NOT NULL, width INTEGER, height INTEGER, hash TEXT,
  problem TEXT, problem_text TEXT, inspected INTEGER NOT NULL DEFAULT 0, seen INTEGER NOT NULL DEFAULT 0,
  class_name TEXT NOT NULL, split TEXT NOT NULL DEFAULT 'train', excluded INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS pictures_class ON pictures (class_name, split, excluded);
CREATE INDEX IF NOT EXISTS pictures_problem ON pictures (problem) WHERE problem IS NOT NULL;
CREATE TABLE IF NOT EXISTS decisions (
  path TEXT PRIMARY KEY, class_name TEXT, split TEXT, excluded INTEGER
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS journal (id INTEGER PRIMARY KEY, time REAL NOT NULL, change TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
PRAGMA user_version = 1;
"""


class Picture(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One picture. `path` is relative to the collection's folder; `split` and `class_name` are in force.

    `problem` is the code of what prevents reading it, `problem_text` its text in the two languages.
    """

    id: int
    path: str
    class_name: str
    split: str
    size: int
    modified_ns: int
    width: int | None
    height: int | None
    hash: str | None
    problem: str | None
    problem_text: Text | None
    excluded: bool
    folder_class: str

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which pictures; empty tuples mean any. `excluded`: "hide", "show" or "only"; `problem`: any or a code."""

    classes: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    text: str = ""
    problem: str = ""
    excluded: str = "show"


SORTS: Final = {
    "path": "path", "name": "path", "size": "size DESC, path", "date": "modified_ns DESC, path",
    "class": "class_name, path", "pixels": "COALESCE(width * height, 0) DESC, path",
}


class Decided(msgspec.Struct, frozen=True):
    """A decision about a picture; None: as the folder says."""

    class_name: str | None = None
    split: str | None = None
    excluded: bool | None = None


class DecisionEffect:
    """An undoable change of decisions, for the project's history."""

    def __init__(self, index: Index, before: dict[str, Decided], after: dict[str, Decided]) -> None:
        self._index, self._before, self._after = index, before, after

    def undo(self) -> None:
        self._index.decide(self._before)

    def redo(self) -> None:
        self._index.decide(self._after)


class Index:
    """The index of one project; safe to use from several threads (each has its own connection)."""

    def __init__(self, path: Path) -> None:
        """Opens or creates `path`; raises ProblemError when it cannot be written or is damaged."""
        self.path = path
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._lock = threading.RLock()
        with self._transaction() as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > 1:
                text = Text("{path} was written by a newer CNN Studio.", "{path} fue escrito por un CNN Studio más nuevo.")
                raise ProblemError(error("newer_format", text.fill(path=path), "dataset", path=path))
            if version == 0:
                connection.executescript(_SCHEMA)

    # Connections -------------------------------------------------------------------------------

    @property
    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            try:
                connection = sqlite3.connect(self.path, timeout=30, check_same_thread=False, isolation_level=None)
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = NORMAL")
            except sqlite3.Error as trouble:
                raise ProblemError(_database_problem(trouble, self.path)) from trouble
            self._local.connection = connection
            with self._lock:
                self._connections.append(connection)
        return connection

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """One writer at a time; everything inside happens or nothing does."""
        with self._lock:
            connection = self._connection
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                if connection.in_transaction:
                    connection.execute("COMMIT")
            except sqlite3.Error as trouble:
                raise ProblemError(_database_problem(trouble, self.path)) from trouble
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
            self._local = threading.local()

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.Error as trouble:
            raise ProblemError(_database_problem(trouble, self.path)) from trouble

    # What was found ----------------------------------------------------------------------------

    def begin_scan(self) -> int:
        """The number of a new scan, for `add` and `end_scan`."""
        return int(self._fact("scan", "0")) + 1

    def add(self, found: Sequence[Found], scan: int) -> None:
        """Enter found files; a file that changed since is looked at anew, a decision about it stays."""
        rows = [(each.path, each.class_name, each.split, each.size, each.modified_ns, scan, each.class_name,
                 each.split or "train") for each in found]
        with self._transaction() as connection:
            connection.executemany(
                "INSERT INTO pictures (path, folder_class, folder_split, size, modified_ns, seen, class_name, split)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET seen = excluded.seen,"
                " folder_class = excluded.folder_class, folder_split = excluded.folder_split,"
                " inspected = inspected AND size = excluded.size AND modified_ns = excluded.modified_ns,"
                " hash = CASE WHEN size = excluded.size AND modified_ns = excluded.modified_ns THEN hash END,"
                " size = excluded.size, modified_ns = excluded.modified_ns", rows)

    def end_scan(self, scan: int, spec: DatasetSpec) -> int:
        """Forget files that this complete scan did not see (their decisions stay), put decisions and
        splits in force; answers how many pictures vanished."""
        with self._transaction() as connection:
            gone = connection.execute("DELETE FROM pictures WHERE seen != ?", (scan,)).rowcount
            connection.execute("INSERT OR REPLACE INTO facts VALUES ('scan', ?)", (str(scan),))
        self.apply(spec)
        return gone

    def clear(self) -> None:
        """Forget everything that was found; decisions stay."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM pictures")

    def apply(self, spec: DatasetSpec) -> None:
        """Put the user's decisions and the splits of `spec` in force for every picture."""
        with self._transaction() as connection:
            connection.execute(
                "UPDATE pictures SET class_name = COALESCE((SELECT class_name FROM decisions d WHERE d.path ="
                " pictures.path), folder_class), excluded = COALESCE((SELECT excluded FROM decisions d WHERE d.path ="
                " pictures.path), 0)")
            self._divide(connection, spec)

    def _divide(self, connection: sqlite3.Connection, spec: DatasetSpec) -> None:
        # By the folder's class and with every file: a decision about one picture must not move others.
        pictures = connection.execute("SELECT path, folder_class, folder_split FROM pictures").fetchall()
        said = divide(pictures, spec.splits)
        current = dict(connection.execute("SELECT path, split FROM pictures"))
        pinned = dict(connection.execute("SELECT path, split FROM decisions WHERE split IS NOT NULL"))
        changed = [(split, path) for path, split in (said | {p: s for p, s in pinned.items() if p in current}).items()
                   if current.get(path) != split]
        connection.executemany("UPDATE pictures SET split = ? WHERE path = ?", changed)
        connection.execute("INSERT OR REPLACE INTO facts VALUES ('spec', ?)", (msgspec.json.encode(spec).decode(),))

    @staticmethod
    def _spec(connection: sqlite3.Connection) -> DatasetSpec:
        """The spec that was put in force last."""
        row = connection.execute("SELECT value FROM facts WHERE name = 'spec'").fetchone()
        return DatasetSpec() if row is None else msgspec.json.decode(row[0], type=DatasetSpec)

    def to_inspect(self, limit: int) -> list[tuple[int, str]]:
        """(id, path) of pictures whose content was not looked at yet."""
        return [(row[0], row[1]) for row in self._rows(
            "SELECT id, path FROM pictures WHERE NOT inspected ORDER BY id LIMIT ?", (limit,))]

    def set_inspected(self, rows: Iterable[tuple[int, int | None, int | None, str | None, str | None, Text | None]]
                      ) -> None:
        """Enter (id, width, height, hash, problem code, problem text) of inspected pictures."""
        values = [(width, height, digest, code, None if text is None else json.dumps([text.en, text.es]), identifier)
                  for identifier, width, height, digest, code, text in rows]
        with self._transaction() as connection:
            connection.executemany("UPDATE pictures SET width = ?, height = ?, hash = ?, problem = ?,"
                                   " problem_text = ?, inspected = 1 WHERE id = ?", values)

    # Decisions ---------------------------------------------------------------------------------

    def relabel(self, ids: Iterable[int], class_name: str) -> DecisionEffect:
        """Give pictures another class; answers what the history needs to undo it."""
        return self._change(ids, lambda old: msgspec.structs.replace(old, class_name=class_name))

    def exclude(self, ids: Iterable[int], excluded: bool) -> DecisionEffect:
        """Leave pictures out of everything, or take them in again."""
        return self._change(ids, lambda old: msgspec.structs.replace(old, excluded=excluded or None))

    def assign_split(self, ids: Iterable[int], split: str | None) -> DecisionEffect:
        """Pin pictures to a split; None lets the draw decide again."""
        return self._change(ids, lambda old: msgspec.structs.replace(old, split=split))

    def rename_class(self, old_name: str, new_name: str) -> DecisionEffect:
        """All pictures of a class get another class name (an existing one merges the two)."""
        ids = [row[0] for row in self._rows("SELECT id FROM pictures WHERE class_name = ?", (old_name,))]
        return self.relabel(ids, new_name)

    def _change(self, ids: Iterable[int], change: Any) -> DecisionEffect:
        paths = [picture.path for picture in self.pictures(list(ids))]
        before = self.decisions(paths)
        after = {path: change(before[path]) for path in paths}
        self.decide(after)
        return DecisionEffect(self, before, after)

    def decisions(self, paths: Sequence[str]) -> dict[str, Decided]:
        """The decision about each path (an empty one where there is none)."""
        found: dict[str, Decided] = {}
        for start in range(0, len(paths), 500):
            part = paths[start:start + 500]
            marks = ",".join("?" * len(part))
            for path, class_name, split, excluded in self._rows(
                    f"SELECT path, class_name, split, excluded FROM decisions WHERE path IN ({marks})", part):
                found[path] = Decided(class_name, split, None if excluded is None else bool(excluded))
        return {path: found.get(path, Decided()) for path in paths}

    def decide(self, decisions: dict[str, Decided]) -> None:
        """Write decisions, their journal and their effect in one transaction."""
        with self._transaction() as connection:
            before = dict(connection.execute("SELECT path, split FROM decisions WHERE split IS NOT NULL"))
            connection.executemany(
                "INSERT OR REPLACE INTO decisions VALUES (?, ?, ?, ?)",
                [(path, each.class_name, each.split, each.excluded) for path, each in decisions.items()])
            connection.execute("DELETE FROM decisions WHERE class_name IS NULL AND split IS NULL AND excluded IS NULL")
            connection.execute("INSERT INTO journal (time, change) VALUES (?, ?)", (
                time.time(), msgspec.json.encode(decisions).decode()))
            connection.executemany(
                "UPDATE pictures SET class_name = COALESCE(?, folder_class), excluded = ? WHERE path = ?",
                [(each.class_name, bool(each.excluded), path) for path, each in decisions.items()])
            connection.executemany("UPDATE pictures SET split = ? WHERE path = ?",
                                   [(each.split, path) for path, each in decisions.items() if each.split])
            if any(each.split is None and before.get(path) for path, each in decisions.items()):
                self._divide(connection, self._spec(connection))

    # Questions ---------------------------------------------------------------------------------

    def ids(self, wanted: Filter | None = None, sort: str = "path") -> array[int]:
        """Ids of the pictures that pass, in order, as one compact array."""
        where, values = _where(wanted or Filter())
        rows = self._connection.execute(f"SELECT id FROM pictures {where} ORDER BY {SORTS[sort]}", values)
        return array("q", (row[0] for row in rows))

    def count(self, wanted: Filter | None = None) -> int:
        where, values = _where(wanted or Filter())
        return int(self._rows(f"SELECT COUNT(*) FROM pictures {where}", values)[0][0])

    def pictures(self, ids: Sequence[int]) -> list[Picture]:
        """The pictures of these ids, in this order; ids that are gone are left out."""
        found: dict[int, Picture] = {}
        for start in range(0, len(ids), 500):
            part = list(ids[start:start + 500])
            marks = ",".join("?" * len(part))
            for row in self._rows(f"SELECT {_COLUMNS} FROM pictures WHERE id IN ({marks})", part):
                found[row[0]] = _picture(row)
        return [found[each] for each in ids if each in found]

    def usable(self, classes: Sequence[str]) -> Iterator[Picture]:
        """Every picture that can be trained on or measured: readable, not excluded, of a chosen class."""
        chosen = set(classes)
        for row in self._rows(f"SELECT {_COLUMNS} FROM pictures WHERE NOT excluded AND problem IS NULL ORDER BY path"):
            picture = _picture(row)
            if picture.class_name in chosen:
                yield picture

    def class_names(self, spec: DatasetSpec) -> tuple[str, ...]:
        """The classes in the user's order, or all that have pictures in alphabetical order."""
        if spec.class_names:
            return spec.class_names
        return tuple(row[0] for row in self._rows("SELECT DISTINCT class_name FROM pictures ORDER BY class_name"))

    def counts(self) -> dict[str, dict[str, int]]:
        """Usable pictures by class and split."""
        found: dict[str, dict[str, int]] = {}
        for class_name, split, number in self._rows(
                "SELECT class_name, split, COUNT(*) FROM pictures WHERE NOT excluded AND problem IS NULL"
                " GROUP BY class_name, split"):
            found.setdefault(class_name, {})[split] = number
        return found

    def split_counts(self, classes: Sequence[str]) -> dict[str, int]:
        """Usable pictures of these classes by split."""
        totals = {"train": 0, "validation": 0, "test": 0}
        for class_name, splits in self.counts().items():
            if class_name in classes:
                for split, number in splits.items():
                    totals[split] += number
        return totals

    def problem_counts(self) -> dict[str, int]:
        """Pictures that cannot be read, by the code of the problem."""
        return dict(self._rows("SELECT problem, COUNT(*) FROM pictures WHERE problem IS NOT NULL GROUP BY problem"))

    def sizes(self, limit: int = 2000) -> list[tuple[int, int]]:
        """(height, width) of up to `limit` inspected pictures."""
        return [(row[0], row[1]) for row in self._rows(
            "SELECT height, width FROM pictures WHERE width IS NOT NULL ORDER BY id LIMIT ?", (limit,))]

    def _fact(self, name: str, default: str) -> str:
        rows = self._rows("SELECT value FROM facts WHERE name = ?", (name,))
        return str(rows[0][0]) if rows else default


_COLUMNS: Final = ("id, path, class_name, split, size, modified_ns, width, height, hash, problem, problem_text,"
                   " excluded, folder_class")


def _picture(row: Any) -> Picture:
    text = None if row[10] is None else Text(*json.loads(row[10]))
    return Picture(id=row[0], path=row[1], class_name=row[2], split=row[3], size=row[4], modified_ns=row[5],
                   width=row[6], height=row[7], hash=row[8], problem=row[9], problem_text=text,
                   excluded=bool(row[11]), folder_class=row[12])


def _where(wanted: Filter) -> tuple[str, list[Any]]:
    parts: list[str] = []
    values: list[Any] = []
    for column, chosen in (("class_name", wanted.classes), ("split", wanted.splits)):
        if chosen:
            parts.append(f"{column} IN ({','.join('?' * len(chosen))})")
            values += chosen
    if wanted.text:
        escaped = wanted.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        parts.append("path LIKE ? ESCAPE '\\'")
        values.append(f"%{escaped}%")
    if wanted.problem == "any":
        parts.append("problem IS NOT NULL")
    elif wanted.problem:
        parts.append("problem = ?")
        values.append(wanted.problem)
    if wanted.excluded != "show":
        parts.append("excluded" if wanted.excluded == "only" else "NOT excluded")
    return ("WHERE " + " AND ".join(parts) if parts else ""), values


def _database_problem(trouble: sqlite3.Error, path: Path) -> Any:
    name = getattr(trouble, "sqlite_errorname", "") or ""
    if "FULL" in name:
        return write_problem(OSError(28, "No space left on device"), path)
    if "READONLY" in name or "CANTOPEN" in name or "PERM" in name:
        return write_problem(PermissionError(13, str(trouble)), path)
    if "NOTADB" in name or "CORRUPT" in name:
        text = Text("The index {path} is damaged. Move it away and open the project again: the pictures are scanned "
                    "anew; decisions about them were in that file.",
                    "El índice {path} está dañado. Apártelo y abra el proyecto de nuevo: las imágenes se leen otra vez; "
                    "las decisiones sobre ellas estaban en ese archivo.")
        return error("damaged_index", text.fill(path=path), "dataset", path=path, details=str(trouble))
    text = Text("The index {path} could not be used: {reason}.", "No se pudo usar el índice {path}: {reason}.")
    return error("index", text.fill(path=path, reason=str(trouble)), "dataset", path=path, details=str(trouble))
