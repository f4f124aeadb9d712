"""The map: its pixels, camera, small pictures, mouse and keyboard, and the panel around it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QPainterPath, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QApplication

from cnnstudio.core.events import Failed, Finished, Stopped
from cnnstudio.core.problems import error
from cnnstudio.core.text import Text
from cnnstudio.datasets.embedding import BUNDLED, Embedding, write_embedding
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.data.map import mosaic
from cnnstudio.gui.pages.data.map.camera import Camera
from cnnstudio.gui.pages.data.map.gestures import PAN, MapView
from cnnstudio.gui.pages.data.map.legend import Legend
from cnnstudio.gui.pages.data.map.panel import MapPanel
from cnnstudio.gui.pages.data.map.raster import (
    Raster,
    mix_with_ground,
    opaque_pixels,
    pack_color,
    points_within,
    unpack_color,
)
from cnnstudio.gui.pages.data.map.working_bar import WorkingBar
from cnnstudio.gui.state.audit import EMBED
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.state.jobs import ChildJob
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.cards import Banner
from cnnstudio.workers.embedding_jobs import embedding_target
from tests.gui.driving import button, choose, part, parts, press, says
from tests.gui.shots import settle

RED, WHITE = QColor(200, 30, 40), QColor(255, 255, 255)
NONE = Qt.KeyboardModifier.NoModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


# Pixels --------------------------------------------------------------------------------------------


def test_dots_lie_where_they_belong_and_later_ones_cover_earlier():
    raster = Raster(40, 30)
    raster.clear(pack_color(WHITE))
    x, y = np.asarray([10.2, 10.4, 39.9], np.float32), np.asarray([5.7, 5.5, 29.9], np.float32)
    blue = QColor(0, 0, 255)
    raster.dots(x, y, np.asarray([pack_color(RED), pack_color(blue), pack_color(RED)], np.uint32), 2.0)
    image = raster.image()
    assert (image.width(), image.height()) == (40, 30)
    assert image.pixelColor(10, 5) == blue
    assert image.pixelColor(39, 29) == RED
    assert image.pixelColor(12, 5) == blue
    assert image.pixelColor(16, 5) == WHITE
    assert 100 < image.pixelColor(12, 6).red() < 155
    raster.clear(pack_color(WHITE))
    assert raster.image().pixelColor(10, 5) == WHITE


def test_dots_outside_are_left_out_and_those_at_the_edge_drawn_in_part():
    raster = Raster(20, 20)
    raster.clear(pack_color(WHITE))
    x, y = np.asarray([-3, -50, 10, 23], np.float32), np.asarray([10, 10, 900, 23], np.float32)
    rows = raster.inside(x, y)
    assert rows.tolist() == [0, 3]
    raster.dots(x[rows], y[rows], pack_color(RED), 4.0)
    assert raster.image().pixelColor(0, 10) == RED
    assert raster.image().pixelColor(15, 15) == WHITE


def test_colours_survive_packing():
    colors = np.asarray([[10, 200, 30, 255], [255, 0, 128, 128], [1, 2, 3, 0]], np.uint8)
    values = opaque_pixels(colors, pack_color(WHITE))
    assert values[0] == pack_color(QColor(10, 200, 30))
    assert unpack_color(int(values[1])) == QColor(255, 127, 191)
    assert unpack_color(int(values[2])) == WHITE
    half = unpack_color(int(mix_with_ground(values, pack_color(WHITE), 0.5)[0]))
    assert (half.red(), half.green(), half.blue()) == (132, 227, 142)
    assert unpack_color(int(mix_with_ground(values, 0, 1.0)[0])) == QColor(10, 200, 30)


def test_a_lasso_is_looked_up_however_many_corners_it_has():
    path = QPainterPath()
    path.addEllipse(QPointF(50, 50), 30, 30)
    x, y = np.asarray([50, 50, 75, 95, -5], np.float32), np.asarray([50, 85, 50, 50, 50], np.float32)
    assert points_within(path, 100, 100, x, y).tolist() == [0, 2]


# Camera --------------------------------------------------------------------------------------------


def test_zoom_keeps_what_is_under_the_pointer_and_nobody_gets_lost():
    rng = np.random.default_rng(0)
    position = rng.uniform(-1, 1, (200, 2)).astype(np.float32)
    camera = Camera()
    camera.measure(position)
    camera.resize(640, 480)
    camera.fit()
    x, y = camera.to_screen(position)
    assert x.min() >= 0 <= y.min()
    assert x.max() <= 640
    assert y.max() <= 480
    row = 17
    for factor in (2.0, 3.0, 0.4, 1.7):
        before = x[row], y[row]
        camera.zoom_by(factor, *map(float, before))
        x, y = camera.to_screen(position)
        assert (x[row], y[row]) == pytest.approx(before, abs=0.5)
    camera.zoom_by(1e9, 0, 0)
    assert camera.zoom == camera.most
    camera.pan_by(1e9, -1e9)
    assert -1.01 <= camera.x <= 1.01
    camera.zoom_by(1e-9, 0, 0)
    assert camera.zoom == 0.5


@pytest.mark.parametrize("position", [np.zeros((0, 2)), np.zeros((5, 2)), np.asarray([[3.0, 4.0]])])
def test_maps_of_one_spot_or_none_can_be_shown(position):
    camera = Camera()
    camera.measure(position.astype(np.float32))
    camera.resize(300, 200)
    camera.fit()
    x, y = camera.to_screen(position.astype(np.float32))
    assert np.isfinite(x).all()
    assert not len(x) or (x[0], y[0]) == pytest.approx((150, 100), abs=1)


def test_small_pictures_never_lie_over_each_other():
    rng = np.random.default_rng(1)
    x, y = (rng.uniform(0, 500, 600).astype(np.float32) for _ in range(2))
    order = rng.permutation(600)
    chosen = mosaic.place_thumbnails(x, y, order, 40)
    assert chosen[0] == order[0]
    for place, row in enumerate(chosen):
        for other in chosen[:place]:
            assert abs(x[row] - x[other]) >= 40 or abs(y[row] - y[other]) >= 40
    assert mosaic.thumbnail_side(800, 600, mosaic.CROWD + 1) == 0
    assert mosaic.thumbnail_side(800, 600, 900) == mosaic.SIZES[0]
    assert mosaic.thumbnail_side(800, 600, 4) == mosaic.SIZES[-1]


# The view ------------------------------------------------------------------------------------------


@pytest.fixture
def view(qtbot) -> Iterator[MapView]:
    map_view = MapView()
    map_view.resize(400, 300)
    grid = np.asarray([(x, y) for y in (-1, 0, 1) for x in (-1, 0, 1)], np.float32)
    map_view.set_points(grid, range(100, 109), np.tile(np.asarray([[200, 30, 40, 255]], np.uint8), (9, 1)))
    map_view.show()
    qtbot.waitExposed(map_view)
    map_view.grab()
    yield map_view
    map_view.close_threads()
    map_view.deleteLater()
    QCoreApplication.sendPostedEvents(map_view, QEvent.Type.DeferredDelete)


def chosen(view: MapView) -> list[list[int]]:
    selections: list[list[int]] = []
    view.selection_changed.connect(selections.append)
    return selections


def drag(view: MapView, points: list[QPoint], modifier=NONE, button=Qt.MouseButton.LeftButton) -> None:
    from PySide6.QtGui import QMouseEvent

    def send(kind, point, held):
        QApplication.sendEvent(view, QMouseEvent(kind, QPointF(point), view.mapToGlobal(QPointF(point)),
                                                 button if kind != QEvent.Type.MouseMove else Qt.MouseButton.NoButton,
                                                 held, modifier))

    send(QEvent.Type.MouseButtonPress, points[0], button)
    for point in points[1:]:
        send(QEvent.Type.MouseMove, point, button)
    send(QEvent.Type.MouseButtonRelease, points[-1], Qt.MouseButton.NoButton)


def around(view: MapView, row: int, reach: int = 20) -> list[QPoint]:
    middle = view.point_of(row).toPoint()
    return [middle + QPoint(reach * right, reach * down) for right, down in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))]


def test_click_selects_one_and_with_control_more(qtbot, view):
    selections = chosen(view)
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.point_of(4).toPoint())
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, CONTROL, view.point_of(0).toPoint())
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, CONTROL, view.point_of(4).toPoint())
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(view.width() // 2 + 40, 20))
    assert selections == [[104], [100, 104], [100], []]


def test_lasso_adds_with_control_and_takes_away_with_alt(view):
    selections = chosen(view)
    drag(view, around(view, 3))
    drag(view, around(view, 5), CONTROL)
    drag(view, around(view, 3), Qt.KeyboardModifier.AltModifier)
    assert selections == [[103], [103, 105], [105]]
    left, right = view.point_of(0).toPoint() - QPoint(10, 10), view.point_of(4).toPoint() + QPoint(10, 10)
    drag(view, [left, left + QPoint(30, 30), right], Qt.KeyboardModifier.ShiftModifier)
    assert selections[-1] == [100, 101, 103, 104]


def test_dimmed_pictures_cannot_be_selected(qtbot, view):
    selections = chosen(view)
    view.show_filtered([100, 104, 555])
    view.select_all()
    assert selections == [[100, 104]]
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.point_of(8).toPoint())
    assert selections[-1] == []
    view.show_filtered(None)
    view.select_all()
    assert len(selections[-1]) == 9


def test_selection_is_kept_by_id_when_the_points_change(view):
    selections = chosen(view)
    view.set_selected([101, 108, 999])
    assert view.selected_ids() == [101, 108]
    view.set_points(np.asarray([[0, 0], [1, 1]], np.float32), [108, 300], np.zeros((2, 4), np.uint8))
    assert view.selected_ids() == [108]
    assert selections == []


def test_keyboard_moves_zooms_steps_and_opens(qtbot, view):
    selections, opened = chosen(view), []
    view.opened.connect(opened.append)
    view.setFocus()
    zoom = view.camera.zoom
    qtbot.keyClick(view, Qt.Key.Key_Plus)
    assert view.camera.zoom > zoom
    x = view.camera.x
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.camera.x > x
    qtbot.keyClick(view, Qt.Key.Key_Home)
    assert view.camera.zoom == 1.0
    view.grab()
    qtbot.keyClick(view, Qt.Key.Key_Right, CONTROL)
    assert selections == [[104]]
    view.grab()
    qtbot.keyClick(view, Qt.Key.Key_Right, CONTROL)
    qtbot.keyClick(view, Qt.Key.Key_Down, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    assert selections[1:] == [[105], [105, 108]]
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert opened == [108]
    keys: list[object] = []
    view.label_key.connect(keys.append)
    view.exclude_key.connect(lambda: keys.append("exclude"))
    qtbot.keyClick(view, Qt.Key.Key_3)
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert keys == ["3", "exclude"]
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert selections[-1] == []
    qtbot.keyClick(view, Qt.Key.Key_A, CONTROL)
    assert len(selections[-1]) == 9


def test_wheel_zooms_at_the_pointer_and_drags_pan(view):
    at = view.point_of(2)
    wheel = QWheelEvent(at, view.mapToGlobal(at), QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton, NONE,
                        Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(view, wheel)
    assert view.camera.zoom > 1.2
    moved = view.point_of(2) - at
    assert abs(moved.x()) + abs(moved.y()) < 1
    selections = chosen(view)
    view.fit()
    view.zoom_by(3)
    for pressed, tool in ((Qt.MouseButton.MiddleButton, "lasso"), (Qt.MouseButton.LeftButton, PAN)):
        view.set_tool(tool)
        before = view.point_of(4)
        drag(view, [QPoint(100, 100), QPoint(120, 110), QPoint(150, 130)], button=pressed)
        after = view.point_of(4)
        assert (after - before) == QPointF(50, 30) or (round((after - before).x()), round((after - before).y())) == (50, 30)
    assert selections == []


def test_right_click_asks_for_the_menu_of_the_selection(qtbot, view):
    selections, requests = chosen(view), []
    view.menu_requested.connect(requests.append)
    qtbot.mouseClick(view, Qt.MouseButton.RightButton, pos=QPoint(view.width() // 2 + 40, 20))
    assert not requests
    qtbot.mouseClick(view, Qt.MouseButton.RightButton, pos=view.point_of(7).toPoint())
    assert selections == [[107]]
    assert len(requests) == 1


def test_the_menu_key_asks_for_the_menu_of_the_selection(view):
    requests = []
    view.menu_requested.connect(requests.append)
    key = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(3, 3), QPoint(3, 3))
    QApplication.sendEvent(view, key)
    assert not requests
    view.set_selected(view.ids[:2].tolist())
    QApplication.sendEvent(view, key)
    assert len(requests) == 1


def test_what_is_drawn_has_the_colours(view):
    def at(row: int) -> QColor:
        return view.grab().toImage().pixelColor(view.point_of(row).toPoint())

    view.clearFocus()
    assert at(4) == QColor(200, 30, 40)
    view.set_selected([100])
    assert at(4) != QColor(200, 30, 40)
    assert at(0) == QColor(200, 30, 40)
    view.set_selected([])
    many = np.random.default_rng(0).uniform(-1, 1, (5000, 2)).astype(np.float32)
    many[0] = (0, 0)
    colors = np.tile(np.asarray([[0, 90, 180, 255]], np.uint8), (5000, 1))
    colors[0] = (250, 10, 10, 255)
    top = np.zeros(5000, np.bool_)
    top[0] = True
    view.set_points(many, range(5000), colors, top)
    assert at(0) == QColor(250, 10, 10)
    assert view.grab().toImage().pixelColor(3, 3) != QColor(0, 90, 180)


def test_an_empty_map_and_strange_outlines_do_no_harm(view):
    view.select_within(QPolygonF())
    view.set_points(np.empty((0, 2), np.float32), [], np.empty((0, 4), np.uint8))
    view.grab()
    view.select_all()
    view.select_within(QPolygonF([QPointF(-5, -5), QPointF(9999, 4), QPointF(2, 9999)]))
    assert view.row_at(QPointF(4, 4)) == -1


# The panel -----------------------------------------------------------------------------------------


def embedding_of(workspace: Workspace, **changes: object) -> Embedding:
    """A map of the project's pictures: cats at the left, dogs at the right, one of them doubtful."""
    index = workspace.collection.index
    assert index is not None
    pictures = index.pictures(list(index.ids()))
    n = len(pictures)
    position = np.asarray([(-0.5 if picture.class_name == "cat" else 0.5, place / n - 0.5)
                           for place, picture in enumerate(pictures)], np.float32)
    values: dict = {
        "model": BUNDLED, "layout": "tsne", "paths": tuple(picture.path for picture in pictures),
        "hashes": tuple(picture.hash or "" for picture in pictures), "position": position, "outlier": np.zeros(n, np.float32),
        "neighbours": np.full((n, 3), -1, np.int32), "label_quality": np.ones(n, np.float32),
        "mislabeled": np.arange(n) == 0, "classes": ("cat", "dog"),
        "suggested": tuple("dog" if place == 0 else picture.class_name for place, picture in enumerate(pictures))} | changes
    return Embedding(**values)


