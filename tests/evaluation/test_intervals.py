"""Intervals keep their promise on drawn samples of known truth, and resamples follow scikit-learn's formulas."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn import metrics

from cnnstudio.core.intervals import wilson_interval
from cnnstudio.evaluation.class_figures import CLASS_FIGURES
from cnnstudio.evaluation.figures import FIGURES
from cnnstudio.evaluation.intervals import bootstrap_interval, resample_count, standard_errors
from cnnstudio.evaluation.report import figure_value, make_report, mean_precision_value
from cnnstudio.evaluation.sample import Counts, Resample, Sample, count_resamples, resamples
from tests.evaluation.material import draw, make_answers

TRIALS = 800


@pytest.mark.parametrize(("count", "classes", "options"), [
    (100, 2, {}), pytest.param(300, 3, {"sharp": 3.5}, marks=pytest.mark.nightly),
    (200, 4, {"prior": [0.5, 0.25, 0.15, 0.1], "temperature": 1.5})])
def test_intervals_cover_what_they_promise(count, classes, options):
    """95 %: within 2 points, and what chance does to a simulation of this size (2.5 standard errors)."""
    random = np.random.default_rng(20)
    whole = Sample(draw(random, 300_000, classes, **options))
    figures = [figure for figure in FIGURES if figure.undefined(whole) is None]
    truth = {figure.id: figure.compute(whole) for figure in figures}
    resampled = {figure.id: figure.resampled for figure in figures if figure.resampled is not None}
    # Its interval is for as many pictures.
    truth["ece"] = float(np.mean([FIGURES["ece"].compute(Sample(draw(random, count, classes, **options))) for _ in range(600)]))
    held, known = dict.fromkeys(truth, 0), dict.fromkeys(truth, 0)
    for trial in range(TRIALS):
        sample = Sample(draw(random, count, classes, **options))
        deviations = standard_errors(sample, resampled, 200, seed=trial)
        # Each picture drawn once: the figures themselves, sooner than scikit-learn gives them.
        once = Resample(sample, np.ones((count, 1)))
        for figure in figures:
            if figure.shares is not None:
                right, of = figure.shares(sample)
                interval = wilson_interval(right / of, of)
            elif figure.id == "ece":
                interval = bootstrap_interval(figure.compute(sample), float(deviations["ece"]), figure.scale)
            else:
                value = float(figure.resampled(once)[0])
                interval = bootstrap_interval(value, float(deviations[figure.id]), figure.scale)
            if interval is not None:
                known[figure.id] += 1
                held[figure.id] += interval[0] <= truth[figure.id] <= interval[1]
    margin = 0.02 + 2.5 * np.sqrt(0.95 * 0.05 / TRIALS)
    shares = {name: held[name] / times for name, times in known.items()}
    assert min(known.values()) > 0.9 * TRIALS, known
    assert all(abs(share - 0.95) <= margin for share in shares.values()), shares


def test_resamples_follow_the_formulas_of_scikit_learn():
    answers = draw(np.random.default_rng(3), 80, 4)
    sample = Sample(answers)
    block = next(resamples(sample, 5))
    for number in range(5):
        chosen = np.repeat(np.arange(80), block.weights[:, number].astype(int))
        drawn = Sample(answers.select(chosen))
        for figure in FIGURES:
            if figure.resampled is not None and figure.id != "ece":
                assert figure.resampled(block)[number] == pytest.approx(figure.compute(drawn), rel=1e-5), figure.id
        for figure in CLASS_FIGURES:
            if figure.resampled is not None:
                np.testing.assert_allclose(figure.resampled(block)[:, number], figure.compute(drawn), rtol=1e-9)


def test_ties_count_half_in_resampled_areas():
    answers = make_answers([0, 1] * 20, np.round(np.random.default_rng(1).dirichlet((1, 1), 40), 1))
    block = next(resamples(Sample(answers), 3))
    chosen = np.repeat(np.arange(40), block.weights[:, 0].astype(int))
    drawn = answers.select(chosen)
    assert FIGURES["auc"].resampled(block)[0] == pytest.approx(metrics.roc_auc_score(drawn.labels, drawn.probabilities[:, 1]))


def test_ties_share_a_precision_in_resamples():
    answers = make_answers([0, 1] * 20, np.round(np.random.default_rng(1).dirichlet((1, 1), 40), 1))
    block = next(resamples(Sample(answers), 3))
    drawn = answers.select(np.repeat(np.arange(40), block.weights[:, 0].astype(int)))
    assert CLASS_FIGURES["average_precision"].resampled(block)[1, 0] == pytest.approx(
        metrics.average_precision_score(drawn.labels, drawn.probabilities[:, 1]))


@pytest.mark.parametrize("name", ["ece", "accuracy", "auc", "log_loss"])
def test_a_figure_alone_is_that_of_the_report(name):
    answers = draw(np.random.default_rng(4), 150, 3)
    assert figure_value(answers, name) == make_report(answers)[name]
    alone = answers.select(answers.labels == 0)
    assert figure_value(alone, "auc").value is None and figure_value(alone, "auc").reason is not None


def test_the_mean_precision_has_the_interval_of_its_resamples():
    answers = draw(np.random.default_rng(4), 150, 3)
    value = float(CLASS_FIGURES["average_precision"].compute(Sample(answers)).mean())
    found = mean_precision_value(answers, value)
    low, high = found.interval
    assert low < value < high and found.method == "bootstrap"
    assert mean_precision_value(answers.select(np.arange(10)), value).interval is None


def test_cells_are_drawn_as_pictures_are():
    sample = Sample(draw(np.random.default_rng(3), 200, 3))
    one = next(resamples(sample, 400))
    confusion = np.bincount(sample.labels * 3 + sample.predicted, minlength=9).reshape(3, 3)
    other = count_resamples(Counts(confusion), 400)
    assert (other.support.sum(axis=0) == 200).all()
    for figure in FIGURES:
        if not figure.needs_probabilities and figure.resampled is not None:
            spreads = [figure.resampled(block).std() for block in (one, other)]
            assert spreads[0] == pytest.approx(spreads[1], rel=0.2), figure.id


@pytest.mark.parametrize(("right", "of"), [(0, 5), (5, 5), (3, 10), (60, 61), (499, 1000)])
def test_wilsons_interval_is_that_of_scipy(right, of):
    wanted = binomtest(right, of).proportion_ci(method="wilson")
    assert wilson_interval(right / of, of) == pytest.approx((wanted.low, wanted.high))


def test_the_bootstrap_says_nothing_at_a_border():
    assert bootstrap_interval(1.0, 0.0, "logit") is None
    assert bootstrap_interval(0.5, float("nan"), "logit") is None
    assert bootstrap_interval(0.0, 0.1, "log") is None
    perfect = make_answers([0, 1] * 40, [[0.9, 0.1], [0.1, 0.9]] * 40)
    report = make_report(perfect)
    assert report["macro_f1"].value == 1 and report["macro_f1"].interval is None and report["macro_f1"].reason is not None
    assert report["accuracy"].interval == pytest.approx((0.954, 1.0), abs=1e-3)


def test_the_same_seed_gives_the_same_intervals_and_work_is_bounded():
    answers = draw(np.random.default_rng(5), 150, 3)
    assert make_report(answers) == make_report(answers)
    assert make_report(answers) != make_report(answers, seed=1)
    assert resample_count(10_000, 1) == 400 and resample_count(10_000, 100) == 100 and resample_count(10**7) == 100


def test_the_work_can_be_stopped():
    class Stopped(Exception):
        pass

    def check():
        raise Stopped

    with pytest.raises(Stopped):
        make_report(draw(np.random.default_rng(5), 100, 3), check=check)


@pytest.mark.parametrize("count", range(1, 200))
def test_wilsons_interval_contains_the_share_where_all_or_none_are_right(count):
    assert wilson_interval(1.0, count)[1] == 1.0
    assert wilson_interval(0.0, count)[0] == 0.0
