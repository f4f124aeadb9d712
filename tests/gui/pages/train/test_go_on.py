"""A run goes on for more epochs, or with the settings of the page."""

from __future__ import annotations

import msgspec

from cnnstudio.core.edits import set_field
from cnnstudio.core.events import Epoch
from cnnstudio.core.project import Project
from cnnstudio.core.text import set_language
from cnnstudio.core.training import Stage
from cnnstudio.gui.pages.train.runs.go_on import GoOnDialog
from cnnstudio.gui.widgets.basics import Label
from tests.gui import driving


def said(dialog) -> str:
    return "\n".join(label.text() for label in dialog.findChildren(Label))


def done(*stages):
    """So many epochs of each stage."""
    return [Epoch(epoch=1, epochs=1, metrics={}, seconds=1.0, pictures_per_second=1.0, stage=stage)
            for stage, count in enumerate(stages) for _number in range(count)]


def test_more_epochs_of_the_last_stage(qtbot):
    run = Project()
    stages = (Stage(id="head", epochs=5), Stage(id="whole", epochs=4))
    run = msgspec.structs.replace(run, training=msgspec.structs.replace(run.training, stages=stages))
    dialog = GoOnDialog(run, run, done(5, 4))
    qtbot.addWidget(dialog)
    assert [stage.epochs for stage in dialog.wanted().training.stages] == [5, 14]
    earlier = GoOnDialog(run, run, done(2))
    qtbot.addWidget(earlier)
    assert earlier.wanted() == run


def test_more_epochs_of_a_finished_run(qtbot):
    run = set_field(Project(), "training", "epochs", 5)
    dialog = GoOnDialog(run, run, done(5))
    qtbot.addWidget(dialog)
    assert dialog.epochs.value == 10
    assert "Epochs: 5 → 15" in said(dialog).splitlines()
    assert dialog.wanted() == set_field(run, "training", "epochs", 15)


def test_the_settings_of_the_page_are_taken_only_if_they_are_chosen(qtbot):
    run = set_field(Project(), "training", "epochs", 5)
    page = set_field(msgspec.structs.replace(run, name="other"), "training", "batch_size", 7)
    page = set_field(page, "recipe", "height", 99)
    dialog = GoOnDialog(run, page, done(3))
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.wanted().training.batch_size == run.training.batch_size
    driving.press(dialog, "The settings on this page")
    assert dialog.wanted().training.batch_size == 7
    assert dialog.wanted().recipe == run.recipe
    assert "Batch size: 32 → 7" in said(dialog).splitlines()
    set_language("es")
    dialog._show_changes()
    assert "Tamaño de lote: 32 → 7" in said(dialog).splitlines()
