"""MixUp and CutMix: repeatable, within the batch, and the labels follow the pixels."""

from __future__ import annotations

import numpy as np
import pytest

from cnnstudio.catalog.augmenting import make_mixer
from cnnstudio.imaging.mixing import mixed_labels, needed_positions

from .test_augment import step


def plain(count: int) -> np.ndarray:
    """Pictures of one value each, 10 times their number."""
    return np.repeat(np.arange(count, dtype=np.uint8) * 10, 8 * 6 * 3).reshape(count, 8, 6, 3)


def test_a_mix_depends_on_seed_epoch_and_the_batch_only() -> None:
    mixer = make_mixer([step("mix_up"), step("cut_mix")], 8, 6)
    batch = np.array([7, 3, 12, 5, 9])
    one, again, other = (mixer.draw(1, epoch, batch) for epoch in (1, 1, 2))
    for left, right in zip(one, again, strict=True):
        assert np.array_equal(left.partners, right.partners)
        assert np.array_equal(left.weights, right.weights)
    assert not np.array_equal(one[0].weights, other[0].weights)
    assert sorted(one[0].partners.tolist()) == list(range(5))


def test_mix_up_fades_pixels_and_labels_alike() -> None:
    pictures, labels = plain(20), np.eye(20, dtype=np.float32)
    mixer = make_mixer([step("mix_up", alpha=1.0)], 8, 6)
    mixes = mixer.draw(0, 1, np.arange(20))
    result, soft = mixer(pictures, mixes), mixed_labels(labels, mixes)
    # Every picture has one value: it must be the mean of the values by the shares of the label.
    assert np.abs(result[:, 0, 0, 0] - soft @ (np.arange(20) * 10)).max() <= 0.51
    assert np.allclose(soft.sum(axis=1), 1.0)
    assert ((soft > 0).sum(axis=1) == 2).sum() >= 15


def test_cut_mix_labels_are_shares_of_the_area() -> None:
    pictures, labels = plain(20), np.eye(20, dtype=np.float32)
    mixer = make_mixer([step("cut_mix")], 8, 6)
    mixes = mixer.draw(5, 1, np.arange(20))
    result, soft = mixer(pictures, mixes), mixed_labels(labels, mixes)
    for index in range(20):
        for source in range(20):
            share = (result[index, ..., 0] == source * 10).mean()
            assert share == pytest.approx(soft[index, source], abs=1e-6)
    assert len(np.unique(soft.max(axis=1).round(3))) > 8


def test_binary_labels_become_shares_and_probability_spares_pictures() -> None:
    labels = (np.arange(400) % 2).astype(np.float32)[:, None]
    mixer = make_mixer([step("mix_up", alpha=1.0, probability=0.25)], 8, 6)
    soft = mixed_labels(labels, mixer.draw(0, 1, np.arange(400)))
    assert soft.shape == labels.shape
    changed = (soft != labels).sum()
    assert 20 < changed < 80  # half of the partners have the same label
    assert make_mixer([{**step("mix_up"), "enabled": False}], 8, 6).does_nothing


def test_a_part_of_a_batch_can_be_known_from_the_pictures_it_needs() -> None:
    mixer = make_mixer([step("mix_up", alpha=1.0), step("cut_mix")], 8, 6)
    pictures = np.random.default_rng(0).integers(0, 255, (30, 8, 6, 3), np.uint8)
    mixes = mixer.draw(2, 1, np.arange(30))
    whole = mixer(pictures, mixes)
    places = needed_positions(mixes, range(4))
    assert len(places) <= 16
    some = np.zeros_like(pictures)
    some[places] = pictures[places]
    assert np.array_equal(mixer(some, mixes)[:4], whole[:4])
