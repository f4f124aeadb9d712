"""The Train page: recorded events replayed, buttons that follow the job, runs and settings."""

from __future__ import annotations

import time

import pyqtgraph as pg
import pytest
from PySide6.QtCore import Qt

from cnnstudio.core import edits
from cnnstudio.core.events import Batch, Epoch, Failed, Finished, Hello, Phase
from cnnstudio.core.item import Item
from cnnstudio.core.messages import encode_event
from cnnstudio.core.problems import error
from cnnstudio.core.text import Text, set_language
from cnnstudio.gui.pages.train.page import format_ending
from cnnstudio.gui.pages.train.plots.history import Curves, curves_of, log_line
from cnnstudio.gui.pages.train.stage_list import StageRow
from cnnstudio.gui.state.commands import OpenProject
from cnnstudio.gui.widgets.basics import Button, Label
from cnnstudio.gui.widgets.formatting import format_device
from cnnstudio.gui.widgets.inputs import Select
from cnnstudio.gui.widgets.number_box import NumberBox
from cnnstudio.workers.job_setup import prepare_training
from cnnstudio.workers.runs import RunFolder

EVENTS = [
    Hello(sequence=1, time=1.0, pid=1, versions={"keras": "3"}, device="CPU: 2 cores"),
    Phase(sequence=2, time=1.0, name="training", text=Text("Training", "Entrenando")),
    *(event for epoch in (1, 2, 3) for event in (
        *(Batch(epoch=epoch, batch=batch, batches=4, metrics={"loss": 1 / epoch + batch / 100, "accuracy": epoch / 4},
                pictures_per_second=100.0, seconds_left=9.0, time=2.0) for batch in (1, 2, 3, 4)),
        Epoch(epoch=epoch, epochs=3, metrics={"loss": 1 / epoch, "accuracy": epoch / 4, "val_loss": 2 / epoch,
                                              "val_accuracy": 0.5 + epoch / 10},
              seconds=1.0, pictures_per_second=100.0, best=epoch != 3, time=3.0))),
]


@pytest.fixture
def page(qtbot, window, project_folder):
    window.perform(OpenProject(str(project_folder)))
    qtbot.waitUntil(lambda: window.session.is_open and not len(window.session.jobs), timeout=20_000)
    assert window.go("train")
    return window.current


def recorded(page, last) -> RunFolder:
    """A run on the disk with these events, as the engine leaves it."""
    session = page.session
    run, _job = prepare_training(session.folder, session.project, page.workspace.collection.index)
    run.events_path.write_bytes(b"\n".join(encode_event(event) for event in [*EVENTS, last]) + b"\n")
    session.announce("runs")
    return run


def test_curves_from_live_and_kept_events_are_the_same():
    live = Curves()
    for event in EVENTS:
        live.take(event)
    kept = curves_of(EVENTS)
    assert vars(live) == vars(kept)
    assert kept.batch_x[:4] == [0.25, 0.5, 0.75, 1.0]
    assert kept.best == 2
    assert kept.at_best("val_accuracy") == pytest.approx(0.7)
    assert len(kept.smoothed("loss")) == 12


def test_an_epoch_done_again_after_a_crash_replaces_the_first():
    curves = curves_of(EVENTS)
    curves.take(EVENTS[7])
    curves.take(Epoch(epoch=2, epochs=3, metrics={"loss": 9.0}, seconds=1.0, pictures_per_second=1.0))
    assert curves.epoch_x == [1, 2]
    assert curves.epoch_values["loss"] == [1.0, 9.0]


def test_batches_done_again_after_a_crash_replace_the_first():
    curves = curves_of(EVENTS[:9])
    assert curves.batch_x == [0.25, 0.5, 0.75, 1.0, 1.25, 1.5]
    curves.take(Hello(pid=2))
    curves.take(Batch(epoch=2, batch=1, batches=4, metrics={"loss": 9.0, "accuracy": 0.0}, pictures_per_second=1.0))
    assert curves.batch_x == [0.25, 0.5, 0.75, 1.0, 1.25]
    assert curves.batch_values["loss"][-1] == 9.0


def test_a_run_that_ended_early_says_so_and_which_weights_it_has(page):
    recorded(page, Finished(run="x", metrics={"val_accuracy": 0.7, "epoch": 2.0}, time=4.0))
    assert "keeps epoch 2" in page._epoch.accessibleDescription()
    curves = curves_of([*EVENTS, Finished(run="x", metrics={"epoch": 2.0})])
    assert format_ending(curves, 3, 3) == "keeps epoch 2"
    assert format_ending(curves, 3, 30) == "stopped early · keeps epoch 2"
    assert format_ending(curves_of(EVENTS), 3, 30) == "", "it still runs, or died"


def test_the_device_and_the_speed_are_told_in_the_language_and_in_groups(page):
    page._curves = curves_of([*EVENTS[:2], Batch(epoch=1, batch=1, batches=4, metrics={}, pictures_per_second=12149.4)])
    page._draw_figures()
    assert "12\u202f149 pictures/s" in page._speed.accessibleDescription()
    assert format_device("CPU: 2 cores") == "CPU · 2 cores"
    assert format_device("GPU: NVIDIA T4") == "GPU · NVIDIA T4"
    set_language("es")
    assert format_device("CPU: 2 cores") == "CPU · 2 núcleos"


