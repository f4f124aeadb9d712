"""The few statistics that the rules use, all by SciPy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple


class Trend(NamedTuple):
    """Of values in order: the median slope per step (Theil and Sen) with its 95 % interval, and Kendall's rank correlation
    with time (-1: falls always, 1: climbs always)."""

    slope: float
    low: float
    high: float
    tau: float

    @property
    def falls(self) -> bool:
        return self.high < 0

    @property
    def climbs(self) -> bool:
        return self.low > 0


def trend(values: Sequence[float]) -> Trend:
    """The trend of at least two finite values."""
    from scipy.stats import kendalltau, theilslopes

    slope, _intercept, low, high = theilslopes(values)
    tau = kendalltau(range(len(values)), values).statistic if len(set(values)) > 1 else 0.0
    return Trend(float(slope), float(low), float(high), float(tau))


def roughness(values: Sequence[float]) -> float:
    """The typical step between neighbours in units of the mean: the median of its size, without the trend."""
    steps = sorted(later - earlier for earlier, later in zip(values, values[1:], strict=False))
    middle = steps[len(steps) // 2]
    sizes = sorted(abs(step - middle) for step in steps)
    mean = sum(values) / len(values)
    return sizes[len(sizes) // 2] / mean if mean else math.inf


def is_lower(right: int, count: int, other_right: int, other_count: int) -> float:
    """The p-value that the first share is not lower than the other one (Fisher's exact test)."""
    from scipy.stats import fisher_exact

    table = [[right, count - right], [other_right, other_count - other_right]]
    return float(fisher_exact(table, alternative="less").pvalue)


def half_width(share: float, count: int) -> float:
    """Half of Wilson's 95 % interval of a share."""
    from scipy.stats import binomtest

    if count <= 0:
        return 0.5
    interval = binomtest(min(count, max(0, round(share * count))), count).proportion_ci(0.95, method="wilson")
    return float(interval.high - interval.low) / 2
