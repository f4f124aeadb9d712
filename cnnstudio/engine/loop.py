"""The training itself: epochs of batches, with pause, stop, checkpoints and events."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from cnnstudio.core.events import Artifact, Batch, Epoch, Notice
from cnnstudio.core.problems import Problem, ProblemError, error, warning
from cnnstudio.core.text import Text
from cnnstudio.core.training import TrainingSpec
from cnnstudio.engine.batches import BatchSource
from cnnstudio.engine.callbacks import Callbacks
from cnnstudio.engine.checkpoints import Place, read_checkpoint, write_checkpoint
from cnnstudio.engine.environment import numpy_of, random_state, restore_random_state
from cnnstudio.engine.steps import Stepper, evaluate
from cnnstudio.workers.link import Link

_TOLD_SECONDS: Final = 0.05


@dataclass
class Outcome:
    """How a training ended; the model then holds the kept weights, and `metrics` are theirs."""

    metrics: dict[str, float] = field(default_factory=dict)
    stopped: bool = False
    keep: bool = True


class Loop:
    """Trains `model` (compiled) on `train`, measures on `validation`, keeps checkpoints in `folder`."""

    def __init__(self, model: Any, training: TrainingSpec, train: BatchSource, validation: BatchSource | None,
                 folder: Path, link: Link) -> None:
        self._model = model
        self._training = training
        self._train = train
        self._validation = validation
        self._folder = folder
        self._link = link
        self._callbacks = Callbacks(training.callbacks, validation is not None,
                                    lambda problem: link.emit(Notice(problem=problem)))
        self._stepper = Stepper(model)
        self._logs: list[dict[str, float]] = []
        self._totals: dict[str, float] = {}
        self._told = 0.0

    def run(self, resume: bool) -> Outcome:
        """Train to the end, or to where the user stops it. Raises ProblemError (nan_loss, no_space...)."""
        self._prepare()
        self._callbacks.begin(self._model)
        place = self._restore() if resume else Place()
        epoch, batch = place.epoch, place.batch
        while epoch < self._training.epochs and not place.finished and not self._model.stop_training:
            seconds = self._epoch(epoch + 1, batch)
            if seconds is None:
                return self._stopped(epoch)
            epoch, batch = epoch + 1, 0
            self._end_epoch(epoch, seconds)
        return self._kept(epoch)

    def _prepare(self) -> None:
        """Make every variable exist, those of the optimizer and the metrics too, before anything is restored."""
        if not self._model.optimizer.built:
            self._model.optimizer.build(self._model.trainable_variables)
        pictures, labels, _ = self._train.make(1, np.arange(min(2, self._train.pictures)))
        before = self._arrays()
        self._model.test_on_batch(pictures, labels)
        self._assign("model", self._variables()["model"], before["model"])
        self._model.reset_metrics()

    def _epoch(self, epoch: int, start: int) -> float | None:
        """Seconds that the epoch took; None when the user stopped it."""
        link, batches = self._link, len(self._train)
        if start == 0:
            self._stepper.reset()
        else:
            self._stepper.resume(start * self._training.batch_size, self._totals)
        begin = time.monotonic()
        waited = 0.0
        source = self._train.epoch(epoch, start)
        try:
            for number, batch in enumerate(source, start=start + 1):
                self._stepper.train(batch)
                self._tell(epoch, number, number - start, time.monotonic() - begin - waited)
                if number == batches:
                    break
                if link.stop is not None:
                    if link.stop.keep:
                        self._checkpoint(epoch - 1, number)
                    return None
                if link.pausing:
                    pause = time.monotonic()
                    self._checkpoint(epoch - 1, number)
                    link.wait_while_paused()
                    waited += time.monotonic() - pause
                    if link.stop is not None:
                        return None
        finally:
            source.close()
        self._check_loss(self._stepper.means(), epoch)
        return time.monotonic() - begin - waited

    def _tell(self, epoch: int, number: int, done: int, seconds: float) -> None:
        """A Batch event, at most every twentieth of a second: reading the numbers makes a GPU wait."""
        batches = len(self._train)
        now = time.monotonic()
        if now - self._told < _TOLD_SECONDS and number < batches:
            return
        self._told = now
        own = self._stepper.own()
        self._check_loss(own, epoch)
        pictures = min(done * self._training.batch_size, self._train.pictures)
        left = (self._training.epochs - epoch + 1) * batches - number
        self._link.emit(Batch(epoch=epoch, batch=number, batches=batches, metrics=own,
                              pictures_per_second=pictures / max(seconds, 1e-9),
                              seconds_left=left * seconds / max(done, 1)))

    def _end_epoch(self, epoch: int, seconds: float) -> None:
        logs = self._stepper.means()
        if self._validation is not None:
            measured = evaluate(self._model, self._validation.epoch(0))
            logs |= {f"val_{name}": value for name, value in measured.items()}
            self._check_loss({"loss": logs["val_loss"]}, epoch)
        logs["learning_rate"] = float(numpy_of(self._model.optimizer.learning_rate))
        self._callbacks.epoch_end(epoch, logs)
        self._logs.append(logs)
        best = self._best(epoch, logs)
        self._link.emit(Epoch(epoch=epoch, epochs=self._training.epochs, metrics=logs, seconds=seconds,
                              pictures_per_second=self._train.pictures / max(seconds, 1e-9), best=best))
        self._checkpoint(epoch, 0)

    def _best(self, epoch: int, logs: dict[str, float]) -> bool:
        found = self._callbacks.best
        if found is not None:
            return found[0] == epoch
        name = "val_loss" if "val_loss" in logs else "loss"
        return all(logs[name] <= earlier.get(name, math.inf) for earlier in self._logs)

    def _check_loss(self, metrics: dict[str, float], epoch: int) -> None:
        if all(math.isfinite(value) for value in metrics.values()):
            return
        rate = float(numpy_of(self._model.optimizer.learning_rate))
        text = Text("The loss became infinite or not a number in epoch {epoch}: the training ran away. Most often the "
                    "learning rate ({rate:g}) is too large: try a tenth of it. Pixels that are not normalised, or a "
                    "last layer that does not fit the loss, do it too. What was reached before is kept.",
                    "La pérdida se hizo infinita o dejó de ser un número en la época {epoch}: el entrenamiento se "
                    "desbocó. Casi siempre la tasa de aprendizaje ({rate:g}) es demasiado grande: pruebe una décima "
                    "parte. También lo causan píxeles sin normalizar o una última capa que no encaja con la pérdida. "
                    "Lo alcanzado antes se conserva.")
        raise ProblemError(error("nan_loss", text.fill(epoch=epoch, rate=rate), "training", field="optimizer"))

    def _stopped(self, epoch: int) -> Outcome:
        """The user stopped within the epoch after `epoch`: the last whole one counts, or the best."""
        stop = self._link.stop
        keep = stop is None or stop.keep
        if not keep:
            return Outcome(stopped=True, keep=False)
        if epoch == 0:
            metrics = self._stepper.means()
            if self._validation is not None:
                measured = evaluate(self._model, self._validation.epoch(0))
                metrics |= {f"val_{name}": value for name, value in measured.items()}
            return Outcome(metrics=metrics | {"epoch": 0.0}, stopped=True)
        if self._callbacks.best is None:
            found = self._last_whole(epoch)
            if found is not None:
                self._assign("model", self._variables()["model"], found)
        outcome = self._kept(epoch)
        outcome.stopped = True
        return outcome

    def _kept(self, epoch: int) -> Outcome:
        """Restore the best weights if a callback wants them; the metrics of the epoch they are from."""
        best = self._callbacks.best
        if best is not None:
            epoch = best[0]
            self._model.set_weights(best[1])
        logs = self._logs[epoch - 1] if 0 < epoch <= len(self._logs) else {}
        return Outcome(metrics=dict(logs) | {"epoch": float(epoch)})

    def _variables(self) -> dict[str, list[Any]]:
        """All that the next step depends on; the seeds of random layers are among the model's variables."""
        metrics = {id(variable) for variable in self._model.metrics_variables}
        return {
            "model": [variable for variable in self._model.variables if id(variable) not in metrics],
            "optimizer": list(self._model.optimizer.variables),
            "metrics": list(self._model.metrics_variables),
        }

    def _arrays(self) -> dict[str, list[np.ndarray]]:
        return {group: [np.array(numpy_of(variable)) for variable in variables]
                for group, variables in self._variables().items()}

    def _checkpoint(self, epoch: int, batch: int) -> None:
        arrays = self._arrays()
        if batch == 0:
            self._whole = (epoch, arrays["model"])
        best = self._callbacks.best
        arrays["best"] = best[1] if best is not None else []
        arrays["random"] = random_state()
        if batch:
            arrays["whole"] = self._last_whole(epoch) or []
        place = Place(epoch=epoch, batch=batch, logs=tuple(self._logs), callbacks=self._callbacks.state(),
                      totals=self._stepper.totals if batch else {}, finished=bool(self._model.stop_training))
        path = write_checkpoint(self._folder, place, arrays)
        self._link.emit(Artifact(kind="checkpoint", path=str(path)))

    _whole: tuple[int, list[np.ndarray]] = (0, [])

    def _last_whole(self, epoch: int) -> list[np.ndarray] | None:
        """The model's variables at the end of that epoch, if they are known."""
        return self._whole[1] if self._whole[0] == epoch and self._whole[1] else None

    def _restore(self) -> Place:
        found = read_checkpoint(self._folder)
        if found is None:
            self._link.emit(Notice(problem=_from_the_start()))
            return Place()
        place, arrays = found
        variables = self._variables()
        for group in ("model", "optimizer", "metrics"):
            self._assign(group, variables[group], arrays.get(group, []))
        restore_random_state(arrays.get("random", []))
        self._logs, self._totals = list(place.logs), dict(place.totals)
        self._callbacks.restore(place.callbacks, arrays.get("best", []))
        self._whole = (place.epoch, arrays["whole"] if place.batch else arrays["model"])
        return place

    def _assign(self, group: str, variables: list[Any], arrays: list[np.ndarray]) -> None:
        if [tuple(variable.shape) for variable in variables] != [array.shape for array in arrays]:
            text = Text("The checkpoint does not fit the network of this run ({group}).",
                        "El punto de control no encaja con la red de este entrenamiento ({group}).")
            raise ProblemError(error("checkpoint_unfit", text.fill(group=group), "run", path=self._folder))
        for variable, array in zip(variables, arrays, strict=True):
            variable.assign(array)


def _from_the_start() -> Problem:
    text = Text("There is no whole checkpoint: the training starts again from the beginning.",
                "No hay ningún punto de control íntegro: el entrenamiento empieza de nuevo.")
    return warning("no_checkpoint", text, "run")
