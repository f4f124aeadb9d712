"""The jobs about the features of a run's pictures and about its kept epochs, with the events that only they send."""

from __future__ import annotations

from typing import ClassVar, Literal

from cnnstudio.core.commands import Request
from cnnstudio.core.events import Event
from cnnstudio.core.jobs import JobSpec
from cnnstudio.core.problems import Problem

Precision = Literal["float32", "float16"]


class FeaturesComputed(Event, frozen=True, kw_only=True):
    """The features of pictures are in `file` (see `evaluation.feature_sets`).

    `layer` is the layer whose output they are, `classifier` the classifying layer that takes them; `pooled`: the output is a
    map or very large, and its mean over the positions was taken. `engine` is "litert", "keras", or "cache" where nothing had
    to be computed.
    """

    split: str
    file: str
    pictures: int
    skipped: int
    size: int
    layer: str
    classifier: str
    pooled: bool
    engine: str


class ComputeFeatures(JobSpec, frozen=True, kw_only=True):
    """Compute the features of pictures by a model (the folder of a run or a bundle, or a file): the input of its last
    classifying layer. A FeaturesComputed event for each of `splits` of the manifest, or one of the split "" for `paths`.

    `manifest` is by default that of the run. What is kept in the cache is not computed again.
    """

    function: ClassVar[str] = "penultimate:compute_features"

    model: str
    splits: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    manifest: str = ""
    precision: Precision = "float32"


class Featurize(Request, frozen=True, kw_only=True):
    """Give the features of files by the model of the warm server: a Featured event each, in order, then Answered."""

    paths: tuple[str, ...]


class Featured(Event, frozen=True, kw_only=True):
    """The features of one picture, float32, as ComputeFeatures computes them; or the problem that prevented it."""

    request: int
    path: str
    features: tuple[float, ...] = ()
    layer: str = ""
    problem: Problem | None = None


class EvaluationMapped(Event, frozen=True, kw_only=True):
    """The map of an evaluated split is in `file` (see `evaluation.maps`)."""

    split: str
    file: str
    pictures: int
    layer: str


class MapEvaluation(JobSpec, frozen=True, kw_only=True):
    """Lay out the pictures of a split of a run by their features, with at most `most` training pictures among them, and find
    the `neighbours` nearest ones of each in the whole training split and in its own. `manifest` is by default that of the
    run. Kept in the cache."""

    function: ClassVar[str] = "evaluation_map:map_evaluation"

    run_folder: str
    split: str
    manifest: str = ""
    layout: Literal["tsne", "pca"] = "tsne"
    neighbours: int = 10
    most: int = 3000


class EpochReplayed(Event, frozen=True, kw_only=True):
    """A kept epoch (counted from 1) was replayed into `file` (see `evaluation.replays`), or the problem that prevented it.
    `kept`: it was in the cache already."""

    epoch: int
    file: str = ""
    accuracy: float = 0.0
    loss: float = 0.0
    pictures: int = 0
    kept: bool = False
    problem: Problem | None = None


class Replay(JobSpec, frozen=True, kw_only=True):
    """Let the model of every kept epoch of a run answer the pictures of a split, at most `most` of them spread over the
    classes: an EpochReplayed event each, in order of the epochs. `fixed` are the pictures that are explained, at most 12;
    empty: `count` of the last epoch's answers, the worst mistakes first, then right ones. Kept in the cache."""

    function: ClassVar[str] = "replaying:replay"

    run_folder: str
    split: str
    manifest: str = ""
    fixed: tuple[str, ...] = ()
    count: int = 12
    most: int = 1000
    anew: bool = False
    """Choose the fixed pictures anew; else those that were chosen once stay."""


__all__ = ["ComputeFeatures", "EpochReplayed", "EvaluationMapped", "Featured", "FeaturesComputed", "Featurize",
           "MapEvaluation", "Precision", "Replay"]
