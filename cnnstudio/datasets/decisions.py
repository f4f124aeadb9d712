"""The user's decisions about pictures: another class, another split, excluded, accepted findings.

Decisions are kept by path and follow the content: a moved or renamed file keeps them. Every change is in the journal
and on the disk before it is shown.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.datasets.database import Database, stored_json
from cnnstudio.datasets.splits import burst_of, divide


class Decided(msgspec.Struct, frozen=True):
    """A decision about a picture; None: as in its folder."""

    class_name: str | None = None
    split: str | None = None
    excluded: bool | None = None


class DecisionEffect:
    """An undoable change of decisions, for the project's history."""

    def __init__(self, index: Decisions, before: dict[str, Decided], after: dict[str, Decided]) -> None:
        self._index, self._before, self._after = index, before, after
        self._moves = len(index.moves)

    def undo(self) -> None:
        self._decide(self._before)

    def redo(self) -> None:
        self._decide(self._after)

    def _decide(self, decisions: dict[str, Decided]) -> None:
        self._index.decide(self._index.moved_since(self._moves, decisions))


class AcceptEffect:
    """An undoable acceptance of findings, or its withdrawal."""

    def __init__(self, index: Decisions, kind: str, paths: Sequence[str], accepted: bool) -> None:
        self._index, self._kind, self._accepted = index, kind, accepted
        self._paths = dict.fromkeys(paths, Decided())
        self._moves = len(index.moves)

    def undo(self) -> None:
        self._index.set_accepted(self._kind, self._index.moved_since(self._moves, self._paths), not self._accepted)

    def redo(self) -> None:
        self._index.set_accepted(self._kind, self._index.moved_since(self._moves, self._paths), self._accepted)


class Effects:
    """Several effects as one step: undone in reverse."""

    def __init__(self, *effects: Any) -> None:
        self._effects = effects

    def undo(self) -> None:
        for effect in reversed(self._effects):
            effect.undo()

    def redo(self) -> None:
        for effect in self._effects:
            effect.redo()


