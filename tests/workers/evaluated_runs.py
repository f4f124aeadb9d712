"""Runs with an evaluation, as the tests of comparisons need them: no model, only what was written about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from cnnstudio.core.jobs import PictureResult
from cnnstudio.core.project import Project
from cnnstudio.datasets.manifest import Entry, Header, write_manifest
from cnnstudio.network.new_project import Facts, new_project
from cnnstudio.workers.runs.folder import RunFolder, create_run

CLASSES = ("cat", "dog")


def result(path: str, predicted: int, label: int | None = None, probability: float = 0.9) -> PictureResult:
    """An answer for a picture of cat/ or dog/."""
    return PictureResult(path=path, label=int(path[0] == "d") if label is None else label, predicted=predicted,
                         probability=probability, loss=1 - probability)


def evaluated_run(folder: Path, rows: Sequence[PictureResult], project: Project | None = None,
                  classes: Sequence[str] = CLASSES, hashes: Mapping[str, str] | None = None) -> RunFolder:
    """A run in the project folder; `rows` are of its test pictures, which lie in the same folder."""
    project = project or new_project("pets", str(folder), Facts(classes=CLASSES), template="lenet5")
    entries = [Entry(path="cat/0.png", label=classes.index("cat"), split="train"), *(
        Entry(path=row.path, label=row.label, split="test", hash=(hashes or {}).get(row.path)) for row in rows)]
    header = Header(root=str(folder), class_names=tuple(classes), label_mode="categorical")
    run = create_run(folder, project, lambda path: write_manifest(path, header, entries))
    run.table_path("test").parent.mkdir(parents=True, exist_ok=True)
    run.table_path("test").write_bytes(b"\n".join(msgspec.json.encode(row) for row in rows) + b"\n")
    return run
