"""Two classifiers on the same pictures: figures as scikit-learn's, McNemar's exact test, honest intervals."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

from cnnstudio.datasets import paired
from cnnstudio.datasets.paired import Answers, compare_answers


def answers(predicted, losses=None) -> Answers:
    return Answers(tuple(predicted), tuple(losses if losses is not None else [0.5] * len(predicted)))


@pytest.mark.filterwarnings("ignore::UserWarning")
@mock.patch.object(paired, "RESAMPLES", 20)
@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 3)] * 3), min_size=1, max_size=40))
def test_figures_are_those_of_scikit_learn(rows):
    labels, one, other = (list(column) for column in zip(*rows, strict=True))
    result = compare_answers(labels, answers(one), answers(other), classes=4)
    figures = {figure.name: figure for figure in result.figures}
    for name, score in (("accuracy", accuracy_score), ("balanced_accuracy", balanced_accuracy_score),
                        ("macro_f1", lambda truth, found: f1_score(truth, found, average="macro", zero_division=0))):
        figure = figures[name]
        assert figure.first == pytest.approx(score(labels, one))
        assert figure.second == pytest.approx(score(labels, other))
        assert figure.difference == pytest.approx(figure.second - figure.first)
        assert figure.first_interval[0] <= figure.first_interval[1]
        assert figure.difference_interval[0] <= figure.difference_interval[1]
    assert sum(map(sum, result.confusion_difference)) == 0


def test_mcnemar_counts_who_alone_is_right():
    labels = [0] * 12
    result = compare_answers(labels, answers([0] * 10 + [1] * 2), answers([0] + [1] * 9 + [0] * 2), classes=2)
    assert (result.mcnemar.only_first, result.mcnemar.only_second) == (9, 2)
    assert result.mcnemar.p_value == pytest.approx(binomtest(9, 11).pvalue)
    assert not result.mcnemar.significant
    assert result.confusion_difference == ((-7, 7), (0, 0))


def test_equal_answers_do_not_differ():
    result = compare_answers([0, 1, 1], answers([0, 1, 0]), answers([0, 1, 0]), classes=2)
    assert result.mcnemar.p_value == 1.0
    assert all(figure.difference == 0 and figure.difference_interval == (0, 0) for figure in result.figures)


def test_a_real_difference_is_found_and_intervals_cover(monkeypatch):
    """Of classifiers that are right at 70 and 80 %, in 95 of 100 samples the interval holds the true difference."""
    monkeypatch.setattr(paired, "RESAMPLES", 200)
    held, found, random = 0, 0, np.random.default_rng(5)
    for _ in range(100):
        labels = np.zeros(300, int)
        one, other = (np.where(random.random(300) < share, 0, 1) for share in (0.7, 0.8))
        result = compare_answers(labels, answers(one), answers(other), classes=2)
        low, high = result.figures[0].difference_interval
        held += low <= 0.1 <= high
        found += result.mcnemar.significant
    assert held >= 88
    assert found >= 60


def test_the_loss_is_compared_picture_by_picture():
    easy, hard = [0.1] * 50, [2.0] * 50
    labels = [0] * 100
    result = compare_answers(labels, answers(labels, easy + hard), answers(labels, [item - 0.05 for item in easy + hard]),
                             classes=1)
    loss = result.figures[-1]
    assert loss.difference == pytest.approx(-0.05)
    # Pictures differ much more from each other than the two answers of one.
    assert loss.difference_interval == (pytest.approx(-0.05), pytest.approx(-0.05))
    assert loss.first_interval[1] - loss.first_interval[0] > 0.2
