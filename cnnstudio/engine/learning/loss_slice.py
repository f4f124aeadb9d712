"""The SliceLoss job: the loss of a trained network in a plane through its weights.

After Li, Xu, Taylor, Studer and Goldstein, Visualizing the Loss Landscape of Neural Nets (2018): two random directions,
each filter of which is as long as the filter of the network; what has one axis only (biases, normalisation) stays.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np

from cnnstudio.catalog.context import context_of
from cnnstudio.core.events import Event, Finished
from cnnstudio.core.learning_jobs import LossSliced, SliceLoss
from cnnstudio.core.places import cache_folder
from cnnstudio.datasets.run_pictures import read_located
from cnnstudio.engine import run_models
from cnnstudio.engine.batches import encode_labels
from cnnstudio.engine.building import build, compile_model, set_trainable
from cnnstudio.engine.environment import numpy_of
from cnnstudio.engine.progress import ThrottledProgress, phase
from cnnstudio.engine.training import snapshots
from cnnstudio.engine.training.pictures import Pictures, make_sources, usable_pictures
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.workers.link import Link
from cnnstudio.workers.runs.folder import RunFolder


def slice_loss(job: SliceLoss, link: Link) -> Event:
    """Do the job: a LossSliced event. Raises ProblemError and StopRequested."""
    run = RunFolder(Path(job.run_folder))
    cache = Path(job.cache) if job.cache else cache_folder()
    project = run.spec()
    phase(link, "loading")
    loaded = run_models.load(run.folder).model
    manifest = read_located(run.manifest_path, run.project_folder)
    context = context_of(project, len(manifest.header.class_names), ProjectBases(run.project_folder))
    phase(link, "preparing")
    pictures = usable_pictures(project, manifest, cache, link)
    phase(link, "building")
    built = build(project.network, context, weights=False)
    stage = project.training.last_stage
    set_trainable(built, project.network, context.bases, stage.trainable_from)
    model = built.model
    snapshots.assign(model.weights, [numpy_of(weight) for weight in loaded.weights], "model")
    train, _validation = make_sources(project, context, pictures, pictures.prepared, augment=False)
    compile_model(model, project, context, stage, len(train))
    batch = _batch(pictures, job, context.class_count, context.label_mode)
    phase(link, "measuring")
    kernels = [variable for variable in model.trainable_variables if len(variable.shape) > 1]
    plane = Plane([np.asarray(numpy_of(kernel), np.float32) for kernel in kernels], job.seed)
    progress = ThrottledProgress(link, "points")
    axis = np.linspace(-job.span, job.span, job.points)
    losses = []
    for row, x in enumerate(axis):
        losses.append(tuple(_loss(model, kernels, plane.at(float(x), float(y)), batch, link) for y in axis))
        progress((row + 1) * job.points, job.points ** 2)
    link.emit(LossSliced(losses=tuple(losses), span=job.span, pictures=len(batch[0]), split="train", run=run.id,
                         weights=sum(int(np.prod(kernel.shape)) for kernel in kernels)))
    return Finished(run=run.id)


def _batch(pictures: Pictures, job: SliceLoss, classes: int, label_mode: str) -> tuple[np.ndarray, np.ndarray]:
    """The same pictures for every point: some of the training, drawn by the seed."""
    drawn = np.random.default_rng(job.seed).permutation(len(pictures.train))[:job.most]
    chosen = pictures.train[np.sort(drawn)]
    return pictures.prepared.take(chosen), encode_labels(pictures.labels[chosen], classes, label_mode)


class Plane:
    """The plane through trained kernels: their values at any (x, y), (0, 0) being the trained ones."""

    def __init__(self, kernels: list[np.ndarray], seed: int) -> None:
        drawn = np.random.default_rng(seed)
        self._kernels = kernels
        self._first, self._second = ([filter_direction(kernel, drawn) for kernel in kernels] for _ in range(2))

    def at(self, x: float, y: float) -> list[np.ndarray]:
        return [kernel + np.float32(x) * one + np.float32(y) * other
                for kernel, one, other in zip(self._kernels, self._first, self._second, strict=True)]


def filter_direction(kernel: np.ndarray, drawn: np.random.Generator) -> np.ndarray:
    """A random direction (float32, the shape of the kernel) whose filters, along the last axis, are as long as the
    kernel's."""
    direction = drawn.normal(0, 1, kernel.shape)
    axes = tuple(range(kernel.ndim - 1))
    length = np.sqrt((direction ** 2).sum(axis=axes))
    wanted = np.sqrt((kernel.astype(np.float64) ** 2).sum(axis=axes))
    return np.asarray(direction * (wanted / np.where(length > 0, length, 1)), np.float32)


def _loss(model: Any, kernels: list[Any], values: list[np.ndarray], batch: tuple[np.ndarray, np.ndarray], link: Link) -> float:
    """The loss at a point, without dropout and with the trained statistics of normalisations."""
    link.check()
    for kernel, value in zip(kernels, values, strict=True):
        kernel.assign(value)
    answers = model.predict_on_batch(batch[0])
    loss = keras.losses.get(model.loss)
    return float(np.asarray(numpy_of(keras.ops.mean(loss(keras.ops.convert_to_tensor(batch[1]),
                                                         keras.ops.convert_to_tensor(answers))))))
