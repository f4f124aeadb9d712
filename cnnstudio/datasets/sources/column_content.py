"""What the columns of a list hold: classes, numbers, several classes at once, or zeros and ones."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

_PROFILED: Final = 200_000
"""Rows that are looked at."""
_FEW: Final = 20
"""Up to so many different values are never suspicious."""
_MANY_NUMBERS: Final = 30
_ZERO: Final = frozenset(("0", "0.0", "-1", "false", "no", "n", "f", ""))
_ONE: Final = frozenset(("1", "1.0", "true", "yes", "si", "sí", "y", "t", "x"))
_STRONG: Final = ("|", ";")
_WEAK: Final = (",", "+", " ")


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """The values of one column with their counts, the empty ones left out."""

    index: int
    name: str
    values: Counter[str]
    empty: int = 0

    @property
    def filled(self) -> int:
        return sum(self.values.values())

    @property
    def numbers(self) -> list[float] | None:
        """The different values as numbers; None if one of them is none."""
        try:
            numbers = [float(value.replace(",", ".")) for value in self.values]
        except ValueError:
            return None
        return numbers if all(map(math.isfinite, numbers)) else None

    @property
    def nearly_unique(self) -> bool:
        """Whether nearly every picture would be a class of its own."""
        return len(self.values) > _FEW and len(self.values) > 0.9 * self.filled

    def too_many(self, named: bool) -> bool:
        """Whether the values are no classes, unless the user says so: numbers with very many different values, or a
        value for each picture. `named`: the column has the name of a label."""
        numbers = self.numbers
        if numbers is None:
            return self.nearly_unique
        if any(number != int(number) for number in numbers):
            return len(numbers) > _FEW // 2
        rare = len(numbers) > _FEW and self.filled < 5 * len(numbers)
        return rare or (not named and len(numbers) > _MANY_NUMBERS)

    @property
    def binary(self) -> bool:
        """Whether every value says yes or no."""
        values = {value.lower() for value in self.values}
        return bool(values) and values <= _ZERO | _ONE and len(values - _ZERO) <= 1 and len(values - _ONE) <= 1

    @property
    def may_be_classes(self) -> bool:
        """Whether the column could be that of the classes: values that repeat, more than one."""
        return len(self.values) > 1 and not self.too_many(named=False) and len(self.values) < self.filled

    def shown(self, most: int = 4) -> str:
        """Its name with its most frequent values: "condition (5: nv, mel, bkl, …)"."""
        values = [value if len(value) <= 24 else value[:23] + "…" for value, _number in self.values.most_common(most)]
        more = ", …" if len(self.values) > most else ""
        return f"{self.name} ({len(self.values)}: {', '.join(values)}{more})"


def make_profiles(rows: Sequence[tuple[int, Sequence[str]]], names: Sequence[str], columns: Iterable[int]) -> list[Profile]:
    """The profiles of these columns."""
    result = []
    part = rows[:_PROFILED]
    for index in columns:
        counts = Counter(fields[index].strip() if index < len(fields) else "" for _line, fields in part)
        empty = counts.pop("", 0)
        result.append(Profile(index=index, name=names[index].strip() or f"#{index + 1}", values=counts, empty=empty))
    return result


def is_yes(cell: str) -> bool:
    """Whether a cell of a column of zeros and ones says yes."""
    return cell.strip().lower() in _ONE


def several_example(values: Counter[str], weak: bool = True) -> str:
    """A value that names several classes at once ("scab rust", "a|b", "['a', 'b']"); "" if none does.

    A comma or a space (`weak` signs) counts where the parts are classes by themselves, too: "Tomato, late blight" is one
    class.
    """
    for value in values:
        if value.startswith("[") and value.endswith("]"):
            return value
        if any(sign in value.strip(sign) for sign in _STRONG):
            return value
    for sign in _WEAK if weak else ():
        alone = {value for value in values if sign not in value}
        joined = [value for value in values if sign in value]
        known = [value for value in joined if all(part.strip() in alone for part in value.split(sign) if part.strip())]
        if joined and 2 * len(known) >= len(joined):
            return known[0]
    return ""


class Indicators(msgspec.Struct, frozen=True, kw_only=True):
    """How columns of zeros and ones add up: rows with no one, one, and several ones, and the line of one of the last."""

    none: int
    one: int
    several: int
    line: int = 0

    @property
    def one_hot(self) -> bool:
        """Whether each row names one class; a few may name none."""
        return self.several == 0 and self.one > 0 and self.none <= 0.05 * (self.none + self.one)


def count_indicators(rows: Sequence[tuple[int, Sequence[str]]], columns: Sequence[int]) -> Indicators:
    counts = Counter[int]()
    example = 0
    for line, fields in rows[:_PROFILED]:
        number = sum(is_yes(fields[index]) for index in columns if index < len(fields))
        counts[min(number, 2)] += 1
        if number > 1 and not example:
            example = line
    return Indicators(none=counts[0], one=counts[1], several=counts[2], line=example)
