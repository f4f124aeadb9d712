"""What can still be read from a damaged index, and a new one in its place.

Decisions are read from their table; where that has holes, its journal tells them a second time. Both are read from
either end, since what lies behind a damaged page is sound. The damaged file is renamed, never changed nor deleted.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from pathlib import Path
from typing import Any, Final

import msgspec

from cnnstudio.core.dataset import SPLITS
from cnnstudio.core.files import write_problem
from cnnstudio.core.problems import ProblemError
from cnnstudio.datasets.index import FILE, Decided, Index

_BESIDE: Final = ("-wal", "-shm")
"""What SQLite keeps beside a file, by the end of its name."""
_FIRST_SCAN: Final = 1
"""Of the new index. Content that it sees first was there all the time perhaps: no decision may follow it there."""


class Salvaged(msgspec.Struct, frozen=True, kw_only=True):
    """What was read: decisions by path, the content they were about, accepted findings as (kind, path, hash), and
    the journal as (time, change).

    `whole`: nothing that the user decided is missing.
    """

    decisions: dict[str, Decided]
    hashes: dict[str, str | None]
    accepted: tuple[tuple[str, str, str | None], ...]
    journal: tuple[tuple[float, str], ...]
    whole: bool


def is_damaged(folder: Path) -> bool:
    """Whether the index of a project is damaged, anywhere in it; raises ProblemError where it cannot be used otherwise."""
    path = folder / FILE
    if not path.exists():
        return False
    try:
        index = Index(path)
        try:
            return index.rows("PRAGMA quick_check(1)") != [("ok",)]
        finally:
            index.close()
    except ProblemError as trouble:
        if any(problem.code == "damaged_index" for problem in trouble.problems):
            return True
        raise


def salvage(path: Path) -> Salvaged:
    """Everything of the user's that a damaged index still tells; never raises for its damage."""
    read: dict[str, tuple[list[Any], bool]] = {}
    with contextlib.suppress(sqlite3.Error):
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        connection.text_factory = lambda data: data.decode("utf-8", "replace")
        with contextlib.closing(connection):
            read["decisions"] = _rows(connection, "path, class_name, split, excluded, hash FROM decisions", "path")
            read["accepted"] = _rows(connection, "kind, path, hash FROM accepted", "kind, path")
            read["journal"] = _rows(connection, "id, time, change FROM journal", "id")
    rows, all_decisions = read.get("decisions", ([], False))
    accepted, all_accepted = read.get("accepted", ([], False))
    journal, all_journal = read.get("journal", ([], False))
    journal = sorted((row for row in journal if isinstance(row[1], float) and isinstance(row[2], str)),
                     key=lambda row: int(row[0]))
    decisions = {row[0]: _decided(row[1:4]) for row in rows if isinstance(row[0], str)}
    findings = {(row[0], row[1]): row[2] for row in accepted if isinstance(row[0], str) and isinstance(row[1], str)}
    told, told_accepted = _told([row[2] for row in journal])
    if not all_decisions:
        # The journal from its beginning knows all; one with holes only adds what the table lacks.
        decisions = told if all_journal else told | decisions
    if not all_accepted:
        findings = {key: findings.get(key) for key in (told_accepted if all_journal else told_accepted | set(findings))}
    return Salvaged(
        decisions={path: each for path, each in decisions.items() if each != Decided()},
        hashes={row[0]: row[4] if isinstance(row[4], str) else None for row in rows if row[0] in decisions},
        accepted=tuple((*key, digest if isinstance(digest, str) else None) for key, digest in findings.items()),
        journal=tuple((row[1], row[2]) for row in journal),
        whole=all_journal or (all_decisions and all_accepted))


def _rows(connection: sqlite3.Connection, what: str, key: str) -> tuple[list[Any], bool]:
    """The rows that can be read from either end, and whether these are all."""
    found: dict[Any, None] = {}
    for keys in (key, ", ".join(f"{each} DESC" for each in key.split(", "))):
        try:
            for row in connection.execute(f"SELECT {what} ORDER BY {keys}"):
                found[row] = None
        except sqlite3.Error:
            continue
        return list(found), True
    return list(found), False


def _decided(values: Any) -> Decided:
    """A decision from a row that may hold nonsense."""
    class_name, split, excluded = values
    return Decided(class_name if isinstance(class_name, str) and class_name else None,
                   split if split in SPLITS else None, bool(excluded) if isinstance(excluded, int) else None)


def _told(changes: list[str]) -> tuple[dict[str, Decided], set[tuple[str, str]]]:
    """What the journal's changes lead to, one after the other: decisions and accepted findings."""
    decisions: dict[str, Decided] = {}
    accepted: set[tuple[str, str]] = set()
    for words in changes:
        with contextlib.suppress(msgspec.MsgspecError, TypeError, ValueError, AttributeError):
            change = msgspec.json.decode(words)
            if "moved" in change:
                moves = change["moved"]
                decisions = {moves.get(path, path): each for path, each in decisions.items()}
                accepted = {(kind, moves.get(path, path)) for kind, path in accepted}
            elif "accepted" in change:
                accepted |= {(kind, path) for kind, paths in change["accepted"].items() for path in paths}
            elif "no_longer_accepted" in change:
                accepted -= {(kind, path) for kind, paths in change["no_longer_accepted"].items() for path in paths}
            else:
                decisions |= {path: _decided((each.get("class_name"), each.get("split"), each.get("excluded")))
                              for path, each in change.items()}
    return decisions, accepted


def replace_index(folder: Path) -> tuple[Path, Salvaged]:
    """Put a new index with everything that could be salvaged in the place of the damaged one.

    Answers the name that the damaged file has now. Raises ProblemError; the damaged one then stays where it is.
    """
    path = folder / FILE
    found = salvage(path)
    made = folder / f"{FILE}.new"
    try:
        for end in ("", *_BESIDE):
            Path(f"{made}{end}").unlink(missing_ok=True)
        index = Index(made)
        try:
            _enter(index, found)
        finally:
            index.close()
        aside = _free(folder)
        os.rename(path, aside)
        for end in _BESIDE:
            with contextlib.suppress(FileNotFoundError):
                os.rename(f"{path}{end}", f"{aside}{end}")
        os.rename(made, path)
    except OSError as trouble:
        raise ProblemError(write_problem(trouble, path)) from trouble
    return aside, found


def _enter(index: Index, found: Salvaged) -> None:
    with index.transaction(durable=True) as connection:
        connection.executemany(
            "INSERT INTO decisions (path, class_name, split, excluded, hash, scan) VALUES (?, ?, ?, ?, ?, ?)",
            [(path, each.class_name, each.split, each.excluded, found.hashes.get(path), _FIRST_SCAN)
             for path, each in found.decisions.items()])
        connection.executemany("INSERT INTO accepted (kind, path, hash, scan) VALUES (?, ?, ?, ?)",
                               [(*each, _FIRST_SCAN) for each in found.accepted])
        connection.executemany("INSERT INTO journal (time, change) VALUES (?, ?)", found.journal)


def _free(folder: Path) -> Path:
    """A name with the present date that no file has."""
    stamp = time.strftime("%Y-%m-%d-%H%M%S")
    number = 1
    while (place := folder / f"dataset.damaged-{stamp}{'' if number == 1 else f'-{number}'}.sqlite").exists():
        number += 1
    return place
