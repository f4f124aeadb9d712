"""Curves, thresholds and the confusion matrix, against scikit-learn and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from cnnstudio.core.problems import ProblemError
from cnnstudio.evaluation import curves
from cnnstudio.evaluation.confusion import column_shares, confused_pairs, confusion_order, row_shares
from cnnstudio.evaluation.report import make_report
from cnnstudio.evaluation.thresholds import OneClass, against_others
from tests.evaluation.material import draw, make_answers


def test_curves_are_those_of_scikit_learn():
    answers = draw(np.random.default_rng(1), 300, 3)
    own, scores = answers.labels == 1, answers.probabilities[:, 1]
    x, y, _thresholds = metrics.roc_curve(own, scores)
    curve = curves.roc_curve(answers, 1)
    assert (curve.x, curve.y) == (tuple(x.tolist()), tuple(y.tolist()))
    assert curve.area == pytest.approx(metrics.roc_auc_score(own, scores))
    called = answers.predicted == 1
    assert curve.operating == (pytest.approx((called & ~own).sum() / (~own).sum()), pytest.approx(called[own].mean()))
    curve = curves.precision_recall_curve(answers, 1)
    assert curve.operating[1] == pytest.approx(metrics.precision_score(own, called))
    assert curve.area == pytest.approx(metrics.average_precision_score(own, scores))


def test_means_over_the_classes_are_taken_at_each_rate():
    answers = draw(np.random.default_rng(1), 300, 3)
    mean = curves.macro_roc_curve(answers)
    parts = [curves.roc_curve(answers, number) for number in range(3)]
    assert mean.area == pytest.approx(metrics.roc_auc_score(answers.labels, answers.probabilities, multi_class="ovr"))
    assert np.trapezoid(mean.y, mean.x) == pytest.approx(mean.area, abs=5e-3)
    assert mean.operating == pytest.approx(tuple(np.mean([part.operating for part in parts], axis=0)))
    assert not mean.thresholds
    mean = curves.macro_precision_recall_curve(answers)
    parts = [curves.precision_recall_curve(answers, number) for number in range(3)]
    assert mean.area == pytest.approx(np.mean([part.area for part in parts]))
    # The area below steps is the average precision.
    assert np.mean(mean.y) == pytest.approx(mean.area, abs=1e-2)
    best = [max(y for x, y in zip(part.x, part.y, strict=True) if x == 1) for part in parts]
    assert mean.y[-1] == pytest.approx(np.mean(best)), "all found, at the highest threshold that does it"


def test_a_class_without_pictures_is_no_part_of_the_mean():
    answers = make_answers([0, 1, 0, 1], [[0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.4, 0.5, 0.1], [0.2, 0.7, 0.1]])
    assert curves.macro_roc_curve(answers).area == pytest.approx(1.0)
    with pytest.raises(ProblemError, match="all of one class"):
        curves.macro_precision_recall_curve(answers.select(answers.labels == 0))


def test_one_class_against_the_others_has_the_figures_of_its_own_curves():
    answers = draw(np.random.default_rng(1), 300, 3)
    report = make_report(against_others(answers, 2), intervals=False)
    assert report.classes[1]["auc"].value == pytest.approx(curves.roc_curve(answers, 2).area)
    assert report.classes[1]["average_precision"].value == pytest.approx(curves.precision_recall_curve(answers, 2).area)
    assert report.classes[1].support == (answers.labels == 2).sum()


def test_a_long_curve_is_thinned_and_keeps_its_ends_and_area():
    answers = draw(np.random.default_rng(1), 30_000, 2, sharp=0.5)
    for curve in (curves.roc_curve(answers, 0), curves.precision_recall_curve(answers, 0)):
        assert len(curve.x) <= curves.MOST_POINTS
        assert {curve.x[0], curve.x[-1]} == {0.0, 1.0}
    curve = curves.roc_curve(answers, 0)
    assert np.trapezoid(curve.y, curve.x) == pytest.approx(curve.area, abs=1e-3)
    assert len(curves.coverage_curve(answers)) <= curves.MOST_POINTS


def test_there_is_no_curve_for_a_class_alone():
    answers = make_answers([0, 0], [[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]])
    for number in (0, 1, 2):
        with pytest.raises(ProblemError) as raised:
            curves.roc_curve(answers, number)
        assert raised.value.problems[0].code == "one_class"


def test_reliability_and_coverage():
    answers = make_answers([0, 1, 1, 0], [[0.95, 0.05], [0.04, 0.96], [0.7, 0.3], [0.55, 0.45]])
    bins = curves.reliability(answers)
    assert [(item.count, item.accuracy) for item in bins] == [(1, 1.0), (1, 0.0), (2, 1.0)]
    assert bins[2].confidence == pytest.approx(0.955)
    points = curves.coverage_curve(answers)
    assert [point.coverage for point in points] == [0.25, 0.5, 0.75, 1.0]
    assert [point.accuracy for point in points] == [1, 1, pytest.approx(2 / 3), 0.75]
    # Equal confidences cannot be told apart by a threshold.
    assert len(curves.coverage_curve(make_answers([0, 1, 1], [[0.5, 0.5]] * 3))) == 1


def test_a_threshold_changes_every_figure_of_the_counts():
    answers = draw(np.random.default_rng(2), 400, 2)
    view = OneClass(answers, 1)
    for threshold in (0.0, 0.2, 0.5, 0.9, 1.0):
        decided = (answers.probabilities[:, 1] >= threshold).astype(int)
        assert (view.confusion(threshold) == metrics.confusion_matrix(answers.labels, decided, labels=(0, 1))).all()
        report = view.report(threshold)
        assert report["accuracy"].value == pytest.approx(metrics.accuracy_score(answers.labels, decided))
        recall = report.classes[1]["recall"]
        assert recall.value == pytest.approx(metrics.recall_score(answers.labels, decided))
        assert recall.interval[0] <= recall.value <= recall.interval[1]
    assert view.report(0.0)["matthews"].value is None


@pytest.mark.parametrize(("alarm", "miss"), [(1, 1), (1, 10), (25, 1), (0, 1), (1, 0)])
def test_the_best_threshold_costs_least(alarm, miss):
    answers = draw(np.random.default_rng(3), 300, 2)
    best = OneClass(answers, 1).best(alarm, miss)

    def cost(threshold):
        decided = answers.probabilities[:, 1] >= threshold
        return (alarm * (decided & (answers.labels == 0)).sum() + miss * (~decided & (answers.labels == 1)).sum()) / 300

    assert best.cost == pytest.approx(cost(best.threshold))
    assert best.cost <= min(cost(threshold) for threshold in np.linspace(0, 1.001, 1000)) + 1e-12
    assert best.present == pytest.approx(cost(0.5)) and best.cost <= best.present
    assert best.threshold in best.thresholds


def test_confused_classes_stand_side_by_side():
    confusion = np.diag([20] * 6)
    for one, other in ((0, 5), (1, 4)):
        confusion[one, other] = confusion[other, one] = 8
    order = confusion_order(confusion)
    assert sorted(order) == list(range(6))
    for one, other in ((0, 5), (1, 4)):
        assert abs(order.index(one) - order.index(other)) == 1
    assert order[-2:] == (2, 3)
    assert confusion_order(np.diag([3, 3])) == (0, 1)
    assert confusion_order(np.zeros((3, 3), int)) == (0, 1, 2)


def test_pairs_and_shares():
    confusion = np.asarray([[8, 2, 0], [1, 4, 0], [0, 0, 0]])
    first, second = confused_pairs(confusion)
    assert (first.label, first.predicted, first.count, first.share, first.back) == (0, 1, 2, 0.2, 1)
    assert (second.count, second.share) == (1, 0.2)
    assert row_shares(confusion)[0].tolist() == [0.8, 0.2, 0.0]
    assert np.isnan(row_shares(confusion)[2]).all() and np.isnan(column_shares(confusion)[:, 2]).all()
    assert column_shares(confusion)[:, 1] == pytest.approx([1 / 3, 2 / 3, 0])
    assert len(confused_pairs(confusion, most=1)) == 1
