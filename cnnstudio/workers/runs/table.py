"""The runs of a project as rows of a table: what is known of each, to show, sort and filter by."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import msgspec

from cnnstudio.core.differences import flat_settings
from cnnstudio.core.events import Hello
from cnnstudio.core.files import decode_project
from cnnstudio.core.foreign_files import LARGE, open_regular, read_bytes
from cnnstudio.core.intervals import wilson_interval
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.workers.journal import decode_lines
from cnnstudio.workers.runs.comparison import settings_of
from cnnstudio.workers.runs.data import data_facts
from cnnstudio.workers.runs.folder import STATE_NAMES, RunFolder, RunSummary, list_runs
from cnnstudio.workers.runs.origin import origin_text

_HEAD: Final = 64 * 1024
"""Bytes at the beginning of the events, where the first process introduces itself."""


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    """A run with more than its summary. `size` is that of its model in bytes (0: none), `device` that of its first process,
    `data` the version of its pictures, `validation` their number; `settings` are by the keys of `cnnstudio set`."""

    run: RunSummary
    device: str = ""
    size: int = 0
    data: str = ""
    validation: int = 0
    settings: dict[str, Any] = {}

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's 95 % interval of the validation accuracy (0 to 1), where both are known."""
        accuracy = self.run.metrics.get("val_accuracy")
        if accuracy is None or not self.validation or not 0 <= accuracy <= 1:
            return None
        return wilson_interval(accuracy, self.validation)


def run_row(run: RunSummary) -> RunRow:
    """The row of a run; what cannot be read is empty."""
    folder = RunFolder(run.folder)
    facts = data_facts(folder.manifest_path)
    try:
        size = folder.model_path.stat().st_size
    except OSError:
        size = 0
    return RunRow(run=run, device=_device(folder), size=size, data=facts.version, settings=_settings(folder),
                  validation=facts.pictures.get("validation", 0))


def run_rows(project_folder: Path) -> list[RunRow]:
    """All runs of a project, newest first."""
    return [run_row(run) for run in list_runs(project_folder)]


def _settings(folder: RunFolder) -> dict[str, Any]:
    try:
        facts = folder.spec_path.stat()
        return _settings_at(folder.spec_path, facts.st_mtime_ns, facts.st_size)
    except (OSError, ProblemError):
        return {}


@lru_cache(512)
def _settings_at(path: Path, _modified: int, _size: int) -> dict[str, Any]:
    return flat_settings(settings_of(decode_project(read_bytes(path, LARGE), path)))


def _device(folder: RunFolder) -> str:
    try:
        facts = folder.events_path.stat()
        return _device_at(folder.events_path, facts.st_ino, min(facts.st_size, _HEAD))
    except OSError:
        return ""


@lru_cache(512)
def _device_at(path: Path, _file: int, size: int) -> str:
    with open_regular(path) as file:
        head = file.read(size)
    return next((event.device for event in decode_lines(head) if isinstance(event, Hello)), "")


def differing_keys(rows: Sequence[RunRow]) -> tuple[str, ...]:
    """The settings in which these runs differ, in the order of the specs."""
    keys = dict.fromkeys(key for row in rows for key in row.settings)
    return tuple(key for key in keys if any(row.settings.get(key) != rows[0].settings.get(key) for row in rows
                                            if row.settings) and rows)


def matches(row: RunRow, text: str) -> bool:
    """Whether every word of the text is in what is written about the run, upper or lower case."""
    run = row.run
    origin = origin_text(run.origin)
    state = STATE_NAMES[run.state]
    written = "\n".join((run.id, run.name, run.network, state.en, state.es, run.labels.note, *run.labels.tags, run.group,
                         row.data, row.device, str(origin or ""))).casefold()
    return all(word in written for word in text.casefold().split())


_COLUMNS: Final = {
    "started": lambda row: row.run.started, "name": lambda row: row.run.title.casefold(),
    "network": lambda row: row.run.network, "state": lambda row: row.run.state, "epochs": lambda row: row.run.epochs,
    "duration": lambda row: row.run.seconds, "size": lambda row: row.size, "data": lambda row: row.data,
    "group": lambda row: row.run.group, "device": lambda row: row.device,
}


def sort_rows(rows: Sequence[RunRow], column: str) -> list[RunRow]:
    """The rows in the order of a column, a metric or a setting; "-" in front reverses it. Rows without a value come last.

    Raises ProblemError (no_column) for what none of them has.
    """
    reverse, name = column.startswith("-"), column.removeprefix("-")
    values = [(value_of(row, name), row) for row in rows]
    if rows and name not in _COLUMNS and all(value is None for value, _row in values):
        known = ", ".join((*_COLUMNS, *dict.fromkeys(metric for row in rows for metric in row.run.metrics)))
        text = Text("No run has a column, metric or setting called {name}. There are: {known}, and the settings that `show` "
                    "lists.",
                    "Ningún entrenamiento tiene una columna, métrica o ajuste llamado {name}. Hay: {known}, y los ajustes que "
                    "enumera `show`.")
        raise ProblemError(error("no_column", text.fill(name=name, known=known), "run"))
    there = [(value, row) for value, row in values if value is not None]
    there.sort(key=lambda pair: _comparable(pair[0]), reverse=reverse)
    return [row for _value, row in there] + [row for value, row in values if value is None]


def value_of(row: RunRow, name: str) -> Any:
    """The value of a column, a metric or a setting of a run; None where it has none."""
    if name in _COLUMNS:
        return _COLUMNS[name](row)
    return row.run.metrics.get(name, row.settings.get(name))


def _comparable(value: Any) -> tuple[int, float, str]:
    """Numbers before texts, so that any two values can be ordered."""
    if isinstance(value, bool | int | float):
        return 0, float(value), ""
    return 1, 0.0, value if isinstance(value, str) else msgspec.json.encode(value).decode()
