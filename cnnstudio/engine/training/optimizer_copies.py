"""Optimizers of models that are saved while another model is trained."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnnstudio.core.training import Stage
from cnnstudio.engine.building import optimizer_of
from cnnstudio.engine.environment import numpy_of
from cnnstudio.engine.training import snapshots


def copy_optimizer(trained: Any, model: Any, stage: Stage, accumulation: int, epoch_batches: int = 1) -> Any:
    """An optimizer of the stage in float32 for `model`, with the state of the one that trained the same trainable variables
    of another model; as it begins where the state does not fit."""
    optimizer = optimizer_of(stage, accumulation, epoch_batches)
    optimizer.build(model.trainable_variables)
    # In 16 bits another one around it scales the loss.
    state = [np.array(numpy_of(variable)) for variable in getattr(trained, "inner_optimizer", trained).variables]
    if snapshots.fits(optimizer.variables, state):
        snapshots.assign(optimizer.variables, state, "optimizer")
    return optimizer
