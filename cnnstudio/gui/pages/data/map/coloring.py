"""The data of the dots and their colours: by class, split, finding, prediction, right or wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cnnstudio.catalog.findings import KINDS
from cnnstudio.core.dataset import SPLIT_NAMES, SPLITS
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import Text, tr
from cnnstudio.datasets.embedding import Embedding
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.query import SETTLED
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.map.entries import Entry, color_by

COLORINGS: Final = {
    "class": Text("Class", "Clase"), "split": Text("Split", "División"), "finding": Text("Finding", "Hallazgo"),
    "prediction": Text("Prediction", "Predicción"), "correct": Text("Right or wrong", "Acierto o fallo"),
}
_RANKS: Final = {"error": 0, "warning": 1, "info": 2}
_SPLIT_HUES: Final = (0, 1, 2)
HELD_OUT: Final = ""
"""Predictions of a linear classifier that never saw the picture, where no run has answered."""


@dataclass(frozen=True)
class Rows:
    """The dots: the rows of the embedding that are still in the index, with their present values."""

    ids: NDArray[np.int64]
    position: NDArray[np.float32]
    classes: tuple[str, ...]
    splits: tuple[str, ...]
    findings: tuple[str, ...]
    """The most severe kind of finding of the picture, "" for none."""
    predicted: tuple[str, ...]
    """"" where there is no prediction."""
    right: NDArray[np.int8]
    """1 right, 0 wrong, -1 unknown."""
    answered_by: str
    """The run, or `HELD_OUT`."""
    new: int
    """Number of usable pictures that the embedding lacks, or had with other content."""


def read_rows(index: Index, embedding: Embedding, run: str, hidden: Sequence[str] = ()) -> Rows:
    """Join an embedding with the index; `run` is the run whose predictions are used, if there are any. Raises
    ProblemError."""
    indexed: dict[str, tuple[int, str, str, str | None]] = {}
    usable: set[str] = set()
    for path, identifier, class_name, split, digest, usable_now in index.iterate(
            "SELECT path, id, class_name, split, hash, NOT excluded AND problem IS NULL FROM pictures"):
        indexed[path] = (identifier, class_name, split, digest)
        if usable_now and class_name not in hidden:
            usable.add(path)
    rows = [row for row, path in enumerate(embedding.paths) if path in indexed]
    matches = [indexed[embedding.paths[row]] for row in rows]
    same = {path for path, digest in zip(embedding.paths, embedding.hashes, strict=True)
            if path in indexed and indexed[path][3] in (None, digest)}
    kinds = _findings(index)
    answers: dict[int, tuple[str, int]] = {} if not run else {
        picture: (predicted, correct) for picture, predicted, correct in index.iterate(
            "SELECT a.picture, a.predicted, a.predicted = p.class_name FROM predictions a"
            " JOIN pictures p ON p.id = a.picture WHERE a.run = ?", (run,))}
    if answers:
        predictions = [answers.get(item[0], ("", -1)) for item in matches]
    elif len(embedding.label_quality):
        predictions = [(embedding.suggested[row], int(embedding.suggested[row] == item[1]))
                       for row, item in zip(rows, matches, strict=True)]
    else:
        predictions = [("", -1)] * len(matches)
    return Rows(
        ids=np.asarray([item[0] for item in matches], np.int64), position=embedding.position[rows],
        classes=tuple(item[1] for item in matches), splits=tuple(item[2] for item in matches),
        findings=tuple(kinds.get(item[0], "") for item in matches), predicted=tuple(item[0] for item in predictions),
        right=np.asarray([item[1] for item in predictions], np.int8), answered_by=run if answers else HELD_OUT,
        new=len(usable - same))


def _findings(index: Index) -> dict[int, str]:
    gravest: dict[int, tuple[Any, ...]] = {}
    for picture, kind, severity, score in index.iterate(
            f"SELECT f.picture, f.kind, f.severity, f.score FROM findings f WHERE f.picture IS NOT NULL"
            f" AND NOT {SETTLED}"):
        rank = (_RANKS.get(severity, 2), -score, kind)
        if picture not in gravest or rank < gravest[picture]:
            gravest[picture] = rank
    return {picture: str(rank[2]) for picture, rank in gravest.items()}


def find_answering_run(index: Index, wanted: str) -> str:
    """`wanted` if the index has predictions of that run, else the newest run with predictions, else ""."""
    try:
        runs = [row[0] for row in index.rows("SELECT DISTINCT run FROM predictions ORDER BY run DESC")]
    except ProblemError:
        return ""
    return wanted if wanted in runs else (runs[0] if runs else "")


def color_rows(rows: Rows, by: str, class_names: Sequence[str],
               color_index: Callable[[str], int]) -> tuple[NDArray[np.uint8], list[Entry]]:
    """(RGBA (n, 4), the legend with the values that occur, in their usual order)."""
    faint = theme.color("faint")
    if by == "split":
        return color_by(rows.splits, [(split, str(SPLIT_NAMES[split]), theme.class_color(hue))
                                       for split, hue in zip(SPLITS, _SPLIT_HUES, strict=True)], faint)
    if by == "finding":
        there = [kind for kind in KINDS if kind.id in set(rows.findings)]
        return color_by(rows.findings, [*((kind.id, str(kind.label), theme.class_color(place))
                                           for place, kind in enumerate(there)),
                                         ("", tr("No finding", "Sin hallazgos"), faint)], faint)
    if by == "correct":
        return color_by(rows.right.tolist(), [(1, tr("Right", "Acierto"), theme.color("ok")),
                                               (0, tr("Wrong", "Fallo"), theme.color("error")),
                                               (-1, tr("No prediction", "Sin predicción"), faint)], faint)
    names_by_row = rows.predicted if by == "prediction" else rows.classes
    names = [*class_names, *sorted(set(names_by_row) - set(class_names) - {""})]
    return color_by(names_by_row, [*((name, name, theme.class_color(color_index(name))) for name in names),
                                    ("", tr("No prediction", "Sin predicción"), faint)], faint)


def important_rows(rows: Rows, by: str) -> NDArray[np.bool_] | None:
    """The few important dots that no other dot may hide; None where all are alike."""
    if by == "finding":
        return np.asarray([bool(kind) for kind in rows.findings])
    return rows.right == 0 if by == "correct" else None


def row_note(rows: Rows, by: str, row: int) -> str:
    """The value that a dot is coloured by, where its class does not show it."""
    if by == "split":
        return str(SPLIT_NAMES[rows.splits[row]]) if rows.splits[row] in SPLITS else ""
    if by in ("prediction", "correct") and rows.predicted[row]:
        return tr("predicted as {name}", "predicha como {name}", name=rows.predicted[row])
    kind = rows.findings[row]
    return str(KINDS[kind].label) if kind in KINDS.ids() else ""
