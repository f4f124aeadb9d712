"""Pictures of which only one kind of information is left."""

import numpy as np
import pytest

from cnnstudio.catalog.shortcuts import SHORTCUTS
from cnnstudio.imaging import views

PICTURES = np.random.default_rng(3).integers(0, 256, (5, 20, 30, 3), dtype=np.uint8)


def test_the_border_and_the_middle_leave_the_rest_gray():
    border, center = views.border_only(PICTURES), views.center_only(PICTURES)
    assert np.array_equal(border[:, :3], PICTURES[:, :3])
    assert (border[:, 3:17, 4:26] == 127).all()
    assert np.array_equal(center[:, 5:15, 8:22], PICTURES[:, 5:15, 8:22])
    assert (center[:, :5] == 127).all()
    assert (center[:, :, :8] == 127).all()


def test_shuffled_patches_hold_the_same_pixels_elsewhere():
    shuffled = views.shuffled_patches(PICTURES)
    for before, after in zip(PICTURES, shuffled, strict=True):
        assert not np.array_equal(before, after)
        assert np.array_equal(np.sort(before[:, :28].ravel()), np.sort(after[:, :28].ravel()))
    assert np.array_equal(shuffled, views.shuffled_patches(PICTURES))


def test_a_thumbnail_keeps_the_mean_and_loses_the_detail():
    small = views.thumbnails(PICTURES)
    assert small.astype(float).std() < PICTURES.astype(float).std() / 3
    assert abs(small.astype(float).mean() - PICTURES.astype(float).mean()) < 3


def test_color_statistics_are_mean_and_deviation_of_each_channel():
    found = views.color_statistics(PICTURES)
    assert found.shape == (5, 6)
    assert np.allclose(found[0, :3], PICTURES[0].reshape(-1, 3).mean(axis=0), atol=1e-3)
    assert np.allclose(found[0, 3:], PICTURES[0].reshape(-1, 3).std(axis=0), atol=1e-3)


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 2, 3), (28, 28, 1), (7, 200, 4)])
def test_every_probe_takes_pictures_of_any_size(shape):
    pictures = np.random.default_rng(0).integers(0, 256, (2, *shape), dtype=np.uint8)
    for probe in SHORTCUTS:
        if probe.view is not None:
            left = probe.view(pictures)
            assert left.shape == pictures.shape
            assert left.dtype == np.uint8
        elif probe.numbers is not None:
            assert probe.numbers(pictures).shape[0] == 2
        else:
            assert probe.of_file
