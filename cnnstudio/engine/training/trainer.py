"""One stage of a training by Keras's `fit`: with pause, stop, resume, checkpoints and events."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cnnstudio.core.events import Notice
from cnnstudio.core.problems import ProblemError, warning
from cnnstudio.core.text import Text
from cnnstudio.core.training import Stage, TrainingSpec
from cnnstudio.engine.batches import BatchSource
from cnnstudio.engine.environment import numpy_of
from cnnstudio.engine.training import averaging, snapshots
from cnnstudio.engine.training.callbacks import Dispatcher, make_callbacks
from cnnstudio.engine.training.checkpoints import Arrays, Position
from cnnstudio.engine.training.feed import Feed
from cnnstudio.engine.training.kept_models import RunFiles
from cnnstudio.engine.training.reporter import Reporter, numbers
from cnnstudio.engine.training.steering import Steering
from cnnstudio.engine.training.steps import compile_steps, create_variables
from cnnstudio.engine.training.writer import CheckpointWriter, Snapshot
from cnnstudio.workers.link import Link
from cnnstudio.workers.trouble import nan_problem


@dataclass
class Progress:
    """State shared by the stages: the metrics of all epochs done, and those of the kept weights."""

    logs: list[dict[str, float]] = field(default_factory=list)
    metrics: dict[str, float] = field(default_factory=dict)


class _Left(Exception):
    """Raised to leave `fit` within an epoch when the user stops."""


class StageTrainer:
    """Trains `model` (compiled for `stage`, number `number`) on `train`, measures on `validation`.

    `before` epochs were done in earlier stages; `planned` are wanted in all. `saved_weights` are the variables in
    checkpoints: the model's own, or those of the model that it is a part of. `settings` of `training` are kept with them; with
    `changed` the one to resume from was made with others: what of it does not fit any more starts afresh. `anew`:
    callbacks that count epochs without improvement begin to count again. Callbacks write into `files`.
    """

    def __init__(self, model: Any, saved_weights: list[Any], stage: Stage, number: int, before: int, planned: int,
                 train: BatchSource, validation: BatchSource | None, writer: CheckpointWriter, link: Link,
                 steering: Steering, progress: Progress, training: TrainingSpec, settings: dict[str, Any], files: RunFiles,
                 changed: bool = False, anew: bool = False) -> None:
        self._model = model
        self._saved_weights = saved_weights
        self._stage = stage
        self._number = number
        self._before = before
        self._train = train
        self._validation = validation
        self._writer = writer
        self._link = link
        self._steering = steering
        self._progress = progress
        self._settings, self._changed, self._anew = settings, changed, anew
        self._reporter = Reporter(link, number, before, planned, train.pictures * train.world, train.batch_size * train.world,
                                  lambda epoch, batch, rate: nan_problem(training, stage, epoch, batch, rate))
        self._callbacks = Dispatcher(
            make_callbacks(stage.callbacks, validation is not None, lambda problem: link.emit(Notice(problem=problem)), model,
                           files),
            model, self, stage.epochs, len(train))
        files.before, files.epoch, files.rows = before, lambda: before + self._epoch + 1, lambda: progress.logs
        self._feed = Feed(train)
        self._resumed: tuple[Position, Arrays] | None = None
        self._epoch = 0
        self._epoch_weights: list[np.ndarray] = []
        self._epoch_average: list[np.ndarray] = []
        self._finished = False
        self._lost: set[str] = set()
        self._train_seconds = 0.0
        self._last_moment = time.monotonic()
        self.longest_gap = 0.0
        """Seconds, at most, between two moments at which a checkpoint could be taken."""

    def run(self, resumed: tuple[Position, Arrays] | None) -> bool:
        """Train to the end of the stage (True), or until the user stops it (False); the model then has the weights
        that are kept. Raises ProblemError (nan_loss, no_space, checkpoint_unfit...)."""
        self._prepare()
        self._callbacks.begin()
        batch = 0
        if resumed is not None:
            batch = self._restore(*resumed)
        elif self._number:
            self._epoch_weights = snapshots.copy_weights(self._saved_weights)
        self._last_moment = time.monotonic()
        try:
            if not self._finished and batch:
                self._callbacks.enter(batch)
                self._fit(batch, self._epoch + 1)
            if not self._finished and self._epoch < self._stage.epochs:
                self._fit(0, self._stage.epochs)
        except _Left:
            return self._stopped()
        self._keep()
        return True

    # Before -------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        """Create all variables, including those of the optimizer and the metrics, before they are restored."""
        model = self._model
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)
        compile_steps(model, self._train, self._validation)
        variables = snapshots.weights_of(model)
        before = snapshots.copy_weights(variables)
        create_variables(model, self._train, self._validation)
        snapshots.assign(variables, before, "model")
        self._reporter.means = frozenset(snapshots.mean_metrics(model))
        model.reset_metrics()

    def _restore(self, position: Position, arrays: Arrays) -> int:
        """Restore a checkpoint; returns how many batches of the next epoch are done."""
        if self._changed:
            return self._restore_with_other_settings(position, arrays)
        model = self._model
        snapshots.assign(self._saved_weights, arrays.get("model", []), "model")
        snapshots.assign(model.optimizer.variables, arrays.get("optimizer", []), "optimizer")
        try:
            self._callbacks.restore(position.callbacks, arrays)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as err:
            raise ProblemError(snapshots.unfit_problem("callbacks")) from err
        if self._anew:
            self._callbacks.forget_waiting()
        self._progress.logs, self._progress.metrics = list(position.logs), dict(position.metrics)
        self._epoch = position.epoch - self._before
        self._finished = position.finished
        # A variable may take over the memory of an array that it is set from.
        self._epoch_weights = arrays.get("whole", []) if position.batch else snapshots.copy_weights(self._saved_weights)
        self._epoch_average = arrays.get("average", []) if position.batch else averaging.copy_averages(model.optimizer)
        self._resumed = (position, arrays)
        return position.batch

    def _restore_with_other_settings(self, position: Position, arrays: Arrays) -> int:
        """Restore the weights at the end of the last whole epoch, and what fits of the rest; returns 0.

        The learning rate is that of the settings, and what made the training end before no longer counts.
        """
        model, rate = self._model, self._rate()
        weights = (arrays.get("whole") if position.batch else None) or arrays.get("model", [])
        snapshots.assign(self._saved_weights, weights, "model")
        if snapshots.fits(model.optimizer.variables, arrays.get("optimizer", [])):
            snapshots.assign(model.optimizer.variables, arrays["optimizer"], "optimizer")
            with contextlib.suppress(TypeError):  # a schedule sets the rate by itself
                model.optimizer.learning_rate = rate
        else:
            self._tell_afresh(Text("the optimizer of the checkpoint", "el optimizador del punto de control"))
        try:
            self._callbacks.restore(position.callbacks, arrays)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            self._tell_afresh(Text("the callbacks of the checkpoint", "los callbacks del punto de control"))
        self._callbacks.forget_waiting()
        self._progress.logs, self._progress.metrics = list(position.logs), dict(position.metrics)
        self._epoch = position.epoch - self._before
        self._epoch_weights = snapshots.copy_weights(self._saved_weights)
        return 0

    def _tell_afresh(self, what: Text) -> None:
        text = Text("Does not match the new settings and starts from scratch: {what}.",
                    "No corresponde a los ajustes nuevos y empieza de cero: {what}.")
        self._link.emit(Notice(problem=warning("starts_afresh", text.fill(what=what), "training")))

    def _fit(self, start: int, epochs: int) -> None:
        self._feed = Feed(self._train, start)
        validation = None if self._validation is None else Feed(self._validation)
        # Keras would set the averages of use_ema at the end of every fit, of the rest of an epoch too: see `_keep`.
        optimizer = averaging.averaging_optimizer(self._model.optimizer)
        if optimizer is not None:
            optimizer.finalize_variable_values = lambda _variables: None
        try:
            self._model.fit(self._feed, initial_epoch=self._epoch, epochs=epochs, validation_data=validation,
                            callbacks=self._callbacks, shuffle=False, verbose=0)
        finally:
            if optimizer is not None:
                del optimizer.finalize_variable_values
            for feed in (self._feed, validation):
                if feed is not None:
                    feed.close()

    # The watcher of the callbacks ---------------------------------------------------------------

    def epoch_begun(self, epoch: int) -> None:
        self._feed.epoch = self._before + epoch + 1
        start = 0
        if self._resumed is not None:
            position, arrays = self._resumed
            self._resumed, start = None, position.batch
            if start and position.totals:
                snapshots.running_metrics(self._model, position.totals, start * self._train.batch_size)
            elif start:
                snapshots.assign(self._model.metrics_variables, arrays.get("metrics", []), "metrics")
            snapshots.restore_generators(arrays)
        self._reporter.epoch_begun(start)
        self._steering.batch_done(start, len(self._train), self.sync)

    def batch_done(self, batch: int, logs: Mapping[str, Any]) -> None:
        done = batch + 1
        if self._model.stop_training:
            self._reporter.check_loss(numbers(logs), self._epoch, self._rate)
        self._reporter.batch(self._epoch, done, logs, self._rate)
        self._moment()
        self._steering.batch_done(done, len(self._train), self.sync)
        if done == len(self._train):
            self._train_seconds = self._reporter.seconds
        else:
            self._obey(done)

    def epoch_done(self, epoch: int, logs: dict[str, float]) -> None:
        logs = _validation_last(logs)
        self._reporter.check_loss(logs, epoch, self._rate)
        self._moment()
        self._progress.logs.append(logs)
        self._epoch = epoch + 1
        self._finished = bool(self._model.stop_training)
        best = self._is_best(epoch, logs)
        self._reporter.epoch(epoch, logs, best, self._best_by(logs), self._train_seconds or self._reporter.seconds)
        self._train_seconds = 0.0
        self._epoch_weights = snapshots.copy_weights(self._saved_weights)
        self._epoch_average = averaging.copy_averages(self._model.optimizer)
        over = self._finished or self._epoch == self._stage.epochs
        if best or over:
            self._checkpoint(0)
        self._heed(0)
        if not over:
            self._obey(0)

    def rate_changed(self, epoch: int, before: float, after: float, by: str) -> None:
        self._steering.rate_changed(epoch, before, after, by)

    def _obey(self, batch: int) -> None:
        """Stop, pause, heed a wish or write a checkpoint, after `batch` batches of the next epoch."""
        self._link.agree()
        if self._link.stop is not None:
            if self._link.stop.keep:
                self._checkpoint(batch)
            raise _Left
        if self._link.pausing:
            begin = time.monotonic()
            self._checkpoint(batch)
            self._writer.flush()
            self._link.wait_while_paused(lambda: self._heed(batch))
            self._reporter.paused(time.monotonic() - begin)
            self._callbacks.after_pause()
            self._last_moment = time.monotonic()
            if self._link.stop is not None:
                raise _Left
        elif self._writer.due:
            self._checkpoint(batch)
        if self._steering.wanted:
            self._heed(batch)

    def _heed(self, batch: int) -> None:
        """Heed a wish after `batch` batches of the next epoch."""
        self.sync()
        self._steering.heed(self._epoch, batch)

    def _rate(self) -> float:
        self.sync()
        return float(numpy_of(self._model.optimizer.learning_rate))

    def sync(self) -> None:
        """On JAX the variables are empty while an epoch trains, until the model is asked to fill them."""
        if hasattr(self._model, "jax_state_sync"):
            self._model.jax_state_sync()

    def _moment(self) -> None:
        """Note the time of a possible checkpoint."""
        now = time.monotonic()
        self.longest_gap = max(self.longest_gap, now - self._last_moment)
        self._last_moment = now

    def _is_best(self, epoch: int, logs: dict[str, float]) -> bool:
        best = self._callbacks.best
        if best is not None:
            return best == epoch
        name = self._best_by(logs)
        return all(logs[name] <= earlier.get(name, math.inf) for earlier in self._progress.logs[self._before:])

    def _best_by(self, logs: dict[str, float]) -> str:
        """The metric by which the best epoch is decided."""
        return self._callbacks.best_by or ("val_loss" if "val_loss" in logs else "loss")

    # Checkpoints --------------------------------------------------------------------------------

    def _checkpoint(self, batch: int) -> None:
        self._writer.submit(lambda: self._snapshot(batch))

    def _snapshot(self, batch: int) -> Snapshot:
        model = self._model
        self.sync()
        states, arrays, lost = self._callbacks.state()
        self._tell_lost(lost)
        arrays |= snapshots.generators()
        arrays["optimizer"] = snapshots.copy_weights(model.optimizer.variables)
        # At the end of an epoch the weights were just taken.
        arrays["model"] = snapshots.copy_weights(self._saved_weights) if batch else self._epoch_weights
        if batch:
            arrays["whole"] = self._epoch_weights
            arrays["average"] = self._epoch_average
            arrays["metrics"] = snapshots.copy_weights(model.metrics_variables)
        position = Position(
            epoch=self._before + self._epoch, batch=batch, stage=self._number, before=self._before,
            logs=tuple(self._progress.logs), metrics=self._progress.metrics, callbacks=states, finished=self._finished,
            settings=self._settings)
        return position, arrays

    def _tell_lost(self, names: list[str]) -> None:
        new = sorted(set(names) - self._lost)
        if new:
            self._lost.update(new)
            text = Text("A checkpoint cannot store {names}: after an interruption the training may continue differently.",
                        "Un punto de control no puede guardar {names}: tras una interrupción, el entrenamiento puede "
                        "continuar de otro modo.")
            self._link.emit(Notice(problem=warning("state_not_kept", text.fill(names=", ".join(new)), "training")))

    # After --------------------------------------------------------------------------------------

    def _stopped(self) -> bool:
        """The user stopped within an epoch: use the last complete one, or the best."""
        stop = self._link.stop
        self.sync()
        if stop is not None and not stop.keep:
            self._callbacks.end()
            return False
        if self._epoch_weights:
            snapshots.assign(self._saved_weights, self._epoch_weights, "model")
            averaging.assign_averages(self._model.optimizer, self._epoch_average)
        elif not self._progress.logs:
            self._progress.metrics = self._measured() | {"epoch": 0.0}
        self._keep()
        self._writer.flush()
        return False

    def _measured(self) -> dict[str, float]:
        """Metrics of an incomplete first epoch: its running means, and the evaluation of the validation pictures."""
        metrics = {name: float(value) for name, value in self._model.get_metrics_result().items()}
        if self._validation is not None:
            feed = Feed(self._validation)
            try:
                measured = self._model.evaluate(feed, verbose=0, return_dict=True)
            finally:
                feed.close()
            metrics |= {f"val_{name}": float(value) for name, value in measured.items()}
        return metrics

    def _keep(self) -> None:
        """End the callbacks, which may set the best weights; the metrics are those of the epoch they are from."""
        best = self._callbacks.best
        if self._epoch:
            averaging.take_averages(self._model)
        self._callbacks.end()
        if not self._epoch:
            return
        epoch = self._before + (self._epoch if best is None else best + 1)
        logs = self._progress.logs[epoch - 1] if 0 < epoch <= len(self._progress.logs) else {}
        self._progress.metrics = dict(logs) | {"epoch": float(epoch)}


def _validation_last(logs: dict[str, float]) -> dict[str, float]:
    """Keras sorts validation metrics by name; here they have the order of the training metrics."""
    validation = {key: logs[key] for name in logs if (key := f"val_{name}") in logs}
    rest = {name: value for name, value in logs.items() if name not in validation}
    training = {name: value for name, value in rest.items() if f"val_{name}" in validation}
    return training | validation | {name: value for name, value in rest.items() if name not in training}
