"""Explanations on Evaluate: many pictures at once, the mean of a class, and one picture large."""

from __future__ import annotations

import cv2
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from cnnstudio.gui.pages.evaluate.explain.choice import chosen_pictures, class_pictures
from cnnstudio.gui.pages.evaluate.explain.view import ExplainView
from cnnstudio.gui.pages.evaluate.large import LargeView
from cnnstudio.gui.pages.evaluate.pictures import PicturesPanel
from cnnstudio.gui.pages.evaluate.results import read_results
from cnnstudio.gui.state.prediction_server import PredictionServer, server_of
from cnnstudio.workers.runs.folder import RunFolder
from tests.gui.driving import button, choose, part, press, says
from tests.gui.pages.evaluate.answered import evaluate_with_answers
from tests.gui.pages.evaluate.test_evaluate import opened, settled, trained_run
from tests.gui.pages.explanation.scripted import TARGET


@pytest.fixture
def run(project_folder) -> RunFolder:
    run = trained_run(project_folder)
    evaluate_with_answers(run)
    return run


@pytest.fixture
def page(qtbot, window, project_folder, run, monkeypatch):
    assert run.evaluation("test") is not None
    monkeypatch.setattr(PredictionServer, "target", TARGET)
    yield opened(qtbot, window, project_folder)
    server_of(window.session).stop()
    settled(qtbot, window)


@pytest.fixture
def view(qtbot, page) -> ExplainView:
    assert page.session.findChild(PredictionServer) is None or not server_of(page.session).running, "nothing before a visit"
    press(page, "Explain")
    view = part(page, ExplainView)
    drawn(qtbot, view)
    return view


def drawn(qtbot, view):
    qtbot.waitUntil(lambda: not view.batch.busy and view.batch.task is not None and not view.batch.missing, timeout=20_000)


def saved(qtbot, view):
    qtbot.waitUntil(lambda: view.workspace.session.jobs.of_kind("save-explained") is None, timeout=20_000)


def test_the_pictures_at_the_right_are_explained_at_once_by_a_quick_method(page, view):
    panel = part(page, PicturesPanel)
    assert view.grid.answers == panel.grid.answers
    assert all(view.grid.overlay_of(answer) is not None for answer in view.grid.answers)
    assert says(view, "All 2 pictures at the right")
    assert "True class" in view.grid.answer_text(view.grid.answers[0])
    assert not view.grid.grab().isNull()


def test_another_list_and_a_selection_are_followed(qtbot, page, view):
    panel = part(page, PicturesPanel)
    panel.order_chosen.emit("least_certain")
    drawn(qtbot, view)
    assert view.grid.answers == panel.grid.answers[:12]
    panel.grid.selection.current = 0
    qtbot.keyClick(panel.grid, Qt.Key.Key_End)
    assert len(view.grid.answers) > 1, "one selected picture is no selection"
    qtbot.keyClick(panel.grid, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    drawn(qtbot, view)
    assert view.grid.answers == panel.grid.selected()
    assert says(view, "The 2 selected ones")


def test_strength_redraws_without_asking_and_m_hides_the_maps(qtbot, view):
    requests = view._server._requests
    view.look_form._strength.setValue(20)
    assert view.grid.overlay_of(view.grid.answers[0]).opacity == pytest.approx(0.2)
    view.grid.setFocus()
    qtbot.keyClick(view.grid, Qt.Key.Key_M)
    assert view.grid.overlay_of(view.grid.answers[0]) is None
    assert view._server._requests == requests


def test_a_slow_method_waits_for_the_button_and_cancel_keeps_what_came(qtbot, view):
    view._server.seconds_per_pass = 1.0
    choose(view.form.method, "Occlusion")
    assert not view.batch.busy and says(view, "Takes about")
    view.start_button.click()
    qtbot.waitUntil(lambda: len(view.batch.maps) == 1 and view.cancel_button.isVisible(), timeout=20_000)
    view.cancel_button.click()
    assert view.batch.missing == 1 and view.start_button.isVisible()
    choose(view.form.method, "Grad-CAM")
    assert not view.batch.missing, "known maps come at once"


def test_enter_opens_a_picture_large_with_its_map(qtbot, page, view):
    view.grid.selection.current = 0
    qtbot.keyClick(view.grid, Qt.Key.Key_End)
    qtbot.keyClick(view.grid, Qt.Key.Key_Return)
    large = part(page, LargeView)
    assert large.isVisible() and large.explaining
    qtbot.waitUntil(lambda: large.view.overlay is not None, timeout=20_000)
    assert large._viewer._name.text() == view.grid.answers[1].relative
    large.left.emit()
    assert view.isVisible()


def test_what_was_interrupted_by_a_large_picture_goes_on(qtbot, page, view):
    view._server.seconds_per_pass = 1.0
    choose(view.form.method, "Occlusion")
    view.start_button.click()
    qtbot.waitUntil(lambda: len(view.batch.maps) == 1, timeout=20_000)
    view.grid.opened.emit(0)
    assert not view.batch.busy
    part(page, LargeView).left.emit()
    assert view.batch.busy
    view.batch.cancel()


def test_the_mean_of_a_class(qtbot, view, tmp_path, monkeypatch):
    press(view, "Mean of a class")
    drawn(qtbot, view)
    assert says(view, "of cat: what speaks for cat (Grad-CAM)")
    assert view._mean_view.overlay is not None
    choose(view._class, "dog")
    drawn(qtbot, view)
    assert says(view, "of dog: what speaks for dog")
    press(view, "Predicted")
    drawn(qtbot, view)
    assert says(view, "predicted as dog")
    target = tmp_path / "mean.png"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_arguments: (str(target), ""))
    press(view, "Save picture…")
    qtbot.waitUntil(target.is_file, timeout=20_000)
    saved(qtbot, view)


