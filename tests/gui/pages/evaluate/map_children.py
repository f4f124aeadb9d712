"""Scripted children that compute a map, without Keras, and without Qt so that it starts quickly."""

from __future__ import annotations

import numpy as np

from cnnstudio.core.events import Failed, Finished
from cnnstudio.core.feature_jobs import MapEvaluation
from cnnstudio.core.problems import error
from cnnstudio.core.text import same
from cnnstudio.evaluation.maps import EvaluationMap, write_evaluation_map
from cnnstudio.workers.evaluation_maps import evaluation_map_path, set_jobs
from cnnstudio.workers.feature_sets import feature_pictures
from cnnstudio.workers.link import Link
from cnnstudio.workers.transport import Endpoint


def keep_map(job: MapEvaluation) -> EvaluationMap:
    """A made-up map: each picture among training pictures of its own class."""
    train, chosen = (feature_pictures(item)[0] for item in set_jobs(job))
    labels, trained = np.asarray(chosen.labels, np.int64), np.asarray(train.labels, np.int64)
    random = np.random.default_rng(0)
    near = np.stack([np.resize(np.flatnonzero(trained == label), 3) for label in labels]).astype(np.int32)
    found = EvaluationMap(
        split=job.split, layout=job.layout, layer="pooling", classifier="output", pooled=False, far=0.5,
        class_names=chosen.class_names, paths=tuple(map(str, chosen.paths)), labels=labels,
        position=random.uniform(-1, 1, (len(labels), 2)).astype(np.float32), train_paths=tuple(map(str, train.paths)),
        train_labels=trained, train_position=random.uniform(-1, 1, (len(trained), 2)).astype(np.float32), near_train=near,
        near_train_distance=np.full(near.shape, 0.1, np.float32),
        near_split=np.stack([np.roll(np.arange(len(labels)), -row)[1:4] for row in range(len(labels))]).astype(np.int32),
        near_split_distance=np.full((len(labels), 3), 0.2, np.float32))
    write_evaluation_map(evaluation_map_path(job), found)
    return found


def child(endpoint: Endpoint) -> None:
    link = Link(endpoint)
    job = link.job()
    assert isinstance(job, MapEvaluation)
    keep_map(job)
    link.emit(Finished())


def failing_child(endpoint: Endpoint) -> None:
    link = Link(endpoint)
    link.job()
    link.emit(Failed(problem=error("no_features", same("There are no weights."), "run")))
