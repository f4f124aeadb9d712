"""The Train page: recorded events replayed, buttons that follow the job, runs and settings."""

from __future__ import annotations

import time

import msgspec
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QPlainTextEdit, QScrollArea

from cnnstudio.core import edits
from cnnstudio.core.events import Batch, Epoch, Failed, Finished, Hello, Stopped
from cnnstudio.core.problems import error
from cnnstudio.core.text import Text, set_language
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.train.figures import format_ending
from cnnstudio.gui.pages.train.plots.curve_plot import CurvePlot, OtherRun
from cnnstudio.gui.pages.train.plots.history import Curves, curves_of, log_line
from cnnstudio.gui.pages.train.runs.table import RunsTable
from cnnstudio.gui.pages.train.settings.panel import TrainSettings
from cnnstudio.gui.state.jobs import ChildJob
from cnnstudio.gui.widgets.basics import Button
from cnnstudio.gui.widgets.cards import Banner, KeyFigure
from cnnstudio.gui.widgets.formatting import format_device
from cnnstudio.gui.widgets.inputs import Switch
from cnnstudio.gui.widgets.number_box import NumberBox
from cnnstudio.gui.widgets.text_dialog import TextDialog
from cnnstudio.workers.job_setup import prepare_training
from cnnstudio.workers.runs.names import read_name, write_name
from cnnstudio.workers.runs.trash import trashed_runs
from tests.gui import driving
from tests.gui.pages.train.recorded_runs import (
    EVENTS,
    best_label,
    buttons,
    figure,
    loss_plot,
    plot_item,
    recorded,
    state,
)


def write_shown(qtbot, widget, name, text):
    """Write into the field of that name; what was just made is shown a moment later."""
    def fields():
        return [box for box in widget.findChildren(NumberBox) if box.accessibleName() == name and driving.shown(box, widget)]

    qtbot.waitUntil(lambda: bool(fields()), timeout=5000)
    driving.write(fields()[0].parentWidget(), name, text)


def test_curves_from_live_and_kept_events_are_the_same():
    live = Curves()
    for event in EVENTS:
        live.take(event)
    saved = curves_of(EVENTS)
    assert vars(live) == vars(saved)
    assert saved.batch_x.values[:4].tolist() == [0.25, 0.5, 0.75, 1.0]
    assert saved.best == 2
    assert saved.at_best("val_accuracy") == pytest.approx(0.7)
    assert len(saved.smoothed("loss")) == 12


def test_an_epoch_done_again_after_a_crash_replaces_the_first():
    curves = curves_of(EVENTS)
    curves.take(EVENTS[7])
    curves.take(Epoch(epoch=2, epochs=3, metrics={"loss": 9.0}, seconds=1.0, pictures_per_second=1.0))
    assert curves.epoch_x == [1, 2]
    assert curves.epoch_values["loss"] == [1.0, 9.0]


def test_batches_done_again_after_a_crash_replace_the_first():
    curves = curves_of(EVENTS[:9])
    assert curves.batch_x.values.tolist() == [0.25, 0.5, 0.75, 1.0, 1.25, 1.5]
    curves.take(Hello(pid=2))
    curves.take(Batch(epoch=2, batch=1, batches=4, metrics={"loss": 9.0, "accuracy": 0.0}, pictures_per_second=1.0))
    assert curves.batch_x.values.tolist() == [0.25, 0.5, 0.75, 1.0, 1.25]
    assert curves.batch_values["loss"].values[-1] == 9.0


def test_a_run_that_ended_early_says_so_and_which_weights_it_has(page):
    recorded(page, Finished(run="x", metrics={"val_accuracy": 0.7, "epoch": 2.0}, time=4.0))
    assert "keeps epoch 2" in figure(page, "Epoch")
    curves = curves_of([*EVENTS, Finished(run="x", metrics={"epoch": 2.0})])
    assert format_ending(curves, 3, 3) == "keeps epoch 2"
    assert format_ending(curves, 3, 30) == "stopped early · keeps epoch 2"
    assert format_ending(curves_of(EVENTS), 3, 30) == "", "it still runs, or died"


