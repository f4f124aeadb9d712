"""Mixing of the pictures of one batch with each other, and of their labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .changes import Kinds, Mix, Mixing
from .counter_rng import CounterRng


class Mixer:
    """Applies the mixing steps of an augmentation to batches of uint8 pictures; ignores other steps."""

    def __init__(self, steps: Sequence[Mapping[str, Any]], height: int, width: int, kinds: Kinds) -> None:
        self._height, self._width = height, width
        self._steps: list[tuple[Mapping[str, Any], Mixing]] = []
        for step in steps:
            kind = kinds.get(step["type"])
            if kind is not None and isinstance(kind.change, Mixing) and step.get("enabled", True):
                self._steps.append(({**step, "params": {**kind.defaults, **step.get("params", {})}}, kind.change))

    @property
    def does_nothing(self) -> bool:
        """Whether there is no mixing step."""
        return not self._steps

    def draw(self, seed: int, epoch: int, indices: NDArray[np.integer[Any]]) -> tuple[Mix, ...]:
        """Draw the mixes of the batch with these indices: they depend on seed, epoch and the batch only."""
        pictures = np.asarray(indices).astype(np.int64)
        return tuple(self._mix(step, change, CounterRng(seed, epoch, pictures, str(step.get("id", step["type"]))))
                     for step, change in self._steps)

    def _mix(self, step: Mapping[str, Any], change: Mixing, rng: CounterRng) -> Mix:
        chosen = rng.happens(step)
        # A shuffle that depends on the batch only.
        partners = np.argsort(rng.uniform(0.0, 1.0), kind="stable").astype(np.int64)
        return change.draw(step["params"], rng, chosen, partners, self._height, self._width)

    def __call__(self, batch: NDArray[np.uint8], mixes: Sequence[Mix]) -> NDArray[np.uint8]:
        """The mixed pictures (n, height, width, channels)."""
        for mix in mixes:
            batch = apply_mix(batch, mix)
        return batch


def apply_mix(batch: NDArray[np.uint8], mix: Mix) -> NDArray[np.uint8]:
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


def needed_positions(mixes: Sequence[Mix], places: Sequence[int]) -> list[int]:
    """The positions in a batch whose pictures are needed to compute those at `places` after mixing, in order."""
    positions = set(places)
    for mix in reversed(mixes):
        positions |= {int(mix.partners[place]) for place in positions}
    return sorted(positions)
