"""The default path of an export, and the records of earlier exports. No Qt."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import msgspec

from cnnstudio.catalog.exporters import EXPORTERS
from cnnstudio.core.export_jobs import ExportCheck, Exported
from cnnstudio.core.foreign_files import SMALL, decode_json, read_bytes

FOLDER: Final = "exports"
MOST: Final = 20


class ExportRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A finished export: `time` in seconds since the epoch, `run` "" where it is unknown."""

    path: str
    format: str
    run: str = ""
    time: float = 0.0
    check: ExportCheck


class _Check(ExportCheck, frozen=True, kw_only=True):
    """check.json of a bundle."""

    program: str = ""


def suffix_of(format: str) -> str:
    """The suffix of a format's file; "" for a folder or an unknown format."""
    entry = EXPORTERS.find(format)
    return entry.suffix if entry is not None else ""


def with_suffix(path: Path, format: str) -> Path:
    """The path of the export: with the format's suffix, or inside an existing folder of that name."""
    suffix = suffix_of(format)
    if not suffix or path.suffix == suffix:
        return path
    return path / f"model{suffix}" if path.is_dir() else path.with_name(path.name + suffix)


def default_target(folder: Path, name: str, run: str, format: str) -> Path:
    """exports/<project>-<run> in the project's folder, with the format's suffix."""
    stem = re.sub(r'[\s/\\:*?"<>|.]+', "-", name).strip("-") or "project"
    return folder / FOLDER / f"{stem}-{run}{suffix_of(format)}"


def record_of(exported: Exported, run: str) -> ExportRecord:
    """The record of a new export."""
    return ExportRecord(path=exported.path, format=exported.format, run=run, time=exported.time, check=exported.check)


def with_record(records: list[Any], record: ExportRecord) -> list[Any]:
    """The list to remember, newest first, each path once."""
    others = [item for item in records if isinstance(item, dict) and item.get("path") != record.path]
    return [msgspec.to_builtins(record), *others][:MOST]


def earlier_exports(folder: Path, entries: list[Any]) -> list[ExportRecord]:
    """Exports that still exist: remembered ones, and bundles in the project's own folder; newest first."""
    result: dict[str, ExportRecord] = {}
    for item in entries:
        try:
            record = msgspec.convert(item, ExportRecord)
        except msgspec.ValidationError:
            continue
        if Path(record.path).exists():
            result[record.path] = record
    for path in (folder / FOLDER).glob("*/check.json"):
        if str(path.parent) in result:
            continue
        try:
            check = decode_json(read_bytes(path, SMALL), _Check)
            modified = path.stat().st_mtime
        except (OSError, ValueError):
            continue
        if check.program:
            result[str(path.parent)] = ExportRecord(path=str(path.parent), format="bundle", time=modified, check=ExportCheck(
                images=check.images, top1_agreement=check.top1_agreement, max_abs_difference=check.max_abs_difference,
                unchecked=check.unchecked, data=check.data))
    return sorted(result.values(), key=lambda item: -item.time)
