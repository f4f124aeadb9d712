"""A run is renamed in the window; its id stays."""

from __future__ import annotations

from PySide6.QtWidgets import QInputDialog, QWidget

from cnnstudio.gui.pages.train.run_actions import rename_run
from cnnstudio.workers.run_names import read_name
from cnnstudio.workers.runs import RunSummary


def test_a_run_is_renamed(qtbot, monkeypatch, tmp_path):
    parent = QWidget()
    qtbot.addWidget(parent)
    run = RunSummary(id="2026-01-02-030405-lenet5", folder=tmp_path, state="finished")
    monkeypatch.setattr(QInputDialog, "getText", lambda *_arguments: ("first try", True))
    assert rename_run(None, parent, run) and read_name(tmp_path) == "first try"
    monkeypatch.setattr(QInputDialog, "getText", lambda *_arguments: ("other", False))
    assert not rename_run(None, parent, run) and read_name(tmp_path) == "first try"
