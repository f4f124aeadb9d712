"""Mixing of the pictures of one batch with each other, and of their labels: MixUp and CutMix, as in Keras 3.

Zhang et al., "mixup: Beyond Empirical Risk Minimization", 2018; Yun et al., "CutMix", 2019.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .chance import Chance, Floats, beta, factor_range

MIXING: Final = ("mix_up", "cut_mix")
DEFAULTS: Final[dict[str, dict[str, Any]]] = {"mix_up": {"alpha": 0.2}, "cut_mix": {"factor": (1.0, 1.0)}}


@dataclass(frozen=True)
class Mix:
    """One step for a batch of n pictures.

    `partners` (n,) are places in the batch; `weights` (n,) is how much of the picture's own label stays.
    `boxes` (n, 4) of CutMix are first and one past the last column, and the same of rows; None for MixUp.
    """

    partners: NDArray[np.int64]
    weights: Floats
    boxes: NDArray[np.int64] | None


class Mixer:
    """Applies the mixing steps of an augmentation to whole batches of uint8 pictures; other steps are not its own."""

    def __init__(self, steps: Sequence[Mapping[str, Any]], height: int, width: int) -> None:
        self._height, self._width = height, width
        self._steps = [{**step, "params": {**DEFAULTS[step["type"]], **step.get("params", {})}}
                       for step in steps if step["type"] in MIXING and step.get("enabled", True)]

    @property
    def does_nothing(self) -> bool:
        """Whether there is no step at all."""
        return not self._steps

    def draw(self, seed: int, epoch: int, indices: NDArray[np.integer[Any]]) -> tuple[Mix, ...]:
        """Chance for the batch of the pictures with these indices: it depends on seed, epoch and the batch only."""
        pictures = np.asarray(indices).astype(np.int64)
        return tuple(self._mix(step, Chance(seed, epoch, pictures, str(step.get("id", step["type"]))))
                     for step in self._steps)

    def _mix(self, step: Mapping[str, Any], source: Chance) -> Mix:
        params = step["params"]
        chosen = source.happens(step)
        # Numbers of the pictures, sorted: a shuffle that follows from the batch alone.
        partners = np.argsort(source.uniform(0.0, 1.0), kind="stable").astype(np.int64)
        if step["type"] == "mix_up":
            weights = beta(float(params["alpha"]), source.uniform(0.0, 1.0))
            return Mix(partners, np.where(chosen, weights, 1.0), None)
        low, high = factor_range(params["factor"], 0.0)
        alphas = source.uniform(low, high)
        sides = np.sqrt(1.0 - beta(float(alphas[0]) + 1e-6 if len(alphas) else 1.0, source.uniform(0.0, 1.0)))
        ends = []
        for length in (self._width, self._height):
            start = source.uniform(0.0, 1.0) * (length - sides * length)
            first = np.ceil(start)
            ends += [first, np.where(chosen, np.ceil(start + sides * length), first)]
        boxes = np.minimum(np.stack(ends, 1), [self._width, self._width, self._height, self._height]).astype(np.int64)
        # The share that really stays, in whole pixels.
        area = (boxes[:, 1] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 2])
        return Mix(partners, 1.0 - area / float(self._width * self._height), boxes)

    def __call__(self, batch: NDArray[np.uint8], mixes: Sequence[Mix]) -> NDArray[np.uint8]:
        """The mixed pictures (n, height, width, channels)."""
        for mix in mixes:
            batch = mixed(batch, mix)
        return batch


def mixed(batch: NDArray[np.uint8], mix: Mix) -> NDArray[np.uint8]:
    """A batch after one step."""
    result = batch.copy()
    for index, (partner, weight) in enumerate(zip(mix.partners.tolist(), mix.weights.tolist(), strict=True)):
        if partner == index or weight == 1.0:
            continue
        if mix.boxes is None:
            both = batch[index] * np.float32(weight) + batch[partner] * np.float32(1.0 - weight)
            result[index] = np.rint(both)
        else:
            left, right, top, bottom = mix.boxes[index].tolist()
            result[index, top:bottom, left:right] = batch[partner, top:bottom, left:right]
    return result


def mixed_labels(labels: NDArray[Any], mixes: Sequence[Mix]) -> NDArray[np.float32]:
    """Labels (n, ...) mixed as the pictures were: one-hot and binary labels become shares."""
    values = np.asarray(labels, np.float32)
    for mix in mixes:
        weights = mix.weights.astype(np.float32).reshape(-1, *([1] * (values.ndim - 1)))
        values = weights * values + (np.float32(1.0) - weights) * values[mix.partners]
    return values


def needed(mixes: Sequence[Mix], places: Sequence[int]) -> list[int]:
    """The places of a batch whose pictures are needed to know those at `places` after mixing, in order."""
    found = set(places)
    for mix in reversed(mixes):
        found |= {int(mix.partners[place]) for place in found}
    return sorted(found)
