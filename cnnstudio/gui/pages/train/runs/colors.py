"""The colour of every run, which it keeps for ever: it is written beside its name."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any, Final

import msgspec
from PySide6.QtGui import QColor

from cnnstudio.core.problems import ProblemError
from cnnstudio.gui.look import theme
from cnnstudio.workers.runs.folder import RunSummary
from cnnstudio.workers.runs.labels import read_labels, write_labels

_FIRST: Final = 2
"""The first colours of the palette are those of the curves of the run that is shown."""


class RunColors:
    """Gives every run a colour of its own; one that the user chose, or that was given once, stays."""

    def __init__(self, state: dict[str, Any]) -> None:
        """`state` of the page keeps the numbers where they cannot be written."""
        self._state = state

    @property
    def _numbers(self) -> dict[str, int]:
        numbers: dict[str, int] = self._state.setdefault("colors", {})
        return numbers

    def follow(self, runs: list[RunSummary]) -> None:
        """Give new runs (`runs` are newest first) the next colours."""
        numbers = self._numbers
        numbers.update({run.id: run.labels.color for run in runs if run.labels.color is not None})
        for run in reversed(runs):
            if run.id not in numbers:
                numbers[run.id] = max(numbers.values(), default=_FIRST - 1) + 1
                with contextlib.suppress(ProblemError, OSError):
                    if Path(run.folder).is_dir() and run.state != "damaged":
                        labels = read_labels(Path(run.folder))
                        write_labels(Path(run.folder), msgspec.structs.replace(labels, color=numbers[run.id]))

    def color(self, run: RunSummary) -> QColor:
        """Its colour; grey for a run that has none yet."""
        return theme.class_color(self._numbers.get(run.id, -1))
