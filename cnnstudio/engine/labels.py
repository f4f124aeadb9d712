"""Doubtful labels, by confident learning (cleanlab) on out-of-sample predictions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from cnnstudio.core.text import Text

_FOLDS: Final = 5
_STRENGTH: Final = 1.28
"""Inverse regularisation by the number of features: measured on photos and CIFAR pictures with swapped labels, where
weaker regularisation lets a wrong label convince its own neighbours."""
_TEMPERATURES: Final = (1.0, 0.7, 0.5, 0.35, 0.25, 0.18, 0.12)
_SURE: Final = 0.4
"""A label is reported if another class is more probable by this much, whatever cleanlab expects in total."""
_CHANCE: Final = 0.5
"""A label is reported only if it is less than this many times as probable as the other classes on average. Where a
network hardly separates the classes, most disagreements are hard pictures, not wrong labels: on ten classes of CIFAR
pictures this doubles the precision, and on photos of two classes it costs nothing."""
_EVIDENCE: Final = 7.7
"""The factor by which the odds of a wrong label must grow: where few labels are doubtful, each doubt needs more
evidence. Of 300 correct photos none is reported then, and of 20 swapped ones as many as without."""
_TWINS: Final = 0.25
"""Pictures nearer than this share of the usual distance are duplicates: they must be in the same fold."""
Judgement = tuple[np.ndarray, np.ndarray, np.ndarray, Text | None]


def judge_labels(seen: np.ndarray, classes: np.ndarray, count: int, neighbours: np.ndarray, distances: np.ndarray,
                 check: Callable[[], None] = lambda: None) -> Judgement:
    """(label quality float32 (n,), mislabeled bool (n,), suggested int64 (n,), note or None).

    Quality is empty, with a note, if it cannot be computed: one class, or only classes that are too small. Small
    classes keep their labels.
    """
    nothing = np.empty(0, np.float32), np.zeros(len(seen), bool), classes.astype(np.int64)
    sizes = np.bincount(classes[classes >= 0], minlength=count)
    usable = np.flatnonzero(sizes >= 3)
    if len(usable) < 2:
        return (*nothing, Text("Labels were not checked: this needs at least two classes with at least three pictures each.",
                               "No se revisaron las etiquetas: hacen falta al menos dos clases con al menos tres imágenes "
                               "cada una."))
    places = np.flatnonzero(np.isin(classes, usable))
    number = {int(class_index): place for place, class_index in enumerate(usable)}
    wanted = np.asarray([number[int(class_name)] for class_name in classes[places]])
    held = held_out_probabilities(seen[places], wanted, len(usable), groups_of(neighbours, distances)[places], check)
    quality, mislabeled, suggested = find_doubtful_labels(wanted, held)
    all_quality, all_wrong, all_suggested = np.ones(len(seen), np.float32), nothing[1], nothing[2]
    all_quality[places], all_wrong[places], all_suggested[places] = quality, mislabeled, usable[suggested]
    note = None
    if len(places) < len(seen):
        note = Text("Pictures of very small classes whose labels were not checked: {n}.",
                    "Imágenes de clases muy pequeñas cuyas etiquetas no se revisaron: {n}.").fill(
                        n=len(seen) - len(places))
    return all_quality, all_wrong, all_suggested, note


def groups_of(neighbours: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """int64 (n,): the same number for pictures that are duplicates by their features."""
    group = np.arange(len(neighbours))
    usual = float(np.nanmedian(distances[:, 0])) if len(distances) and np.isfinite(distances[:, 0]).any() else 0.0

    def top(member: int) -> int:
        while group[member] != member:
            group[member] = group[group[member]]
            member = int(group[member])
        return member

    for row, column in zip(*np.nonzero(distances < _TWINS * usual), strict=True):
        group[top(int(row))] = top(int(neighbours[row, column]))
    return np.asarray([top(item) for item in range(len(group))], np.int64)


def held_out_probabilities(seen: np.ndarray, wanted: np.ndarray, count: int, groups: np.ndarray,
                           check: Callable[[], None] = lambda: None) -> np.ndarray:
    """float32 (n, count): out-of-sample probabilities of a linear classifier."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    folds = int(max(2, min(_FOLDS, np.bincount(wanted, minlength=count).min())))
    answers = np.full((len(wanted), count), 1.0 / count, np.float32)
    for learn, ask in StratifiedGroupKFold(folds, shuffle=True, random_state=0).split(seen, wanted, groups):
        check()
        present = np.unique(wanted[learn])
        if len(present) < 2 or not len(ask):
            continue
        model = make_pipeline(StandardScaler(), LogisticRegression(
            C=_STRENGTH / seen.shape[1], max_iter=300, class_weight="balanced"))
        model.fit(seen[learn], wanted[learn])
        answers[ask] = 1e-6
        answers[np.ix_(ask, present)] = model.predict_proba(seen[ask])
    return np.asarray(answers / answers.sum(axis=1, keepdims=True), np.float32)


def calibrate(wanted: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """The probabilities sharpened by the temperature that fits the labels best (Guo and others, 2017): the strong
    regularisation leaves them too uniform."""
    logarithms = np.log(np.clip(answers, 1e-9, 1.0))
    places = np.arange(len(wanted))
    result = []
    for temperature in _TEMPERATURES:
        sharper = np.exp(logarithms / temperature)
        sharper /= sharper.sum(axis=1, keepdims=True)
        result.append((float(-np.log(np.clip(sharper[places, wanted], 1e-9, 1.0)).mean()), sharper))
    return np.asarray(min(result, key=lambda item: item[0])[1], np.float32)


def find_doubtful_labels(wanted: np.ndarray, answers: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(label quality, mislabeled, suggested) by confident learning (Northcutt, Jiang and Chuang, 2021)."""
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    answers = calibrate(wanted, answers)
    quality = np.asarray(get_label_quality_scores(wanted, answers, method="self_confidence"), np.float32)
    issues = np.asarray(find_label_issues(wanted, answers, filter_by="both", n_jobs=1), bool)
    own = answers[np.arange(len(wanted)), wanted]
    sure = answers.max(axis=1) - own > _SURE
    unlikely = own < _CHANCE * (1 - own) / max(1, answers.shape[1] - 1)
    doubtful = (issues | sure) & unlikely
    share = float(doubtful.mean()) if len(doubtful) else 0.0
    odds = _EVIDENCE * share / max(1e-9, 1 - share)
    return quality, doubtful & (own < odds / (1 + odds)), np.asarray(answers.argmax(axis=1))
