"""The tables of a project's `dataset.sqlite` and their migration from older versions.

History: 1 pictures, decisions, journal. 2 content hashes of decisions, measures, findings, groups, accepted
findings, predictions of runs.

`pictures.added` is the number of the scan that first saw this content at this path; `scan` of a decision is the last
one in which it was valid: only content that appeared later can be the moved file.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import lru_cache
from typing import Final

VERSION: Final = 6
_Object = tuple[str, str]
"""Kind (table, index, trigger, view) and name."""

_FIRST: Final = """
CREATE TABLE pictures (
  id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, folder_class TEXT NOT NULL, folder_split TEXT,
  size INTEGER NOT NULL, modified_ns INTEGER NOT NULL, width INTEGER, height INTEGER, hash TEXT,
  problem TEXT, problem_text TEXT, inspected INTEGER NOT NULL DEFAULT 0, seen INTEGER NOT NULL DEFAULT 0,
  class_name TEXT NOT NULL, split TEXT NOT NULL DEFAULT 'train', excluded INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX pictures_class ON pictures (class_name, split, excluded);
CREATE INDEX pictures_problem ON pictures (problem) WHERE problem IS NOT NULL;
CREATE TABLE decisions (path TEXT PRIMARY KEY, class_name TEXT, split TEXT, excluded INTEGER) WITHOUT ROWID;
CREATE TABLE journal (id INTEGER PRIMARY KEY, time REAL NOT NULL, change TEXT NOT NULL);
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
"""

_SECOND: Final = """
ALTER TABLE pictures ADD COLUMN added INTEGER NOT NULL DEFAULT 0;
DROP INDEX pictures_class;
CREATE INDEX pictures_class ON pictures (class_name, split, excluded, problem);
ALTER TABLE decisions ADD COLUMN hash TEXT;
ALTER TABLE decisions ADD COLUMN scan INTEGER NOT NULL DEFAULT 0;
UPDATE decisions SET hash = (SELECT hash FROM pictures p WHERE p.path = decisions.path);
CREATE INDEX pictures_folder_class ON pictures (folder_class);
CREATE INDEX pictures_hash ON pictures (hash) WHERE hash IS NOT NULL;
CREATE INDEX pictures_excluded ON pictures (id) WHERE excluded;
CREATE INDEX pictures_waiting ON pictures (id) WHERE NOT inspected;
CREATE TABLE measures (
  picture INTEGER PRIMARY KEY, brightness REAL, dark REAL, bright REAL, contrast REAL, sharpness REAL, entropy REAL,
  colorfulness REAL, channels INTEGER, format TEXT, orientation INTEGER, taken TEXT, signature BLOB,
  version INTEGER NOT NULL
);
CREATE INDEX measures_version ON measures (version);
CREATE TABLE findings (
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, picture INTEGER, subject TEXT NOT NULL, others TEXT NOT NULL DEFAULT '[]',
  score REAL NOT NULL, severity TEXT NOT NULL, text_en TEXT NOT NULL, text_es TEXT NOT NULL,
  data TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX findings_kind ON findings (kind, picture);
CREATE INDEX findings_picture ON findings (picture);
CREATE INDEX findings_subject ON findings (subject);
CREATE TABLE accepted (
  kind TEXT NOT NULL, path TEXT NOT NULL, hash TEXT, scan INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (kind, path)
) WITHOUT ROWID;
CREATE TABLE groups (picture INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE predictions (
  run TEXT NOT NULL, picture INTEGER NOT NULL, predicted TEXT NOT NULL, confidence REAL NOT NULL, loss REAL NOT NULL,
  PRIMARY KEY (run, picture)
) WITHOUT ROWID;
CREATE INDEX predictions_picture ON predictions (picture);
CREATE TRIGGER picture_gone AFTER DELETE ON pictures BEGIN
  DELETE FROM measures WHERE picture = old.id;
  DELETE FROM findings WHERE picture = old.id;
  DELETE FROM groups WHERE picture = old.id;
  DELETE FROM predictions WHERE picture = old.id;
END;
CREATE TRIGGER picture_changed AFTER UPDATE OF inspected ON pictures WHEN old.inspected AND NOT new.inspected BEGIN
  DELETE FROM measures WHERE picture = new.id;
  DELETE FROM findings WHERE picture = new.id;
  DELETE FROM groups WHERE picture = new.id;
  DELETE FROM predictions WHERE picture = new.id;
END;
"""

_THIRD: Final = """
CREATE TABLE samples (picture INTEGER PRIMARY KEY, type TEXT NOT NULL, low REAL NOT NULL, high REAL NOT NULL);
DROP TRIGGER picture_gone;
DROP TRIGGER picture_changed;
UPDATE pictures SET inspected = 0 WHERE lower(path) GLOB '*.tif' OR lower(path) GLOB '*.tiff' OR lower(path) GLOB '*.png'
  OR lower(path) GLOB '*.jp2' OR lower(path) GLOB '*.p[gnp]m';
CREATE TRIGGER picture_gone AFTER DELETE ON pictures BEGIN
  DELETE FROM measures WHERE picture = old.id;
  DELETE FROM findings WHERE picture = old.id;
  DELETE FROM groups WHERE picture = old.id;
  DELETE FROM predictions WHERE picture = old.id;
  DELETE FROM samples WHERE picture = old.id;
END;
CREATE TRIGGER picture_changed AFTER UPDATE OF inspected ON pictures WHEN old.inspected AND NOT new.inspected BEGIN
  DELETE FROM measures WHERE picture = new.id;
  DELETE FROM findings WHERE picture = new.id;
  DELETE FROM groups WHERE picture = new.id;
  DELETE FROM predictions WHERE picture = new.id;
  DELETE FROM samples WHERE picture = new.id;
END;
"""
# The samples of deep pictures, "type" as "uint16"; formats that can have them are looked at again, without losing what is
# known of their pictures.

_FOURTH: Final = """
ALTER TABLE samples ADD COLUMN not_numbers INTEGER NOT NULL DEFAULT 0;
DROP TRIGGER picture_changed;
UPDATE pictures SET inspected = 0 WHERE id IN (SELECT picture FROM samples WHERE type GLOB 'float*');
CREATE TRIGGER picture_changed AFTER UPDATE OF inspected ON pictures WHEN old.inspected AND NOT new.inspected BEGIN
  DELETE FROM measures WHERE picture = new.id;
  DELETE FROM findings WHERE picture = new.id;
  DELETE FROM groups WHERE picture = new.id;
  DELETE FROM predictions WHERE picture = new.id;
  DELETE FROM samples WHERE picture = new.id;
END;
"""
# How many samples are NaN or infinite; pictures of floating point are looked at again, likewise.

_FIFTH: Final = """
CREATE TABLE scenarios (id INTEGER PRIMARY KEY, name TEXT NOT NULL, note TEXT NOT NULL DEFAULT '', made REAL NOT NULL);
CREATE TABLE scenario_pictures (
  scenario INTEGER NOT NULL, hash TEXT NOT NULL, path TEXT NOT NULL, PRIMARY KEY (scenario, hash)
) WITHOUT ROWID;
"""
# Named subsets of pictures, by their content; "path" is where a picture was seen last.

_SIXTH: Final = """
CREATE INDEX pictures_split ON pictures (split);
CREATE INDEX pictures_measured ON pictures (size, modified_ns, width, height);
"""
# Filters by these columns read a narrow index in place of the whole table: at a million pictures half the time or less.

_STEPS: Final = (_FIRST, _SECOND, _THIRD, _FOURTH, _FIFTH, _SIXTH)


def bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Create the tables, or those that an older version lacks, inside the open transaction."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    for number, step in enumerate(_STEPS[version:], start=version + 1):
        for statement in _statements(step):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")


def foreign_objects(connection: sqlite3.Connection) -> list[str]:
    """The names of tables, indexes, triggers and views that are not as this module declares them for the version of the
    file, or missing. Only the schema is read: a trigger or a view of somebody else may never end."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if not 0 <= version <= VERSION:
        return []
    declared, present = _declared(version), _objects(connection)
    return [name for key in {**present, **declared} if declared.get(key) != present.get(key) for name in key[1:]]


@lru_cache
def _declared(version: int) -> dict[_Object, str]:
    """The SQL of the objects of a version, as SQLite itself keeps it."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for step in _STEPS[:version]:
            for statement in _statements(step):
                connection.execute(statement)
        return _objects(connection)


def _objects(connection: sqlite3.Connection) -> dict[_Object, str]:
    # Tables and indexes of SQLite's own (of keys, statistics) have reserved names.
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE type NOT IN ('table', 'index')"
                              " OR name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
    return {(str(kind), str(name)): " ".join(str(sql).split()) for kind, name, sql in rows}


def _statements(script: str) -> list[str]:
    """Single statements: `executescript` would commit, so the transaction would not be atomic."""
    result: list[str] = []
    waiting = ""
    for line in script.splitlines(keepends=True):
        waiting += line
        if sqlite3.complete_statement(waiting):
            result.append(waiting.strip())
            waiting = ""
    return result
