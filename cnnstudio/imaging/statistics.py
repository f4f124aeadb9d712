"""Mean and standard deviation of each channel over many prepared pictures, exact whatever their order, and percentiles
of the stored samples of deep ones."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .decode import decode_samples, read_bytes
from .errors import PictureError
from .headers import read_header
from .prepare import Steps, channels_of, prepare_file
from .sample_range import is_deep

_CHUNK: Final = 64
_POOLED: Final = 8_000_000
_PER_PICTURE: Final = (256, 16_384)
"""Samples that are pooled for the percentiles of a collection: of all pictures, and the least and most of one."""


@dataclass(frozen=True)
class Statistics:
    """`mean` and `deviation` of each channel, 0 to 255; how many pictures were used, and how many could not be."""

    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    pictures: int
    skipped: int


def channel_counts(picture: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(channels, 256): how often each value occurs in each channel."""
    return np.stack([np.bincount(picture[..., channel].ravel(), minlength=256) for channel in range(picture.shape[2])])


def statistics_of(counts: NDArray[np.int64]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation (of the whole, not of a sample) of each channel, to four decimals."""
    values = np.arange(256, dtype=np.float64)
    totals = np.maximum(counts.sum(axis=1), 1)
    means = (counts * values).sum(axis=1) / totals
    variances = (counts * (values[None] - means[:, None]) ** 2).sum(axis=1) / totals
    return tuple(round(float(item), 4) for item in means), tuple(round(float(item), 4) for item in np.sqrt(variances))


def measure(paths: Sequence[Path], recipe: Mapping[str, Any], steps: Steps, *,
            progress: Callable[[int, int], None] = lambda _done, _total: None,
            check: Callable[[], None] = lambda: None) -> Statistics:
    """Prepare every file and measure it; files that cannot be used are skipped. `check` may raise to cancel.

    `steps` are the functions of the recipe's steps.
    """
    total = np.zeros((channels_of(recipe), 256), np.int64)
    used = 0

    def count(path: Path) -> NDArray[np.int64] | None:
        try:
            return channel_counts(prepare_file(path, recipe, steps))
        except (PictureError, OSError):
            return None

    with ThreadPoolExecutor(os.cpu_count() or 2, thread_name_prefix="measure") as pool:
        for begin in range(0, len(paths), _CHUNK):
            check()
            for part in pool.map(count, paths[begin:begin + _CHUNK]):
                if part is not None:
                    total += part
                    used += 1
            progress(min(begin + _CHUNK, len(paths)), len(paths))
    mean, deviation = statistics_of(total)
    return Statistics(mean, deviation, used, len(paths) - used)


def measure_samples(paths: Sequence[Path], low: float, high: float, *,
                    progress: Callable[[int, int], None] = lambda _done, _total: None,
                    check: Callable[[], None] = lambda: None) -> tuple[float, float] | None:
    """The percentiles `low` and `high` of the stored samples of all files together, without transparency.

    Each picture gives as many samples, evenly spread over its pixels, so that large ones do not count for more. Files of
    8 bits and those that cannot be read are left out; None where no other is there. `check` may raise to cancel.
    """
    count = min(max(_POOLED // max(len(paths), 1), _PER_PICTURE[0]), _PER_PICTURE[1])
    pooled: list[NDArray[np.float64]] = []
    with ThreadPoolExecutor(os.cpu_count() or 2, thread_name_prefix="measure") as pool:
        for begin in range(0, len(paths), _CHUNK):
            check()
            parts = pool.map(lambda path: _spread_samples(path, count), paths[begin:begin + _CHUNK])
            pooled += [part for part in parts if part is not None and part.size]
            progress(min(begin + _CHUNK, len(paths)), len(paths))
    if not pooled:
        return None
    lowest, highest = np.percentile(np.concatenate(pooled), (low, high))
    return float(lowest), float(highest)


def _spread_samples(path: Path, count: int) -> NDArray[np.float64] | None:
    try:
        data = read_bytes(path)
        samples = decode_samples(data, read_header(data))
    except (PictureError, OSError):
        return None
    if not is_deep(samples):
        return None
    colors = samples[..., :-1] if samples.ndim == 3 and samples.shape[2] in (2, 4) else samples
    flat = colors.reshape(-1)
    flat = flat[np.linspace(0, flat.size - 1, min(count, flat.size)).astype(np.int64)].astype(np.float64)
    finite: NDArray[np.float64] = flat[np.isfinite(flat)]
    return finite
