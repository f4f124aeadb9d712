"""The printed augmentation changes pictures as the program does."""

from __future__ import annotations

import math

import cv2
import msgspec
import numpy as np
import pytest
from scipy.stats import ks_2samp

from cnnstudio.catalog.augmenting import make_augmenter, make_mixer
from cnnstudio.catalog.steps import AUGMENTATIONS
from cnnstudio.core.augmentation import AugmentationSpec
from cnnstudio.core.item import Step
from cnnstudio.core.project import Project
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.imaging.counter_rng import CounterRng
from cnnstudio.imaging.mixing import mixed_labels
from cnnstudio.interchange.printing.augmentation import augmentation_code, mixing_code

HEIGHT, WIDTH = 24, 30
QUARTER = 0.25


class Quarter:
    """A generator that always draws the same quarter of a range."""

    def random(self):
        return QUARTER

    def uniform(self, low, high):
        return low + (high - low) * QUARTER

    def choice(self, _values):
        return 1

    def normal(self, mean, deviation, shape):
        return np.random.default_rng(1).normal(mean, deviation, shape)


def project(*steps, color_mode="rgb"):
    recipe = RecipeSpec(height=HEIGHT, width=WIDTH, color_mode=color_mode)
    return Project(name="printed", recipe=recipe, augmentation=AugmentationSpec(steps=steps))


def printed(sample, rng=None):
    """The printed function of one picture, with these random numbers."""
    names = {"np": np, "cv2": cv2}
    exec(augmentation_code(sample), names)  # our own text, printed a moment ago
    rng = np.random.default_rng(42) if rng is None else rng
    return lambda picture: names["augment"](picture, rng)


def scene(channels):
    random = np.random.default_rng(5)
    coarse = random.integers(0, 256, (4, 5, 3), np.uint8)
    picture = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    if channels == 1:
        return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None]
    return picture if channels == 3 else np.dstack([picture, random.integers(0, 256, (HEIGHT, WIDTH), np.uint8)])


OTHER = {"random_rotation": {"factor": 0.2, "fill_mode": "constant", "fill_value": 90.0},
         "random_zoom": {"height_factor": (-0.3, -0.1), "width_factor": (0.1, 0.2), "fill_mode": "nearest"},
         "random_flip": {"mode": "horizontal_and_vertical"}, "random_shear": {"x_factor": 0.3, "y_factor": (0.1, 0.2)},
         "random_translation": {"height_factor": 0.3, "width_factor": -0.2, "fill_mode": "wrap"},
         "random_posterization": {"factor": (2.0, 6.0)}, "random_saturation": {"factor": 0.7}, "random_hue": {"factor": 0.3},
         "random_contrast": {"factor": 0.4}, "random_erasing": {"scale": (0.1, 0.3), "fill_value": 20.0},
         "random_color_jitter": {"brightness_factor": None}, "solarization": {"addition_factor": 0.3},
         "random_gaussian_blur": {"kernel_size": 7, "sigma": 2.0}, "random_crop": {"scale": (0.4, 0.6)}}
"""Other values than the defaults; erasing with noise cannot be compared pixel by pixel."""
CASES = [(kind, params) for kind in AUGMENTATIONS.ids() if AUGMENTATIONS[kind].group != "mix"
         for params in ({}, OTHER.get(kind)) if params is not None and (params or kind != "random_erasing")]


@pytest.mark.parametrize("color_mode", ["rgb", "grayscale", "rgba"])
@pytest.mark.parametrize(("kind", "params"), CASES, ids=[f"{kind}{'-other' * bool(params)}" for kind, params in CASES])
def test_a_step_changes_a_picture_as_the_program_does(kind, params, color_mode, monkeypatch):
    params = {"probability": 1.0, **params}
    step = Step(id="it", type=kind, params=params)
    sample = project(step, color_mode=color_mode)
    picture = scene(sample.recipe.channels)
    result = printed(sample, Quarter())(picture.copy())
    assert result.dtype == np.uint8
    assert result.shape == sample.recipe.shape
    monkeypatch.setattr(CounterRng, "uniform", lambda self, low, high: np.full(self.count, low + (high - low) * QUARTER))
    augmenter = make_augmenter([msgspec.to_builtins(step)], HEIGHT, WIDTH, sample.recipe.channels, workers=1)
    wanted = augmenter(picture[None], augmenter.draw(1, 1, np.arange(1)))[0]
    difference = np.abs(result.astype(int) - wanted)
    if kind == "random_gaussian_noise":
        assert result.std() > 0 and abs(int(result.mean()) - int(wanted.mean())) <= 2
        return
    if not (kind in ("random_hue", "random_saturation", "random_grayscale") and sample.recipe.channels == 1):
        assert (wanted != picture).any() or (kind == "random_posterization" and not params)
    # Between two roundings of a value a border of solarization or posterization can lie.
    assert np.quantile(difference, 0.99) <= 1
    assert difference.mean() < 0.2


