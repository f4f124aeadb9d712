"""What grading finds: marks with their reasons, and one line for every capsule."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from cnnstudio.core.text import Text

Level = Literal["ok", "note", "wrong"]
Verdict = Literal["passed", "not_passed", "suspect", "unreadable"]
VERDICTS: Final[dict[Verdict, Text]] = {
    "passed": Text("passed", "superada"),
    "not_passed": Text("not passed", "no superada"),
    "suspect": Text("to be looked at", "por revisar"),
    "unreadable": Text("unreadable", "ilegible"),
}


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of one check. `suspect`: a person should look at it, since no honest work leads to it."""

    check: str
    label: Text
    level: Level
    text: Text
    suspect: bool = False


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One capsule: who handed it in, the metric on the hidden pictures with its interval, and the marks.

    `file` is the path in the folder that was graded. A capsule that cannot be read has a line as well.
    """

    file: str
    student: str = ""
    run: str = ""
    verdict: Verdict
    metric: str = ""
    value: float | None = None
    interval: tuple[float, float] | None = None
    validation: float | None = None
    reported: float | None = None
    parameters: int | None = None
    epochs: int | None = None
    training_pictures: int | None = None
    marks: tuple[Mark, ...] = ()
    answers: tuple[tuple[Text, str], ...] = ()

    @property
    def reasons(self) -> tuple[Mark, ...]:
        """The marks that say why it is not simply passed."""
        return tuple(mark for mark in self.marks if mark.level != "ok")


def verdict_of(marks: tuple[Mark, ...]) -> Verdict:
    """What the marks amount to."""
    if any(mark.suspect and mark.level == "wrong" for mark in marks):
        return "suspect"
    return "not_passed" if any(mark.level == "wrong" for mark in marks) else "passed"
