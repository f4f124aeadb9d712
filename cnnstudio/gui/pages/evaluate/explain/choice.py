"""Which pictures of an evaluation are explained: those of the right panel, or some of a class. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from cnnstudio.core.text import tr
from cnnstudio.gui.pages.evaluate.results import Answer, Results
from cnnstudio.gui.widgets.formatting import format_pictures

COUNTS: Final = (6, 12, 24, 48)
MEAN_COUNTS: Final = (12, 50, 200, 1000)


def chosen_pictures(shown: Sequence[Answer], selected: Sequence[Answer], count: int) -> tuple[list[Answer], str]:
    """The selected pictures where several are, else the first `count` that are shown; and a note that says so."""
    if len(selected) > 1:
        few = list(selected[:COUNTS[-1]])
        if len(few) < len(selected):
            return few, tr("The first {n} of {all} selected ones", "Las primeras {n} de {all} elegidas", n=len(few),
                           all=len(selected))
        return few, tr("The {n} selected ones", "Las {n} elegidas", n=len(few))
    few = list(shown[:count])
    if len(few) < len(shown):
        return few, tr("The first {n} of {all} at the right; select two or more to explain those",
                       "Las primeras {n} de {all} de la derecha; elija dos o más para explicar esas", n=len(few),
                       all=len(shown))
    if len(few) == 1:
        return few, tr("The picture at the right", "La imagen de la derecha")
    return few, tr("All {all} at the right", "Todas las de la derecha ({all})", all=format_pictures(len(few)))


def class_pictures(results: Results, number: int, *, predicted: bool, count: int) -> tuple[list[Answer], int]:
    """At most `count` pictures of a class (the true or the predicted one), spread evenly over them; and how many it has."""
    rows = np.flatnonzero((results.predicted if predicted else results.labels) == number)
    few = rows if len(rows) <= count else rows[np.linspace(0, len(rows) - 1, count).round().astype(np.int64)]
    return [results.answers[row] for row in few.tolist()], len(rows)
