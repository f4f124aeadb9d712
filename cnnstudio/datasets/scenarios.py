"""Scenarios: named subsets of pictures with a note, on which every run is measured.

A picture belongs to a scenario by its content: a file that is moved or renamed stays in it, one that is edited is another
picture. Every change is in the journal, as the other decisions of the user are.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.datasets.decisions import note_change
from cnnstudio.datasets.index import Index
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.hashing import content_hash_of_file

SCENARIO: Final = "scenario"
"""The key of a change in the journal: [id, the scenario or null]."""
_LONGEST: Final = 80
_PART: Final = 500


class ScenarioPicture(NamedTuple):
    """A picture by the hash of its content; `path` is where it was when it was added, relative to the collection."""

    hash: str
    path: str


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """`pictures` are in the order of their hashes; `made` is seconds since the epoch."""

    id: int
    name: str
    note: str = ""
    made: float = 0.0
    pictures: tuple[ScenarioPicture, ...] = ()


class ScenarioEffect:
    """An undoable change of one scenario, for the project's history; None: there is none."""

    def __init__(self, index: Index, before: Scenario | None, after: Scenario | None) -> None:
        self._index, self._before, self._after = index, before, after
        scenario = after or before
        assert scenario is not None
        self.id = scenario.id

    def undo(self) -> None:
        self._write(self._before)

    def redo(self) -> None:
        self._write(self._after)

    def _write(self, scenario: Scenario | None) -> None:
        with self._index.transaction(durable=True) as connection:
            put_scenario(connection, self.id, scenario)
            note_change(connection, {SCENARIO: [self.id, scenario]})


def put_scenario(connection: sqlite3.Connection, identifier: int, scenario: Scenario | None) -> None:
    """Write a scenario, or take it away, inside the open transaction; the journal is the caller's."""
    connection.execute("DELETE FROM scenarios WHERE id = ?", (identifier,))
    connection.execute("DELETE FROM scenario_pictures WHERE scenario = ?", (identifier,))
    if scenario is not None:
        connection.execute("INSERT INTO scenarios VALUES (?, ?, ?, ?)",
                           (identifier, scenario.name, scenario.note, scenario.made))
        connection.executemany("INSERT OR IGNORE INTO scenario_pictures VALUES (?, ?, ?)",
                               [(identifier, *picture) for picture in scenario.pictures])


def list_scenarios(index: Index) -> tuple[Scenario, ...]:
    """All scenarios in the order in which they were made."""
    members: dict[int, list[ScenarioPicture]] = {}
    for number, digest, path in index.rows("SELECT scenario, hash, path FROM scenario_pictures ORDER BY scenario, hash"):
        members.setdefault(number, []).append(ScenarioPicture(digest, path))
    return tuple(Scenario(id=row[0], name=row[1], note=row[2], made=row[3], pictures=tuple(members.get(row[0], ())))
                 for row in index.rows("SELECT id, name, note, made FROM scenarios ORDER BY id"))


def find_scenario(index: Index, name: str) -> Scenario:
    """The scenario of that name, in any case; raises ProblemError (no_scenario)."""
    scenarios = list_scenarios(index)
    for scenario in scenarios:
        if scenario.name.casefold() == name.strip().casefold():
            return scenario
    text = Text("There is no scenario called {name}. There are: {names}.",
                "No hay ningún escenario llamado {name}. Hay: {names}.")
    raise ProblemError(error("no_scenario", text.fill(name=name, names=", ".join(
        scenario.name for scenario in scenarios) or "–"), "dataset"))


def make_scenario(index: Index, name: str, note: str, pictures: Iterable[ScenarioPicture]) -> ScenarioEffect:
    """Make a scenario; raises ProblemError (bad_scenario_name, scenario_exists)."""
    with index.transaction(durable=True):
        # A deleted one may come back by undo: its number is not given away again.
        taken = index.rows("SELECT MAX((SELECT COALESCE(MAX(id), 0) FROM scenarios), (SELECT COALESCE(MAX("
                           "json_extract(change, '$.scenario[0]')), 0) FROM journal WHERE change LIKE '{\"scenario\":%'))")
        return change_scenario(index, None, Scenario(
            id=int(taken[0][0]) + 1, name=_checked_name(index, name), note=note.strip(), made=time.time(),
            pictures=_ordered(pictures)))


