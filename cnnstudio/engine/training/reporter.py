"""Batch and Epoch events of a training, and the check for a diverged loss."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from cnnstudio.core.events import Batch, Epoch
from cnnstudio.core.problems import Problem, ProblemError
from cnnstudio.engine.environment import numpy_of, on_gpu
from cnnstudio.workers.link import Link

EVENT_SECONDS: Final = 0.05
_RATE_SECONDS: Final = 1.0
"""Between two events with the learning rate."""


class Reporter:
    """Events of one stage, which is number `stage` and begins after `before` epochs; `planned` epochs are wanted in all.

    Epochs are counted from 0 within the stage; in the events from 1 over all stages.
    """

    def __init__(self, link: Link, stage: int, before: int, planned: int, pictures: int, batch_size: int,
                 diverged: Callable[[int, str, float], Problem]) -> None:
        """`diverged(epoch, batch, rate)` makes the problem of a loss that is no number; `batch` is "" after an epoch."""
        self._link = link
        self._stage = stage
        self._before = before
        self._planned = planned
        self._pictures = pictures
        self._batch_size = batch_size
        self._batches = -(-pictures // batch_size)
        self._last_event = self._last_rate = 0.0
        self._begin = 0.0
        self._paused = 0.0
        self._start = 0
        self._pace = (0.0, 0)
        """Seconds and batches of the epoch before: the first batches of an epoch say little of what is left."""
        self._reported: tuple[int, dict[str, float]] = (0, {})
        self.means: frozenset[str] = frozenset()
        """Metrics that are means over pictures: of the others, events of batches have the values of the epoch so far."""
        self._diverged = diverged
        # On a processor reading a number costs nothing, so that the very batch is known.
        self._reads_all = not on_gpu()
        self._checked = 0

    def epoch_begun(self, start: int) -> None:
        """An epoch begins, or is resumed after `start` batches."""
        self._begin, self._paused, self._start = time.monotonic(), 0.0, start
        self._reported, self._checked = (0, {}), start

    def paused(self, seconds: float) -> None:
        """Subtract a pause from the times."""
        self._paused += seconds

    @property
    def seconds(self) -> float:
        """How long the epoch has taken, without pauses."""
        return time.monotonic() - self._begin - self._paused

    def batch(self, epoch: int, done: int, logs: Mapping[str, Any], rate: Callable[[], float]) -> None:
        """After batch number `done` (from 1): an event, at most every twentieth of a second, since reading the numbers
        makes a GPU wait. Raises ProblemError (nan_loss)."""
        if self._reads_all and "loss" in logs:
            self._check(numbers({"loss": logs["loss"]}), epoch, done, rate)
        now = time.monotonic()
        if now - self._last_event < EVENT_SECONDS and done < self._batches:
            return
        self._last_event = now
        own = self._since_last(min(done * self._batch_size, self._pictures), numbers(logs))
        self._check(own, epoch, done, rate)
        seconds, count = self.seconds, done - self._start
        shown = None
        if now - self._last_rate >= _RATE_SECONDS:
            self._last_rate, shown = now, rate()
        left = (self._planned - self._before - epoch) * self._batches - done
        self._link.emit(Batch(
            epoch=self._before + epoch + 1, batch=done, batches=self._batches, metrics=own, stage=self._stage,
            pictures_per_second=min(count * self._batch_size, self._pictures) / max(seconds, 1e-9),
            seconds_left=left * (seconds + self._pace[0]) / max(count + self._pace[1], 1), learning_rate=shown))

    def epoch(self, epoch: int, logs: dict[str, float], best: bool, best_by: str, seconds: float) -> None:
        """After an epoch that took `seconds` to train; `best_by` is the metric by which it is the best so far, or not."""
        # Of a resumed epoch only the pictures after the break were seen in this time.
        seen = self._pictures - min(self._start * self._batch_size, self._pictures)
        self._pace = (seconds, self._batches - self._start)
        self._link.emit(Epoch(epoch=self._before + epoch + 1, epochs=self._planned, metrics=logs, seconds=seconds,
                              pictures_per_second=seen / max(seconds, 1e-9), best=best, best_by=best_by,
                              stage=self._stage))

    def _since_last(self, seen: int, means: dict[str, float]) -> dict[str, float]:
        """Means over the batches since the last event, from the difference of the running means."""
        before_seen, before = self._reported
        self._reported = (seen, means)
        count = seen - before_seen
        if not before_seen or not count:
            return means
        own = {name: (value * seen - before.get(name, 0.0) * before_seen) / count if name in self.means else value
               for name, value in means.items()}
        return {name: value if name == "loss" else min(1.0, max(0.0, value)) for name, value in own.items()}

    def _check(self, metrics: Mapping[str, float], epoch: int, done: int, rate: Callable[[], float]) -> None:
        first, self._checked = self._checked + 1, done
        self.check_loss(metrics, epoch, rate, f"{done:,}" if first == done else f"{first:,}-{done:,}")

    def check_loss(self, metrics: Mapping[str, float], epoch: int, rate: Callable[[], float], batch: str = "") -> None:
        """Raise ProblemError (nan_loss) for a loss that is infinite or no number, after that batch or ("") an epoch."""
        if not all(math.isfinite(value) for name, value in metrics.items() if name.endswith("loss")):
            raise ProblemError(self._diverged(self._before + epoch + 1, batch, rate()))


def numbers(logs: Mapping[str, Any]) -> dict[str, float]:
    """The backend's numbers as Python's."""
    return {name: float(np.asarray(numpy_of(value))) for name, value in logs.items()}
