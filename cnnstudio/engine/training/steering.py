"""What the user wishes while a stage trains: another learning rate, the answers for some pictures, a look into the layers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import msgspec

from cnnstudio.core.commands import Observe, ObserveLayers, SetLearningRate
from cnnstudio.core.events import USER, Notice, RateChanged
from cnnstudio.core.problems import warning
from cnnstudio.core.text import Text
from cnnstudio.engine.environment import numpy_of
from cnnstudio.engine.training.layer_observer import LayerObserver
from cnnstudio.engine.training.observing import Observer
from cnnstudio.workers.link import Link


class Steering:
    """Heeds the wishes between two batches of stage number `stage`, whose epochs are counted from `before`."""

    def __init__(self, link: Link, model: Any, observer: Observer, layers: LayerObserver, stage: int, before: int
                 ) -> None:
        self._link = link
        self._model = model
        self._observer = observer
        self._layers = layers
        self._stage = stage
        self._before = before

    def heed(self, epoch: int, batch: int) -> None:
        """After `batch` batches of an epoch, counted from 0 within the stage; 0: at the end of the one before it. The
        model's variables are up to date."""
        at = self._before + epoch + (1 if batch else 0)
        rate = self._link.wish(SetLearningRate)
        if rate is not None:
            self._set_rate(rate.rate, at, batch)
        pictures = self._link.wish(Observe)
        if pictures is not None:
            self._observer.choose(pictures)
        if self._observer.active and (pictures is not None or not batch):
            self._observer.tell(at, batch)
        inside = self._link.wish(ObserveLayers)
        if inside is not None:
            self._layers.choose(inside.rows)
        if self._layers.active and (inside is not None or not batch):
            self._layers.tell(at, batch)

    def batch_done(self, done: int, batches: int, sync: Callable[[], None]) -> None:
        """After `done` of `batches` batches of an epoch, 0 before the first; `sync` brings the variables up to date."""
        self._layers.batch_done(done, batches, sync)

    def rate_changed(self, epoch: int, before: float, after: float, by: str) -> None:
        """A callback changed the rate at the end of `epoch`, counted from 0 within the stage."""
        self._link.emit(RateChanged(epoch=self._before + epoch + 1, batch=0, before=before, after=after, by=by,
                                    stage=self._stage))

    @property
    def wanted(self) -> bool:
        """Whether there is a wish to heed."""
        return self._link.has_wishes

    def _set_rate(self, rate: float, epoch: int, batch: int) -> None:
        optimizer = self._model.optimizer
        before = float(numpy_of(optimizer.learning_rate))
        if not (math.isfinite(rate) and rate > 0):
            self._refuse(Text("The learning rate must be a positive number.",
                              "La tasa de aprendizaje debe ser un número positivo."))
            return
        try:
            optimizer.learning_rate = rate
        except TypeError:  # Keras: a schedule gives the rate of every step
            self._refuse(Text(
                "The learning rate of this stage follows a schedule, so it cannot be changed by hand. Stop the training and "
                "continue it with other settings.",
                "La tasa de aprendizaje de esta etapa sigue un plan, así que no se puede cambiar a mano. Detenga el "
                "entrenamiento y continúelo con otros ajustes."))
            return
        after = float(numpy_of(optimizer.learning_rate))
        self._link.emit(RateChanged(epoch=epoch, batch=batch, before=before, after=after, by=USER, stage=self._stage))

    def _refuse(self, text: Text) -> None:
        problem = warning("rate_not_set", text, "training", field="optimizer")
        self._link.emit(Notice(problem=msgspec.structs.replace(problem, severity="info")))
