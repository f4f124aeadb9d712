"""Keras's own callbacks at the end of each epoch, with their state saved and restored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from cnnstudio.catalog.training import CALLBACKS
from cnnstudio.core.item import Step
from cnnstudio.core.params import complete
from cnnstudio.core.problems import Problem, warning
from cnnstudio.core.text import Text
from cnnstudio.engine.names import resolve

_STATE: Final = ("wait", "best", "best_epoch", "stopped_epoch", "cooldown_counter")
"""Attributes of EarlyStopping and ReduceLROnPlateau that an unbroken training would carry on."""


class Callbacks:
    """The enabled callbacks of a training."""

    def __init__(self, steps: tuple[Step, ...], validated: bool, notice: Callable[[Problem], None]) -> None:
        self._callbacks: dict[str, Any] = {}
        for step in steps:
            entry = CALLBACKS.find(step.type)
            if not step.enabled:
                continue
            if entry is None:
                text = Text("This version does not know the callback {name}; it is left out.",
                            "Esta versión no conoce el callback {name}; se omite.")
                notice(warning("unknown_callback", text.fill(name=step.type), "training", node=step.id))
                continue
            values = complete(entry.params, step.params)
            if not validated and str(values["monitor"]).startswith("val_"):
                replacement = str(values["monitor"]).removeprefix("val_")
                text = Text("There are no validation pictures: {callback} watches {new} instead of {old}.",
                            "No hay imágenes de validación: {callback} observa {new} en lugar de {old}.")
                notice(warning("no_validation", text.fill(callback=entry.label, new=replacement,
                                                          old=values["monitor"]), "training", node=step.id))
                values["monitor"] = replacement
            self._callbacks[step.id] = entry.call.build(values, resolve)

    def begin(self, model: Any) -> None:
        """Before the first epoch of this process."""
        model.stop_training = False
        for callback in self._callbacks.values():
            callback.set_model(model)
            callback.on_train_begin()

    def epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """After an epoch (counted from 1); may change the learning rate or set model.stop_training."""
        for callback in self._callbacks.values():
            callback.on_epoch_end(epoch - 1, dict(logs))
            if getattr(callback, "best_weights", None) is not None and callback.best_epoch == epoch - 1:
                # On PyTorch get_weights answers views of the live weights, which the next step changes.
                callback.best_weights = [np.array(weight) for weight in callback.best_weights]

    @property
    def best(self) -> tuple[int, list[np.ndarray]] | None:
        """Epoch (counted from 1) and weights to restore in the end, if a callback wants that."""
        for callback in self._callbacks.values():
            if getattr(callback, "restore_best_weights", False) and callback.best_weights is not None:
                return int(callback.best_epoch) + 1, callback.best_weights
        return None

    @property
    def restores_best(self) -> bool:
        return any(getattr(callback, "restore_best_weights", False) for callback in self._callbacks.values())

    def state(self) -> dict[str, dict[str, Any]]:
        """Plain values for the checkpoint; the best weights are a group of arrays of their own."""
        return {
            identifier: {name: _plain(getattr(callback, name)) for name in _STATE if hasattr(callback, name)}
            for identifier, callback in self._callbacks.items()
        }

    def restore(self, state: dict[str, dict[str, Any]], best_weights: list[np.ndarray]) -> None:
        """Go on as if there had been no break; call after `begin`."""
        for identifier, callback in self._callbacks.items():
            for name, value in state.get(identifier, {}).items():
                setattr(callback, name, value)
            if getattr(callback, "restore_best_weights", False) and best_weights:
                callback.best_weights = best_weights


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, int) else float(value)