@pytest.fixture
def opened(qapp, workspace: Workspace, project_folder: Path) -> Workspace:
    assert workspace.session.open(project_folder)
    settle(qapp, workspace.session)
    return workspace


@pytest.fixture
def panel(qapp, opened: Workspace) -> Iterator[MapPanel]:
    write_embedding(embedding_target(opened.session.folder), embedding_of(opened))
    yield from make_panel(qapp, opened)


def make_panel(qapp, workspace: Workspace) -> Iterator[MapPanel]:
    session = workspace.session
    map_panel = MapPanel(workspace)
    map_panel.resize(800, 600)
    map_panel.show()
    settle(qapp, session)
    yield map_panel
    settle(qapp, session, 0.05)
    map_panel.close_threads()
    map_panel.close()
    map_panel.deleteLater()
    QCoreApplication.sendPostedEvents(map_panel, QEvent.Type.DeferredDelete)


@pytest.fixture
def bare(qapp, opened: Workspace) -> Iterator[MapPanel]:
    """A panel of a project without a map."""
    yield from make_panel(qapp, opened)


def entries(panel: MapPanel) -> list[tuple[str, int]]:
    return [(entry.label, len(entry.rows)) for entry in panel.entries]


def test_without_a_map_there_is_one_button(bare, opened, monkeypatch):
    requests = []
    monkeypatch.setattr(type(opened.audit), "embed", lambda _self, *arguments: requests.append(arguments))
    assert bare.embedding is None
    press(bare, "Compute the map")
    assert requests == [(BUNDLED, "tsne")]


