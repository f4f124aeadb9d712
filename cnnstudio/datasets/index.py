"""The index of a collection in SQLite: pictures, and the user's decisions about them.

Pictures can be scanned again; decisions (another class, another split, excluded) cannot, so they are never in a cache
only (see `decisions`).
"""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.text import Text
from cnnstudio.datasets.database import stored_json
from cnnstudio.datasets.decisions import Decided, DecisionEffect, Decisions
from cnnstudio.datasets.inspection import OF_THE_DISK, Inspected
from cnnstudio.datasets.path_order import PathOrder, as_array, parse_ids
from cnnstudio.datasets.query import SETTLED, SORTS, Filter, ids_sql, where_sql
from cnnstudio.datasets.scan import ListedFile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["FILE", "SORTS", "Decided", "DecisionEffect", "Filter", "Index", "Picture", "open_index"]

FILE: Final = "dataset.sqlite"


class Picture(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One picture. `path` is relative to the collection's folder; `split` and `class_name` are the current ones.

    `problem` is the code of its problem, `problem_text` its text in the two languages;
    `findings` are the kinds that the audit found and the user did not accept.
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
    findings: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]


class Index(Decisions):
    """The index of one project; safe to use from several threads (each has its own connection)."""

    _order: PathOrder | None = None

    # Scanning ----------------------------------------------------------------------------------

    def begin_scan(self) -> int:
        """The number of a new scan, for `add` and `end_scan`, which the same thread calls."""
        with self.transaction() as connection:
            # Which files a scan saw is of no use after it: beside the database, nothing is written for it.
            connection.execute("CREATE TEMP TABLE IF NOT EXISTS listed (id INTEGER PRIMARY KEY)")
            connection.execute("DELETE FROM temp.listed")
        return int(self._fact("scan", "0")) + 1

    def add(self, files: Sequence[ListedFile], scan: int) -> None:
        """Enter listed files; a changed file is inspected again, a decision about it stays. A file that could not be
        read because of the disk is inspected again, too: a drive may be back. Files that are as before are not written."""
        rows = [(item.path, item.class_name, item.split, item.size, item.modified_ns, item.class_name,
                 item.split or "train", scan) for item in files]
        with self.transaction() as connection:
            before = connection.total_changes
            connection.executemany(
                "INSERT INTO pictures (path, folder_class, folder_split, size, modified_ns, class_name, split,"
                " added) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET"
                " folder_class = excluded.folder_class, folder_split = excluded.folder_split,"
                " inspected = inspected AND size = excluded.size AND modified_ns = excluded.modified_ns"
                f" AND NOT {_OF_THE_DISK},"
                " hash = CASE WHEN size = excluded.size AND modified_ns = excluded.modified_ns THEN hash END,"
                " added = CASE WHEN size = excluded.size AND modified_ns = excluded.modified_ns THEN added"
                " ELSE excluded.added END,"
                " size = excluded.size, modified_ns = excluded.modified_ns WHERE folder_class != excluded.folder_class"
                " OR folder_split IS NOT excluded.folder_split OR size != excluded.size OR modified_ns != excluded.modified_ns"
                f" OR {_OF_THE_DISK}", rows)
            if connection.total_changes != before:
                connection.execute("INSERT OR REPLACE INTO facts VALUES ('undivided', '1')")
            connection.executemany("INSERT OR IGNORE INTO temp.listed SELECT id FROM pictures WHERE path = ?",
                                   [(item.path,) for item in files])

    def end_scan(self, scan: int, spec: DatasetSpec) -> int:
        """Delete files that this complete scan did not see (their decisions stay) and apply decisions and splits, where
        anything changed; returns how many pictures vanished."""
        with self.transaction() as connection:
            gone = connection.execute("DELETE FROM pictures WHERE id NOT IN (SELECT id FROM temp.listed)").rowcount
            connection.execute("DELETE FROM temp.listed")
            connection.execute("INSERT OR REPLACE INTO facts VALUES ('scan', ?)", (str(scan),))
            if gone:
                connection.execute("INSERT OR REPLACE INTO facts VALUES ('undivided', '1')")
                self._count_deletion(connection)
        self.apply_changes(spec)
        return gone

    def last_id(self) -> int:
        """The highest id of a picture so far; 0 for none."""
        return int(self.rows("SELECT COALESCE(MAX(id), 0) FROM pictures")[0][0])

    def came_with(self, scan: int, last_id: int) -> tuple[int, int]:
        """How many files were new in that scan, and how many had changed content."""
        new = int(self.rows("SELECT COUNT(*) FROM pictures WHERE id > ?", (last_id,))[0][0])
        changed = self.rows("SELECT COUNT(*) FROM pictures WHERE added = ? AND id <= ?", (scan, last_id))
        return new, int(changed[0][0])

    def clear(self) -> None:
        """Delete all pictures; decisions stay."""
        with self.transaction() as connection:
            connection.execute("DELETE FROM pictures")
            self._count_deletion(connection)

    @staticmethod
    def _count_deletion(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO facts VALUES ('deletions', '1') ON CONFLICT (name) DO UPDATE SET"
                           " value = CAST(value AS INTEGER) + 1")

    def to_inspect(self, limit: int) -> list[tuple[int, str]]:
        """(id, path) of pictures that are not inspected yet."""
        return [(row[0], row[1]) for row in self.rows(
            "SELECT id, path FROM pictures WHERE NOT inspected ORDER BY id LIMIT ?", (limit,))]

    def set_inspected(self, rows: Iterable[Inspected]) -> None:
        """Enter the results of inspecting pictures."""
        values, samples = [], []
        for identifier, width, height, digest, code, text, stored in rows:
            values.append((width, height, digest, code, None if text is None else json.dumps([text.en, text.es]),
                           identifier))
            if stored is not None:
                samples.append((identifier, *stored))
        with self.transaction() as connection:
            connection.executemany("UPDATE pictures SET width = ?, height = ?, hash = ?, problem = ?,"
                                   " problem_text = ?, inspected = 1 WHERE id = ?", values)
            connection.executemany("INSERT OR REPLACE INTO samples VALUES (?, ?, ?, ?, ?)", samples)

    # Queries -----------------------------------------------------------------------------------

    def ids(self, wanted: Filter | None = None, sort: str = "path") -> array[int]:
        """Ids of the pictures that match, in order, as one compact array."""
        chosen = wanted or Filter()
        with self.snapshot():
            if SORTS[sort] != "path":
                return as_array(self._joined_ids(*ids_sql(chosen, sort)))
            order = self._in_path_order()
            where, values = where_sql(chosen)
            return order.arrange(self._joined_ids(f"SELECT id FROM pictures {where}", values)) if where else order.all_ids()

    def _joined_ids(self, sql: str, values: Sequence[Any] = ()) -> NDArray[np.int64]:
        return parse_ids(self.rows(f"SELECT group_concat(id) FROM ({sql})", values)[0][0])

    def _in_path_order(self) -> PathOrder:
        """The order of all paths; it is read again when pictures came or went."""
        # A new picture has the highest id, and deletions are counted.
        stamp = (int(self._fact("deletions", "0")), self.last_id())
        if self._order is None or self._order.stamp != stamp:
            self._order = PathOrder(stamp, self._joined_ids("SELECT id FROM pictures ORDER BY path"))
        return self._order

    def count(self, wanted: Filter | None = None) -> int:
        where, values = where_sql(wanted or Filter())
        return int(self.rows(f"SELECT COUNT(*) FROM pictures {where}", values)[0][0])

    def pictures(self, ids: Sequence[int]) -> list[Picture]:
        """The pictures of these ids, in this order; missing ids are left out."""
        result: dict[int, Picture] = {}
        for start in range(0, len(ids), 500):
            part = list(ids[start:start + 500])
            marks = ",".join("?" * len(part))
            kinds: dict[int, tuple[str, ...]] = {}
            for identifier, kind in self.rows(f"SELECT f.picture, f.kind FROM findings f WHERE f.picture IN ({marks})"
                                              f" AND NOT {SETTLED} ORDER BY f.score DESC", part):
                kinds[identifier] = (*kinds.get(identifier, ()), kind)
            for row in self.rows(f"SELECT {_COLUMNS} FROM pictures WHERE id IN ({marks})", part):
                result[row[0]] = _picture(row, self.path, kinds.get(row[0], ()))
        return [result[item] for item in ids if item in result]

    def ids_of(self, paths: Sequence[str]) -> array[int]:
        """Ids of these paths, in their order; unknown ones are left out."""
        result: dict[str, int] = {}
        for start in range(0, len(paths), 500):
            part = list(paths[start:start + 500])
            result.update(self.rows(f"SELECT path, id FROM pictures WHERE path IN ({','.join('?' * len(part))})", part))
        return array("q", (result[path] for path in paths if path in result))

    def common(self, ids: Sequence[int]) -> tuple[set[str], set[str], set[bool]]:
        """The classes and the splits of these pictures, and whether they are left out."""
        classes: set[str] = set()
        splits: set[str] = set()
        excluded: set[bool] = set()
        for start in range(0, len(ids), 500):
            part = list(ids[start:start + 500])
            for class_name, split, left in self.rows("SELECT DISTINCT class_name, split, excluded FROM pictures"
                                                     f" WHERE id IN ({','.join('?' * len(part))})", part):
                classes.add(class_name)
                splits.add(split)
                excluded.add(bool(left))
            if min(len(classes), len(splits), len(excluded)) > 1:
                break
        return classes, splits, excluded

    def answer(self, run: str, picture: int) -> tuple[str, float] | None:
        """The class that a run predicted for a picture, and its confidence; None without a prediction."""
        rows = self.rows("SELECT predicted, confidence FROM predictions WHERE run = ? AND picture = ?", (run, picture))
        return (rows[0][0], float(rows[0][1])) if rows else None

    def usable(self, classes: Sequence[str]) -> Iterator[Picture]:
        """Every picture for training or evaluation: readable, not excluded, of a class in use."""
        chosen = set(classes)
        for row in self.rows(f"SELECT {_COLUMNS} FROM pictures WHERE NOT excluded AND problem IS NULL ORDER BY path"):
            picture = _picture(row, self.path)
            if picture.class_name in chosen:
                yield picture

    def class_names(self, spec: DatasetSpec) -> tuple[str, ...]:
        """The classes in the user's order, or all that have pictures in alphabetical order; no hidden ones."""
        return tuple(name for name in self.all_class_names(spec) if name not in spec.hidden_classes)

    def all_class_names(self, spec: DatasetSpec) -> tuple[str, ...]:
        """As `class_names`, with the hidden ones in their places."""
        if spec.class_names:
            return spec.class_names
        return tuple(row[0] for row in self.rows(_CLASS_NAMES))

    def counts(self) -> dict[str, dict[str, int]]:
        """Usable pictures by class and split."""
        result: dict[str, dict[str, int]] = {}
        for class_name, split, number in self.rows(
                "SELECT class_name, split, COUNT(*) FROM pictures WHERE NOT excluded AND problem IS NULL"
                " GROUP BY class_name, split"):
            result.setdefault(class_name, {})[split] = number
        return result

    def pinned_classes(self) -> tuple[str, ...]:
        """Classes with usable pictures that the user pinned to validation or test although the draw would decide."""
        return tuple(row[0] for row in self.rows(
            # Over the decisions, which are few: SQLite would begin with the pictures, in the order of their classes.
            "SELECT DISTINCT p.class_name FROM decisions d CROSS JOIN pictures p ON p.path = d.path"
            " WHERE d.split IS NOT NULL AND d.split != 'train' AND COALESCE(p.folder_split, 'train') = 'train'"
            " AND NOT p.excluded AND p.problem IS NULL ORDER BY p.class_name"))

    def split_counts(self, classes: Sequence[str]) -> dict[str, int]:
        """Usable pictures of these classes by split."""
        totals = {"train": 0, "validation": 0, "test": 0}
        for class_name, splits in self.counts().items():
            if class_name in classes:
                for split, number in splits.items():
                    totals[split] += number
        return totals

    def folder_splits(self) -> tuple[str, ...]:
        """The splits that folders (or a column of a list) named when the pictures were last divided."""
        return tuple(self._fact("folder_splits", "").split())

    def problem_counts(self) -> dict[str, int]:
        """Pictures that cannot be read, by the code of the problem."""
        return dict(self.rows("SELECT problem, COUNT(*) FROM pictures WHERE problem IS NOT NULL GROUP BY problem"))

    def sizes(self, limit: int = 2000) -> list[tuple[int, int]]:
        """(height, width) of up to `limit` inspected pictures."""
        return [(row[0], row[1]) for row in self.rows(
            "SELECT height, width FROM pictures WHERE width IS NOT NULL ORDER BY id LIMIT ?", (limit,))]

    def _fact(self, name: str, default: str) -> str:
        rows = self.rows("SELECT value FROM facts WHERE name = ?", (name,))
        return str(rows[0][0]) if rows else default


