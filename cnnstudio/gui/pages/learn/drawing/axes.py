"""Numbers along an axis."""

from __future__ import annotations

import math
from typing import Final

from cnnstudio.core.text import format_number
from cnnstudio.gui.pages.learn.drawing.numbers import MINUS

_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)


def nice_ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers from `low` to `high`, at most `most` of them."""
    span = high - low
    if not span > 0 or most < 2:
        return [low]
    power = 10.0 ** math.floor(math.log10(span / most))
    step = next(power * step for step in _STEPS if span / (power * step) <= most - 1 or step == _STEPS[-1])
    first = math.ceil(low / step - 1e-9)
    return [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]


def format_tick(value: float) -> str:
    """A number at an axis."""
    return format_number(0.0 if abs(value) < 1e-12 else value, ".4g").replace("-", MINUS)
