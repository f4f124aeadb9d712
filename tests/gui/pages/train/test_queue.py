"""Trainings that wait, several at once, runs that begin with another's weights, and training again."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QMenu

from cnnstudio.core.events import Epoch, Finished, Stopped
from cnnstudio.core.text import set_language
from cnnstudio.gui.pages.train.runs.queue import QueuePanel
from cnnstudio.gui.pages.train.runs.starting import ask_branch, ask_several, several_menu
from cnnstudio.gui.pages.train.runs.table import RunsTable
from cnnstudio.gui.state.jobs import ChildJob
from cnnstudio.gui.widgets.cards import Banner
from cnnstudio.workers.runs.folder import RunFolder, list_runs
from cnnstudio.workers.runs.origin import RunOrigin
from cnnstudio.workers.runs.reproducing import Reproduction
from cnnstudio.workers.runs.trash import trash_run
from tests.gui import driving
from tests.gui.pages.train.recorded_runs import buttons, recorded


@pytest.fixture
def launcher(page, monkeypatch):
    """The launcher of a window whose children never start."""
    monkeypatch.setattr(ChildJob, "start", lambda _job: None)
    yield page.workspace.launcher
    page.workspace.launcher.queue.clear()
    for job in page.session.jobs:
        job._finish(Stopped(time=4.0))


def ready(qtbot, page, count):
    """Wait until that many runs are on the disk."""
    qtbot.waitUntil(lambda: not page.workspace.launcher.preparing and len(list_runs(page.session.folder)) == count,
                    timeout=20_000)


def waiting(page):
    return [item.run.id for item in page.workspace.launcher.queue.waiting]


def end(page, last):
    job = page.session.jobs.of_kind("train")
    job._finish(last)


def test_seeds_wait_for_each_other_and_take_their_turns(qtbot, page, launcher):
    launcher.start_seeds(3)
    ready(qtbot, page, 3)
    ids = [run.id for run in sorted(list_runs(page.session.folder), key=lambda run: run.origin.member)]
    assert page.session.jobs.of_kind("train").run_folder.endswith(ids[0])
    assert waiting(page) == ids[1:]
    assert driving.says(page, "Waiting runs: 2")
    end(page, Finished(run=ids[0], time=4.0))
    assert page.session.jobs.of_kind("train").run_folder.endswith(ids[1]) and waiting(page) == ids[2:]
    assert page.subtitle() == ids[1]
    assert not page._curves.over, "the end of the first is not that of the second"


def test_events_of_a_training_are_not_drawn_in_another_run(qtbot, page, launcher):
    other = recorded(page, Finished(run="x", metrics={"epoch": 2.0}, time=4.0))
    launcher.start()
    ready(qtbot, page, 2)
    driving.part(page, RunsTable).chosen.emit(other.summary())
    before = list(page._curves.epoch_x)
    page.session.jobs.of_kind("train").event.emit(Epoch(epoch=4, epochs=4, metrics={"loss": 9.0}, seconds=1.0,
                                                        pictures_per_second=1.0))
    assert page._curves.epoch_x == before


def test_the_queue_is_moved_and_emptied(qtbot, page, launcher):
    launcher.start_seeds(4)
    ready(qtbot, page, 4)
    first, second, third = waiting(page)
    driving.press(page, f"Later: {first}")
    assert waiting(page) == [second, first, third]
    driving.press(page, f"Earlier: {third}")
    assert waiting(page) == [second, third, first]
    driving.press(page, f"Remove: {third}")
    assert waiting(page) == [second, first]
    assert third not in {run.id for run in list_runs(page.session.folder)}
    page.session.undo()
    assert third in {run.id for run in list_runs(page.session.folder)}
    assert waiting(page) == [second, third, first], "it waits again, in its place"
    assert driving.part(page, RunsTable)._state(RunFolder(page.session.folder / "runs" / third).summary()) == "Waiting"
    page.session.redo()
    assert waiting(page) == [second, first]


def test_a_run_brought_back_where_nothing_runs_is_held(qtbot, page, launcher):
    launcher.start_seeds(2)
    ready(qtbot, page, 2)
    (only,) = waiting(page)
    driving.press(page, f"Remove: {only}")
    end(page, Finished(run="x", time=4.0))
    page.session.undo()
    assert waiting(page) == [only] and launcher.queue.held
    driving.press(page, "Start the next one")
    assert page.session.jobs.of_kind("train").run_folder.endswith(only)


def test_a_training_started_while_one_runs_waits(qtbot, page, launcher):
    launcher.start()
    ready(qtbot, page, 1)
    assert page._start.text() == "Train afterwards"
    launcher.start()
    ready(qtbot, page, 2)
    assert len(waiting(page)) == 1


def test_a_stopped_training_holds_the_others(qtbot, page, launcher):
    launcher.start_seeds(2)
    ready(qtbot, page, 2)
    end(page, Stopped(time=4.0))
    assert page.session.jobs.of_kind("train") is None and len(waiting(page)) == 1
    assert driving.says(page, "on hold")
    driving.press(page, "Start the next one")
    assert page.session.jobs.of_kind("train") is not None and not waiting(page)


def test_what_waits_keeps_its_order_and_is_not_started_by_a_window_that_opens_again(qtbot, page, launcher):
    launcher.start_seeds(4)
    ready(qtbot, page, 4)
    folder, running = page.session.folder, Path(page.session.jobs.of_kind("train").run_folder).name
    first, second, third = waiting(page)
    driving.press(page, f"Earlier: {third}")
    end(page, Stopped(time=4.0))
    page.session.close()
    assert waiting(page) == []
    trash_run(RunFolder(folder / "runs" / second))
    page.session.open(folder)
    assert page.session.jobs.of_kind("train") is None
    assert waiting(page) == [first, third] and launcher.queue.held
    table = driving.part(page, RunsTable)
    last = next(run for run in table._runs if run.id == third)
    table.run_menu(last).actions()[0].trigger()
    assert page.session.jobs.of_kind("train").run_folder.endswith(third), "it passes those on hold"
    assert waiting(page) == [first] and not launcher.queue.held
    assert running not in waiting(page)


def test_the_menu_beside_start_asks_how_many(page):
    asked = []
    menu = several_menu(lambda count: asked.append(("seeds", count)), lambda count: asked.append(("folds", count)),
                        driving.root(page))
    assert isinstance(menu, QMenu) and [action.text() for action in menu.actions()] == [
        "Train with several seeds…", "Cross-validation…"]
    for kind in ("seeds", "folds"):
        dialog = ask_several(kind, lambda count, kind=kind: asked.append((kind, count)), driving.root(page))
        dialog.count.set_value(3)
        driving.press(dialog, "Train")
    assert asked == [("seeds", 3), ("folds", 3)]


def test_a_new_run_begins_with_the_weights_of_a_run(qtbot, page, launcher):
    run = recorded(page, Finished(run="x", metrics={"epoch": 2.0}, time=4.0))
    assert ask_branch(run.summary(), launcher.start_from, driving.root(page)) is None, "it has no model"
    run.model_path.write_bytes(b"a model")
    (run.checkpoints / "epoch-00003-000000.ckpt").write_bytes(b"")
    dialog = ask_branch(run.summary(), launcher.start_from, driving.root(page))
    assert [dialog.epoch.itemText(number) for number in range(dialog.epoch.count())] == ["its model (epoch 2)", "epoch 3"]
    driving.press(dialog, "Train")
    ready(qtbot, page, 2)
    new = next(item for item in list_runs(page.session.folder) if item.id != run.id)
    assert new.origin == RunOrigin(kind="weights", parent=run.id, epoch=2)
    assert (new.folder / "start" / "model.keras").read_bytes() == b"a model"


@pytest.mark.usefixtures("launcher")
def test_training_again_says_whether_the_same_came_out(qtbot, page, monkeypatch):
    run = recorded(page, Finished(run="x", metrics={"epoch": 2.0}, time=4.0))
    outcome = Reproduction(original=run.id, again="?", outcome="identical", epochs=3, epochs_equal=3, weights_equal=True)
    monkeypatch.setattr("cnnstudio.gui.state.launcher.reproduction", lambda _one, _other: outcome)
    driving.part(page, RunsTable).again_wanted.emit(run.id)
    ready(qtbot, page, 2)
    new = next(item for item in list_runs(page.session.folder) if item.id != run.id)
    assert new.origin.repeats == run.id
    end(page, Finished(run=new.id, time=5.0))
    qtbot.waitUntil(lambda: any("bit for bit" in banner.accessibleName() for banner in driving.parts(page, Banner)),
                    timeout=10_000)


def test_runs_of_a_group_are_folded_under_their_figures(page):
    from cnnstudio.workers.runs.labels import RunLabels, write_labels

    runs = [recorded(page, Finished(run="x", metrics={"val_accuracy": value}, time=4.0)) for value in (0.6, 0.8)]
    alone = recorded(page, Finished(run="x", metrics={"val_accuracy": 0.1}, time=4.0))
    for run in runs:
        write_labels(run.folder, RunLabels(group="mine", tags=(run.id[-1],)))
    page.session.announce("runs")
    table = driving.part(page, RunsTable)
    shown = driving.field(page, "Runs")
    names = [row[0].strip() for row in driving.rows(shown)]
    assert names == [alone.id, "▸  mine (2)"]
    accuracy = driving.column(shown, "Val. accuracy")
    assert driving.rows(shown)[1][accuracy] == "70.0% ± 14.1%"
    shown.select(shown.rows.rows[0])
    overlaid = []
    table.overlaid.connect(overlaid.append)
    shown.select(shown.rows.rows[1])
    assert [[run.id for run in group] for group in overlaid] == [[run.id for run in runs]]
    table._fold(shown.rows.rows[1])
    assert len(driving.rows(shown)) == 4
    table._sort(accuracy)
    assert [row[0].strip() for row in driving.rows(shown)] == [alone.id, "▾  mine (2)", runs[0].id, runs[1].id]
    table._sort(accuracy)
    assert [row[0].strip() for row in driving.rows(shown)] == ["▾  mine (2)", runs[1].id, runs[0].id, alone.id]
    driving.write(page, "Search…", alone.id)
    assert [row[0].strip() for row in driving.rows(shown)] == [alone.id]


def test_a_group_is_deleted_with_its_runs_and_brought_back(page):
    from cnnstudio.workers.runs.labels import RunLabels, write_labels

    runs = [recorded(page, Finished(run="x", metrics={"val_accuracy": value}, time=4.0)) for value in (0.6, 0.8)]
    alone = recorded(page, Finished(run="x", metrics={"val_accuracy": 0.1}, time=4.0))
    for run in runs:
        write_labels(run.folder, RunLabels(group="mine"))
    page.session.announce("runs")
    table, shown = driving.part(page, RunsTable), driving.field(page, "Runs")
    shown.select(shown.rows.rows[1])
    menu = table.group_menu(shown.rows.rows[1])
    assert [action.text().split("\t")[0] for action in menu.actions() if action.text()] == [
        "Show its runs", "Name, note and tags…", "Colour", "Delete its runs"]
    menu.actions()[-1].trigger()
    assert [run.id for run in list_runs(page.session.folder)] == [alone.id]
    page.session.undo()
    assert {run.id for run in list_runs(page.session.folder)} == {alone.id, *(run.id for run in runs)}
    page.session.redo()
    assert [run.id for run in list_runs(page.session.folder)] == [alone.id]


def test_columns_are_chosen_and_remembered(page):
    recorded(page, Finished(run="x", metrics={"val_accuracy": 0.6}, time=4.0))
    table = driving.part(page, RunsTable)
    menu = table._columns_menu()
    next(action for action in menu.actions() if action.text() == "Data version").trigger()
    shown = driving.field(page, "Runs")
    assert len(driving.rows(shown)[0][driving.column(shown, "Data")]) == 8
    assert page.session.recall("run_columns") == ["network", "duration", "data"]


def test_a_chosen_colour_stays(page):
    from cnnstudio.gui.look import theme
    from cnnstudio.gui.pages.train.runs.colors import RunColors

    run = recorded(page, Finished(run="x", metrics={"val_accuracy": 0.6}, time=4.0))
    table = driving.part(page, RunsTable)
    menu = table.run_menu(run.summary())
    colors = next(action.menu() for action in menu.actions() if action.text() == "Colour")
    colors.actions()[5].trigger()
    assert run.summary().labels.color == 5
    fresh = RunColors({})
    fresh.follow([run.summary()])
    assert fresh.color(run.summary()) == theme.class_color(5)


def test_the_queue_speaks_spanish(qtbot, page, launcher):
    launcher.start_seeds(2)
    ready(qtbot, page, 2)
    set_language("es")
    panel = QueuePanel(launcher.queue, str)
    qtbot.addWidget(panel)
    assert driving.says(panel, "Entrenamientos en espera: 1")
    assert buttons(page)
