"""95 % intervals of figures: Wilson's of shares, and the bootstrap's of everything else."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from cnnstudio.core.intervals import QUANTILE
from cnnstudio.evaluation.figures import Scale
from cnnstudio.evaluation.sample import Resample, Sample, resamples

RESAMPLES: Final = 400
"""Of a standard error, of which this number leaves 3.5 % to chance."""
_FEWEST: Final = 100
_MOST_DRAWN: Final = 100_000_000
"""Pictures drawn for one figure, over all resamples (and classes, where each costs the same)."""
Drawn = Callable[[Resample], np.ndarray]


def resample_count(images: int, classes: int = 1) -> int:
    """How many resamples are made for a figure that costs the same for each class."""
    return int(np.clip(_MOST_DRAWN // max(1, images * classes), _FEWEST, RESAMPLES))


def standard_errors(sample: Sample, figures: Mapping[str, Drawn], count: int, seed: int = 0) -> dict[str, np.ndarray]:
    """The standard deviation of each figure over the resamples; a figure gives (r,) or (m, r) values, the result is () or
    (m,). Undefined ones do not count; NaN where more than a twentieth is."""
    values: dict[str, list[np.ndarray]] = {name: [] for name in figures}
    if figures:
        for block in resamples(sample, count, seed):
            for name, drawn in figures.items():
                values[name].append(drawn(block))
    return {name: deviation(np.concatenate(parts, axis=-1)) for name, parts in values.items()}


def deviation(values: np.ndarray) -> np.ndarray:
    """The standard deviation of (..., r) values over the last axis, without undefined ones."""
    known = np.isfinite(values)
    count = known.sum(axis=-1)
    mean = np.where(known, values, 0).sum(axis=-1) / np.maximum(count, 1)
    squares = np.where(known, (values - mean[..., None]) ** 2, 0).sum(axis=-1)
    return np.where(count >= 0.95 * values.shape[-1], np.sqrt(squares / np.maximum(count - 1, 1)), np.nan)


def bootstrap_interval(value: float, spread: float, scale: Scale) -> tuple[float, float] | None:
    """The interval of a figure with that standard error, symmetric on a scale without borders (Efron and Tibshirani, An
    Introduction to the Bootstrap, 1993, chapter 12). Near the border of the scale, where percentiles of the resamples are
    far too narrow, it keeps its promise. None where no resample differs, or the value is at the border itself."""
    if not math.isfinite(spread) or spread <= 0 or not math.isfinite(value):
        return None
    if scale == "logit":
        if not 0 < value < 1:
            return None
        middle, half = math.log(value / (1 - value)), spread / (value * (1 - value))
        return _expit(middle - QUANTILE * half), _expit(middle + QUANTILE * half)
    if scale == "fisher":
        if not -1 < value < 1:
            return None
        middle, half = math.atanh(value), spread / (1 - value * value)
        return math.tanh(middle - QUANTILE * half), math.tanh(middle + QUANTILE * half)
    if value <= 0:
        return None
    half = min(QUANTILE * spread / value, 50.0)
    return value * math.exp(-half), value * math.exp(half)


def _expit(value: float) -> float:
    from scipy.special import expit

    return float(expit(value))


