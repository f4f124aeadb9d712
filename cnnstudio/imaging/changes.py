"""The kinds of changes of an augmentation, as `augment.Augmenter` and `mixing.Mixer` take them.

`params` are the step's parameters by name, all of them; `rng` draws numbers for n pictures at once. Every function draws
the same numbers in the same order whatever its parameters' values are, so that a picture's draw depends on seed, epoch, step
and picture only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .counter_rng import CounterRng, Floats

Picture = NDArray[np.uint8]
Params = Mapping[str, Any]
Chosen = NDArray[np.bool_]


@dataclass(frozen=True)
class Geometric:
    """`matrices(params, rng, height, width)`: (n, 3, 3) from a pixel of the result to one of the picture.

    Of the pictures that the step applies to, `share` are really changed. `fills`: it has a fill mode for places without
    pixels.
    """

    matrices: Callable[[Params, CounterRng, int, int], Floats]
    share: float = 1.0
    fills: bool = True


@dataclass(frozen=True)
class Look:
    """A picture after `table` (256, colours), or unchanged if None; `colors` is the number of channels without
    transparency."""

    picture: Picture
    table: Floats | None
    colors: int

    def counts(self, channel: int) -> NDArray[np.int64]:
        """(256,): how often each value occurs in a channel of the picture before the table."""
        return np.bincount(self.picture[..., channel].ravel(), minlength=256)

    def means(self) -> Floats:
        """The mean of every colour after the table."""
        if self.table is None:
            return np.array(cv2.mean(self.picture)[:self.colors])
        counts = np.stack([self.counts(channel) for channel in range(self.colors)], 1)
        means: Floats = (counts * self.table).sum(axis=0) / (self.picture.shape[0] * self.picture.shape[1])
        return means


@dataclass(frozen=True)
class TableChange:
    """A change of single values: `apply(table, value, look)` returns the table (256, colours) with the change applied.

    `draw(params, rng, chosen)` returns the drawn values of each picture, (n,) or (n, k); `is_idle(value)` is True for
    no change.
    """

    draw: Callable[[Params, CounterRng, Chosen], Floats]
    is_idle: Callable[[Any], bool]
    apply: Callable[[Floats, Any, Look], Floats]


@dataclass(frozen=True)
class ArrayChange:
    """A change that needs colours or neighbours: `apply(picture, value, params)` returns the changed picture, uint8,
    grey or red, green and blue. `draw` also takes height and width. `needs_color`: it leaves grey pictures unchanged.
    """

    draw: Callable[[Params, CounterRng, Chosen, int, int], Floats]
    is_idle: Callable[[Any], bool]
    apply: Callable[[Picture, Any, Params], NDArray[Any]]
    needs_color: bool = False


@dataclass(frozen=True)
class Group:
    """Several changes that happen to the same pictures: `parts(params)` are (a name, a type, its parameters)."""

    parts: Callable[[Params], list[tuple[str, str, dict[str, Any]]]]


@dataclass(frozen=True)
class Mix:
    """One step for a batch of n pictures.

    `partners` (n,) are places in the batch; `weights` (n,) is how much of the picture's own label stays.
    `boxes` (n, 4) of CutMix are first and one past the last column, and the same of rows; None for MixUp.
    """

    partners: NDArray[np.int64]
    weights: Floats
    boxes: NDArray[np.int64] | None


@dataclass(frozen=True)
class Mixing:
    """Mixes the pictures of a batch with each other: `draw(params, rng, chosen, partners, height, width)`."""

    draw: Callable[[Params, CounterRng, Chosen, NDArray[np.int64], int, int], Mix]


Change = Geometric | TableChange | ArrayChange | Group | Mixing


@dataclass(frozen=True)
class Kind:
    """A type of augmentation: its change and its default parameters."""

    change: Change
    defaults: Params


Kinds = Mapping[str, Kind]


def round_to_uint8(values: NDArray[Any]) -> Picture:
    """Values rounded and clipped to uint8."""
    return np.asarray(np.rint(np.clip(values, 0.0, 255.0)), np.uint8)
