"""What `compile` and `fit` take: the registries of losses, metrics, callbacks and optimizers."""

from cnnstudio.catalog.component import TrainingComponent
from cnnstudio.catalog.optimizers import OPTIMIZERS
from cnnstudio.catalog.training.callbacks import CALLBACKS
from cnnstudio.catalog.training.losses import LOSSES, chosen_loss
from cnnstudio.catalog.training.metrics import METRICS

__all__ = ["CALLBACKS", "LOSSES", "METRICS", "OPTIMIZERS", "TrainingComponent", "chosen_loss"]
