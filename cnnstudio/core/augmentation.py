"""Random changes of training pictures. Pictures for validation and test stay as they are."""

from __future__ import annotations

import msgspec

from cnnstudio.core.item import Step


class AugmentationSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Augmentation steps in order; their types are entries of `catalog.steps`."""

    steps: tuple[Step, ...] = ()

    @property
    def active(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.enabled)
