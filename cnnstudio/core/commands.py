"""What a child process is told: the job it is started for, and commands while it runs."""

from __future__ import annotations

import msgspec

from cnnstudio.core.item import Step
from cnnstudio.core.recipe import RecipeSpec


class Job(msgspec.Struct, frozen=True, kw_only=True, tag_field="job", tag=str.lower):
    """What to do. Paths are absolute. `cache` is the user's cache folder; `backend` Keras's backend."""

    backend: str = "tensorflow"
    device: str = "auto"
    cache: str = ""
    language: str = "en"


class Train(Job, frozen=True, kw_only=True):
    """Train the run whose folder holds `spec.json` and `manifest.jsonl`; `resume` from its checkpoint."""

    run_folder: str
    resume: bool = False
    determinism: str = "auto"


class Evaluate(Job, frozen=True, kw_only=True):
    """Measure a run's model on the pictures of a manifest (written by `datasets.manifest`)."""

    run_folder: str
    manifest: str
    split: str
    table: str
    """Where the JSON-lines table of `PictureResult` is written."""


class Serve(Job, frozen=True, kw_only=True):
    """Load a run folder, an exported bundle folder or a `.keras` file and answer Predict commands."""

    model: str


class Export(Job, frozen=True, kw_only=True):
    """Write a run's model in `format` to `path` and check the result on pictures of the run's manifest."""

    run_folder: str
    format: str
    path: str
    samples: int = 3


class Diagnose(Job, frozen=True, kw_only=True):
    """Tell versions, backends and devices (the doctor)."""


class FetchBase(Job, frozen=True, kw_only=True):
    """Bring the weights of a pretrained base into the cache: download with checksum, or take a file."""

    base: str
    file: str = ""


class Embed(Job, frozen=True, kw_only=True):
    """Features of the pictures of a manifest by `model` (a base's id or a run's folder), laid out as a map, with
    nearest pictures, outliers and doubtful labels; written to `target` (see `datasets.embedding`)."""

    manifest: str
    target: str
    model: str = "efficientnet_lite0"
    layout: str = "tsne"
    """"tsne" or "pca"."""


class MeasureAugmentation(Job, frozen=True, kw_only=True):
    """Measure a run's model on pictures of its manifest that each of `steps` changed, `draws` times each picture, at
    most `most` pictures; the result is kept in `RunFolder.augmentation_path`."""

    run_folder: str
    steps: tuple[Step, ...]
    split: str = "validation"
    draws: int = 3
    most: int = 2000


class Probe(Job, frozen=True, kw_only=True):
    """How well a linear classifier tells the classes apart by what each of `bases` sees: learned from the training
    pictures of a manifest, measured on its validation pictures, at most `most` of each, as `recipe` prepares them at
    the base's own size. The result is kept in `target` after every base."""

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
    """Names the pictures, so that a kept result can be told from a new one."""
    most: int = 2000


class CollectTFRecord(Job, frozen=True, kw_only=True):
    """Write the pictures of a manifest (removed afterwards) as sharded TFRecord files into the new folder `path`."""

    manifest: str
    path: str
    shard_bytes: int = 128 << 20


AnyJob = Train | Evaluate | Serve | Export | Diagnose | FetchBase | Embed | CollectTFRecord | MeasureAugmentation | Probe


class Command(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag=str.lower):
    """Anything that may be sent to a running child."""


class Start(Command, frozen=True, kw_only=True):
    """Always the first command."""

    job: AnyJob


class Pause(Command, frozen=True, kw_only=True):
    """Wait after the present batch."""


class Resume(Command, frozen=True, kw_only=True):
    """Go on after a pause."""


class Stop(Command, frozen=True, kw_only=True):
    """End after the present batch; `keep` saves the best weights so far as the run's model."""

    keep: bool = True


class Predict(Command, frozen=True, kw_only=True):
    """Classify these files; `request` comes back with every answer. `top` classes each (0: all)."""

    request: int
    paths: tuple[str, ...]
    top: int = 5


AnyCommand = Start | Pause | Resume | Stop | Predict

_decoder: msgspec.json.Decoder[AnyCommand] = msgspec.json.Decoder(AnyCommand)


def encode_command(command: Command) -> bytes:
    return msgspec.json.encode(command)


def decode_command(data: bytes) -> AnyCommand:
    """The command; raises msgspec.MsgspecError for anything else."""
    return _decoder.decode(data)
