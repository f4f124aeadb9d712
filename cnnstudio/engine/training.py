"""The Train job: from a run folder to its model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import msgspec
import numpy as np

from cnnstudio.catalog.augmenting import MIXING, make_augmenter, make_mixer
from cnnstudio.catalog.context import Context, context_of
from cnnstudio.core.commands import Train
from cnnstudio.core.events import AnyEvent, Artifact, Finished, Notice, Stopped
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import Problem, ProblemError, error, warning
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text
from cnnstudio.core.workplace import use_folder
from cnnstudio.datasets.manifest import Entry, Manifest, read_manifest
from cnnstudio.engine import features
from cnnstudio.engine.batches import BatchSource, balanced_weights, encode_labels
from cnnstudio.engine.building import Built, build, compile_model
from cnnstudio.engine.loop import Loop, Outcome
from cnnstudio.engine.models import Card, save_model
from cnnstudio.engine.phases import Told, phase
from cnnstudio.engine.pixels import Prepared, notices, prepare_pictures
from cnnstudio.network.checks import mixing_refused
from cnnstudio.workers.link import Link
from cnnstudio.workers.runs import RunFolder


@dataclass(frozen=True)
class Pictures:
    """The usable pictures of the splits that a training needs: positions in `prepared`, and class numbers."""

    prepared: Prepared
    train: np.ndarray
    validation: np.ndarray
    labels: np.ndarray


def train(job: Train, link: Link) -> AnyEvent:
    """Do the job; answers the last event. Raises ProblemError and StopRequested."""
    run = RunFolder(Path(job.run_folder))
    cache = Path(job.cache) if job.cache else cache_folder()
    use_folder(run.project_folder)
    project = run.spec()
    manifest = read_manifest(run.manifest_path)
    context = context_of(project, len(manifest.header.class_names))
    phase(link, "preparing")
    pictures = _pictures(project, manifest, cache, link)
    phase(link, "building")
    keras.utils.set_random_seed(project.training.seed)
    built = build(project.network, context)
    link.check()
    trained, held = built.model, pictures.prepared
    found = features.cut(project, built)
    if found is not None and features.fits(found, len(held.rows)):
        held, engine = features.compute(found, pictures.prepared, project, cache, link)
        trained = found.head
        link.emit(Notice(problem=_features_notice(engine)))
    compile_model(trained, project, context)
    phase(link, "training")
    sources = _sources(project, context, pictures, held, augment=trained is built.model)
    outcome = Loop(trained, project.training, *sources, run.checkpoints, link).run(job.resume)
    if not outcome.keep:
        return Stopped(run=run.id, kept=False)
    return _saved(run, project, context, manifest, built, outcome, link)


def _pictures(project: Project, manifest: Manifest, cache: Path, link: Link) -> Pictures:
    entries = [entry for entry in manifest.entries if entry.split in ("train", "validation") and entry.label >= 0]
    paths = [manifest.path(entry) for entry in entries]
    prepared = prepare_pictures(paths, project.recipe, cache, progress=Told(link), check=link.check)
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
        text = Text("No training picture is left for: {names}. The network cannot learn what it never sees.",
                    "No queda ninguna imagen de entrenamiento de: {names}. La red no puede aprender lo que nunca ve.")
        link.emit(Notice(problem=warning("missing_class", text.fill(names=", ".join(absent)), "dataset")))
    return Pictures(prepared, train_indices, validation, labels)


def _sources(project: Project, context: Context, pictures: Pictures, held: Prepared, augment: bool
             ) -> tuple[BatchSource, BatchSource | None]:
    training, recipe = project.training, project.recipe
    encoded = encode_labels(pictures.labels, context.class_count, context.label_mode)
    steps = msgspec.to_builtins(project.augmentation.active)
    augmenter = make_augmenter(steps, recipe.height, recipe.width, recipe.channels) if steps and augment else None
    mixer = make_mixer(steps, recipe.height, recipe.width) if augment else None
    if mixer is not None and mixer.does_nothing:
        mixer = None
    if mixer is not None and context.label_mode == "int":
        raise ProblemError(mixing_refused(next(step for step in project.augmentation.active if step.type in MIXING)))
    weights = (balanced_weights(pictures.labels[pictures.train], context.class_count)
               if training.class_weight == "balanced" else None)

    def source(indices: np.ndarray, **options: Any) -> BatchSource:
        return BatchSource(lambda places: held.take(indices[places]), encoded[indices], training.batch_size,
                           seed=training.seed, **options)

    validation = source(pictures.validation) if len(pictures.validation) else None
    return source(pictures.train, shuffle=True, augmenter=augmenter, mixer=mixer, weights=weights), validation


def _saved(run: RunFolder, project: Project, context: Context, manifest: Manifest, built: Built, outcome: Outcome,
           link: Link) -> AnyEvent:
    phase(link, "saving")
    if not built.model.compiled:
        # The head was trained by itself; whoever loads the whole model may train it on.
        compile_model(built.model, project, context)
    card = Card(recipe=project.recipe, class_names=manifest.header.class_names,
                label_mode=project.dataset.label_mode, run=run.id)
    save_model(built.model, run.model_path, card)
    link.emit(Artifact(kind="model", path=str(run.model_path)))
    if outcome.stopped:
        return Stopped(run=run.id, kept=True, metrics=outcome.metrics)
    return Finished(run=run.id, metrics=outcome.metrics)


def _nothing_left(manifest: Manifest, entries: list[Entry]) -> Problem:
    if not Path(manifest.header.root).is_dir():
        text = Text("The folder {path} is no longer there. Was it renamed, or is its disk not connected?",
                    "La carpeta {path} ya no está. ¿Se ha renombrado o su disco no está conectado?")
        return error("folder_missing", text.fill(path=manifest.header.root), "dataset", path=manifest.header.root)
    text = Text("None of the {n} pictures for training can be used.",
                "No se puede usar ninguna de las {n} imágenes de entrenamiento.")
    return error("no_pictures", text.fill(n=sum(entry.split == "train" for entry in entries)), "dataset",
                 path=manifest.header.root)


def _features_notice(engine: str) -> Problem:
    how = {"cache": Text("kept from before", "guardadas de antes"), "litert": Text("by LiteRT", "por LiteRT"),
           "keras": Text("by Keras", "por Keras")}[engine]
    text = Text("The base is frozen and no picture is changed: its features were computed once ({how}) and only the "
                "head trains. The network is the same; switch it off in the training settings (keep_features).",
                "La base está congelada y las imágenes no cambian: sus características se calcularon una vez ({how}) "
                "y solo se entrena la cabeza. La red es la misma; puede desactivarlo en los ajustes (keep_features).")
    problem = warning("features_kept", text.fill(how=how), "training", field="keep_features")
    return msgspec.structs.replace(problem, severity="info")
