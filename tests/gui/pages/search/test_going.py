"""A search in the window: begun, followed, stopped, gone on with, found again."""

from __future__ import annotations

import msgspec
import pytest

from cnnstudio.core.search import Range, SearchSpec, Varied
from cnnstudio.gui.pages.search.going_on import going_on
from cnnstudio.gui.pages.search.setup.panel import SearchSetup
from cnnstudio.gui.widgets.question import Question
from cnnstudio.gui.widgets.table import Table
from cnnstudio.workers.search.folder import find_search
from cnnstudio.workers.search.reading import read_search
from tests.gui.driving import button, part, press, rows, says
from tests.workers.search.children import FAILS, SECONDS

SPEC = SearchSpec(varied=(Varied(key="training.optimizer.learning_rate", values=Range(low=1e-4, high=1e-1, log=True)),
                          Varied(key="training.batch_size", values=Range(low=8, high=64, whole=True))), trials=4, pruner="none")


def begin(page, **settings) -> None:
    part(page.parent(), SearchSetup).take(msgspec.structs.replace(SPEC, **settings))
    press(page.parent().window(), "Start the search")


def listed(page) -> int:
    return len(rows(part(page, Table)))


@pytest.fixture
def over(qtbot, window):
    """Waits until the search is over and shown."""
    def wait(page) -> None:
        searcher = window.workspace.searcher
        qtbot.waitUntil(lambda: searcher.running is None and not searcher.preparing and not len(window.session.jobs)
                        and not page._soon.isActive(), timeout=60_000)

    return wait


def test_a_search_is_begun_followed_and_over(qtbot, open_page, over, project_folder, window):
    page = open_page()
    begin(page)
    qtbot.waitUntil(lambda: window.workspace.searcher.running is not None, timeout=20_000)
    assert window.session.jobs.foremost().kind == "search"
    qtbot.waitUntil(lambda: button(page.parent().window(), "Stop").isVisible(), timeout=20_000)
    over(page)
    search = read_search(find_search(project_folder))
    assert search.ending == "trials" and len(search.complete) == 4 and listed(page) == 4
    assert says(page, "all trials done")
    assert {run.origin.search for run in _runs(project_folder)} == {search.id}


def _runs(folder):
    from cnnstudio.workers.runs.folder import list_runs

    return list_runs(folder)


def test_it_is_stopped_and_goes_on(qtbot, open_page, over, project_folder, monkeypatch):
    monkeypatch.setenv(SECONDS, "0.05")
    page = open_page()
    begin(page, trials=4)
    qtbot.waitUntil(lambda: page._shown is not None and len(page._shown.search.complete) >= 1, timeout=60_000)
    press(page.parent().window(), "Stop")
    over(page)
    assert says(page, "stopped, can go on")
    done = len(read_search(find_search(project_folder)).complete)
    assert done < 4
    press(page.parent().window(), "Go on")
    over(page)
    assert len(read_search(find_search(project_folder)).complete) == 4


def test_an_interrupted_search_is_found_again_and_offered(open_page, searched):
    folder = searched()
    _interrupt(folder)
    page = open_page()
    assert says(page, "This search was interrupted before its end.")
    assert button(page, "Go on").isEnabled()


@pytest.mark.parametrize(("ending", "spec", "wanted"), [
    ("trials", {}, (34, None)), ("no_more_to_gain", {"trials": 50}, (50, None)), ("seconds", {"seconds": 60.0}, (None, 60.0)),
    ("stopped", {"trials": 50}, (None, None)), ("all_tried", {}, None)])
def test_how_a_search_goes_on(searched, ending, spec, wanted):
    found = read_search(searched())
    found = msgspec.structs.replace(found, ending=ending, spec=msgspec.structs.replace(found.spec, **spec))
    way = going_on(found)
    assert (None if way is None else (way.trials, way.seconds)) == wanted
    assert going_on(msgspec.structs.replace(found, running=True)) is None


def _interrupt(folder) -> None:
    """As a kill leaves it: it has no end, and a trial in the middle."""
    from cnnstudio.core.search import SearchSpec as Spec
    from cnnstudio.workers.search.folder import write_spec
    from cnnstudio.workers.search.reading import ENDING_KEY
    from cnnstudio.workers.search.study import open_study

    with open_study(folder) as study:
        study.set_user_attr(ENDING_KEY, None)
    spec: Spec = folder.spec()
    write_spec(folder, msgspec.structs.replace(spec, trials=spec.trials + 5))


def test_what_every_trial_would_have_is_told(open_page, over, monkeypatch):
    monkeypatch.setenv(FAILS, "no_space")
    page = open_page()
    begin(page)
    over(page)
    assert page.state["refused"] and list(page.blocking_problems())


def test_pictures_that_cannot_be_used_are_told(open_page, over, pictures_folder):
    import shutil

    page = open_page()
    shutil.rmtree(pictures_folder)
    begin(page)
    over(page)
    problems = list(page.blocking_problems())
    assert problems and all(problem.blocks for problem in problems)


@pytest.mark.parametrize("answer", ["stop", None])
def test_a_window_that_closes_asks_first(qtbot, open_page, over, window, monkeypatch, project_folder, answer):
    monkeypatch.setenv(SECONDS, "0.3")
    page = open_page()
    begin(page)
    qtbot.waitUntil(lambda: page._shown is not None and any(trial.state == "running" for trial in page._shown.search.trials),
                    timeout=60_000)
    monkeypatch.setattr(Question, "ask", lambda _question: answer)
    assert window.close() is (answer == "stop")
    if answer is None:
        press(page.parent().window(), "Stop")
        over(page)
    search = read_search(find_search(project_folder))
    assert not search.running and search.ending == "stopped"


def test_its_runs_are_not_followed_by_the_train_page(qtbot, open_page, over, window, monkeypatch):
    monkeypatch.setenv(SECONDS, "0.1")
    page = open_page()
    begin(page)
    qtbot.waitUntil(lambda: page._shown is not None and any(trial.state == "running" for trial in page._shown.search.trials),
                    timeout=60_000)
    assert window.go("train")
    window.session.announce("runs")
    assert window.session.jobs.of_kind("train") is None
    window.workspace.searcher.running.stop()
    over(page)
