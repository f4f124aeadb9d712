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
    """A setting of the bench, by its name ("padding") or the way to it ("kernel.size"), and its bounds. `count`: the length of
    a list is what counts."""

    of: str
    name: Text
    count: bool = False
    unit: Unit = "value"

    def __post_init__(self) -> None:
        if self.at_least is None and self.at_most is None and not self.one_of:
            raise ValueError(f"the condition on {self.of} has no bounds")


class BenchCheck(msgspec.Struct, frozen=True, kw_only=True):
    """The bench at that place of the page (from 0) was set so that all conditions hold."""

    place: int = 0
    conditions: tuple[BenchCondition, ...]


def _judge(evidence: Evidence, check: BenchCheck) -> Outcome:
    settings = evidence.progress.benches.get(str(check.place))
    values = [(condition, _value(settings or {}, condition)) for condition in check.conditions]
    missing = [_named(condition, condition.bounds_text(condition.unit)) for condition, value in values
               if not condition.hold(value)]
    if settings is None:
        measured = Text("the bench has not been touched yet", "aún no se ha tocado el banco")
    else:
        measured = joined([_named(condition, _shown(value, condition.unit)) for condition, value in values], ", ")
    return Outcome(done=settings is not None and not missing, measured=measured, missing=joined(missing, ", "),
                   share=1 - len(missing) / max(1, len(values)))


def _named(condition: BenchCondition, value: Text) -> Text:
    return Text("{name}: {value}", "{name}: {value}").fill(name=condition.name, value=value)


def _value(settings: dict[str, Any], condition: BenchCondition) -> Any:
    value: Any = settings
    for part in condition.of.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return len(value) if condition.count and isinstance(value, list | tuple) else value


def _shown(value: Any, unit: Unit) -> Text:
    return format_value(value, unit) if value is None or isinstance(value, float | int | str) else same(str(value))


BENCH: Final = CheckKind(id="bench", looks_at="benches", spec=BenchCheck, judge=_judge)
