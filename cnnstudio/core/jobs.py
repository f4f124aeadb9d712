"""The jobs that a child process can be started for: one class each, with the events that only this job sends.

A job names the function of the engine that does it; nothing else lists jobs. The union that messages are decoded
against, the child and the supervisor follow from the classes below, in `core.cluster_jobs`, `core.trial_jobs`,
`core.explain_jobs`, `core.feature_jobs`, `core.learning_jobs`, `core.search_jobs` and `core.service_jobs`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import msgspec

from cnnstudio.core.calibration import Rejection
from cnnstudio.core.events import Event
from cnnstudio.core.item import Step
from cnnstudio.core.problems import Problem
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.core.training import Devices


class JobSpec(msgspec.Struct, frozen=True, kw_only=True, tag_field="job", tag=str.lower):
    """What to do. Paths are absolute. `cache` is the user's cache folder; `backend` Keras's backend.
    `determinism` is "auto" (on for a processor, off on a GPU), "on" or "off"; `devices` share each batch of a training."""

    function: ClassVar[str] = ""
    """The function that does the job, "module:function" in `cnnstudio.engine`; called with the job and a Link, it
    returns the last event."""
    stop_seconds: ClassVar[float] = 5.0
    """How long a child may take to stop by itself when it is cancelled."""
    needs_keras: ClassVar[bool] = True
    """Whether the child imports Keras before the job."""

    backend: str = "tensorflow"
    device: str = "auto"
    devices: Devices = 1
    determinism: str = "auto"
    cache: str = ""
    language: str = "en"

    @property
    def run_to_lock(self) -> Path | None:
        """The folder of the run that this job writes: locked, and home of its events and log; None for the others."""
        return None


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Processes on several hosts that train one network together: this one is number `rank` of `world`, and rank 0 listens
    at `coordinator` ("host:port")."""

    rank: int
    world: int
    coordinator: str


class Train(JobSpec, frozen=True, kw_only=True):
    """Train the run whose folder holds `spec.json` and `manifest.jsonl`; `resume` from its checkpoint. `convert` the model
    for its first answers, too.

    On a cluster the pictures come from the shards in `storage`, as the catalogue in the run's folder says, and the process
    may be one of a `group`; `notices` are told at the beginning.
    """

    function: ClassVar[str] = "training.job:train"
    stop_seconds: ClassVar[float] = 30.0

    run_folder: str
    resume: bool = False
    convert: bool = False
    storage: str = ""
    group: Group | None = None
    notices: tuple[Problem, ...] = ()

    @property
    def run_to_lock(self) -> Path | None:
        return Path(self.run_folder)


class ClassesAdded(Event, frozen=True, kw_only=True):
    """What classes that the model of `parent` did not have, with these `names`, cost the earlier ones.

    Counts of pictures of `split`, which neither model was trained on. `earlier` pictures are of the earlier classes, of which
    the model of the parent answers `right_before` right and the new one `right_after` (`only_before` and `only_after`: one of
    them alone); `taken` of them are given a new class. `new` pictures are of the new classes, `right_new` of them right.
    """

    parent: str
    names: tuple[str, ...]
    split: str
    earlier: int
    right_before: int
    right_after: int
    only_before: int
    only_after: int
    taken: int
    new: int
    right_new: int


class ClassReport(msgspec.Struct, frozen=True, kw_only=True):
    """Precision, recall and F1 (0 to 1; 0 where undefined) of one class; `support` is its pictures."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int


class Evaluated(Event, frozen=True, kw_only=True):
    """The result of an evaluation. `confusion[i][j]`: pictures of class i that were predicted as class j.

    `table` is the path of a JSON-lines file with one `PictureResult` a line; empty where it could not be written. Loss and
    probabilities are those after the `temperature` of the run's calibration (1: none). `skipped` pictures could not be read,
    or their answers were no numbers.
    """

    run: str
    split: str
    images: int
    loss: float
    accuracy: float
    classes: tuple[ClassReport, ...]
    confusion: tuple[tuple[int, ...], ...]
    table: str = ""
    engine: str = ""
    skipped: int = 0
    temperature: float = 1.0


class PictureResult(msgspec.Struct, frozen=True, kw_only=True):
    """One evaluated picture, a line of an evaluation's table. `label` and `predicted` are class numbers."""

    path: str
    label: int
    predicted: int
    probability: float
    loss: float


