"""Trains small networks on one and on two logical devices, in a process of its own, and writes what came out.

`python -m tests.engine.training.sharing_child BACKEND FOLDER [all]`: results.json, with the largest differences.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from cnnstudio.core.commands import Observe, ObserveLayers
from cnnstudio.core.events import Batch, Epoch, LayersObserved, Notice, Observed
from cnnstudio.core.item import Item
from cnnstudio.core.jobs import Train
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.project import Project
from cnnstudio.core.training import with_settings
from cnnstudio.workers.runs.folder import RunFolder, create_run
from tests.engine.collections_of_pictures import augmented, draw, replace, small_network, small_project, write_manifest
from tests.engine.conftest import Recorder, stop_at

BACKEND = sys.argv[1]
# Read by the libraries when they are imported, which happens in `main` and below it.
os.environ["KERAS_BACKEND"] = BACKEND
os.environ["CNNSTUDIO_TEST_LOGICAL_DEVICES"] = "2"
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"
PICTURES = 20
TRAINING_PICTURE, VALIDATION_PICTURE = 1, 3
"""The places of one of each; of 24 and 8."""


class Trainer:
    """Trains projects in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entries = draw(folder / "pictures", count=PICTURES)

    def new_run(self, project: Project, left_out: int | None = None) -> RunFolder:
        entries = [entry for number, entry in enumerate(self.entries) if number != left_out]
        return create_run(self.folder, project, lambda path: write_manifest(path, self.folder / "pictures", entries))

    def train(self, run: RunFolder, resume: bool = False, on_event: Any = None) -> Recorder:
        from cnnstudio.engine.training.job import train

        recorder = Recorder(on_event)
        recorder.keep_in(run.folder)
        train(Train(run_folder=str(run.folder), cache=str(self.folder / "cache"), resume=resume), recorder)
        return recorder

    def compare(self, project: Project, left_out: int | None = None) -> dict[str, Any]:
        """The largest differences of two devices from one, of weights and of metrics, and the codes of what was told."""
        runs = [self.new_run(with_devices(project, count), left_out) for count in (1, 2)]
        told = [self.train(run) for run in runs]
        return differences(*runs, *told) | {"codes": [event.problem.code for event in told[1].of(Notice)]}


def with_devices(project: Project, count: int, **settings: Any) -> Project:
    return replace(project, training=with_settings(project.training, devices=count, backend=BACKEND, **settings))


def differences(one: RunFolder, other: RunFolder, told: Recorder, others: Recorder) -> dict[str, Any]:
    from cnnstudio.engine import models

    weights = [[np.asarray(weight) for weight in models.load(run.folder).model.weights] for run in (one, other)]
    epochs = [[event.metrics for event in recorder.of(Epoch)] for recorder in (told, others)]
    last = len(epochs[1])
    return {"weights": max(float(np.abs(a.astype(float) - b).max()) for a, b in zip(*weights, strict=True)),
            "metrics": max(abs(a[name] - b[name]) for a, b in zip(epochs[0][-last:], epochs[1], strict=True) for name in a),
            "epochs": last}


def observe(recorder: Recorder, event: Any) -> None:
    """Ask for answers and layers in the middle of the first epoch."""
    if isinstance(event, Batch) and (event.epoch, event.batch) == (1, 2):
        recorder.command(Observe(count=3))
        recorder.command(ObserveLayers(rows=10))


def seen(recorder: Recorder) -> dict[str, Any]:
    """How many pictures each look had, and how many looks into the layers there were."""
    return {"pictures": [len(event.pictures) for event in recorder.of(Observed)], "layers": len(recorder.of(LayersObserved))}


def gradients(project: Project, count: int) -> list[np.ndarray]:
    """Of the loss on one batch, as the look into the layers takes them."""
    import keras

    from cnnstudio.catalog.bases.resolver import BUILT_IN
    from cnnstudio.catalog.context import context_of
    from cnnstudio.engine.building import build, compile_model
    from cnnstudio.engine.devices import normalize_together, sharing
    from cnnstudio.engine.gradients import loss_gradients

    context = context_of(project, 2, BUILT_IN)
    random = np.random.default_rng(3)
    batch = random.integers(0, 256, (7, 12, 12, 3), np.uint8), np.eye(2, dtype=np.float32)[random.integers(0, 2, 7)], None
    keras.utils.set_random_seed(5)
    with sharing(count):
        model = build(project.network, context).model
        compile_model(model, project, context)
        normalize_together(model)
        model.optimizer.build(model.trainable_variables)
        return loss_gradients(model, batch)


def refusal(trainer: Trainer, project: Project) -> str:
    try:
        trainer.train(trainer.new_run(project))
    except ProblemError as problem_error:
        return str(problem_error.problems[0].code)
    return ""


def main(folder: Path, separately: bool) -> None:
    """With all that can differ in one training, or each in one of its own as well."""
    from cnnstudio.engine import environment
    from cnnstudio.engine.training import reporter

    environment.set_up("auto", devices=2)
    reporter.EVENT_SECONDS = -1.0
    trainer = Trainer(folder)
    plain = small_project(batch_size=6)
    normalized = replace(plain, network=small_network(batch_normalization=True))
    results: dict[str, Any] = {
        "name": environment.device_name(2),
        "together": trainer.compare(replace(normalized, training=with_settings(
            normalized.training, class_weight="custom", class_weights={"dark": 3.0})), left_out=VALIDATION_PICTURE),
        "remainder": trainer.compare(small_project(batch_size=10), left_out=TRAINING_PICTURE),
        "too_many": refusal(trainer, with_devices(plain, 3, batch_size=6)),
        "few": refusal(trainer, with_devices(plain, "all", batch_size=5)),
    }
    if separately:
        results |= {
            "even": trainer.compare(plain),
            "validation": trainer.compare(plain, left_out=VALIDATION_PICTURE),
            "weighted": trainer.compare(small_project(batch_size=10, class_weight="custom", class_weights={"dark": 3.0})),
            "normalized": trainer.compare(normalized)}
    if BACKEND == "jax":
        results["accumulated"] = trainer.compare(small_project(batch_size=6, accumulation=2))
        results["clipped"] = trainer.compare(small_project(batch_size=6, optimizer=Item(
            type="sgd", params={"learning_rate": 0.1, "clipnorm": 0.05})))
    # Resumed in the middle of an epoch, with all that is random.
    restless = with_devices(replace(augmented(small_project(batch_size=10)), network=small_network(
        dropout=0.3, batch_normalization=True)), 2)
    whole, broken = trainer.new_run(restless, TRAINING_PICTURE), trainer.new_run(restless, TRAINING_PICTURE)
    unbroken = trainer.train(whole)

    def look_and_stop(recorder: Recorder, event: Any) -> None:
        observe(recorder, event)
        stop_at(2, 2)(recorder, event)

    # Looked into while it trains, which must not change anything.
    looked = trainer.train(broken, on_event=look_and_stop)
    results["resumed"] = differences(whole, broken, unbroken, trainer.train(broken, resume=True)) | seen(looked)
    if separately:
        watched = trainer.new_run(restless, TRAINING_PICTURE)
        told = trainer.train(watched, on_event=observe)
        results["watched"] = differences(whole, watched, unbroken, told) | seen(told)
    pairs = zip(gradients(normalized, 1), gradients(normalized, 2), strict=True)
    results["gradients"] = max(float(np.abs(one - two).max()) for one, two in pairs)
    (folder / "results.json").write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[2]), "all" in sys.argv[3:])
