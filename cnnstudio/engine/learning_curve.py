"""The LearningCurve job: the training of a run, repeated on shares of its pictures."""

from __future__ import annotations

import dataclasses
import math
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import keras
import msgspec
import numpy as np

from cnnstudio.catalog.context import Context, context_of
from cnnstudio.core.commands import Stop
from cnnstudio.core.events import Event, Finished, Notice
from cnnstudio.core.intervals import wilson_interval
from cnnstudio.core.network import BASE
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.project import Project
from cnnstudio.core.renamed_classes import present_names
from cnnstudio.core.trial_jobs import CurveFitted, CurvePoint, LearningCurve
from cnnstudio.datasets.run_pictures import read_located
from cnnstudio.engine import features, model_card
from cnnstudio.engine.building import Built, build
from cnnstudio.engine.evaluation import measured_entries, nothing_usable_problem
from cnnstudio.engine.pixels import Prepared, prepare_pictures
from cnnstudio.engine.progress import ThrottledProgress, phase
from cnnstudio.engine.training.pictures import Pictures, usable_pictures
from cnnstudio.engine.training.plan import Plan
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.workers.link import Link
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.runs.learning_curves import fitted_curve, keep_curve

_BATCH: Final = 64


class _Quiet(Link):
    """The job's link for one of its trainings, of which nothing is shown but how far all of them are."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def emit(self, event: Event) -> None:
        pass

    def check(self) -> None:
        self._link.check()

    def agree(self, at_once: bool = False) -> None:
        self._link.agree(at_once)

    @property
    def stop(self) -> Stop | None:
        return self._link.stop

    pausing = has_wishes = False

    def wish(self, kind: Any) -> None:
        return None


class _Work(NamedTuple):
    """What all trainings share."""

    project: Project
    context: Context
    pictures: Pictures
    measured: Prepared
    good: np.ndarray
    labels: np.ndarray
    cache: Path
    link: Link


def learning_curve(job: LearningCurve, link: Link) -> Event:
    """Do the job: a CurvePoint for every training and a CurveFitted at the end. Raises ProblemError and StopRequested."""
    run = RunFolder(Path(job.run_folder))
    cache = Path(job.cache) if job.cache else cache_folder()
    project, stages = _repeated_stages(run.spec())
    manifest = read_located(run.manifest_path, run.project_folder, as_trained=True)
    names = manifest.header.class_names
    context = context_of(project, len(names), ProjectBases(run.project_folder))
    phase(link, "preparing")
    pictures = usable_pictures(project, manifest, cache, link)
    entries = measured_entries(manifest, job.split, names)
    measured = prepare_pictures([manifest.path(entry) for entry in entries], project.recipe, cache,
                                progress=ThrottledProgress(link), check=link.check)
    good = measured.good
    if not len(good):
        raise ProblemError(nothing_usable_problem(job.split, manifest))
    labels = np.asarray([entries[index].label for index in good.tolist()], np.int64)
    work = _Work(project, context, pictures, measured, good, labels, cache, link)
    phase(link, "training")
    progress = ThrottledProgress(link, "steps")
    trainings = [(share, seed) for seed in range(job.repeats) for share in sorted(job.shares)]
    points: list[CurvePoint] = []
    for number, (share, seed) in enumerate(trainings):
        progress(number, len(trainings))
        part = stratified_share(pictures.labels[pictures.train], share, project.training.seed + seed)
        answers = _train(work, pictures.train[part], seed, min(job.longest, 1 / share))
        right = answers == labels
        point = CurvePoint(
            run=run.id, split=job.split, pictures=len(part), accuracy=float(right.mean()),
            interval=wilson_interval(float(right.mean()), len(right)), of=len(right), seed=seed,
            rights=_counted(labels[right], len(names)), supports=_counted(labels, len(names)),
            learned=_counted(pictures.labels[pictures.train[part]], len(names)))
        points.append(point)
        link.emit(point)
    event: CurveFitted = fitted_curve(run.id, job.split, points, present_names(run.folder, names), stages)
    problem = keep_curve(run, event)
    if problem is not None:
        link.emit(Notice(problem=problem))
    link.emit(event)
    return Finished(run=run.id)


def stratified_share(labels: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Numbers of a share of the pictures: of each class that share, at least one. Smaller shares are a part of larger ones."""
    chosen = []
    for number in np.unique(labels):
        members = np.random.default_rng([seed, int(number)]).permutation(np.flatnonzero(labels == number))
        chosen.append(members[:max(1, round(share * len(members)))])
    return np.sort(np.concatenate(chosen))


def _repeated_stages(project: Project) -> tuple[Project, int]:
    """The project with the stages that are repeated, and how many: those in which a base is frozen, if there are such, whose
    features serve all trainings; else all."""
    if not any(node.type == BASE for node in project.network.nodes):
        return project, len(project.training.stages)
    frozen = [stage for stage in project.training.stages if stage.trainable_from == "none"]
    stages = tuple(frozen) or project.training.stages
    return msgspec.structs.replace(project, training=msgspec.structs.replace(project.training, stages=stages)), len(stages)


def _train(work: _Work, train: np.ndarray, seed: int, longer: float) -> np.ndarray:
    """Train on these pictures; the class numbers that the model answers for the measured ones."""
    training = work.project.training
    stages = tuple(msgspec.structs.replace(stage, epochs=math.ceil(stage.epochs * longer)) for stage in training.stages)
    project = msgspec.structs.replace(work.project, training=msgspec.structs.replace(
        training, stages=stages, seed=training.seed + seed))
    keras.backend.clear_session()
    keras.utils.set_random_seed(project.training.seed)
    built = build(project.network, work.context, precision=project.training.precision)
    quiet = _Quiet(work.link)
    (work.cache / "curve").mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(dir=work.cache / "curve"))
    try:
        run = RunFolder(place / "runs" / "share")
        run.checkpoints.mkdir(parents=True)
        card = model_card.Card(recipe=project.recipe, class_names=work.pictures.class_names, label_mode=work.context.label_mode)
        pictures = dataclasses.replace(work.pictures, train=train)
        Plan(run, project, work.context, built, pictures, work.cache, quiet, card).run(False)
        work.link.check()
    finally:
        shutil.rmtree(place, ignore_errors=True)
    model, rows = _model_and_rows(work, project, built, quiet)
    answers = [keras.ops.convert_to_numpy(model.predict_on_batch(rows(work.good[begin:begin + _BATCH])))
               for begin in range(0, len(work.good), _BATCH)]
    return np.asarray(model_card.probabilities(np.concatenate(answers), work.context.label_mode).argmax(axis=1))


def _model_and_rows(work: _Work, project: Project, built: Built, link: Link
                    ) -> tuple[Any, Callable[[np.ndarray], np.ndarray]]:
    """The head and kept features where all of the training was on them, else the whole model and pixels."""
    cuts = [features.find_cut(project, built, stage.trainable_from) for stage in project.training.stages]
    if all(cut is not None and features.fits(cut, len(work.good)) for cut in cuts):
        cut = cuts[-1]
        assert cut is not None
        held, _engine = features.compute(cut, work.measured, project, work.cache, link)
        return cut.head, held.take
    return built.model, work.measured.take


def _counted(labels: np.ndarray, count: int) -> tuple[int, ...]:
    return tuple(np.bincount(labels, minlength=count).tolist())
