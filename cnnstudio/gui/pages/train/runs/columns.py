"""The columns of the table of runs: those that always stand there, and those that the user chooses."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

from PySide6.QtGui import QColor

from cnnstudio.core.text import Text, format_size, on_one_line, tr
from cnnstudio.gui.pages.train.runs.lines import GroupLine, Line, RunLines, is_member
from cnnstudio.gui.pages.train.runs.setting_names import setting_name
from cnnstudio.gui.widgets.formatting import format_duration, format_number, format_percent
from cnnstudio.gui.widgets.table import Column
from cnnstudio.workers.runs.folder import RunSummary
from cnnstudio.workers.runs.origin import origin_text
from cnnstudio.workers.runs.table import differing_keys

_NONE: Final = "–"
_TONES: Final = {"running": "accent", "paused": "accent", "finished": "", "stopped": "", "failed": "error",
                 "interrupted": "warn", "damaged": "error", "created": "dim"}
CHOICES: Final = {
    "network": Text("Network", "Red"), "duration": Text("Duration", "Duración"), "origin": Text("Origin", "Origen"),
    "tags": Text("Tags", "Etiquetas"), "note": Text("Note", "Nota"), "group": Text("Group", "Grupo"),
    "device": Text("Device", "Dispositivo"), "size": Text("Model size", "Tamaño del modelo"),
    "data": Text("Data version", "Versión de los datos"), "cluster": Text("Cluster", "Clúster"),
}
"""Columns that can be chosen, besides the settings."""
DEFAULT: Final = ("network", "duration")


def run_columns(lines: RunLines, chosen: Sequence[str], color: Callable[[RunSummary], QColor],
                state: Callable[[RunSummary], str]) -> list[Column]:
    """The columns; `chosen` are names of `CHOICES` and keys of settings."""

    def of_run(read: Callable[[RunSummary], Any], write: Callable[[Any], str] = str) -> dict[str, Any]:
        """A column that is empty for a group, and for a run without a value."""
        def value(line: Line) -> Any:
            found = None if isinstance(line, GroupLine) else read(line)
            return None if found in (None, "") else found

        def text(line: Line) -> str:
            found = value(line)
            return ("" if isinstance(line, GroupLine) else _NONE) if found is None else on_one_line(write(found))

        return {"text": text, "key": value}

    def setting(key: str) -> Column:
        return Column(_short(key), **of_run(lambda run: lines.facts(run).settings.get(key), _plain))

    fixed = {
        "network": Column(str(CHOICES["network"]), **of_run(lambda run: run.network), spare=1),
        "duration": Column(str(CHOICES["duration"]), text=_duration, key=lambda line: _seconds(line) or None, right=True,
                           spare=1),
        "origin": Column(str(CHOICES["origin"]), **of_run(lambda run: origin_text(run.origin))),
        "tags": Column(str(CHOICES["tags"]), **of_run(lambda run: ", ".join(run.labels.tags))),
        "note": Column(str(CHOICES["note"]), **of_run(lambda run: run.labels.note)),
        "group": Column(str(CHOICES["group"]), **of_run(lambda run: run.group)),
        "device": Column(str(CHOICES["device"]), **of_run(lambda run: lines.facts(run).device)),
        "size": Column(tr("Model", "Modelo"), **of_run(lambda run: lines.facts(run).size or None, format_size), right=True),
        "cluster": Column(str(CHOICES["cluster"]), **of_run(lambda run: run.cluster)),
        "data": Column(tr("Data", "Datos"), **of_run(lambda run: lines.facts(run).data)),
    }
    front = [Column(tr("Run", "Entrenamiento"), text=lambda line: _title(line, lines), stretch=True, least=190,
                    key=lambda line: line.title, color=lambda line: None if isinstance(line, GroupLine) else color(line))]
    front += [fixed["network"]] if "network" in chosen else []
    middle = [
        Column(tr("Epochs", "Épocas"), text=lambda line: "" if isinstance(line, GroupLine) else
               f"{line.epochs} / {line.planned}", key=lambda line: None if isinstance(line, GroupLine) else line.epochs,
               right=True),
        Column(tr("Val. loss", "Pérdida val."), text=lambda line: _metric(line, "val_loss", lambda v: format_number(v, 4)),
               key=lambda line: _value(line, "val_loss"), right=True),
        Column(tr("Val. accuracy", "Exactitud val."), text=lambda line: _accuracy(line, lines),
               key=lambda line: _value(line, "val_accuracy"), right=True),
    ]
    rest = [fixed[name] if name in fixed else setting(name) for name in chosen if name != "network"]
    last = Column(tr("State", "Estado"), text=lambda line: _state(line, state), key=lambda line: _state(line, state),
                  tone=lambda line: "" if isinstance(line, GroupLine) else _TONES.get(line.state, ""), right=True)
    return [*front, *middle, *rest, last]


def choosable(lines: RunLines) -> list[tuple[str, str]]:
    """(name, label) of the columns that can be chosen: the fixed ones, then the settings that differ among the runs."""
    rows = [lines.facts(run) for run in lines.runs]
    return [*((name, str(label)) for name, label in CHOICES.items()),
            *((key, setting_name(key)) for key in differing_keys(rows))]


def _short(key: str) -> str:
    """The label of a setting, or the last words of its key, which a narrow column can show."""
    if setting_name(key) != key:
        return setting_name(key, stage=False)
    parts = key.split(".")
    return ".".join(parts[-2:]) if parts[-1].isdigit() or len(parts[-1]) < 4 else parts[-1]


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _title(line: Line, lines: RunLines) -> str:
    if isinstance(line, GroupLine):
        return line.title
    return f"    {line.title}" if is_member(line, lines.open) and len(
        [run for run in lines.shown() if run.group == line.group]) > 1 else line.title


def _state(line: Line, state: Callable[[RunSummary], str]) -> str:
    if isinstance(line, GroupLine):
        return tr("{n} of {total} done", "{n} de {total} hechos", n=len(line.figures.runs), total=len(line.runs))
    return state(line)


def _value(line: Line, name: str) -> float | None:
    if isinstance(line, GroupLine):
        spread = line.figures.metrics.get(name)
        return None if spread is None else spread.mean
    return line.metrics.get(name)


def _metric(line: Line, name: str, write: Callable[[float], str]) -> str:
    value = _value(line, name)
    if value is None:
        return _NONE
    if isinstance(line, GroupLine):
        deviation = line.figures.metrics[name].deviation
        return write(value) if deviation is None else f"{write(value)} ± {write(deviation)}"
    return write(value)


def _accuracy(line: Line, lines: RunLines) -> str:
    """With its 95 % interval; the mean and deviation of a group."""
    text = _metric(line, "val_accuracy", format_percent)
    if isinstance(line, GroupLine) or text == _NONE:
        return text
    interval = lines.facts(line).interval
    return text if interval is None else f"{text} ({interval[0] * 100:.0f}–{interval[1] * 100:.0f})"


def _seconds(line: Line) -> float:
    return sum(run.seconds for run in line.runs) if isinstance(line, GroupLine) else line.seconds


def _duration(line: Line) -> str:
    seconds = _seconds(line)
    return format_duration(seconds) if seconds else _NONE
