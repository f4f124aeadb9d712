"""All figures are those of scikit-learn, of degenerate answers too; what is undefined has a reason instead of a number."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from cnnstudio.core.averages import averages
from cnnstudio.evaluation.answers import measures, picture_results
from cnnstudio.evaluation.class_figures import CLASS_FIGURES
from cnnstudio.evaluation.figures import FIGURES
from cnnstudio.evaluation.report import count_report, make_report
from cnnstudio.evaluation.sample import BINS
from tests.evaluation.material import draw, make_answers


@st.composite
def cases(draw_one):
    """From one picture to forty, of which any class may be absent; scores with many ties, zeros and ones."""
    classes = draw_one(st.integers(2, 5))
    count, labelled = draw_one(st.integers(1, 40)), draw_one(st.integers(1, classes))
    seed, ties = draw_one(st.integers(0, 2**32 - 1)), draw_one(st.sampled_from([0, 1, 4]))
    random = np.random.default_rng(seed)
    labels, scores = random.integers(0, labelled, count), random.random((count, classes))
    if ties:
        scores = np.round(scores * ties)
        scores[scores.sum(axis=1) == 0] = 1
    return make_answers(labels, scores / scores.sum(axis=1, keepdims=True))


def wanted_figures(answers):
    """What scikit-learn says itself; NaN where it says nothing or warns that it does not know."""
    labels, found, chances = answers.labels, answers.predicted, answers.probabilities
    classes = range(len(answers.class_names))
    wanted = {"accuracy": metrics.accuracy_score(labels, found),
              "balanced_accuracy": metrics.balanced_accuracy_score(labels, found),
              "kappa": metrics.cohen_kappa_score(labels, found), "log_loss": metrics.log_loss(labels, chances, labels=classes),
              "matthews": metrics.matthews_corrcoef(labels, found)}
    for kind in ("macro", "weighted"):
        three = metrics.precision_recall_fscore_support(labels, found, average=kind, zero_division=0)[:3]
        wanted |= {f"{kind}_{name}": value for name, value in zip(("precision", "recall", "f1"), three, strict=True)}
    for k in (2, 3, 5):
        if k < len(classes):
            wanted[f"top_{k}"] = metrics.top_k_accuracy_score(labels, chances, k=k, labels=classes)
    present = set(labels.tolist())
    if len(present) == len(classes) > 2:
        wanted["auc"] = metrics.roc_auc_score(labels, chances, multi_class="ovr", average="macro")
    elif len(present) > 1:
        wanted["auc"] = np.mean([metrics.roc_auc_score(labels == number, chances[:, number]) for number in present])
    two = len(classes) == 2
    wanted["brier"] = metrics.brier_score_loss(labels, chances[:, 1] if two else chances, labels=list(classes))
    sure = chances.max(axis=1).astype(float)
    place = np.minimum((sure * BINS).astype(int), BINS - 1)
    wanted["ece"] = sum(abs(sure[place == number].sum() - (labels == found)[place == number].sum())
                        for number in range(BINS)) / len(labels)
    return wanted


@settings(max_examples=70, deadline=None)
@given(cases())
def test_figures_are_those_of_scikit_learn(answers):
    _compare_with_scikit_learn(answers)


@pytest.mark.nightly
@settings(max_examples=1000, deadline=None)
@given(cases())
def test_figures_are_those_of_scikit_learn_in_a_thousand_cases(answers):
    _compare_with_scikit_learn(answers)


def _compare_with_scikit_learn(answers):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = make_report(answers, intervals=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = wanted_figures(answers)
        by_class = metrics.precision_recall_fscore_support(
            answers.labels, answers.predicted, labels=range(len(answers.class_names)), zero_division=np.nan)[:3]
    for value in report.figures:
        if value.value is None:
            assert value.reason is not None
            # scikit-learn has no value either, or its convention for a correlation without spread.
            assert value.id not in wanted or np.isnan(wanted[value.id]) or (value.id == "matthews" and wanted[value.id] == 0)
        else:
            assert value.value == pytest.approx(wanted[value.id], rel=2e-5, abs=2e-6), value.id
    for place, name in enumerate(("precision", "recall", "f1")):
        for number, values in enumerate(report.classes):
            assert values[name].value == (None if np.isnan(by_class[place][number]) else pytest.approx(by_class[place][number]))


@settings(max_examples=60, deadline=None)
@given(cases())
def test_figures_of_counts_are_those_of_the_answers(answers):
    whole, counted = make_report(answers, intervals=False), count_report(answers.confusion, answers.class_names)
    for value in counted.figures:
        assert value.value == (None if whole[value.id].value is None else pytest.approx(whole[value.id].value)), value.id
    for one, other in zip(whole.classes, counted.classes, strict=True):
        assert (one.support, one.called, one.right) == (other.support, other.called, other.right)
        for value in other.figures:
            assert value.value == (None if one[value.id].value is None else pytest.approx(one[value.id].value))


@settings(max_examples=60, deadline=None)
@given(cases())
def test_the_averages_of_the_command_line_and_of_the_event_agree(answers):
    event = measures(answers, [row.loss for row in picture_results(answers)])
    overall = averages(event["accuracy"], event["classes"], event["confusion"])
    report = make_report(answers, intervals=False)
    for name in ("balanced_accuracy", "macro_precision", "macro_recall", "macro_f1"):
        assert getattr(overall, name) == pytest.approx(report[name].value)
    assert np.asarray(event["confusion"]).sum() == len(answers)


@pytest.mark.parametrize(("answers", "undefined"), [
    (make_answers([0], [[0.9, 0.1]]), {"auc", "kappa", "matthews", "top_2", "top_3", "top_5"}),
    (make_answers([1, 1], [[0.9, 0.1], [0.2, 0.8]]), {"auc", "matthews", "top_2", "top_3", "top_5"}),
    (make_answers([0, 1], [[0.9, 0.1], [0.8, 0.2]]), {"matthews", "top_2", "top_3", "top_5"}),
    (make_answers([0, 1, 1], [[0.9, 0.8], [0.1, 0.3], [0.2, 0.9]]), {"log_loss", "brier", "top_2", "top_3", "top_5"}),
], ids=["one picture", "one class", "one answer", "no shares"])
def test_what_is_undefined_is_said_with_its_reason(answers, undefined):
    report = make_report(answers)
    assert {value.id for value in report.figures if value.value is None} == undefined
    assert all(value.reason.en and value.reason.es for value in report.figures if value.value is None)
    assert all(value.interval is None for value in report.figures if value.method != "wilson")


def test_a_class_without_pictures_has_no_recall_and_does_not_count():
    answers = make_answers([0, 0, 1], [[0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.1, 0.7, 0.2]])
    report = make_report(answers)
    assert report.classes[2]["recall"].value is None
    assert "no pictures" in report.classes[2]["recall"].reason.en
    assert report["balanced_accuracy"].value == pytest.approx(0.75)
    assert report["auc"].value == pytest.approx(np.mean([metrics.roc_auc_score(answers.labels == k, answers.probabilities[:, k])
                                                         for k in (0, 1)]))


def test_every_figure_is_complete():
    for figure in (*FIGURES, *CLASS_FIGURES):
        assert all(text.en and text.es for text in (figure.label, figure.help))
        assert figure.method in ("wilson", "bootstrap", None)
    report = make_report(draw(np.random.default_rng(0), 300, 6))
    for value in report.figures:
        low, high = value.interval
        assert low < value.value < high, value.id
        assert value.method == FIGURES[value.id].method
        assert (value.resamples > 0) == (value.method == "bootstrap")