class Decisions(Database):
    """The part of the index with the user's decisions."""

    moves: tuple[dict[str, str], ...] = ()
    """Moves of decisions since this index was opened, from path to path."""

    # Changing ------------------------------------------------------------------------------------

    def relabel(self, ids: Iterable[int], class_name: str) -> DecisionEffect:
        """Give pictures another class; returns the effect for the history."""
        return self._change(ids, lambda old: msgspec.structs.replace(old, class_name=class_name))

    def relabel_each(self, classes: Mapping[int, str]) -> DecisionEffect:
        """Give each picture (by id) a class of its own, as one change."""
        paths = dict(self._paths(classes))
        before = self.decisions(list(paths.values()))
        after = {path: msgspec.structs.replace(before[path], class_name=classes[identifier])
                 for identifier, path in paths.items()}
        self.decide(after)
        return DecisionEffect(self, before, after)

    def exclude(self, ids: Iterable[int], excluded: bool) -> DecisionEffect:
        """Exclude pictures, or include them again."""
        return self._change(ids, lambda old: msgspec.structs.replace(old, excluded=excluded or None))

    def assign_split(self, ids: Iterable[int], split: str | None) -> DecisionEffect:
        """Pin pictures to a split; None lets the draw decide again."""
        return self._change(ids, lambda old: msgspec.structs.replace(old, split=split))

    def rename_class(self, old_name: str, new_name: str) -> DecisionEffect:
        """All pictures of a class get another class name (an existing one merges the two)."""
        ids = [row[0] for row in self.rows("SELECT id FROM pictures WHERE class_name = ?", (old_name,))]
        return self.relabel(ids, new_name)

    def accept(self, kind: str, paths: Sequence[str], accepted: bool = True) -> AcceptEffect:
        """Accept findings of this kind about these pictures (or classes), or withdraw that; undoable."""
        self.set_accepted(kind, paths, accepted)
        return AcceptEffect(self, kind, paths, accepted)

    def set_accepted(self, kind: str, paths: Iterable[str], accepted: bool) -> None:
        """Write accepted findings and their journal."""
        chosen = list(paths)
        with self.transaction(durable=True) as connection:
            if accepted:
                connection.executemany(
                    f"INSERT OR REPLACE INTO accepted (path, kind, hash, scan) VALUES (?1, ?2, {_HASH}, {_SCAN})",
                    [(path, kind) for path in chosen])
            else:
                connection.executemany("DELETE FROM accepted WHERE kind = ? AND path = ?",
                                       [(kind, path) for path in chosen])
            note_change(connection, {"accepted" if accepted else "no_longer_accepted": {kind: chosen}})

    def _change(self, ids: Iterable[int], change: Callable[[Decided], Decided]) -> DecisionEffect:
        before = self.decisions([path for _id, path in self._paths(ids)])
        after = {path: change(decided) for path, decided in before.items()}
        self.decide(after)
        return DecisionEffect(self, before, after)

    def _paths(self, ids: Iterable[int]) -> list[tuple[int, str]]:
        chosen = list(ids)
        result: list[tuple[int, str]] = []
        for start in range(0, len(chosen), 500):
            part = chosen[start:start + 500]
            result += self.rows(f"SELECT id, path FROM pictures WHERE id IN ({','.join('?' * len(part))})", part)
        return result

    def decisions(self, paths: Sequence[str]) -> dict[str, Decided]:
        """The decision about each path (an empty one where there is none)."""
        result: dict[str, Decided] = {}
        for start in range(0, len(paths), 500):
            part = paths[start:start + 500]
            marks = ",".join("?" * len(part))
            for path, class_name, split, excluded in self.rows(
                    f"SELECT path, class_name, split, excluded FROM decisions WHERE path IN ({marks})", part):
                result[path] = Decided(class_name, split, None if excluded is None else bool(excluded))
        return {path: result.get(path, Decided()) for path in paths}

    def decide(self, decisions: Mapping[str, Decided]) -> None:
        """Write decisions, their journal and their effect in one transaction."""
        with self.transaction(durable=True) as connection:
            pinned = dict(connection.execute("SELECT path, split FROM decisions WHERE split IS NOT NULL"))
            connection.executemany(
                "INSERT OR REPLACE INTO decisions (path, class_name, split, excluded, hash, scan)"
                f" VALUES (?1, ?2, ?3, ?4, {_HASH}, {_SCAN})",
                [(path, decision.class_name, decision.split, decision.excluded) for path, decision in decisions.items()])
            connection.execute("DELETE FROM decisions WHERE class_name IS NULL AND split IS NULL AND excluded IS NULL")
            note_change(connection, dict(decisions))
            connection.executemany(
                "UPDATE pictures SET class_name = COALESCE(?, folder_class), excluded = ? WHERE path = ?",
                [(decision.class_name, bool(decision.excluded), path) for path, decision in decisions.items()])
            connection.executemany("UPDATE pictures SET split = ? WHERE path = ?",
                                   [(decision.split, path) for path, decision in decisions.items() if decision.split])
            if any(decision.split != pinned.get(path) for path, decision in decisions.items()):
                self._divide(connection, self._spec(connection))

    # Following files that move -------------------------------------------------------------------

    def moved_since(self, start: int, decisions: Mapping[str, Decided]) -> dict[str, Decided]:
        """The same decisions at the current paths of their pictures; the first `start` moves are skipped."""
        now = dict(decisions)
        for moves in self.moves[start:]:
            now = {moves.get(path, path): decision for path, decision in now.items()}
        return now

    def follow_moves(self) -> int:
        """Move decisions to the current paths of their content, after files were moved, renamed or swapped.

        Returns how many moved. A decision without its content stays at its path: an edited file keeps it, a vanished
        file gets it back when it returns.
        """
        with self.transaction(durable=True) as connection:
            moves = _moves(connection)
            if moves:
                for table in ("decisions", "accepted"):
                    _rename(connection, table, moves)
                note_change(connection, {"moved": moves})
            for table in ("decisions", "accepted"):
                connection.execute(
                    f"UPDATE {table} SET hash = p.hash, scan = (SELECT CAST(value AS INTEGER) FROM facts"
                    f" WHERE name = 'scan') FROM pictures p WHERE p.path = {table}.path AND p.hash IS NOT NULL"
                    " AND EXISTS (SELECT 1 FROM facts WHERE name = 'scan')")
            if moves:
                self._put_in_force(connection)
                self._divide(connection, self._spec(connection))
                self.moves = (*self.moves, moves)
        return len(moves)

    # Putting in force ----------------------------------------------------------------------------

    def apply(self, spec: DatasetSpec) -> None:
        """Apply the user's decisions and the splits of `spec` to every picture."""
        with self.transaction() as connection:
            self._put_in_force(connection)
            self._divide(connection, spec)

    def apply_changes(self, spec: DatasetSpec) -> None:
        """Apply them where pictures or `spec` changed since the last time: dividing a million pictures takes seconds."""
        facts = dict(self.rows("SELECT name, value FROM facts WHERE name IN ('spec', 'undivided')"))
        if "undivided" in facts or "spec" not in facts or spec != self.spec_in_force():
            self.apply(spec)

    @staticmethod
    def _put_in_force(connection: sqlite3.Connection) -> None:
        # Only rows that differ are written, which is much quicker for a million rows.
        connection.execute(
            "UPDATE pictures SET class_name = folder_class, excluded = 0 WHERE (class_name != folder_class OR excluded)"
            " AND path NOT IN (SELECT path FROM decisions)")
        connection.execute(
            "UPDATE pictures SET class_name = COALESCE(d.class_name, folder_class), excluded = COALESCE(d.excluded, 0)"
            " FROM decisions d WHERE d.path = pictures.path")

    def draw(self, spec: DatasetSpec, unpinned: Collection[str] = ()) -> dict[str, str]:
        """The split that every picture would be in with `spec`, by path; nothing changes. Pins to a split of `unpinned` do
        not count: those pictures are drawn. Raises ProblemError."""
        with self.transaction() as connection:
            return {path: split for pictures, drawn in self._drawn(connection, spec, unpinned)
                    for path, split in ((row[0], drawn[row[0]]) for row in pictures)}

    def _drawn(self, connection: sqlite3.Connection, spec: DatasetSpec, unpinned: Collection[str] = ()
               ) -> Iterator[tuple[list[Any], dict[str, Any]]]:
        """Parts of the pictures, as (path, class, split of the folder, split), and the split of each by path."""
        # By the class of the folder and with every file: a decision about one picture must not move others.
        pinned = {path: split for path, split in connection.execute(
            "SELECT path, split FROM decisions WHERE split IS NOT NULL") if split not in unpinned}
        folder_splits = self._folder_splits(connection)
        groups = self._all_groups(connection) if spec.splits.keep_together else {}
        for condition, values in self._strata(connection, spec, bool(groups)):
            pictures = connection.execute(
                f"SELECT path, folder_class, folder_split, split FROM pictures {condition}", values).fetchall()
            here = groups
            if spec.splits.keep_together:
                here = {path: name for path, _class, _said, _now in pictures if (name := burst_of(path))} | groups
            yield pictures, dict(divide((row[:3] for row in pictures), spec.splits, here, pinned, folder_splits))

    @staticmethod
    def _folder_splits(connection: sqlite3.Connection) -> list[Any]:
        return [split for split, in connection.execute(
            "SELECT DISTINCT folder_split FROM pictures WHERE folder_split IS NOT NULL")]

    def _divide(self, connection: sqlite3.Connection, spec: DatasetSpec) -> int:
        """Divide all pictures into splits; returns how many are in another one than before."""
        moved = 0
        for pictures, drawn in self._drawn(connection, spec):
            changes = [(drawn[path], path) for path, _class, _said, now in pictures if drawn[path] != now]
            connection.executemany("UPDATE pictures SET split = ? WHERE path = ?", changes)
            moved += len(changes)
        connection.execute("DELETE FROM facts WHERE name = 'undivided'")
        connection.execute("INSERT OR REPLACE INTO facts VALUES ('spec', ?)", (msgspec.json.encode(spec).decode(),))
        connection.execute("INSERT OR REPLACE INTO facts VALUES ('folder_splits', ?)",
                           (" ".join(sorted(self._folder_splits(connection))),))
        return moved

    @staticmethod
    def _all_groups(connection: sqlite3.Connection) -> dict[str, str]:
        """The groups of the audit, by path, and those of pictures with the same bytes, which need no audit: a copy of a
        picture that the audit put into a group belongs to that."""
        groups = dict(connection.execute("SELECT p.path, g.name FROM groups g JOIN pictures p ON p.id = g.picture"))
        copies = connection.execute(f"SELECT hash, path FROM pictures WHERE hash IN ({_COPIED}) ORDER BY id").fetchall()
        names = {digest: groups[path] for digest, path in copies if path in groups}
        return groups | {path: names.get(digest, f"copies:{digest}") for digest, path in copies}

    @staticmethod
    def _strata(connection: sqlite3.Connection, spec: DatasetSpec, grouped: bool) -> list[tuple[str, tuple[str, ...]]]:
        """The parts that can be divided separately: each class if no group or copy joins them, so that memory is limited
        to the largest class."""
        across = grouped and any(connection.execute(query).fetchone() is not None for query in (
            "SELECT 1 FROM groups g JOIN pictures p ON p.id = g.picture GROUP BY g.name"
            " HAVING COUNT(DISTINCT p.folder_class) > 1 LIMIT 1",
            f"SELECT 1 FROM pictures WHERE hash IN ({_COPIED}) GROUP BY hash HAVING COUNT(DISTINCT folder_class) > 1"
            " LIMIT 1"))
        if not spec.splits.stratified or across:
            return [("", ())]
        names = connection.execute("SELECT DISTINCT folder_class FROM pictures").fetchall()
        return [("WHERE folder_class = ?", (name,)) for name, in names]

    def keep_copies_together(self) -> None:
        """Divide again where pictures with the same bytes, which the inspection shows, are in different splits."""
        spec = self.spec_in_force()
        if not spec.splits.keep_together:
            return
        with self.transaction() as connection:
            if connection.execute(f"SELECT 1 FROM pictures WHERE hash IN ({_COPIED}) GROUP BY hash"
                                  " HAVING COUNT(DISTINCT split) > 1 LIMIT 1").fetchone() is not None:
                self._divide(connection, spec)

    def spec_in_force(self) -> DatasetSpec:
        """The spec that was applied last; the defaults if none was."""
        return self._spec(self._connection)

    def _spec(self, connection: sqlite3.Connection) -> DatasetSpec:
        """The spec that was applied last."""
        row = connection.execute("SELECT value FROM facts WHERE name = 'spec'").fetchone()
        return DatasetSpec() if row is None else stored_json(row[0], DatasetSpec, self.path)

    # Groups --------------------------------------------------------------------------------------

    def set_groups(self, groups: Mapping[int, str]) -> int:
        """Set the groups of pictures (by id) that must stay in one split, and divide again; returns how many pictures
        are in another split than before."""
        with self.transaction() as connection:
            before = dict(connection.execute("SELECT picture, name FROM groups"))
            if before == dict(groups):
                return 0
            connection.execute("DELETE FROM groups")
            connection.executemany("INSERT INTO groups VALUES (?, ?)", groups.items())
            return self._divide(connection, self._spec(connection))

    def groups(self) -> dict[int, str]:
        """The groups that were set, by picture."""
        return dict(self.rows("SELECT picture, name FROM groups"))


