"""The events of a training as curves: filled live, or from the saved events of a run. No Qt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

import numpy as np

from cnnstudio.core.events import (
    USER,
    Artifact,
    Batch,
    Epoch,
    Event,
    Finished,
    Hello,
    LayersObserved,
    Notice,
    Observed,
    Paused,
    Phase,
    RateChanged,
    Resources,
    Stopped,
)
from cnnstudio.core.text import format_metrics, format_number, tr
from cnnstudio.gui.pages.train.plots.series import Series, Smoothed

SMOOTHING: Final = 0.9
"""The weight of the past in the smoothed curve of batch values, until the user chooses another one."""


MarkKind = Literal["rate", "pause", "break", "checkpoint"]


class Mark(NamedTuple):
    """Something that happened at `x` epochs, with the text of the readout."""

    x: float
    kind: MarkKind
    text: str


class Curves:
    """The curves of one run. `x` is in epochs: batch b of n in epoch e has x = e - 1 + b / n."""

    def __init__(self) -> None:
        self.batch_x = Series()
        self.batch_values: dict[str, Series] = defaultdict(Series)
        self._loads: dict[str, tuple[Series, Series]] = defaultdict(lambda: (Series(), Series()))
        self._smoothed: dict[str, Smoothed] = {}
        self.marks: list[Mark] = []
        self.observed: list[Observed] = []
        """The answers for the observed pictures, oldest first."""
        self.layers: list[LayersObserved] = []
        """The states of the layers, oldest first."""
        self.epoch_x: list[int] = []
        self.epoch_values: dict[str, list[float]] = defaultdict(list)
        self.epochs = 0
        self.best: int | None = None
        self.best_by = ""
        """The metric by which that epoch is the best."""
        self.pictures_per_second: float | None = None
        self.seconds_left: float | None = None
        self.epoch_seconds: float | None = None
        self.phase = ""
        self.device = ""
        self.last_batch: Batch | None = None
        self.over = self.finished = False
        self.stage_begins: dict[int, int] = {}
        """For each stage, counted from 0, the number of epochs before it."""
        self.kept_epoch: int | None = None
        """The epoch whose weights the model has, once the training is over."""

    def take(self, event: Event) -> None:
        """Add the values of an event."""
        if isinstance(event, Batch | Epoch):
            begin = self.stage_begins.get(event.stage, event.epoch - 1)
            self.stage_begins[event.stage] = min(begin, event.epoch - 1)
        if isinstance(event, Batch):
            self._forget_from(event.epoch)
            x = event.epoch - 1 + event.batch / max(1, event.batches)
            self._forget_batches(int(np.searchsorted(self.batch_x.values, x)), x)
            self.last_batch = event
            self.batch_x.append(x)
            for name, value in event.metrics.items():
                self.batch_values[name].append(value)
            self._add_load("pictures_per_second", event.pictures_per_second, x)
            if event.learning_rate is not None:
                self._add_load("learning_rate", event.learning_rate, x)
            self.pictures_per_second = event.pictures_per_second
            self.seconds_left = event.seconds_left
        elif isinstance(event, Epoch):
            self._forget_from(event.epoch)
            self.epochs = event.epochs
            self.epoch_x.append(event.epoch)
            for name, value in event.metrics.items():
                self.epoch_values[name].append(value)
            if "learning_rate" in event.metrics and not self._rate_known_after(event.epoch):
                self._add_load("learning_rate", event.metrics["learning_rate"], float(event.epoch))
            if event.best:
                self.best, self.best_by = event.epoch, event.best_by
            self.pictures_per_second = event.pictures_per_second
            self.epoch_seconds = event.seconds
        elif isinstance(event, Phase):
            self.phase = str(event.text)
        elif isinstance(event, Resources):
            self._take_resources(event)
        elif isinstance(event, RateChanged | Paused | Artifact):
            self._take_mark(event)
        elif isinstance(event, Observed):
            self.observed = [*(told for told in self.observed if _moment(told) < _moment(event)), event]
        elif isinstance(event, LayersObserved):
            self.layers = [*(told for told in self.layers if _moment(told) < _moment(event)), event]
        elif isinstance(event, Hello):
            if self.now:
                self.marks.append(Mark(self.now, "break", tr("resumed", "se continuó")))
            self.device = event.device
            self.phase = ""
            self.over = self.finished = False
            self.kept_epoch = None
        elif isinstance(event, Finished | Stopped):
            self.over = True
            self.finished = isinstance(event, Finished)
            self.kept_epoch = int(event.metrics["epoch"]) if "epoch" in event.metrics else None
            self.seconds_left = None

    @property
    def boundaries(self) -> list[tuple[int, int]]:
        """(number of the stage from 1, epochs before it) of every stage but the first."""
        return [(stage + 1, before) for stage, before in sorted(self.stage_begins.items()) if stage]

    @property
    def gpus(self) -> int:
        """How many GPUs the computer has, where there are several; else 0."""
        return sum(name.startswith("gpu_memory_") for name in self._loads)

    @property
    def now(self) -> float:
        """How many epochs are done, with the part of the one that has begun."""
        batch = self.batch_x.values[-1] if len(self.batch_x) else 0.0
        return float(max(batch, self.epoch_x[-1] if self.epoch_x else 0))

    def load(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """(epochs, values) of a load of the computer, of the learning rate or of the speed."""
        x, values = self._loads[name] if name in self._loads else (Series(), Series())
        return x.values, values.values

    def _rate_known_after(self, epoch: int) -> bool:
        """Whether a change at the end of the epoch told its rate: the Epoch event comes after it, with the rate before."""
        positions = self._loads["learning_rate"][0].values
        return bool(len(positions)) and positions[-1] >= epoch

    def _add_load(self, name: str, value: float, x: float) -> None:
        positions, values = self._loads[name]
        positions.append(x)
        values.append(value)

    def _take_resources(self, event: Resources) -> None:
        now = self.now
        self._add_load("cpu", 100 * event.cpu, now)
        self._add_load("memory", event.memory_mb, now)
        if event.gpus:
            gpu = max(event.gpus, key=lambda load: load.load)
            self._add_load("gpu", 100 * gpu.load, now)
            self._add_load("gpu_memory", gpu.memory_mb, now)
            if gpu.temperature is not None:
                self._add_load("gpu_temperature", gpu.temperature, now)
        if len(event.gpus) > 1:
            for number, each in enumerate(event.gpus, start=1):
                self._add_load(f"gpu_{number}", 100 * each.load, now)
                self._add_load(f"gpu_memory_{number}", each.memory_mb, now)

    def _take_mark(self, event: RateChanged | Paused | Artifact) -> None:
        if isinstance(event, RateChanged):
            who = "" if event.by == USER else f" ({event.by})"
            text = tr("learning rate {before} → {after}", "tasa de aprendizaje {before} → {after}",
                      before=format_number(event.before, ".3g"), after=format_number(event.after, ".3g")) + who
            x = self.now if event.batch else float(event.epoch)
            self.marks.append(Mark(x, "rate", text))
            # A step, not a slope to the next value that is told.
            self._add_load("learning_rate", event.before, x)
            self._add_load("learning_rate", event.after, x)
        elif isinstance(event, Paused):
            self.marks.append(Mark(self.now, "pause", tr("pause", "pausa")))
        elif event.kind == "checkpoint":
            self.marks.append(Mark(self.now, "checkpoint", tr("checkpoint", "punto de control")))

    def _forget_from(self, epoch: int) -> None:
        """Remove the values of an epoch that is repeated after a crash."""
        while self.epoch_x and self.epoch_x[-1] >= epoch:
            self.epoch_x.pop()
            for values in self.epoch_values.values():
                values.pop()
        if self.last_batch is not None and epoch < self.last_batch.epoch:
            self._forget_batches(int(np.searchsorted(self.batch_x.values, epoch - 1, side="right")), epoch - 1 + 1e-9)

    def _forget_batches(self, keep: int, x: float) -> None:
        """Remove the values of batches from `x` on, which are repeated after a crash, in the middle of an epoch, too."""
        if keep >= len(self.batch_x):
            return
        self.batch_x.cut(keep)
        for values in self.batch_values.values():
            values.cut(keep)
        for positions, loads in self._loads.values():
            kept = int(np.searchsorted(positions.values, x))
            positions.cut(kept)
            loads.cut(kept)
        self._smoothed.clear()
        self.marks = [mark for mark in self.marks if mark.x < x]

    def smoothed(self, name: str, weight: float = SMOOTHING) -> np.ndarray:
        """Batch values as an exponential moving average with bias correction."""
        average = self._smoothed.get(name)
        if average is None or average.weight != weight:
            average = self._smoothed[name] = Smoothed(weight)
        return average.of(self.batch_values[name].values if name in self.batch_values else np.empty(0))

    def gaps(self) -> np.ndarray:
        """For each batch value whether whole epochs are unknown before the next one: a line there would be invented."""
        return np.diff(self.batch_x.values) > 1

    def latest(self, name: str) -> float | None:
        """The value of the last epoch."""
        values = self.epoch_values.get(name)
        return values[-1] if values else None

    def at_best(self, name: str) -> float | None:
        """The value of the best epoch so far."""
        if self.best is None or self.best not in self.epoch_x or name not in self.epoch_values:
            return None
        return self.epoch_values[name][self.epoch_x.index(self.best)]


def _moment(event: Observed | LayersObserved) -> tuple[float, int]:
    """The order of such events: the end of an epoch follows all its batches."""
    return (event.epoch - 0.5, event.batch) if event.batch else (event.epoch, 0)


def metrics_in(curves: Curves) -> list[str]:
    """The metrics of a run besides the loss, in their order."""
    return [name for name in dict.fromkeys((*curves.epoch_values, *curves.batch_values))
            if name not in ("loss", "learning_rate") and not name.startswith("val_")]


def format_best(metric: str, *, short: bool = False) -> str:
    """By what an epoch is the best one; `short` where there is little room."""
    known = {"val_loss": (tr("lowest validation loss", "menor pérdida de validación"),
                          tr("lowest val. loss", "menor pérdida val.")),
             "loss": (tr("lowest training loss", "menor pérdida de entrenamiento"), tr("lowest loss", "menor pérdida")),
             "val_accuracy": (tr("highest validation accuracy", "mayor exactitud de validación"),
                              tr("highest val. accuracy", "mayor exactitud val.")),
             "accuracy": (tr("highest training accuracy", "mayor exactitud de entrenamiento"),
                          tr("highest accuracy", "mayor exactitud"))}
    if metric in known:
        return known[metric][short]
    return tr("best {metric}", "mejor {metric}", metric=metric) if metric else tr("best", "mejor")


def curves_of(events: Iterable[Event]) -> Curves:
    """The curves of a finished or running run from its saved events."""
    curves = Curves()
    for event in events:
        curves.take(event)
    return curves


def log_line(event: Event) -> str:
    """The event as a line of the log, "" for events that do not belong there."""
    if isinstance(event, Epoch):
        return f"{event.epoch}/{event.epochs}  {format_metrics(event.metrics)}  {format_number(event.seconds, '.1f')} s"
    if isinstance(event, Phase):
        return str(event.text)
    if isinstance(event, Notice):
        return str(event.problem.text)
    if isinstance(event, Hello):
        return event.device + "  " + "  ".join(f"{name} {version}" for name, version in event.versions.items())
    return ""