def test_a_narrow_table_of_runs_still_names_them(qtbot, page):
    recorded(page, Finished(run="x", metrics={"val_accuracy": 0.7, "epoch": 2.0}, time=4.0))
    table = page._table._table
    table.setParent(None)
    qtbot.addWidget(table)
    for width, network in ((1000, True), (560, False)):
        table.resize(width, 200)
        table.show()
        assert table.isColumnHidden(1) is not network
        assert table.columnWidth(0) >= 100


def test_a_finished_run_is_shown_again(page):
    run = recorded(page, Finished(run="x", metrics={"val_accuracy": 0.7, "epoch": 2.0}, time=4.0))
    assert page._run_folder.folder == run.folder
    assert "80" in page._accuracy.accessibleDescription()
    assert "3" in page._epoch.accessibleDescription()
    assert "keras 3" in page._log.toPlainText()
    assert page._table._selected().id == run.id
    assert "best, epoch 2" in page._loss_plot._best.label.toPlainText()
    assert page._loss_plot._best.label.anchor.x() == 1, "left of the line"
    page._curves.best = 1
    page._draw()
    assert page._loss_plot._best.label.anchor.x() == 0, "right of the line, where the words have room"


def test_the_plots_do_not_grow_while_the_cursor_shows_values(page):
    plot = page._loss_plot
    before = plot.minimumSizeHint().width()
    plot._values.setText("epoch 1000 · 0.1234 · 0.5678")
    plot.layout().invalidate()
    assert plot.minimumSizeHint().width() <= before + 40


def test_tab_leaves_the_table_of_runs(qtbot, page):
    recorded(page, Finished(run="x", metrics={"val_accuracy": 0.7, "epoch": 2.0}, time=4.0))
    table = page._table._table
    assert table.accessibleName() == "Runs"
    index = table.currentIndex()
    for key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
        qtbot.keyClick(table, key)
        assert table.currentIndex() == index, "it went to another cell"


def test_a_run_whose_process_starts_can_neither_be_deleted_nor_resumed(page):
    run, _job = prepare_training(page.session.folder, page.session.project, page.workspace.collection.index)
    page.session.announce("runs")
    table = page._table
    assert table._selected().id == run.id
    assert not table._delete.isHidden()
    table.set_busy(run.id)
    assert table._delete.isHidden() and table._resume.isHidden()
    assert table._state(table._selected()) == "starting"
    table.set_busy("")
    assert not table._delete.isHidden()
    assert table._state(table._selected()) == "not started"


def test_the_axes_count_whole_epochs_and_write_numbers_as_in_the_language(page):
    across, up = (page._loss_plot._item.getAxis(side) for side in ("bottom", "left"))
    assert min(spacing for spacing, _offset in across.tickSpacing(0, 2, 400)) >= 1
    assert up.tickStrings([0.5], 1, 0.1) == ["0.5"]
    set_language("es")
    assert up.tickStrings([0.5], 1, 0.1) == ["0,5"]


def test_a_failed_run_says_why(page):
    recorded(page, Failed(problem=error("nan_loss", Text("The loss is no number.", "La pérdida no es un número."), "run"),
                          time=4.0))
    banner = page._problem_box.itemAt(0).widget()
    assert "no number" in banner.accessibleName()


def test_what_blocks_is_on_the_button(page):
    page.session.edit(lambda project: edits.set_field(project, "training", "batch_size", 0), Text("x", "x"))
    page.workspace.checks.check_now()
    assert not page._start.isEnabled()
    assert "1" in page._start.toolTip()
    page.session.undo()
    page.workspace.checks.check_now()
    assert page._start.isEnabled()


def test_settings_are_edits(page):
    settings = page._settings
    settings._set_plain("epochs", 3)
    settings._choose_optimizer("sgd")
    settings._set_optimizer("momentum", 0.9)
    settings._set_callback("early_stopping", "patience", 9)
    step = page.session.project.training.last_stage.callbacks[1]
    settings._enable(step, False)
    training = page.session.project.training
    assert training.epochs == 3
    stage = training.last_stage
    assert stage.optimizer.type == "sgd"
    assert stage.optimizer.params["momentum"] == 0.9
    assert stage.callbacks[0].params["patience"] == 9
    assert not stage.callbacks[1].enabled
    for _step in range(5):
        page.session.undo()
    assert page.session.project.training.last_stage.optimizer.type == "adam"


def test_log_lines_are_words():
    assert all(isinstance(log_line(event), str) for event in EVENTS)
    assert log_line(EVENTS[2]) == ""


def test_a_deleted_run_is_gone(page, monkeypatch):
    from cnnstudio.gui.pages.train import page as module
    from cnnstudio.workers.runs import delete_run

    run = recorded(page, Finished(run="x", time=time.time()))
    monkeypatch.setattr(module, "confirm_delete", lambda _parent, summary: delete_run(RunFolder(summary.folder)))
    page._delete(page._runs[0])
    assert not run.folder.exists()
    assert page._runs == []


