"""The plan of stages on the Train page: advice in one click, what learns in a stage and how fast."""

from __future__ import annotations

import pytest
from PySide6.QtTest import QTest

from cnnstudio.core import edits
from cnnstudio.core.item import Step
from cnnstudio.core.text import same, set_language
from cnnstudio.core.training import Stage
from cnnstudio.gui.pages.network.gallery import Gallery
from cnnstudio.gui.pages.train.settings.learning import StageLearning
from cnnstudio.gui.pages.train.settings.panel import TrainSettings
from cnnstudio.gui.pages.train.settings.plan_card import PlanCard
from cnnstudio.gui.pages.train.settings.stage_list import StageRow, format_stops
from cnnstudio.gui.widgets.basics import Button, Label
from cnnstudio.gui.widgets.form import Form
from cnnstudio.gui.widgets.freeze_strip import FreezeControl
from tests.gui import driving


@pytest.fixture
def settings(page, window):
    """The settings of a project with a base that was chosen on the Network page."""
    assert window.go("network")
    driving.part(window.current, Gallery).base_chosen.emit("efficientnet_lite0")
    assert window.go("train")
    return driving.part(page, TrainSettings)


def part(settings, kind):
    """The visible widget of a kind; what was just made is shown with a later event."""
    for _wait in range(250):
        found = next((item for item in settings.findChildren(kind) if item.isVisibleTo(settings)), None)
        if found is not None:
            return found
        QTest.qWait(20)
    raise AssertionError(f"no visible {kind.__name__}")


def learning(qtbot, settings):
    """The form of what learns; what was just made is shown a moment later."""
    qtbot.waitUntil(lambda: any(item.isVisibleTo(settings) for item in settings.findChildren(StageLearning)), timeout=5000)
    return part(part(settings, StageLearning), Form)


def press(qtbot, settings, text):
    def button():
        return next((item for item in part(settings, PlanCard).findChildren(Button)
                     if text in item.text() and item.isVisibleTo(settings)), None)

    qtbot.waitUntil(lambda: button() is not None, timeout=5000)
    button().click()


def lines(settings):
    return [stage.trainable_from for stage in settings._session.project.training.stages]


def test_without_a_base_there_is_no_plan(page):
    settings = driving.part(page, TrainSettings)
    assert not [card for card in settings.findChildren(PlanCard) if card.isVisibleTo(settings)]
    assert not [item for item in settings.findChildren(StageLearning) if item.isVisibleTo(settings)]


def test_the_plan_is_told_with_its_reason_and_taken_in_one_step(qtbot, settings):
    told = " ".join(label.text() for label in part(settings, PlanCard).findChildren(Label))
    assert "Head only" in told
    assert "fewer than 2,000" in told
    press(qtbot, settings, "fine-tuning")
    assert len(lines(settings)) == 2
    assert lines(settings)[0] == "none"
    qtbot.waitUntil(lambda: len([row for row in settings.findChildren(StageRow) if row.isVisibleTo(settings)]) == 2)
    settings._session.undo()
    assert lines(settings) == [""]


def test_the_last_layers_and_the_rate_of_the_base_are_set_in_the_stage(qtbot, settings):
    press(qtbot, settings, "fine-tuning")
    settings._choose_stage("stage_2")
    form = learning(qtbot, settings)
    assert form.is_shown("base_rate_factor")
    assert not form.is_shown("last")
    form.editor("trainable_from").chosen.emit("last")
    assert lines(settings)[1] == "last:20"
    form = learning(qtbot, settings)
    assert form.is_shown("last")
    form.editor("last").value_changed.emit(7)
    form.editor("base_rate_factor").value_changed.emit(0.1)
    stage = settings.stage
    assert (stage.trainable_from, stage.base_rate_factor) == ("last:7", 0.1)
    assert part(settings, FreezeControl).strip.frozen < 18
    assert any("inference mode" in label.text() for label in part(settings, StageLearning).findChildren(Label)
               if label.isVisibleTo(settings))

    def rows():
        return [row for row in settings.findChildren(StageRow) if row.isVisibleTo(settings)]

    qtbot.waitUntil(lambda: len(rows()) == 2, timeout=5000)
    row = rows()[1]
    assert "last 7 layers learn" in row.accessibleName()
    assert "base × 0.1" in row.accessibleDescription()
    settings._choose_stage("stage_1")
    # Nothing of the base learns there.
    qtbot.waitUntil(lambda: not learning(qtbot, settings).is_shown("base_rate_factor"), timeout=5000)


def test_a_base_that_learns_in_the_network_has_its_rate_with_one_stage(qtbot, settings):
    session = settings._session
    node = next(node.id for node in session.project.network.nodes if node.type == "PretrainedBase")
    session.edit(lambda project: edits.set_node_param(project, node, "trainable_from", "last:30"), same("x"))
    form = learning(qtbot, settings)
    assert form.is_shown("base_rate_factor")
    form.editor("base_rate_factor").value_changed.emit(0.5)
    assert session.project.training.last_stage.base_rate_factor == 0.5


@pytest.mark.parametrize(("steps", "en", "es"), [
    ((), "", ""),
    ((Step(id="a", type="EarlyStopping", params={"patience": 5}), Step(id="b", type="TimeBudget", params={"minutes": 2.5})),
     "Ends early: val_loss no better for 5 epochs; after 2.5 min",
     "Termina antes: val_loss no mejora en 5 épocas; tras 2,5 min"),
    ((Step(id="a", type="EarlyStopping", enabled=False), Step(id="c", type="CSVLogger")), "", "")])
def test_a_row_tells_what_ends_its_stage(steps, en, es):
    stage = Stage(id="x", callbacks=steps)
    assert format_stops(stage) == en
    set_language("es")
    assert format_stops(stage) == es
