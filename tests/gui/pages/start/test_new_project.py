"""A new project in the window that starts from a model of the user's own."""

from __future__ import annotations

import importlib
import threading

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog

from cnnstudio.core.files import read_project
from cnnstudio.gui.pages.network.models import RunsDialog
from cnnstudio.gui.pages.start.new_project import NewProjectForm
from cnnstudio.gui.pages.start.own_model import OwnModel
from cnnstudio.gui.state.commands import OpenPaths
from cnnstudio.gui.widgets.basics import Button
from cnnstudio.gui.widgets.cards import Banner
from tests.gui.driving import button, card, open_menu, part, parts, press, texts, write
from tests.interchange.keras_files import write_model


@pytest.fixture
def new(window, pictures_folder, tmp_path, monkeypatch):
    """The page of a new project for the pictures, about to be made in `made`."""
    monkeypatch.setenv("CNNSTUDIO_CACHE", str(tmp_path / "cache"))
    window.perform(OpenPaths((str(pictures_folder),)))
    form = part(window, NewProjectForm)
    write(form, "Location", str(tmp_path / "made"))
    return form


def settle(qtbot, window):
    qtbot.waitUntil(lambda: not len(window.session.jobs), timeout=20_000)


def menu_actions(new):
    """The choices of the card by their labels."""
    return {action.text(): action for action in open_menu(part(new, OwnModel)).actions()}


def choose(new, label):
    action = menu_actions(new)[label]
    action.trigger()
    action.parent().close()


def create(new):
    """The button that makes the project."""
    return button(new, "Create project")


def label_text(new):
    return " ".join(texts(part(new, OwnModel).card))


def test_a_file_is_chosen_told_and_becomes_the_base(qtbot, window, new, tmp_path, monkeypatch):
    path = write_model(tmp_path / "Leaf net.keras")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_arguments: (str(path), ""))
    press(new, "Choose manually")
    own = card(new, "A model of your own…")
    own.setFocus()
    qtbot.keyClick(own, Qt.Key.Key_Return)
    choose(new, "A file of Keras…")
    assert own.property("selected") and not create(new).isEnabled() and "Reading" in label_text(new)
    settle(qtbot, window)
    assert "leaf-net" in label_text(new)
    assert "Leaf net.keras · 260 parameters" in label_text(new) and "16\u00a0×\u00a016\u00a0×\u00a03" in label_text(new)
    assert create(new).isEnabled()
    # Another start and back again: the file needs not be chosen twice.
    card(new, "LeNet-5").clicked.emit()
    part(new, OwnModel).ask()
    choose(new, "Leaf net.keras")
    assert own.property("selected")
    create(new).click()
    qtbot.waitUntil(lambda: window.session.is_open, timeout=20_000)
    settle(qtbot, window)
    base = window.session.project.network.node("base")
    assert base.params["base"] == "own" and base.params["file"].startswith("bases/leaf-net-")
    assert (tmp_path / "made" / base.params["file"]).read_bytes() == path.read_bytes()


def test_what_is_wrong_is_told_on_the_page_and_nothing_is_made(qtbot, window, new, tmp_path):
    (tmp_path / "bad.keras").write_bytes(b"hello")
    window.perform(OpenPaths((str(tmp_path / "bad.keras"),)))
    settle(qtbot, window)
    (banner,) = parts(part(new, OwnModel), Banner)
    assert banner.problem.code == "own_base_damaged"
    assert not create(new).isEnabled() and "another" in create(new).toolTip()
    next(candidate for candidate in banner.findChildren(Button) if candidate.text() == "Choose the model…").click()
    assert list(menu_actions(new)) == ["A file of Keras…", "A run or a folder…"]
    open_menu(part(new, OwnModel)).close()
    card(new, "LeNet-5").clicked.emit()
    assert create(new).isEnabled() and create(new).toolTip() == ""
    assert not (tmp_path / "made").exists()