def press(qtbot, widget, text):
    """Click the visible button of that text or name; what was just made is shown a moment later."""
    def found():
        return [button for button in widget.findChildren(Button)
                if button.accessibleName() == text and button.isVisibleTo(widget)]

    qtbot.waitUntil(lambda: bool(found()), timeout=5000)
    qtbot.mouseClick(found()[0], Qt.MouseButton.LeftButton)


def stages(page):
    return [(stage.id, stage.epochs) for stage in page.session.project.training.stages]


def test_stages_are_added_chosen_edited_moved_copied_and_removed(page, qtbot):
    settings = page._settings
    assert not settings.findChildren(StageRow), "one stage needs no list"
    first = page.session.project.training.stages[0]
    press(qtbot, settings, "Add a stage")
    assert [identifier for identifier, _epochs in stages(page)] == ["stage_1", "stage_2"]
    assert [row.stage for row in settings.findChildren(StageRow)] == ["stage_1", "stage_2"]
    assert settings.stage.id == "stage_2", "the new one is edited"
    epochs = next(box for box in settings.findChildren(NumberBox) if "Epochs" in box.accessibleName())
    epochs.value_changed.emit(7)
    assert stages(page) == [("stage_1", first.epochs), ("stage_2", 7)]
    qtbot.mouseClick(settings.findChildren(StageRow)[0], Qt.MouseButton.LeftButton)
    assert settings.stage.id == "stage_1"
    press(qtbot, settings, "Duplicate")
    assert stages(page) == [("stage_1", first.epochs), ("stage_3", first.epochs), ("stage_2", 7)]
    press(qtbot, settings, "Later")
    assert [identifier for identifier, _epochs in stages(page)] == ["stage_1", "stage_2", "stage_3"]
    press(qtbot, settings, "Remove")
    assert [identifier for identifier, _epochs in stages(page)] == ["stage_1", "stage_2"]
    for _ in range(5):
        page.session.undo()
    assert stages(page) == [("stage_1", first.epochs)]
    qtbot.waitUntil(lambda: not [row for row in settings.findChildren(StageRow) if row.isVisibleTo(settings)], timeout=5000)


def test_a_schedule_takes_the_rate_of_the_optimizer_and_tells_what_it_clashes_with(page, qtbot):
    settings = page._settings
    choice = next(box for box in settings.findChildren(Select) if box.accessibleName() == "Learning rate schedule")
    choice.chosen.emit("CosineDecay")
    rate = page.session.project.training.last_stage.optimizer.params["learning_rate"]
    assert page.session.project.training.last_stage.schedule == Item(
        type="CosineDecay", params={"initial_learning_rate": rate})
    qtbot.waitUntil(lambda: any(problem.code == "schedule_and_plateau" for problem in page.session.problems), timeout=5000)
    qtbot.waitUntil(lambda: any("cannot change it as well" in label.text() for label in settings.findChildren(Label)),
                    timeout=5000)
    press(qtbot, settings, "Switch ReduceLROnPlateau off")
    qtbot.waitUntil(lambda: not any(problem.code == "schedule_and_plateau" for problem in page.session.problems),
                    timeout=5000)
    boxes = [box.accessibleName() for box in settings.findChildren(NumberBox) if box.isVisibleTo(settings)]
    assert "initial_learning_rate" in boxes
    assert "Learning rate" not in boxes, "the number means nothing now"


STAGED = [
    *EVENTS,
    *(event for epoch in (4, 5) for event in (
        *(Batch(epoch=epoch, batch=batch, batches=4, metrics={"loss": 0.3 / epoch, "accuracy": 0.8},
                pictures_per_second=50.0, seconds_left=4.0, time=4.0, stage=1) for batch in (1, 2, 3, 4)),
        Epoch(epoch=epoch, epochs=5, metrics={"loss": 0.3 / epoch, "accuracy": 0.8, "val_loss": 0.4 / epoch,
                                              "val_accuracy": 0.85},
              seconds=2.0, pictures_per_second=50.0, best=True, time=5.0, stage=1))),
]


def test_later_stages_are_marked_where_they_begin():
    curves = curves_of(STAGED)
    assert curves.boundaries == [(2, 3)]
    assert curves.epoch_x == [1, 2, 3, 4, 5]
    assert curves_of(EVENTS).boundaries == []
    # An epoch of the second stage that is done again after a crash moves nothing.
    curves.take(Batch(epoch=5, batch=1, batches=4, metrics={"loss": 1.0}, pictures_per_second=1.0, stage=1))
    assert curves.boundaries == [(2, 3)]


def test_the_plots_show_the_line_and_take_it_away(page):
    page._loss_plot.show_curves(curves_of(STAGED))
    lines = [item for item in page._loss_plot._item.items if isinstance(item, pg.InfiniteLine) and item.isVisible()]
    assert 3.0 in [line.value() for line in lines]
    page._loss_plot.show_curves(curves_of(EVENTS))
    lines = [item for item in page._loss_plot._item.items if isinstance(item, pg.InfiniteLine) and item.isVisible()]
    assert 3.0 not in [line.value() for line in lines]
