"""The CompareRemedies job: small trainings side by side, each by the program that the bench shows."""

from __future__ import annotations

from typing import Any

from cnnstudio.core.events import Event, Finished
from cnnstudio.core.learning_jobs import CompareRemedies, Remedy, RemedyEpoch
from cnnstudio.engine.progress import ThrottledProgress, phase
from cnnstudio.learning.benches.regularisation.code import data_source, epoch_source, model_source
from cnnstudio.workers.link import Link


def compare_remedies(job: CompareRemedies, link: Link) -> Event:
    """Do the job: a RemedyEpoch event for every epoch of every network. Raises StopRequested."""
    phase(link, "building")
    runners = [_Runner(job, remedy) for remedy in job.remedies]
    phase(link, "training")
    progress = ThrottledProgress(link, "epochs")
    for epoch in range(job.epochs):
        for place, runner in enumerate(runners):
            link.check()
            loss, accuracy, val_loss, val_accuracy = runner.learn(epoch)
            link.emit(RemedyEpoch(place=place, epoch=epoch + 1, epochs=job.epochs, loss=loss, accuracy=accuracy,
                                  val_loss=val_loss, val_accuracy=val_accuracy))
            progress(epoch * len(runners) + place + 1, job.epochs * len(runners))
    return Finished()


class _Runner:
    """One network in training."""

    def __init__(self, job: CompareRemedies, remedy: Remedy) -> None:
        self._names: dict[str, Any] = {}
        exec(f"{data_source(job.data, job.seed)}\n\n{model_source(remedy, job.learning_rate)}", self._names)  # our own text
        self._names["model"] = self._names["make_model"]()
        self._epoch = compile(epoch_source(remedy), "epoch", "exec")

    def learn(self, epoch: int) -> list[float]:
        """One epoch, and what it led to."""
        self._names["epoch"] = epoch
        exec(self._epoch, self._names)
        measured: list[float] = self._names["measure"](self._names["model"])
        return measured
