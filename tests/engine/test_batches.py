"""Batches: deterministic, whole, made ahead, and honest about failures."""

from __future__ import annotations

import itertools
import threading

import numpy as np
import pytest

from cnnstudio.catalog.augmenting import KINDS, make_augmenter, make_mixer
from cnnstudio.core.class_balance import drawn_counts
from cnnstudio.engine.batches import BatchSource, ahead, encode_labels
from cnnstudio.imaging.preview import Training, first_positions, training_previews

PICTURES = np.random.default_rng(0).integers(0, 255, (23, 8, 8, 3), np.uint8)
LABELS = np.arange(23)


def source(**options):
    return BatchSource(lambda places: PICTURES[places], LABELS, 5, **options)


def labels_of(batches):
    return [labels.tolist() for _, labels, _ in batches]


def test_every_picture_once_and_the_last_batch_smaller():
    batches = labels_of(source(seed=1, shuffle=True).epoch(1))
    assert [len(each) for each in batches] == [5, 5, 5, 5, 3]
    assert sorted(label for batch in batches for label in batch) == list(range(23))


def test_order_depends_on_seed_and_epoch_alone():
    first = labels_of(source(seed=1, shuffle=True).epoch(2))
    assert labels_of(source(seed=1, shuffle=True).epoch(2)) == first
    assert labels_of(source(seed=1, shuffle=True).epoch(3)) != first
    assert labels_of(source(seed=2, shuffle=True).epoch(2)) != first
    assert labels_of(source().epoch(5)) == labels_of(source().epoch(6))


def test_an_epoch_entered_in_the_middle_is_the_same_with_augmentation():
    steps = [{"type": "random_rotation", "id": "r", "params": {"factor": 0.2}, "enabled": True}]
    augmented = source(seed=3, shuffle=True, augmenter=make_augmenter(steps, 8, 8, 3))
    whole = list(augmented.epoch(4))
    for (mine, _, _), (theirs, _, _) in zip(augmented.epoch(4, start=2), whole[2:], strict=True):
        np.testing.assert_array_equal(mine, theirs)
    plain = next(source(seed=3, shuffle=True).epoch(4))[0]
    assert (plain != whole[0][0]).any()


def test_labels_in_every_form():
    assert encode_labels([0, 2], 3, "int").tolist() == [0, 2]
    assert encode_labels([0, 1], 2, "binary").tolist() == [[0.0], [1.0]]
    assert encode_labels([0, 2], 3, "categorical").tolist() == [[1, 0, 0], [0, 0, 1]]


def test_a_failure_arrives_where_its_batch_would():
    def work(number):
        if number == 3:
            raise ValueError("three")
        return number

    batches = ahead(work, range(10))
    assert list(itertools.islice(batches, 3)) == [0, 1, 2]
    with pytest.raises(ValueError, match="three"):
        next(batches)


def test_leaving_early_ends_the_thread():
    before = threading.active_count()
    batches = ahead(lambda number: number, range(1000), depth=2)
    assert next(batches) == 0
    batches.close()
    assert threading.active_count() == before


def test_mixing_stays_within_the_batch_and_labels_and_weights_follow():
    steps = [{"type": "mix_up", "id": "m", "params": {"alpha": 1.0}, "enabled": True}]
    labels, weights = np.eye(23, dtype=np.float32), np.arange(23, dtype=np.float32)
    plain = BatchSource(lambda places: PICTURES[places], labels, 5, seed=3, shuffle=True, weights=weights)
    mixing = BatchSource(lambda places: PICTURES[places], labels, 5, seed=3, shuffle=True, weights=weights,
                         mixer=make_mixer(steps, 8, 8))
    batches = list(mixing.epoch(2))
    assert [len(each) for each, _, _ in batches] == [5, 5, 5, 5, 3]
    for (pictures, soft, heavy), (whole, hard, _) in zip(batches, plain.epoch(2), strict=True):
        members = hard.argmax(axis=1)
        assert set(np.flatnonzero(soft.sum(axis=0))) <= set(members)
        np.testing.assert_allclose(pictures, np.einsum("nk,khwc->nhwc", soft[:, members], whole.astype(float)), atol=0.51)
        np.testing.assert_allclose(heavy, soft @ weights, rtol=1e-5)
    for (mine, _, _), (theirs, _, _) in zip(mixing.epoch(2, start=3), batches[3:], strict=True):
        np.testing.assert_array_equal(mine, theirs)