def test_several_steps_are_one_warp_and_happen_as_often_as_they_should():
    sample = project(Step(id="flip", type="random_flip", params={"probability": 0.5}),
                   Step(id="turn", type="random_rotation"), Step(id="light", type="random_brightness"),
                   Step(id="off", type="random_zoom", enabled=False))
    text = augmentation_code(sample)
    assert text.count("warpAffine") == 1
    assert "high =" not in text
    flipping = project(Step(id="flip", type="random_flip", params={"probability": 0.5}))
    augment, picture = printed(flipping), scene(3)
    flipped = sum(bool((augment(picture.copy()) != picture).any()) for _ in range(2000))
    assert 430 <= flipped <= 570, "a quarter of the pictures, within four deviations"


def test_nothing_is_printed_where_nothing_is_changed():
    assert augmentation_code(project()) == ""
    assert mixing_code(project(Step(id="flip", type="random_flip"))) == ""
    mixing = project(Step(id="mix", type="mix_up"))
    assert augmentation_code(mixing) == ""
    assert "def mix(pictures, labels, rng):" in mixing_code(mixing)


DRAWS = 500


def figures(pictures, original):
    """What a picture is like, as (draws, figures): its light, contrast, structure, and where what is."""
    values = pictures.astype(np.float64)
    middle = values.mean(axis=3)
    half = (middle.shape[1] // 2, middle.shape[2] // 2)
    return np.stack([
        values.mean(axis=(1, 2, 3)), values.std(axis=(1, 2, 3)), values[..., 0].mean(axis=(1, 2)),
        np.abs(values - original).mean(axis=(1, 2, 3)), np.abs(np.diff(middle, axis=1)).mean(axis=(1, 2)),
        np.abs(np.diff(middle, axis=2)).mean(axis=(1, 2)),
        middle[:, :half[0]].mean(axis=(1, 2)) - middle[:, half[0]:].mean(axis=(1, 2)),
        middle[:, :, :half[1]].mean(axis=(1, 2)) - middle[:, :, half[1]:].mean(axis=(1, 2)),
        (values[..., :3].max(axis=3) - values[..., :3].min(axis=3)).mean(axis=(1, 2))], axis=1)


def assert_alike(one, other, case):
    for place, (left, right) in enumerate(zip(one.T, other.T, strict=True)):
        if np.abs(left - right).max() > 1e-9:
            assert ks_2samp(left.round(6), right.round(6)).pvalue > 1e-5, (case, place, left.mean(), right.mean())


DRAWN = [*CASES, ("random_erasing", {"scale": 0.2}), ("random_rotation", {"factor": 0.4, "fill_mode": "wrap"}),
         ("random_flip", {"probability": 0.3}), ("random_gaussian_noise", {"stddev": 0.2}),
         ("random_contrast", {"factor": (0.5, 0.1)}),
         ("solarization", {"threshold_factor": (0.2, 0.4)}), ("random_gaussian_blur", {"sigma": (0.1, 6.0), "kernel_size": 9})]


@pytest.mark.parametrize(("kind", "params"), DRAWN, ids=[f"{kind}-{number}" for number, (kind, _) in enumerate(DRAWN)])
def test_what_is_drawn_has_the_distribution_of_the_program(kind, params):
    step = Step(id="it", type=kind, params={"probability": 1.0, **params})
    sample, picture = project(step), scene(3)
    augment = printed(sample, np.random.default_rng(7))
    theirs = np.stack([augment(picture.copy()) for _ in range(DRAWS)])
    augmenter = make_augmenter([msgspec.to_builtins(step)], HEIGHT, WIDTH, 3, workers=1)
    ours = augmenter(np.repeat(picture[None], DRAWS, axis=0), augmenter.draw(3, 1, np.arange(DRAWS)))
    assert_alike(figures(theirs, picture), figures(ours, picture), (kind, params))


@pytest.mark.parametrize(("kind", "params"), [
    ("mix_up", {}), ("mix_up", {"alpha": 2.0, "probability": 0.4}), ("cut_mix", {}), ("cut_mix", {"probability": 0.5})])
def test_what_is_mixed_has_the_distribution_of_the_program(kind, params):
    step = Step(id="it", type=kind, params={"probability": 1.0, **params})
    names = {"np": np, "math": math}
    exec(mixing_code(project(step)), names)  # our own text, printed a moment ago
    random = np.random.default_rng(1)
    batch = random.integers(0, 256, (50, HEIGHT, WIDTH, 3), np.uint8)
    labels = np.eye(50, dtype=np.float32)
    mixer, theirs, ours = make_mixer([msgspec.to_builtins(step)], HEIGHT, WIDTH), [], []
    for number in range(DRAWS // 50):
        pictures, shares = names["mix"](batch, labels, np.random.default_rng(number))
        assert (pictures.dtype, shares.dtype, shares.shape) == (np.uint8, np.float32, (50, 50))
        np.testing.assert_allclose(shares.sum(axis=1), 1.0, atol=1e-5)
        mixes = mixer.draw(5, 1, np.arange(50) + 50 * number)
        own = mixer(batch, mixes), mixed_labels(labels, mixes)
        for kept, (mixed, answered) in ((theirs, (pictures, shares)), (ours, own)):
            changed = np.abs(mixed.astype(float) - batch).mean(axis=(1, 2, 3))
            kept.append(np.stack([changed, answered.max(axis=1), answered.diagonal()], axis=1))
    assert_alike(np.concatenate(theirs), np.concatenate(ours), (kind, params))
