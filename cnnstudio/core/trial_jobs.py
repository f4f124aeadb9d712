"""The jobs that try something out beside the training and change nothing of it: a forecast, the largest batch, a look into a
trained network, shortcuts, a learning curve.

They are jobs as those of `core.jobs`, with the events that only they send.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from cnnstudio.core.events import Event
from cnnstudio.core.jobs import JobSpec
from cnnstudio.core.project import Project


class StageForecast(msgspec.Struct, frozen=True, kw_only=True):
    """One stage: `kept_features` where only the layers after a frozen base are trained. Times in seconds.

    `seconds_per_epoch` is that of an Epoch event: the training pictures alone. `validation_seconds` pass between two epochs.
    `start_seconds` are spent before the first batch and while the step is compiled, `feature_seconds` on features of the base
    that are not kept yet.
    """

    id: str
    epochs: int
    seconds_per_epoch: float
    validation_seconds: float
    start_seconds: float
    feature_seconds: float = 0.0
    kept_features: bool = False


class Forecasted(Event, frozen=True, kw_only=True):
    """What a training will take. `seconds_per_epoch` is the mean over the planned epochs.

    `memory_mb` is the greatest resident memory of the worker process, `gpu_memory_mb` that of the backend on a graphics card
    (None without one), both in 10^6 bytes. `disk_mb` is what will be written: `checkpoints_mb` and `model_mb` into the
    project, `cache_mb` of prepared pictures and features into the cache. `total_seconds` is all of it if no callback ends a
    stage early; `start_seconds` of it are spent before the first stage, `end_seconds` after the last.
    `steps` batches were measured. `key` identifies what was forecast.
    """

    stages: tuple[StageForecast, ...]
    seconds_per_epoch: float
    total_seconds: float
    start_seconds: float
    end_seconds: float
    memory_mb: float
    disk_mb: float
    checkpoints_mb: float
    model_mb: float
    cache_mb: float
    gpu_memory_mb: float | None = None
    steps: int = 0
    device: str = ""
    key: str = ""

    def seconds_for(self, epochs: int) -> float:
        """The whole time if the training ends after so many epochs."""
        seconds, left = self.start_seconds + self.end_seconds, epochs
        for stage in self.stages:
            done = min(left, stage.epochs)
            if done <= 0:
                break
            seconds += stage.start_seconds + stage.feature_seconds
            seconds += done * (stage.seconds_per_epoch + stage.validation_seconds)
            left -= done
        return seconds


class Forecast(JobSpec, frozen=True, kw_only=True):
    """Try the stages of a project for some steps each, on pictures of a manifest, and forecast the whole training."""

    function: ClassVar[str] = "forecast:forecast"

    manifest: str
    project: Project = Project()
    project_folder: str = ""
    seconds: float = 4.0
    """How long the steps of a stage are measured, at the least."""
    key: str = ""


class Measured(Event, frozen=True, kw_only=True):
    """What a training took in the end, to be compared with its forecast: the greatest resident memory of its process, that
    on the graphics card, and its model and checkpoints on the disk, in 10^6 bytes."""

    memory_mb: float
    disk_mb: float
    gpu_memory_mb: float | None = None


class BatchTried(Event, frozen=True, kw_only=True):
    """A batch size, whether a step with it fits into memory (10^6 bytes), and its speed; nothing was run where the memory
    of smaller batches already says that it does not fit (`pictures_per_second` 0)."""

    batch_size: int
    fits: bool
    memory_mb: float
    pictures_per_second: float = 0.0


class BatchFound(Event, frozen=True, kw_only=True):
    """The largest batch that fits and the fastest of those tried. `limit` says what bounds it: "memory", "pictures" (there
    are no more of them for training) or "setting" (the largest value of the setting). `budget_mb` is the memory that may
    be used; None on a graphics card, where its own error tells the end."""

    batch_size: int
    fastest: int
    limit: str
    budget_mb: float | None
    tried: tuple[BatchTried, ...]


class FindBatch(JobSpec, frozen=True, kw_only=True):
    """Take steps with growing batches until the memory is used up, in the settings of a project; nothing of it is kept.

    `memory_mb` replaces the memory that is free on this computer.
    """

    function: ClassVar[str] = "batch_finder:find_batch"

    manifest: str
    project: Project = Project()
    project_folder: str = ""
    memory_mb: float | None = None
    steps: int = 3


class LayerState(msgspec.Struct, frozen=True, kw_only=True):
    """What a layer answers for real pictures: `dead` of its `units` give zero (or less, before the activation) for every
    picture."""

    node: str
    units: int
    dead: int
    activation: str = ""


class StepCost(msgspec.Struct, frozen=True, kw_only=True):
    """What one augmentation takes away: the accuracy of the model on training pictures that it changed, and that of a linear
    classifier on their pixels which was trained on changed ones (0 to 1; None where there are too few)."""

    step: str
    type: str
    accuracy: float
    linear: float | None = None


class Inspected(Event, frozen=True, kw_only=True):
    """What a run's model answers for training and validation pictures of its own, in inference mode.

    `recalls` are those of the classes on validation pictures, with their number in `supports`. `certain` is the share of
    validation pictures for which the largest probability is above 0.999, `certain_right` the share of right answers among
    them. `batch_gap` is how much the accuracy on training pictures differs between batch statistics of the run's batch size
    and moving averages (None without batch normalisation), `batch_noise` the mean deviation of the batch means in units of
    the standard deviation of single values.
    """

    run: str
    train_pictures: int
    validation_pictures: int
    train_accuracy: float
    train_loss: float
    validation_accuracy: float
    validation_loss: float
    recalls: tuple[float, ...]
    supports: tuple[int, ...]
    certain: float
    certain_right: float
    layers: tuple[LayerState, ...] = ()
    steps: tuple[StepCost, ...] = ()
    augmented_accuracy: float | None = None
    linear: float | None = None
    """The accuracy of a linear classifier on the pixels of unchanged pictures, beside those of `steps`."""
    batch_gap: float | None = None
    batch_noise: float | None = None
    pixel_scale: float = 0.0
    """The standard deviation of what enters the first layer after the normalisation."""


class Inspect(JobSpec, frozen=True, kw_only=True):
    """Look into the model of a run with some of its training and validation pictures, at most `most` of each; the result is
    kept in `target`."""

    function: ClassVar[str] = "inspection:inspect"

    run_folder: str
    target: str = ""
    most: int = 1000


class ShortcutProbed(Event, frozen=True, kw_only=True):
    """How often the class of a picture is told from one kind of information alone (see `catalog.shortcuts`).

    `accuracy` (0 to 1, with its 95 % Wilson interval) is that of a classifier that learned on the training pictures reduced
    so, for `pictures` of the split; `model_accuracy` that of the run's model for the reduced pictures, None where there is no
    picture left; `model` that of the model for whole ones, `reference` that or the classifier's, whichever is better; `chance`
    the share of the most frequent class.
    """

    run: str
    probe: str
    split: str
    pictures: int
    accuracy: float
    interval: tuple[float, float]
    chance: float
    model: float
    reference: float
    suspicious: bool
    model_accuracy: float | None = None


class FindShortcuts(JobSpec, frozen=True, kw_only=True):
    """Probe the pictures of a run for shortcuts: learn on at most `most` of its training pictures, measure on at most `most` of
    `split`. The results are kept in the run's folder."""

    function: ClassVar[str] = "shortcuts:find_shortcuts"

    run_folder: str
    split: str
    most: int = 800


