"""The view of the curves: the point of the threshold, live figures, costs, and the pictures of each cell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt

from cnnstudio.core.problems import error
from cnnstudio.core.text import same
from cnnstudio.evaluation.answers import Answers
from cnnstudio.evaluation.thresholds import OneClass
from cnnstudio.gui.pages.evaluate.curve_data import CELLS, cell_numbers
from cnnstudio.gui.pages.evaluate.curves import ALL, CurvesView
from cnnstudio.gui.widgets.cards import Card
from tests.gui.driving import button, parts, press, says
from tests.gui.pages.evaluate.answers import make_answers, make_context


@pytest.fixture
def view(qtbot, workspace) -> Iterator[CurvesView]:
    result = CurvesView(workspace, {})
    qtbot.addWidget(result)
    result.resize(760, 900)
    result.show()
    yield result
    result.close_threads()


def shown(qtbot, view: CurvesView, answers: Answers | None, **fields) -> None:
    view.context = make_context(answers, **fields)
    view.show_evaluation(view.context)
    qtbot.waitUntil(lambda: not len(view.workspace.session.jobs), timeout=20_000)


def test_two_classes_start_at_the_models_own_answers(qtbot, view):
    answers = make_answers()
    shown(qtbot, view, answers)
    assert view.choice.value == 1
    confusion = answers.confusion
    counts = {name: cell_numbers(answers, 1, 0.5, name) for name in CELLS}
    assert [len(counts[name]) for name in CELLS] == [confusion[1, 1], confusion[1, 0], confusion[0, 1], confusion[0, 0]]
    assert "95%" in view.roc.area.text() and "95%" in view.precision_recall.area.text()
    point = view.roc._point.getData()
    own = view.roc._own.getData()
    assert np.allclose(point, own), "at 50% both points are the same"


def test_everything_follows_the_threshold(qtbot, view):
    answers = make_answers()
    shown(qtbot, view, answers)
    view.threshold.plot.setFocus()
    for _ in range(20):
        qtbot.keyClick(view.threshold.plot, Qt.Key.Key_Right)
    assert view.state["threshold"] == pytest.approx(0.7)
    (_left, alarm), (missed, found) = OneClass(answers, 1).confusion(view.state["threshold"]).tolist()
    assert says(view.threshold, str(found)) and says(view.threshold, str(alarm)) and says(view.threshold, str(missed))
    assert says(view.threshold, f"{OneClass(answers, 1).report(view.state['threshold']).classes[1]['recall'].value:.3f}")
    assert view.roc._point.getData()[1][0] == pytest.approx(found / (found + missed))
    assert view.precision_recall._point.getData()[0][0] == pytest.approx(found / (found + missed))


def test_a_point_of_the_curve_is_dragged(qtbot, view):
    shown(qtbot, view, make_answers())
    view.roc.plot.pointed.emit(0.0, 0.0)
    assert view.state["threshold"] == 1.0, "no false alarm: nothing is called"
    view.roc.plot.pointed.emit(1.0, 1.0)
    assert view.state["threshold"] < 0.01


def test_the_pictures_of_a_cell_open_and_follow(qtbot, view):
    answers = make_answers()
    shown(qtbot, view, answers)
    opened: list[tuple[str, str, np.ndarray]] = []
    view.pictures_requested.connect(lambda title, note, numbers: opened.append((title, note, numbers)))
    missed = next(card for card in parts(view.threshold, Card) if card.accessibleName().startswith("Missed"))
    qtbot.mouseClick(missed, Qt.MouseButton.LeftButton)
    title, note, numbers = opened[-1]
    assert title == "dog · Missed" and "least probable first" in note
    assert (answers.labels[numbers] == 1).all() and (answers.probabilities[numbers, 1] < 0.5).all()
    assert (np.diff(answers.probabilities[numbers, 1]) >= 0).all()
    view.threshold.plot.moved.emit(0.9)
    assert len(opened) == 1, "not while it is dragged"
    view.threshold.plot.settled.emit()
    assert len(opened) == 2 and len(opened[-1][2]) > len(numbers)


def test_the_best_threshold_follows_the_costs(qtbot, view):
    answers = make_answers()
    shown(qtbot, view, answers)
    even = view.costs.best
    assert even is not None
    view.costs._fields[1].value_changed.emit(None)
    view.costs._fields[1].set_value(20.0)
    view.costs._fields[1].value_changed.emit(20.0)
    best = view.costs.best
    assert best is not None and best.threshold < even.threshold, "a dear miss lowers it"
    assert view.state["costs"] == (1.0, 20.0)
    press(view.costs, "Use the best threshold")
    assert view.state["threshold"] == best.threshold
    assert says(view.costs, f"No threshold costs less than the present one: {best.cost:.3f}")
    assert not button(view.costs, "Use the best threshold").isEnabled()


def test_many_classes_start_with_their_mean(qtbot, view):
    shown(qtbot, view, make_answers(classes=5))
    assert view.choice.value == ALL
    assert not view.threshold.isVisible() and not view.costs.isVisible()
    assert says(view, "Choose a class to move its threshold.")
    assert "95%" in view.roc.area.text() and "95%" in view.precision_recall.area.text()
    view.choice.chosen.emit(3)
    qtbot.waitUntil(lambda: not len(view.workspace.session.jobs), timeout=20_000)
    assert view.threshold.isVisible() and says(view.threshold, "Threshold for class 3")
    assert says(view.threshold, "The model itself takes the most probable class")


@pytest.mark.parametrize("case", ["absent", "one picture", "one class"])
def test_what_has_no_curve_says_so(qtbot, view, case):
    answers = make_answers(30, classes=3)
    if case == "absent":
        answers = replace(answers, labels=np.where(answers.labels == 1, 0, answers.labels))
    elif case == "one picture":
        answers = answers.select(np.asarray([0]))
    else:
        answers = answers.select(answers.labels == 0)
    shown(qtbot, view, answers)
    if case == "absent":
        assert view.roc.isVisible(), "the others have a mean"
        view.choice.chosen.emit(1)
        qtbot.waitUntil(lambda: not len(view.workspace.session.jobs), timeout=20_000)
        assert says(view, "There is no curve for class 1")
    else:
        assert says(view, "There are no curves: the pictures are all of one class.")
    assert not view.roc.isVisible() and not view.threshold.isVisible()


def test_without_answers_the_reason_is_given(qtbot, view):
    shown(qtbot, view, None)
    assert says(view, "Reading the answers…")
    shown(qtbot, view, None, problem=error("no_answers", same("Evaluate it again."), "run"))
    assert says(view, "Evaluate it again.")
