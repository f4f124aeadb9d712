"""Features before the last classifying layer: the job that computes those of pictures, and a model that gives them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np

from cnnstudio.core.events import Event, Finished, Notice
from cnnstudio.core.feature_jobs import ComputeFeatures, FeaturesComputed
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import Problem, ProblemError, error, warning
from cnnstudio.core.text import Text
from cnnstudio.datasets.run_pictures import pictures_gone_problem, read_located
from cnnstudio.engine import features, inference, model_card, models, run_models
from cnnstudio.engine.explaining.network import Graph, OpenNetwork, Step, holder_of
from cnnstudio.engine.pixels import notices
from cnnstudio.engine.progress import phase
from cnnstudio.evaluation.feature_sets import FeatureSet, find_feature_set, write_feature_set
from cnnstudio.workers.feature_sets import FeaturePictures, feature_pictures, feature_set_path
from cnnstudio.workers.link import Link
from cnnstudio.workers.runs.folder import run_of

MOST: Final = 8192
"""Longer vectors are pooled: ten thousand pictures take 330 MB at this length."""


@dataclass(frozen=True)
class FeatureModel:
    """`model` gives float32 (n, d): the output of `layer`, which enters the classifying layer `classifier`; `pooled`: its mean
    over the positions of the map."""

    model: Any
    layer: str
    classifier: str
    pooled: bool


def feature_model(loaded: models.Loaded) -> FeatureModel:
    """The model up to its last classifying layer, also where that is inside a nested model. Raises ProblemError (no_features)
    for one without weights."""
    network = OpenNetwork(loaded.model)
    graph, way = _before(network.graph)
    if way is None:
        text = Text("The model in {path} has no weights and cannot be used.",
                    "El modelo de {path} no tiene pesos y no se puede usar.")
        raise ProblemError(error("no_features", text.fill(path=loaded.path), "run", path=loaded.path))
    step = way[-1]
    tensor, layer = _entering(graph, step)
    pooled = False
    if len(tensor.shape) == 4:
        tensor, pooled = keras.layers.GlobalAveragePooling2D(data_format="channels_last")(tensor), True
    elif len(tensor.shape) != 2:
        tensor = keras.layers.Flatten()(tensor)
    elif tensor.shape[1] > MOST and (source := _flattened(graph, tensor)) is not None:
        tensor, pooled = keras.layers.GlobalAveragePooling2D(data_format="channels_last")(source), True
    model = keras.Model(list(graph.inputs), tensor, name="features")
    # A nested model is cut as well, and applied to what enters it.
    graphs = [network.graph, *(outer.inner for outer in way[:-1] if outer.inner is not None)]
    for outer, around in reversed(list(zip(way[:-1], graphs, strict=False))):
        model = keras.Model(list(around.inputs), model(outer.sources[0]), name="features")
    return FeatureModel(model, layer, step.name, pooled)


def _before(graph: Graph) -> tuple[Graph, list[Step] | None]:
    """(the graph of the last classifying step, the steps that lead into it: nested models first, itself last)."""
    steps = {id(tensor): step for step in graph.steps for tensor in keras.tree.flatten(step.output)}
    tensor = graph.output
    while (step := steps.get(id(tensor))) is not None:
        if step.inner is not None:
            inner, way = _before(step.inner)
            if way is not None:
                return inner, [step, *way]
        elif _classifies(step):
            return graph, [step]
        if len(step.sources) != 1:
            break
        tensor = step.sources[0]
    # Several branches that are joined at the end: the last layer that has learned anything stands for all.
    for last in reversed(graph.steps):
        if last.inner is None and len(last.sources) == 1 and _classifies(last):
            return graph, [last]
    return graph, None


def _classifies(step: Step) -> bool:
    return getattr(holder_of(step.operation), "kernel", None) is not None


def _entering(graph: Graph, step: Step) -> tuple[Any, str]:
    """The tensor that enters a step, and the name of the layer that it comes from. What acts in training
    only is looked through."""
    tensor = step.sources[0]
    makers = {id(output): item for item in graph.steps for output in keras.tree.flatten(item.output)}
    while (maker := makers.get(id(tensor))) is not None and maker.entry is not None and maker.entry.training_only:
        tensor = maker.sources[0]
    return tensor, "" if maker is None else maker.name


def _flattened(graph: Graph, tensor: Any) -> Any | None:
    """The map (height, width, channels) that a Flatten made this tensor of, or None."""
    for step in graph.steps:
        flattens = step.entry is not None and step.entry.flattens
        if step.output is tensor and flattens and len(step.sources[0].shape) == 4:
            return step.sources[0]
    return None


def compute_features(job: ComputeFeatures, link: Link) -> Event:
    """Do the job; raises ProblemError and StopRequested. Features of pictures that are done are kept in any case."""
    feature_sets(job, link)
    return Finished()


def feature_sets(job: ComputeFeatures, link: Link) -> list[FeatureSet]:
    """The sets of a job, computed where they are not kept, each told by an event. Raises ProblemError and StopRequested."""
    cache = Path(job.cache) if job.cache else cache_folder()
    phase(link, "loading")
    model_file = run_models.file_of(Path(job.model))
    found: FeatureModel | None = None
    card: model_card.Card | None = None
    sets = []
    for pictures in feature_pictures(job):
        link.check()
        if not pictures.paths:
            raise ProblemError(_nothing_problem(job, pictures))
        target = feature_set_path(job, pictures, model_file)
        kept, engine = find_feature_set(target), "cache"
        if kept is None:
            if found is None or card is None:
                loaded = models.load(model_file)
                card, found = loaded.card, feature_model(loaded)
            kept, engine = _computed(job, pictures, found, card, cache, link)
            try:
                write_feature_set(target, kept)
            except ProblemError as problem_error:
                raise ProblemError(_not_kept_problem(problem_error, target)) from problem_error
        link.emit(_event(pictures, target, kept, engine))
        sets.append(kept)
    return sets


def _not_kept_problem(problem_error: ProblemError, target: Path) -> Problem:
    reason = problem_error.problems[0]
    text = Text("The features could not be kept in the cache. {reason}",
                "Las características no se pudieron guardar en la caché. {reason}")
    return error(reason.code, text.fill(reason=reason.text), "machine", path=target)


def _event(pictures: FeaturePictures, target: Path, found: FeatureSet, engine: str) -> FeaturesComputed:
    return FeaturesComputed(split=pictures.split, file=str(target), pictures=len(found),
                            skipped=len(pictures.paths) - len(found), size=found.features.shape[1], layer=found.layer,
                            classifier=found.classifier, pooled=found.pooled, engine=engine)


def _computed(job: ComputeFeatures, pictures: FeaturePictures, found: FeatureModel, card: model_card.Card, cache: Path,
              link: Link) -> tuple[FeatureSet, str]:
    phase(link, "embedding")
    engine: list[str] = []
    prepared = features.file_features(found.model, list(pictures.paths), card.recipe, cache, link, engine.append)
    for problem in notices(prepared):
        link.emit(Notice(problem=problem))
    good = prepared.good
    if not len(good):
        raise ProblemError(_nothing_problem(job, pictures))
    rows = np.asarray(prepared.take(good), np.float32)
    if not (known := np.isfinite(rows).all(axis=1)).all():
        _tell_no_numbers(pictures.paths[int(good[~known][0])], int((~known).sum()), len(good), link)
        good, rows = good[known], rows[known]
    if job.precision == "float16":
        rows = np.clip(rows, -65504, 65504).astype(np.float16)
    places = good.tolist()
    return FeatureSet(rows, tuple(str(pictures.paths[place]) for place in places),
                      np.asarray([pictures.labels[place] for place in places], np.int64), pictures.class_names, found.layer,
                      found.classifier, found.pooled), engine[0] if engine else "cache"


def _tell_no_numbers(path: Path, count: int, images: int, link: Link) -> None:
    """A warning that features are NaN or infinite; raises ProblemError where all are."""
    if count == images:
        text = Text("The features of all pictures are no numbers (NaN): the weights of this model ran away in training. Train "
                    "it again with a lower learning rate, or choose another run.",
                    "Las características de todas las imágenes no son números (NaN): los pesos de este modelo se desbordaron "
                    "al entrenar. Entrénelo de nuevo con una tasa de aprendizaje menor o elija otro entrenamiento.")
        raise ProblemError(error("features_not_numbers", text, "run"))
    text = Text("Pictures left out because their features are no numbers (NaN): {n:,} of {all:,}; the first is {path}.",
                "Imágenes excluidas porque sus características no son números (NaN): {n:,} de {all:,}; la primera es {path}.")
    link.emit(Notice(problem=warning("features_not_numbers", text.fill(n=count, all=images, path=path), "run", path=path)))


def _nothing_problem(job: ComputeFeatures, pictures: FeaturePictures) -> Problem:
    run = run_of(Path(job.model))
    if pictures.paths and run is not None and not any(path.is_file() for path in pictures.paths):
        return pictures_gone_problem(read_located(Path(job.manifest) if job.manifest else run.manifest_path,
                                                  run.project_folder))
    text = Text("There are no usable pictures in {split}. Choose another split.",
                "No hay imágenes utilizables en {split}. Elija otra división.")
    return error("no_pictures", text.fill(split=pictures.split or "?"), "dataset")


class Featurizer:
    """Gives the features of single pictures by a loaded model, by the quickest engine that agrees with it."""

    def __init__(self, loaded: models.Loaded, cache: Path) -> None:
        found = feature_model(loaded)
        self.layer = found.layer
        self._engine: inference.Engine | None = None
        self._found, self._cache = found, cache

    @property
    def engine_name(self) -> str:
        return "" if self._engine is None else self._engine.name

    def vector(self, pixels: np.ndarray) -> np.ndarray:
        """float32 (d,) of a prepared picture, uint8 (height, width, channels)."""
        if self._engine is None:
            self._engine = inference.engine_for(self._found.model, pixels[None], self._cache)
        return np.asarray(self._engine.predict(pixels[None])[0], np.float32).reshape(-1)


__all__ = ["FeatureModel", "Featurizer", "compute_features", "feature_model", "feature_sets"]