def test_a_map_is_shown_coloured_and_told(panel):
    assert panel.embedding is not None
    assert len(panel.view.ids) == 40
    assert entries(panel) == [("cat", 20), ("dog", 20)]
    assert not says(panel, "since this map")
    choose(button(panel, "Colour: "), "Right or wrong")
    assert entries(panel) == [("Right", 39), ("Wrong", 1)]
    assert says(panel, "linear classifier")
    choose(button(panel, "Colour: "), "Prediction")
    assert entries(panel) == [("cat", 19), ("dog", 21)]
    choose(button(panel, "Colour: "), "Split")
    assert sum(number for _label, number in entries(panel)) == 40
    choose(button(panel, "Colour: "), "Finding")
    assert entries(panel) == [("No finding", 40)]
    assert not says(panel, "classifier")


def test_selection_goes_both_ways(panel):
    selections: list[list[int]] = []
    panel.selection_changed.connect(selections.append)
    first = panel.view.ids[:3].tolist()
    panel.set_selected(first)
    assert panel.view.selected_ids() == first
    assert selections == []
    part(panel, Legend).chosen.emit(1, False)
    assert len(selections[-1]) == 20
    part(panel, Legend).chosen.emit(0, True)
    assert len(selections[-1]) == 40
    part(panel, Legend).chosen.emit(0, False)
    part(panel, Legend).chosen.emit(0, False)
    assert selections[-1] == []
    panel.show_filtered(first)
    part(panel, Legend).chosen.emit(0, False)
    assert set(selections[-1]) <= set(first)


