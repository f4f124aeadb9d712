"""The dots of the map with their answers, and their colours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import Text, tr
from cnnstudio.datasets.index import Picture
from cnnstudio.evaluation.answering import answer_sets, is_sure
from cnnstudio.evaluation.answers import Answers
from cnnstudio.evaluation.feature_sets import Neighbour
from cnnstudio.evaluation.maps import EvaluationMap
from cnnstudio.evaluation.neighbourhood import Neighbourhood, judge_neighbourhood
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.evaluate.reading import ReadEvaluation
from cnnstudio.gui.widgets.map.entries import Entry, color_by
from cnnstudio.workers.evaluation_maps import evaluation_map_job, find_map
from cnnstudio.workers.runs.calibration import present_calibration
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.runs.pictures import DATA, evaluated_manifest

COLORINGS: Final = {
    "class": Text("True class", "Clase verdadera"), "prediction": Text("Predicted class", "Clase predicha"),
    "correct": Text("Right or wrong", "Acierto o fallo"), "confidence": Text("Confidence", "Confianza"),
    "sure": Text("Sure or not", "Segura o no"),
}
_BOUNDS: Final = (0.5, 0.7, 0.9, 0.99)
_FAINT: Final = 90
"""The alpha of training pictures."""


@dataclass(frozen=True, eq=False)
class MapRequest:
    """What is to be shown: the map of a run's split, whose evaluation was read."""

    run: RunFolder
    split: str
    layout: str
    read: ReadEvaluation


@dataclass(frozen=True, eq=False)
class MapRows:
    """The dots of a map that have an answer: `rows` of the map, `numbers` in the answers, both int (n,).

    `sure` bool (n,) is None where the model has no reject option. The id of a dot is its row in the map; that of a training
    picture is its row among those plus the number of all pictures of the split. `trained` are the rows of the training
    pictures that are laid out, `missing` the answers without a dot.
    """

    found: EvaluationMap
    answers: Answers
    rows: NDArray[np.int64]
    numbers: NDArray[np.int64]
    sure: NDArray[np.bool_] | None
    trained: NDArray[np.int64]
    missing: int

    @property
    def train_start(self) -> int:
        """The id of the first training picture."""
        return len(self.found.paths)

    def row_of(self, identifier: int) -> int | None:
        """The place in `rows` of a dot, None for a training picture."""
        place = int(np.searchsorted(self.rows, identifier))
        return place if place < len(self.rows) and self.rows[place] == identifier else None

    @property
    def labels(self) -> NDArray[np.int64]:
        return self.answers.labels[self.numbers]

    @property
    def predicted(self) -> NDArray[np.int64]:
        return self.answers.predicted[self.numbers]

    @property
    def confidence(self) -> NDArray[np.float32]:
        """The probability of the predicted class, (n,)."""
        chances: NDArray[np.float32] = self.answers.probabilities[self.numbers, self.predicted]
        return chances

    def neighbours(self, identifier: int, training: bool) -> tuple[tuple[int, Neighbour], ...]:
        """The nearest training pictures of a dot, or the nearest ones of its split, with their ids."""
        found = self.found
        near, distances = ((found.near_train, found.near_train_distance) if training
                           else (found.near_split, found.near_split_distance))
        paths, labels = (found.train_paths, found.train_labels) if training else (found.paths, found.labels)
        start = self.train_start if training else 0
        return tuple((start + row, Neighbour(path=paths[row], distance=float(distance),
                                             class_name=found.class_names[labels[row]] if labels[row] >= 0 else ""))
                     for row, distance in zip(near[identifier].tolist(), distances[identifier], strict=True) if row >= 0)

    def judge(self, identifier: int) -> Neighbourhood | None:
        """What the nearest training pictures say of a dot; None for a training picture."""
        place = self.row_of(identifier)
        if place is None:
            return None
        names = self.answers.class_names
        return judge_neighbourhood([item for _identifier, item in self.neighbours(identifier, True)], self.found.far,
                                   names[self.predicted[place]], names[self.labels[place]])


def read_map(request: MapRequest) -> MapRows | None:
    """The kept map of a split with its answers, in a thread; None where it has to be computed. Raises ProblemError."""
    answers = request.read.answers
    manifest = evaluated_manifest(request.run, DATA) if request.split == DATA else None
    found = find_map(evaluation_map_job(request.run, request.split, manifest, request.layout))
    if found is None or answers is None:
        return None
    numbers = {str(answer.file): number for number, answer in enumerate(request.read.pictures(np.arange(len(answers))))}
    pairs = [(row, numbers[path]) for row, path in enumerate(found.paths) if path in numbers]
    rows, chosen = (np.asarray([pair[item] for pair in pairs], np.int64) for item in (0, 1))
    return MapRows(found, answers, rows, chosen, _sure(request.run, answers, chosen),
                   np.flatnonzero(np.isfinite(found.train_position).all(axis=1)).astype(np.int64), len(answers) - len(rows))


