"""Where values stand on an axis from 0 to 1: numbers evenly or by their factors, choices with equal distances."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from cnnstudio.core.search import Choices, Varied
from cnnstudio.core.text import format_number
from cnnstudio.gui.pages.search.naming import value_text
from cnnstudio.workers.search.reading import ParamValue

_EDGE: Final = 0.06
"""How far choices stand from the ends of their axis."""


class Scale:
    """`place(value)` is 0 to 1, `ticks()` are (place, text)."""

    title: str

    def place(self, value: ParamValue) -> float | None:
        """None for a value that has no place here."""
        raise TypeError(f"{type(self).__name__} has no place")

    def ticks(self, most: int = 6) -> list[tuple[float, str]]:
        """At most so many places with their texts."""
        raise TypeError(f"{type(self).__name__} has no ticks")

    def text(self, value: ParamValue) -> str:
        """A value for people."""
        return value_text(value)


class NumberScale(Scale):
    """Numbers from `low` to `high`; `log` by their factors. `form` writes a number, if not as settings are written."""

    def __init__(self, title: str, low: float, high: float, *, log: bool = False, form: str = "", unit: str = "") -> None:
        self.title, self.log, self._form, self._unit = title, log and low > 0, form, unit
        if low >= high:
            margin = abs(low) * 0.05 or 0.5
            low, high = low - margin, high + margin
            self.log = self.log and low > 0
        self.low, self.high = low, high

    def place(self, value: ParamValue) -> float | None:
        if isinstance(value, str) or not math.isfinite(value) or (self.log and value <= 0):
            return None
        low, high, own = (self._at(number) for number in (self.low, self.high, value))
        return (own - low) / (high - low)

    def _at(self, number: float) -> float:
        return math.log10(number) if self.log else number

    def ticks(self, most: int = 6) -> list[tuple[float, str]]:
        numbers = _powers(self.low, self.high, most) if self.log else _steps(self.low, self.high, most)
        return [(place, self.text(number)) for number in numbers if (place := self.place(number)) is not None]

    def text(self, value: ParamValue) -> str:
        if isinstance(value, str) or not self._form:
            return value_text(int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e6 else value)
        return format_number(value, self._form) + (f" {self._unit}" if self._unit else "")


class ChoiceScale(Scale):
    """A place for each choice."""

    def __init__(self, title: str, values: Sequence[str], labels: Mapping[str, str] | None = None) -> None:
        self.title, self._values, self._labels = title, list(values), labels or {}

    def place(self, value: ParamValue) -> float | None:
        if str(value) not in self._values:
            return None
        if len(self._values) == 1:
            return 0.5
        return _EDGE + (1 - 2 * _EDGE) * self._values.index(str(value)) / (len(self._values) - 1)

    def ticks(self, most: int = 6) -> list[tuple[float, str]]:
        return [(place, self.text(value)) for value in self._values if (place := self.place(value)) is not None]

    def text(self, value: ParamValue) -> str:
        return value_text(str(value), self._labels)


def key_scale(item: Varied, title: str, labels: Mapping[str, str] | None = None) -> Scale:
    """The axis of a varied key, over all that is tried."""
    if isinstance(item.values, Choices):
        return ChoiceScale(title, item.values.values, labels)
    return NumberScale(title, item.values.low, item.values.high, log=item.values.log)


def _steps(low: float, high: float, most: int) -> list[float]:
    """Round numbers between two others."""
    rough = (high - low) / max(1, most - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [float(f"{number * step:.12g}") for number in range(first, math.floor(high / step + 1e-9) + 1)]


def _powers(low: float, high: float, most: int) -> list[float]:
    """Powers of ten between two numbers, with 2 and 5, or the ends, where there are few."""
    lowest, highest = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for digits in ((1, 2, 5), (1, 3), (1,)):
        numbers = [float(f"{digit * 10.0 ** power:.12g}") for power in range(lowest, highest + 1) for digit in digits]
        numbers = [number for number in numbers if low * 0.999 <= number <= high * 1.001]
        if 2 <= len(numbers) <= most:
            return numbers
    if len(numbers) > most:
        return numbers[::math.ceil(len(numbers) / most)]
    return [low, high]
