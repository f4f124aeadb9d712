"""What the printed PyTorch training depends on."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.training import chosen_loss
from cnnstudio.catalog.training.metrics import active_metrics
from cnnstudio.core.project import Project
from cnnstudio.interchange.printing.torch.module import TorchModel


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the printed training depends on; `weights` are the files of the bases by their nodes, `pictures` those of the
    training split."""

    project: Project
    context: Context
    pictures: int
    model: TorchModel
    weights: Mapping[str, str]
    changes: bool
    mixes: bool

    @property
    def binary(self) -> bool:
        return self.project.dataset.label_mode == "binary"

    @property
    def by_number(self) -> bool:
        """Whether labels are numbers of classes rather than shares."""
        entry, _values = chosen_loss(self.project.training.loss, self.context.label_mode)
        return entry.torch.numbers is not None and not self.binary and not self.mixes

    @property
    def weighted(self) -> bool:
        """Whether classes have weights in the loss."""
        return self.project.training.class_weight != "none"

    @property
    def batches(self) -> int:
        """Batches of an epoch."""
        return max(1, -(-self.pictures // self.project.training.batch_size))

    @property
    def plain(self) -> bool:
        """Whether accuracy is the only metric: it is counted while the batches pass."""
        return [(step.type, step.id) for step in active_metrics(self.project.training.metrics)] == [("accuracy", "accuracy")]
