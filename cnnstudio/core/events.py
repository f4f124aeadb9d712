"""What a child process tells: typed messages, the same on the pipe, in `events.jsonl` and for `--json`.

The field "event" names the kind. Cheap to import: a child reads this before anything heavy.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag=str.lower):
    """`sequence` counts a job's events from 1; `time` is seconds since the epoch, by the child's clock."""

    sequence: int = 0
    time: float = 0.0


class Hello(Event, frozen=True, kw_only=True):
    """The child lives: process id, versions of what it computes with, and the device."""

    pid: int
    versions: dict[str, str] = {}
    device: str = ""


class Phase(Event, frozen=True, kw_only=True):
    """A new stretch of work: "preparing", "features", "building", "training", "evaluating", "saving"..."""

    name: str
    text: Text


class Progress(Event, frozen=True, kw_only=True):
    """`done` of `total` `unit`s ("pictures", "bytes"); `rate` per second; `seconds_left` None if unknown."""

    done: int
    total: int
    unit: str = "pictures"
    rate: float | None = None
    seconds_left: float | None = None


class Batch(Event, frozen=True, kw_only=True):
    """After an optimizer step. `epoch` and `batch` count from 1; `metrics` are this batch's own values.

    `seconds_left` is for the whole training if no callback ends it early. `stage` counts from 0; epochs of later
    stages go on counting where the one before ended.
    """

    epoch: int
    batch: int
    batches: int
    metrics: dict[str, float]
    pictures_per_second: float
    seconds_left: float | None = None
    stage: int = 0


class Epoch(Event, frozen=True, kw_only=True):
    """After an epoch. `metrics` as Keras's logs (loss, accuracy, val_loss, val_accuracy, learning_rate).

    `epoch` counts over all stages, of which `epochs` are planned from now on; `stage` counts from 0.
    """

    epoch: int
    epochs: int
    metrics: dict[str, float]
    seconds: float
    pictures_per_second: float
    best: bool = False
    stage: int = 0


class Artifact(Event, frozen=True, kw_only=True):
    """A file or folder was written: "model", "checkpoint", "export".

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
    """The job goes on after a pause."""


class Ready(Event, frozen=True, kw_only=True):
    """The warm prediction server takes requests. `engine` is "litert" or "keras"."""

    engine: str
    class_names: tuple[str, ...]


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """One class with its probability (0 to 1)."""

    label: str
    probability: float


class Prediction(Event, frozen=True, kw_only=True):
    """The answer for one picture: `top` is best first; or the problem that prevented it."""

    request: int
    path: str
    top: tuple[Ranked, ...] = ()
    problem: Problem | None = None


class Answered(Event, frozen=True, kw_only=True):
    """All pictures of a request were answered. `seconds` from request to here."""

    request: int
    pictures: int
    seconds: float
    engine: str


class ClassReport(msgspec.Struct, frozen=True, kw_only=True):
    """Precision, recall and F1 (0 to 1; 0 where undefined) of one class; `support` is its pictures."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int


class Evaluated(Event, frozen=True, kw_only=True):
    """The result of an evaluation. `confusion[i][j]`: pictures of class i that were called class j.

    `table` is the path of a JSON-lines file with one `PictureResult` a line; empty where it could not be written.
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


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """How a model answers pictures of a class that one augmentation changed.

    `plain` and `changed` are its accuracy before and after (0 to 1), over `pictures` and `draws` of each.
    `called` is the class that the wrong ones are called most often, `called_share` of all that were drawn.
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
        shares = [(each * self.pictures + 1) / count for each in (self.plain, self.changed)]
        error: float = (sum(each * (1 - each) for each in shares) / count) ** 0.5
        return self.pictures > 2 and self.plain - self.changed > max(0.05, 2 * error)


class AugmentationMeasured(Event, frozen=True, kw_only=True):
    """What each augmentation does to the answers of a model, for each class, the worst first."""

    run: str
    split: str
    rows: tuple[Changed, ...]
    engine: str = ""


class Probed(msgspec.Struct, frozen=True, kw_only=True):
    """What a linear classifier makes of a base's features: `accuracy` on validation pictures with its 95 % interval
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
    classes. `absent` have no weights on this computer, `failed` could not be used, and why."""

    rows: tuple[Probed, ...]
    absent: tuple[str, ...] = ()
    failed: dict[str, Problem] = {}
    training: int = 0
    validation: int = 0
    classes: int = 0
    key: str = ""


class ExportCheck(msgspec.Struct, frozen=True, kw_only=True):
    """The export was reopened and compared with the trained model on real pictures."""

    images: int
    top1_agreement: float
    max_abs_difference: float


class Exported(Event, frozen=True, kw_only=True):
    path: str
    format: str
    check: ExportCheck


class Report(Event, frozen=True, kw_only=True):
    """What the doctor found in the child: free-form facts by name."""

    facts: dict[str, Any]


class Failed(Event, frozen=True, kw_only=True):
    """The last event of a job that could not be done."""

    problem: Problem


class Stopped(Event, frozen=True, kw_only=True):
    """The last event of a job that the user stopped; `kept` tells whether its result was kept."""

    run: str = ""
    kept: bool = True
    metrics: dict[str, float] = {}


class Finished(Event, frozen=True, kw_only=True):
    """The last event of a job that was done. `metrics` of the kept weights, for a training."""

    run: str = ""
    metrics: dict[str, float] = {}


AnyEvent = (
    Hello | Phase | Progress | Batch | Epoch | Artifact | Notice | Paused | Resumed | Ready | Prediction
    | Answered | Evaluated | AugmentationMeasured | BasesProbed | Exported | Report | Failed | Stopped | Finished
)
LAST: tuple[type[Event], ...] = (Failed, Stopped, Finished)

_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)
_encoder = msgspec.json.Encoder()


def encode_event(event: Event) -> bytes:
    """One line of JSON without the line end."""
    return _encoder.encode(event)


def decode_event(line: bytes | str) -> AnyEvent:
    """The event; raises msgspec.MsgspecError for anything else."""
    return _decoder.decode(line)


class PictureResult(msgspec.Struct, frozen=True, kw_only=True):
    """One evaluated picture, a line of an evaluation's table. `label` and `predicted` are class numbers."""

    path: str
    label: int
    predicted: int
    probability: float
    loss: float


EventKind = Literal["hello", "phase", "progress", "batch", "epoch", "notice", "failed", "stopped", "finished"]
