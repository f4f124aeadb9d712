"""Hostile content in the place of every file of a project and a run, past every command that reads them."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from cnnstudio.workers.runs.folder import RunFolder
from tests.sweeps import run_command

ENDLESS: Final = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT"


def _bytes(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


def _grown(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(3 << 30)


def _database(sql: str) -> Callable[[Path], object]:
    def make(path: Path) -> None:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.executescript(sql)

    return make


CONTENTS: Final[dict[str, Callable[[Path], object]]] = {
    "nothing": _bytes(b""), "zeros": _bytes(bytes(5000)), "no UTF-8": _bytes(b'{"format": 4, "name": "\xff\xfe"}'),
    "nested": _bytes(b"[" * 100_000), "nested objects": _bytes(b'{"a":' * 100_000), "list": _bytes(b"[]"),
    "null": _bytes(b"null"), "negative": _bytes(b'{"format": -4}'), "huge number": _bytes(b'{"format": 1' + b"0" * 400 + b"}"),
    "surrogate": _bytes(b'{"format": 4, "name": "\\ud800"}'), "escape": _bytes(b'{"format": 4, "name": "\\u001b[2J\\u0000"}'),
    "grown": _grown, "pipe": os.mkfifo, "folder": lambda path: path.mkdir(),
    "zero device": lambda path: path.symlink_to("/dev/zero"), "itself": lambda path: path.symlink_to(path),
    "elsewhere": lambda path: path.symlink_to(path.parent.parent / "precious"),
}
INDEXES: Final = {
    "trigger": _database(f"CREATE TABLE pictures (a); CREATE TRIGGER t AFTER INSERT ON pictures BEGIN {ENDLESS} 1 FROM n; END"),
    "view": _database(f"CREATE VIEW pictures AS {ENDLESS} i FROM n; CREATE VIEW decisions AS {ENDLESS} i path FROM n"),
    "newer": _database("PRAGMA user_version = 99"), "other": _database("CREATE TABLE a (b)"),
}


def sweep_hostile(run: RunFolder, commands: Sequence[Sequence[str]], kinds: Sequence[str] = ()) -> Counter[str]:
    """The outcomes of every command with every content (of these kinds) in the place of every file."""
    folder, outcomes = run.project_folder, Counter[str]()
    precious = folder.parent / "precious"
    for path in (folder / "project.cnnstudio", folder / "dataset.sqlite", folder / ".lock", folder / "runs", run.spec_path,
                 run.manifest_path, run.events_path, run.folder / ".lock"):
        contents = CONTENTS | (INDEXES if path.name == "dataset.sqlite" else {})
        aside = path.with_name(f"{path.name}.aside")
        for kind, make in contents.items():
            if kinds and kind not in kinds:
                continue
            precious.write_text("precious")
            (folder / "precious").write_text("precious")
            path.exists() and path.rename(aside)
            make(path)
            for command in commands:
                outcome, _code = run_command([word.format(project=folder, run=run.id) for word in command])
                if precious.read_text() != "precious" or (folder / "precious").read_text() != "precious":
                    outcome = "lost"
                outcomes[outcome] += 1
                if outcome not in ("right", "named"):
                    print(f"{outcome}: {path.name} {kind}: {' '.join(command)}")
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
            for end in ("-wal", "-shm"):
                path.with_name(path.name + end).unlink(missing_ok=True)
            aside.exists() and aside.rename(path)
    return outcomes
