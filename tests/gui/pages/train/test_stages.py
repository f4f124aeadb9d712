"""Stages on the Train page."""

from __future__ import annotations

from PySide6.QtCore import Qt

from cnnstudio.core.events import Batch, Epoch
from cnnstudio.core.item import Item
from cnnstudio.core.text import set_language
from cnnstudio.core.training import Stage
from cnnstudio.gui.pages.train.plots.history import curves_of
from cnnstudio.gui.pages.train.settings.panel import TrainSettings
from cnnstudio.gui.pages.train.settings.stage_list import StageRow, format_stage_detail
from cnnstudio.gui.widgets.basics import Button, Label
from cnnstudio.gui.widgets.inputs import Select
from cnnstudio.gui.widgets.number_box import NumberBox
from tests.gui import driving
from tests.gui.pages.train.recorded_runs import EVENTS, loss_plot, vertical_lines


def press(qtbot, widget, text):
    """Click the visible button of that text or name; what was just made is shown a moment later."""
    def visible_buttons():
        return [button for button in widget.findChildren(Button)
                if button.accessibleName() == text and button.isVisibleTo(widget)]

    qtbot.waitUntil(lambda: bool(visible_buttons()), timeout=5000)
    qtbot.mouseClick(visible_buttons()[0], Qt.MouseButton.LeftButton)


def stages(page):
    return [(stage.id, stage.epochs) for stage in page.session.project.training.stages]


def test_a_small_learning_rate_is_written_as_in_its_field():
    stage = Stage(id="a", epochs=3, optimizer=Item(type="adam", params={"learning_rate": 1e-05}))
    assert format_stage_detail(stage) == "3 epochs · Adam · 0.00001"
    set_language("es")
    assert format_stage_detail(stage) == "3 épocas · Adam · 0,00001"


def test_stages_are_added_chosen_edited_moved_copied_and_removed(page, qtbot):
    settings = driving.part(page, TrainSettings)
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
    press(qtbot, settings, "Move down")
    assert [identifier for identifier, _epochs in stages(page)] == ["stage_1", "stage_2", "stage_3"]
    press(qtbot, settings, "Remove")
    assert [identifier for identifier, _epochs in stages(page)] == ["stage_1", "stage_2"]
    for _ in range(5):
        page.session.undo()
    assert stages(page) == [("stage_1", first.epochs)]
    qtbot.waitUntil(lambda: not [row for row in settings.findChildren(StageRow) if row.isVisibleTo(settings)], timeout=5000)


def test_a_schedule_takes_the_rate_of_the_optimizer_and_tells_what_it_clashes_with(page, qtbot):
    settings = driving.part(page, TrainSettings)
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
    plot = loss_plot(page)
    plot.show_curves(curves_of(STAGED))
    assert 3.0 in [line.value() for line in vertical_lines(plot)]
    plot.show_curves(curves_of(EVENTS))
    assert 3.0 not in [line.value() for line in vertical_lines(plot)]
