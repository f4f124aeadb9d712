"""What is written about a run in the window: its name, a note, tags and a group; its id stays."""

from __future__ import annotations

from PySide6.QtWidgets import QInputDialog, QWidget

from cnnstudio.gui.pages.train.runs.actions import edit_labels, rename_run
from cnnstudio.workers.runs.folder import RunSummary
from cnnstudio.workers.runs.labels import RunLabels, read_labels
from cnnstudio.workers.runs.names import read_name
from tests.gui import driving


def test_a_run_is_renamed(qtbot, monkeypatch, tmp_path):
    parent = QWidget()
    qtbot.addWidget(parent)
    run = RunSummary(id="2026-01-02-030405-lenet5", folder=tmp_path, state="finished")
    monkeypatch.setattr(QInputDialog, "getText", lambda *_arguments: ("first try", True))
    assert rename_run(None, parent, run) and read_name(tmp_path) == "first try"
    monkeypatch.setattr(QInputDialog, "getText", lambda *_arguments: ("other", False))
    assert not rename_run(None, parent, run) and read_name(tmp_path) == "first try"


def test_a_run_gets_a_note_tags_and_a_group(qtbot, session, tmp_path):
    parent = QWidget()
    qtbot.addWidget(parent)
    run = RunSummary(id="2026-01-02-030405-lenet5", folder=tmp_path, state="finished", labels=RunLabels(color=3))
    told = []
    dialog = edit_labels(session, parent, run, lambda: told.append(True))
    dialog.note.setPlainText("so so")
    dialog.tags.setText("a, b,a")
    dialog.group.setText("g")
    driving.press(dialog, "Save")
    assert read_labels(tmp_path) == RunLabels(note="so so", tags=("a", "b"), group="g", color=3) and told == [True]
    refused = edit_labels(session, parent, run, lambda: told.append(True))
    driving.press(refused, "Cancel")
    assert told == [True]
