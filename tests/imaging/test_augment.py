"""Fused augmentation: reproducible, and with Keras's meaning."""

from __future__ import annotations

from typing import Any
from unittest import mock

import cv2
import numpy as np
import pytest

from cnnstudio.catalog.augmenting import make_augmenter
from cnnstudio.imaging.counter_rng import factor_range

from .pictures import scene


def step(kind: str, **params: Any) -> dict[str, Any]:
    return {"id": kind, "type": kind, "enabled": True, "params": params}


ALL = [
    step("random_flip", mode="horizontal"), step("random_rotation", factor=0.1, fill_mode="constant", fill_value=9.0),
    step("random_zoom", height_factor=(-0.2, 0.1), width_factor=None), step("random_brightness", factor=0.2),
    step("random_translation", height_factor=0.1, width_factor=0.2), step("random_contrast", factor=0.3),
    step("random_shear", x_factor=0.2, y_factor=0.0),
]


def batch(count: int, height: int = 24, width: int = 32, channels: int = 3) -> np.ndarray:
    one = np.asarray(scene(width, height))
    one = one[..., :1] if channels == 1 else one if channels == 3 else np.dstack([one, one[..., 1]])
    return np.stack([np.roll(one, shift, axis=1) for shift in range(count)])


def test_a_draw_depends_on_seed_epoch_and_index_only() -> None:
    augmenter = make_augmenter(ALL, 24, 32, 3)
    whole = augmenter.draw(7, 3, np.arange(50))
    some = augmenter.draw(7, 3, np.array([40, 3, 3]))
    assert np.array_equal(some.matrices, whole.matrices[[40, 3, 3]])
    assert np.array_equal(some.photometric[1][1], whole.photometric[1][1][[40, 3, 3]])
    for other in (augmenter.draw(8, 3, np.arange(50)), augmenter.draw(7, 4, np.arange(50))):
        assert not np.array_equal(other.matrices, whole.matrices)
        assert not np.array_equal(other.photometric[0][1], whole.photometric[0][1])


def test_a_step_draws_the_same_whatever_stands_beside_it() -> None:
    alone = make_augmenter([ALL[3]], 24, 32, 3).draw(1, 0, np.arange(20))
    among = make_augmenter(ALL, 24, 32, 3).draw(1, 0, np.arange(20))
    assert np.array_equal(alone.photometric[0][1], among.photometric[0][1])


def test_draws_are_spread_evenly() -> None:
    values = make_augmenter([step("random_brightness", factor=(-1.0, 1.0))], 4, 4, 1).draw(0, 0, np.arange(20_000))
    shares = np.histogram(values.photometric[0][1], bins=10, range=(-255, 255))[0] / 20_000
    assert np.abs(shares - 0.1).max() < 0.02
    flips = make_augmenter([step("random_flip", mode="horizontal")], 4, 4, 1).draw(0, 0, np.arange(20_000)).moved
    assert abs(flips.mean() - 0.5) < 0.02
    seldom = make_augmenter([step("random_rotation", factor=0.1, probability=0.25)], 4, 4, 1)
    assert abs(seldom.draw(0, 0, np.arange(20_000)).moved.mean() - 0.25) < 0.02


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", [(24, 32), (130, 120)])
def test_threads_change_nothing(channels: int, size: tuple[int, int]) -> None:
    pictures = batch(9, *size, channels)
    before = pictures.copy()
    one, many = (make_augmenter(ALL, *size, channels, workers=workers) for workers in (1, 4))
    parameters = one.draw(5, 0, np.arange(9))
    first = one(pictures, parameters)
    out = np.empty_like(pictures)
    assert many(pictures, parameters, out) is out
    assert np.array_equal(first, out)
    assert np.array_equal(pictures, before)
    assert not np.array_equal(first, pictures)


