"""Keras's callbacks of one stage: created from the spec, called as by `fit`, with state that is saved and restored."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

import keras
import numpy as np

from cnnstudio.catalog.component import Place
from cnnstudio.catalog.training import CALLBACKS
from cnnstudio.catalog.training.file_callbacks import place_values
from cnnstudio.core.item import Step
from cnnstudio.core.params import with_defaults
from cnnstudio.core.problems import Problem, ProblemError, warning
from cnnstudio.core.text import Text
from cnnstudio.engine.environment import numpy_of
from cnnstudio.engine.names import resolve
from cnnstudio.engine.training.callback_state import decode_state, encode_state
from cnnstudio.engine.training.kept_models import RunFiles, WholeModel
from cnnstudio.network.stage_checks import check_file_name

HISTORY: Final = "history"
"""The id under which the state of Keras's History is kept."""


class Watcher(Protocol):
    """The training's own handlers, called after every callback. Epochs and batches count
    from 0; `logs` of a batch are the backend's own numbers, running means over the epoch, not yet read."""

    def epoch_begun(self, epoch: int) -> None: ...

    def batch_done(self, batch: int, logs: Mapping[str, Any]) -> None: ...

    def epoch_done(self, epoch: int, logs: dict[str, float]) -> None: ...

    def rate_changed(self, epoch: int, before: float, after: float, by: str) -> None:
        """A callback, of the type `by`, changed the learning rate at the end of the epoch."""


def make_callbacks(steps: Sequence[Step], validated: bool, notify: Callable[[Problem], None], model: Any, files: RunFiles
                   ) -> dict[str, Any]:
    """The enabled callbacks by their id. Without validation pictures (`validated`) they watch the training's values. What
    they write goes into `files`. Raises ProblemError (callback_id)."""
    callbacks: dict[str, Any] = {}
    for step in steps:
        if not step.enabled:
            continue
        entry = CALLBACKS.find(step.type)
        if entry is None:
            text = Text("This version does not know the callback {name}; it is left out.",
                        "Esta versión no conoce el callback {name}; se omite.")
            notify(warning("unknown_callback", text.fill(name=step.type), "training", node=step.id))
            continue
        misnamed = check_file_name(step)
        if misnamed:  # also in a run that came from elsewhere
            raise ProblemError(*misnamed)
        values = with_defaults(entry.params, step.params)
        monitor = str(values.get("monitor", ""))
        if not validated and monitor.startswith("val_"):
            values["monitor"] = monitor.removeprefix("val_")
            text = Text("There are no validation pictures: {callback} monitors {new} instead of {old}.",
                        "No hay imágenes de validación: {callback} vigila {new} en lugar de {old}.")
            notify(warning("no_validation", text.fill(callback=entry.label, new=values["monitor"], old=monitor),
                           "training", node=step.id))
        if entry.role == "table":
            callbacks[step.id] = files.table(step.id, values["separator"])
            continue
        if entry.role == "events":
            callbacks[step.id] = files.events(step.id, values)
            continue
        values = place_values(entry, values, Place(id=step.id))
        if entry.role == "models":
            # Asked after every epoch: it knows the metrics of the validation then.
            values |= {"filepath": f"{step.id}.keras", "save_freq": "epoch"}
        callbacks[step.id] = entry.call.build(values, resolve)
        if entry.role == "models":
            callbacks[step.id].set_model(WholeModel(model, files, step.id, values["epochs"], values["files"] == "all"))
    return callbacks