class Evaluate(JobSpec, frozen=True, kw_only=True):
    """Evaluate a run's model on the pictures of a manifest (written by `datasets.manifest`)."""

    function: ClassVar[str] = "evaluation:evaluate"

    run_folder: str
    manifest: str
    split: str
    table: str
    """Where the JSON-lines table of `PictureResult` is written."""


class Ready(Event, frozen=True, kw_only=True):
    """The warm prediction server takes requests. `engine` is "litert" or "keras"; `rejection` says when the model is not
    sure."""

    engine: str
    class_names: tuple[str, ...]
    rejection: Rejection | None = None


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """One class with its probability (0 to 1)."""

    label: str
    probability: float


class Prediction(Event, frozen=True, kw_only=True):
    """The answer for one picture: `top` is best first; or the problem that prevented it.

    `not_sure` is None where the model has no reject option. `answer_set`: the classes that remain, best first, where that is
    one with conformal sets. Of a frame of a video or camera: its number from 0, and its `seconds` from the beginning.
    """

    request: int
    path: str
    top: tuple[Ranked, ...] = ()
    problem: Problem | None = None
    not_sure: bool | None = None
    answer_set: tuple[str, ...] | None = None
    frame: int | None = None
    seconds: float | None = None


class Prepared(Event, frozen=True, kw_only=True):
    """A picture as the network gets it: uint8 of `shape` (height, width, channels); or the problem that prevented it."""

    request: int
    path: str
    shape: tuple[int, int, int] = (0, 0, 0)
    pixels: bytes = b""
    problem: Problem | None = None


class Answered(Event, frozen=True, kw_only=True):
    """A request is done: all pictures were answered, unless it was cancelled or `problem` says why nothing could be.
    `seconds` from request to here; `passes` is the work of an explanation, in pictures that went through the network."""

    request: int
    pictures: int
    seconds: float
    engine: str
    cancelled: bool = False
    passes: int = 0
    problem: Problem | None = None


class Serve(JobSpec, frozen=True, kw_only=True):
    """Load a run folder, an exported bundle folder or a `.keras` file and answer Predict, Explain and Featurize commands."""

    function: ClassVar[str] = "prediction_server:serve"

    model: str


class Report(Event, frozen=True, kw_only=True):
    """The doctor's facts about the child, by name."""

    facts: dict[str, Any]


class Diagnose(JobSpec, frozen=True, kw_only=True):
    """Report versions, backends and devices (the doctor)."""

    function: ClassVar[str] = "doctor:diagnose"


class Benchmarked(Event, frozen=True, kw_only=True):
    """How a backend does on a device: pictures of 32 x 32 a second in training and prediction by a small network, its outputs
    before, and all its weights after one step of gradient descent; both are the same everywhere but for rounding."""

    backend: str
    version: str
    device: str
    gpu: bool
    training: float
    prediction: float
    outputs: tuple[float, ...]
    step: tuple[float, ...]


class Benchmark(JobSpec, frozen=True, kw_only=True):
    """Train a small network for `seconds`, and let it answer for half as long."""

    function: ClassVar[str] = "benchmark:benchmark"

    seconds: float = 6.0


class FetchBase(JobSpec, frozen=True, kw_only=True):
    """Put the weights of a pretrained base into the cache: download them with a checksum, or copy a file."""

    function: ClassVar[str] = "weights_download:fetch_base"

    base: str
    file: str = ""


