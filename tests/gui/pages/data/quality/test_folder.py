"""The folder of pictures changes, files go to the trash and come back."""

from __future__ import annotations

import os
import threading

import numpy as np

from cnnstudio.core import edits
from cnnstudio.core.problems import Fix
from cnnstudio.core.text import Text
from cnnstudio.datasets.opening import create_project
from cnnstudio.datasets.query import Filter
from cnnstudio.gui.state.commands import OpenProject, ShowPage
from tests.gui.driving import press, says
from tests.gui.pages.data.quality.painted import idle, scene, shown, write


def test_files_go_to_the_trash_and_come_back(qtbot, page, monkeypatch, tmp_path):
    (tmp_path / "bin").mkdir()
    moved = []

    def trash(path: str) -> None:
        assert threading.current_thread() is not threading.main_thread(), "the window would stand still meanwhile"
        moved.append(path)
        os.rename(path, tmp_path / "bin" / f"{len(moved)}.jpg")

    monkeypatch.setattr("cnnstudio.datasets.trash.system_trash", trash)
    session = page.session
    path = page.workspace.collection.path_of("a/copy.jpg")
    ids = list(page.workspace.collection.ids_of(["a/copy.jpg"]))
    page.workspace.decisions.exclude(ids, True)
    assert page.workspace.trash.delete(ids)
    idle(qtbot, page)
    assert not path.exists()
    assert moved == [str(path)]
    assert "copy.jpg" not in shown(page)
    # As on a drive that tells of no changes.
    page.workspace.scanner.stop_watching()
    session.undo()
    idle(qtbot, page)
    assert path.exists()
    assert page.workspace.collection.rows(list(page.workspace.collection.ids_of(["a/copy.jpg"])))[0].excluded
    session.redo()
    idle(qtbot, page)
    assert not path.exists()
    assert len(moved) == 2
    assert "copy.jpg" not in shown(page)
    assert session.redo_label is None
    session.undo()
    idle(qtbot, page)
    assert path.exists()
    assert str(session.redo_label) == "Delete pictures"


def test_a_redone_deletion_that_is_cancelled_can_be_redone(qtbot, page, monkeypatch, tmp_path):
    (tmp_path / "bin").mkdir()
    session = page.session
    names = ["a/02.jpg", "a/04.jpg", "a/06.jpg"]
    paths = [page.workspace.collection.path_of(name) for name in names]
    waiting, go_on = threading.Event(), threading.Event()
    go_on.set()

    def trash(path: str) -> None:
        os.rename(path, tmp_path / "bin" / f"{len(os.listdir(tmp_path / 'bin'))}.jpg")
        waiting.set()
        go_on.wait(20)

    monkeypatch.setattr("cnnstudio.datasets.trash.system_trash", trash)
    assert page.workspace.trash.delete(page.workspace.collection.ids_of(names))
    idle(qtbot, page)
    session.undo()
    idle(qtbot, page)
    assert all(path.exists() for path in paths)
    waiting.clear()
    go_on.clear()
    session.redo()
    assert waiting.wait(20)
    noticed: list[str] = []
    session.problem_reported.connect(lambda problem: noticed.append(problem.code))
    session.redo()
    assert noticed == ["files_on_their_way"]
    session.jobs.of_kind("trash").cancel()
    go_on.set()
    idle(qtbot, page)
    assert all(path.exists() for path in paths)
    assert str(session.redo_label) == "Delete pictures"
    # Another edit during a redo: the deletion is the newest step then.
    waiting.clear()
    go_on.clear()
    session.redo()
    assert waiting.wait(20)
    session.edit(lambda project: edits.set_field(project, "dataset", "label_mode", "int"), Text("Labels", "Etiquetas"))
    go_on.set()
    idle(qtbot, page)
    assert not any(path.exists() for path in paths)
    assert str(session.undo_label) == "Delete pictures"
    session.undo()
    idle(qtbot, page)
    assert all(path.exists() for path in paths)
    assert (session.project.dataset.label_mode, str(session.undo_label)) == ("int", "Labels")


