"""The default path of an export, and the records of earlier exports. No Qt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from cnnstudio.catalog.exporters import EXPORTERS
from cnnstudio.core.export_jobs import ExportCheck, Exported
from cnnstudio.core.foreign_files import SMALL, decode_json, read_bytes
from cnnstudio.workers.runs.exports import ExportRecord, count_damaged, list_exports
from cnnstudio.workers.runs.folder import RunFolder

FOLDER: Final = "exports"


class _Check(ExportCheck, frozen=True, kw_only=True):
    """check.json of a folder."""

    program: str = ""
    format: str = "bundle"


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
    """exports/<project>-<run> in the project's folder, with the format's suffix; formats that share one, or have none, have
    their id in the name."""
    stem = re.sub(r'[\s/\\:*?"<>|.]+', "-", name).strip("-") or "project"
    return folder / FOLDER / f"{stem}-{run}{_mark(format)}{suffix_of(format)}"


def _mark(format: str) -> str:
    first = next((entry.id for entry in EXPORTERS if entry.suffix == suffix_of(format)), format)
    return "" if first == format else f"-{format}"


def record_of(exported: Exported, run: str) -> ExportRecord:
    """The record of a new export."""
    return ExportRecord(path=exported.path, format=exported.format, run=run, time=exported.time, check=exported.check)


class Earlier(NamedTuple):
    """Exports, and how many lines about others were damaged."""

    records: list[ExportRecord]
    damaged: int


def earlier_exports(folder: Path | None, runs: Sequence[RunFolder]) -> Earlier:
    """Exports that still exist: those that the runs know, and folders in the project's own; newest first."""
    if folder is None:
        return Earlier([], 0)
    result = {record.path: record for record in list_exports(runs)}
    for path in (folder / FOLDER).glob("*/check.json"):
        if str(path.parent) in result:
            continue
        try:
            check = decode_json(read_bytes(path, SMALL), _Check)
            modified = path.stat().st_mtime
        except (OSError, ValueError):
            continue
        if check.program:
            known = {name: getattr(check, name) for name in ExportCheck.__struct_fields__}
            result[str(path.parent)] = ExportRecord(path=str(path.parent), format=check.format, time=modified,
                                                    check=ExportCheck(**known))
    return Earlier(sorted(result.values(), key=lambda item: -item.time), count_damaged(runs))