def test_one_warp_and_one_table_a_picture() -> None:
    pictures = batch(6)
    augmenter = make_augmenter(ALL, 24, 32, 3, workers=1)
    parameters = augmenter.draw(0, 0, np.arange(6))
    with mock.patch("cv2.warpAffine", wraps=cv2.warpAffine) as warp, mock.patch("cv2.LUT", wraps=cv2.LUT) as table:
        augmenter(pictures, parameters)
    assert warp.call_count == 6
    assert table.call_count == 6


def test_nothing_to_do_changes_nothing() -> None:
    pictures = batch(5)
    off = [{**item, "enabled": False} for item in ALL]
    augmenter = make_augmenter(off, 24, 32, 3)
    assert augmenter.does_nothing
    assert np.array_equal(augmenter(pictures, augmenter.draw(0, 0, np.arange(5))), pictures)
    never = make_augmenter([step(item["type"], **item["params"], probability=0.0) for item in ALL], 24, 32, 3)
    assert np.array_equal(never(pictures, never.draw(0, 0, np.arange(5))), pictures)


def test_a_random_crop_stays_inside_and_is_part_of_the_one_warp() -> None:
    augmenter = make_augmenter([step("random_crop", scale=(0.5, 0.75)), step("random_flip")], 24, 32, 3)
    parameters = augmenter.draw(0, 1, np.arange(500))
    shares = np.abs(parameters.matrices[:, 0, 0])
    assert 0.5 <= shares.min() < 0.52
    assert 0.73 < shares.max() <= 0.75
    corners = np.array([[-0.5, -0.5, 1], [31.5, 23.5, 1]])
    places = np.einsum("nij,kj->nki", parameters.matrices, corners)
    assert places.min() >= -0.5 - 1e-9
    assert places[..., 0].max() <= 31.5 + 1e-9
    assert places[..., 1].max() <= 23.5 + 1e-9


def test_flips_are_exact() -> None:
    pictures = batch(40)
    for mode, axes in (("horizontal", (1,)), ("vertical", (0,)), ("horizontal_and_vertical", (0, 1))):
        augmenter = make_augmenter([step("random_flip", mode=mode)], 24, 32, 3)
        parameters = augmenter.draw(0, 0, np.arange(40))
        result = augmenter(pictures, parameters)
        for picture, changed, moved in zip(pictures, result, parameters.moved, strict=True):
            assert np.array_equal(changed, np.flip(picture, axes) if moved else picture)


def test_transparency_is_not_made_brighter() -> None:
    pictures = batch(3, channels=4)
    steps = [step("random_brightness", factor=(0.3, 0.3)), step("random_contrast", factor=0.5)]
    augmenter = make_augmenter(steps, 24, 32, 4)
    result = augmenter(pictures, augmenter.draw(0, 0, np.arange(3)))
    assert np.array_equal(result[..., 3], pictures[..., 3])
    assert result[..., 0].mean() > pictures[..., 0].mean() + 20


def test_contrast_after_brightness_uses_the_brighter_mean() -> None:
    pictures = batch(1, channels=1)
    steps = [step("random_brightness", factor=(0.2, 0.2)), step("random_contrast", factor=0.5)]
    augmenter = make_augmenter(steps, 24, 32, 1)
    parameters = augmenter.draw(3, 0, np.arange(1))
    factor = parameters.photometric[1][1][0]
    brighter = np.clip(pictures[0].astype(float) + 51, 0, 255)
    wanted = np.clip((brighter - brighter.mean()) * factor + brighter.mean(), 0, 255)
    assert np.abs(augmenter(pictures, parameters)[0] - wanted).max() <= 0.51


def test_wrong_shapes_and_steps_are_refused() -> None:
    augmenter = make_augmenter(ALL, 24, 32, 3)
    with pytest.raises(ValueError, match="Received"):
        augmenter(batch(2, channels=1), augmenter.draw(0, 0, np.arange(2)))
    with pytest.raises(ValueError, match="Received"):
        make_augmenter([step("random_magic")], 24, 32, 3)
    assert factor_range(-0.2) == (-0.2, 0.2)
    assert factor_range((0.3, 0.1)) == (0.1, 0.3)