def test_a_class_without_training_pictures_is_mended_with_one_click(qtbot, window, tmp_path, pictures_folder):
    for number in range(12):
        write(pictures_folder / "c" / f"{number}.jpg", scene(100 + number))
    _created, index = create_project(tmp_path / "three", pictures_folder, "lenet5")
    index.close()
    window.perform(OpenProject(str(tmp_path / "three")))
    window.go("data")
    session = window.session
    qtbot.waitUntil(lambda: not len(session.jobs), timeout=20_000)
    ids = list(window.workspace.collection.ids(Filter(classes=("c",))))
    assert window.workspace.decisions.assign_split(ids, "test")

    def fixes() -> dict[str, Fix]:
        return {fix.action: fix for problem in window.workspace.checks.check_now() if problem.code == "class_without_training"
                for fix in problem.fixes}

    assert list(fixes()) == ["draw_splits", "hide_classes"]
    session.apply(fixes()["draw_splits"])
    assert not fixes()
    assert window.workspace.counts.usable_counts()["c"]["train"] > 5
    session.undo()
    assert window.workspace.counts.usable_counts()["c"] == {"test": 12}
    session.apply(fixes()["hide_classes"])
    assert not fixes()
    assert window.workspace.counts.class_names == ("a", "b")
    session.undo()
    assert list(fixes()) == ["draw_splits", "hide_classes"]


def test_the_folder_changes_and_the_page_tells(qtbot, page, pictures_folder):
    write(pictures_folder / "a" / "brand new é.jpg", scene(99))
    (pictures_folder / "a" / "02.jpg").unlink()
    qtbot.waitUntil(lambda: page.workspace.scanner.news is not None, timeout=15_000)
    idle(qtbot, page)
    news = page.workspace.scanner.news
    assert (news.new, news.gone) == (1, 1)
    assert says(page, "The folder has changed: 1 new, 1 missing")
    press(page, "Show them")
    assert shown(page) == ["brand new é.jpg"]
    assert page.workspace.scanner.news is None


def test_a_folder_that_goes_away_is_told_and_its_return_noticed(qtbot, page, pictures_folder, tmp_path):
    codes = lambda: [problem.code for problem in page.session.problems]  # noqa: E731
    pictures_folder.rename(tmp_path / "away")
    qtbot.waitUntil(lambda: "source_missing" in codes(), timeout=15_000)
    assert page.workspace.counts.total == 29
    (tmp_path / "away").rename(pictures_folder)
    qtbot.waitUntil(lambda: "source_missing" not in codes(), timeout=15_000)
    idle(qtbot, page)
    assert page.workspace.counts.total == 29


def test_the_grid_shows_what_the_files_hold_now(qtbot, page, pictures_folder, tmp_path):
    def color():
        grid = page.views.grid
        return grid.grab().toImage().pixelColor(grid.rect_of(0).center()).getRgb()[:3]

    def plain(path, level):
        write(path, np.full((48, 64, 3), level, np.uint8))

    other = tmp_path / "other"
    for name in "ab":
        for number in range(4):
            plain(other / name / f"{number:02d}.jpg", 250)
    create_project(tmp_path / "second", other)[1].close()
    plain(pictures_folder / "a" / "00.jpg", 5)
    qtbot.waitUntil(lambda: page.workspace.scanner.news is not None, timeout=15_000)
    idle(qtbot, page)
    qtbot.waitUntil(lambda: max(color()) < 12, timeout=5000)
    page.views.grid.selection.select_only(0)
    page.session.request(OpenProject(str(tmp_path / "second")))
    page.session.request(ShowPage("data"))
    idle(qtbot, page)
    qtbot.waitUntil(lambda: min(color()) > 240, timeout=5000)
    assert not page.views.grid.selected_ids()
