"""The usable pictures of a training, and their batches."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from cnnstudio.catalog.augmenting import MIXING, make_augmenter, make_mixer
from cnnstudio.catalog.context import Context
from cnnstudio.core.class_balance import class_weights, drawn_counts
from cnnstudio.core.events import Notice
from cnnstudio.core.problems import Problem, ProblemError, error, warning
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text
from cnnstudio.datasets.manifest import Entry, Manifest
from cnnstudio.datasets.run_pictures import pictures_gone_problem
from cnnstudio.engine.batches import BatchSource, encode_labels
from cnnstudio.engine.devices import parts, validation_batch
from cnnstudio.engine.pixels import Prepared, notices, prepare_pictures
from cnnstudio.engine.progress import ThrottledProgress
from cnnstudio.network.checks import mixing_problem
from cnnstudio.workers.link import Link

_RANK_SEED: Final = 1_000_003


@dataclass(frozen=True)
class Pictures:
    """The usable pictures of the splits that a training needs: positions in `prepared`, and class numbers.

    Where `world` processes train together, they are the share of number `rank`; each shows `shown` of them in an epoch, and
    `counts` are the training pictures of each class in all shares.
    """

    prepared: Prepared
    train: np.ndarray
    validation: np.ndarray
    labels: np.ndarray
    paths: tuple[Path, ...]
    class_names: tuple[str, ...]
    world: int = 1
    rank: int = 0
    shown: int | None = None
    counts: tuple[int, ...] | None = None


def usable_pictures(project: Project, manifest: Manifest, cache: Path, link: Link) -> Pictures:
    """The pictures of the training and validation splits as pixels; reports those that cannot be used. Raises
    ProblemError where none is left to train on."""
    entries = [entry for entry in manifest.entries if entry.split in ("train", "validation") and entry.label >= 0]
    paths = [manifest.path(entry) for entry in entries]
    prepared = prepare_pictures(paths, project.recipe, cache, progress=ThrottledProgress(link), check=link.check)
    for problem in notices(prepared):
        link.emit(Notice(problem=problem))
    good = prepared.rows != -1
    labels = np.asarray([entry.label for entry in entries], np.int32)
    splits = np.asarray([entry.split for entry in entries])
    train_indices = np.flatnonzero(good & (splits == "train"))
    validation = np.flatnonzero(good & (splits == "validation"))
    if not len(train_indices):
        raise ProblemError(_nothing_left(manifest, entries))
    absent = [name for number, name in enumerate(manifest.header.class_names)
              if not (labels[train_indices] == number).any()]
    if absent:
        text = Text("No training pictures are left for: {names}. The network cannot learn these classes. Add pictures or "
                    "hide the classes.",
                    "No quedan imágenes de entrenamiento de: {names}. La red no puede aprender esas clases. Añada imágenes u "
                    "oculte las clases.")
        link.emit(Notice(problem=warning("missing_class", text.fill(names=", ".join(absent)), "dataset")))
    return Pictures(prepared, train_indices, validation, labels, tuple(paths), tuple(manifest.header.class_names))


def make_sources(project: Project, context: Context, pictures: Pictures, held: Prepared, augment: bool
                 ) -> tuple[BatchSource, BatchSource | None]:
    """Batches for training and, if there are such pictures, for validation; `held` are the pixels, or their features
    (then nothing is augmented)."""
    training, recipe = project.training, project.recipe
    encoded = encode_labels(pictures.labels, context.class_count, context.label_mode)
    steps = msgspec.to_builtins(project.augmentation.active)
    augmenter = make_augmenter(steps, recipe.height, recipe.width, recipe.channels) if steps and augment else None
    mixer = make_mixer(steps, recipe.height, recipe.width) if augment else None
    if mixer is not None and mixer.does_nothing:
        mixer = None
    if mixer is not None and context.label_mode == "int":
        raise ProblemError(mixing_problem(next(step for step in project.augmentation.active if step.type in MIXING)))
    numbers = pictures.labels[pictures.train]
    counts = pictures.counts or np.bincount(numbers, minlength=context.class_count).tolist()
    drawn = drawn_counts(counts, training.oversampling)
    of_class = class_weights(training, pictures.class_names or tuple(map(str, range(context.class_count))), drawn)
    weights = None if of_class is None else np.asarray(of_class, np.float32)[numbers]
    oversampled = {"classes": numbers, "drawn": drawn} if training.oversampling else {}

    def source(indices: np.ndarray, batch_size: int, **options: Any) -> BatchSource:
        # Each rank draws in its own way; the first as a process that trains alone.
        return BatchSource(lambda places: held.take(indices[places]), encoded[indices], batch_size,
                           seed=training.seed + _RANK_SEED * pictures.rank, world=pictures.world, **options)

    measured, batch_size = len(pictures.validation), training.batch_size // pictures.world
    validation = source(pictures.validation, validation_batch(measured, batch_size)) if measured else None
    return source(pictures.train, batch_size, shuffle=True, augmenter=augmenter, mixer=mixer, weights=weights,
                  multiple=parts(), most=pictures.shown, **oversampled), validation


def _nothing_left(manifest: Manifest, entries: list[Entry]) -> Problem:
    if not Path(manifest.header.root).is_dir():
        return pictures_gone_problem(manifest)
    text = Text("None of the training pictures ({n}) can be used. See Quality on the Data page for the reasons.",
                "No se puede usar ninguna de las imágenes de entrenamiento ({n}). En la página Datos, Calidad muestra los "
                "motivos.")
    return error("no_pictures", text.fill(n=sum(entry.split == "train" for entry in entries)), "dataset",
                 path=manifest.header.root)
