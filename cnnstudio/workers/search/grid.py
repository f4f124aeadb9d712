"""The values of a varied key that a grid tries."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from cnnstudio.core.search import Choices, Varied, tidy_number

POINTS: Final = 5
"""Numbers of a range without a step."""


def grid_values(item: Varied) -> list[int | float | str]:
    """All choices; of a range its steps, or five numbers with equal distances or factors."""
    values = item.values
    if isinstance(values, Choices):
        return list(values.values)
    if values.step is not None:
        count = math.floor((values.high - values.low) / values.step + 1e-9) + 1
        numbers = [values.low + number * values.step for number in range(count)]
    elif values.log:
        factor = (values.high / values.low) ** (1 / (POINTS - 1))
        numbers = [values.low * factor ** number for number in range(POINTS)]
    else:
        numbers = [values.low + (values.high - values.low) * number / (POINTS - 1) for number in range(POINTS)]
    if values.whole:
        return list(dict.fromkeys(round(number) for number in numbers))
    return list(dict.fromkeys(tidy_number(number, values.low, values.high) for number in numbers))


def grid_size(varied: tuple[Varied, ...]) -> int:
    """The number of combinations."""
    return math.prod(len(grid_values(item)) for item in varied)


def in_grid(varied: tuple[Varied, ...], values: Mapping[str, object]) -> bool:
    """Whether a combination is one of the grid."""
    return all(values.get(item.key) in grid_values(item) for item in varied if item.key in values)
