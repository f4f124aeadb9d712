"""The map: its pixels, camera, small pictures, mouse and keyboard, and the panel around it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QPainterPath, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QApplication

from cnnstudio.gui.widgets.map import mosaic
from cnnstudio.gui.widgets.map.camera import Camera
from cnnstudio.gui.widgets.map.gestures import PAN, MapView
from cnnstudio.gui.widgets.map.raster import (
    Raster,
    mix_with_ground,
    opaque_pixels,
    pack_color,
    points_within,
    unpack_color,
)

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
