"""Filters, the pictures that excite units most, and pictures made to excite them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np

from cnnstudio.engine.environment import numpy_of
from cnnstudio.engine.explaining.gradients import ClassScores
from cnnstudio.engine.explaining.network import PIXELS, InnerLayer, OpenNetwork, holder_of

_COLORS: Final = 3
_JITTER: Final = 8
_BLUR_EVERY: Final = 4


def kernel_of(layer: InnerLayer) -> np.ndarray | None:
    """The kernel (height, width, inputs, outputs) of a convolution, None for other layers."""
    kernel = getattr(holder_of(layer.step.operation), "kernel", None)
    return None if kernel is None or len(kernel.shape) != 4 else np.asarray(numpy_of(kernel), np.float32)


def first_convolution(network: OpenNetwork) -> InnerLayer | None:
    return next((layer for layer in network.layers if kernel_of(layer) is not None), None)


def filter_tiles(kernel: np.ndarray) -> list[np.ndarray]:
    """Each filter as a picture, grey where it is zero: in colour where it sees three channels, else the mean over its
    inputs. A depthwise kernel (height, width, inputs, 1) gives a picture for each input."""
    if kernel.shape[3] == 1:
        kernel = kernel.transpose(0, 1, 3, 2)
    if kernel.shape[2] != _COLORS:
        kernel = np.repeat(kernel.mean(axis=2, keepdims=True), _COLORS, axis=2)
    most = np.abs(kernel).max(axis=(0, 1, 2))
    shown = np.rint(127.5 + 127.5 * kernel / np.where(most > 0, most, 1)).astype(np.uint8)
    return [np.ascontiguousarray(shown[..., number]) for number in range(kernel.shape[3])]


@dataclass
class Strongest:
    """The pictures that excite each unit of a layer most, found batch by batch: `activations`, `pictures` (numbers, -1 where
    there are none) and `positions` are (units, most), the strongest first; of equal ones, as a bounded activation gives them,
    that with the greater mean over its positions (`means`)."""

    activations: np.ndarray
    pictures: np.ndarray
    positions: np.ndarray
    means: np.ndarray
    count: int = 0

    @classmethod
    def empty(cls, units: int, most: int) -> Strongest:
        shape = (units, most)
        return cls(np.full(shape, -np.inf, np.float32), np.full(shape, -1, np.int64), np.zeros(shape, np.int64),
                   np.zeros(shape, np.float32))

    def add(self, outputs: np.ndarray) -> None:
        """Take in the outputs (n, ..., units) of the next pictures: of each the greatest over its positions."""
        flat = outputs.reshape(len(outputs), -1, outputs.shape[-1])
        numbers = np.broadcast_to(self.count + np.arange(len(flat)), (flat.shape[2], len(flat)))
        joined = [np.concatenate([mine, new], axis=1) for mine, new in (
            (self.activations, flat.max(axis=1).T), (self.pictures, numbers), (self.positions, flat.argmax(axis=1).T),
            (self.means, flat.mean(axis=1).T))]
        order = np.lexsort((-joined[3], -joined[0]), axis=1)[:, :self.activations.shape[1]]
        self.activations, self.pictures, self.positions, self.means = (
            np.take_along_axis(item, order, axis=1) for item in joined)
        self.count += len(flat)

    def strongest_units(self, count: int) -> list[int]:
        """The units that are excited most, in their order."""
        return sorted(np.lexsort((-self.means[:, 0], -self.activations[:, 0]))[:count].tolist())


def maximized_picture(scores: ClassScores, layer: InnerLayer, unit: int, steps: int, check: Callable[[], None],
                      seed: int = 0) -> tuple[np.ndarray, float, float]:
    """(uint8 picture of the input's shape, activation at the start, activation at the end): gradient ascent on the mean of
    the unit's map from grey noise, with random shifts and blurring against the high frequencies that networks answer to
    (Yosinski et al., 2015; Olah et al., 2017)."""
    random = np.random.default_rng(seed)
    height, width, channels = scores.network.input_shape
    picture = (127.5 + random.normal(0, 8, (height, width, channels))).astype(np.float32)
    weights = np.zeros((1, *layer.shape), np.float32)
    weights[..., unit] = 1 / max(1, int(np.prod(layer.shape[:-1])))

    def activation(shown: np.ndarray) -> float:
        return float((scores.output_of(shown[None], layer.name) * weights).sum())

    start = activation(picture)
    for step in range(steps):
        check()
        way = tuple(int(random.integers(-min(_JITTER, side // 8), min(_JITTER, side // 8) + 1)) for side in (height, width))
        found: Any = scores.unit_gradient(np.roll(picture, way, axis=(0, 1))[None], PIXELS, weights, of=layer.name)
        gradient = np.roll(found.gradient[0], (-way[0], -way[1]), axis=(0, 1))
        size = float(np.abs(gradient).mean())
        if size <= 0 or not np.isfinite(size):
            break
        # Large steps first, small ones at the end.
        picture = np.clip(picture + 3.0 * (1 - 0.8 * step / steps) * gradient / size, 0, 255)
        if step % _BLUR_EVERY == 0 and step < 0.9 * steps:
            picture = cv2.GaussianBlur(picture, (0, 0), 0.7).reshape(picture.shape)
    return np.rint(picture).astype(np.uint8), start, activation(picture)
