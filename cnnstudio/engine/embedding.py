"""The Embed job: features of every picture, and their analysis."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np

from cnnstudio.catalog.bases import BASES, Base
from cnnstudio.catalog.bases.resolver import BUILT_IN, BaseResolver
from cnnstudio.catalog.context import context_of
from cnnstudio.core import edits
from cnnstudio.core.events import Artifact, Event, Finished, Notice
from cnnstudio.core.jobs import Embed
from cnnstudio.core.network import BASE
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.project import Project
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.core.text import Text
from cnnstudio.datasets.embedding import Embedding, write_embedding
from cnnstudio.datasets.manifest import read_manifest
from cnnstudio.engine import features, labels, projection, run_models
from cnnstudio.engine.building import build
from cnnstudio.engine.penultimate import feature_model
from cnnstudio.engine.pixels import notices
from cnnstudio.engine.progress import ThrottledProgress, phase
from cnnstudio.network.new_project import with_base
from cnnstudio.workers.link import Link

_COMPONENTS = 64


def embed(job: Embed, link: Link) -> Event:
    """Do the job; raises ProblemError and StopRequested. Features that are computed are kept in any case."""
    cache = Path(job.cache) if job.cache else cache_folder()
    manifest = read_manifest(Path(job.manifest))
    names = manifest.header.class_names
    phase(link, "loading")
    model, recipe = extractor(job.model, job.recipe)
    phase(link, "embedding")
    prepared = features.file_features(model, [manifest.path(entry) for entry in manifest.entries], recipe, cache, link)
    for problem in notices(prepared):
        link.emit(Notice(problem=problem))
    good = prepared.good
    if not len(good):
        text = Text("There are no usable pictures. Add pictures, or include some on the Data page.",
                    "No hay imágenes utilizables. Añada imágenes o incluya algunas en la página Datos.")
        raise ProblemError(error("no_pictures", text, "dataset", path=manifest.header.root))
    seen = np.asarray(prepared.take(good), np.float32).reshape(len(good), -1)
    entries = [manifest.entries[place] for place in good.tolist()]
    analysis = analyse(seen, np.asarray([entry.label for entry in entries]), len(names), job.layout, link)
    embedding = Embedding(
        model=job.model, layout=job.layout, paths=tuple(entry.path for entry in entries),
        hashes=tuple(prepared.names[place] for place in good.tolist()), classes=names,
        suggested=tuple(names[item] if 0 <= item < len(names) else "" for item in analysis.pop("suggested")), **analysis)
    write_embedding(Path(job.target), embedding)
    link.emit(Artifact(kind="embedding", path=job.target))
    return Finished()


def extractor(name: str, recipe: RecipeSpec = RecipeSpec()) -> tuple[Any, RecipeSpec]:
    """The model that gives one vector a picture, and the recipe of its pictures: for a base `recipe` at its size, or a
    run's before its last classifying layer. Raises ProblemError."""
    if name in BASES.ids():
        return base_extractor(BASES[name], recipe, BUILT_IN)
    loaded = run_models.load(Path(name))
    return feature_model(loaded).model, loaded.card.recipe


def base_extractor(base: Base, recipe: RecipeSpec, bases: BaseResolver, file: str = "") -> tuple[Any, RecipeSpec]:
    """The base as a model that gives one vector a picture, and `recipe` at its size; with weights from `file`."""
    project = with_base(Project(recipe=recipe), base)
    node = next(item.id for item in project.network.nodes if item.type == BASE)
    if file:
        for field, value in (("weights", "file"), ("weights_file", file)):
            project = edits.set_node_param(project, node, field, value)
    built = build(project.network, context_of(project, 2, bases))
    return keras.Model(built.model.inputs, built.tensors[node], name="features"), project.recipe


def analyse(seen: np.ndarray, classes: np.ndarray, count: int, layout: str, link: Link) -> dict[str, Any]:
    """The analysis of features float32 (n, d) with class numbers (n,) of `count` classes."""
    notes: list[Text] = []
    phase(link, "comparing")
    reduced = projection.principal_components(seen, _COMPONENTS)
    neighbours, distances = projection.nearest_neighbours(reduced, check=link.check, progress=ThrottledProgress(link))
    outlier = projection.outlier_scores(distances)
    phase(link, "labels")
    quality, mislabeled, suggested, note = labels.judge_labels(seen, classes, count, neighbours, distances, link.check)
    if note is not None:
        notes.append(note)
    phase(link, "arranging")
    position = projection.project_features(reduced, layout, ThrottledProgress(link, "steps"), link.check)
    return {"position": position, "outlier": outlier, "neighbours": neighbours, "label_quality": quality,
            "mislabeled": mislabeled, "suggested": suggested, "notes": tuple(notes)}
