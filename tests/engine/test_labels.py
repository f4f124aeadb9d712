"""Doubtful labels: swapped ones are found, copies do not vouch for each other, and what cannot be known is said."""

from __future__ import annotations

import numpy as np
import pytest

from cnnstudio.engine import labels, projection


def clouds(classes: int, each: int, apart: float = 9.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features that look like a network's: a cloud for each class in 96 dimensions."""
    rng = np.random.default_rng(seed)
    middle = rng.normal(0, 1, (classes, 96)) * apart / np.sqrt(96)
    wanted = np.repeat(np.arange(classes), each)
    return (middle[wanted] + rng.normal(0, 1, (len(wanted), 96))).astype(np.float32), wanted


def judged(seen: np.ndarray, wanted: np.ndarray, count: int) -> labels.Judgement:
    neighbours, distances = projection.nearest_neighbours(projection.principal_components(seen, 64))
    return labels.judge_labels(seen, wanted, count, neighbours, distances)


@pytest.mark.parametrize(("classes", "each"), [(2, 120), (5, 60)])
def test_swapped_labels_are_found_with_their_class(classes, each):
    seen, truth = clouds(classes, each)
    rng = np.random.default_rng(1)
    swapped = rng.choice(len(truth), 20, replace=False)
    wanted = truth.copy()
    wanted[swapped] = (truth[swapped] + rng.integers(1, classes, 20)) % classes
    quality, wrong, suggested, note = judged(seen, wanted, classes)
    assert note is None
    assert wrong[swapped].mean() >= 0.8
    assert wrong[swapped].sum() / wrong.sum() >= 0.5
    found = swapped[wrong[swapped]]
    assert (suggested[found] == truth[found]).mean() >= 0.9
    assert np.median(quality[swapped]) < np.median(quality)
    again = judged(seen, wanted, classes)
    assert (again[1] == wrong).all()


def test_clean_labels_raise_hardly_an_alarm():
    seen, wanted = clouds(3, 80)
    assert judged(seen, wanted, 3)[1].sum() <= 4


def test_copies_do_not_vouch_for_each_other():
    seen, wanted = clouds(2, 100)
    copies = np.repeat(seen[:1], 6, axis=0) + np.random.default_rng(0).normal(0, 1e-3, (6, 96)).astype(np.float32)
    seen, wanted = np.concatenate([seen, copies]), np.concatenate([wanted, np.ones(6, np.int64)])
    wanted[0] = 1
    neighbours, distances = projection.nearest_neighbours(projection.principal_components(seen, 64))
    groups = labels.groups_of(neighbours, distances)
    assert len(set(groups[[0, *range(200, 206)]].tolist())) == 1
    assert len(set(groups.tolist())) == 200
    _quality, wrong, suggested, _note = labels.judge_labels(seen, wanted, 2, neighbours, distances)
    assert wrong[[0, *range(200, 206)]].all()
    assert (suggested[200:] == 0).all()


@pytest.mark.parametrize("wanted", [[0] * 12, [0] * 11 + [1], [0] * 10 + [1] * 2, [-1] * 12])
def test_too_few_classes_are_said_and_nothing_is_claimed(wanted):
    seen = np.random.default_rng(0).normal(0, 1, (12, 8)).astype(np.float32)
    quality, wrong, suggested, note = judged(seen, np.asarray(wanted), 2)
    assert len(quality) == 0
    assert not wrong.any()
    assert (suggested == wanted).all()
    assert note is not None
    assert note.en
    assert note.es


def test_tiny_classes_keep_their_labels_and_are_counted():
    seen, wanted = clouds(2, 30)
    seen = np.concatenate([seen, seen[:2] + 20])
    wanted = np.concatenate([wanted, [2, 3]])
    quality, wrong, suggested, note = judged(seen, wanted, 5)
    assert "2" in str(note)
    assert (quality[-2:] == 1).all()
    assert not wrong[-2:].any()
    assert suggested[-2:].tolist() == [2, 3]


def test_identical_pictures_are_no_reason_to_fail():
    seen, wanted = np.ones((20, 16), np.float32), np.repeat([0, 1], 10)
    quality, wrong, _suggested, _note = judged(seen, wanted, 2)
    assert len(quality) in (0, 20)
    assert np.isfinite(quality).all()
    assert not wrong.any()


def test_it_can_be_stopped():
    class Stop(Exception):
        pass

    def check() -> None:
        raise Stop

    seen, wanted = clouds(2, 20)
    neighbours, distances = projection.nearest_neighbours(seen)
    with pytest.raises(Stop):
        labels.judge_labels(seen, wanted, 2, neighbours, distances, check)
