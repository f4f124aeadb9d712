"""Changes of colours and details: Keras's meaning, exact repeatability, and what they leave alone."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from cnnstudio.catalog.augmenting import KINDS, make_augmenter
from cnnstudio.catalog.steps import AUGMENTATIONS
from cnnstudio.imaging.changes import Geometric, Mixing
from cnnstudio.imaging.counter_rng import CounterRng, beta, normal
from cnnstudio.imaging.photometric import apply_changes

from .test_augment import batch, step

NORMAL = [0.4733827, 1.7990601, 0.8830392]
PHOTOMETRIC = [kind for kind, entry in KINDS.items() if not isinstance(entry.change, Geometric | Mixing)]
COLOR = [entry.id for entry in AUGMENTATIONS if entry.needs_color]
EVERY = [step(kind, probability=1.0) for kind in PHOTOMETRIC]


def done(kind: str, value: Any, picture: np.ndarray, **params: Any) -> np.ndarray:
    """One change with these values."""
    result = picture.copy()
    apply_changes(result, [(KINDS[kind].change, {**KINDS[kind].defaults, **params})], [np.asarray([value], np.float64)], 0)
    return result


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("each", EVERY, ids=lambda each: each["type"])
def test_every_change_is_repeatable_and_leaves_transparency(each: dict[str, Any], channels: int) -> None:
    pictures = batch(6, channels=channels)
    before = pictures.copy()
    augmenter = make_augmenter([each], 24, 32, channels)
    chance = augmenter.draw(3, 2, np.arange(6))
    result = augmenter(pictures, chance)
    assert result.dtype == np.uint8
    assert np.array_equal(pictures, before)
    assert np.array_equal(result, augmenter(pictures, augmenter.draw(3, 2, np.arange(6))))
    assert np.array_equal(result[4:5], augmenter(pictures[4:5], augmenter.draw(3, 2, np.array([4]))))
    assert np.array_equal(result[4:5], augmenter(pictures[4:5], chance.part(4, 5)))
    if channels == 4:
        assert np.array_equal(result[..., 3], pictures[..., 3])
    grey = channels == 1 and each["type"] in COLOR
    assert np.array_equal(result, pictures) == grey, each["type"]
    assert not np.array_equal(result, augmenter(pictures, augmenter.draw(3, 3, np.arange(6)))) or grey or (
        each["type"] in ("random_invert", "equalization", "random_grayscale"))
    never = make_augmenter([{**each, "params": {**each["params"], "probability": 0.0}}], 24, 32, channels)
    assert np.array_equal(never(pictures, never.draw(3, 2, np.arange(6))), pictures)


def test_the_parts_of_a_jitter_happen_to_the_same_pictures() -> None:
    augmenter = make_augmenter([step("random_color_jitter", probability=0.5)], 8, 8, 3)
    chance = augmenter.draw(0, 1, np.arange(400))
    assert [kind for kind, _ in chance.photometric] == ["random_brightness", "random_contrast", "random_saturation",
                                                        "random_hue"]
    happened = [values != neutral for (_, values), neutral in zip(chance.photometric, (0, 1, 1, 0), strict=True)]
    assert 150 < happened[0].sum() < 250
    assert all(np.array_equal(happened[0], other) for other in happened[1:])
    two = make_augmenter([step("random_color_jitter", brightness_factor=None, contrast_factor=None)], 8, 8, 3)
    assert [kind for kind, _ in two.draw(0, 1, np.arange(2)).photometric] == ["random_saturation", "random_hue"]


def test_order_matters_and_tables_are_fused_around_arrays() -> None:
    picture = batch(1)[0]
    steps = [step("random_invert"), step("random_gaussian_blur", kernel_size=5), step("random_brightness")]
    values = [np.array([1.0]), np.array([[1.0, 1.0]]), np.array([40.0])]
    result = picture.copy()
    apply_changes(result, [(KINDS[item["type"]].change, {**KINDS[item["type"]].defaults, **item["params"]})
                           for item in steps], values, 0)
    blurred = cv2.GaussianBlur(255 - picture, (5, 5), 1.0, borderType=cv2.BORDER_REPLICATE)
    assert np.array_equal(result, np.clip(blurred.astype(int) + 40, 0, 255))


def test_erasing_covers_its_rectangle_only() -> None:
    picture = batch(1)[0]
    result = done("random_erasing", (4, 9, 2, 6, 0), picture, scale=(0.1, 0.1), fill_value=7.0)
    assert (result[2:6, 4:9] == 7).all()
    result[2:6, 4:9] = picture[2:6, 4:9]
    assert np.array_equal(result, picture)
    noise = done("random_erasing", (0, 32, 0, 24, 5), picture, scale=(1, 1), fill_value=None)
    assert len(np.unique(noise)) > 100
    drawn = make_augmenter([step("random_erasing", scale=(0.04, 0.25))], 100, 200, 3).draw(0, 1, np.arange(3000))
    boxes = drawn.photometric[0][1]
    sides = (boxes[:, 1] - boxes[:, 0]) / 200
    assert 0.19 < sides.min() < 0.22
    assert 0.48 < sides.max() < 0.51
    assert boxes[:, :2].min() >= 0
    assert boxes[:, 1].max() <= 200
    assert boxes[:, 3].max() <= 100


def test_noise_has_the_deviation_it_says() -> None:
    grey = np.full((80, 80, 3), 128, np.uint8)
    result = done("random_gaussian_noise", (12.75, 99), grey)
    assert abs(result.astype(float).std() - 12.75) < 0.3
    assert abs(result.mean() - 128) < 0.3
    assert np.array_equal(result, done("random_gaussian_noise", (12.75, 99), grey))
    assert not np.array_equal(result, done("random_gaussian_noise", (12.75, 98), grey))


def test_the_numbers_that_noise_is_made_of_stay_what_they_are() -> None:
    """Another stream of numbers would train another network from the same seed."""
    assert CounterRng(1, 2, np.array([3]), "a").uniform(0.0, 1.0)[0] == pytest.approx(0.060725237, abs=1e-9)
    assert normal(1.0, (3,)).tolist() == pytest.approx(NORMAL, abs=1e-6)


@pytest.mark.parametrize("alpha", [0.1, 0.2, 0.5, 1.0, 4.0])
def test_beta_has_its_moments(alpha: float) -> None:
    values = beta(alpha, (np.arange(40_000) + 0.5) / 40_000)
    assert abs(values.mean() - 0.5) < 1e-3
    assert values.var() == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.01)
    if alpha == 1.0:
        assert np.abs(values - (np.arange(40_000) + 0.5) / 40_000).max() < 1e-3


def test_every_augmentation_names_its_group_and_its_layer() -> None:
    for entry in AUGMENTATIONS:
        assert entry.group, entry.id
        assert entry.keras.startswith("keras.layers."), entry.id
        assert entry.mixes == (entry.group == "mix"), entry.id
