"""Two runs beside each other in a dialog."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from msgspec.structs import replace

from cnnstudio.core.events import Finished, Stopped
from cnnstudio.core.training import with_settings
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.train.runs.compare import CompareDialog
from cnnstudio.gui.pages.train.runs.compare_overview import CompareOverview
from cnnstudio.gui.widgets.interval_plot import IntervalPlot
from cnnstudio.gui.widgets.table import Table
from cnnstudio.workers.runs.folder import list_runs
from cnnstudio.workers.runs.names import write_name
from tests.gui.driving import button, part, parts, rows, says
from tests.workers.evaluated_runs import evaluated_run, result

PICTURES = [f"{kind}/{number}.png" for kind in ("cat", "dog") for number in range(1, 11)]


@pytest.fixture
def runs(tmp_path):
    """Two runs: the first answers everything right, the second takes every picture for a cat."""
    for path in PICTURES:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / path), np.full((8, 8, 3), 90, np.uint8))
    first = evaluated_run(tmp_path, [result(path, int(path[0] == "d")) for path in PICTURES])
    project = first.spec()
    second = evaluated_run(tmp_path, [result(path, 0, probability=0.7) for path in PICTURES],
                           project=replace(project, training=with_settings(project.training, epochs=7)))
    for run in (first, second):
        run.model_path.write_bytes(b"a model")
    return first, second


@pytest.fixture
def open_dialog(qtbot, session, runs, tmp_path):
    """Opens the dialog on both runs and waits for what it shows."""
    def go():
        listed = {run.id: run for run in list_runs(tmp_path)}
        dialog = CompareDialog(session, list(listed.values()), listed[runs[0].id], [listed[runs[1].id]],
                               lambda _run: theme.class_color(2))
        qtbot.addWidget(dialog)
        dialog.show()
        qtbot.waitUntil(lambda: not len(session.jobs), timeout=20_000)
        return dialog

    return go


def test_it_says_which_is_better_and_shows_what_differs(open_dialog, runs):
    dialog = open_dialog()
    assert dialog.comparison is not None
    assert says(dialog, f"{runs[0].id} is significantly better")
    assert "Accuracy: 100.0" in part(dialog, IntervalPlot).accessibleDescription()
    settings, mistakes, pictures = parts(dialog, Table)
    assert mistakes.rows.rows == [("dog", "cat", 10)]
    assert [(row.key, row.values[1]) for row in settings.rows.rows] == [("training.stages.stage_1.epochs", 7)]
    assert rows(settings)[0][0] == "Epochs · stage_1"
    assert len(pictures.rows.rows) == 10
    assert pictures.selected.path.startswith("dog/")
    dialog.reject()


def test_a_run_with_itself_does_not_differ(qtbot, open_dialog, runs):
    dialog = open_dialog()
    dialog.second.setCurrentIndex(dialog.second.values.index(runs[0].id))
    dialog.second.activated.emit(dialog.second.currentIndex())
    qtbot.waitUntil(lambda: dialog.comparison is not None and dialog.comparison.second == runs[0].id, timeout=20_000)
    assert says(dialog, "both are right on the same pictures")
    assert says(dialog, "the same settings")
    assert says(dialog, "same answer for every picture")
    dialog.reject()


def test_what_was_not_evaluated_can_be_evaluated_from_here(open_dialog, runs, session, monkeypatch):
    runs[1].table_path("test").unlink()
    dialog = open_dialog()
    assert dialog.comparison is None
    assert says(dialog, "was not evaluated on them")
    started = []
    monkeypatch.setattr(session.jobs, "start", started.append)
    button(dialog, "Evaluate them").click()
    (job,) = started
    assert job.job.run_folder == str(runs[1].folder)
    assert job.job.split == "test"
    dialog.reject()


def test_a_run_is_called_by_its_name(open_dialog, runs):
    write_name(runs[1].folder, "second try")
    runs[1].table_path("test").unlink()
    dialog = open_dialog()
    assert says(dialog, "The run second try has no answers")
    dialog.reject()


def test_a_damaged_table_is_evaluated_again_once(qtbot, open_dialog, runs, session, monkeypatch):
    runs[1].table_path("test").write_bytes(b"{")
    dialog = open_dialog()
    assert says(dialog, "damaged")
    started, start = [], session.jobs.start

    def keep(job):
        return started.append(job) if job.kind == "evaluate" else start(job)

    monkeypatch.setattr(session.jobs, "start", keep)
    button(dialog, "Evaluate them").click()
    started[0].ended.emit(Finished())
    qtbot.waitUntil(lambda: not len(session.jobs) and says(dialog, "damaged"), timeout=20_000)
    assert len(started) == 1, "what stays damaged is not evaluated for ever"
    button(dialog, "Evaluate them").click()
    started[1].cancelling = True
    started[1].ended.emit(Stopped(kept=False))
    qtbot.waitUntil(lambda: not len(session.jobs) and button(dialog, "Evaluate them").isVisible(), timeout=20_000)
    dialog.reject()


def test_runs_of_other_classes_are_refused_with_the_reason(open_dialog, runs, tmp_path):
    other = evaluated_run(tmp_path, [result("cat/1.png", 0)], classes=("cat", "horse"))
    other.model_path.write_bytes(b"a model")
    runs[1].folder.rename(tmp_path / "away")
    other.folder.rename(runs[1].folder)
    dialog = open_dialog()
    assert dialog.comparison is None
    assert says(dialog, "horse")
    dialog.reject()


def test_it_is_opened_from_the_menu_of_a_run(qtbot, window, runs, tmp_path):
    from cnnstudio.core.files import write_project
    from cnnstudio.gui.pages.train.runs.table import RunsTable
    from cnnstudio.gui.state.commands import OpenProject

    write_project(tmp_path, runs[0].spec())
    window.perform(OpenProject(str(tmp_path)))
    window.go("train")
    qtbot.waitUntil(lambda: not len(window.session.jobs), timeout=20_000)
    table = part(window.current, RunsTable)
    table.compare_wanted.emit(next(run for run in list_runs(tmp_path) if run.id == runs[0].id))
    dialog = part(window, CompareDialog)
    qtbot.waitUntil(lambda: dialog.comparison is not None, timeout=20_000)
    assert (dialog.comparison.first, dialog.comparison.second) == (runs[0].id, runs[1].id)
    dialog.reject()


def test_several_are_compared_with_the_first_and_judged_by_corrected_p_values(qtbot, session, runs, tmp_path):
    worse = [result(path, int(path[0] == "d") if number else 1) for number, path in enumerate(PICTURES)]
    project = runs[0].spec()
    third = evaluated_run(tmp_path, worse, project=replace(project, training=with_settings(project.training, batch_size=3)))
    third.model_path.write_bytes(b"a model")
    alone = evaluated_run(tmp_path, [])
    alone.model_path.write_bytes(b"a model")
    listed = {run.id: run for run in list_runs(tmp_path)}
    dialog = CompareDialog(session, list(listed.values()), listed[runs[0].id],
                           [listed[runs[1].id], listed[third.id], listed[alone.id]], lambda _run: theme.class_color(2))
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: not len(session.jobs), timeout=20_000)
    overview = part(part(dialog, CompareOverview), Table)
    settings = parts(dialog, Table)[1]
    assert [line[-1] for line in rows(overview)] == ["worse", "not significantly different", "not evaluated"]
    assert rows(overview)[0][-2] == "0.004", "0.00195 twice"
    assert says(dialog, "p = 0.004 corrected for several comparisons")
    assert {row.key: row.values for row in settings.rows.rows} == {
        "training.stages.stage_1.epochs": (60, 7, 60), "training.batch_size": (32, 32, 3)}
    overview.select(overview.rows.rows[2])
    assert dialog.comparison is None
    assert button(dialog, "Evaluate them").isVisible()
    overview.select(overview.rows.rows[1])
    assert dialog.comparison.second == third.id == dialog.second.value
    button(dialog, "Remove from the comparison").click()
    qtbot.waitUntil(lambda: dialog.comparison is not None and dialog.comparison.second == runs[1].id, timeout=20_000)
    assert len(overview.rows.rows) == 2
    dialog.more.setCurrentIndex(dialog.more.values.index(third.id))
    dialog.more.activated.emit(dialog.more.currentIndex())
    qtbot.waitUntil(lambda: dialog.comparison is not None and dialog.comparison.second == third.id, timeout=20_000)
    assert len(overview.rows.rows) == 3
    dialog.reject()


def test_names_with_line_breaks_stay_on_one_line(qtbot, session, tmp_path):
    classes = ("cat", "do\ng")
    made = [evaluated_run(tmp_path, [result("cat/1\n2.png", number)], classes=classes) for number in range(2)]
    for run in made:
        run.model_path.write_bytes(b"a model")
    listed = {run.id: run for run in list_runs(tmp_path)}
    dialog = CompareDialog(session, list(listed.values()), listed[made[0].id], [listed[made[1].id]],
                           lambda _run: theme.class_color(2))
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: not len(session.jobs) and dialog.comparison is not None, timeout=20_000)
    model = parts(dialog, Table)[-1].model()
    shown = [str(model.index(0, column).data()) for column in range(model.columnCount())]
    assert shown == ["cat/1\\n2.png", "cat", "cat · 90%", "do\\ng · 90%"]
    dialog.reject()
