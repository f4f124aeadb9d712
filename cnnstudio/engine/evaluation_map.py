"""The MapEvaluation job: the pictures of a split laid out by their features, and the neighbours of each."""

from __future__ import annotations

from typing import Final

import numpy as np

from cnnstudio.core.events import Event, Finished
from cnnstudio.core.feature_jobs import EvaluationMapped, MapEvaluation
from cnnstudio.engine import projection
from cnnstudio.engine.penultimate import feature_sets
from cnnstudio.engine.progress import ThrottledProgress, phase
from cnnstudio.evaluation.feature_sets import FeatureSet, nearest, typical_distances, unit_rows
from cnnstudio.evaluation.maps import EvaluationMap, find_evaluation_map, write_evaluation_map
from cnnstudio.workers.evaluation_maps import evaluation_map_path, set_jobs
from cnnstudio.workers.link import Link

_COMPONENTS: Final = 50
_FAR: Final = 0.99


def map_evaluation(job: MapEvaluation, link: Link) -> Event:
    """Do the job; raises ProblemError and StopRequested. Features that were computed are kept in any case."""
    phase(link, "loading")
    target = evaluation_map_path(job)
    kept = find_evaluation_map(target)
    if kept is None:
        train, chosen = (feature_sets(item, link)[0] for item in set_jobs(job))
        link.check()
        kept = _mapped(job, train, chosen, link)
        write_evaluation_map(target, kept)
    link.emit(EvaluationMapped(split=job.split, file=str(target), pictures=len(kept.paths), layer=kept.layer))
    return Finished()


def _mapped(job: MapEvaluation, train: FeatureSet, chosen: FeatureSet, link: Link) -> EvaluationMap:
    phase(link, "comparing")
    progress = ThrottledProgress(link)
    same = job.split == "train"

    def on_rows(done: int, total: int) -> None:
        link.check()
        progress(done, total)

    near_train = nearest(train.features, chosen.features, job.neighbours, same, on_rows)
    near_split = near_train if same else nearest(chosen.features, chosen.features, job.neighbours, True, on_rows)
    usual = typical_distances(train.features)
    link.check()
    shown = np.empty(0, np.int64) if same else spread_rows(train.labels, job.most)
    phase(link, "arranging")
    # By direction alone, as the neighbours are found.
    rows = unit_rows(np.concatenate([chosen.features, train.features[shown]]))
    reduced = projection.principal_components(rows, _COMPONENTS)
    position = projection.project_features(reduced, job.layout, ThrottledProgress(link, "steps"), link.check)
    train_position = np.full((len(train), 2), np.nan, np.float32)
    train_position[shown] = position[len(chosen):]
    return EvaluationMap(
        split=job.split, layout=job.layout, layer=chosen.layer, classifier=chosen.classifier, pooled=chosen.pooled,
        far=float(np.quantile(usual, _FAR)) if len(usual) else 2.0, class_names=chosen.class_names, paths=chosen.paths,
        labels=chosen.labels, position=position[:len(chosen)], train_paths=train.paths, train_labels=train.labels,
        train_position=train_position, near_train=near_train[0].astype(np.int32), near_train_distance=near_train[1],
        near_split=near_split[0].astype(np.int32), near_split_distance=near_split[1])


def spread_rows(labels: np.ndarray, most: int) -> np.ndarray:
    """At most that many rows, ascending, spread evenly over the classes and over the rows of each."""
    if len(labels) <= most:
        return np.arange(len(labels))
    order = np.argsort(labels, kind="stable")
    return np.sort(order[np.linspace(0, len(order) - 1, most).astype(np.int64)])