def test_the_device_and_the_speed_are_told_in_the_language_and_in_groups(page):
    recorded(page, Finished(run="x", time=4.0), [
        *EVENTS[:2], Batch(epoch=1, batch=1, batches=4, metrics={}, pictures_per_second=12149.4, time=2.0)])
    assert "12,149" in figure(page, "Pictures per second")
    assert format_device("CPU: 2 cores") == "CPU · 2 cores"
    assert format_device("GPU: NVIDIA T4") == "GPU · NVIDIA T4"
    set_language("es")
    assert format_device("CPU: 2 cores") == "CPU · 2 núcleos"


def test_a_narrow_table_of_runs_still_names_them(qtbot, page):
    recorded(page, Finished(run="x", metrics={"val_accuracy": 0.7, "epoch": 2.0}, time=4.0))
    table = driving.field(page, "Runs")
    table.setParent(None)
    qtbot.addWidget(table)
    for width, network in ((1000, True), (560, False)):
        table.resize(width, 200)
        table.show()
        assert table.isColumnHidden(1) is not network
        assert table.columnWidth(0) >= 100


def test_a_finished_run_is_shown_again(page):
    run = recorded(page, Finished(run="x", metrics={"val_accuracy": 0.7, "epoch": 2.0}, time=4.0))
    assert page.subtitle() == run.id
    assert "80" in figure(page, "Validation accuracy")
    assert "3" in figure(page, "Epoch")
    assert any("keras 3" in text.toPlainText() for text in driving.root(page).findChildren(QPlainTextEdit))
    assert driving.field(page, "Runs").selected.id == run.id
    label = best_label(loss_plot(page))
    assert "best, epoch 2" in label.toPlainText()
    assert label.anchor.x() == 1, "left of the line"


def test_the_label_of_an_early_best_epoch_stands_right_of_its_line_where_there_is_room(page):
    events = [msgspec.structs.replace(event, best=event.epoch == 1) if isinstance(event, Epoch) else event for event in EVENTS]
    recorded(page, Finished(run="x", metrics={"val_accuracy": 0.6, "epoch": 1.0}, time=4.0), events)
    label = best_label(loss_plot(page))
    assert "best, epoch 1" in label.toPlainText()
    assert label.anchor.x() == 0


def test_the_label_of_the_best_epoch_is_inside_the_plot_beside_a_longer_run(page):
    recorded(page, Finished(sequence=20, time=4.0))
    plot = loss_plot(page)
    plot.resize(420, 300)
    long = [Epoch(epoch=number, epochs=40, metrics={"loss": 1.0, "val_loss": 1.0}, seconds=1.0, pictures_per_second=1.0)
            for number in range(1, 41)]
    plot.show_others({"another": OtherRun("another", theme.color("ok"), curves_of(long))})
    plot_item(plot).getViewBox().updateAutoRange()
    label = best_label(plot)
    drawn = label.mapRectToScene(label.boundingRect())
    assert plot_item(plot).getViewBox().sceneBoundingRect().contains(drawn), "the line stands at the left edge"


def test_a_training_that_loads_its_libraries_says_so_at_once(page, monkeypatch):
    run, wanted = prepare_training(page.session.folder, page.session.project, page.workspace.collection.index)
    monkeypatch.setattr(ChildJob, "start", lambda _job: None)
    page.workspace.launcher.launch(run, wanted, 3)
    job = page.session.jobs.of_kind("train")
    assert str(job.phase) in figure(page, "Epoch")
    job._finish(Stopped(sequence=1, time=4.0))


def test_the_plots_do_not_grow_while_the_cursor_shows_values(page):
    recorded(page, Finished(run="x", metrics={"val_accuracy": 0.7, "epoch": 2.0}, time=4.0))
    plot = loss_plot(page)
    before = plot.minimumSizeHint().width()
    item = plot_item(plot)
    item.scene().sigMouseMoved.emit(item.sceneBoundingRect().center())
    first, *values = plot.readout.splitlines()
    number = int(first.removeprefix("Epoch "))
    assert [line.split()[1:] for line in values] == [["training", f"{1 / number:.4f}"], ["validation", f"{2 / number:.4f}"]]
    plot.layout().invalidate()
    assert plot.minimumSizeHint().width() <= before
    item.scene().sigMouseMoved.emit(QPointF(-1, -1))
    assert plot.readout == ""


def test_without_a_run_the_page_offers_to_start_one_instead_of_empty_plots(page):
    assert driving.says(page, "No training yet")
    assert not driving.parts(page, CurvePlot) and not driving.parts(page, KeyFigure)
    (start,) = [button for button in driving.parts(page, Button) if button.text() == "Start training"]
    assert start.isEnabled()
    recorded(page, Finished(run="x", metrics={"val_accuracy": 0.7, "epoch": 2.0}, time=4.0))
    assert not driving.says(page, "No training yet")
    assert len(driving.parts(page, CurvePlot)) == 2 and "Start training" not in buttons(page)


