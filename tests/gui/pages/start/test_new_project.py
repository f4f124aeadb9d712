"""A new project in the window that starts from a model of the user's own."""

from __future__ import annotations

import importlib
import threading

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMenu

from cnnstudio.core.files import read_project
from cnnstudio.gui.pages.network.own import RunsDialog
from cnnstudio.gui.widgets.basics import Button, Label
from cnnstudio.gui.widgets.cards import Banner
from tests.interchange.keras_files import write_model


@pytest.fixture
def new(window, pictures_folder, tmp_path, monkeypatch):
    """The page of a new project for the pictures, about to be made in `made`."""
    monkeypatch.setenv("CNNSTUDIO_CACHE", str(tmp_path / "cache"))
    window.take_paths([str(pictures_folder)])
    found = window._pages["start"]._new
    found._place.setText(str(tmp_path / "made"))
    return found


def settle(qtbot, window):
    qtbot.waitUntil(lambda: not len(window.session.jobs), timeout=20_000)


def asked(new):
    """The choices of the card by their words."""
    (menu,) = [each for each in new._own.findChildren(QMenu) if each.isVisible()]
    return {action.text(): action for action in menu.actions()}


def choose(new, words):
    action = asked(new)[words]
    action.trigger()
    action.parent().close()


def told(new):
    return " ".join(label.text() for label in new._own.card.findChildren(Label) if not label.isHidden())


def test_a_file_is_chosen_told_and_becomes_the_base(qtbot, window, new, tmp_path, monkeypatch):
    path = write_model(tmp_path / "Leaf net.keras")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_words: (str(path), ""))
    new._more.open()
    new._own.card.setFocus()
    qtbot.keyClick(new._own.card, Qt.Key.Key_Return)
    choose(new, "A file of Keras…")
    assert new._own.card.property("selected") and not new._create.isEnabled() and "Looking at" in told(new)
    settle(qtbot, window)
    assert new._own._found.text() == "leaf-net"
    assert "Leaf net.keras · 260 parameters" in told(new) and "16\u00a0×\u00a016\u00a0×\u00a03" in told(new)
    assert new._create.isEnabled()
    # Another start and back again: the file needs not be chosen twice.
    new._choose("template:lenet5")
    new._own.ask()
    choose(new, "Leaf net.keras")
    assert new._state["choice"] == "own"
    new._create.click()
    qtbot.waitUntil(lambda: window.session.is_open, timeout=20_000)
    settle(qtbot, window)
    base = window.session.project.network.node("base")
    assert base.params["base"] == "own" and base.params["file"].startswith("bases/leaf-net-")
    assert (tmp_path / "made" / base.params["file"]).read_bytes() == path.read_bytes()


def test_what_is_wrong_is_told_on_the_page_and_nothing_is_made(qtbot, window, new, tmp_path):
    (tmp_path / "bad.keras").write_bytes(b"hello")
    window.take_paths([str(tmp_path / "bad.keras")])
    settle(qtbot, window)
    (banner,) = new._own.findChildren(Banner)
    assert banner.problem.code == "own_base_damaged"
    assert not new._create.isEnabled() and "another" in new._create.toolTip()
    next(each for each in banner.findChildren(Button) if each.text() == "Choose the model…").click()
    assert list(asked(new)) == ["A file of Keras…", "A run or a folder…"]
    new._own.findChildren(QMenu)[-1].close()
    new._choose("template:lenet5")
    assert new._create.isEnabled() and new._create.toolTip() == ""
    assert not (tmp_path / "made").exists()


def test_the_folder_of_a_run_is_chosen_and_survives_another_language(qtbot, window, new, project_folder, tmp_path, monkeypatch):
    run = project_folder / "runs" / "2026-01-02-030405-lenet5"
    run.mkdir(parents=True)
    (run / "spec.json").write_bytes((project_folder / "project.cnnstudio").read_bytes())
    write_model(run / "model.keras")
    folders = [tmp_path, run]
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_words: str(folders.pop(0)))
    new._own.ask()
    choose(new, "A run or a folder…")
    (dialog,) = window.findChildren(RunsDialog)
    settle(qtbot, window)
    (folder,) = [each for each in dialog.findChildren(Button) if each.text() == "A folder…"]
    folder.click()
    assert dialog.isVisible() and "holds no model" in dialog.note.text()
    dialog.layout().activate()
    assert dialog.height() == 460
    folder.click()
    assert not dialog.isVisible()
    settle(qtbot, window)
    assert new._own._found.text() == "project-lenet5"
    window.session.set_setting("language", "es")
    qtbot.waitUntil(lambda: window._pages["start"]._new is not new)
    again = window._pages["start"]._new
    settle(qtbot, window)
    assert again._own._found.text() == "project-lenet5" and again._create.isEnabled()
    again._place.setText(str(tmp_path / "made"))
    again._make()
    qtbot.waitUntil(lambda: window.session.is_open, timeout=20_000)
    settle(qtbot, window)
    file = read_project(tmp_path / "made").network.node("base").params["file"]
    assert file.startswith("bases/project-lenet5-")
    window.session.set_setting("language", "en")


def test_another_folder_asks_anew(qtbot, window, new, tmp_path):
    window.take_paths([str(write_model(tmp_path / "net.keras"))])
    settle(qtbot, window)
    new._go_back()
    (tmp_path / "others").mkdir()
    window.take_paths([str(tmp_path / "others")])
    assert new._state["choice"] == "" and new._own.base is None and new._create.isEnabled()


@pytest.mark.parametrize(("own", "during"), [(True, "catalog.bases.own_files.looked_at"),
                                             (False, "datasets.opening.scan_folder")])
def test_what_was_cancelled_can_be_made_at_the_same_place(qtbot, window, new, tmp_path, monkeypatch, own, during):
    new._choose("template:lenet5")
    if own:
        window.take_paths([str(write_model(tmp_path / "net.keras"))])
        settle(qtbot, window)
    module, _, name = during.rpartition(".")
    whole = getattr(importlib.import_module(f"cnnstudio.{module}"), name)
    cancelled = threading.Event()
    monkeypatch.setattr(f"cnnstudio.{during}", lambda *words: cancelled.wait(20) and whole(*words))
    told = []
    window.session.noticed.connect(told.append)
    new._make()
    new._go_back()
    cancelled.set()
    settle(qtbot, window)
    assert told == [] and not window.session.is_open
    assert not list((tmp_path / "made").glob("*.cnnstudio"))
    assert new._create.isEnabled() and new._back.text() == "Back"
    new._create.click()
    qtbot.waitUntil(lambda: window.session.is_open, timeout=20_000)
    assert window.session.folder == tmp_path / "made"
    settle(qtbot, window)
