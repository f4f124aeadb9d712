"""One run for all pages, what comes after a training and an evaluation, and a picture of the evaluation large."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt

from cnnstudio.gui.pages.evaluate.pictures import PicturesPanel
from cnnstudio.gui.pages.train.runs.table import RunsTable
from cnnstudio.gui.state.commands import FilterPictures
from cnnstudio.gui.state.prediction_server import PredictionServer
from cnnstudio.workers.runs.folder import RunFolder
from tests.gui import driving
from tests.gui.pages.evaluate.test_evaluate import evaluate_by_hand, opened, settled, trained_run
from tests.gui.pages.predict.children import SERVES


@pytest.fixture
def runs(project_folder) -> list[RunFolder]:
    """Two runs with a model, the older one first; the older one was evaluated."""
    first = trained_run(project_folder)
    evaluate_by_hand(first)
    second = trained_run(project_folder)
    assert second.id != first.id
    return [first, second]


def buttons(window) -> list[str]:
    return [child.text() for child in driving.parts(window.header, type(driving.button(window.header, "Menu")))]


def test_evaluate_predict_and_export_take_the_run_that_was_chosen_in_train(qtbot, window, project_folder, runs,
                                                                                    monkeypatch):
    monkeypatch.setattr(PredictionServer, "target", SERVES)
    page = opened(qtbot, window, project_folder)
    assert page._run().id == runs[1].id
    window.go("train")
    table = driving.field(window.current, "Runs")
    table.select(next(row for row in table.rows.rows if row.id == runs[0].id))
    assert "Next: Evaluate" in buttons(window)
    driving.press(window.header, "Next: Evaluate")
    settled(qtbot, window)
    assert window.current.id == "evaluate"
    assert window.current._run().id == runs[0].id
    driving.press(window.header, "Next: Predict")
    window.go("export")
    assert window.current._run().id == runs[0].id
    window.current._choose_run(runs[1].id)
    window.go("train")
    assert driving.part(window.current, RunsTable)._table.selected.id == runs[1].id
    window.go("evaluate")
    assert "Next: Predict" not in buttons(window), "this run is not evaluated yet"


def test_a_click_on_a_wrong_picture_shows_it_large_with_its_answer(qtbot, window, project_folder, runs):
    page = opened(qtbot, window, project_folder)
    page._choose_run(runs[0].id)
    settled(qtbot, window)
    panel = driving.part(page, PicturesPanel)
    assert not panel.card.isVisible()
    qtbot.mouseClick(panel.grid.viewport(), Qt.MouseButton.LeftButton, pos=panel.grid.rect_of(0).center())
    answer = panel.grid.answers[0]
    assert panel.card.isVisible()
    assert dict(panel.card.facts)["True class"] == ("dog" if answer.label else "cat")
    assert dict(panel.card.facts)["Predicted"].startswith("dog" if answer.predicted else "cat")
    qtbot.waitUntil(lambda: panel.card._view.image is not None)
    requested = []
    window.session.command_requested.connect(requested.append)
    driving.press(panel.card, "Show in Data")
    assert requested[0] == FilterPictures((answer.relative,), answer.relative.rpartition("/")[2])
    window.go("evaluate")
    driving.press(panel.card, "Close")
    assert not panel.card.isVisible()
    assert panel.grid.row_at(QPoint(5, 5)) == 0
