"""What is written about a run in the window: its name, a note, tags and a group; its id stays."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from cnnstudio.gui.pages.train.runs.actions import edit_labels, rename_run
from cnnstudio.gui.pages.train.runs.group_labels import edit_group
from cnnstudio.gui.pages.train.runs.lines import GroupLine
from cnnstudio.workers.runs.folder import RunSummary
from cnnstudio.workers.runs.group_figures import group_figures
from cnnstudio.workers.runs.labels import RunLabels, read_labels, write_labels
from cnnstudio.workers.runs.names import read_name
from cnnstudio.workers.runs.origin import RunOrigin
from tests.gui import driving


def test_a_run_is_renamed(qtbot, session, tmp_path):
    parent = QWidget()
    qtbot.addWidget(parent)
    run = RunSummary(id="2026-01-02-030405-lenet5", folder=tmp_path, state="finished")
    told = []
    dialog = rename_run(session, parent, run, lambda: told.append(True))
    qtbot.keyClicks(dialog.field, "first try")
    qtbot.keyClick(dialog.field, Qt.Key.Key_Return)
    assert read_name(tmp_path) == "first try" and told == [True]
    refused = rename_run(session, parent, run, lambda: told.append(True))
    refused.field.setText("other")
    driving.press(refused, "Cancel")
    assert read_name(tmp_path) == "first try" and told == [True]


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


def test_a_group_gets_a_name_a_note_and_tags_for_all_its_runs(qtbot, session, tmp_path):
    parent = QWidget()
    qtbot.addWidget(parent)
    own = (RunLabels(tags=("a", "x"), color=3), RunLabels(tags=("a", "y"), note="mine", color=4))
    for number, labels in enumerate(own):
        (tmp_path / str(number)).mkdir()
        write_labels(tmp_path / str(number), labels)
    runs = tuple(RunSummary(id=str(number), folder=tmp_path / str(number), state="finished", labels=labels,
                            origin=RunOrigin(group="g", grouped_by="seeds", member=number, members=2))
                 for number, labels in enumerate(own))
    group = GroupLine("g", runs, group_figures(runs), False)
    told = []
    dialog = edit_group(session, parent, group, lambda: told.append(True))
    assert (dialog.name.text(), dialog.note.toPlainText(), dialog.tags.text()) == ("", "", "a")
    dialog.name.setText("best")
    dialog.tags.setText("a, b")
    driving.press(dialog, "Save")
    assert told == [True]
    assert read_labels(tmp_path / "0") == RunLabels(tags=("a", "b", "x"), group="best", color=3)
    assert read_labels(tmp_path / "1") == RunLabels(tags=("a", "b", "y"), note="mine", group="best", color=4)
    named = tuple(msgspec.structs.replace(run, labels=read_labels(run.folder)) for run in runs)
    assert GroupLine("best", named, group_figures(named), False).name == "best (2 seeds)", "they are still seeds"
