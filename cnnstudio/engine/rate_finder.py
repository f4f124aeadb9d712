"""The TryRates job: a learning rate that grows from batch to batch, and what the loss says of it.

The range test is Smith's (Cyclical Learning Rates for Training Neural Networks, 2017, section 3.3); the four rules are
those by which fastai reads its curve (https://docs.fast.ai/callback.schedule.html#lrfinder).
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Final

import keras
import msgspec
import numpy as np

from cnnstudio.catalog.context import context_of
from cnnstudio.core.events import Event, Finished
from cnnstudio.core.item import Item
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.core.trial_jobs import RatesTried, TryRates
from cnnstudio.datasets.run_pictures import read_located
from cnnstudio.engine import features
from cnnstudio.engine.batches import BatchSource
from cnnstudio.engine.building import build, compile_model, set_trainable
from cnnstudio.engine.environment import numpy_of
from cnnstudio.engine.progress import ThrottledProgress, phase
from cnnstudio.engine.training.feed import Feed
from cnnstudio.engine.training.pictures import make_sources, usable_pictures
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.workers.link import Link

_SMOOTHING: Final = 0.98
"""The share of the earlier losses in the smoothed one; the start is corrected, as in Adam."""
_RUNS_AWAY: Final = 4.0
"""The curve ends where the loss is so many times its lowest."""
_FEWEST: Final = 12
"""With fewer points the rules mean nothing."""
_FALL: Final = 3
"""Points of a fall, at the least."""


def try_rates(job: TryRates, link: Link) -> Event:
    """Do the job: a RatesTried event. Raises ProblemError and StopRequested."""
    folder = Path(job.project_folder)
    project = job.project
    stage = project.training.stage(job.stage) or project.training.stages[0]
    # A schedule reaches the next batch on every backend; JAX reads a rate that a callback sets only after the epoch.
    growing = Item(type="ExponentialDecay", params={
        "initial_learning_rate": job.lowest, "decay_steps": max(1, job.steps - 1), "decay_rate": job.highest / job.lowest})
    stage = msgspec.structs.replace(stage, schedule=growing)
    project = msgspec.structs.replace(project, training=msgspec.structs.replace(project.training, accumulation=1))
    cache = Path(job.cache) if job.cache else cache_folder()
    manifest = read_located(Path(job.manifest), folder)
    context = context_of(project, len(manifest.header.class_names), ProjectBases(folder))
    phase(link, "preparing")
    pictures = usable_pictures(project, manifest, cache, link)
    phase(link, "building")
    keras.utils.set_random_seed(project.training.seed)
    built = build(project.network, context, precision=project.training.precision)
    set_trainable(built, project.network, context.bases, stage.trainable_from)
    model, held = built.model, pictures.prepared
    cut = features.find_cut(project, built, stage.trainable_from)
    if cut is not None and features.fits(cut, len(held.rows)):
        held, _engine = features.compute(cut, held, project, cache, link)
        model = cut.head
    source, _validation = make_sources(project, context, pictures, held, augment=model is built.model)
    compile_model(model, project, context, stage, len(source))
    phase(link, "training")
    recorder = _Recorder(job, source, link)
    _fit(model, source, recorder, job.steps)
    if len(recorder.losses) < _FEWEST:
        text = Text("The loss ran away within the first {n} batches, at a learning rate of {rate}: the network does not learn "
                    "at any rate in this range.",
                    "La pérdida se disparó en los primeros {n} lotes, con una tasa de aprendizaje de {rate}: la red no aprende "
                    "con ninguna tasa de este intervalo.")
        raise ProblemError(error("rates_diverge", text.fill(n=len(recorder.losses), rate=f"{recorder.rate:.1e}"), "training"))
    losses = smoothed(recorder.losses)
    link.emit(RatesTried(curve=tuple(zip(recorder.rates, losses.tolist(), strict=True)),
                         suggestions=suggestions(np.asarray(recorder.rates), losses), diverged=recorder.diverged))
    return Finished()


def _fit(model: Any, source: BatchSource, recorder: _Recorder, steps: int) -> None:
    """Batches of as many epochs as it takes; the last one is left in its middle."""
    epochs = math.ceil(steps / len(source))
    for epoch in range(1, epochs + 1):
        feed = Feed(source, epoch=epoch)
        try:
            model.fit(feed, verbose=0, shuffle=False, callbacks=[recorder])
        except _Over:
            return
        finally:
            feed.close()


class _Over(Exception):
    """Raised to leave `fit` when all is known."""


class _Recorder(keras.callbacks.Callback):  # type: ignore[misc]
    """Keeps the rate and the loss of every batch."""

    def __init__(self, job: TryRates, source: BatchSource, link: Link) -> None:
        super().__init__()
        self._job, self._source, self._link = job, source, link
        self._progress = ThrottledProgress(link, "batches")
        self._sum, self._seen = 0.0, 0
        self.rates: list[float] = []
        self.losses: list[float] = []
        self.diverged = False

    @property
    def rate(self) -> float:
        """The rate of the present batch, as the schedule gives it."""
        share = len(self.losses) / max(1, self._job.steps - 1)
        return float(self._job.lowest * (self._job.highest / self._job.lowest) ** share)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._sum, self._seen = 0.0, 0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._link.check()
        loss = self._own_loss(float(np.asarray(numpy_of((logs or {})["loss"]))))
        rate, losses = self.rate, [*self.losses, loss]
        if not math.isfinite(loss) or smoothed(losses)[-1] > _RUNS_AWAY * smoothed(losses).min():
            self.diverged = True
            raise _Over
        self.rates.append(rate)
        self.losses.append(loss)
        self._progress(len(losses), self._job.steps)
        if len(losses) == self._job.steps:
            raise _Over

    def _own_loss(self, mean: float) -> float:
        """The loss of this batch alone: Keras tells the mean over the pictures of the epoch so far."""
        count = min(self._source.batch_size, self._source.pictures - self._seen)
        before, self._seen = self._sum, self._seen + count
        self._sum = mean * self._seen
        return (self._sum - before) / count


def smoothed(losses: list[float]) -> np.ndarray:
    """The exponential mean of losses (n,), corrected for its start."""
    result, mean = [], 0.0
    for number, loss in enumerate(losses, 1):
        mean = _SMOOTHING * mean + (1 - _SMOOTHING) * loss
        result.append(mean / (1 - _SMOOTHING ** number))
    return np.asarray(result)


def suggestions(rates: np.ndarray, losses: np.ndarray) -> dict[str, float]:
    """Rates (n,) and smoothed losses (n,), n >= 12, as four rules read them; the first tenth, where little is averaged yet,
    and the last five, where the loss runs away, are left out.

    valley: half-way along the longest fall. steep: where the loss falls fastest; both up to the lowest loss, since what
    falls later falls from a network that the rate has spoiled. minimum: a tenth of the rate of the lowest loss. slide: before
    the loss begins to climb for good.
    """
    used = slice(len(losses) // 10, -5)
    rates, losses = rates[used], losses[used]
    slope = np.gradient(losses)
    lowest, slide = int(losses.argmin()), _slide(slope)
    # A loss that only climbs has no fall before its lowest place.
    end = lowest + 1 if lowest >= _FALL else len(losses)
    return {"valley": float(rates[_valley(losses[:end])]), "steep": float(rates[int(slope[:end].argmin())]),
            "minimum": float(rates[lowest] / 10), "slide": float(rates[lowest if slide is None else slide])}


def _valley(losses: np.ndarray) -> int:
    """Half-way through the middle third of the longest falling subsequence (not of neighbours alone)."""
    lengths = np.ones(len(losses), int)
    for place in range(1, len(losses)):
        higher = lengths[:place][losses[:place] > losses[place]]
        if len(higher):
            lengths[place] = higher.max() + 1
    end = int(lengths.argmax())
    start = end
    # Back along one such subsequence.
    for length in range(int(lengths[end]) - 1, 0, -1):
        earlier = np.flatnonzero((lengths[:start] == length) & (losses[:start] > losses[start]))
        start = int(earlier[-1])
    third = (end - start) / 3
    return start + int(third + third / 2)


def _slide(slope: np.ndarray, distance: int = 15, threshold: float = 0.005) -> int | None:
    """From the end backwards, the first place where the slope hardly differs from that `distance` batches later; None if
    there is none, as in a curve of few points."""
    distance = min(distance, len(slope) - 1)
    later = len(slope) - 1
    while later - distance > 0 and abs(slope[later] - slope[later - distance]) > threshold:
        later -= 1
    return int(later - distance) if later > distance else None
