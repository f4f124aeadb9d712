"""The choice of a preset of augmentations on the Prepare page."""

from __future__ import annotations

from cnnstudio.core import edits
from cnnstudio.core.text import same
from cnnstudio.gui.pages.prepare.presets import PresetChoice
from tests.gui import driving


def kinds(page):
    return [step.type for step in page.session.project.augmentation.steps]


def test_a_preset_replaces_the_steps_in_one_step_of_undo(page):
    choice = driving.part(page, PresetChoice)
    page.session.edit(lambda project: edits.set_field(project, "augmentation", "steps", ()), same("x"))
    assert choice.choice.value == "none"
    page.session.edit(lambda project: edits.add_step(project, "augmentation", "random_hue"), same("x"))
    page.session.seal()
    assert choice.choice.value == ""
    assert "Undo" in choice.note.text()
    choice.choice.chosen.emit("strong")
    assert "random_erasing" in kinds(page)
    assert choice.choice.value == "strong"
    assert choice.note.text()
    page.session.undo()
    assert kinds(page) == ["random_hue"]
    assert choice.choice.value == ""


def test_what_does_not_fit_is_switched_off_and_told(page, monkeypatch):
    choice = driving.part(page, PresetChoice)
    monkeypatch.setattr(type(page.workspace.counts), "class_names", property(lambda _self: ("0", "1", "2")))
    choice.choice.chosen.emit("standard")
    steps = {step.type: step.enabled for step in page.session.project.augmentation.steps}
    assert steps["random_flip"] is False
    assert steps["random_zoom"] is True
    assert "Flip is switched off" in choice.off.text()
