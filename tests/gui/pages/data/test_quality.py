"""The Data page's audit: findings are filters with remedies, thresholds act at once, everything can be undone."""

from __future__ import annotations

import json
import os
import threading
from array import array
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent

from cnnstudio.catalog.findings import KINDS
from cnnstudio.core import edits
from cnnstudio.core.problems import Fix
from cnnstudio.core.text import Text
from cnnstudio.datasets.database import Database
from cnnstudio.datasets.findings import Finding, store
from cnnstudio.datasets.opening import create_project
from cnnstudio.datasets.query import Filter
from cnnstudio.gui.pages.data.charts import DataCharts
from cnnstudio.gui.pages.data.filters import FilterBar
from cnnstudio.gui.pages.data.findings import KindBar, available_remedies
from cnnstudio.gui.pages.data.inspector import DataInspector
from cnnstudio.gui.pages.data.quality import QualityPanel
from cnnstudio.gui.pages.data.side import DataSide
from cnnstudio.gui.pages.data.viewer import DataViewer
from cnnstudio.gui.state.commands import OpenProject, ShowPage
from cnnstudio.gui.widgets.basics import Elided, Label, MenuButton
from cnnstudio.gui.widgets.cards import Facts, FilterLine
from cnnstudio.gui.widgets.class_list import ClassList
from cnnstudio.gui.widgets.form import Form
from cnnstudio.gui.widgets.inputs import Select
from tests.gui.driving import button, field, open_menu, part, parts, press, says


def write(path: Path, pixels: np.ndarray, quality: int = 92) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    _done, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    path.write_bytes(data.tobytes())


def scene(seed: int) -> np.ndarray:
    """A sharp picture of its own: blocks, lines and grain."""
    random = np.random.default_rng(seed)
    coarse = cv2.resize(random.integers(40, 220, (6, 8, 3), np.uint8), (160, 120), interpolation=cv2.INTER_NEAREST)
    return np.clip(coarse.astype(int) + random.integers(-30, 31, coarse.shape), 0, 255).astype(np.uint8)


@pytest.fixture
def pictures_folder(tmp_path):
    root = tmp_path / "pictures"
    for number in range(24):
        write(root / "ab"[number % 2] / f"{number:02d}.jpg", scene(number))
    write(root / "a" / "blurred.jpg", cv2.GaussianBlur(scene(50), (0, 0), 4))
    write(root / "a" / "dark.jpg", (scene(51) * 0.15).astype(np.uint8))
    (root / "a" / "copy.jpg").write_bytes((root / "a" / "00.jpg").read_bytes())
    write(root / "b" / "small copy.jpg", cv2.resize(scene(3), (100, 75), interpolation=cv2.INTER_AREA), 70)
    (root / "b" / "cut.jpg").write_bytes((root / "b" / "05.jpg").read_bytes()[:1500])
    return root


@pytest.fixture
def page(qtbot, window, project_folder):
    window.perform(OpenProject(str(project_folder)))
    window.go("data")
    qtbot.waitUntil(lambda: not len(window.session.jobs), timeout=20_000)
    window.workspace.audit.start(labels=False)
    qtbot.waitUntil(lambda: not len(window.session.jobs), timeout=30_000)
    return window.current


def shown(page) -> list[str]:
    return [picture.name for picture in page.workspace.collection.rows(list(page.views.grid.ids))]


def idle(qtbot, page) -> None:
    qtbot.wait(150)
    qtbot.waitUntil(lambda: not len(page.session.jobs), timeout=20_000)


def test_findings_are_filters_with_their_reason(qtbot, page):
    counts = page.workspace.counts.findings
    assert {kind: counts.get(kind) for kind in ("exact_duplicate", "near_duplicate", "blurry", "dark", "truncated")} == {
        "exact_duplicate": 1, "near_duplicate": 1, "blurry": 1, "dark": 1, "truncated": 1}
    qtbot.mouseClick(button(page, "Blurry"), Qt.MouseButton.LeftButton)
    assert shown(page) == ["blurred.jpg"]
    page.views.grid.select_ids(list(page.views.grid.ids))
    findings = page.workspace.collection.findings_of("a/blurred.jpg")
    assert "0." in findings[0].text.en
    assert "nitidez" in findings[0].text.es
    qtbot.mouseClick(button(page, "Blurry"), Qt.MouseButton.LeftButton)
    assert len(shown(page)) == 29


def test_remedies_are_one_step_to_undo(page):
    session = page.session
    workspace = page.workspace
    part(page, FilterBar).chosen.emit("quality", ("exact_duplicate",))
    press(part(page, KindBar), "Exclude the copies")
    assert page.workspace.counts.excluded == 1
    assert workspace.counts.findings.get("exact_duplicate", 0) == 0
    session.undo()
    assert page.workspace.counts.excluded == 0
    press(part(page, KindBar), "Mark as fine")
    assert workspace.counts.findings.get("exact_duplicate", 0) == 0
    session.undo()
    assert workspace.counts.findings["exact_duplicate"] == 1


