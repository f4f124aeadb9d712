"""A teacher's project, students' projects with recorded runs, and evaluations that no model made."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import h5py
import numpy as np

from cnnstudio.core.events import Epoch, Event, Finished
from cnnstudio.core.files import read_project
from cnnstudio.core.jobs import Evaluate, Evaluated
from cnnstudio.core.messages import encode_event
from cnnstudio.datasets.index import open_index
from cnnstudio.datasets.manifest import read_manifest
from cnnstudio.datasets.opening import create_project
from cnnstudio.evaluation.answers import Answers, write_answers
from cnnstudio.learning.assignments.facts import run_facts
from cnnstudio.learning.assignments.making import Draft, Made, make_assignment
from cnnstudio.workers.job_setup import prepare_training
from cnnstudio.workers.runs.folder import RunFolder

ANSWER = "The same kernel slides over the whole picture, so that few weights are enough."


def paint(seed: int, bright: bool) -> np.ndarray:
    """A picture of big random cells, dark or bright: no two are alike."""
    random = np.random.default_rng(seed)
    cells = random.integers(0, 110, (6, 6, 3)) + (140 if bright else 0)
    return cv2.resize(cells.astype(np.uint8), (48, 48), interpolation=cv2.INTER_NEAREST)


def teacher_project(place: Path, count: int = 40) -> Path:
    """A project of two classes with its own draw of the splits."""
    for number in range(count):
        folder = place / "all" / ("dark", "light")[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / f"{number:03}.png"), paint(number, number % 2 == 1))
    _created, index = create_project(place / "teacher", place / "all", template="lenet5", name="Lamps")
    index.close()
    return place / "teacher"


def make(project: Path, draft: Draft, key: bool = True, passphrase: str = "") -> Made:
    """The files of an assignment beside the project."""
    index = open_index(project)
    try:
        return make_assignment(project, read_project(project), index, draft, project.parent / "lamps.assignment.zip",
                               project.parent / "lamps.key.zip" if key else None, passphrase)
    finally:
        index.close()


def fake_model(path: Path, parameters: int, seed: int) -> None:
    """The weights of a model that nothing loads."""
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file["layers/dense/vars/0"] = np.random.default_rng(seed).normal(size=parameters).astype(np.float32)
        file["optimizer/vars/0"] = np.zeros(7, np.float32)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("model.weights.h5", content.getvalue())


def trained(project: Path, seed: int = 1, accuracy: float = 0.8, epochs: int = 2) -> RunFolder:
    """A run of the project as a training leaves it."""
    index = open_index(project)
    try:
        run, _job = prepare_training(project, read_project(project), index)
    finally:
        index.close()
    events: list[Event] = [Epoch(epoch=number, epochs=epochs, metrics={"loss": 1 / (number + seed), "val_accuracy": accuracy},
                                 seconds=0.1 * seed, pictures_per_second=9.0) for number in range(1, epochs + 1)]
    events.append(Finished(run=run.id, metrics={"val_accuracy": accuracy}))
    run.events_path.write_bytes(b"".join(encode_event(event) + b"\n" for event in events))
    fake_model(run.model_path, run_facts(run).parameters, seed)
    return run


def evaluator(right: float = 1.0, seen: list[Evaluate] | None = None) -> Callable[[Evaluate], tuple[Evaluated | None, Event]]:
    """Answers that share of the pictures of each split right; each run in its own way."""
    def evaluate(job: Evaluate) -> tuple[Evaluated | None, Event]:
        if seen is not None:
            seen.append(job)
        manifest = read_manifest(Path(job.manifest))
        random = np.random.default_rng(abs(hash(RunFolder(Path(job.run_folder)).model_path.read_bytes())) % 2**32)
        rows, labels = [], []
        for split in ("test", "validation"):
            entries = manifest.split(split)
            for number, entry in enumerate(entries):
                sure = random.uniform(0.6, 0.9)
                good = number < round(right * len(entries))
                row = np.full(2, 1 - sure, np.float32)
                row[entry.label if good else 1 - entry.label] = sure
                rows.append(row)
                labels.append(entry.label)
        paths = tuple(entry.path for split in ("test", "validation") for entry in manifest.split(split))
        write_answers(Path(job.table).with_suffix(".npz"), Answers(
            paths=paths, labels=np.asarray(labels, np.int64), probabilities=np.asarray(rows, np.float32),
            class_names=manifest.header.class_names))
        return Evaluated(run="r", split="all", images=len(rows), loss=0.1, accuracy=right, classes=(), confusion=()), Finished()

    return evaluate


def rewrite(source: Path, target: Path, change: Callable[[dict[str, Any], dict[str, bytes]], None]) -> Path:
    """A copy of a capsule, in which `change` does what it likes to what it says and to its files."""
    with zipfile.ZipFile(source) as archive:
        info = json.loads(archive.read("capsule.json"))
        files = {name: archive.read(name) for name in archive.namelist() if name != "capsule.json"}
    change(info, files)
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("capsule.json", json.dumps(info))
        for name, data in files.items():
            archive.writestr(name, data)
    return target


def copy_project(source: Path, target: Path) -> Path:
    """Another student's project."""
    return Path(shutil.copytree(source, target))
