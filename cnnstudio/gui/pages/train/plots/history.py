"""The events of a training as curves: filled live, or from the saved events of a run. No Qt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

from cnnstudio.core.events import Batch, Epoch, Event, Finished, Hello, Notice, Phase, Stopped
from cnnstudio.core.text import format_metrics, format_number, tr

SMOOTHING = 0.9
"""The weight of the past in the smoothed curve of batch values."""


class Curves:
    """The curves of one run. `x` is in epochs: batch b of n in epoch e has x = e - 1 + b / n."""

    def __init__(self) -> None:
        self.batch_x: list[float] = []
        self.batch_values: dict[str, list[float]] = defaultdict(list)
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
            self._forget_batches(sum(1 for position in self.batch_x if position < x)
                                 if self.batch_x and self.batch_x[-1] >= x else len(self.batch_x))
            self.last_batch = event
            self.batch_x.append(x)
            for name, value in event.metrics.items():
                self.batch_values[name].append(value)
            self.pictures_per_second = event.pictures_per_second
            self.seconds_left = event.seconds_left
        elif isinstance(event, Epoch):
            self._forget_from(event.epoch)
            self.epochs = event.epochs
            self.epoch_x.append(event.epoch)
            for name, value in event.metrics.items():
                self.epoch_values[name].append(value)
            if event.best:
                self.best, self.best_by = event.epoch, event.best_by
            self.pictures_per_second = event.pictures_per_second
            self.epoch_seconds = event.seconds
        elif isinstance(event, Phase):
            self.phase = str(event.text)
        elif isinstance(event, Hello):
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

    def _forget_from(self, epoch: int) -> None:
        """Remove the values of an epoch that is repeated after a crash."""
        while self.epoch_x and self.epoch_x[-1] >= epoch:
            self.epoch_x.pop()
            for values in self.epoch_values.values():
                values.pop()
        if self.last_batch is not None and epoch < self.last_batch.epoch:
            self._forget_batches(sum(1 for x in self.batch_x if x <= epoch - 1))

    def _forget_batches(self, keep: int) -> None:
        """Remove the values of batches that are repeated after a crash, in the middle of an epoch, too."""
        del self.batch_x[keep:]
        for values in self.batch_values.values():
            del values[keep:]

    def smoothed(self, name: str) -> list[float]:
        """Batch values as an exponential moving average with bias correction."""
        result: list[float] = []
        average = weight = 0.0
        for value in self.batch_values.get(name, ()):
            average = SMOOTHING * average + (1 - SMOOTHING) * value
            weight = SMOOTHING * weight + (1 - SMOOTHING)
            result.append(average / weight)
        return result

    def gaps(self) -> list[bool]:
        """For each batch value whether whole epochs are unknown before the next one: a line there would be invented."""
        return [after - before > 1 for before, after in pairwise(self.batch_x)]

    def latest(self, name: str) -> float | None:
        """The value of the last epoch."""
        values = self.epoch_values.get(name)
        return values[-1] if values else None

    def at_best(self, name: str) -> float | None:
        """The value of the best epoch so far."""
        if self.best is None or self.best not in self.epoch_x or name not in self.epoch_values:
            return None
        return self.epoch_values[name][self.epoch_x.index(self.best)]


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
