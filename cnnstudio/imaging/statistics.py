"""Mean and standard deviation of each channel over many prepared pictures, exact whatever their order."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .errors import PictureError
from .prepare import Steps, channels_of, prepare_file

_CHUNK: Final = 64


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