def test_what_was_mended_is_told_no_more(page):
    session = page.session
    workspace = page.workspace
    findings = [Finding(kind="leakage", path="a/00.jpg", picture=1, others=("a/02.jpg",), text=Text("x", "x"),
                        data={"split": "train"}),
                Finding(kind="cross_class_duplicate", path="b/01.jpg", picture=1, others=("a/02.jpg",), text=Text("x", "x"),
                        data={"suggested": "a"}),
                Finding(kind="mislabeled", path="b/03.jpg", picture=1, text=Text("x", "x"), data={"suggested": "a"})]
    findings = [replace(finding, picture=page.workspace.collection.ids_of([finding.path])[0]) for finding in findings]
    ids = page.workspace.collection.ids_of(["a/00.jpg", "a/02.jpg"])
    page.workspace.decisions.assign_splits(dict(zip(ids, ("test", "train"), strict=True)))
    store(page.workspace.collection.index, findings, [finding.kind for finding in findings])
    page.workspace.counts.recount()
    for finding, remedy in zip(findings, ("move", "relabel", "relabel"), strict=True):
        assert workspace.counts.findings[finding.kind] == 1
        assert workspace.remedies.apply(remedy, [finding])
        assert finding.kind not in workspace.counts.findings
        assert not workspace.collection.findings_of_kind(finding.kind)
        session.undo()
        assert workspace.counts.findings[finding.kind] == 1


def test_keeping_twins_together_is_one_step(qtbot, page):
    session = page.session
    workspace = page.workspace
    leak = KINDS["leakage"]
    assert "keep_together" not in available_remedies(session, leak)
    session.edit(lambda project: edits.set_field(project, "dataset.splits", "keep_together", False), Text("x", "x"))
    assert "keep_together" in available_remedies(session, leak)
    assert workspace.remedies.apply("keep_together", workspace.collection.findings_of_kind("near_duplicate"))
    assert "near_duplicate" not in workspace.counts.findings
    session.undo()
    assert workspace.counts.findings["near_duplicate"] == 1
    assert not session.project.dataset.splits.keep_together
    assert str(session.undo_label) == "x"
    idle(qtbot, page)


def test_remedies_and_map_follow_a_selection_of_any_size(page, monkeypatch):
    part(page, FilterBar).chosen.emit("quality", ("exact_duplicate",))
    page.views.grid.set_ids(array("q", range(10_000)))
    page.views.grid.selection.select_all()
    on_map = []
    monkeypatch.setattr(page.views, "map", SimpleNamespace(set_selected=on_map.extend))
    page.state["view"] = "map"
    page.views.grid.selection_changed.emit()
    assert len(on_map) == 10_000
    assert "selected" in button(part(page, KindBar), "Exclude the copies").text()
    monkeypatch.undo()
    page.state["view"] = "grid"
    part(page, FilterBar).chosen.emit("quality", ("exact_duplicate",))
    page.views.grid.selection.select_only(0)
    page.views.grid.selection_changed.emit()
    press(part(page, KindBar), "Exclude the copies")
    assert page.workspace.counts.excluded == 1


def test_what_a_large_selection_has_in_common_is_of_all_of_it(qtbot, page, pictures_folder):
    for number in range(300):
        write(pictures_folder / "a" / f"more {number}.jpg", np.full((8, 8, 3), number % 255, np.uint8))
    page.workspace.scanner.scan()
    qtbot.waitUntil(lambda: page.workspace.counts.total == 329 and not len(page.session.jobs), timeout=20_000)
    page.views.grid.selection.select_all()
    page.views.grid.selection_changed.emit()
    labels = field(part(page, DataInspector), "Class")
    assert labels.currentIndex() == -1
    assert labels.placeholderText() == "Several"
    page.workspace.decisions.exclude(page.views.grid.selected_ids(), True)
    page.views.grid.selection_changed.emit()
    assert button(part(page, DataInspector), "Include again")


def test_leaks_are_counted_while_the_window_works(qtbot, page, monkeypatch):
    calls = []

    def shares(_index):
        calls.append(threading.current_thread() is threading.main_thread())
        return {"test": (1, 4)}

    monkeypatch.setattr("cnnstudio.datasets.leakage.split_shares", shares)
    page.workspace.decisions.exclude([page.views.grid.ids[0]], True)
    page.workspace.decisions.exclude([page.views.grid.ids[1]], True)
    qtbot.waitUntil(lambda: len(calls) == 2, timeout=5000)
    idle(qtbot, page)
    assert calls == [False, False]
    assert says(part(page, QualityPanel), "25.0")