def test_an_embedding_that_was_there_before_the_audit_is_judged(qapp, opened, monkeypatch):
    found = embedding_of(opened, label_quality=np.zeros(40, np.float32))
    write_embedding(embedding_target(opened.session.folder), found)
    assert opened.judge.embedding is not None
    assert not opened.counts.findings.get("mislabeled")
    monkeypatch.setattr(Child, "result", Finished())
    monkeypatch.setattr("cnnstudio.gui.state.audit.ChildJob", Child)
    started[0] = True
    opened.audit.embed()
    settle(qapp, opened.session)
    assert opened.counts.findings["mislabeled"] == 1


def test_a_relabel_is_seen_at_once_and_the_view_stays(qapp, panel, opened):
    session = opened.session
    panel.view.zoom_by(2)
    zoom = panel.view.camera.zoom
    session.changed.connect(panel.refresh)
    opened.decisions.relabel(panel.view.ids[:2].tolist(), "dog")
    settle(qapp, session)
    assert entries(panel) == [("cat", 18), ("dog", 22)]
    assert panel.view.camera.zoom == zoom
    session.undo()
    settle(qapp, session)
    assert entries(panel) == [("cat", 20), ("dog", 20)]


def test_findings_and_answers_of_a_run_colour_the_map(qapp, panel, opened):
    from cnnstudio.datasets.findings import Finding, store

    session, ids = opened.session, panel.view.ids.tolist()
    index = opened.collection.index
    pictures = index.pictures(ids)
    store(index, [Finding(kind="dark", path=pictures[0].path, picture=ids[0], text=Text("a", "b")),
                  Finding(kind="truncated", path=pictures[0].path, picture=ids[0], severity="error", text=Text("a", "b")),
                  Finding(kind="dark", path=pictures[1].path, picture=ids[1], text=Text("a", "b"))],
          ("dark", "truncated"))
    with index.transaction() as connection:
        connection.executemany("INSERT INTO predictions (run, picture, predicted, confidence, loss)"
                               " VALUES ('r1', ?, 'cat', 0.5, 1.0)", [(identifier,) for identifier in ids])
    choose(button(panel, "Colour: "), "Finding")
    panel.refresh(Change(frozenset({"pictures"})))
    settle(qapp, session)
    assert entries(panel) == [("Truncated", 1), ("Dark", 1), ("No finding", 38)]
    choose(button(panel, "Colour: "), "Prediction")
    assert entries(panel) == [("cat", 40)]
    assert says(panel, "r1")


