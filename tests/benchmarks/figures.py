"""Figures of 10,000 answers of 100 classes with their intervals, against scikit-learn's alone; and what follows a slider."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn import metrics

from cnnstudio.evaluation import curves
from cnnstudio.evaluation.answers import Answers
from cnnstudio.evaluation.confusion import confused_pairs, confusion_order
from cnnstudio.evaluation.report import count_report, make_report
from cnnstudio.evaluation.thresholds import OneClass

PICTURES, CLASSES, ROUNDS = 10_000, 100, 3


def answers() -> Answers:
    random = np.random.default_rng(0)
    labels = random.integers(0, CLASSES, PICTURES)
    logits = random.normal(size=(PICTURES, CLASSES))
    logits[np.arange(PICTURES), labels] += 3
    chances = np.exp(logits)
    chances /= chances.sum(axis=1, keepdims=True)
    return Answers(tuple(map(str, range(PICTURES))), labels, chances.astype(np.float32), tuple(map(str, range(CLASSES))))


def plain(found: Answers) -> None:
    """The same figures as a script computes them."""
    labels, predicted, chances = found.labels, found.predicted, found.probabilities
    metrics.accuracy_score(labels, predicted)
    metrics.balanced_accuracy_score(labels, predicted)
    for average in ("macro", "weighted", None):
        metrics.precision_recall_fscore_support(labels, predicted, average=average, zero_division=0)
    for k in (2, 3, 5):
        metrics.top_k_accuracy_score(labels, chances, k=k)
    metrics.roc_auc_score(labels, chances, multi_class="ovr")
    metrics.log_loss(labels, chances)
    metrics.brier_score_loss(labels, chances)
    metrics.cohen_kappa_score(labels, predicted)
    metrics.matthews_corrcoef(labels, predicted)
    for number in range(CLASSES):
        metrics.roc_auc_score(labels == number, chances[:, number])
        metrics.average_precision_score(labels == number, chances[:, number])


def _seconds(work: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def run() -> list[dict[str, Any]]:
    found = answers()
    view = OneClass(found, 1)
    make_report(found, intervals=False)
    ours, script = _seconds(lambda: make_report(found)), _seconds(lambda: plain(found))
    rows = [{"work": "10,000 answers of 100 classes: all figures with intervals, against scikit-learn without any",
             "ours": f"{ours:.2f} s", "script": f"{script:.2f} s", "ratio": ours / script, "target": "in the background"}]
    for name, work in (("a threshold of one class: all figures with intervals", lambda: view.report(0.3)),
                       ("the costs of both errors: the best threshold", lambda: view.best(1, 5)),
                       ("the figures of a confusion matrix with intervals", lambda: count_report(
                           found.confusion, found.class_names)),
                       ("the order of the confusion matrix and its pairs", lambda: (
                           confusion_order(found.confusion), confused_pairs(found.confusion))),
                       ("a ROC curve", lambda: curves.roc_curve(found, 0)),
                       ("coverage against accuracy, and reliability", lambda: (
                           curves.coverage_curve(found), curves.reliability(found)))):
        seconds = _seconds(work)
        rows.append({"work": f"likewise, {name}", "ours": f"{seconds * 1000:.0f} ms", "script": "-", "ratio": seconds / 0.1,
                     "target": "at most 100 ms"})
    return rows
