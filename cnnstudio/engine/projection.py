"""Projection of features: principal components, nearest pictures, outliers and the 2-D layout."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

import numpy as np

NEIGHBOURS: Final = 12
_PAIRS: Final = 1 << 25
"""Distances in one block: 128 MB, and twice that for their order."""
_NEAR: Final = 5
"""The number of nearest pictures for the outlier score."""
_FAR: Final = 8.0
"""This number of robust standard deviations above the usual distance gives an outlier score of 0.5."""
_STEPS: Final = (250, 500)
"""Iterations of t-SNE with and without early exaggeration, openTSNE's own defaults."""
_ALONE: Final = 1000
"""Up to this number of pictures t-SNE runs in one thread."""
Check = Callable[[], None]


def principal_components(seen: np.ndarray, components: int) -> np.ndarray:
    """float32 (n, at most `components`): the principal components of features (n, d), with their own scale."""
    from sklearn.decomposition import PCA

    # Features are kept as float16: infinite values are replaced by its largest number.
    finite = np.nan_to_num(seen.astype(np.float32), posinf=65504.0, neginf=-65504.0)
    most = min(components, *finite.shape)
    if most < 1 or np.ptp(finite) == 0:
        return np.zeros((len(finite), 1), np.float32)
    return np.asarray(PCA(most, svd_solver="auto", random_state=0).fit_transform(finite), np.float32)


def nearest_neighbours(reduced: np.ndarray, count: int = NEIGHBOURS, check: Check = lambda: None,
                       progress: Callable[[int, int], None] = lambda _done, _total: None) -> tuple[np.ndarray, np.ndarray]:
    """(int32 (n, count) rows, float32 (n, count) distances) of the nearest others, nearest first; -1 where there
    are none. All pairs are compared, in blocks: exact, and minutes for 100,000."""
    n = len(reduced)
    wanted = min(count, n - 1)
    rows = np.full((n, count), -1, np.int32)
    distances = np.full((n, count), np.nan, np.float32)
    if wanted < 1:
        return rows, distances
    squares = (reduced * reduced).sum(axis=1)
    step = max(16, min(2048, _PAIRS // n))
    for start in range(0, n, step):
        check()
        block = slice(start, min(start + step, n))
        apart = squares[block, None] + squares[None] - 2 * (reduced[block] @ reduced.T)
        apart[np.arange(apart.shape[0]), np.arange(start, block.stop)] = np.inf
        near = np.argpartition(apart, wanted - 1, axis=1)[:, :wanted]
        far = np.take_along_axis(apart, near, axis=1)
        order = np.argsort(far, axis=1, kind="stable")
        rows[block, :wanted] = np.take_along_axis(near, order, axis=1)
        distances[block, :wanted] = np.sqrt(np.maximum(np.take_along_axis(far, order, axis=1), 0))
        progress(block.stop, n)
    return rows, distances


def outlier_scores(distances: np.ndarray) -> np.ndarray:
    """float32 (n,), 0 to 1: how far the nearest pictures are, compared with the collection.

    The mean distance to the five nearest in robust standard deviations (median absolute deviation times 1.4826)
    above the median, put between 0 and 1 so that eight of them give 0.5. Zeros for fewer than ten pictures.
    """
    if len(distances) < 10:
        return np.zeros(len(distances), np.float32)
    alone = np.nanmean(distances[:, :_NEAR], axis=1)
    middle = float(np.median(alone))
    spread = 1.4826 * float(np.median(np.abs(alone - middle)))
    if spread <= 1e-9:
        return np.where(alone > middle + 1e-6, 1.0, 0.0).astype(np.float32)
    away = np.maximum(0.0, (alone - middle) / spread)
    return np.asarray(away / (away + _FAR), np.float32)


def project_features(reduced: np.ndarray, layout: str, progress: Callable[[int, int], None] = lambda _done, _total: None,
                     check: Check = lambda: None) -> np.ndarray:
    """float32 (n, 2) within -1 to 1, centred: t-SNE of the components, or the first two of them ("pca")."""
    position = _tsne(reduced, progress, check) if layout == "tsne" and len(reduced) >= 10 else _first_two(reduced)
    position = position - position.mean(axis=0)
    return np.asarray(position / max(1e-9, float(np.abs(position).max())), np.float32)


def _first_two(reduced: np.ndarray) -> np.ndarray:
    both = np.zeros((len(reduced), 2), np.float32)
    both[:, :min(2, reduced.shape[1])] = reduced[:, :2]
    return both


def _tsne(reduced: np.ndarray, progress: Callable[[int, int], None], check: Check) -> np.ndarray:
    """t-SNE (van der Maaten and Hinton, 2008) by openTSNE; the same every time."""
    from openTSNE import TSNE

    total, done = sum(_STEPS), [0]

    def on_iterations(_iteration: int, _error: float, _embedding: Any) -> bool:
        check()
        done[0] = min(total, done[0] + 25)
        progress(done[0], total)
        return False

    start = _first_two(reduced).astype(np.float64)
    start = 1e-4 * start / max(1e-12, float(start[:, 0].std()))
    if not start.any():
        return start
    # Points at the same position would never separate.
    start += np.random.default_rng(0).normal(0, 1e-6, start.shape)
    # For few pictures threads gain nothing, as they wait for each other at every step.
    threads = 1 if len(reduced) <= _ALONE else os.cpu_count() or 1
    fit = TSNE(perplexity=min(30.0, max(3.0, (len(reduced) - 1) / 4)), early_exaggeration_iter=_STEPS[0], n_iter=_STEPS[1],
               initialization=start, random_state=0, n_jobs=threads, callbacks=on_iterations,
               callbacks_every_iters=25, negative_gradient_method="fft" if len(reduced) > 3_000 else "bh")
    return np.asarray(fit.fit(reduced.astype(np.float64)))
