"""The figures of an evaluation: with intervals or the reason why not, and several runs side by side."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea

from cnnstudio.core.jobs import ClassReport, Evaluated
from cnnstudio.evaluation.answers import write_answers
from cnnstudio.evaluation.figures import FIGURES
from cnnstudio.evaluation.report import make_report
from cnnstudio.gui.pages.evaluate.figure_tables import figure_rows, format_interval
from cnnstudio.gui.pages.evaluate.page import VIEWS
from cnnstudio.gui.pages.evaluate.pictures import PicturesPanel
from cnnstudio.gui.pages.evaluate.reports import Wanted, kept_report, make_reports
from cnnstudio.gui.pages.evaluate.side import EvaluateSide
from cnnstudio.gui.pages.evaluate.summary import SummaryView
from cnnstudio.workers.runs.folder import RunFolder
from tests.gui.driving import part, parts, press, rows, says
from tests.gui.pages.evaluate.answered import evaluate_with_answers
from tests.gui.pages.evaluate.test_evaluate import evaluate_by_hand, opened, settled, trained_run


@pytest.fixture
def run(project_folder) -> RunFolder:
    return trained_run(project_folder)


def figures_of(qtbot, page):
    """The table of all figures, once it is complete."""
    view = part(page, SummaryView)
    qtbot.waitUntil(lambda: view._complete, timeout=20_000)
    return {line[0]: line[1:] for line in rows(view.figures)}


def test_every_figure_has_its_interval_or_the_reason_why_not(qtbot, window, project_folder, run):
    answers = evaluate_with_answers(run)
    page = opened(qtbot, window, project_folder)
    shown = figures_of(qtbot, page)
    report = make_report(answers)
    assert set(shown) == {str(FIGURES[row.id].label) for row in figure_rows([report])}
    accuracy = shown["Accuracy"]
    assert accuracy[1] == format_interval(report["accuracy"].interval, percent=True) and accuracy[2] == "Wilson"
    assert "fewer than 50 pictures" in shown["Balanced accuracy"][1], "too few for the bootstrap"


def test_an_evaluation_without_answers_says_what_is_missing(qtbot, window, project_folder, run):
    evaluate_by_hand(run)
    page = opened(qtbot, window, project_folder)
    shown = figures_of(qtbot, page)
    assert "Accuracy" in shown and "Log loss" not in shown
    assert says(part(page, SummaryView), "no answers of the model")
    table = part(page, SummaryView).table
    table.select(table.rows.rows[0])
    assert part(page, PicturesPanel).title == "Worst mistakes", "without answers a class has no pictures"


def test_a_class_opens_its_mistakes(qtbot, window, project_folder, run):
    answers = evaluate_with_answers(run)
    page = opened(qtbot, window, project_folder)
    figures_of(qtbot, page)
    table = part(page, SummaryView).table
    table.select(table.rows.rows[0])
    panel = part(page, PicturesPanel)
    assert panel.title == "Mistakes with cat"
    wrong = (answers.labels != answers.predicted) & ((answers.labels == 0) | (answers.predicted == 0))
    assert {answer.relative for answer in panel.grid.answers} == set(answers.select(wrong).paths)


def test_runs_stand_side_by_side(qtbot, window, project_folder, run):
    evaluate_with_answers(run, wrong=1)
    second = trained_run(project_folder)
    evaluate_with_answers(second, wrong=4)
    page = opened(qtbot, window, project_folder)
    figures_of(qtbot, page)
    part(page, EvaluateSide).beside_chosen.emit((run.id,))
    view = part(page, SummaryView)
    qtbot.waitUntil(lambda: len(view.figures.rows.columns) == 3 and view._complete, timeout=20_000)
    (line,) = [line for line in rows(view.figures) if line[0] == "Accuracy"]
    assert line[1] != line[2] and "(" in line[1]
    assert says(part(page, EvaluateSide), run.id)
    part(page, EvaluateSide).beside_chosen.emit(())
    qtbot.waitUntil(lambda: len(view.figures.rows.columns) == 4, timeout=20_000)


def test_unlike_evaluations_are_refused_with_the_reason(qtbot, window, project_folder, run):
    evaluate_with_answers(run)
    second = trained_run(project_folder)
    answers = evaluate_with_answers(second)
    write_answers(run.answers_path("test"), answers.select(np.arange(len(answers) - 3)))
    page = opened(qtbot, window, project_folder)
    figures_of(qtbot, page)
    part(page, EvaluateSide).beside_chosen.emit((run.id,))
    view = part(page, SummaryView)
    qtbot.waitUntil(lambda: says(view, "cannot be compared"), timeout=20_000)
    assert len(view.figures.rows.columns) == 4, "nothing stands beside it"


def test_a_run_without_an_evaluation_can_be_evaluated_from_here(qtbot, window, project_folder, run, monkeypatch):
    second = trained_run(project_folder)
    evaluate_with_answers(second)
    page = opened(qtbot, window, project_folder)
    figures_of(qtbot, page)
    started = []
    monkeypatch.setattr("cnnstudio.gui.pages.evaluate.page.start_evaluation",
                        lambda _session, folder, split, _data: started.append((folder.id, split)))
    part(page, EvaluateSide).beside_chosen.emit((run.id,))
    view = part(page, SummaryView)
    qtbot.waitUntil(lambda: says(view, "Not evaluated on these pictures"), timeout=20_000)
    settled(qtbot, window)
    press(view, "Evaluate")
    assert started == [(run.id, "test")]


@pytest.mark.parametrize("images", [1, 6])
def test_one_picture_or_one_class_has_reasons_instead_of_numbers(run, images):
    answers = evaluate_with_answers(run, wrong=0)
    few = answers.select(np.flatnonzero(answers.labels == 0)[:images])
    evaluated = run.evaluation("test")
    assert evaluated is not None
    report = make_reports(Wanted(run, "test", evaluated, few), lambda: None).own
    row = next(row for row in figure_rows([report]) if row.id == "auc")
    assert row.values[0].value is None and "single class" in str(row.values[0].reason)
    dog = report.classes[1]
    assert dog["recall"].value is None and "no pictures" in str(dog["recall"].reason)


def test_what_is_kept_is_shown_before_anything_is_computed():
    evaluated = Evaluated(run="r", split="test", images=10, loss=0.5, accuracy=0.9, confusion=((9, 1), (0, 0)),
                          classes=(ClassReport(name="cat", precision=1, recall=0.9, f1=0.95, support=10),
                                   ClassReport(name="dog", precision=0, recall=0, f1=0, support=0)))
    report = kept_report(evaluated)
    assert report["accuracy"].value == 0.9 and report["accuracy"].method == "wilson"
    assert report["log_loss"].value == 0.5 and report["kappa"].value is None
    assert report.classes[1]["recall"].value is None, "no zero for a class without pictures"
    assert msgspec.to_builtins(report)["images"] == 10


def test_the_classes_are_sorted_by_a_figure(qtbot, window, project_folder, run):
    evaluate_with_answers(run, wrong=3)
    page = opened(qtbot, window, project_folder)
    figures_of(qtbot, page)
    table = part(page, SummaryView).table
    orders = []
    for order in (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder):
        table.sortByColumn(2, order)
        orders.append([line[0] for line in rows(table)])
    assert orders[0] == orders[1][::-1]


@pytest.mark.parametrize("view", ["summary", "confusion"])
def test_nothing_is_cut_off_in_a_small_window(qtbot, window, project_folder, run, view):
    evaluate_with_answers(run)
    window.session.set_setting("language", "es")
    window.resize(960, 600)
    page = opened(qtbot, window, project_folder)
    page._views.show_view(view)
    qtbot.wait(100)
    for area in parts(page, QScrollArea):
        assert area.widget().width() <= area.viewport().width() + 8
    assert not page._views.grab().isNull()


def test_the_list_of_views_is_walked_through_by_key_and_leaves_the_large_picture(qtbot, window, project_folder, run):
    evaluate_with_answers(run)
    page = opened(qtbot, window, project_folder)
    lines = page._side.views.lines
    assert list(lines) == [view.id for view in VIEWS]
    assert [name for name, line in lines.items() if line.isChecked()] == ["summary"]
    lines["summary"].setFocus()
    qtbot.keyClick(lines["summary"], Qt.Key.Key_Down)
    assert page._views.current_id == "confusion"
    assert lines["confusion"].isChecked()
    assert window.focusWidget() is lines["confusion"]
    page._panel.opened.emit(page._panel.grid.answers[0])
    assert page._large.isVisible()
    qtbot.keyClick(lines["confusion"], Qt.Key.Key_Up)
    assert page._views.isVisible() and page._views.current_id == "summary"
    assert not page._large.isVisible()


def test_the_figures_of_probabilities_have_their_own_columns(qtbot, window, project_folder, run):
    evaluate_with_answers(run, wrong=3)
    page = opened(qtbot, window, project_folder)
    figures_of(qtbot, page)
    table = part(page, SummaryView).table
    table.sortByColumn(4, Qt.SortOrder.DescendingOrder)
    press(page, "Probabilities")
    titles = [column.title for column in table.rows.columns]
    assert titles == ["Class", "Area under the ROC curve", "Average precision", "Pictures"]
    assert all(line[1][0] in "01" for line in rows(table))
    press(page, "Decisions")
    assert len(table.rows.columns) == 5
