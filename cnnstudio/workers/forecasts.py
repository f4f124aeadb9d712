"""Forecasts: kept for a project, given to the run that follows, and compared with what it took."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.events import LAST, Epoch, Event, Paused, Resumed
from cnnstudio.core.foreign_files import find_json
from cnnstudio.core.messages import encode_event
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text, format_number
from cnnstudio.core.trial_jobs import Forecasted, Measured
from cnnstudio.workers.runs.folder import RunFolder

FORECAST_FILE: Final = "forecast.json"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A forecast beside the truth: seconds of the whole training for the epochs that were done, seconds of an epoch, and
    memory in 10^6 bytes (None where an earlier version did not measure it)."""

    seconds: float
    took: float
    seconds_per_epoch: float
    took_per_epoch: float
    memory_mb: float
    memory_taken_mb: float | None = None


def forecast_key(project: Project, counts: Mapping[str, Mapping[str, int]]) -> str:
    """Identifies what was forecast: the settings that decide it, and the numbers of pictures."""
    own = [project.network, project.recipe, project.augmentation, project.training, project.dataset.label_mode,
           sorted((name, sorted(splits.items())) for name, splits in counts.items())]
    return blake2b(msgspec.json.encode(own, order="deterministic"), digest_size=16).hexdigest()


def _path(project_folder: Path) -> Path:
    name = blake2b(str(project_folder.resolve()).encode(), digest_size=12).hexdigest()
    return cache_folder() / "forecasts" / f"{name}.json"


def keep_forecast(project_folder: Path, told: Forecasted) -> None:
    """Keep it until a training of the same settings begins. A full disk is no reason not to show it."""
    path = _path(project_folder)
    with contextlib.suppress(ProblemError, OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, encode_event(told))


def find_forecast(project_folder: Path, key: str) -> Forecasted | None:
    """The kept forecast, if it is for these settings and pictures."""
    told = find_json(_path(project_folder), Forecasted)
    return told if told is not None and told.key == key else None


def give_forecast(run: RunFolder, key: str) -> None:
    """Put the kept forecast into the folder of a new run that it is for."""
    told = find_forecast(run.project_folder, key)
    if told is not None:
        with contextlib.suppress(ProblemError):
            write_atomically(run.folder / FORECAST_FILE, encode_event(told))


def forecast_of(run: RunFolder) -> Forecasted | None:
    """The forecast that was made before the run, or None."""
    return find_json(run.folder / FORECAST_FILE, Forecasted)


def outcome_of(run: RunFolder) -> Outcome | None:
    """What was forecast and what became of it; None without a forecast, for a run that is not over, that was continued, or
    that has no epoch. Pauses do not count."""
    told = forecast_of(run)
    if told is None:
        return None
    events = run.events()
    epochs = [event for event in events if isinstance(event, Epoch)]
    ends = [event for event in events if isinstance(event, LAST)]
    if len(ends) != 1 or ends[0] is not events[-1] or not epochs or any(event.epoch != number for number, event in enumerate(
            epochs, 1)):
        return None
    try:
        began = run.spec_path.stat().st_mtime
    except OSError:
        return None
    # The first epoch compiles the step.
    usual = epochs[1:] or epochs
    measured = next((event for event in events if isinstance(event, Measured)), None)
    return Outcome(
        seconds=told.seconds_for(len(epochs)), took=max(0.0, ends[0].time - began - _paused(events)),
        seconds_per_epoch=told.seconds_per_epoch, took_per_epoch=sum(event.seconds for event in usual) / len(usual),
        memory_mb=told.memory_mb, memory_taken_mb=None if measured is None else measured.memory_mb)


def _paused(events: Sequence[Event]) -> float:
    """Seconds of pauses."""
    seconds, since = 0.0, None
    for event in events:
        if isinstance(event, Paused):
            since = event.time
        elif isinstance(event, Resumed) and since is not None:
            seconds, since = seconds + event.time - since, None
    return seconds


def outcome_text(outcome: Outcome) -> Text:
    """ "Forecast 12 s, took 13 s." with the memory, in a sentence."""
    text = Text("Forecast: {seconds}, {epoch} per epoch, {memory} MB of memory. It took {took}, {took_epoch} per epoch",
                "Previsión: {seconds}, {epoch} por época, {memory} MB de memoria. Tardó {took}, {took_epoch} por época")
    facts = {"seconds": seconds_text(outcome.seconds), "epoch": seconds_text(outcome.seconds_per_epoch),
             "memory": _megabytes(outcome.memory_mb), "took": seconds_text(outcome.took),
             "took_epoch": seconds_text(outcome.took_per_epoch)}
    if outcome.memory_taken_mb is None:
        return Text("{all}.", "{all}.").fill(all=text.fill(**facts))
    return Text("{all}, {taken} MB.", "{all}, {taken} MB.").fill(all=text.fill(**facts), taken=_megabytes(
        outcome.memory_taken_mb))


def seconds_text(seconds: float) -> str:
    """ "0.85 s", "12 s", "3 min 20 s" or "2 h 5 min": the same in both languages but for the decimal sign."""
    if seconds < 10:
        return f"{format_number(seconds, '.2f' if seconds < 1 else '.1f')} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else (f"{minutes} min {rest} s" if minutes else f"{rest} s")


def _megabytes(value: float) -> str:
    return format_number(value, ",.0f")
