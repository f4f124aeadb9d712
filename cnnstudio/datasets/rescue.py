"""Rescue the user's decisions from a damaged index into a new one.

Every decision is stored twice, in its table and in the journal. A complete journal is used; else the tables, with what
the journal adds. All are read from both ends, since rows behind a damaged page are readable. The damaged file is
renamed, never changed nor deleted.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from pathlib import Path
from typing import Any, Final

import msgspec

from cnnstudio.core.atomic import write_problem
from cnnstudio.core.dataset import SPLITS
from cnnstudio.core.foreign_files import decode_json
from cnnstudio.core.problems import ProblemError
from cnnstudio.datasets.database import bounded, protect
from cnnstudio.datasets.index import FILE, Decided, Index
from cnnstudio.datasets.scenarios import SCENARIO, Scenario, ScenarioPicture, put_scenario

_BESIDE: Final = ("-wal", "-shm")
"""Suffixes of the files that SQLite keeps beside a database."""
_UNREADABLE: Final = (sqlite3.Error, UnicodeDecodeError, OverflowError)
_GARBLED: Final = "\ufffd"
"""The replacement character of undecodable bytes."""
_FIRST_SCAN: Final = 1
"""The scan number in the new index. Content that it lists first may have been there before, so no decision may move to
it."""


class Salvaged(msgspec.Struct, frozen=True, kw_only=True):
    """The rescued data: decisions by path, the content hashes of their pictures, accepted findings as (kind, path,
    hash), the journal as (time, change), and the scenarios.

    `complete`: no decision of the user is missing.
    """

    decisions: dict[str, Decided]
    hashes: dict[str, str | None]
    accepted: tuple[tuple[str, str, str | None], ...]
    journal: tuple[tuple[float, str], ...]
    complete: bool
    scenarios: tuple[Scenario, ...] = ()


def is_damaged(folder: Path) -> bool:
    """Whether the index of a project is damaged, anywhere in it; raises ProblemError where it cannot be used otherwise."""
    path = folder / FILE
    if not path.exists():
        return False
    try:
        index = Index(path)
        try:
            if index.rows("PRAGMA integrity_check(1)") != [("ok",)]:
                return True
            # The check does not decode texts, which may be damaged.
            for table, in index.rows("SELECT name FROM sqlite_master WHERE type = 'table'"):
                for _row in index.iterate(f'SELECT * FROM "{table}"'):
                    pass
            return False
        finally:
            index.close()
    except ProblemError as problem_error:
        if any(problem.code == "damaged_index" for problem in problem_error.problems):
            return True
        raise


def salvage(path: Path) -> Salvaged:
    """All user data that can be read from a damaged index; never raises for its damage."""
    read: dict[str, tuple[list[Any], bool]] = {}
    with contextlib.suppress(*_UNREADABLE):
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        connection.text_factory = lambda data: data.decode("utf-8", "replace")
        protect(connection)
        with contextlib.closing(connection), bounded(connection):
            connection.execute("PRAGMA query_only = ON")
            read["decisions"] = _readable_rows(connection, "decisions", "path, class_name, split, excluded, hash", "path")
            read["accepted"] = _readable_rows(connection, "accepted", "kind, path, hash", "kind, path")
            read["journal"] = _readable_rows(connection, "journal", "id, time, change", "id")
            read["scenarios"] = _readable_rows(connection, "scenarios", "id, name, note, made", "id")
            read["pictures"] = _readable_rows(connection, "scenario_pictures", "scenario, hash, path", "scenario, hash")
    rows, all_decisions = read.get("decisions", ([], False))
    accepted, all_accepted = read.get("accepted", ([], False))
    journal, all_journal = read.get("journal", ([], False))
    rows = [row for row in rows if isinstance(row[0], str)]
    hashes = {row[0]: row[4] if isinstance(row[4], str) else None for row in rows}
    decisions = _without_empty({row[0]: _to_decision(row[1:4]) for row in rows})
    findings = {(row[0], row[1]): row[2] if isinstance(row[2], str) else None for row in accepted
                if isinstance(row[0], str) and isinstance(row[1], str)}
    changes = sorted((row for row in journal if isinstance(row[0], int) and isinstance(row[1], float)
                      and isinstance(row[2], str)), key=lambda row: int(row[0]))
    logged, logged_accepted, logged_scenarios, understood = _replay([row[2] for row in changes])
    in_tables = _scenarios_of(read.get("scenarios", ([], False))[0], read.get("pictures", ([], False))[0])
    all_scenarios = all(read.get(name, ([], False))[1] for name in ("scenarios", "pictures"))
    # Rows of the journal are never deleted, so a missing id is a missing change.
    all_journal = all_journal and understood and [row[0] for row in changes] == list(range(1, len(changes) + 1))
    if all_journal:
        complete = (not all_decisions or decisions == logged) and (not all_accepted or set(findings) == logged_accepted)
        complete = complete and (not all_scenarios or in_tables == logged_scenarios)
        decisions, kinds, scenarios = logged, logged_accepted, logged_scenarios
    else:
        # Where an incomplete journal contradicts the tables, a later change may be missing: the tables win.
        complete = all_decisions and all_accepted and logged.items() <= decisions.items() and logged_accepted <= set(findings)
        decisions = decisions if all_decisions else logged | decisions
        complete = complete and all_scenarios and logged_scenarios.items() <= in_tables.items()
        kinds = set(findings) if all_accepted else logged_accepted | set(findings)
        scenarios = in_tables if all_scenarios else logged_scenarios | in_tables
    return Salvaged(decisions=decisions, hashes={decision: hashes.get(decision) for decision in decisions},
                    accepted=tuple((*key, findings.get(key)) for key in sorted(kinds)),
                    journal=tuple((row[1], row[2]) for row in changes), complete=complete,
                    scenarios=tuple(scenarios[number] for number in sorted(scenarios)))


def _readable_rows(connection: sqlite3.Connection, table: str, what: str, key: str) -> tuple[list[Any], bool]:
    """The rows that can be read from either end, and whether they are complete."""
    with contextlib.suppress(*_UNREADABLE):
        # A view of that name may never end.
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ? AND sql LIKE 'CREATE TABLE%'",
                                  (table,)).fetchall():
            return [], False
    result: dict[Any, None] = {}
    ends, garbled = 0, False
    for keys in (key, ", ".join(f"{item} DESC" for item in key.split(", "))):
        with contextlib.suppress(*_UNREADABLE):
            for row in connection.execute(f"SELECT {what} FROM {table} ORDER BY {keys}"):
                if not any(_GARBLED in item for item in row if isinstance(item, str)):
                    result[row] = None
                else:
                    garbled = True
            ends += 1
    try:
        sound = connection.execute(f"PRAGMA integrity_check({table})").fetchall() == [("ok",)]
    except _UNREADABLE:
        sound = False
    return list(result), ends == 2 and sound and not garbled


def _without_empty(decisions: dict[str, Decided]) -> dict[str, Decided]:
    return {path: decision for path, decision in decisions.items() if decision != Decided()}


def _to_decision(values: Any) -> Decided:
    """A decision from a row that may be damaged."""
    class_name, split, excluded = values
    return Decided(class_name if isinstance(class_name, str) and class_name else None,
                   split if split in SPLITS else None, bool(excluded) if isinstance(excluded, int) else None)


def _scenarios_of(rows: list[Any], pictures: list[Any]) -> dict[int, Scenario]:
    """The scenarios by their ids, from rows that may be damaged."""
    found = {}
    for identifier, name, note, made in rows:
        if isinstance(identifier, int) and isinstance(name, str) and isinstance(note, str) and isinstance(made, float):
            members = sorted((digest, path) for number, digest, path in pictures
                             if number == identifier and isinstance(digest, str) and isinstance(path, str))
            found[identifier] = Scenario(id=identifier, name=name, note=note, made=made,
                                         pictures=tuple(ScenarioPicture(*member) for member in members))
    return found


def _replay(changes: list[str]) -> tuple[dict[str, Decided], set[tuple[str, str]], dict[int, Scenario], bool]:
    """Replay the changes of the journal: the resulting decisions, accepted findings and scenarios, and whether all changes
    were valid."""
    decisions: dict[str, Decided] = {}
    accepted: set[tuple[str, str]] = set()
    scenarios: dict[int, Scenario] = {}
    understood = True
    for text in changes:
        try:
            change = decode_json(text)
            if "moved" in change:
                moves: dict[str, str] = change["moved"]
                gone = {*moves, *moves.values()}
                # The target of a move loses its old decision.
                decisions = ({path: decision for path, decision in decisions.items() if path not in gone}
                             | {new: decisions[old] for old, new in moves.items() if old in decisions})
                accepted = ({item for item in accepted if item[1] not in gone}
                            | {(kind, moves[path]) for kind, path in accepted if path in moves})
            elif SCENARIO in change:
                number, scenario = msgspec.convert(change[SCENARIO], tuple[int, Scenario | None])
                scenarios.pop(number, None)
                scenarios |= {} if scenario is None else {number: scenario}
            elif "accepted" in change:
                accepted |= {(kind, path) for kind, paths in change["accepted"].items() for path in paths}
            elif "no_longer_accepted" in change:
                accepted -= {(kind, path) for kind, paths in change["no_longer_accepted"].items() for path in paths}
            else:
                decisions |= {path: _to_decision((decision.get("class_name"), decision.get("split"), decision.get("excluded")))
                              for path, decision in change.items()}
        except (TypeError, ValueError, AttributeError):
            understood = False
    return _without_empty(decisions), accepted, scenarios, understood


def replace_index(folder: Path) -> tuple[Path, Salvaged]:
    """Replace a damaged index by a new one with everything that could be salvaged.

    Returns the new path of the damaged file. Raises ProblemError; the damaged file then stays in place.
    """
    path = folder / FILE
    salvaged = salvage(path)
    fresh = folder / f"{FILE}.new"
    try:
        for end in ("", *_BESIDE):
            Path(f"{fresh}{end}").unlink(missing_ok=True)
        index = Index(fresh)
        try:
            _insert_all(index, salvaged)
        finally:
            index.close()
        aside = _free_path(folder)
        os.rename(path, aside)
        for end in _BESIDE:
            with contextlib.suppress(FileNotFoundError):
                os.rename(f"{path}{end}", f"{aside}{end}")
        os.rename(fresh, path)
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, path)) from os_error
    return aside, salvaged


def _insert_all(index: Index, salvaged: Salvaged) -> None:
    with index.transaction(durable=True) as connection:
        connection.executemany(
            "INSERT INTO decisions (path, class_name, split, excluded, hash, scan) VALUES (?, ?, ?, ?, ?, ?)",
            [(path, decision.class_name, decision.split, decision.excluded, salvaged.hashes.get(path), _FIRST_SCAN)
             for path, decision in salvaged.decisions.items()])
        connection.executemany("INSERT INTO accepted (kind, path, hash, scan) VALUES (?, ?, ?, ?)",
                               [(*item, _FIRST_SCAN) for item in salvaged.accepted])
        for scenario in salvaged.scenarios:
            put_scenario(connection, scenario.id, scenario)
        connection.executemany("INSERT INTO journal (time, change) VALUES (?, ?)", salvaged.journal)
        connection.executemany("INSERT INTO journal (time, change) VALUES (?, ?)",
                               [(time.time(), msgspec.json.encode(change).decode()) for change in _missing_changes(salvaged)])


def _missing_changes(salvaged: Salvaged) -> list[dict[str, Any]]:
    """The changes that an incomplete journal lacks, so that replaying it gives these decisions again."""
    logged, logged_accepted, logged_scenarios, _understood = _replay([change for _time, change in salvaged.journal])
    kept = {scenario.id: scenario for scenario in salvaged.scenarios}
    scenarios = [{SCENARIO: [number, kept.get(number)]} for number in sorted({*kept, *logged_scenarios})
                 if kept.get(number) != logged_scenarios.get(number)]
    changed = {path: salvaged.decisions.get(path, Decided()) for path in {*logged, *salvaged.decisions}
               if logged.get(path) != salvaged.decisions.get(path)}
    accepted: dict[str, list[str]] = {}
    for kind, path, _digest in salvaged.accepted:
        if (kind, path) not in logged_accepted:
            accepted.setdefault(kind, []).append(path)
    return [*(item for item in (changed, {"accepted": accepted} if accepted else {}) if item), *scenarios]


def _free_path(folder: Path) -> Path:
    """A free path with the current date."""
    stamp = time.strftime("%Y-%m-%d-%H%M%S")
    number = 1
    while (place := folder / f"dataset.damaged-{stamp}{'' if number == 1 else f'-{number}'}.sqlite").exists():
        number += 1
    return place
