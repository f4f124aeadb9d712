"""Figures over all classes are those of scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from cnnstudio.core.averages import averages
from cnnstudio.core.jobs import ClassReport


@pytest.mark.filterwarnings("ignore:y_pred contains classes")
@pytest.mark.parametrize("seed", range(12))
def test_averages_are_those_of_scikit_learn(seed):
    random = np.random.default_rng(seed)
    # Class 3 has no pictures in some, class 4 neither pictures nor predictions.
    labels = random.integers(0, 3 + seed % 2, 40)
    predicted = np.where(random.random(40) < 0.6, labels, random.integers(0, 4, 40))
    confusion = metrics.confusion_matrix(labels, predicted, labels=range(5))
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        labels, predicted, labels=range(5), zero_division=0)
    classes = tuple(ClassReport(name=str(number), precision=precision[number], recall=recall[number], f1=f1[number],
                                support=int(support[number])) for number in range(5))
    accuracy = metrics.accuracy_score(labels, predicted)
    result = averages(accuracy, classes, tuple(tuple(int(count) for count in row) for row in confusion))
    assert result.balanced_accuracy == pytest.approx(metrics.balanced_accuracy_score(labels, predicted))
    macro = metrics.precision_recall_fscore_support(labels, predicted, average="macro", zero_division=0)
    assert (result.macro_precision, result.macro_recall, result.macro_f1) == pytest.approx(macro[:3])
    assert result.accuracy_interval[0] < accuracy < result.accuracy_interval[1]