def test_the_sheet_is_saved_with_captions_and_can_be_opened(qtbot, window, view, tmp_path, monkeypatch):
    target = tmp_path / "sheet.png"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_arguments: (str(target), ""))
    with qtbot.waitSignal(window.session.problem_reported, timeout=20_000) as heard:
        press(view, "Save sheet…")
    assert [fix.action for fix in heard.args[0].fixes] == ["open_file", "show_file"]
    assert cv2.imread(str(target)).shape[0] > 240
    saved(qtbot, view)


def test_pictures_that_are_gone_are_named(qtbot, page, view, monkeypatch):
    """The scripted server cannot read what is called broken."""
    panel = part(page, PicturesPanel)
    answer = panel.grid.answers[0]
    broken = answer.file.with_name("broken.png")
    answer.file.rename(broken)
    monkeypatch.setattr(view, "_shown", [type(answer)(file=broken, relative="cat/broken.png", label=0, predicted=1,
                                                      probability=0.9, loss=1.0), *panel.grid.answers[1:]])
    view._refresh()
    drawn(qtbot, view)
    assert says(view, "Not explained (1): cat/broken.png. It cannot be read.")
    assert len(view.batch.maps) == 1
    broken.rename(answer.file)


def test_a_model_that_was_deleted_is_said_and_the_view_stays(qtbot, window, page, run):
    run.model_path.unlink()
    press(page, "Explain")
    view = part(page, ExplainView)
    qtbot.waitUntil(lambda: view.batch.problem is not None, timeout=20_000)
    assert says(view, str(view.batch.problem.text)[:30])
    assert view.grid.answers
    settled(qtbot, window)


def test_which_pictures_are_chosen(run):
    results = read_results(run, "test")
    answers = list(results.answers)
    assert chosen_pictures(answers, answers[:1], 2) == (
        answers[:2], f"The first 2 of {len(answers)} at the right; select two or more to explain those")
    assert chosen_pictures(answers[:1], [], 12) == (answers[:1], "The picture at the right")
    assert chosen_pictures(answers, answers * 30, 2)[0] == (answers * 30)[:48]
    few, count = class_pictures(results, 0, predicted=False, count=2)
    own = [answer for answer in answers if answer.label == 0]
    assert count == len(own) and few == [own[0], own[-1]]
    assert class_pictures(results, 1, predicted=True, count=100)[1] == sum(answer.predicted == 1 for answer in answers)


def test_the_keys_of_the_large_view_explain_and_hide(qtbot, page):
    panel = part(page, PicturesPanel)
    panel.opened.emit(panel.grid.answers[0])
    large = part(page, LargeView)
    assert large.view.overlay is None and not large.explaining
    qtbot.keyClick(large.view, Qt.Key.Key_E)
    qtbot.waitUntil(lambda: large.view.overlay is not None, timeout=20_000)
    assert says(large, "Grad-CAM · cat 90.0% · late")
    qtbot.keyClick(large.view, Qt.Key.Key_M)
    assert large.view.overlay is None
    qtbot.keyClick(large.view, Qt.Key.Key_M)
    large.stepped.emit(1)
    qtbot.waitUntil(lambda: large.view.overlay is not None and not large.panel.slots[0].busy, timeout=20_000)
    button(large, "Compare two maps").click()
    qtbot.waitUntil(lambda: large.other_view.overlay is not None, timeout=20_000)
    assert large.other_view.isVisible()
    qtbot.keyClick(large.view, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    assert not large.explaining and large.view.overlay is None and not large.other_view.isVisible()
    qtbot.keyClick(large.view, Qt.Key.Key_N)
    qtbot.waitUntil(lambda: says(large, "have to be computed once"), timeout=20_000)
    qtbot.keyClick(large.view, Qt.Key.Key_N)
    assert not large.neighbours.isVisible()
    large.left.emit()


def test_an_explained_picture_has_the_room_of_the_left_panel(qtbot, page):
    part(page, PicturesPanel).grid.setFocus()
    page._mode.open(part(page, PicturesPanel).grid.answers[0])
    large = part(page, LargeView)
    assert page.needs_side
    large.toggle_explanation()
    assert not page.needs_side
    large.panel.compare.click()
    qtbot.waitUntil(lambda: not any(slot.busy for slot in large.panel.slots), timeout=20_000)
    large.panel.compare.click()
    qtbot.keyClick(large.view, Qt.Key.Key_Escape)
    assert page.needs_side, "back at the figures the runs can be chosen again"
    page._mode.open(part(page, PicturesPanel).grid.answers[1])
    assert not page.needs_side, "the next picture is explained on arrival"
    qtbot.waitUntil(lambda: large.panel.slots[0].map is not None and not large.panel.slots[0].busy, timeout=20_000)
