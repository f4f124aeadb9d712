"""The augmentations of the registry, carried out on batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from cnnstudio.catalog.steps import AUGMENTATIONS
from cnnstudio.core.params import with_defaults
from cnnstudio.imaging.augment import Augmenter
from cnnstudio.imaging.changes import Kind, Kinds
from cnnstudio.imaging.mixing import Mixer

KINDS: Final[Kinds] = {entry.id: Kind(entry.change, with_defaults(entry.params, {})) for entry in AUGMENTATIONS}
MIXING: Final = tuple(entry.id for entry in AUGMENTATIONS if entry.mixes)
"""Types that mix the pictures of a batch with each other."""


def make_augmenter(steps: Sequence[Mapping[str, Any]], height: int, width: int, channels: int, workers: int | None = None
                   ) -> Augmenter:
    """Applies the steps ({"id", "type", "enabled", "params"}) to batches; see `imaging.augment.Augmenter`."""
    return Augmenter(steps, height, width, channels, KINDS, workers)


def make_mixer(steps: Sequence[Mapping[str, Any]], height: int, width: int) -> Mixer:
    """Applies the steps that mix; see `imaging.mixing.Mixer`."""
    return Mixer(steps, height, width, KINDS)
