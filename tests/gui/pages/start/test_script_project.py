"""A training script dropped on the Start page becomes a project."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog

from cnnstudio.core.files import read_project
from cnnstudio.gui.pages.start.script_project import ScriptForm
from cnnstudio.gui.state.commands import OpenPaths
from tests.gui.driving import button, part, press, texts, write
from tests.interchange.course_scripts import KERAS, TORCH


def draw(folder):
    rng = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
        for number in range(4):
            assert cv2.imwrite(str(folder / name / f"{number}.png"), rng.integers(0, 255, (40, 48, 3), np.uint8))
    return folder


@pytest.fixture
def dropped(qtbot, window, tmp_path, monkeypatch):
    """Drops a script and waits until it is read."""
    monkeypatch.setenv("CNNSTUDIO_CACHE", str(tmp_path / "cache"))

    def drop(text: str, name: str = "train.py") -> ScriptForm:
        (tmp_path / name).write_text(text)
        window.perform(OpenPaths((str(tmp_path / name),)))
        form = part(window, ScriptForm)
        qtbot.waitUntil(lambda: any(label.startswith("Not taken over") for label in texts(form)), timeout=20_000)
        return form

    return drop


def test_what_is_taken_over_is_seen_before_the_project_is_made(qtbot, window, dropped, tmp_path):
    draw(tmp_path / "pictures")
    form = dropped(KERAS)
    seen = texts(form)
    assert str(tmp_path / "pictures") in seen
    assert "Line 45: epochs=4 → training.stages.1.epochs" in seen
    assert any(text.startswith("Line 27: RandomCrop(30, 30) was not taken over") for text in seen)
    write(form, "Location", str(tmp_path / "made"))
    press(form, "Create project")
    qtbot.waitUntil(lambda: window.session.folder == tmp_path / "made", timeout=30_000)
    project = read_project(tmp_path / "made")
    assert project.training.epochs == 4
    assert project.recipe.shape == (32, 32, 3)


def test_a_script_whose_pictures_are_elsewhere_asks_for_them(qtbot, window, dropped, tmp_path, monkeypatch):
    form = dropped(TORCH)
    create = button(form, "Create project")
    assert not create.isEnabled()
    assert "folder of the pictures" in create.toolTip()
    assert any("which does not exist here" in text for text in texts(form))
    elsewhere = draw(tmp_path / "elsewhere")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_arguments: str(elsewhere))
    press(form, "Choose the folder of the pictures…")
    assert create.isEnabled()
    write(form, "Location", str(tmp_path / "made"))
    press(form, "Create project")
    qtbot.waitUntil(lambda: window.session.folder == tmp_path / "made", timeout=30_000)
    assert read_project(tmp_path / "made").training.last_stage.optimizer.type == "sgd"


def test_a_file_that_is_no_script_is_told_and_leads_back(qtbot, window, tmp_path):
    (tmp_path / "x.py").write_text("print 'old'\n")
    window.perform(OpenPaths((str(tmp_path / "x.py"),)))
    qtbot.waitUntil(lambda: any("not valid Python" in text for text in texts(window)), timeout=20_000)
    assert not [form for form in window.findChildren(ScriptForm) if form.isVisible()]
