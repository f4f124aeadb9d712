"""Temperature and reject option: fitted on validation answers, refused with reasons, and true to what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnstudio.core.calibration import Calibration, Rejection
from cnnstudio.core.problems import ProblemError
from cnnstudio.evaluation.answering import RULES, answer_sets, is_sure, scale
from cnnstudio.evaluation.figures import FIGURES
from cnnstudio.evaluation.rejection import REJECTIONS, fit_rejection, parse_rejection, rejection_figures
from cnnstudio.evaluation.sample import Sample
from cnnstudio.evaluation.temperature import fit_temperature
from tests.evaluation.material import draw, make_answers


def codes(raised) -> set[str]:
    return {problem.code for problem in raised.value.problems}


@pytest.mark.parametrize(("temperature", "classes"), [(0.4, 2), (0.4, 5), (1.5, 3)])
def test_the_temperature_is_found(temperature, classes):
    """Logits of noise with `sharp` added to the right one are probabilities at temperature 1 / sharp."""
    answers = draw(np.random.default_rng(1), 20_000, classes, sharp=2.0, temperature=temperature)
    calibration = fit_temperature(answers)
    assert calibration.temperature == pytest.approx(0.5 / temperature, rel=0.05)
    assert calibration.fit.loss_after < calibration.fit.loss_before
    assert calibration.fit.ece_after < calibration.fit.ece_before
    other = draw(np.random.default_rng(2), 5000, classes, sharp=2.0, temperature=temperature)
    assert FIGURES["ece"].compute(Sample(other.calibrated(calibration))) < 0.03
    assert (other.calibrated(calibration).predicted == other.predicted).mean() > 0.999


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 30), st.sampled_from([0.05, 0.5, 2.0, 10.0]))
def test_scaled_probabilities_are_those_of_divided_logits(seed, classes, temperature):
    random = np.random.default_rng(seed)
    logits = random.normal(size=(17, classes)) * random.choice([1, 10, 40])
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    wanted = np.exp((logits - logits.max(axis=1, keepdims=True)) / temperature)
    scaled = scale(chances, temperature)
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled, wanted / wanted.sum(axis=1, keepdims=True), atol=2e-3 if temperature == 10 else 2e-5)
    # The same bits, however many pictures are answered together.
    for begin, end in ((0, 1), (3, 10), (16, 17)):
        assert (scale(chances[begin:end], temperature) == scaled[begin:end]).all()
    assert scale(chances, 1.0) is chances


def test_what_cannot_be_calibrated_is_refused_with_every_reason():
    random = np.random.default_rng(3)
    for split in ("test", "train", "data"):
        with pytest.raises(ProblemError) as raised:
            fit_temperature(draw(random, 200, 3, split=split))
        assert codes(raised) == {"wrong_split"}
    with pytest.raises(ProblemError) as raised:
        fit_temperature(make_answers([0] * 10, [[0.9, 0.3]] * 10))
    assert codes(raised) == {"too_few_pictures", "one_class", "not_shares"}
    with pytest.raises(ProblemError) as raised:
        fit_temperature(make_answers([0, 1] * 50, [[0.9, 0.1], [0.1, 0.9]] * 50))
    assert codes(raised) == {"no_temperature"}


@pytest.mark.parametrize("option", [option for option in REJECTIONS if option.has_sets], ids=lambda option: option.id)
@pytest.mark.parametrize("level", [0.05, 0.2])
def test_conformal_sets_hold_the_class_as_often_as_promised(option, level):
    """On average over samples; the threshold of one sample varies, as the guarantee says."""
    random = np.random.default_rng(7)
    held = [rejection_figures(draw(random, 500, 5), fit_rejection(option, level, draw(random, 200, 5))).held
            for _ in range(100)]
    assert np.mean(held) == pytest.approx(1 - level, abs=0.012)


def test_kinds_of_rejection_and_rules_of_bundles_are_the_same():
    assert set(RULES) == set(REJECTIONS.ids())
    with pytest.raises(ValueError, match="Expected one of"):
        answer_sets(np.ones((1, 2)), "guess", 0.5)


def test_sets_by_hand():
    chances = np.asarray([[0.7, 0.2, 0.1], [0.4, 0.35, 0.25], [0.05, 0.05, 0.9]], np.float32)
    assert answer_sets(chances, "confidence", 0.6).tolist() == [[True, False, False], [False] * 3, [False, False, True]]
    assert answer_sets(chances, "conformal", 0.2).tolist() == [[True, True, False], [True] * 3, [False, False, True]]
    assert answer_sets(chances, "conformal_aps", 0.75).tolist() == [[True, True, False], [True, True, True],
                                                                    [False, False, True]]
    assert is_sure(answer_sets(chances, "conformal_aps", 0.0)).all()


def test_what_a_rejection_does_is_counted():
    answers = make_answers([0, 1, 1, 0], [[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.55, 0.45]])
    figures = rejection_figures(answers, Rejection(kind="confidence", level=0.6, threshold=0.6))
    assert (figures.coverage, figures.accuracy, figures.not_sure) == (0.75, pytest.approx(2 / 3), 1)
    none = rejection_figures(answers, Rejection(kind="confidence", level=0.99, threshold=0.99))
    assert (none.coverage, none.accuracy, none.accuracy_interval) == (0.0, None, None)


def test_too_few_pictures_for_an_error_rate_are_refused():
    answers = draw(np.random.default_rng(1), 60, 3)
    with pytest.raises(ProblemError) as raised:
        fit_rejection(REJECTIONS["conformal"], 0.01, answers)
    assert "at least 99" in raised.value.problems[0].text.en
    fit_rejection(REJECTIONS["conformal"], 0.02, answers)
    with pytest.raises(ProblemError) as raised:
        fit_rejection(REJECTIONS["conformal"], 0.1, draw(np.random.default_rng(1), 60, 3, split="test"))
    assert codes(raised) == {"wrong_split"}


@pytest.mark.parametrize(("text", "kind", "level"), [
    ("confidence:0.75", "confidence", 0.75), ("conformal", "conformal", 0.1), ("conformal_aps:0,2", "conformal_aps", 0.2)])
def test_reject_options_are_read(text, kind, level):
    option, value = parse_rejection(text)
    assert (option.id, value) == (kind, level)


@pytest.mark.parametrize("text", ["", "guess:0.5", "confidence:0", "confidence:1", "conformal:x", "conformal:nan",
                                  "confidence:-1"])
def test_other_reject_options_are_refused(text):
    with pytest.raises(ProblemError) as raised:
        parse_rejection(text)
    assert codes(raised) == {"no_reject_option"}


def test_a_temperature_inside_the_model_is_not_applied_again():
    answers = draw(np.random.default_rng(1), 10, 3)
    assert answers.calibrated(Calibration(temperature=2.0, inside=True)) is answers
    assert answers.calibrated(None) is answers
    assert answers.calibrated(Calibration(temperature=2.0)).probabilities.max() < answers.probabilities.max()