def test_pictures_that_came_since_are_told(qapp, panel, opened, pictures_folder):
    from PySide6.QtGui import QImage

    image = QImage(30, 30, QImage.Format.Format_RGB32)
    image.fill(theme.color("accent"))
    image.save(str(pictures_folder / "cat" / "new.png"))
    opened.session.changed.connect(panel.refresh)
    opened.scanner.scan()
    settle(qapp, opened.session, 0.8)
    assert says(panel, "1 picture")
    assert len(panel.view.ids) == 40


def test_a_damaged_map_is_no_map(qapp, opened):
    target = embedding_target(opened.session.folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(b"PK\x03\x04 nonsense")
    for empty_panel in make_panel(qapp, opened):
        assert empty_panel.embedding is None
        assert button(empty_panel, "Compute the map")


class Child(ChildJob):
    """A child job that ends with `result`, without a child."""

    result = Failed(problem=error("no_pictures", Text("Nothing there.", "Nada."), "dataset"))

    def __init__(self, job, label, kind, *, page="") -> None:
        super().__init__(job, label, kind, page=page)
        self.request = job

    def _work(self) -> None:
        import time

        for _ in range(1000):
            if self.cancelling:
                self._over.emit(Stopped(kept=False))
                return
            if started[0]:
                self._over.emit(self.result)
                return
            time.sleep(0.01)

    def cancel(self, keep: bool = True) -> None:
        self.cancelling = True


started = [False]


def test_computing_shows_its_progress_can_be_cancelled_and_shows_its_problem(qapp, bare, opened, monkeypatch):
    from cnnstudio.gui.state import audit as module

    started[0] = False
    monkeypatch.setattr(module, "ChildJob", Child)
    session = opened.session
    choose(button(bare, "t-SNE", hidden=True), "PCA")
    settle(qapp, session)
    bare.compute()
    settle(qapp, None, 0.3)
    job = session.jobs.of_kind(EMBED)
    assert isinstance(job, Child)
    assert job.request.layout == "pca"
    assert not button(bare, "Compute the map").isEnabled()
    press(part(bare, WorkingBar), "Cancel")
    settle(qapp, session)
    assert session.jobs.of_kind(EMBED) is None
    assert not parts(bare, WorkingBar)
    assert not parts(bare, Banner)
    problems = []
    session.problem_reported.connect(problems.append)
    started[0] = True
    bare.compute()
    settle(qapp, session)
    assert [problem.code for problem in problems] == ["no_pictures"]
    assert not parts(bare, Banner), "nothing is shown twice"
    assert button(bare, "Compute the map").isEnabled()
