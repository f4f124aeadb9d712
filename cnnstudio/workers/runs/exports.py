"""The exports of a run, as they were written: a line each in exports.jsonl in its folder."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.core.export_jobs import ExportCheck, Exported
from cnnstudio.core.foreign_files import SMALL, read_bytes
from cnnstudio.core.own_folders import NO_FOLLOW
from cnnstudio.workers.runs.folder import RunFolder

EXPORTS: Final = "exports.jsonl"


class ExportRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A finished export. `path` is absolute, `time` in seconds since the epoch, `run` "" where it is unknown; `check` is None
    for a document."""

    path: str
    format: str
    run: str = ""
    time: float = 0.0
    check: ExportCheck | None = None


def add_export(run: RunFolder, exported: Exported) -> None:
    """Note a finished export. A run that cannot be written keeps no note of it."""
    record = ExportRecord(path=exported.path, format=exported.format, run=run.id, time=time.time(), check=exported.check)
    with contextlib.suppress(OSError):
        descriptor = os.open(run.folder / EXPORTS, os.O_WRONLY | os.O_CREAT | os.O_APPEND | NO_FOLLOW, 0o644)
        with os.fdopen(descriptor, "ab") as file:
            # Behind a line that a crash cut short, this one would be damaged, too.
            file.write(b"\n" * _is_cut_short(run.folder / EXPORTS) + msgspec.json.encode(record) + b"\n")


def _is_cut_short(path: Path) -> bool:
    """Whether a file ends in the middle of a line; raises OSError."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 1))
        return file.read(1) not in (b"", b"\n")


def list_exports(runs: Iterable[RunFolder]) -> list[ExportRecord]:
    """The exports of these runs that still exist, newest first, each path once; `count_damaged` tells what was left out."""
    records: dict[str, ExportRecord] = {}
    for record in (record for run in runs for record in _records(run)):
        earlier = records.get(record.path) if record is not None else None
        if record is not None and (earlier is None or earlier.time <= record.time):
            records[record.path] = record
    return sorted((record for record in records.values() if Path(record.path).exists()), key=lambda record: -record.time)


def count_damaged(runs: Iterable[RunFolder]) -> int:
    """The lines that tell of no export, because a crash cut them short or somebody changed them."""
    return sum(record is None for run in runs for record in _records(run))


def _records(run: RunFolder) -> Iterator[ExportRecord | None]:
    """A record for each line, None for a damaged one; nothing where the file cannot be read."""
    try:
        lines = read_bytes(run.folder / EXPORTS, SMALL).splitlines()
    except (OSError, ValueError):
        return
    for line in lines:
        try:
            yield msgspec.json.decode(line, type=ExportRecord)
        except ValueError:
            yield None
