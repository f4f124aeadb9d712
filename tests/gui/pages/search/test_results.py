"""What is shown of a search that is over, and what a click on a trial does."""

from __future__ import annotations

import subprocess
import sys

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from cnnstudio.catalog.params import params_of
from cnnstudio.core.keys import get_value
from cnnstudio.gui.pages.search.results.importances import ImportanceBars
from cnnstudio.gui.pages.search.results.view import TrialPlot
from cnnstudio.gui.widgets.cards import EmptyState, KeyFigure
from cnnstudio.gui.widgets.table import Table
from cnnstudio.workers.search.importances import importances
from cnnstudio.workers.search.reading import read_search
from tests.gui.driving import button, choose, column, field, part, parts, press, rows, says, wait_idle
from tests.workers.search.studies import FRONT, spec_of


def plots(page) -> list[TrialPlot]:
    return parts(page, TrialPlot)


def click_trial(plot: TrialPlot, number: int, *, twice: bool = False) -> None:
    """Click a trial in a plot."""
    scene = plot.getPlotItem().getViewBox().mapViewToScene(QPointF(*plot.places[number]))
    place = plot.mapFromScene(scene)
    (QTest.mouseDClick if twice else QTest.mouseClick)(plot.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_without_a_search_the_page_says_what_one_is(open_page):
    page = open_page()
    assert says(page, "No search yet") and len(parts(page, EmptyState)) == 1
    assert button(page, "Start the search").isEnabled()


def test_the_history_has_every_trial_with_a_value(searched, open_page):
    search = read_search(searched())
    page = open_page()
    (plot,) = plots(page)
    assert set(plot.places) == {trial.number for trial in search.trials if trial.values}
    best = search.trial(search.best[0])
    assert max(plot.places.values(), key=lambda place: place[1]) == plot.places[best.number]
    figures = [figure.value for figure in parts(page, KeyFigure)]
    assert figures[0].startswith(f"{best.values[0]:.2%}") and figures[1] == "24 of 24"


def test_a_click_on_a_point_selects_the_trial_in_the_table(searched, open_page):
    searched()
    page = open_page()
    (plot,) = plots(page)
    number = sorted(plot.places)[3]
    click_trial(plot, number)
    assert part(page, Table).selected.number == number
    assert button(page, "Use these settings").isVisible()


def test_the_arrow_keys_walk_through_the_points(searched, open_page):
    searched()
    page = open_page()
    (plot,) = plots(page)
    numbers = sorted(plot.places)
    QTest.keyClick(plot, Qt.Key.Key_Right)
    QTest.keyClick(plot, Qt.Key.Key_Right)
    assert part(page, Table).selected.number == numbers[1]


def test_the_table_sorts_values_as_numbers(searched, open_page):
    searched()
    page = open_page()
    table = part(page, Table)
    table.sortByColumn(column(table, "Batch size"), Qt.SortOrder.AscendingOrder)
    sizes = [int(line[column(table, "Batch size ▴")].replace(",", "")) for line in rows(table)]
    assert sizes == sorted(sizes) and len(set(sizes)) > 5


def test_the_settings_of_a_trial_become_those_of_the_project_and_back(searched, open_page):
    search = read_search(searched())
    page = open_page()
    before = page.session.project
    click_trial(plots(page)[0], search.best[0])
    press(page, "Use these settings")
    best = search.trial(search.best[0])
    for key in ("training.batch_size", "network.conv.filters", "training.optimizer.learning_rate"):
        assert get_value(page.session.project, key, params_of) == best.params[key]
    assert says(page, f"Now: {best.params['training.batch_size']}")
    page.session.undo()
    assert page.session.project == before and says(page, "Now: 32")


def test_a_double_click_opens_the_run(searched, open_page, window):
    search = read_search(searched())
    plot = plots(open_page())[0]
    # Not the newest one, which Train shows by itself.
    number = min(plot.places)
    click_trial(plot, number, twice=True)
    assert window.session.chosen_run == search.trial(number).runs[0]
    assert window.current.id == "train"  # these runs have no model


def test_a_deleted_run_is_told(searched, open_page, window, project_folder):
    import shutil

    search = read_search(searched())
    page = open_page()
    shutil.rmtree(project_folder / "runs" / search.trial(search.best[0]).runs[0])
    told = []
    window.session.problem_reported.connect(told.append)
    click_trial(plots(page)[0], search.best[0], twice=True)
    assert [problem.code for problem in told] == ["no_run"] and window.current.id == "search"


@pytest.mark.parametrize("measure", ["PED-ANOVA", "fANOVA"])
def test_importances_are_those_of_optuna(qtbot, searched, open_page, measure):
    folder = searched()
    page = open_page()
    press(page, "Importances")
    press(page, measure)
    wait_idle(qtbot, page.session)
    theirs = importances(folder, {"PED-ANOVA": "ped_anova", "fANOVA": "fanova"}[measure])
    bars = part(page, ImportanceBars)
    assert bars.shares[0][0] == "Learning rate"
    assert [share for _name, share in bars.shares] == pytest.approx(list(theirs.values()))


def test_too_few_trials_have_no_importances(qtbot, searched, open_page):
    searched(spec_of(trials=3))
    page = open_page()
    press(page, "Importances")
    wait_idle(qtbot, page.session)
    assert says(page, "at least 4 complete trials") and not part(page, ImportanceBars).shares


def test_slices_have_a_plot_for_every_key(searched, open_page):
    search = read_search(searched())
    page = open_page()
    press(page, "Slices")
    assert {plot.accessibleName() for plot in plots(page)} >= {"Values by Learning rate", "Values by Batch size"}
    assert len(plots(page)) == 6
    assert all(set(plot.places) == {trial.number for trial in search.complete} for plot in plots(page))


def test_a_contour_lies_between_the_trials(qtbot, searched, open_page):
    searched()
    page = open_page()
    press(page, "Contour")
    wait_idle(qtbot, page.session)
    view = page._board.made("contour")
    assert view.image.isVisible() and says(page, "straight between the trials")
    choose(field(page, "Key upwards"), "Activation · dense")
    assert not view.image.isVisible() and says(page, "A choice has nothing between its values")
    choose(field(page, "Key across"), "Activation · dense")
    assert field(page, "Key upwards").value != field(page, "Key across").value


def test_two_objectives_have_a_front(searched, open_page):
    search = read_search(searched(spec_of(trials=20, objectives=FRONT)))
    page = open_page()
    press(page, "Pareto front")
    (plot,) = plots(page)
    assert set(plot.places) == {trial.number for trial in search.complete}
    line = page._board.made("front")._line.getData()
    assert len(line[0]) == len(search.front) > 1
    # Where more parameters are needed, more is reached.
    assert list(line[0]) == sorted(line[0]) and list(line[1]) == sorted(line[1])


def test_one_objective_has_none(searched, open_page):
    searched()
    page = open_page()
    press(page, "Pareto front")
    assert says(page, "One objective has no front")


def test_another_objective_is_looked_at(searched, open_page):
    search = read_search(searched(spec_of(trials=20, objectives=FRONT)))
    page = open_page()
    choose(field(page, "Objective"), "Parameters")
    (plot,) = plots(page)
    assert min(plot.places.values(), key=lambda place: place[1]) == plot.places[search.best[1]]


def test_several_searches_are_chosen_from_a_list(searched, open_page):
    first, second = searched(spec_of(trials=4)), searched(spec_of(trials=7))
    assert first.id < second.id
    page = open_page()
    assert len(rows(part(page, Table))) == 7
    choice = field(page, "Search of the project")
    choose(choice, choice.itemText(1))
    assert len(rows(part(page, Table))) == 4


def test_a_damaged_search_is_told(searched, open_page):
    folder = searched(spec_of(trials=4))
    folder.study_path.write_bytes(b"no study at all")
    page = open_page()
    assert [problem.code for problem in page.blocking_problems()] == ["damaged_search"]
    assert not says(page, "This search was interrupted")


def test_the_page_needs_no_optuna_before_the_importances():
    code = ("import sys; import cnnstudio.gui.pages.search.page, cnnstudio.gui.state.searcher; "
            "assert not {'optuna', 'sqlalchemy', 'scipy', 'sklearn'} & set(sys.modules), sorted(sys.modules)")
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
