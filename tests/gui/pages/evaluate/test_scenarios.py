"""Scenarios in the window: made of what is shown, edited, deleted and undone; the table of all runs; measuring."""

from __future__ import annotations

import pytest

from cnnstudio.gui.pages.evaluate import scenario_measuring
from cnnstudio.gui.pages.evaluate.answer_grid import AnswerGrid
from cnnstudio.gui.pages.evaluate.pictures import PicturesPanel
from cnnstudio.gui.pages.evaluate.scenarios import ScenariosView
from cnnstudio.gui.pages.picture_menu import picture_menu
from cnnstudio.gui.pages.scenario_dialogs import ScenarioDialog
from cnnstudio.workers.runs.folder import RunFolder
from tests.gui.driving import button, choose, part, press, rows, says
from tests.gui.pages.evaluate.answered import evaluate_with_answers
from tests.gui.pages.evaluate.test_evaluate import opened, settled, trained_run


@pytest.fixture
def runs(project_folder) -> list[RunFolder]:
    """Two evaluated runs; the newer one makes fewer mistakes."""
    first = trained_run(project_folder)
    evaluate_with_answers(first, wrong=3)
    second = trained_run(project_folder)
    evaluate_with_answers(second, wrong=1, seed=1)
    return [first, second]


@pytest.fixture
def page(qtbot, window, project_folder, runs):
    assert len(runs) == 2
    page = opened(qtbot, window, project_folder)
    press(page, "Scenarios")
    settled(qtbot, window)
    return page


def dialog(window) -> ScenarioDialog:
    return part(window, ScenarioDialog)


def save(qtbot, window, name: str, note: str = "") -> None:
    """Fill the dialog that is open."""
    asked = dialog(window)
    asked.name.setText(name)
    asked.note.setPlainText(note)
    press(asked, "Save")
    settled(qtbot, window)


def test_without_scenarios_it_says_what_they_are(page):
    view = part(page, ScenariosView)
    assert says(view, "No scenarios yet")
    assert not view.table.isVisible()


def test_the_shown_pictures_become_one_and_every_change_is_undone(qtbot, window, page):
    view, panel = part(page, ScenariosView), part(page, PicturesPanel)
    panel.order_chosen.emit("least_certain")
    settled(qtbot, window)
    press(panel, "Save as scenario…")
    save(qtbot, window, "at night", "they must be right")
    assert [entry.name for entry in window.workspace.scenarios.all()] == ["at night"]
    assert says(view, "they must be right")
    press(view, "Edit…")
    save(qtbot, window, "by day & <b>")
    assert says(view, "by day & <b>"), "what the user wrote is text"
    press(view, "Delete")
    settled(qtbot, window)
    assert says(view, "No scenarios yet")
    for there in (["by day & <b>"], ["at night"], []):
        window.session.undo()
        settled(qtbot, window)
        assert [entry.name for entry in window.workspace.scenarios.all()] == there
    window.session.redo()
    settled(qtbot, window)
    assert says(view, "they must be right")
    assert window.current is page, "undo does not lead away"


def test_a_name_that_is_taken_cannot_be_saved(qtbot, window, page):
    panel = part(page, PicturesPanel)
    press(panel, "Save as scenario…")
    save(qtbot, window, "night")
    press(panel, "Save as scenario…")
    asked = dialog(window)
    asked.name.setText("NIGHT")
    assert says(asked, "There is a scenario called NIGHT already")
    assert not button(asked, "Save").isEnabled()
    asked.name.setText("  ")
    assert not button(asked, "Save").isEnabled()
    asked.reject()


def make(window, name: str, number: int = 40) -> list[int]:
    """A scenario of the first pictures of the collection."""
    ids = list(window.workspace.collection.index.ids())[:number]
    assert window.workspace.scenarios.make(ids, name)
    return ids


def test_pictures_are_put_into_one_and_taken_out_by_their_menu(qtbot, window, page):
    ids = make(window, "some", 3)
    settled(qtbot, window)
    scenarios = window.workspace.scenarios

    def do(part_name: str, chosen: list[int]) -> int:
        menu = picture_menu(window.workspace, part(page, AnswerGrid), chosen, lambda _id: None)
        part_of = next(action.menu() for action in menu.actions() if action.text() == "Scenario")
        listed = next(action.menu() for action in part_of.actions() if action.text() == part_name)
        listed.actions()[0].trigger()
        menu.deleteLater()
        settled(qtbot, window)
        return len(scenarios.all()[0].pictures)

    others = list(window.workspace.collection.index.ids())[3:5]
    assert do("Add to", others) == 5
    assert do("Remove from", ids[:1]) == 4
    window.session.undo()
    window.session.undo()
    assert len(scenarios.all()[0].pictures) == 3


def test_the_table_compares_runs_and_a_cell_opens_its_wrong_pictures(qtbot, window, page, runs):
    make(window, "all")
    settled(qtbot, window)
    view = part(page, ScenariosView)
    newest, oldest = rows(view.table)
    assert newest[0] == runs[1].id and oldest[0] == runs[0].id
    assert newest[1].startswith("83.3% (") and newest[1].endswith("· 6")
    assert oldest[1].startswith("50.0% (")
    assert view._table.best[view._table.scenarios[0].id] == {runs[1].id}
    choose(view.reference, runs[0].id)
    settled(qtbot, window)
    assert rows(view.table)[0][1].endswith("+33.3")
    view.table.clicked.emit(view.table.model().index(1, 1))
    grid = part(page, AnswerGrid)
    assert len(grid.answers) == 3 and not any(answer.right for answer in grid.answers)
    assert button(view, "3 wrong").isVisible()
    press(view, "All its pictures")
    assert len(grid.answers) == 6


def test_learned_pictures_are_marked_and_do_not_count(qtbot, window, page, runs):
    evaluate_with_answers(runs[1], "train", wrong=0, seed=2)
    make(window, "all")
    settled(qtbot, window)
    view = part(page, ScenariosView)
    assert rows(view.table)[0][1].endswith("· 6 †")
    assert says(view, "Seen in training, so not counted: 28")


def test_what_is_missing_is_measured_for_all_runs_and_can_be_cancelled(qtbot, window, page, runs, monkeypatch):
    make(window, "all")
    settled(qtbot, window)
    view = part(page, ScenariosView)
    asked = []

    def prepare(_folder, run, _scenarios):
        asked.append(run.id)

    monkeypatch.setattr(scenario_measuring, "_prepare", prepare)
    press(view, "Measure what is missing")
    settled(qtbot, window)
    qtbot.waitUntil(lambda: sorted(asked) == sorted(run.id for run in runs), timeout=10_000)
    settled(qtbot, window)
    asked.clear()
    press(view, "Measure what is missing")
    view.measuring.cancel()
    settled(qtbot, window)
    assert len(asked) <= 1
    assert button(view, "Measure what is missing").isEnabled()


def test_the_filter_of_data_becomes_a_scenario(qtbot, window, page):
    assert window.go("data")
    settled(qtbot, window)
    press(window.current, "Scenario…")
    save(qtbot, window, "everything")
    assert len(window.workspace.scenarios.all()[0].pictures) == 40
    assert window.current is not page
