"""Presets of augmentations: valid steps, what fits the classes, and which preset a project has."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from cnnstudio.catalog.augmentation_presets import AUGMENTATION_PRESETS
from cnnstudio.catalog.augmenting import make_augmenter
from cnnstudio.catalog.steps import AUGMENTATIONS
from cnnstudio.core import edits
from cnnstudio.core.project import Project
from cnnstudio.network.augmentation_presets import present_preset, switched_off, with_preset
from cnnstudio.network.checks import check_augmentation
from cnnstudio.network.new_project import Facts, light_augmentation, new_project

PETS = ("cat", "dog")
DIGITS = tuple("0123456789")


@pytest.mark.parametrize("preset", AUGMENTATION_PRESETS, ids=lambda preset: preset.id)
@pytest.mark.parametrize("classes", [PETS, DIGITS, ("red", "blue"), ("left", "right")], ids=str)
@pytest.mark.parametrize("color_mode", ["rgb", "grayscale"])
def test_a_preset_has_no_problems_whatever_the_classes(preset, classes, color_mode):
    project = Project()
    project = msgspec.structs.replace(project, recipe=msgspec.structs.replace(project.recipe, color_mode=color_mode))
    project = with_preset(project, preset, classes)
    assert check_augmentation(project, classes) == ()
    steps = project.augmentation.steps
    assert len({step.id for step in steps}) == len(steps)
    off = [step for step in steps if not step.enabled]
    assert len(off) == len(switched_off(project, preset, classes))
    assert present_preset(project, classes) == preset


@pytest.mark.parametrize("preset", AUGMENTATION_PRESETS, ids=lambda preset: preset.id)
def test_its_steps_change_pictures_and_are_declared_completely(preset):
    for step in preset.steps:
        names = {param.name for param in AUGMENTATIONS[step.type].params}
        assert set(step.params) <= names
    augmenter = make_augmenter(msgspec.to_builtins(preset.steps), 32, 32, 3)
    pictures = np.random.default_rng(1).integers(0, 256, (64, 32, 32, 3), np.uint8)
    changed = augmenter(pictures, augmenter.draw(1, 1, np.arange(64))) if preset.steps else pictures
    same = np.mean([np.array_equal(one, other) for one, other in zip(changed, pictures, strict=True)])
    # Of one change in the mean among fourteen kinds, of which twelve are here, about (13/14)^12 pictures get none.
    assert same == pytest.approx({"none": 1.0, "rand_augment": (6 / 7) ** 12, "trivial_augment": (13 / 14) ** 12}.get(
        preset.id, 0.0), abs=0.15)


def test_what_turns_a_digit_into_another_is_switched_off_and_can_be_switched_on():
    project = with_preset(Project(), AUGMENTATION_PRESETS["standard"], DIGITS)
    assert [step.type for step in project.augmentation.steps if not step.enabled] == ["random_flip"]
    (name, reason), = switched_off(project, AUGMENTATION_PRESETS["standard"], DIGITS)
    assert (name.en, bool(reason.es)) == ("Flip", True)
    on = edits.enable_step(project, "augmentation", "random_flip", True)
    assert [problem.code for problem in check_augmentation(on, DIGITS)] == ["changes_class"]
    assert present_preset(on, DIGITS) is None
    wide = with_preset(Project(), AUGMENTATION_PRESETS["trivial_augment"], DIGITS)
    assert "random_rotation" in [step.type for step in wide.augmentation.steps if not step.enabled]


def test_a_new_project_has_the_light_one_and_edited_steps_are_ones_own():
    project = new_project("x", "/p", Facts(classes=PETS), template="small_cnn")
    assert present_preset(project, PETS) == AUGMENTATION_PRESETS["light"]
    digits = new_project("x", "/p", Facts(classes=DIGITS), template="lenet5")
    assert digits.augmentation.steps == light_augmentation(DIGITS)
    assert present_preset(digits, DIGITS) == AUGMENTATION_PRESETS["light"]
    edited = edits.set_step_param(project, "augmentation", "random_rotation", "factor", 0.2)
    assert present_preset(edited, PETS) is None
