"""Events that a child process sends: the same messages on the pipe, in `events.jsonl` and for `--json`.

The field "event" names the kind. Events of a single job are in `core.jobs`. Cheap to import, because a child imports
this before the heavy libraries.
"""

from __future__ import annotations

from typing import Final

import msgspec

from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag=str.lower):
    """`sequence` counts a job's events from 1; `time` is seconds since the epoch, by the child's clock."""

    sequence: int = 0
    time: float = 0.0


class Hello(Event, frozen=True, kw_only=True):
    """The child has started: process id, versions of its libraries, and the device."""

    pid: int
    versions: dict[str, str] = {}
    device: str = ""


class Phase(Event, frozen=True, kw_only=True):
    """A new phase of the work: "preparing", "features", "building", "training", "evaluating", "saving"..."""

    name: str
    text: Text


class Progress(Event, frozen=True, kw_only=True):
    """`done` of `total` `unit`s ("pictures", "bytes"); `rate` per second; `seconds_left` None if unknown. `request` is that of
    the warm server that comes along, 0 for everything else."""

    done: int
    total: int
    unit: str = "pictures"
    rate: float | None = None
    seconds_left: float | None = None
    request: int = 0


class Batch(Event, frozen=True, kw_only=True):
    """After an optimizer step. `epoch` and `batch` count from 1; `metrics` are this batch's own values.

    `seconds_left` is for the whole training if no callback ends it early. `stage` counts from 0; epochs of later stages
    continue the count.
    """

    epoch: int
    batch: int
    batches: int
    metrics: dict[str, float]
    pictures_per_second: float
    seconds_left: float | None = None
    stage: int = 0
    learning_rate: float | None = None
    """From time to time only: to read it makes a GPU wait."""


class Epoch(Event, frozen=True, kw_only=True):
    """After an epoch. `metrics` as Keras's logs (loss, accuracy, val_loss, val_accuracy, learning_rate).

    `epoch` counts over all stages, of which `epochs` are planned from now on; `stage` counts from 0. `best_by` is the
    metric by which `best` was decided; "" in events of earlier versions.
    """

    epoch: int
    epochs: int
    metrics: dict[str, float]
    seconds: float
    pictures_per_second: float
    best: bool = False
    stage: int = 0
    best_by: str = ""


USER: Final = "user"
"""By whom a rate was changed that no callback changed."""


class RateChanged(Event, frozen=True, kw_only=True):
    """The learning rate changed other than by a schedule, after `batch` batches of `epoch` (from 1; 0: at its end).

    `by` is the id of the callback's entry, or USER. `stage` counts from 0.
    """

    epoch: int
    batch: int
    before: float
    after: float
    by: str
    stage: int = 0


class GpuLoad(msgspec.Struct, frozen=True, kw_only=True):
    """A GPU as its driver reports it: `load` from 0 to 1, memory in use by all programs in MB, temperature in °C."""

    name: str
    load: float
    memory_mb: float
    memory_total_mb: float
    temperature: float | None = None


class Resources(Event, frozen=True, kw_only=True):
    """What the computer gives to the training: the share of all its cores (0 to 1), memory in MB."""

    cpu: float
    memory_mb: float
    gpus: tuple[GpuLoad, ...] = ()


class ObservedPicture(msgspec.Struct, frozen=True, kw_only=True):
    """The answer for one observed picture. `label` is its class, "" where unknown; `probability` that of its class."""

    path: str
    label: str = ""
    answer: str = ""
    confidence: float = 0.0
    probability: float | None = None
    problem: Problem | None = None


class Observed(Event, frozen=True, kw_only=True):
    """What the network in training answers for observed pictures, after `batch` batches of `epoch` (0: at its end)."""

    epoch: int
    batch: int
    pictures: tuple[ObservedPicture, ...]


class Histogram(msgspec.Struct, frozen=True, kw_only=True):
    """How values are distributed: `shares` are those of equal bins from `low` to `high`, in thousandths of all values. The
    rare ones outside are in the first and the last bin."""

    low: float
    high: float
    shares: tuple[int, ...]


class LayerState(msgspec.Struct, frozen=True, kw_only=True):
    """One layer, or several that follow one another, where there are more than can be shown.

    `gradient_norm` is the Euclidean norm of the gradient of the loss by the layer's trainable weights; `update_ratio`
    ||after - before|| / ||before|| of these weights for one step of the optimizer, which is around 1e-3 where all is well
    (A. Karpathy, CS231n, Neural Networks Part 3, "Ratio of weights:updates"). `dead` is the share (0 to 1) of units, the
    channels of feature maps, that answer exactly 0 everywhere for every picture. What cannot be told is None: a frozen
    layer has no gradient. Of several layers the norms are those of all their weights together, and `activations` and
    `dead` those of the last one.
    """

    name: str
    kind: str
    """The type of the layer, of the last one of several."""
    layers: int = 1
    parameters: int = 0
    gradient_norm: float | None = None
    update_ratio: float | None = None
    weights: Histogram | None = None
    activations: Histogram | None = None
    dead: float | None = None


class LayersObserved(Event, frozen=True, kw_only=True):
    """The state of the layers in the order of the network, after `batch` batches of `epoch` (0: at its end). The gradient
    is that of the loss on the same `pictures` training pictures every time."""

    epoch: int
    batch: int
    layers: tuple[LayerState, ...]
    stage: int = 0
    pictures: int = 0


class Artifact(Event, frozen=True, kw_only=True):
    """A file or folder was written: "model", "kept_model", "checkpoint", "export".

    `seconds_at_risk` of a checkpoint: the longest time of training, in seconds, that a crash costs from now on.
    """

    kind: str
    path: str
    seconds_at_risk: float | None = None


class Notice(Event, frozen=True, kw_only=True):
    """Something the user should know that did not stop the work, such as a picture that was skipped."""

    problem: Problem


class Paused(Event, frozen=True, kw_only=True):
    """The job waits for Resume; everything it needs is on the disk."""


class Resumed(Event, frozen=True, kw_only=True):
    """The job continues after a pause."""


class Failed(Event, frozen=True, kw_only=True):
    """The last event of a job that could not be done."""

    problem: Problem


class Stopped(Event, frozen=True, kw_only=True):
    """The last event of a job that the user stopped; `kept` is True if its result was saved."""

    run: str = ""
    kept: bool = True
    metrics: dict[str, float] = {}


class Finished(Event, frozen=True, kw_only=True):
    """The last event of a job that was done. `metrics` of the kept weights, for a training."""

    run: str = ""
    metrics: dict[str, float] = {}


LAST: tuple[type[Event], ...] = (Failed, Stopped, Finished)
"""Every job ends with one of these."""