class CurvePoint(Event, frozen=True, kw_only=True):
    """`pictures` training pictures gave this accuracy (0 to 1, with its 95 % Wilson interval) on `of` pictures of `split`.

    `rights` and `supports` are the right answers and the pictures by class, `learned` the training pictures by class.
    """

    run: str
    split: str
    pictures: int
    accuracy: float
    interval: tuple[float, float]
    of: int
    seed: int
    rights: tuple[int, ...]
    supports: tuple[int, ...]
    learned: tuple[int, ...]


class ExpectedGain(msgspec.Struct, frozen=True, kw_only=True):
    """What `pictures` training pictures are expected to bring: `accuracy` (of a class: its recall), `gain` over the present
    number, and its 95 % interval (0 to 1)."""

    pictures: int
    accuracy: float
    gain: float
    interval: tuple[float, float]


class CurveFitted(Event, frozen=True, kw_only=True):
    """The learning curve of a run: its points, and what twice as many pictures are expected to bring, of all and of each
    class (None where too little was measured). `stages`: how many stages of the training were repeated."""

    run: str
    split: str
    points: tuple[CurvePoint, ...]
    expected: ExpectedGain | None
    classes: tuple[tuple[str, ExpectedGain | None], ...]
    stages: int


class LearningCurve(JobSpec, frozen=True, kw_only=True):
    """Train on shares of a run's training pictures with its settings, and measure each on `split`; the result is kept in the
    run's folder. `longest`: how many times as many epochs a small share gets at most, so that it is not trained too little."""

    function: ClassVar[str] = "learning_curve:learning_curve"

    run_folder: str
    split: str
    shares: tuple[float, ...] = (0.1, 0.2, 0.35, 0.6, 1.0)
    repeats: int = 1
    longest: float = 4.0


class RatesTried(Event, frozen=True, kw_only=True):
    """Losses of batches while the learning rate grows, smoothed, and the rates that they suggest by the name of the rule.

    `diverged`: the loss ran away before the highest rate, where the curve ends.
    """

    curve: tuple[tuple[float, float], ...]
    suggestions: dict[str, float]
    diverged: bool = False


class TryRates(JobSpec, frozen=True, kw_only=True):
    """Train a project's network from new weights for `steps` batches of a manifest, from the rate `lowest` to `highest` in
    equal factors, in the settings of a stage; nothing of it is kept."""

    function: ClassVar[str] = "rate_finder:try_rates"

    manifest: str
    project: Project = Project()
    project_folder: str = ""
    stage: str = ""
    """The id of a stage; empty: the first."""
    lowest: float = 1e-6
    highest: float = 10.0
    steps: int = 100
