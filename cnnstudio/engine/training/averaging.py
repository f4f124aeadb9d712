"""The averages of the weights that an optimizer keeps with use_ema, and when they become the weights of the network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cnnstudio.engine.environment import numpy_of
from cnnstudio.engine.training import snapshots


def averaging_optimizer(optimizer: Any) -> Any:
    """The optimizer that averages: this one, or the one that loss scaling wraps; None where none does."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    return inner if getattr(inner, "use_ema", False) else None


def copy_averages(optimizer: Any) -> list[np.ndarray]:
    """The averages of the trainable weights as they are now; empty where there are none."""
    inner = averaging_optimizer(optimizer)
    return [] if inner is None else snapshots.copy_weights(inner._model_variables_moving_average)


def assign_averages(optimizer: Any, averages: Sequence[np.ndarray]) -> None:
    """Set the averages to those of an earlier moment; nothing where none were copied then."""
    inner = averaging_optimizer(optimizer)
    if inner is not None and averages:
        snapshots.assign(inner._model_variables_moving_average, averages, "optimizer")


def take_averages(model: Any) -> None:
    """Set the trainable weights to their averages, as `fit` does when a training ends. Before the first step there are
    none."""
    inner = averaging_optimizer(model.optimizer)
    if inner is not None and int(numpy_of(inner.iterations)) > 0:
        inner.finalize_variable_values(model.trainable_variables)