class Dispatcher(keras.callbacks.CallbackList):  # type: ignore[misc]
    """The callbacks of a stage, for every `fit` of it.

    A stage that is resumed within an epoch has two calls of `fit`: one for the rest of that epoch. For the callbacks
    they are one training: it begins and ends once (`begin`, `end`), the epoch begins once, and batches keep their
    numbers.
    """

    def __init__(self, callbacks: Mapping[str, Any], model: Any, watcher: Watcher, epochs: int, batches: int) -> None:
        whole = {identifier: callback.model for identifier, callback in callbacks.items() if callback.model is not None}
        super().__init__(list(callbacks.values()), add_history=True, model=model, epochs=epochs, steps=batches, verbose=0)
        for identifier, kept in whole.items():
            callbacks[identifier].set_model(kept)
        # Callbacks are called in the training's own thread: what they set applies to the next batch.
        self._async_train = self._async_test = self._async_predict = False
        self._watcher = watcher
        self._by_identifier = dict(callbacks) | {HISTORY: self._history}
        self._begun: dict[str, dict[str, Any]] = {}
        self._start = 0
        self._reads_batches = any(
            (_overrides(callback, "on_train_batch_end") or _overrides(callback, "on_batch_end"))
            and getattr(callback, "save_freq", None) != "epoch" for callback in callbacks.values())

    # The stage ----------------------------------------------------------------------------------

    def begin(self) -> None:
        """Before the first `fit` of this process."""
        super().on_train_begin()
        self._begun = {identifier: dict(vars(callback)) for identifier, callback in self._by_identifier.items()}

    def end(self) -> None:
        """After the last `fit`: some callbacks set the best weights now."""
        super().on_train_end({name: values[-1] for name, values in self._history.history.items()})

    def after_pause(self) -> None:
        """A pause is over: callbacks that measure time do not count it."""
        for callback in self._by_identifier.values():
            if isinstance(getattr(callback, "since", None), float):
                callback.since = time.monotonic()

    def enter(self, batch: int) -> None:
        """Prepare a `fit` that resumes an epoch after `batch` batches."""
        self._start = batch

    # What `fit` calls ---------------------------------------------------------------------------

    def on_train_begin(self, logs: Any = None) -> None:
        pass

    def on_train_end(self, logs: Any = None) -> None:
        pass

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if not self._start:
            super().on_epoch_begin(epoch, logs)
        self._watcher.epoch_begun(epoch)

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        super().on_train_batch_begin(batch + self._start, logs)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        # Reading the numbers makes a GPU wait: only if a callback uses every batch.
        if self._reads_batches:
            super().on_train_batch_end(batch + self._start, logs)
        self._watcher.batch_done(batch + self._start, logs or {})

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        numbers = {name: float(np.asarray(numpy_of(value))) for name, value in (logs or {}).items()}
        numbers["learning_rate"] = float(numpy_of(self.model.optimizer.learning_rate))
        rate = numbers["learning_rate"]
        for callback in self.callbacks:
            callback.on_epoch_end(epoch, numbers)
            _own_arrays(callback)
            after = float(numpy_of(self.model.optimizer.learning_rate))
            if after != rate:
                self._watcher.rate_changed(epoch, rate, after, type(callback).__name__)
                rate = after
        self._start = 0
        self._watcher.epoch_done(epoch, numbers)

    # State --------------------------------------------------------------------------------------

    @property
    def best(self) -> int | None:
        """The epoch, counted from 0, whose weights a callback restores at the end; None if none does."""
        callback = self._best_keeper
        return None if callback is None else int(callback.best_epoch)

    @property
    def best_by(self) -> str:
        """The metric of the callback that restores the best weights; "" if none does."""
        callback = self._best_keeper
        return "" if callback is None else str(callback.monitor)

    @property
    def _best_keeper(self) -> Any:
        """The callback that has best weights to restore, or None."""
        keepers = [callback for callback in self.callbacks
                   if getattr(callback, "restore_best_weights", False) and callback.best_weights is not None]
        return keepers[-1] if keepers else None

    def state(self) -> tuple[dict[str, dict[str, Any]], dict[str, list[np.ndarray]], list[str]]:
        """(state of each callback by its id, its arrays by "callback:<id>", what could not be kept)."""
        states: dict[str, dict[str, Any]] = {}
        groups: dict[str, list[np.ndarray]] = {}
        lost: list[str] = []
        for identifier, callback in self._by_identifier.items():
            arrays: list[np.ndarray] = []
            states[identifier], names = encode_state(callback, arrays, self._begun.get(identifier, {}))
            groups[f"callback:{identifier}"] = arrays
            lost += [f"{type(callback).__name__}.{name}" for name in names]
        return states, groups, lost

    def restore(self, states: Mapping[str, dict[str, Any]], groups: Mapping[str, list[np.ndarray]]) -> None:
        """Restore the state; call after `begin`."""
        for identifier, callback in self._by_identifier.items():
            decode_state(callback, states.get(identifier, {}), groups.get(f"callback:{identifier}", []))
            # Checkpoints of format 3 keep the best weights apart.
            if getattr(callback, "restore_best_weights", False) and groups.get("best"):
                callback.best_weights = groups["best"]


    def forget_waiting(self) -> None:
        """Callbacks that count epochs without improvement count anew; what they know as the best stays."""
        for callback in self._by_identifier.values():
            for name in ("wait", "cooldown_counter", "stopped_epoch"):
                if isinstance(getattr(callback, name, None), int):
                    setattr(callback, name, 0)


def _overrides(callback: Any, method: str) -> bool:
    return getattr(getattr(callback, method), "__func__", None) is not getattr(keras.callbacks.Callback, method)


def _own_arrays(callback: Any) -> None:
    """Copy arrays that are views of live weights, which the next step changes."""
    if keras.backend.backend() == "tensorflow":
        return
    for name, value in vars(callback).items():
        if isinstance(value, list) and value and all(isinstance(item, np.ndarray) for item in value):
            setattr(callback, name, [item if item.flags.owndata else item.copy() for item in value])
