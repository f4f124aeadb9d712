"""Accuracy by a property: bins that never divide equal values, tests, and the correction for many properties."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import fisher_exact

from cnnstudio.evaluation.answers import Answers
from cnnstudio.evaluation.by_property import (
    MOST_BINS,
    Values,
    accuracies_by,
    accuracy_by,
    independence,
    range_members,
    usual_bins,
    value_members,
)
from tests.evaluation.material import make_answers


def answers_of(right) -> Answers:
    """Answers of two classes, right where `right` is true."""
    return make_answers([0] * len(right), [[0.8, 0.2] if each else [0.3, 0.7] for each in right])


def numbers(data, identifier="size") -> Values:
    return Values(identifier, True, np.asarray(data, float))


def texts(data, identifier="place") -> Values:
    return Values(identifier, False, np.asarray(data, object))


@pytest.mark.parametrize("data", [
    np.arange(100.0), np.repeat([1.0, 2.0, 3.0], [90, 5, 5]), np.ones(40), np.random.default_rng(0).integers(0, 5, 300) * 1.0])
@pytest.mark.parametrize("bins", [0, 2, 7, MOST_BINS])
def test_ranges_hold_every_picture_once_and_never_divide_equal_values(data, bins):
    found = range_members(data, bins)
    assert sorted(np.concatenate([members for _kind, _value, members in found]).tolist()) == list(range(len(data)))
    ends = [(data[members].min(), data[members].max()) for _kind, _value, members in found]
    assert all(before[1] < after[0] for before, after in zip(ends, ends[1:], strict=False))
    assert len(found) <= (bins or usual_bins(len(data)))


def test_numbers_that_are_not_known_are_a_bin_of_their_own_and_are_not_tested():
    result = accuracy_by(answers_of([True] * 30 + [False] * 30 + [False] * 5),
                         numbers([*range(60), np.nan, np.inf, -np.inf, np.nan, np.nan]))
    assert [item.kind for item in result.bins] == ["range", "range", "missing"]
    assert result.missing == 5
    assert (result.test, result.matters) == ("chi2", False), "corrected p values come with the other properties"
    assert result.p_value < 1e-6
    (ranked,) = accuracies_by(answers_of([True] * 30 + [False] * 30), [numbers(range(60))])
    assert ranked.matters


def test_rare_values_are_one_bin_and_numbers_among_the_names_are_in_order():
    found = value_members(np.asarray(["10"] * 6 + ["9"] * 8 + ["x"] * 2 + ["y"] + [""] * 3, object))
    assert [(kind, value, len(members)) for kind, value, members in found] == [
        ("value", "9", 8), ("value", "10", 6), ("other", "", 3), ("missing", "", 3)]
    (kind, value, _members) = value_members(np.asarray(["a"], object))[0]
    assert (kind, value) == ("value", "a"), "a rare value that is alone is called by its name"


def test_a_bin_is_marked_only_where_its_interval_excludes_the_accuracy_of_all():
    right = [True] * 300 + [True] * 50 + [False] * 50
    worse = accuracy_by(answers_of(right), texts(["day"] * 300 + ["night"] * 100))
    assert [(item.value, item.differs_from(worse.accuracy)) for item in worse.bins] == [("day", True), ("night", True)]
    same = accuracy_by(answers_of([True] * 9 + [False] + [True] * 9 + [False]), texts(["a"] * 10 + ["b"] * 10))
    assert not any(item.differs_from(same.accuracy) for item in same.bins)


def test_the_test_fits_the_numbers():
    few = np.array([[9, 2], [1, 8]])
    assert independence(few) == ("fisher", pytest.approx(fisher_exact(few).pvalue))
    assert independence(few * 20)[0] == "chi2"
    assert independence(np.array([[3, 2, 4], [1, 2, 0]]))[0] == "fisher_freeman_halton"


def test_the_most_telling_is_first_and_what_cannot_be_tested_last():
    right = np.random.default_rng(3).random(400) < 0.8
    telling, noise = numbers(np.where(right, 1.0, 0.0), "telling"), numbers(np.random.default_rng(4).random(400), "noise")
    found = accuracies_by(answers_of(right), [texts(["x"] * 400, "plain"), noise, telling, numbers([np.nan] * 400, "none")])
    assert [item.id for item in found] == ["telling", "noise", "plain", "none"]
    assert [item.matters for item in found] == [True, False, False, False]
    assert found[0].adjusted == pytest.approx(2 * found[0].p_value), "Benjamini and Hochberg, of two that were tested"
    assert "same value" in found[2].reason.en
    assert "No picture" in found[3].reason.en


def test_noise_is_said_to_matter_no_oftener_than_promised():
    random, said = np.random.default_rng(5), 0
    for _trial in range(60):
        answers = answers_of(random.random(240) < 0.8)
        noise = [numbers(random.random(240), str(each)) for each in range(8)]
        said += any(item.matters for item in accuracies_by(answers, noise))
    assert said <= 8, "at 5 % about 3 of 60"


@pytest.mark.parametrize("right", [[True], [False], [True] * 50, [False] * 50])
def test_one_picture_and_answers_that_are_all_alike_are_no_reason_to_fail(right):
    (size, place) = accuracies_by(answers_of(right), [numbers(range(len(right))), texts(["a"] * len(right))])
    assert size.p_value is None and place.p_value is None
    assert sum(item.pictures for item in size.bins) == len(right)
    assert all(0 <= end <= 1 for item in size.bins for end in item.interval)
