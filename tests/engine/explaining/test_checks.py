"""The sanity checks tell maps that mean something from pretty ones."""

from __future__ import annotations

import keras
import numpy as np

from cnnstudio.engine.explaining.checks import check_map, rank_correlation
from cnnstudio.engine.explaining.occlusion import occlusion
from tests.engine.explaining.models import corner, picture, scores_of

VALUES = {"patch": 0.2, "stride": 0.1, "baseline": "black"}


def striped():
    """A picture that is light and dark in the corner that counts, so that blurring it changes the answer."""
    shown = picture(32) * 0.2
    shown[4:12, 4:12] = 255
    return shown


def test_the_weights_are_put_back_after_they_were_shuffled():
    scores = scores_of(corner(), 2)
    shown = striped()

    def method(label):
        return occlusion(scores, shown, label, "", VALUES)

    before = [np.array(keras.ops.convert_to_numpy(weight)) for weight in scores.network.model.weights]
    checks = check_map(scores, shown, 1, method(1), method)
    assert checks.similarity < 0.9
    assert checks.deletion < checks.chance_deletion
    for mine, other in zip(scores.network.model.weights, before, strict=True):
        np.testing.assert_array_equal(np.asarray(mine), other)


def test_a_map_that_shows_the_picture_and_not_the_network_is_called_so():
    scores = scores_of(corner(), 2)
    shown = striped()
    edges = np.abs(np.diff(shown.sum(axis=-1), axis=0, prepend=0)).astype(np.float32)
    checks = check_map(scores, shown, 1, edges, lambda _label: edges)
    assert checks.similarity > 0.99
    assert not checks.depends_on_weights
    assert not checks.passed
    assert "shuffled" in checks.verdict.en


def test_a_map_of_the_wrong_place_does_not_beat_chance():
    scores = scores_of(corner(), 2)
    shown = striped()
    right, wrong = np.zeros((32, 32), np.float32), np.zeros((32, 32), np.float32)
    right[4:12, 4:12] = wrong[20:28, 20:28] = 1
    random = np.random.default_rng(0)
    good, bad = (check_map(scores, shown, 1, found, lambda _label: random.random((32, 32)).astype(np.float32))
                 for found in (right, wrong))
    assert good.passed
    assert good.deletion < good.chance_deletion
    assert good.insertion > good.chance_insertion
    assert good.better_than == 1
    assert not bad.beats_chance
    assert "!" not in bad.verdict.en
    assert bad.verdict.es


def test_maps_without_content_are_like_no_other():
    assert rank_correlation(np.zeros((4, 4)), np.ones((4, 4))) == 0
    ramp = np.arange(16.0).reshape(4, 4)
    assert rank_correlation(ramp, ramp ** 3) == 1