def edit_scenario(index: Index, scenario: Scenario, *, name: str | None = None, note: str | None = None,
                  add: Iterable[ScenarioPicture] = (), remove: Iterable[str] = ()) -> ScenarioEffect:
    """Rename it, change its note, and add pictures or remove those with these hashes. Raises ProblemError
    (bad_scenario_name, scenario_exists)."""
    gone = set(remove)
    members = _ordered([*(picture for picture in scenario.pictures if picture.hash not in gone), *add])
    changed = msgspec.structs.replace(
        scenario, name=scenario.name if name is None else _checked_name(index, name, scenario.id),
        note=scenario.note if note is None else note.strip(), pictures=members)
    return change_scenario(index, scenario, changed)


def change_scenario(index: Index, before: Scenario | None, after: Scenario | None) -> ScenarioEffect:
    """Put one in the place of the other; None makes or deletes it."""
    effect = ScenarioEffect(index, before, after)
    effect.redo()
    return effect


def scenario_pictures(index: Index, root: Path, ids: Sequence[int]) -> list[ScenarioPicture]:
    """The pictures of these ids; those that cannot be read, so that their content is not known, are left out."""
    found = []
    for picture in index.pictures(ids):
        digest = picture.hash
        if digest is None:
            try:
                digest = content_hash_of_file(root / picture.path)
            except (OSError, PictureError):
                continue
        found.append(ScenarioPicture(digest, picture.path))
    return found


def present_pictures(index: Index, scenarios: Iterable[Scenario]) -> dict[str, tuple[str, str]]:
    """The present path and class of each content of these scenarios that is in the collection and not excluded; of several
    copies the first."""
    hashes = list({picture.hash for scenario in scenarios for picture in scenario.pictures})
    found: dict[str, tuple[str, str]] = {}
    for start in range(0, len(hashes), _PART):
        part = hashes[start:start + _PART]
        for digest, path, name in index.rows(
                "SELECT hash, path, class_name FROM pictures WHERE NOT excluded AND problem IS NULL"
                f" AND hash IN ({','.join('?' * len(part))}) ORDER BY path", part):
            found.setdefault(digest, (path, name))
    return found


def _ordered(pictures: Iterable[ScenarioPicture]) -> tuple[ScenarioPicture, ...]:
    """One for each content, by their hashes."""
    by_hash: dict[str, ScenarioPicture] = {}
    for picture in pictures:
        by_hash.setdefault(picture.hash, picture)
    return tuple(by_hash[digest] for digest in sorted(by_hash))


def name_problem(index: Index, name: str, but: int = 0) -> Problem | None:
    """Why a scenario cannot be called so; `but`: the id of the one that may have the name."""
    name = name.strip()
    if not name or len(name) > _LONGEST or not name.isprintable():
        text = Text("The name of a scenario has 1 to {n} characters on one line.",
                    "El nombre de un escenario tiene de 1 a {n} caracteres en una línea.")
        return error("bad_scenario_name", text.fill(n=_LONGEST), "dataset", field="name")
    if any(found.casefold() == name.casefold() for identifier, found in index.rows("SELECT id, name FROM scenarios")
           if identifier != but):
        text = Text("There is a scenario called {name} already. Choose another name.",
                    "Ya hay un escenario llamado {name}. Elija otro nombre.")
        return error("scenario_exists", text.fill(name=name), "dataset", field="name")
    return None


def _checked_name(index: Index, name: str, but: int = 0) -> str:
    problem = name_problem(index, name, but)
    if problem is not None:
        raise ProblemError(problem)
    return name.strip()
