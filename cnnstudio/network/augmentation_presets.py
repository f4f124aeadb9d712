"""A preset of augmentations in a project: what can turn a picture into one of another class is switched off."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from cnnstudio.catalog.augmentation_presets import AUGMENTATION_PRESETS, AugmentationPreset
from cnnstudio.catalog.class_names import class_changes
from cnnstudio.catalog.steps import AUGMENTATIONS
from cnnstudio.core.item import Step
from cnnstudio.core.params import with_defaults
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text


def with_preset(project: Project, preset: AugmentationPreset, classes: Sequence[str]) -> Project:
    """The project with the steps of the preset instead of its own. Those that fit neither the class names nor grey pictures
    are there, but switched off."""
    steps = tuple(msgspec.structs.replace(step, enabled=reason is None)
                  for step, reason in _judged(project, preset, classes))
    return msgspec.structs.replace(project, augmentation=msgspec.structs.replace(project.augmentation, steps=steps))


def switched_off(project: Project, preset: AugmentationPreset, classes: Sequence[str]) -> tuple[tuple[Text, Text], ...]:
    """(name, reason) of the steps that the preset leaves switched off in this project."""
    return tuple((AUGMENTATIONS[step.type].label, reason) for step, reason in _judged(project, preset, classes)
                 if reason is not None)


def present_preset(project: Project, classes: Sequence[str]) -> AugmentationPreset | None:
    """The preset whose steps the project has, compared by what they do; None where they are its own."""
    for preset in AUGMENTATION_PRESETS:
        if _effect(project) == _effect(with_preset(project, preset, classes)):
            return preset
    return None


def _effect(project: Project) -> list[tuple[str, dict[str, object]]]:
    return [(step.type, with_defaults(entry.params, step.params) if (entry := AUGMENTATIONS.find(step.type)) else step.params)
            for step in project.augmentation.active]


def _judged(project: Project, preset: AugmentationPreset, classes: Sequence[str]) -> list[tuple[Step, Text | None]]:
    """The steps with the reason why one is switched off, or None."""
    judged: list[tuple[Step, Text | None]] = []
    for step in preset.steps:
        entry = AUGMENTATIONS[step.type]
        reasons = class_changes(step, entry, classes)
        if not reasons and entry.needs_color and project.recipe.channels == 1:
            reasons = [Text("Grey pictures have no colour.", "Las imágenes grises no tienen color.")]
        judged.append((step, reasons[0] if reasons else None))
    return judged
