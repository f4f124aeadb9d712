"""Runs as the engine leaves them, with figures that a real training of the same project had: for tests that need no Keras.

`test_real_trainings` (nightly) trains for real and asks for the same tasks.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cnnstudio import cli
from cnnstudio.core.events import Epoch, Finished, Hello, Stopped
from cnnstudio.core.files import read_project
from cnnstudio.core.jobs import Evaluated
from cnnstudio.core.messages import encode_event
from cnnstudio.core.project import Project
from cnnstudio.datasets.index import open_index
from cnnstudio.datasets.manifest import read_manifest
from cnnstudio.evaluation.answers import Answers, write_answers
from cnnstudio.workers.job_setup import prepare_training
from cnnstudio.workers.runs.calibration import write_evaluation
from cnnstudio.workers.runs.folder import RunFolder

BEFORE = 1_000_000_000


def settings(folder: Path, *values: str) -> None:
    """Change settings of the project as a user does in the terminal."""
    assert cli.main(["set", str(folder), *values]) == 0


def recorded_run(folder: Path, accuracy: float, val_accuracy: float, epochs: int, project: Project | None = None,
                 model: bool = True) -> RunFolder:
    """A finished training of the project as it is now, whose last epoch had these accuracies."""
    project = project or read_project(folder)
    index = open_index(folder)
    try:
        run, _job = prepare_training(folder, project, index)
    finally:
        index.close()
    events = [Hello(sequence=1, time=1.0, pid=1), *(
        Epoch(sequence=1 + number, time=1.0 + number, epoch=number, epochs=project.training.epochs,
              metrics={"loss": 1.0, "accuracy": accuracy * number / epochs, "val_loss": 1.0,
                       "val_accuracy": val_accuracy * number / epochs},
              seconds=1.0, pictures_per_second=100.0) for number in range(1, epochs + 1))]
    metrics = events[-1].metrics if isinstance(events[-1], Epoch) else {}
    last = Finished(sequence=99, time=99.0, run=run.id, metrics=metrics) if model else Stopped(
        sequence=99, time=99.0, run=run.id, kept=False, metrics=metrics)
    run.events_path.write_bytes(b"\n".join(encode_event(event) for event in [*events, last]) + b"\n")
    if model:
        run.model_path.write_bytes(os.urandom(50))
        os.utime(run.model_path, (BEFORE, BEFORE))
    return run


def recorded_evaluation(run: RunFolder, split: str, right: float) -> Evaluated:
    """An evaluation in which that share of the pictures was answered right; the others got the next class."""
    manifest = read_manifest(run.manifest_path)
    entries, classes = manifest.split(split), manifest.header.class_names
    labels = np.array([entry.label for entry in entries])
    predicted = np.where(np.arange(len(labels)) < round(right * len(labels)), labels, (labels + 1) % len(classes))
    probabilities = np.full((len(labels), len(classes)), 0.1 / (len(classes) - 1), np.float32)
    probabilities[np.arange(len(labels)), predicted] = 0.9
    answers = Answers(tuple(entry.path for entry in entries), labels, probabilities, classes, run=run.id, split=split)
    write_answers(run.answers_path(split), answers)
    return write_evaluation(run.table_path(split), answers, Evaluated(
        run=run.id, split=split, images=len(labels), loss=0, accuracy=0, classes=(), confusion=(),
        table=str(run.table_path(split))))


def tell(folder: Path, lesson: str, capsys, answers: Sequence[str] = ()) -> dict[str, dict]:
    """What `learn --check` says of each task."""
    import json

    capsys.readouterr()
    extra = [word for answer in answers for word in ("--answer", answer)]
    code = cli.main(["learn", "--check", lesson, str(folder), "--json", *extra])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert code == (0 if all(line["done"] for line in lines) else 1)
    return {line["task"]: line for line in lines}
