"""Single pictures exactly as in the training, without computing whole batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .augment import Augmenter
from .changes import Kinds, Mix
from .counter_rng import epoch_order
from .mixing import Mixer, apply_mix, needed_positions

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Training:
    """Everything that determines the batches of a training.

    `kinds` are the types of steps.
    """

    pictures: int
    batch_size: int
    seed: int
    steps: Sequence[Mapping[str, Any]]
    kinds: Kinds


@dataclass(frozen=True)
class PreviewPicture:
    """A picture in an epoch: `shares` maps positions to the share of their label."""

    picture: Picture | None
    shares: dict[int, float]


def first_positions(training: Training, epoch: int, count: int) -> list[tuple[int, int]]:
    """(epoch, position in the split) of the first `count` pictures of an epoch, in its order."""
    order = epoch_order(training.pictures, training.seed, epoch)
    return [(epoch, position) for position in order[:count].tolist()]


def training_previews(cells: Sequence[tuple[int, int]], training: Training, load: Callable[[int], Picture | None]
                      ) -> list[PreviewPicture]:
    """The pictures at these (epoch, position), changed as that epoch changes them.

    `load(position)` returns the prepared picture, or None if it cannot be read (then black is mixed in).
    """
    loaded: dict[int, Picture | None] = {}

    def load_once(position: int) -> Picture | None:
        if position not in loaded:
            loaded[position] = load(position)
        return loaded[position]

    result = []
    augmenters: dict[Any, tuple[Augmenter, Mixer]] = {}
    for epoch, position in cells:
        picture = load_once(position)
        if picture is None:
            result.append(PreviewPicture(None, {}))
            continue
        height, width, channels = shape = picture.shape
        if shape not in augmenters:
            augmenters[shape] = (Augmenter(training.steps, height, width, channels, training.kinds, workers=1),
                                 Mixer(training.steps, height, width, training.kinds))
        augmenter, mixer = augmenters[shape]
        members, place = np.asarray([position]), 0
        mixes: tuple[Mix, ...] = ()
        if not mixer.does_nothing:
            members, mixes, place = _mix_partners(epoch, position, training, mixer)
        batch = np.stack([item if item is not None else np.zeros(shape, np.uint8)
                          for item in map(load_once, members.tolist())])
        batch = augmenter(batch, augmenter.draw(training.seed, epoch, members))
        shares = np.eye(len(members))
        for mix in mixes:
            batch = apply_mix(batch, mix)
            shares = mix.weights[:, None] * shares + (1.0 - mix.weights[:, None]) * shares[mix.partners]
        label_shares = {int(members[index]): float(share) for index, share in enumerate(shares[place]) if share > 0}
        result.append(PreviewPicture(batch[place], label_shares))
    return result


def _mix_partners(epoch: int, position: int, training: Training, mixer: Mixer
                  ) -> tuple[NDArray[np.int64], tuple[Mix, ...], int]:
    """The pictures of the batch that a picture is mixed with, the mixes, and its place among them."""
    order = epoch_order(training.pictures, training.seed, epoch)
    at = int(np.flatnonzero(order == position)[0])
    begin = at // training.batch_size * training.batch_size
    batch = order[begin:begin + training.batch_size]
    mixes = mixer.draw(training.seed, epoch, batch)
    places = needed_positions(mixes, [at - begin])
    where = {place: index for index, place in enumerate(places)}
    small = []
    for mix in mixes:
        # A partner that is not needed is not mixed.
        inside = np.asarray([int(mix.partners[place]) in where for place in places])
        partners = np.asarray([where.get(int(mix.partners[place]), index) for index, place in enumerate(places)])
        small.append(replace(mix, partners=partners, weights=np.where(inside, mix.weights[places], 1.0),
                             boxes=None if mix.boxes is None else mix.boxes[places]))
    return batch[places], tuple(small), where[at - begin]
