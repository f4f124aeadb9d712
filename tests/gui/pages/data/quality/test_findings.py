"""The Data page's audit: findings are filters with remedies, thresholds act at once, everything can be undone."""

from __future__ import annotations

import json
import threading
from array import array
from types import SimpleNamespace

import numpy as np
import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent

from cnnstudio.catalog.findings import KINDS
from cnnstudio.core import edits
from cnnstudio.core.text import Text
from cnnstudio.datasets.database import Database
from cnnstudio.datasets.findings import Finding, store
from cnnstudio.gui.pages.data.filters import FilterBar
from cnnstudio.gui.pages.data.findings import KindBar, available_remedies
from cnnstudio.gui.pages.data.inspector import DataInspector
from cnnstudio.gui.pages.data.quality import QualityPanel
from cnnstudio.gui.pages.data.side import DataSide
from cnnstudio.gui.pages.picture_viewer import PictureViewer
from cnnstudio.gui.widgets.basics import Elided, Label, MenuButton
from cnnstudio.gui.widgets.cards import Facts, FilterLine
from cnnstudio.gui.widgets.class_list import ClassList
from cnnstudio.gui.widgets.form import Form
from cnnstudio.gui.widgets.inputs import Select
from tests.gui.driving import button, field, part, parts, press, says
from tests.gui.pages.data.quality.painted import idle, shown, write


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
    qtbot.keyClick(part(page, PictureViewer).view, Qt.Key.Key_2)
    assert shown(page) == names[:3] + names[4:]
    assert says(part(page, PictureViewer), names[4])
    qtbot.keyClick(part(page, PictureViewer).view, Qt.Key.Key_Right)
    assert says(part(page, PictureViewer), names[5])
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


def test_the_large_view_zooms_and_steps(qtbot, page):
    page.views.opened.emit(page.views.grid.ids[3])
    idle(qtbot, page)
    view = part(page, PictureViewer).view
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
    for width, has_share in ((260, True), (175, False), (260, True)):
        line.resize(width, 32)
        assert says(line, "· 70 %") is has_share
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