class Embed(JobSpec, frozen=True, kw_only=True):
    """Features of the pictures of a manifest by `model` (a base's id or a run's folder), laid out as a map, with
    nearest pictures, outliers and doubtful labels; written to `target` (see `datasets.embedding`)."""

    function: ClassVar[str] = "embedding:embed"

    manifest: str
    target: str
    model: str = "efficientnet_lite0"
    layout: str = "tsne"
    """"tsne" or "pca"."""
    recipe: RecipeSpec = RecipeSpec()
    """What a base takes from the project's recipe: the sample range of deep pictures."""


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """How a model answers pictures of a class that one augmentation changed.

    `plain` and `changed` are its accuracy before and after (0 to 1), over `pictures` and `draws` of each.
    `called` is the most frequent wrong class, `called_share` its share of all drawn pictures.
    """

    step: str
    type: str
    class_name: str
    pictures: int
    draws: int
    plain: float
    changed: float
    called: str = ""
    called_share: float = 0.0

    @property
    def clear(self) -> bool:
        """Whether the loss is more than chance: beyond two standard errors of the difference (Agresti and Caffo,
        2000: with one right and one wrong answer more on either side), and 5 points; never of one or two pictures."""
        count = self.pictures + 2
        shares = [(item * self.pictures + 1) / count for item in (self.plain, self.changed)]
        error: float = (sum(share * (1 - share) for share in shares) / count) ** 0.5
        return self.pictures > 2 and self.plain - self.changed > max(0.05, 2 * error)


class AugmentationMeasured(Event, frozen=True, kw_only=True):
    """What each augmentation does to the answers of a model, for each class, the worst first."""

    run: str
    split: str
    rows: tuple[Changed, ...]
    engine: str = ""


class MeasureAugmentation(JobSpec, frozen=True, kw_only=True):
    """Measure a run's model on pictures of its manifest that each of `steps` changed, `draws` times each picture, at
    most `most` pictures; the result is kept in `RunFolder.augmentation_path`."""

    function: ClassVar[str] = "robustness:measure_augmentation"

    run_folder: str
    steps: tuple[Step, ...]
    split: str = "validation"
    draws: int = 3
    most: int = 2000


class Probed(msgspec.Struct, frozen=True, kw_only=True):
    """Result of a linear classifier on a base's features: `accuracy` on validation pictures with its 95 % interval
    from `low` to `high` (0 to 1), `milliseconds` a picture through the base alone, `seconds` for all of it."""

    base: str
    accuracy: float
    low: float
    high: float
    milliseconds: float
    seconds: float
    features: int = 0
    engine: str = ""


class BasesProbed(Event, frozen=True, kw_only=True):
    """The bases, the best first, learned from `training` pictures and measured on `validation` ones of `classes`
    classes. `absent` bases have no weights on this computer; `failed` are the problems of bases that could not be
    used."""

    rows: tuple[Probed, ...]
    absent: tuple[str, ...] = ()
    failed: dict[str, Problem] = {}
    training: int = 0
    validation: int = 0
    classes: int = 0
    key: str = ""


class Probe(JobSpec, frozen=True, kw_only=True):
    """Compare `bases` by a linear classifier on their features: trained on the training
    pictures of a manifest, evaluated on its validation pictures, at most `most` of each, as `recipe` prepares them at
    the base's own size. The result is kept in `target` after every base."""

    function: ClassVar[str] = "linear_probe:probe"

    manifest: str
    target: str
    bases: tuple[str, ...]
    absent: tuple[str, ...] = ()
    """Bases whose weights are not here: they are listed in the result."""
    files: dict[str, str] = {}
    """Weights files that the user chose, by base."""
    recipe: RecipeSpec = RecipeSpec()
    project: str = ""
    """The project's folder, where its own bases lie."""
    key: str = ""
    """Identifies the pictures, so that an outdated result is recognised."""
    most: int = 2000


class MeasureLayers(JobSpec, frozen=True, kw_only=True):
    """Look inside the layers of a run's model, on its own pictures: a LayersObserved event of `rows` layers at most."""

    function: ClassVar[str] = "layer_look:measure_layers"

    run_folder: str
    rows: int = 50


class CollectTFRecord(JobSpec, frozen=True, kw_only=True):
    """Write the pictures of a manifest (removed afterwards) as sharded TFRecord files into the new folder `path`."""

    function: ClassVar[str] = "records:collect_records"

    manifest: str
    path: str
    shard_bytes: int = 128 << 20