MIXED = [
    {"type": "random_rotation", "id": "r", "params": {"factor": 0.2}, "enabled": True},
    {"type": "random_gaussian_noise", "id": "n", "params": {"stddev": (0.05, 0.1)}, "enabled": True},
    {"type": "mix_up", "id": "m", "params": {"alpha": 1.0}, "enabled": True},
    {"type": "cut_mix", "id": "c", "params": {"probability": 0.7}, "enabled": True},
]


@pytest.mark.parametrize("steps", [MIXED, MIXED[:2], []], ids=["mixed", "augmented", "plain"])
def test_the_preview_is_what_training_sees(steps):
    labels = np.eye(23, dtype=np.float32)
    trained = BatchSource(lambda places: PICTURES[places], labels, 5, seed=3, shuffle=True,
                          augmenter=make_augmenter(steps, 8, 8, 3) if steps else None,
                          mixer=make_mixer(steps, 8, 8) if len(steps) > 2 else None)
    training = Training(pictures=23, batch_size=5, seed=3, steps=steps, kinds=KINDS)
    for epoch in (1, 4):
        batches = list(trained.epoch(epoch))
        pictures, soft = (np.concatenate([batch[part] for batch in batches]) for part in (0, 1))
        seen = training_previews(first_positions(training, epoch, 23), training, lambda position: PICTURES[position])
        for index, each in enumerate(seen):
            np.testing.assert_array_equal(each.picture, pictures[index])
            shares = np.zeros(23)
            shares[list(each.shares)] = list(each.shares.values())
            np.testing.assert_allclose(shares, soft[index], atol=1e-5)
    assert training_previews([(1, 4)], training, lambda _position: None)[0].picture is None


CLASSES = np.asarray([0] * 12 + [1] * 8 + [2] * 3)


def uneven(strength, seed=1):
    drawn = drawn_counts(np.bincount(CLASSES).tolist(), strength)
    return source(seed=seed, shuffle=True, classes=CLASSES, drawn=drawn), drawn


@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0])
def test_rare_classes_are_drawn_more_often_and_every_picture_of_one_alike(strength):
    batches, drawn = uneven(strength)
    shown = np.concatenate([labels for _, labels, _ in batches.epoch(1)])
    assert len(shown) == batches.pictures == sum(drawn)
    assert np.bincount(CLASSES[shown]).tolist() == list(drawn)
    assert strength != 1.0 or drawn == (12, 12, 12)
    assert strength != 0.0 or drawn == (12, 8, 3)
    for number in range(3):
        times = np.bincount(shown, minlength=23)[number == CLASSES]
        assert times.min() >= 1 and times.max() - times.min() <= 1
    more = {tuple(np.flatnonzero(np.bincount(np.concatenate([labels for _, labels, _ in batches.epoch(epoch)]))[12:20] > 1))
            for epoch in range(1, 6)}
    assert (len(more) > 1) == (drawn[1] % 8 > 0), "which ones once more is drawn anew"


def test_an_oversampled_epoch_entered_in_the_middle_is_the_same_and_repetitions_differ():
    steps = [{"type": "random_rotation", "id": "r", "params": {"factor": 0.2}, "enabled": True}]
    options = {"seed": 3, "shuffle": True, "augmenter": make_augmenter(steps, 8, 8, 3), "classes": CLASSES,
               "drawn": (12, 12, 12)}
    whole = list(source(**options).epoch(4))
    for (mine, _, _), (theirs, _, _) in zip(source(**options).epoch(4, start=3), whole[3:], strict=True):
        np.testing.assert_array_equal(mine, theirs)
    pictures, labels = np.concatenate([batch[0] for batch in whole]), np.concatenate([batch[1] for batch in whole])
    one = pictures[labels == 20]
    assert len(one) == 4
    assert len({picture.tobytes() for picture in one}) == 4, "each repetition is changed in its own way"