def test_the_folder_of_a_run_is_chosen_and_survives_another_language(qtbot, window, new, project_folder, tmp_path, monkeypatch):
    run = project_folder / "runs" / "2026-01-02-030405-lenet5"
    run.mkdir(parents=True)
    (run / "spec.json").write_bytes((project_folder / "project.cnnstudio").read_bytes())
    write_model(run / "model.keras")
    folders = [tmp_path, run]
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_arguments: str(folders.pop(0)))
    part(new, OwnModel).ask()
    choose(new, "A run or a folder…")
    (dialog,) = window.findChildren(RunsDialog)
    settle(qtbot, window)
    (folder,) = [candidate for candidate in dialog.findChildren(Button) if candidate.text() == "A folder…"]
    folder.click()
    assert dialog.isVisible() and "contains no model" in dialog.note.text()
    dialog.layout().activate()
    assert dialog.height() == 460
    folder.click()
    assert not dialog.isVisible()
    settle(qtbot, window)
    assert "project-lenet5" in label_text(new)
    window.session.set_setting("language", "es")
    qtbot.waitUntil(lambda: part(window, NewProjectForm) is not new)
    again = part(window, NewProjectForm)
    settle(qtbot, window)
    assert "project-lenet5" in label_text(again) and button(again, "Crear proyecto").isEnabled()
    write(again, "Ubicación", str(tmp_path / "made"))
    press(again, "Crear proyecto")
    qtbot.waitUntil(lambda: window.session.is_open, timeout=20_000)
    settle(qtbot, window)
    file = read_project(tmp_path / "made").network.node("base").params["file"]
    assert file.startswith("bases/project-lenet5-")
    window.session.set_setting("language", "en")


def test_another_folder_asks_anew(qtbot, window, new, tmp_path):
    window.perform(OpenPaths((str(write_model(tmp_path / "net.keras")),)))
    settle(qtbot, window)
    press(new, "Back")
    (tmp_path / "others").mkdir()
    window.perform(OpenPaths((str(tmp_path / "others"),)))
    assert card(new, "Recommended for these pictures").property("selected")
    assert part(new, OwnModel).base is None and create(new).isEnabled()


@pytest.mark.parametrize(("own", "during"), [(True, "interchange.own_base.project_copy.preview_base"),
                                             (False, "datasets.opening.scan_folder")])
def test_what_was_cancelled_can_be_made_at_the_same_place(qtbot, window, new, tmp_path, monkeypatch, own, during):
    card(new, "LeNet-5").clicked.emit()
    if own:
        window.perform(OpenPaths((str(write_model(tmp_path / "net.keras")),)))
        settle(qtbot, window)
    module, _, name = during.rpartition(".")
    original = getattr(importlib.import_module(f"cnnstudio.{module}"), name)
    cancelled = threading.Event()
    monkeypatch.setattr(f"cnnstudio.{during}", lambda *arguments: cancelled.wait(20) and original(*arguments))
    problems = []
    window.session.problem_reported.connect(problems.append)
    create(new).click()
    press(new, "Cancel")
    cancelled.set()
    settle(qtbot, window)
    assert problems == [] and not window.session.is_open
    assert not list((tmp_path / "made").glob("*.cnnstudio"))
    assert create(new).isEnabled() and button(new, "Back").isEnabled()
    create(new).click()
    qtbot.waitUntil(lambda: window.session.is_open, timeout=20_000)
    assert window.session.folder == tmp_path / "made"
    settle(qtbot, window)


def test_the_buttons_end_where_the_form_ends(window, new):
    window.resize(1440, 864)
    QApplication.processEvents()
    automatic = card(new, "Recommended for these pictures")
    left = automatic.mapTo(new, automatic.rect().topLeft()).x()
    back, make = button(new, "Back"), create(new)
    assert back.mapTo(new, back.rect().topLeft()).x() == left
    assert abs(make.mapTo(new, make.rect().topRight()).x() - (left + automatic.width() - 1)) <= 12, "a scroll bar at most"
