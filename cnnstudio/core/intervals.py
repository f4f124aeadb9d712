"""Confidence intervals of shares."""

from __future__ import annotations

import math
from typing import Final

QUANTILE: Final = 1.959963984540054
"""Quantile of the standard normal distribution for 95 %."""


def wilson_interval(right: float, count: int, quantile: float = QUANTILE) -> tuple[float, float]:
    """Wilson's interval (0 to 1) of a share `right` (0 to 1) of `count` pictures, 95 % by default."""
    if count <= 0:
        return 0.0, 1.0
    square = quantile * quantile
    middle = (right + square / (2 * count)) / (1 + square / count)
    half = quantile / (1 + square / count) * math.sqrt(right * (1 - right) / count + square / (4 * count * count))
    # Where all or none are right, rounding must not leave the share itself outside.
    return max(0.0, min(right, middle - half)), min(1.0, max(right, middle + half))
