"""Random changes of training pictures with the meaning of Keras's preprocessing layers, many times faster.

All geometric steps of a picture become one affine matrix and one `cv2.warpAffine`, so pixels are
interpolated once; changes of colours and details (`photometric`) follow, those of single values fused into
lookup tables. Geometric steps come first, each kind in its own order. Mixing whole batches is `mixing`'s.
The types of steps are passed in (`changes.Kinds`).

As in Keras 3: a matrix leads from a pixel of the result to one of the source; pixel centres lie on whole
numbers and the middle is (side - 1) / 2; a positive rotation turns counter-clockwise; a positive zoom
shrinks, a positive translation shifts right and down; shear has its origin in the top left corner;
horizontal_and_vertical mirrors both ways or not at all. RandomContrast follows its documentation: a single
factor means [1 - factor, 1 + factor]. RandomCrop cuts a share of both sides out at a random place and
brings it back to the whole size. A fourth channel (transparency) keeps its values under changes of colour.
Where fill modes differ, that of the last geometric step holds for the one warp.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from .changes import ArrayChange, Geometric, Group, Kinds, Mixing, TableChange
from .counter_rng import CounterRng, Floats
from .photometric import apply_changes, draw_values, single_steps

Pictures = NDArray[np.uint8]

_BORDERS: Final = {"reflect": cv2.BORDER_REFLECT, "constant": cv2.BORDER_CONSTANT, "wrap": cv2.BORDER_WRAP,
                   "nearest": cv2.BORDER_REPLICATE}
# A smaller picture is done before a thread could start.
_THREAD_FROM: Final = 96 * 96 * 3

_pool: ThreadPoolExecutor | None = None
_pool_lock = threading.Lock()


def _shared_pool() -> ThreadPoolExecutor:
    global _pool
    with _pool_lock:
        if _pool is None:
            _pool = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="augment")
        return _pool


@dataclass(frozen=True)
class Parameters:
    """The drawn parameters of n pictures.

    `matrices` (n, 2, 3) float64 lead from the result to the source; `moved` (n,) bool is False for the identity.
    `photometric` lists, in order, the type of each change of colours or details and its values (n,) or (n, k), as
    `photometric.draw_values` gives them.
    """

    matrices: Floats
    moved: NDArray[np.bool_]
    photometric: tuple[tuple[str, Floats], ...]

    def __len__(self) -> int:
        return len(self.matrices)

    def part(self, begin: int, end: int) -> Parameters:
        """The parameters of the pictures from `begin` to before `end`."""
        return Parameters(self.matrices[begin:end], self.moved[begin:end],
                          tuple((kind, values[begin:end]) for kind, values in self.photometric))


class Augmenter:
    """Applies augmentation steps ({"id", "type", "enabled", "params"}) to batches of uint8 pictures.

    `workers` threads (default: all cores) share a batch. OpenCV's own threads are set to one for the
    whole process here, since nested threads only slow each other down.
    """

    def __init__(self, steps: Sequence[Mapping[str, Any]], height: int, width: int, channels: int, kinds: Kinds,
                 workers: int | None = None) -> None:
        self.height, self.width, self.channels = height, width, channels
        enabled = [step for step in steps if step.get("enabled", True)]
        unknown = [step["type"] for step in enabled if step["type"] not in kinds]
        if unknown:
            raise ValueError(f"Expected steps of type {tuple(kinds)}. Received: {unknown}")
        active = [{**step, "params": {**kinds[step["type"]].defaults, **step.get("params", {})}} for step in enabled]
        self._geometric: list[tuple[Mapping[str, Any], Geometric]] = []
        others: list[Mapping[str, Any]] = []
        for step in active:
            change = kinds[step["type"]].change
            if isinstance(change, Geometric):
                self._geometric.append((step, change))
            elif not isinstance(change, Mixing):
                others.append(step)
        self._photometric: list[tuple[Mapping[str, Any], TableChange | ArrayChange]] = []
        for single in single_steps(others, kinds):
            change = kinds[single["type"]].change
            assert not isinstance(change, Geometric | Group | Mixing)
            self._photometric.append((single, change))
        self._changes = [(change, step["params"]) for step, change in self._photometric]
        self._border, self._fill = cv2.BORDER_REFLECT, 0.0
        for filling, geometric in self._geometric:
            if geometric.fills:
                self._border = _BORDERS[filling["params"]["fill_mode"]]
                self._fill = float(filling["params"]["fill_value"])
        self._workers = max(1, workers if workers is not None else os.cpu_count() or 1)
        cv2.setNumThreads(1)

    @property
    def does_nothing(self) -> bool:
        """Whether there is no step."""
        return not self._geometric and not self._photometric

    def draw(self, seed: int, epoch: int, indices: NDArray[np.integer[Any]]) -> Parameters:
        """Draw the parameters of the pictures with these indices: they depend on seed, epoch and the picture's own
        index only."""
        pictures = np.asarray(indices).astype(np.int64)
        matrices = np.tile(np.eye(3), (len(indices), 1, 1))
        moved = np.zeros(len(indices), np.bool_)
        for step, geometric in self._geometric:
            rng = CounterRng(seed, epoch, pictures, str(step.get("id", step["type"])))
            chosen = rng.happens(step)
            single = geometric.matrices(step["params"], rng, self.height, self.width)
            if geometric.share < 1.0:
                chosen &= rng.uniform(0.0, 1.0) <= geometric.share
            single[~chosen] = np.eye(3)
            matrices = matrices @ single
            moved |= chosen
        photometric = tuple(
            (str(step["type"]), draw_values(step, change, seed, epoch, pictures, self.height, self.width))
            for step, change in self._photometric)
        return Parameters(np.ascontiguousarray(matrices[:, :2]), moved, photometric)

    def __call__(self, batch: Pictures, parameters: Parameters, out: Pictures | None = None) -> Pictures:
        """The changed pictures: uint8 (n, height, width, channels), in `out` if given (not `batch` itself)."""
        expected = (len(parameters), self.height, self.width, self.channels)
        if batch.shape != expected or batch.dtype != np.uint8:
            raise ValueError(f"Expected uint8 {expected}. Received: {batch.dtype} {batch.shape}")
        result = np.empty(expected, np.uint8) if out is None else out
        if result.shape != expected or result.dtype != np.uint8 or not result.flags.c_contiguous:
            raise ValueError(f"Expected out to be contiguous uint8 {expected}. Received: {result.dtype} {result.shape}")
        count = len(batch)
        workers = min(self._workers, count)
        if workers <= 1 or self.height * self.width * self.channels < _THREAD_FROM:
            self._range(batch, parameters, result, 0, count)
            return result
        bounds = np.linspace(0, count, workers + 1).astype(int)
        tasks = [_shared_pool().submit(self._range, batch, parameters, result, int(begin), int(end))
                 for begin, end in pairwise(bounds)]
        for task in tasks:
            task.result()
        return result

    def _range(self, batch: Pictures, parameters: Parameters, result: Pictures, begin: int, end: int) -> None:
        size = (self.width, self.height)
        fill = (self._fill,) * 4
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        warp: Callable[..., Any] = cv2.warpAffine
        # OpenCV drops a single channel's axis, and would not write into a picture that has it.
        sources, results = (batch[..., 0], result[..., 0]) if self.channels == 1 else (batch, result)
        matrices, moved, border = parameters.matrices, parameters.moved.tolist(), self._border
        values = [drawn for _, drawn in parameters.photometric]
        for index in range(begin, end):
            target = results[index]
            if moved[index]:
                warp(sources[index], matrices[index], size, dst=target, flags=flags, borderMode=border,
                     borderValue=fill)
            else:
                np.copyto(target, sources[index])
            if values:
                apply_changes(result[index], self._changes, values, index)

