"""What a run's shortcut audit found: how it is judged, and kept in the run's folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.catalog.shortcuts import ShortcutProbe
from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.foreign_files import find_json
from cnnstudio.core.problems import Problem, ProblemError, warning
from cnnstudio.core.trial_jobs import ShortcutProbed
from cnnstudio.workers.runs.folder import RunFolder

_LEAST: Final = 0.05
"""By how much an accuracy is above chance, at least, to be worth a warning."""


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    probes: tuple[ShortcutProbed, ...]


def shortcuts_path(run: RunFolder) -> Path:
    return run.folder / "shortcuts.json"


def is_suspicious(probe: ShortcutProbe, accuracy: float, low: float, chance: float, reference: float) -> bool:
    """Whether so little of a picture tells too much: the accuracy is above chance beyond doubt (`low` is the lower end of its
    interval), and what it gains over chance is at least the share `limit` of what whole pictures gain
    (`reference`)."""
    if probe.limit is None or low <= chance or accuracy - chance < _LEAST:
        return False
    return accuracy - chance >= probe.limit * (max(reference, accuracy) - chance)


def keep_shortcuts(run: RunFolder, probes: Sequence[ShortcutProbed]) -> Problem | None:
    """Keep the results; a warning where the folder cannot be written."""
    try:
        write_atomically(shortcuts_path(run), msgspec.json.encode(_Kept(probes=tuple(probes))))
    except ProblemError as problem_error:
        return warning("shortcuts_not_kept", problem_error.problems[0].text, "run")
    return None


def read_shortcuts(run: RunFolder) -> tuple[ShortcutProbed, ...]:
    """The kept results; none where the model was trained since, or the file is damaged."""
    path = shortcuts_path(run)
    try:
        if run.model_path.stat().st_mtime > path.stat().st_mtime:
            return ()
    except OSError:
        return ()
    kept = find_json(path, _Kept)
    return () if kept is None else kept.probes