def test_f2_renames_the_selected_run(qtbot, page):
    run = recorded(page, Finished(run="x", metrics={"val_accuracy": 0.7, "epoch": 2.0}, time=4.0))
    table = driving.field(page, "Runs")
    table.setFocus()
    qtbot.keyClick(table, Qt.Key.Key_F2)
    (dialog,) = table.window().findChildren(TextDialog)
    dialog.field.setText("first try")
    dialog.accept()
    assert read_name(run.folder) == "first try"


def test_another_run_does_not_move_the_table_under_the_mouse(qtbot, page):
    recorded(page, Finished(run="x", metrics={"val_accuracy": 0.7, "epoch": 2.0}, time=4.0))
    trouble = error("memory", Text("Much too little memory. " * 12, "Poca memoria. "), "machine")
    recorded(page, Failed(problem=trouble, time=4.0))
    table = driving.field(page, "Runs")
    table.window().resize(1000, 620)
    area = table
    while not isinstance(area, QScrollArea):
        area = area.parentWidget()
    table.select(table.rows.rows[1])
    qtbot.wait(150)
    area.verticalScrollBar().setValue(area.verticalScrollBar().maximum())
    before = table.mapTo(area.viewport(), QPoint(0, 0)).y()
    table.select(table.rows.rows[0])
    qtbot.wait(150)
    assert [banner for banner in driving.parts(page, Banner) if "memory" in banner.accessibleName()]
    assert table.mapTo(area.viewport(), QPoint(0, 0)).y() == before


def test_a_search_that_hides_the_shown_run_gives_it_back(page):
    runs = [recorded(page, Finished(run="x", metrics={"val_accuracy": 0.7, "epoch": 2.0}, time=4.0)) for _ in range(3)]
    table = driving.field(page, "Runs")
    table.select(table.rows.rows[1])
    driving.write(page, "Search…", "nothing at all")
    assert driving.rows(table) == [] and driving.says(page, "No run matches.")
    driving.write(page, "Search…", "")
    assert table.selected.id == runs[1].id and not driving.says(page, "No run matches.")


def test_search_and_comparison_end_with_their_project(page, window):
    for _ in range(3):
        recorded(page, Finished(run="x", metrics={"val_accuracy": 0.7, "epoch": 2.0}, time=4.0))
    driving.press(page, "Compare runs")
    driving.write(page, "Search…", "lenet5")
    folder = page.session.folder
    page.session.close()
    page.session.open(folder)
    assert window.go("train")
    table = driving.part(page, RunsTable)
    assert (table._search.text(), table._compare.text()) == ("", "Compare runs")


def test_the_header_calls_a_run_by_its_name(page):
    run = recorded(page, Finished(run="x", metrics={"val_accuracy": 0.7, "epoch": 2.0}, time=4.0))
    assert page.subtitle() == run.id
    write_name(run.folder, "the best")
    page.session.announce("runs")
    assert page.subtitle() == "the best"


def test_tab_leaves_the_table_of_runs(qtbot, page):
    recorded(page, Finished(run="x", metrics={"val_accuracy": 0.7, "epoch": 2.0}, time=4.0))
    table = driving.field(page, "Runs")
    index = table.currentIndex()
    for key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
        qtbot.keyClick(table, key)
        assert table.currentIndex() == index, "it went to another cell"


def test_a_run_whose_process_starts_can_neither_be_deleted_nor_resumed(page):
    run, _job = prepare_training(page.session.folder, page.session.project, page.workspace.collection.index)
    page.session.announce("runs")
    assert driving.field(page, "Runs").selected.id == run.id
    assert "Delete" in buttons(page)
    table = driving.part(page, RunsTable)
    table.set_busy(run.id)
    assert "Delete" not in buttons(page) and "Resume" not in buttons(page)
    assert state(page) == "Starting"
    table.set_busy("")
    assert "Delete" in buttons(page)
    assert state(page) == "Not started"


