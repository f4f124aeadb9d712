"""What one entry of the step registries declares."""

from __future__ import annotations

import msgspec

from cnnstudio.core.params import Param
from cnnstudio.core.text import Text


class StepType(msgspec.Struct, frozen=True, kw_only=True):
    """A deterministic step of the recipe, or an augmentation.

    The pixels are done by `imaging.operations.STEPS[id]` and `imaging.augment`. `changes_class` says
    when an augmentation can turn a picture into one of another class. `keras` is the matching layer.
    """

    id: str
    label: Text
    help: Text
    params: tuple[Param, ...] = ()
    keras: str = ""
    changes_class: Text | None = None
