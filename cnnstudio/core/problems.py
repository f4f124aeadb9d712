"""Expected failures as values: what, where, why, and how to fix it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from cnnstudio.core.text import Text

Severity = Literal["error", "warning", "info"]
Area = Literal["project", "dataset", "recipe", "augmentation", "network", "training", "run", "file", "machine"]


class Location(msgspec.Struct, frozen=True, kw_only=True):
    """Location of a problem, precise enough for the window to mark it.

    `node` is the id of a network node or of a step, `field` the name of a parameter,
    `path` a file or folder, `line` a line of source, from 1.
    """

    area: Area
    node: str | None = None
    field: str | None = None
    path: str | None = None
    line: int | None = None


class Fix(msgspec.Struct, frozen=True, kw_only=True):
    """A fix that one click applies.

    `action` names an entry of `catalog.fixes.FIXES` (an edit of the project) or an action of
    the window ("open_page", "choose_folder"); `arguments` are passed to it by name.
    """

    action: str
    label: Text
    arguments: dict[str, Any] = {}


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One located and explained problem. Errors block; warnings and infos do not."""

    code: str
    severity: Severity = "error"
    text: Text
    where: Location
    fixes: tuple[Fix, ...] = ()
    details: str = ""
    """A traceback or a log for the report; shown on demand only."""
    facts: dict[str, Any] = {}
    """The numbers of the text, for other programs."""

    @property
    def blocks(self) -> bool:
        return self.severity == "error"

    @property
    def located_text(self) -> str:
        """The text as shown away from its place: "this layer" is named there."""
        text, node = str(self.text), self.where.node
        return f"{node}: {text}" if self.where.area == "network" and node and node not in text else text


class ProblemError(Exception):
    """Raised with all problems, not only the first."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("; ".join(problem.text.en for problem in problems))


def error(code: str, text: Text, area: Area, *, node: str | None = None, field: str | None = None,
          path: object = None, fixes: tuple[Fix, ...] = (), details: str = "") -> Problem:
    """A problem that blocks."""
    place = Location(area=area, node=node, field=field, path=None if path is None else str(path))
    return Problem(code=code, text=text, where=place, fixes=fixes, details=details)


def warning(code: str, text: Text, area: Area, *, node: str | None = None, field: str | None = None,
            path: object = None, fixes: tuple[Fix, ...] = ()) -> Problem:
    """A problem that does not block."""
    place = Location(area=area, node=node, field=field, path=None if path is None else str(path))
    return Problem(code=code, severity="warning", text=text, where=place, fixes=fixes)


def blocking(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The problems that must be fixed before the work can start."""
    return tuple(problem for problem in problems if problem.blocks)
