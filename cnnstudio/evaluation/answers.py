"""The answers of a model for labelled pictures, kept beside the table of an evaluation."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from cnnstudio.core.atomic import atomic_path
from cnnstudio.core.calibration import Calibration
from cnnstudio.core.foreign_files import LARGEST, decode_json, open_regular
from cnnstudio.core.jobs import ClassReport, PictureResult
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.evaluation.answering import scale

FORMAT: Final = 1
_SMALLEST: Final = 1e-7
"""Keras's lower bound of a probability before its logarithm."""


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    """What a file of answers says about its arrays."""

    format: int
    run: str
    split: str
    class_names: tuple[str, ...]
    label_mode: str
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Answers:
    """The probabilities float32 (n, classes) for n pictures with labels int64 (n,), which are numbers of `class_names`."""

    paths: tuple[str, ...]
    labels: np.ndarray
    probabilities: np.ndarray
    class_names: tuple[str, ...]
    label_mode: str = "categorical"
    run: str = ""
    split: str = ""

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def predicted(self) -> np.ndarray:
        """The most probable classes, int64 (n,); of equal ones the first, as everywhere in the program."""
        return predicted_classes(self.probabilities)

    @cached_property
    def confusion(self) -> np.ndarray:
        """int64 (classes, classes): how many pictures of class i were predicted as class j."""
        count = len(self.class_names)
        return np.bincount(self.labels * count + self.predicted, minlength=count * count).reshape(count, count)

    def calibrated(self, calibration: Calibration | None) -> Answers:
        """The answers with the temperature that is not inside the model."""
        if calibration is None or calibration.outstanding == 1.0:
            return self
        return replace(self, probabilities=scale(self.probabilities, calibration.outstanding))

    def select(self, chosen: np.ndarray) -> Answers:
        """Some of the pictures, by a mask or by their numbers."""
        numbers = np.arange(len(self))[chosen]
        return replace(self, paths=tuple(self.paths[number] for number in numbers.tolist()), labels=self.labels[numbers],
                       probabilities=self.probabilities[numbers])

    @property
    def are_shares(self) -> bool:
        """Whether the probabilities of every picture add up to 1."""
        return bool(np.allclose(self.probabilities.sum(axis=1), 1.0, atol=1e-3))


def predicted_classes(probabilities: np.ndarray) -> np.ndarray:
    """The most probable class, int64 (n,). At exactly 0.5 a sigmoid unit predicts the first class, as in Keras."""
    return np.asarray(probabilities.argmax(axis=1), np.int64)


def picture_results(answers: Answers) -> list[PictureResult]:
    """One row for each picture: its class, the prediction with its probability, and its crossentropy as Keras's."""
    places = np.arange(len(answers))
    losses = -np.log(np.clip(answers.probabilities[places, answers.labels], _SMALLEST, 1.0))
    chosen = answers.probabilities[places, answers.predicted]
    return [PictureResult(path=path, label=label, predicted=answer, probability=chance, loss=loss)
            for path, label, answer, chance, loss in zip(answers.paths, answers.labels.tolist(), answers.predicted.tolist(),
                                                         chosen.tolist(), losses.tolist(), strict=True)]


def measures(answers: Answers, losses: Sequence[float]) -> dict[str, Any]:
    """loss, accuracy, classes and confusion of an Evaluated event; undefined values are 0."""
    from sklearn.metrics import precision_recall_fscore_support

    names, confusion = answers.class_names, answers.confusion
    precision, recall, f1, support = precision_recall_fscore_support(
        answers.labels, answers.predicted, labels=range(len(names)), zero_division=0)
    classes = tuple(ClassReport(name=name, precision=float(precision[number]), recall=float(recall[number]),
                                f1=float(f1[number]), support=int(support[number])) for number, name in enumerate(names))
    return {"loss": float(np.mean(losses)), "accuracy": float(confusion.trace() / max(1, len(answers))), "classes": classes,
            "confusion": tuple(map(tuple, confusion.tolist()))}


def write_answers(path: Path, answers: Answers) -> None:
    """Write the answers as .npz, atomically; raises ProblemError."""
    head = _Head(format=FORMAT, run=answers.run, split=answers.split, class_names=answers.class_names,
                 label_mode=answers.label_mode, paths=answers.paths)
    with atomic_path(path) as temporary:
        np.savez(temporary, head=np.frombuffer(msgspec.json.encode(head), np.uint8),
                 labels=answers.labels.astype(np.int32), probabilities=answers.probabilities.astype(np.float32))


def read_answers(path: Path) -> Answers:
    """The answers of such a file; raises ProblemError (no_answers, damaged_answers, newer_format)."""
    try:
        with open_regular(path, LARGEST) as file, zipfile.ZipFile(file) as archive:
            # Nothing is unpacked that is larger than any file of this kind.
            if sum(member.file_size for member in archive.infolist()) > LARGEST:
                raise ValueError("larger than any file of this kind")
            file.seek(0)
            with np.load(file, allow_pickle=False) as arrays:
                head = decode_json(bytes(arrays["head"]), _Head)
                labels, probabilities = arrays["labels"], arrays["probabilities"]
        if head.format > FORMAT:
            raise ProblemError(_newer(path))
        return _checked(head, labels, probabilities)
    except FileNotFoundError as missing:
        raise ProblemError(no_answers_problem(path)) from missing
    except (OSError, ValueError, KeyError, EOFError, TypeError, RuntimeError, NotImplementedError, MemoryError,
            zipfile.BadZipFile) as reason:
        raise ProblemError(_damaged(path, str(reason))) from reason


def _checked(head: _Head, labels: np.ndarray, probabilities: np.ndarray) -> Answers:
    """The answers, unless the parts of the file do not belong together."""
    count = len(head.paths)
    if probabilities.dtype != np.float32 or probabilities.shape != (count, len(head.class_names)):
        raise ValueError(f"probabilities {probabilities.dtype} {probabilities.shape}")
    if labels.dtype != np.int32 or labels.shape != (count,) or not count:
        raise ValueError(f"labels {labels.dtype} {labels.shape}")
    if labels.min() < 0 or labels.max() >= len(head.class_names) or not np.isfinite(probabilities).all():
        raise ValueError("values out of range")
    return Answers(paths=head.paths, labels=labels.astype(np.int64), probabilities=probabilities,
                   class_names=head.class_names, label_mode=head.label_mode, run=head.run, split=head.split)


def no_answers_problem(path: Path) -> Problem:
    """An evaluation of an earlier version, or none, has no answers to compute with."""
    text = Text("There are no answers of the model to compute with in {path}: it was not evaluated on these pictures, or by an "
                "earlier version. Evaluate it again.",
                "No hay respuestas del modelo con las que calcular en {path}: no se ha evaluado con estas imágenes, o lo hizo "
                "una versión anterior. Evalúelo de nuevo.")
    return error("no_answers", text.fill(path=path), "run", path=path)


def _damaged(path: Path, reason: str) -> Problem:
    text = Text("The kept answers in {path} are damaged. Evaluate the run again.",
                "Las respuestas guardadas en {path} están dañadas. Evalúe de nuevo el entrenamiento.")
    return error("damaged_answers", text.fill(path=path), "run", path=path, details=reason)


def _newer(path: Path) -> Problem:
    text = Text("{path} was written by a newer version of CNN Studio. Evaluate the run again, or install that version.",
                "{path} se escribió con una versión más nueva de CNN Studio. Evalúe de nuevo el entrenamiento o instale esa "
                "versión.")
    return error("newer_format", text.fill(path=path), "run", path=path)
