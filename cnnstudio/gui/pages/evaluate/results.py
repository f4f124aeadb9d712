"""The table of an evaluation: every picture with its answer, and intervals. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec
import numpy as np

from cnnstudio.core.foreign_files import LARGE, LARGEST, decode_json, open_regular, read_bytes
from cnnstudio.core.jobs import Evaluated, PictureResult
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text
from cnnstudio.datasets.manifest import Entry, Header, read_manifest
from cnnstudio.datasets.run_pictures import locate
from cnnstudio.gui.pages.evaluate.orders import Order
from cnnstudio.workers.runs.folder import RunFolder

DATA = "data"
"""The split's name of an evaluation on other class folders."""
_DATA_MANIFEST = "evaluation-data.manifest.jsonl"


@dataclass(frozen=True)
class Answer:
    """One evaluated picture: its file, its class, the predicted class and its probability (0 to 1).

    `relative` is the path below the collection's folder; `file_bytes` and `modified_ns` are those of the scan.
    """

    file: Path
    relative: str
    label: int
    predicted: int
    probability: float
    loss: float
    file_bytes: int = 0
    modified_ns: int = 0

    @property
    def right(self) -> bool:
        return self.label == self.predicted


@dataclass(frozen=True)
class Results:
    """The table of one evaluation; `root` is the collection's folder."""

    root: Path
    answers: tuple[Answer, ...] = ()

    def prepare(self) -> None:
        """Compute what choosing pictures needs: of a million pictures that takes a second, which belongs in a thread."""
        _computed = self.labels, self.predicted, self.probabilities, self.losses, self.right

    @cached_property
    def labels(self) -> np.ndarray:
        """The true classes, int (n,)."""
        return np.array([answer.label for answer in self.answers], np.int64)

    @cached_property
    def predicted(self) -> np.ndarray:
        """The predicted classes, int (n,)."""
        return np.array([answer.predicted for answer in self.answers], np.int64)

    @cached_property
    def probabilities(self) -> np.ndarray:
        """Those of the predicted classes, (n,)."""
        return np.array([answer.probability for answer in self.answers])

    @cached_property
    def losses(self) -> np.ndarray:
        return np.array([answer.loss for answer in self.answers])

    @cached_property
    def right(self) -> np.ndarray:
        """Whether each was recognised, (n,)."""
        return np.asarray(self.labels == self.predicted)

    def cell(self, label: int, predicted: int, most: int | None = None) -> list[Answer]:
        """The pictures of a cell of the confusion matrix, most probable first."""
        numbers = np.flatnonzero((self.labels == label) & (self.predicted == predicted))
        chosen = numbers[np.argsort(-self.probabilities[numbers], kind="stable")][:most]
        return [self.answers[number] for number in chosen.tolist()]

    def ordered(self, order: Order, most: int = 200) -> list[Answer]:
        """The first pictures of an order."""
        return [self.answers[number] for number in order.numbers(self)[:most].tolist()]


def read_results(run: RunFolder, split: str) -> Results:
    """Read the table of a split (`DATA`: other folders) with the paths of its manifest; raises ProblemError."""
    manifest = read_manifest(data_manifest(run) if split == DATA else run.manifest_path)
    located = locate(manifest, run.project_folder)
    entries: dict[str, tuple[Entry, Path]] = {}
    for before, now in zip(manifest.entries, located.entries, strict=True):
        # An evaluation before the pictures were moved has their old paths.
        entries[before.path] = entries[now.path] = (now, located.path(now))
    root = Path(located.header.root)
    path = run.table_path(split)
    decoder = msgspec.json.Decoder(PictureResult)
    try:
        rows = [decoder.decode(line) for line in read_bytes(path, LARGEST).split(b"\n") if line]
    except (OSError, ValueError, RecursionError) as err:
        text = Text("The table of the evaluation cannot be read ({reason}). Evaluate again.",
                    "No se puede leer la tabla de la evaluación ({reason}). Evalúe de nuevo.")
        raise ProblemError(error("damaged_table", text.fill(reason=reason_of(err)), "run", path=path)) from err
    answers = []
    for row in rows:
        entry, file = entries.get(row.path, (None, root / row.path))
        answers.append(Answer(
            file=file, relative=row.path, label=row.label, predicted=row.predicted,
            probability=row.probability, loss=row.loss, file_bytes=entry.size if entry is not None else 0,
            modified_ns=entry.modified_ns if entry is not None else 0))
    # By path, so that equal ones stand in its order.
    return Results(root=root, answers=tuple(sorted(answers, key=lambda answer: answer.relative)))


def data_manifest(run: RunFolder) -> Path:
    """The manifest of the evaluation `DATA` of a run."""
    return run.folder / _DATA_MANIFEST


def measured_folder(run: RunFolder) -> Path | None:
    """The other folder, or list, of the saved evaluation `DATA` of a run, or None."""
    path = data_manifest(run)
    try:
        # A list that is newer than the result belongs to an evaluation that did not finish.
        if path.stat().st_mtime > run.table_path(DATA).with_suffix(".json").stat().st_mtime:
            return None
        with open_regular(path) as file:
            header = decode_json(file.readline(LARGE), Header)
            return Path(header.source or header.root)
    except (OSError, ValueError):
        return None


def mean_f1(evaluated: Evaluated) -> float:
    """The mean F1 of the classes that have pictures."""
    values = [entry.f1 for entry in evaluated.classes if entry.support]
    return sum(values) / len(values) if values else 0.0


def relative_paths(answers: Sequence[Answer], source: Path | None) -> list[str]:
    """The paths relative to the project's own collection; empty for pictures elsewhere."""
    if source is None:
        return []
    return [answer.file.relative_to(source).as_posix() for answer in answers if answer.file.is_relative_to(source)]
