"""What is known of a run: its curves, pictures and settings, and what was seen inside its network."""

from __future__ import annotations

import math
from collections import defaultdict
from pathlib import Path

import msgspec

from cnnstudio.core.events import LAST, Batch, Epoch, Event, Failed
from cnnstudio.core.foreign_files import find_json
from cnnstudio.core.jobs import BasesProbed
from cnnstudio.core.network import BASE, Node
from cnnstudio.core.project import Project
from cnnstudio.core.training import Stage
from cnnstudio.core.trial_jobs import Inspected
from cnnstudio.datasets.manifest import Manifest, read_manifest
from cnnstudio.workers.probe_jobs import read_probe
from cnnstudio.workers.runs.folder import RunFolder

INSPECTION_FILE = "inspection.json"
"""In the folder of a run: what was seen inside its network."""


class Leak(msgspec.Struct, frozen=True, kw_only=True):
    """`leaked` of the `pictures` of a split are, byte for byte, among the training pictures."""

    split: str
    leaked: int
    pictures: int


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers by epoch are in order, without those of a stage before the last (`curves` begins there), with Keras's names.

    `counts` are pictures of each class by split. `first_losses` are losses of batches of the first epoch. `diverged` is the
    epoch whose loss was no number, 0 for none. `chance` is the loss of guessing all classes alike.
    """

    run: str
    project: Project
    class_names: tuple[str, ...]
    curves: dict[str, tuple[float, ...]]
    first_losses: tuple[float, ...] = ()
    counts: dict[str, tuple[int, ...]] = {}
    diverged: int = 0
    kept_epoch: int = 0
    over: bool = True
    leaks: tuple[Leak, ...] = ()
    inspected: Inspected | None = None
    probed: BasesProbed | None = None
    project_folder: Path = Path()
    """Where the project's own bases lie."""

    @property
    def stage(self) -> Stage:
        return self.project.training.last_stage

    @property
    def chance(self) -> float:
        return math.log(max(2, len(self.class_names)))

    @property
    def epochs(self) -> int:
        return len(self.curve("loss"))

    def curve(self, name: str) -> tuple[float, ...]:
        """The values of a metric by epoch; empty where it was not measured."""
        return self.curves.get(name, ())

    def kept(self, name: str) -> float | None:
        """The value at the epoch whose weights the model has; else of the last one."""
        values = self.curve(name)
        if not values:
            return None
        return values[self.kept_epoch - 1] if 0 < self.kept_epoch <= len(values) else values[-1]

    def pictures(self, split: str) -> int:
        return sum(self.counts.get(split, ()))

    @property
    def train_loss(self) -> float | None:
        """The loss on unchanged training pictures by the kept weights; what the training itself measured where nothing else
        is known."""
        return self.inspected.train_loss if self.inspected is not None else self.kept("loss")

    @property
    def train_accuracy(self) -> float | None:
        return self.inspected.train_accuracy if self.inspected is not None else self.kept("accuracy")

    @property
    def validation_accuracy(self) -> float | None:
        if self.inspected is not None and self.inspected.validation_pictures:
            return self.inspected.validation_accuracy
        return self.kept("val_accuracy")

    def nodes(self) -> tuple[Node, ...]:
        return self.project.network.nodes

    @property
    def frozen_base(self) -> Node | None:
        """The pretrained base of which nothing learns in any stage."""
        for node in self.nodes():
            if node.type == BASE and node.params.get("weights", "imagenet") != "random" and all(
                    (stage.trainable_from or node.params.get("trainable_from", "none")) == "none"
                    for stage in self.project.training.stages):
                return node
        return None


def collect(run: RunFolder) -> Evidence:
    """The evidence in the folder of a run. Raises ProblemError where its specs or its list of pictures cannot be read."""
    project = run.spec()
    manifest = read_manifest(run.manifest_path)
    events = run.events()
    by_number = {event.epoch: event for event in events if isinstance(event, Epoch)}
    epochs = [by_number[number] for number in sorted(by_number)]
    last_stage = epochs[-1].stage if epochs else 0
    before = sum(event.stage != last_stage for event in epochs)
    curves: dict[str, list[float]] = defaultdict(list)
    for event in epochs[before:]:
        for name, value in event.metrics.items():
            curves[name].append(value)
    last = events[-1] if events and isinstance(events[-1], LAST) else None
    return Evidence(
        run=run.id, project=project, class_names=manifest.header.class_names,
        curves={name: tuple(values) for name, values in curves.items()},
        first_losses=tuple(event.metrics["loss"] for event in events if isinstance(event, Batch) and event.epoch == 1
                           and "loss" in event.metrics),
        counts=counts_of(manifest), diverged=_diverged(last, len(epochs)),
        kept_epoch=max(0, int(getattr(last, "metrics", {}).get("epoch", 0)) - before), over=last is not None,
        leaks=leaks_of(manifest), inspected=find_inspection(run), probed=read_probe(run.project_folder),
        project_folder=run.project_folder)


def _diverged(last: Event | None, epochs: int) -> int:
    return epochs + 1 if isinstance(last, Failed) and last.problem.code == "nan_loss" else 0


def find_inspection(run: RunFolder) -> Inspected | None:
    """What was seen inside the network of the run; None where nobody looked since its last training."""
    path = run.folder / INSPECTION_FILE
    try:
        if run.model_path.stat().st_mtime > path.stat().st_mtime:
            return None
    except OSError:
        return None
    return find_json(path, Inspected)


def counts_of(manifest: Manifest) -> dict[str, tuple[int, ...]]:
    """Pictures of each class by split."""
    counts = {split: [0] * len(manifest.header.class_names) for split in ("train", "validation", "test")}
    for entry in manifest.entries:
        if entry.split in counts and 0 <= entry.label < len(manifest.header.class_names):
            counts[entry.split][entry.label] += 1
    return {split: tuple(own) for split, own in counts.items()}


def leaks_of(manifest: Manifest) -> tuple[Leak, ...]:
    """Pictures of validation and test whose content is among the training pictures."""
    learned = {entry.hash for entry in manifest.split("train") if entry.hash}
    leaks = []
    for split in ("validation", "test"):
        own = manifest.split(split)
        leaked = sum(entry.hash in learned for entry in own if entry.hash)
        if leaked:
            leaks.append(Leak(split=split, leaked=leaked, pictures=len(own)))
    return tuple(leaks)
