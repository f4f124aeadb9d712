"""The lines of the table of runs: filtered, sorted, and runs of a group folded under one line."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from cnnstudio.core.text import tr
from cnnstudio.workers.runs.folder import RunSummary
from cnnstudio.workers.runs.group_figures import GroupFigures, group_figures
from cnnstudio.workers.runs.table import RunRow, matches, run_row


@dataclass(frozen=True)
class GroupLine:
    """The line of a group of two or more runs."""

    id: str
    runs: tuple[RunSummary, ...]
    figures: GroupFigures
    open: bool

    @property
    def name(self) -> str:
        """What the group is called: by its seeds or folds, unless the user gave it a name."""
        count = len(self.runs)
        kind = {"seeds": tr("{n} seeds", "{n} semillas", n=count),
                "folds": tr("{n} folds", "{n} pliegues", n=count)}.get(self.figures.kind)
        if kind is not None:
            return kind if self.runs[0].group == self.runs[0].origin.group else f"{self.id} ({kind})"
        return f"{self.id} ({count})"

    @property
    def title(self) -> str:
        """What stands in the first column."""
        return f"{'▾' if self.open else '▸'}  {self.name}"


Line = RunSummary | GroupLine
Key = Callable[[Line], Any]


class RunLines:
    """The runs as lines. `facts(run)` has more of each; it is read again where the run changed."""

    def __init__(self) -> None:
        self.runs: list[RunSummary] = []
        self.open: set[str] = set()
        self.text = ""
        self._facts: dict[str, tuple[RunSummary, RunRow]] = {}

    def set_runs(self, runs: Sequence[RunSummary]) -> None:
        """The runs, newest first."""
        self.runs = list(runs)
        ids = {run.id for run in runs}
        self._facts = {key: value for key, value in self._facts.items() if key in ids}

    def facts(self, run: RunSummary) -> RunRow:
        """The row of a run."""
        known = self._facts.get(run.id)
        if known is None or known[0] != run:
            known = self._facts[run.id] = (run, run_row(run))
        return known[1]

    def shown(self) -> list[RunSummary]:
        """The runs that the text leaves."""
        return [run for run in self.runs if matches(self.facts(run), self.text)] if self.text.strip() else self.runs

    def lines(self, key: Key | None = None, descending: bool = False) -> list[Line]:
        """What stands in the table, in the order of a column; lines without a value come last."""
        runs = self.shown()
        members: dict[str, list[RunSummary]] = {}
        for run in runs:
            if run.group:
                members.setdefault(run.group, []).append(run)
        heads: list[Line] = []
        for run in runs:
            group = members.get(run.group, [])
            if len(group) < 2:
                heads.append(run)
            elif group[0] is run:
                ordered = sorted(group, key=lambda item: (item.origin.member, item.started, item.id))
                heads.append(GroupLine(run.group, tuple(ordered), group_figures(ordered), run.group in self.open))
        lines: list[Line] = []
        for head in _ordered(heads, key, descending):
            lines.append(head)
            if isinstance(head, GroupLine) and head.open:
                lines += _ordered(head.runs, key, descending)
        return lines


def _ordered(lines: Sequence[Line], key: Key | None, descending: bool) -> list[Line]:
    if key is None:
        return list(lines)
    known = [line for line in lines if key(line) is not None]
    numbers = all(isinstance(key(line), int | float) for line in known)
    known.sort(key=lambda line: key(line) if numbers else str(key(line)), reverse=descending)
    return known + [line for line in lines if key(line) is None]


def is_member(run: RunSummary, groups: Collection[str]) -> bool:
    """Whether a run stands under the line of one of these open groups."""
    return bool(run.group) and run.group in groups
