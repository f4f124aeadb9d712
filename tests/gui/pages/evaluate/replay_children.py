"""Scripted children that replay epochs, without Keras, and without Qt so that it starts quickly."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cnnstudio.core.events import Failed, Finished
from cnnstudio.core.feature_jobs import EpochReplayed, Replay
from cnnstudio.core.problems import error
from cnnstudio.core.text import same
from cnnstudio.evaluation.replays import EpochReplay, write_replay
from cnnstudio.workers.link import Link
from cnnstudio.workers.replays import chosen_path, kept_epochs, replay_manifest, replay_path
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.transport import Endpoint

EPOCHS = (1, 2, 4)


def replay_of(epoch: int, paths: tuple[str, ...], labels: np.ndarray, names: tuple[str, ...], overlays: bool = True
              ) -> EpochReplay:
    """A made-up epoch: the later, the more answers are right."""
    random = np.random.default_rng(epoch)
    chances = random.uniform(0.01, 0.3, (len(labels), len(names))).astype(np.float32)
    right = np.arange(len(labels)) % 4 < epoch
    chances[np.arange(len(labels)), np.where(right, labels, (labels + 1) % len(names))] += 1
    chances /= chances.sum(axis=1, keepdims=True)
    pixels = random.integers(0, 255, (2, 16, 16, 3), np.uint8)
    return EpochReplay(
        epoch=epoch, accuracy=float(right.mean()), loss=1 / epoch, class_names=names, paths=paths, labels=labels,
        probabilities=chances, features=random.normal(size=(len(labels), 6)).astype(np.float16), fixed=paths[:2],
        fixed_labels=labels[:2], fixed_probabilities=chances[:2], fixed_pixels=pixels,
        overlays=pixels if overlays else np.empty((0, 16, 16, 3), np.uint8))


def keep(job: Replay, epochs: tuple[int, ...] = EPOCHS) -> None:
    run, manifest = RunFolder(Path(job.run_folder)), replay_manifest(job)
    entries = manifest.split(job.split)
    paths = tuple(str(manifest.path(entry)) for entry in entries)
    chosen_path(job).parent.mkdir(parents=True, exist_ok=True)
    import msgspec

    chosen_path(job).write_bytes(msgspec.json.encode(paths[:2]))
    for kept in kept_epochs(run):
        if kept.epoch in epochs:
            write_replay(replay_path(job, manifest, kept, paths[:2]), replay_of(
                kept.epoch, paths, np.asarray([entry.label for entry in entries]), manifest.header.class_names))


def child(endpoint: Endpoint) -> None:
    """Epoch 2 is damaged."""
    link = Link(endpoint)
    job = link.job()
    assert isinstance(job, Replay)
    keep(job, (1, 4))
    link.emit(EpochReplayed(epoch=2, problem=error("damaged_model", same("Damaged."), "run")))
    link.emit(Finished())


def failing_child(endpoint: Endpoint) -> None:
    link = Link(endpoint)
    link.job()
    link.emit(Failed(problem=error("damaged_model", same("All are damaged."), "run")))
