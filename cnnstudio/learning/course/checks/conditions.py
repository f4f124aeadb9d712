"""Conditions: a figure and the bounds that it must keep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from cnnstudio.core.item import as_immutable
from cnnstudio.core.text import Text
from cnnstudio.learning.course.checks.looks import LOOKS, Look, Unit, Value, format_value
from cnnstudio.learning.course.evidence import Subject


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """Between two numbers, or one of some values; `known`: any value will do, but there must be one."""

    at_least: float | None = None
    at_most: float | None = None
    one_of: tuple[Any, ...] = ()
    known: bool = False

    @property
    def bound(self) -> bool:
        """Whether there are any bounds."""
        return self.at_least is not None or self.at_most is not None or bool(self.one_of) or self.known

    def hold(self, value: Value | list[Any]) -> bool:
        """Whether a value keeps them; one that is unknown does not."""
        if value is None or self.known:
            return value is not None
        if self.one_of:
            return any(_same(value, allowed) for allowed in self.one_of)
        if isinstance(value, str | list):
            return False
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)

    def bounds_text(self, unit: Unit) -> Text:
        """What is wanted, such as "at least 97 %"."""
        if self.known:
            return Text("any", "cualquiera")
        if self.one_of:
            parts = [format_value(item if isinstance(item, str | float | int) else str(item), unit) for item in self.one_of]
            return Text(" or ".join(part.en for part in parts), " o ".join(part.es for part in parts))
        if self.at_least is not None and self.at_most is not None:
            if self.at_least == self.at_most:
                return Text("exactly {v}", "exactamente {v}").fill(v=format_value(self.at_least, unit))
            return Text("from {low} to {high}", "de {low} a {high}").fill(
                low=format_value(self.at_least, unit), high=format_value(self.at_most, unit))
        if self.at_least is not None:
            return Text("at least {v}", "al menos {v}").fill(v=format_value(self.at_least, unit))
        return Text("at most {v}", "como mucho {v}").fill(v=format_value(self.at_most, unit))


def _same(value: Any, allowed: Any) -> bool:
    """Equal, where a list from a file and one from the window are alike, and yes is not 1."""
    if isinstance(value, bool) is not isinstance(allowed, bool):
        return False
    return bool(as_immutable(value) == as_immutable(allowed))


class Condition(Bounds, frozen=True, kw_only=True):
    """A figure (`look` is an entry of LOOKS, `of` narrows it) and its bounds; `name` is shown instead of its own."""

    look: str = "setting"
    of: str = ""
    name: Text | None = None

    def __post_init__(self) -> None:
        if self.look not in LOOKS:
            raise ValueError(f"there is no look called {self.look}")
        if not self.bound:
            raise ValueError(f"the condition on {self.look} has no bounds")

    @property
    def entry(self) -> Look:
        return LOOKS[self.look]

    @property
    def label(self) -> Text:
        return self.name or self.entry.label(self.of)

    def measure(self, subject: Subject) -> Value:
        """The value of a project or run."""
        return self.entry.measure(subject, self.of)

    def measured(self, value: Value) -> Text:
        """The figure with its value: "validation accuracy: 96.2 %"."""
        return Text("{label}: {value}", "{label}: {value}").fill(label=self.label, value=format_value(value, self.entry.unit))

    def wanted(self) -> Text:
        """The figure with its bounds: "validation accuracy: at least 97 %"."""
        return Text("{label}: {bounds}", "{label}: {bounds}").fill(label=self.label, bounds=self.bounds_text(self.entry.unit))


class Measured(msgspec.Struct, frozen=True):
    """What conditions say of one project or run."""

    values: tuple[tuple[Condition, Value], ...]

    @property
    def open(self) -> list[Condition]:
        """Those that do not hold."""
        return [condition for condition, value in self.values if not condition.hold(value)]

    @property
    def held(self) -> int:
        return len(self.values) - len(self.open)

    def texts(self) -> list[Text]:
        """Each figure with its value."""
        return [condition.measured(value) for condition, value in self.values]


def measure(conditions: Sequence[Condition], subject: Subject) -> Measured:
    """The values of all conditions for one project or run."""
    return Measured(tuple((condition, condition.measure(subject)) for condition in conditions))
