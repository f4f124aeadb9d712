"""A child that plays the training of a trial in milliseconds: events, checkpoints and a model as files, no Keras.

The accuracy is a function of the settings of the run. A batch size above 100 fails; the environment says how long an epoch
takes (SEARCH_EPOCH_SECONDS), and may have the child fail with the problem of that code (SEARCH_FAILS).
"""

from __future__ import annotations

import math
import os
import time
from pathlib import Path

from cnnstudio.core.events import Epoch, Event, Failed, Finished, Hello, Stopped
from cnnstudio.core.jobs import Train
from cnnstudio.core.lock import ProjectLock
from cnnstudio.core.problems import error
from cnnstudio.core.project import Project
from cnnstudio.core.search_jobs import LatencyMeasured, MeasureLatency
from cnnstudio.core.text import Text
from cnnstudio.core.trial_jobs import Measured
from cnnstudio.workers.link import Link
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.transport import Endpoint

SECONDS = "SEARCH_EPOCH_SECONDS"
FAILS = "SEARCH_FAILS"


def accuracy(project: Project, epoch: int) -> float:
    """Best at a rate of 0.003, better with a larger batch, growing with the epochs."""
    rate = project.training.last_stage.optimizer.params.get("learning_rate", 0.001)
    best = 0.95 - 0.2 * abs(math.log10(rate / 0.003)) + project.training.batch_size / 2000
    return round(max(0.05, best) * (1 - math.exp(-epoch)) + project.dataset.splits.fold / 1000, 6)


def trains(endpoint: Endpoint) -> None:
    """Do the job."""
    link = Link(endpoint)
    job = link.job()
    if isinstance(job, MeasureLatency):
        link.emit(LatencyMeasured(run=Path(job.run_folder).name, milliseconds=2.5, engine="none", tries=10))
        link.emit(Finished())
        return
    assert isinstance(job, Train)
    run = RunFolder(Path(job.run_folder))
    lock = ProjectLock(run.folder)
    while lock.acquire() is not None:
        time.sleep(0.02)
    link.keep_in(run.folder)
    link.emit(Hello(pid=os.getpid()))
    link.emit(_train(run, link))
    lock.release()
    link.close()


def _train(run: RunFolder, link: Link) -> Event:
    project = run.spec()
    if os.environ.get(FAILS):
        return Failed(problem=error(os.environ[FAILS], Text("It fails.", "Falla."), "run"))
    if project.training.batch_size > 100:
        return Failed(problem=error("memory", Text("There is not enough memory.", "No hay memoria suficiente."), "training"))
    epochs, done = project.training.epochs, len(list(run.checkpoints.glob("epoch-*.ckpt")))
    for epoch in range(done + 1, epochs + 1):
        time.sleep(float(os.environ.get(SECONDS, "0.01")))
        value = accuracy(project, epoch)
        (run.checkpoints / f"epoch-{epoch:04}.ckpt").write_bytes(b"weights")
        link.emit(Epoch(epoch=epoch, epochs=epochs, seconds=0.01, pictures_per_second=1.0, metrics={
            "val_accuracy": value, "val_loss": 1 - value, "accuracy": value, "loss": 1 - value}))
        if link.stop is not None:
            run.model_path.write_bytes(b"model")
            return Stopped(run=run.id, kept=link.stop.keep, metrics={"val_accuracy": value, "val_loss": 1 - value})
    run.model_path.write_bytes(b"model" * 1000)
    link.emit(Measured(memory_mb=80.0, disk_mb=1.0))
    value = accuracy(project, epochs)
    return Finished(run=run.id, metrics={"val_accuracy": value, "val_loss": 1 - value})
