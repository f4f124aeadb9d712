"""Explanations by the gradient of the score by the pixels. `picture` is float32 (height, width, channels), 0 to 255."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cnnstudio.engine.explaining.baselines import baseline
from cnnstudio.engine.explaining.gradients import BATCH, ClassScores


def integrated_gradients(scores: ClassScores, picture: np.ndarray, label: int, _layer: str, values: Mapping[str, Any]
                         ) -> np.ndarray:
    """float32 (height, width), signed: (x - x') times the mean gradient on the straight way from the baseline x' to x, at the
    middles of `steps` equal parts, summed over the channels (Sundararajan et al., 2017)."""
    start = baseline(picture, values["baseline"])
    steps = int(values["steps"])
    total = np.zeros_like(picture, np.float64)
    for places in _batches(steps):
        shares = ((places + 0.5) / steps).astype(np.float32)[:, None, None, None]
        total += _sum(scores, start + shares * (picture - start), label)
    return np.asarray(((picture - start) * total / steps).sum(axis=-1), np.float32)


def smoothgrad(scores: ClassScores, picture: np.ndarray, label: int, _layer: str, values: Mapping[str, Any]) -> np.ndarray:
    """float32 (height, width), not negative: the greatest of the channels' mean gradients of noisy copies, without its sign
    (Smilkov et al., 2017; the maximum over channels as in Simonyan et al., 2014)."""
    samples = int(values["samples"])
    deviation = float(values["noise"]) * float(np.ptp(picture))
    random = np.random.default_rng(0)
    total = np.zeros_like(picture, np.float64)
    for places in _batches(samples):
        noise = random.standard_normal((len(places), *picture.shape), np.float32)
        total += _sum(scores, picture + deviation * noise, label)
    return np.asarray(np.abs(total / samples).max(axis=-1), np.float32)


def _batches(count: int) -> list[np.ndarray]:
    return [np.arange(begin, min(begin + BATCH, count)) for begin in range(0, count, BATCH)]


def _sum(scores: ClassScores, pictures: np.ndarray, label: int) -> np.ndarray:
    found = scores.gradient(pictures.astype(np.float32), np.full(len(pictures), label))
    return np.asarray(found.gradient.sum(axis=0, dtype=np.float64))
