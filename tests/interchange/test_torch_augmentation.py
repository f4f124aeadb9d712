"""The printed augmentation changes pictures as the program does."""

from __future__ import annotations

import cv2
import msgspec
import numpy as np
import pytest

from cnnstudio.catalog.augmenting import make_augmenter
from cnnstudio.catalog.steps import AUGMENTATIONS
from cnnstudio.core.augmentation import AugmentationSpec
from cnnstudio.core.item import Step
from cnnstudio.core.project import Project
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.imaging.counter_rng import CounterRng
from cnnstudio.interchange.printing.torch.augmentation import augmentation_code, mixing_code

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


def printed(sample, chance=None):
    names = {"np": np, "cv2": cv2}
    exec(augmentation_code(sample), names)  # our own text, printed a moment ago
    if chance is not None:
        names["chance"] = chance
    return names["augment"]


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
    assert "def mix(pictures, labels):" in mixing_code(mixing)
