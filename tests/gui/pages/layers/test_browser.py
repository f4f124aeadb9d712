"""The layers of a trained network with one picture: list, maps, filters and units, answered by a scripted server."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage

from cnnstudio.gui.pages.layers.browser import LayerBrowser, Subject
from cnnstudio.gui.pages.layers.maps import FeatureMaps
from cnnstudio.gui.state.prediction_server import PredictionServer
from tests.gui.driving import button, says


@pytest.fixture
def files(tmp_path):
    paths = [tmp_path / name for name in ("a.png", "b.png")]
    for path in paths:
        cv2.imwrite(str(path), np.zeros((16, 16, 3), np.uint8))
    return paths


@pytest.fixture
def browser(qtbot, session, files, tmp_path, monkeypatch):
    monkeypatch.setattr(PredictionServer, "target", "tests.gui.pages.layers.children:child")
    model = tmp_path / "model.keras"
    model.write_bytes(b"a model")
    widget = LayerBrowser(session, {})
    qtbot.addWidget(widget)
    widget.resize(800, 700)
    widget.show()
    widget.set_examples(files)
    widget.show_subject(Subject((str(model), ""), files[0]))
    widget.set_image(files[0], QImage(str(files[0])))
    qtbot.waitUntil(lambda: bool(widget.list.lines) and widget.list.lines[1].strip is not None, timeout=20_000)
    qtbot.waitUntil(lambda: bool(widget.tiles.order), timeout=20_000)
    yield widget
    widget.close_threads()
    session.findChild(PredictionServer).stop()
    qtbot.waitUntil(lambda: not len(session.jobs), timeout=20_000)


def test_the_layers_are_listed_and_the_first_convolution_is_shown_with_its_strongest_unit(browser):
    assert [(line.name, line.strip is not None) for line in browser.list.lines] == [
        ("scale", False), ("conv", True), ("flatten", False)]
    assert "67% silent" in browser.list.lines[1].note
    assert browser.list.current.name == "conv"
    assert list(browser.tiles.order) == [0, 1, 2]
    assert browser.tiles.selected == 1
    assert says(browser, "Unit 1 of conv")
    assert says(browser, "Greatest value 2")


def test_another_picture_keeps_layer_and_unit(qtbot, browser, files):
    qtbot.keyClick(browser.tiles, Qt.Key.Key_End)
    assert says(browser, "Unit 2 of conv")
    browser.show_subject(Subject(browser.subject.model, files[1]))
    qtbot.keyClick(browser.tiles, Qt.Key.Key_Left)
    qtbot.waitUntil(lambda: says(browser, "Greatest value 3"), timeout=20_000)
    assert browser.list.current.name == "conv"
    assert browser.tiles.selected == 1


def test_vectors_are_maps_of_one_position_and_the_order_follows_the_strength(qtbot, browser):
    browser.list.select("flatten")
    qtbot.waitUntil(lambda: len(browser.tiles.order) == 48, timeout=20_000)
    browser._order.set_value(True)
    browser._order.chosen.emit(True)
    assert browser.tiles.order[0] == 1


def test_filters_or_why_there_are_none(qtbot, browser):
    browser.kind.set_value("filters")
    browser.kind.chosen.emit("filters")
    qtbot.waitUntil(lambda: len(browser.tiles.order) == 3 and not browser.unit.isVisible(), timeout=20_000)
    browser.list.select("flatten")
    qtbot.waitUntil(lambda: "no convolution" in browser.tiles.message, timeout=20_000)
    browser.kind.set_value("maps")
    browser.kind.chosen.emit("maps")
    qtbot.waitUntil(lambda: len(browser.tiles.order) == 48, timeout=20_000)


def test_a_click_on_the_picture_shows_what_the_position_sees(qtbot, browser):
    picture = browser.unit.picture
    qtbot.mouseClick(picture, Qt.MouseButton.LeftButton, pos=QPoint(picture.width() * 3 // 4, picture.height() // 4))
    qtbot.waitUntil(lambda: says(browser, "Position 1, 3 sees 6 × 6 pixels; 25% of its gradient"), timeout=20_000)
    button(browser, "Show its map").click()
    assert not says(browser, "Position 1, 3")


def test_exciting_pictures_and_one_made_by_gradient_ascent(qtbot, browser, files):
    button(browser, "Pictures that excite it").click()
    qtbot.waitUntil(lambda: says(browser, "Among all 2 training pictures"), timeout=20_000)
    assert [picture.path for picture in browser.unit.exciting.pictures] == [str(path) for path in files]
    button(browser, "Make one").click()
    qtbot.waitUntil(lambda: says(browser, "it now answers 7.5"), timeout=20_000)


def test_keys_walk_through_the_units_and_the_wheel_zooms(qtbot, browser):
    browser.tiles.setFocus()
    qtbot.keyClick(browser.tiles, Qt.Key.Key_End)
    assert browser.tiles.selected == 2
    qtbot.keyClick(browser.tiles, Qt.Key.Key_Left)
    assert says(browser, "Unit 1 of conv")
    rect = browser.tiles.tile_rect(0)
    qtbot.mouseClick(browser.tiles.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert says(browser, "Unit 0 of conv")
    with qtbot.waitSignal(browser.tiles.zoomed):
        browser.tiles.set_side(120)
    assert browser.tiles.tile_rect(0).width() == 120
    assert QPointF(rect.center()) != QPointF(browser.tiles.tile_rect(0).center())


def test_maps_in_their_own_range_or_in_that_of_the_layer():
    maps = FeatureMaps.of(np.stack([np.linspace(0, 1, 4).reshape(2, 2), np.linspace(0, 10, 4).reshape(2, 2)], axis=-1))
    alone, alike = maps.tiles(alike=False), maps.tiles(alike=True)
    assert np.array_equal(alone[0], alone[1])
    assert not np.array_equal(alike[0], alike[1])
    assert np.array_equal(alike[1], alone[1])
    assert maps.order(strongest=True) == [1, 0]
    broken = FeatureMaps.of(np.array([np.nan, 1.0, np.inf]))
    assert broken.tiles(alike=False).shape == (3, 1, 1, 3)
    assert broken.order(strongest=True)[-1] == 0


def test_the_slider_shows_the_size_of_the_maps_from_the_start(browser):
    assert browser._size.value() == 72
    assert browser.tiles.tile_rect(0).width() == 72


def test_nothing_of_another_model_stays_while_its_own_is_loaded(qtbot, browser, files, tmp_path):
    assert browser.tiles.order
    other = tmp_path / "other.keras"
    other.write_bytes(b"another model")
    browser.show_subject(Subject((str(other), ""), files[0]))
    browser._order.set_value(True)
    browser._order.chosen.emit(True)
    assert browser.tiles.message == "Loading the model…"
    assert not browser.unit.isVisible()
    assert not says(browser, "Conv2D")
    qtbot.waitUntil(lambda: bool(browser.tiles.order), timeout=20_000)


def test_a_click_on_the_picture_asks_nothing_of_a_layer_without_positions(qtbot, browser):
    browser.list.select("flatten")
    qtbot.waitUntil(lambda: len(browser.tiles.order) == 48, timeout=20_000)
    browser.unit.picture.pointed.emit(0.5, 0.5)
    assert not browser.unit._field.busy
    assert says(browser, "flatten has no positions")


def test_the_values_of_a_vector_are_compared_with_each_other_and_lie_on_no_part_of_the_picture(qtbot, browser):
    tiles = FeatureMaps.of(np.array((0.0, 1.0, 2.0), np.float32)).tiles(alike=False)
    assert len({tuple(tile[0, 0].tolist()) for tile in tiles}) == 3
    browser.list.select("flatten")
    qtbot.waitUntil(lambda: len(browser.tiles.order) == 48, timeout=20_000)
    assert says(browser, "Answers 2")
    assert not says(browser, "silent at")
