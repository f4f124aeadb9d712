"""The view of the properties: the most telling first, bars that open their pictures, what is unknown, and cancelling."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from cnnstudio.gui.pages.evaluate import property_data
from cnnstudio.gui.pages.evaluate.answer_grid import AnswerGrid
from cnnstudio.gui.pages.evaluate.pictures import PicturesPanel
from cnnstudio.gui.pages.evaluate.properties import PropertiesView
from cnnstudio.workers.runs.calibration import calibrated_answers
from cnnstudio.workers.runs.folder import RunFolder
from tests.gui.driving import button, choose, click, column, field, part, press, rows, says
from tests.gui.pages.evaluate.answered import evaluate_with_answers
from tests.gui.pages.evaluate.answers import make_answers, make_context
from tests.gui.pages.evaluate.test_evaluate import evaluate_by_hand, opened, settled, trained_run


@pytest.fixture
def run(project_folder) -> RunFolder:
    run = trained_run(project_folder)
    evaluate_with_answers(run, "train", wrong=10)
    evaluate_with_answers(run)
    return run


@pytest.fixture
def page(qtbot, window, project_folder, run):
    assert run.has_model
    page = opened(qtbot, window, project_folder)
    page.state["split"] = "train"
    page._show()
    press(page, "By property")
    settled(qtbot, window)
    return page


def test_all_properties_are_listed_and_the_first_is_shown(page):
    view = part(page, PropertiesView)
    listed = rows(view.table)
    assert listed[0][0] == view.choice.currentText()
    assert {"Brightness", "File size", "Source folder"} <= {line[0] for line in listed}
    assert says(view, "matter"), "the verdict is a sentence"
    assert len(view.bars.bars) >= 1


def test_a_bar_shows_its_pictures_the_wrong_ones_first_and_its_link_only_those(qtbot, window, page):
    view, panel = part(page, PropertiesView), part(page, PicturesPanel)
    choose(view.choice, "Source folder")
    shown = view._shown()
    assert sorted(item.value for item in shown.bins) == ["cat", "dog"]
    click(view.bars.bars[0])
    settled(qtbot, window)
    first = shown.bins[0]
    answers = part(page, AnswerGrid).answers
    assert len(answers) == first.pictures
    wrong = first.pictures - first.right
    assert [answer.right for answer in answers] == [False] * wrong + [True] * first.right
    assert panel.title == f"Source folder · {first.value}"
    with_errors = next(item for item in shown.bins if item.right < item.pictures)
    button(view, f"{with_errors.value}: {with_errors.pictures - with_errors.right} wrong").click()
    assert not any(answer.right for answer in part(page, AnswerGrid).answers)
    assert says(panel, "wrong answers only")


def test_the_number_of_ranges_is_chosen_for_numbers_only(qtbot, window, page):
    view = part(page, PropertiesView)
    choose(view.choice, "Size in pixels")
    choose(view.bins, "3")
    settled(qtbot, window)
    assert len(view.bars.bars) == 3
    assert field(view, "Ranges").isVisible()
    choose(view.choice, "Source folder")
    assert not field(view, "Ranges").isVisible()


def test_a_row_of_the_list_shows_that_property(page):
    view = part(page, PropertiesView)
    place = [line[0] for line in rows(view.table)].index("File format")
    view.table.setCurrentIndex(view.table.model().index(place, column(view.table, "Property")))
    assert view.choice.currentText() == "File format"
    assert says(view, "All pictures have the same value.")


@pytest.mark.usefixtures("run")
def test_files_that_are_gone_are_said_and_their_values_unknown(qtbot, window, project_folder, pictures_folder):
    for path in sorted(pictures_folder.glob("cat/*.png"))[:12]:
        path.unlink()
    page = opened(qtbot, window, project_folder)
    page.state["split"] = "train"
    page._show()
    press(page, "By property")
    settled(qtbot, window)
    view = part(page, PropertiesView)
    assert says(view, "no longer there")
    choose(view.choice, "File size")
    assert says(view, "(unknown)") and says(view, "have no value.")


def test_an_evaluation_without_answers_says_why(qtbot, window, project_folder):
    run = trained_run(project_folder)
    evaluate_by_hand(run)
    page = opened(qtbot, window, project_folder)
    press(page, "By property")
    settled(qtbot, window)
    view = part(page, PropertiesView)
    assert not view.choice.isVisible()
    assert says(view, "valuate"), "what to do is said"


@pytest.fixture
def alone(qtbot, workspace) -> Iterator[PropertiesView]:
    result = PropertiesView(workspace, {})
    qtbot.addWidget(result)
    result.resize(760, 900)
    result.show()
    yield result
    result.close_threads()


def _wait_for(true) -> None:
    end = time.monotonic() + 10
    while not true() and time.monotonic() < end:
        time.sleep(0.01)


def test_the_measuring_can_be_cancelled_and_the_rest_measured_later(qtbot, alone, run, monkeypatch):
    calls = []
    real = property_data.property_values

    def slow(*arguments, on_progress, cancelled):
        calls.append(1)
        on_progress(1, 40)
        if len(calls) == 1:
            _wait_for(cancelled)
        return real(*arguments, on_progress=on_progress, cancelled=cancelled)

    monkeypatch.setattr(property_data, "property_values", slow)
    alone.context = make_context(calibrated_answers(run, "test"), run.folder)
    alone.show_evaluation(alone.context)
    qtbot.waitUntil(lambda: button(alone, "Cancel", hidden=True).isVisible(), timeout=5000)
    press(alone, "Cancel")
    qtbot.waitUntil(lambda: not len(alone.workspace.session.jobs), timeout=10_000)
    assert button(alone, "Measure the rest").isVisible()
    press(alone, "Measure the rest")
    qtbot.waitUntil(lambda: not len(alone.workspace.session.jobs), timeout=10_000)
    assert not button(alone, "Measure the rest", hidden=True).isVisible()
    assert len(calls) == 2


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_pictures_and_one_class_are_shown_without_a_verdict(qtbot, alone, run, count):
    answers = make_answers(count, 2)
    alone.context = make_context(answers, run.folder)
    alone.show_evaluation(alone.context)
    qtbot.waitUntil(lambda: not len(alone.workspace.session.jobs), timeout=10_000)
    assert len(alone._found) > 0
    assert len(alone.bars.bars) >= 1