def _sure(run: RunFolder, answers: Answers, numbers: np.ndarray) -> np.ndarray | None:
    try:
        calibration, _notes = present_calibration(run)
    except ProblemError:
        return None
    rejection = None if calibration is None else calibration.rejection
    if rejection is None:
        return None
    sets = answer_sets(answers.probabilities[numbers], rejection.kind, rejection.threshold)
    return is_sure(sets)


def color_dots(rows: MapRows, by: str, class_color: Callable[[int], QColor]) -> tuple[NDArray[np.uint8], list[Entry]]:
    """(RGBA (n, 4), the legend) of the dots; `class_color` is that of a number in the answers' classes."""
    faint, names = theme.color("faint"), rows.answers.class_names
    if by == "correct":
        return color_by((rows.labels == rows.predicted).tolist(), [
            (True, tr("Right", "Acierto"), theme.color("ok")), (False, tr("Wrong", "Fallo"), theme.color("error"))], faint)
    if by == "sure":
        values = [None] * len(rows.rows) if rows.sure is None else rows.sure.tolist()
        return color_by(values, [(True, tr("Sure", "Segura"), theme.color("accent")),
                                 (False, tr("Not sure", "No segura"), theme.color("warn")),
                                 (None, tr("No reject option", "Sin opción de rechazo"), faint)], faint)
    if by == "confidence":
        steps = np.digitize(rows.confidence, _BOUNDS).tolist()
        return color_by(steps, [(step, _bin_text(step), _mixed(step / len(_BOUNDS))) for step in range(len(_BOUNDS) + 1)],
                        faint)
    values = (rows.predicted if by == "prediction" else rows.labels).tolist()
    return color_by(values, [(number, name, class_color(number)) for number, name in enumerate(names)], faint)


def color_training(rows: MapRows, class_color: Callable[[int], QColor]) -> NDArray[np.uint8]:
    """RGBA (m, 4) of the training pictures: their class, faint."""
    numbers = {name: number for number, name in enumerate(rows.answers.class_names)}
    table = [class_color(numbers[name]) if name in numbers else theme.color("faint") for name in rows.found.class_names]
    result = np.asarray([color.getRgb() for color in (*table, theme.color("faint"))], np.uint8)
    result[:, 3] = _FAINT
    return np.asarray(result[rows.found.train_labels[rows.trained]], np.uint8)


def important_dots(rows: MapRows, by: str) -> NDArray[np.bool_] | None:
    """The dots that no other may hide."""
    if by == "correct":
        return np.asarray(rows.labels != rows.predicted)
    if by == "confidence":
        return np.asarray(rows.confidence < _BOUNDS[0])
    return None if by != "sure" or rows.sure is None else ~rows.sure


def dot_pictures(rows: MapRows, read: ReadEvaluation, ids: list[int]) -> list[Picture]:
    """The pictures of dots as the map needs them: their paths are absolute."""
    result = []
    for identifier in ids:
        place = rows.row_of(identifier)
        if place is not None:
            answer = read.pictures(rows.numbers[place:place + 1])[0]
            result.append(_picture(identifier, str(answer.file), rows.answers.class_names[answer.label], rows.found.split,
                                   answer.file_bytes, answer.modified_ns))
        elif identifier >= rows.train_start:
            row = identifier - rows.train_start
            label = int(rows.found.train_labels[row])
            result.append(_picture(identifier, rows.found.train_paths[row],
                                   rows.found.class_names[label] if label >= 0 else "", "train"))
    return result


def _picture(identifier: int, path: str, class_name: str, split: str, size: int = 0, modified_ns: int = 0) -> Picture:
    return Picture(id=identifier, path=path, class_name=class_name, split=split, size=size, modified_ns=modified_ns, width=None,
                   height=None, hash=None, problem=None, problem_text=None, excluded=False, folder_class=class_name)


def _bin_text(step: int) -> str:
    percents = [f"{100 * bound:.0f}" for bound in _BOUNDS]
    if step == 0:
        return tr("below {n} %", "menos del {n} %", n=percents[0])
    if step == len(_BOUNDS):
        return tr("from {n} %", "desde el {n} %", n=percents[-1])
    return tr("{n} to {m} %", "{n} a {m} %", n=percents[step - 1], m=percents[step])


def _mixed(share: float) -> QColor:
    """From orange to blue, which everybody tells apart."""
    low, high = theme.class_color(1), theme.class_color(0)
    return QColor(*(round(getattr(low, part)() * (1 - share) + getattr(high, part)() * share)
                    for part in ("red", "green", "blue")))
