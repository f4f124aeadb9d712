"""A check of the settings of a bench on the page of the lesson."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from cnnstudio.core.text import Text, same
from cnnstudio.learning.course.checks.conditions import Bounds
from cnnstudio.learning.course.checks.entry import CheckKind, Outcome, joined
from cnnstudio.learning.course.checks.looks import Unit, format_value
from cnnstudio.learning.course.evidence import Evidence


class BenchCondition(Bounds, frozen=True, kw_only=True):
    """A setting of the bench, by its name ("padding") or the way to it ("cards.*.kind", of every card), and its bounds;
    `in_order`: these stand in the list, in that order."""

    of: str
    name: Text
    in_order: tuple[str, ...] = ()
    unit: Unit = "value"

    def __post_init__(self) -> None:
        if not self.bound and not self.in_order:
            raise ValueError(f"the condition on {self.of} has no bounds")

    def keeps(self, value: Any) -> bool:
        """Whether the value of the setting keeps the bounds."""
        if not self.in_order:
            return self.hold(value)
        waiting = list(self.in_order)
        for item in value if isinstance(value, list) else ():
            if waiting and item == waiting[0]:
                del waiting[0]
        return not waiting

    def wanted(self) -> Text:
        """What is wanted, in words."""
        bounds = same(" → ".join(self.in_order)) if self.in_order else self.bounds_text(self.unit)
        return _named(self, bounds)


class BenchCheck(msgspec.Struct, frozen=True, kw_only=True):
    """The bench at that place of the page (from 0) was set so that all conditions hold."""

    place: int = 0
    conditions: tuple[BenchCondition, ...]


def _judge(evidence: Evidence, check: BenchCheck) -> Outcome:
    settings = evidence.progress.benches.get(str(check.place))
    values = [(condition, _value(settings or {}, condition)) for condition in check.conditions]
    missing = [condition.wanted() for condition, value in values if not condition.keeps(value)]
    if settings is None:
        measured = Text("the bench has not been touched yet", "aún no se ha tocado el banco")
    else:
        measured = joined([_named(condition, _shown(value, condition.unit)) for condition, value in values], ", ")
    return Outcome(done=settings is not None and not missing, measured=measured, missing=joined(missing, ", "),
                   share=1 - len(missing) / max(1, len(values)))


def _named(condition: BenchCondition, value: Text) -> Text:
    return Text("{name}: {value}", "{name}: {value}").fill(name=condition.name, value=value)


def _value(settings: Any, condition: BenchCondition) -> Any:
    return _at(settings, condition.of.split("."))


def _at(value: Any, parts: list[str]) -> Any:
    """What lies there; "*" stands for every item of a list."""
    if not parts:
        return value
    if parts[0] == "*":
        return [_at(item, parts[1:]) for item in value] if isinstance(value, list | tuple) else None
    return _at(value.get(parts[0]), parts[1:]) if isinstance(value, dict) else None


def _shown(value: Any, unit: Unit) -> Text:
    if isinstance(value, list | tuple):
        return same(" → ".join(map(str, value)))
    return format_value(value, unit) if value is None or isinstance(value, float | int | str) else same(str(value))


BENCH: Final = CheckKind(id="bench", looks_at="benches", spec=BenchCheck, judge=_judge)