def test_labelling_goes_on_with_the_next_picture(qtbot, page):
    part(page, FilterBar).chosen.emit("classes", ("a",))
    names = shown(page)
    page.views.grid.selection.select_only(3)
    page.views.opened.emit(page.views.grid.selected_ids()[0])
    qtbot.keyClick(part(page, DataViewer).view, Qt.Key.Key_2)
    assert shown(page) == names[:3] + names[4:]
    assert says(part(page, DataViewer), names[4])
    qtbot.keyClick(part(page, DataViewer).view, Qt.Key.Key_Right)
    assert says(part(page, DataViewer), names[5])
    part(page, FilterBar).chosen.emit("classes", ("b",))
    assert not page.views.grid.selected_ids()


def test_a_threshold_shows_what_it_affects_at_once(qtbot, page):
    session = page.session
    part(part(page, QualityPanel), Form).value_changed.emit("blurry", 100.0)
    idle(qtbot, page)
    assert page.state["findings"] == ("blurry",)
    assert len(shown(page)) > 20
    session.undo()
    idle(qtbot, page)
    assert shown(page) == ["blurred.jpg"]


def test_a_dragged_threshold_asks_nothing_in_the_windows_thread(qtbot, page, monkeypatch):
    calls: list[str] = []
    rows, iterate = Database.rows, Database.iterate

    def note(what: str) -> None:
        if threading.current_thread() is threading.main_thread():
            calls.append(what)

    monkeypatch.setattr(Database, "rows", lambda self, sql, *more: note(sql) or rows(self, sql, *more))
    monkeypatch.setattr(Database, "iterate", lambda self, sql, *more: note(sql) or iterate(self, sql, *more))
    thresholds = part(part(page, QualityPanel), Form)
    thresholds.value_changed.emit("blurry", 0.35)
    idle(qtbot, page)
    before = page.workspace.counts.findings.get("blurry", 0)
    assert calls
    calls.clear()
    thresholds.value_changed.emit("blurry", 10.0)
    assert not calls
    idle(qtbot, page)
    # What is found now was counted where it was judged; the grid asks for what it shows alone.
    assert page.workspace.counts.findings["blurry"] > before
    assert not [sql for sql in calls if "GROUP BY" in sql]
    assert len(shown(page)) == page.workspace.counts.findings["blurry"]


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


def test_classes_are_merged_hidden_and_moved(page):
    session = page.session
    assert page.workspace.classes.rename("b", "a")
    assert page.workspace.counts.class_names == ("a",)
    session.undo()
    assert page.workspace.counts.class_names == ("a", "b")
    page.workspace.classes.hide("b", True)
    assert page.workspace.counts.class_names == ("a",)
    assert all(picture.class_name == "a" for picture in page.workspace.collection.rows(list(page.views.grid.ids)))
    assert page.workspace.counts.color_index("a") == 0
    part(page, DataSide).filter_toggled.emit("class", "b", False)
    assert len(shown(page)) == 14
    session.undo()
    page.workspace.classes.move("b", 0)
    assert page.workspace.counts.class_names == ("b", "a")


def rename(monkeypatch, page, old, new):
    """Rename a class by the menu of its line."""
    side = part(page, DataSide)
    monkeypatch.setattr("cnnstudio.gui.pages.data.side.QInputDialog.getText", lambda *_arguments, **_more: (new, True))
    side.classes.menu_requested.emit(old, QPoint())
    menu = open_menu(side)
    next(action for action in menu.actions() if action.text().startswith("Rename…")).trigger()
    menu.close()


def test_a_filter_follows_the_name_of_its_class(page, monkeypatch):
    session = page.session
    part(page, FilterBar).chosen.emit("classes", ("a",))
    names = shown(page)
    rename(monkeypatch, page, "a", "á & c")
    assert page.state["classes"] == ("á & c",)
    assert shown(page) == names
    session.undo()
    assert "classes" not in page.state
    assert len(shown(page)) == 29
    part(page, FilterBar).chosen.emit("classes", ("a", "b"))
    rename(monkeypatch, page, "a", "b")
    assert page.state["classes"] == ("b",)
    assert len(shown(page)) == 29


def test_charts_filter(qtbot, page):
    press(page, "Charts")
    idle(qtbot, page)
    charts = part(page, DataCharts)
    charts.class_chosen.emit("b", "train")
    assert page.state["classes"] == ("b",)
    assert page.state["splits"] == ("train",)
    page.views.all_requested.emit()
    idle(qtbot, page)
    histogram = charts.histograms["side"]
    assert sum(histogram.counts) == 28
    first = next(position for position, count in enumerate(histogram.counts) if count)
    field(charts, "Longer side").chosen.emit(first, first)
    assert len(page.views.grid.ids) == histogram.counts[first]
    idle(qtbot, page)
    press(charts, "All")
    assert len(page.views.grid.ids) == 29