def test_the_axes_count_whole_epochs_and_write_numbers_as_in_the_language(page):
    across, up = (plot_item(loss_plot(page)).getAxis(side) for side in ("bottom", "left"))
    assert min(spacing for spacing, _offset in across.tickSpacing(0, 2, 400)) >= 1
    assert up.tickStrings([0.5], 1, 0.1) == ["0.5"]
    set_language("es")
    assert up.tickStrings([0.5], 1, 0.1) == ["0,5"]


def test_a_failed_run_says_why(page):
    recorded(page, Failed(problem=error("nan_loss", Text("The loss is no number.", "La pérdida no es un número."), "run"),
                          time=4.0))
    assert any("no number" in banner.accessibleName() for banner in driving.parts(page, Banner))


def test_what_blocks_is_on_the_button(window, page):
    page.session.edit(lambda project: edits.set_field(project, "training", "batch_size", 0), Text("x", "x"))
    page.workspace.checks.check_now()
    start = driving.button(window, "Start training")
    assert not start.isEnabled()
    assert "1" in start.toolTip()
    page.session.undo()
    page.workspace.checks.check_now()
    assert start.isEnabled()


def test_settings_are_edits(qtbot, page):
    settings = driving.part(page, TrainSettings)
    driving.write(settings, "Epochs", "3")
    driving.choose(driving.field(settings, "Optimizer"), "SGD")
    write_shown(qtbot, settings, "momentum", "0.9")
    driving.press(settings, "Parameters")
    write_shown(qtbot, settings, "patience", "9")
    driving.press(settings, "Reduce learning rate on plateau")
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


def test_a_deleted_run_is_gone_until_it_is_brought_back(page):
    run = recorded(page, Finished(run="x", time=time.time()))
    driving.press(page, "Delete")
    assert not run.folder.exists()
    assert driving.says(page, "No training yet")
    page.session.undo()
    assert run.folder.exists() and driving.field(page, "Runs").rows.rows[0].id == run.id
    page.session.redo()
    assert not run.folder.exists()


def test_what_only_a_base_has_is_not_offered_without_one(page):
    names = {box.accessibleName() for box in driving.parts(page, Switch)}
    assert "Early stopping" in names and "Keep features" not in names


def test_a_deletion_is_undone_where_the_runs_are(page):
    steps = []
    page.session.stepped.connect(lambda step: steps.append((step.direction, step.what)))
    recorded(page, Finished(run="x", time=time.time()))
    driving.press(page, "Delete")
    page.session.undo()
    assert steps == [("undo", frozenset({"runs"}))]


def test_what_was_deleted_is_gone_for_good_once_the_project_is_closed(page):
    run = recorded(page, Finished(run="x", time=time.time()))
    folder = page.session.folder
    driving.press(page, "Delete")
    assert trashed_runs(folder) == (run.id,)
    page.session.close()
    assert trashed_runs(folder) == ()


def test_the_epochs_of_a_run_are_saved_as_a_table(page, monkeypatch, tmp_path):
    run = recorded(page, Finished(run="x", time=time.time()))
    table = tmp_path / "epochs.csv"
    monkeypatch.setattr("cnnstudio.gui.pages.train.runs.actions.ask_save_path", lambda *_arguments: table)
    driving.part(page, RunsTable).history_wanted.emit(run.summary())
    header, *rows = table.read_text(encoding="utf-8").splitlines()
    assert header.startswith("epoch,stage,seconds,best,")
    assert len(rows) == len(run.epochs()) > 0


def test_a_damaged_run_says_what_is_missing(page):
    run = recorded(page, Finished(run="x", time=4.0))
    lines = run.events_path.read_bytes().splitlines(keepends=True)
    lines[5] = lines[5][:20] + b"\x00\xff" + lines[5][22:]
    run.events_path.write_bytes(b"".join(lines))
    other = recorded(page, Finished(run="y", time=5.0))
    table = driving.part(page, RunsTable)
    table.chosen.emit(other.summary())
    assert not driving.parts(page, Banner)
    table.chosen.emit(run.summary())
    assert [banner.problem.code for banner in driving.parts(page, Banner)] == ["damaged_events"]
    assert "the first is line 6" in driving.parts(page, Banner)[0].problem.text.en


def test_undo_names_a_setting_as_its_field_does(page):
    settings = driving.part(page, TrainSettings)
    settings._set_plain("batch_size", 7)
    settings._set_optimizer("learning_rate", 0.5)
    assert [str(step) for step in page.session.steps("undo")][:2] == ["Learning rate", "Batch size"]
