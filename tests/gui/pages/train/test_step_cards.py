"""Callbacks and metrics as cards: added from a menu, moved, duplicated, removed, undone."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QMenu

from cnnstudio.core.text import set_language
from cnnstudio.gui.pages.train.settings.step_cards import StepCards
from cnnstudio.gui.widgets.basics import Button
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.form import Form
from tests.gui import driving
from tests.gui.driving import press


@pytest.fixture
def metrics(page):
    return driving.parts(page, StepCards)[-1]


@pytest.fixture
def callbacks(page):
    return driving.parts(page, StepCards)[0]


def types(page):
    training = page.session.project.training
    return [step.type for step in training.metrics], [step.type for step in training.stages[-1].callbacks]


def choose(cards, button, words):
    """Open a menu of the cards, and choose a line of it."""
    if button in [each.text() for each in driving.parts(cards, Button)]:
        press(cards, button)
    else:
        next(each for each in driving.parts(cards, Button) if each.accessibleName() == button).click()
    menu = cards.findChildren(QMenu)[-1]
    action = next(action for action in menu.actions() if action.text() == words)
    enabled = action.isEnabled()
    action.trigger()
    menu.close()
    return enabled


def test_a_callback_is_added_with_its_parameters_unfolded(page, callbacks):
    before = types(page)[1]
    choose(callbacks, "Add a callback", "Time budget")
    assert types(page)[1] == [*before, "TimeBudget"]
    assert len(driving.parts(callbacks, Card)) == len(before) + 1
    assert len(driving.parts(callbacks, Form)) == 1, "only that of the new one is unfolded"
    page.session.undo()
    assert types(page)[1] == before


def test_switches_and_steps_of_the_history_are_called_as_the_cards(page, callbacks):
    driving.press(callbacks, "Early stopping")
    assert str(page.session.steps("undo")[0]) == "Switch Early stopping on or off"
    set_language("es")
    assert str(page.session.steps("undo")[0]) == "Activar o desactivar Parada temprana"


def test_a_second_one_of_a_kind_has_a_name_of_its_own(page, callbacks):
    choose(callbacks, "Add a callback", "Keep models")
    choose(callbacks, "Add a callback", "Keep models")
    ids = [step.id for step in page.session.project.training.stages[-1].callbacks]
    assert len(set(ids)) == len(ids) == 4


def test_metrics_are_moved_and_removed_in_their_menu(page, metrics):
    choose(metrics, "Add a metric", "F1 score")
    assert types(page)[0] == ["accuracy", "f1_score"]
    assert not choose(metrics, "Move, duplicate or remove Accuracy", "Move up"), "it is the first"
    choose(metrics, "Move, duplicate or remove Accuracy", "Move down")
    assert types(page)[0] == ["f1_score", "accuracy"]
    choose(metrics, "Move, duplicate or remove Accuracy", "Remove")
    assert types(page)[0] == ["f1_score"]


def test_only_metrics_that_fit_the_labels_are_offered(metrics):
    press(metrics, "Add a metric")
    menu = metrics.findChildren(QMenu)[-1]
    assert all(action.toolTip() != action.text() for action in menu.actions()), "each explains itself"
    menu.close()
