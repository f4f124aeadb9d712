"""The view of the learning curve: kept results at once, the job with its points, the verdict, and each class."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cnnstudio.gui.pages.evaluate import start
from cnnstudio.gui.pages.evaluate.more_data import WHOLE, MoreRequest, read_more
from cnnstudio.gui.pages.evaluate.more_pictures import MorePicturesView
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.runs.learning_curves import curve_path, keep_curve
from tests.gui.driving import button, choose, press, rows, says
from tests.gui.pages.evaluate.answers import make_answers, make_context
from tests.gui.pages.evaluate.curve_children import curve, points
from tests.gui.pages.evaluate.test_evaluate import trained_run


@pytest.fixture
def run(project_folder) -> RunFolder:
    return trained_run(project_folder)


@pytest.fixture
def view(qtbot, workspace, run) -> Iterator[MorePicturesView]:
    result = MorePicturesView(workspace, {})
    qtbot.addWidget(result)
    result.resize(760, 900)
    result.show()
    result.context = make_context(make_answers(), run.folder)
    yield result
    result.close_threads()


def shown(qtbot, view: MorePicturesView) -> None:
    view.show_evaluation(view.context)
    settled(qtbot, view)


def settled(qtbot, view: MorePicturesView) -> None:
    qtbot.waitUntil(lambda: not len(view.workspace.session.jobs), timeout=30_000)


def use_child(monkeypatch, name: str) -> None:
    real = start.ChildJob
    target = f"tests.gui.pages.evaluate.curve_children:{name}"
    monkeypatch.setattr(start, "ChildJob", lambda job, *arguments, **options: real(job, *arguments, target=target, **options))


def test_nothing_is_trained_by_itself(qtbot, view):
    shown(qtbot, view)
    assert button(view, "Find out").isEnabled()
    assert not view.plot.isVisible() and not view.table.isVisible()


def test_a_click_trains_and_shows_what_doubling_brings(qtbot, view, monkeypatch):
    use_child(monkeypatch, "child")
    shown(qtbot, view)
    choose(view.repeats, "3 times")
    press(view, "Find out")
    assert button(view, "Cancel").isVisible() and not button(view, "Find out", hidden=True).isVisible()
    settled(qtbot, view)
    assert says(view, "Twice as many pictures (320) would help")
    assert says(view, "Measured on 4,000 pictures") or says(view, "Measured on 4 000 pictures") or says(view, "4\u202f000")
    assert view.plot.isVisible()
    assert rows(view.table)[0][0] == "dog", "the class that gains most is first"
    assert button(view, "Find out again").isEnabled()


def test_kept_results_are_shown_at_once_and_a_class_is_chosen(qtbot, view, run):
    keep_curve(run, curve(run.id))
    shown(qtbot, view)
    assert says(view, "would help")
    choose(view.choice, "cat")
    settled(qtbot, view)
    assert says(view, "hardly help"), "cats are known already"
    view.table.chosen.emit(view.table.rows.rows[0])
    settled(qtbot, view)
    assert view.choice.currentText() == "dog"


def test_a_flat_curve_says_that_more_hardly_helps(qtbot, view, run):
    keep_curve(run, curve(run.id, rising=False))
    shown(qtbot, view)
    assert says(view, "Twice as many pictures (320) would hardly help")


def test_a_failure_is_said(qtbot, view, monkeypatch):
    use_child(monkeypatch, "failing_child")
    shown(qtbot, view)
    press(view, "Find out")
    settled(qtbot, view)
    assert says(view, "At least two classes are needed.")
    assert button(view, "Find out").isEnabled()


def test_a_damaged_file_is_no_result_and_few_points_have_no_curve(run):
    curve_path(run).write_bytes(b"{")
    assert read_more(MoreRequest(run, WHOLE), None).kept is None
    few = read_more(MoreRequest(run, WHOLE, points(run.id)[:2]), None)
    assert len(few.points) == 2 and few.fitted == () and few.expected is None
    whole = read_more(MoreRequest(run, 1, points(run.id)), None)
    assert len(whole.fitted) == len(whole.band) == len(whole.sizes)
    assert all(low <= value <= high for value, (low, high) in zip(whole.fitted, whole.band, strict=True))