def test_the_large_view_zooms_and_steps(qtbot, page):
    page.views.opened.emit(page.views.grid.ids[3])
    idle(qtbot, page)
    view = part(page, DataViewer).view
    assert view.image is not None
    before = view.scale
    middle = QPointF(view.rect().center())
    view.wheelEvent(QWheelEvent(middle, view.mapToGlobal(middle), QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton,
                                Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False))
    assert view.scale > before
    positions = []
    view.pixel_hovered.connect(lambda x, y: positions.append((x, y)))
    qtbot.mouseMove(view, view.rect().center() + QPoint(3, 3))
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert page.views.grid.selection.current == 4
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert "viewing" not in page.state
    idle(qtbot, page)


def test_answers_of_a_run_are_filters(qtbot, page):
    with page.workspace.collection.index.transaction() as connection:
        connection.executemany("INSERT INTO predictions VALUES ('run', ?, 'a', ?, 0.1)", [
            (identifier, place / 29) for place, identifier in enumerate(page.views.grid.ids)])
    page.state.update(run="run", correct="wrong")
    part(page, FilterBar).chosen.emit("confidence", (0.5, None))
    assert 0 < len(page.views.grid.ids) < 15
    part(page, FilterBar).chosen.emit("sort", "confidence")
    confidences = dict(page.workspace.collection.index.rows("SELECT picture, confidence FROM predictions"))
    ordered = [confidences[identifier] for identifier in page.views.grid.ids]
    assert ordered == sorted(ordered)
    page.views.grid.selection.select_only(0)
    page.views.grid.selection_changed.emit()
    name, value = part(page, DataInspector).findChild(Facts).facts[0]
    assert (name, value[:4]) == ("Prediction", "a · ")
    idle(qtbot, page)
    assert button(page, "Sort: Confidence")
    page.views.all_requested.emit()
    assert button(page, "Sort: Name")
    idle(qtbot, page)


def test_everything_is_kept_in_the_project(qtbot, page, project_folder):
    session = page.session
    session.edit(lambda project: edits.set_field(project, "dataset.audit", "dark", 0.2), Text("x", "x"))
    idle(qtbot, page)
    assert session.save_now()
    raw = json.loads((project_folder / "project.cnnstudio").read_text("utf-8"))
    assert raw["dataset"]["audit"]["dark"] == 0.2


@pytest.mark.parametrize("leaks", [{}, {"test": (1, 4)}])
def test_the_side_panel_is_never_squeezed(qtbot, page, window, leaks):
    window.resize(1100, 520)
    page.workspace.leaks.shares = leaks
    side = part(page, DataSide)
    side.show_numbers()
    qtbot.wait(50)
    bottom = side.classes.mapTo(side, side.classes.rect().bottomLeft()).y()
    first = button(side, "Training")
    assert first.mapTo(side, first.rect().topLeft()).y() > bottom
    assert side.height() > window.height()


def test_a_share_gives_way_to_the_name(qtbot):
    line = FilterLine("Entrenamiento")
    qtbot.addWidget(line)
    line.show()
    line.show_value("140 000", on=False, share="70 %")
    for width, shown in ((260, True), (175, False), (260, True)):
        line.resize(width, 32)
        assert says(line, "· 70 %") is shown
        name, value = part(line, Elided), next(label for label in parts(line, Label) if label.text() == "140 000")
        assert name.fontMetrics().horizontalAdvance("Entrenamiento") + value.sizeHint().width() < width
    assert line.accessibleName() == "Entrenamiento: 140 000 · 70 %"


def test_a_line_break_in_a_name_stays_in_its_line(qtbot):
    def drawn(widget):
        qtbot.addWidget(widget)
        widget.resize(120, 60)
        return widget.grab().toImage()

    assert drawn(Elided("one\ntwo")) == drawn(Elided("one two"))
    lists = [ClassList() for _ in range(2)]
    for class_list, name in zip(lists, ("one\ntwo", "one two"), strict=True):
        class_list.show_classes([name], {name: 3}, (), "", ())
    assert drawn(lists[0]) == drawn(lists[1])
    choice, menu = Select([(1, "one\ntwo")], 1), MenuButton()
    menu.set_choices([(1, "one\ntwo")], 1)
    qtbot.addWidget(choice)
    qtbot.addWidget(menu)
    assert choice.currentText() == "one two"
    assert menu.text().startswith("one two")
