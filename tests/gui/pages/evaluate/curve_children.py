"""Scripted children that measure a learning curve, without Keras, and without Qt so that it starts quickly."""

from __future__ import annotations

from pathlib import Path

from cnnstudio.core.events import Failed, Finished
from cnnstudio.core.problems import error
from cnnstudio.core.text import same
from cnnstudio.core.trial_jobs import CurveFitted, CurvePoint, LearningCurve
from cnnstudio.workers.link import Link
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.runs.learning_curves import fitted_curve, keep_curve
from cnnstudio.workers.transport import Endpoint

CLASSES = ("cat", "dog")


def points(run: str, rising: bool = True) -> tuple[CurvePoint, ...]:
    """Points of a curve whose dogs are learned slowly, or of one that is flat at its top."""
    found = []
    for seed, size in enumerate((20, 40, 80, 160)):
        cats, dogs = (1980, 1000 + 4 * size) if rising else (1990, 1990)
        found.append(CurvePoint(run=run, split="test", pictures=size, accuracy=(cats + dogs) / 4000, interval=(0.5, 0.9),
                                of=4000, seed=seed, rights=(cats, dogs), supports=(2000, 2000),
                                learned=(size // 2, size // 2)))
    return tuple(found)


def curve(run: str, rising: bool = True) -> CurveFitted:
    return fitted_curve(run, "test", points(run, rising), CLASSES, 1)


def child(endpoint: Endpoint) -> None:
    """A job that measures a rising curve."""
    link = Link(endpoint)
    job = link.job()
    assert isinstance(job, LearningCurve)
    run = RunFolder(Path(job.run_folder))
    for point in points(run.id):
        link.emit(point)
    keep_curve(run, curve(run.id))
    link.emit(curve(run.id))
    link.emit(Finished(run=run.id))


def failing_child(endpoint: Endpoint) -> None:
    link = Link(endpoint)
    link.job()
    link.emit(Failed(problem=error("one_class", same("At least two classes are needed."), "dataset")))