def note_change(connection: sqlite3.Connection, change: Mapping[str, Any]) -> None:
    """Enter a change into the journal, inside the open transaction."""
    connection.execute("INSERT INTO journal (time, change) VALUES (?, ?)",
                       (time.time(), msgspec.json.encode(change).decode()))


_COPIED: Final = "SELECT hash FROM pictures WHERE hash IS NOT NULL GROUP BY hash HAVING COUNT(*) > 1"
"""The contents that several files have."""
_HASH: Final = "(SELECT hash FROM pictures WHERE path = ?1)"
_SCAN: Final = ("MAX(COALESCE((SELECT CAST(value AS INTEGER) FROM facts WHERE name = 'scan'), 0),"
                " COALESCE((SELECT added FROM pictures WHERE path = ?1), 0))")


def _moves(connection: sqlite3.Connection) -> dict[str, str]:
    """The moves of decisions from path to path (two files may have been swapped).

    Only content that appeared after the decision was last valid can be the moved file: an older copy is another
    picture.
    """
    lost = connection.execute(
        "SELECT x.path, x.hash, MAX(x.scan) FROM (SELECT path, hash, scan FROM decisions UNION"
        " SELECT path, hash, scan FROM accepted) x LEFT JOIN pictures p ON p.path = x.path WHERE x.hash IS NOT NULL"
        " AND (p.path IS NULL OR (p.hash IS NOT NULL AND p.hash != x.hash)) GROUP BY x.path ORDER BY x.path").fetchall()
    moves: dict[str, str] = {}
    taken: set[str] = set()
    for path, digest, scan in lost:
        candidates = [place for place, in connection.execute(
            "SELECT path FROM pictures WHERE hash = ? AND added > ? ORDER BY path", (digest, scan)) if place not in taken]
        if candidates:
            name = path.rsplit("/", 1)[-1]
            moves[path] = next((candidate for candidate in candidates if candidate.rsplit("/", 1)[-1] == name), candidates[0])
            taken.add(moves[path])
    return moves


def _rename(connection: sqlite3.Connection, table: str, moves: Mapping[str, str]) -> None:
    """Rename paths of a table together, through names that no file can have, since two may be swapped."""
    # A decision at a target whose content has gone is deleted.
    for old in moves:
        connection.execute(f"UPDATE {table} SET path = ? WHERE path = ?", ("\0" + old, old))
    for old, new in moves.items():
        connection.execute(f"DELETE FROM {table} WHERE path = ?", (new,))
        connection.execute(f"UPDATE {table} SET path = ? WHERE path = ?", (new, "\0" + old))