_CLASS_NAMES: Final = (
    "WITH RECURSIVE names (name) AS (SELECT MIN(class_name) FROM pictures UNION ALL SELECT (SELECT MIN(class_name)"
    " FROM pictures WHERE class_name > name) FROM names WHERE name IS NOT NULL)"
    " SELECT name FROM names WHERE name IS NOT NULL")
"""From one name to the next in the index: DISTINCT would read the entry of every picture."""
_OF_THE_DISK: Final = f"COALESCE(problem IN ({','.join(map(repr, OF_THE_DISK))}), 0)"
_COLUMNS: Final = ("id, path, class_name, split, size, modified_ns, width, height, hash, problem, problem_text,"
                   " excluded, folder_class")


def _picture(row: Any, path: Path, findings: tuple[str, ...] = ()) -> Picture:
    text = None if row[10] is None else Text(*stored_json(row[10], tuple[str, str], path))
    return Picture(id=row[0], path=row[1], class_name=row[2], split=row[3], size=row[4], modified_ns=row[5],
                   width=row[6], height=row[7], hash=row[8], problem=row[9], problem_text=text,
                   excluded=bool(row[11]), folder_class=row[12], findings=findings)


def open_index(folder: Path) -> Index:
    """The index of the project in `folder`; raises ProblemError."""
    return Index(folder / FILE)
