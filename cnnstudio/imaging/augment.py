"""Random changes of training pictures with the meaning of Keras's preprocessing layers, many times faster.

All geometric steps of a picture become one affine matrix and one `cv2.warpAffine`, so pixels are
interpolated once; changes of colours and details (`photometric`) follow, those of single values fused into
lookup tables. Geometric steps come first, each kind in its own order. Mixing whole batches is `mixing`'s.

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

from .chance import Chance, Floats, epoch_order, factor_range
from .mixing import DEFAULTS as _MIXING_DEFAULTS
from .photometric import ARRAYS, TABLES, change, draw_values, without_jitter

Pictures = NDArray[np.uint8]

GEOMETRIC: Final = ("random_flip", "random_rotation", "random_zoom", "random_translation", "random_shear",
                    "random_crop")
PHOTOMETRIC: Final = (*TABLES, *ARRAYS, "random_color_jitter")
# What a step means that does not name its parameters: the defaults of its entry in the catalog.
DEFAULTS: Final[dict[str, dict[str, Any]]] = {
    "random_flip": {"mode": "horizontal"},
    "random_rotation": {"factor": 0.1},
    "random_zoom": {"height_factor": 0.2, "width_factor": None},
    "random_translation": {"height_factor": 0.1, "width_factor": 0.1},
    "random_shear": {"x_factor": 0.1, "y_factor": 0.0},
    "random_crop": {"scale": (0.8, 1.0)},
    "random_brightness": {"factor": 0.2},
    "random_contrast": {"factor": (0.2, 0.2)},
    "random_hue": {"factor": (0.0, 0.1)},
    "random_saturation": {"factor": (0.4, 0.6)},
    "random_color_jitter": {"brightness_factor": 0.2, "contrast_factor": (0.2, 0.2), "saturation_factor": (0.4, 0.6),
                            "hue_factor": (0.0, 0.05)},
    "random_grayscale": {"probability": 0.2},
    "random_gaussian_noise": {"stddev": (0.0, 0.05)},
    "random_gaussian_blur": {"kernel_size": 5, "sigma": (0.1, 1.5)},
    "random_sharpness": {"factor": (0.0, 1.0)},
    "random_erasing": {"scale": (0.02, 0.33), "fill_value": None},
    "random_posterization": {"factor": (3.0, 8.0)},
    "solarization": {"addition_factor": (0.0, 0.0), "threshold_factor": (0.5, 1.0)},
    "equalization": {"probability": 0.2},
    "random_invert": {"probability": 0.2},
    **_MIXING_DEFAULTS,
}
_BORDERS: Final = {"reflect": cv2.BORDER_REFLECT, "constant": cv2.BORDER_CONSTANT, "wrap": cv2.BORDER_WRAP,
                   "nearest": cv2.BORDER_REPLICATE}
# Below this many values a picture is done before a thread could take it up.
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
    """What is done to each of n pictures.

    `matrices` (n, 2, 3) float64 lead from the result to the source; `moved` (n,) bool says which are not
    the identity. `photometric` lists, in order, the type of each change of colours or details and its values
    (n,) or (n, k), as `photometric.draw_values` gives them.
    """

    matrices: Floats
    moved: NDArray[np.bool_]
    photometric: tuple[tuple[str, Floats], ...]

    def __len__(self) -> int:
        return len(self.matrices)

    def part(self, begin: int, end: int) -> Parameters:
        """What is done to the pictures from `begin` to before `end`."""
        return Parameters(self.matrices[begin:end], self.moved[begin:end],
                          tuple((kind, values[begin:end]) for kind, values in self.photometric))


class Augmenter:
    """Applies augmentation steps ({"id", "type", "enabled", "params"}) to batches of uint8 pictures.

    `workers` threads (default: all cores) share a batch. OpenCV's own threads are set to one for the
    whole process here, since threads of threads only stand in each other's way.
    """

    def __init__(self, steps: Sequence[Mapping[str, Any]], height: int, width: int, channels: int,
                 workers: int | None = None) -> None:
        self.height, self.width, self.channels = height, width, channels
        active = [{**step, "params": {**DEFAULTS.get(step["type"], {}), **step.get("params", {})}}
                  for step in steps if step.get("enabled", True) and step["type"] not in _MIXING_DEFAULTS]
        unknown = [step["type"] for step in active if step["type"] not in (*GEOMETRIC, *PHOTOMETRIC)]
        if unknown:
            raise ValueError(f"Expected steps of type {(*GEOMETRIC, *PHOTOMETRIC)}. Received: {unknown}")
        self._geometric = [step for step in active if step["type"] in GEOMETRIC]
        self._photometric = without_jitter([step for step in active if step["type"] in PHOTOMETRIC])
        self._border, self._fill = cv2.BORDER_REFLECT, 0.0
        for step in self._geometric:
            if step["type"] not in ("random_flip", "random_crop"):
                self._border = _BORDERS[step["params"].get("fill_mode", "reflect")]
                self._fill = float(step["params"].get("fill_value", 0.0))
        self._workers = max(1, workers if workers is not None else os.cpu_count() or 1)
        cv2.setNumThreads(1)

    @property
    def does_nothing(self) -> bool:
        """Whether there is no step at all."""
        return not self._geometric and not self._photometric

    def draw(self, seed: int, epoch: int, indices: NDArray[np.integer[Any]]) -> Parameters:
        """Chance, drawn for the pictures with these indices: a picture's draw depends on seed, epoch and
        its own index only."""
        pictures = np.asarray(indices).astype(np.int64)
        matrices = np.tile(np.eye(3), (len(indices), 1, 1))
        moved = np.zeros(len(indices), np.bool_)
        for step in self._geometric:
            source = Chance(seed, epoch, pictures, str(step.get("id", step["type"])))
            chosen = source.happens(step)
            single = self._matrices(step, source)
            if step["type"] == "random_flip":
                chosen &= source.uniform(0.0, 1.0) <= 0.5
            single[~chosen] = np.eye(3)
            matrices = matrices @ single
            moved |= chosen
        photometric = tuple(
            (str(step["type"]), draw_values(step, seed, epoch, pictures, self.height, self.width))
            for step in self._photometric)
        return Parameters(np.ascontiguousarray(matrices[:, :2]), moved, photometric)

    def _matrices(self, step: Mapping[str, Any], source: Chance) -> Floats:
        """(n, 3, 3) from the result to the source."""
        params = step["params"]
        matrices = np.tile(np.eye(3), (source.count, 1, 1))
        across, down = (self.width - 1) / 2.0, (self.height - 1) / 2.0
        kind = step["type"]
        if kind == "random_flip":
            mode = params["mode"]
            if mode in ("horizontal", "horizontal_and_vertical"):
                matrices[:, 0, 0], matrices[:, 0, 2] = -1.0, self.width - 1
            if mode in ("vertical", "horizontal_and_vertical"):
                matrices[:, 1, 1], matrices[:, 1, 2] = -1.0, self.height - 1
        elif kind == "random_rotation":
            angle = source.uniform(*factor_range(params["factor"])) * 2.0 * np.pi
            cosine, sine = np.cos(angle), np.sin(angle)
            matrices[:, 0, 0], matrices[:, 0, 1] = cosine, -sine
            matrices[:, 1, 0], matrices[:, 1, 1] = sine, cosine
            matrices[:, 0, 2] = across - across * cosine + down * sine
            matrices[:, 1, 2] = down - across * sine - down * cosine
        elif kind == "random_zoom":
            high = 1.0 + source.uniform(*factor_range(params["height_factor"]))
            width_factor = params["width_factor"]
            wide = high if width_factor is None else 1.0 + source.uniform(*factor_range(width_factor))
            matrices[:, 0, 0], matrices[:, 0, 2] = wide, across * (1.0 - wide)
            matrices[:, 1, 1], matrices[:, 1, 2] = high, down * (1.0 - high)
        elif kind == "random_translation":
            matrices[:, 1, 2] = -self.height * source.uniform(*factor_range(params["height_factor"]))
            matrices[:, 0, 2] = -self.width * source.uniform(*factor_range(params["width_factor"]))
        elif kind == "random_crop":
            share = np.minimum(source.uniform(*factor_range(params["scale"], 0.01)), 1.0)
            for axis, side in ((0, self.width), (1, self.height)):
                # Centres of pixels lie at n + 1/2 when a picture is made larger, as in Keras's resize.
                start = source.uniform(0.0, 1.0) * (1.0 - share) * side
                matrices[:, axis, axis], matrices[:, axis, 2] = share, start + (share - 1.0) / 2.0
        else:
            sign = np.where(source.uniform(0.0, 1.0) > 0.5, -1.0, 1.0)
            matrices[:, 1, 0] = sign * source.uniform(*factor_range(params["y_factor"]))
            matrices[:, 0, 1] = sign * source.uniform(*factor_range(params["x_factor"]))
        return matrices

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
        values = [each for _, each in parameters.photometric]
        for index in range(begin, end):
            target = results[index]
            if moved[index]:
                warp(sources[index], matrices[index], size, dst=target, flags=flags, borderMode=border,
                     borderValue=fill)
            else:
                np.copyto(target, sources[index])
            if values:
                change(result[index], self._photometric, values, index)


__all__ = ["DEFAULTS", "GEOMETRIC", "PHOTOMETRIC", "Augmenter", "Parameters", "epoch_order", "factor_range"]
