"""What the canvas shows and where: finding, overview, corners, drawings, and files that take the place of the network."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage

from cnnstudio.gui.pages.network.canvas.corners import ZoomBar
from cnnstudio.gui.pages.network.gallery import Gallery
from cnnstudio.gui.state.commands import SetSetting
from cnnstudio.gui.widgets.inputs import SearchBox
from tests.gui.driving import button, part

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def page(page):
    """A network with branches."""
    part(page, Gallery).template_chosen.emit("residual")
    return page


def network(page):
    return page.session.project.network


def test_finding_walks_through_what_fits(qtbot, page):
    qtbot.keyClick(page.canvas, Qt.Key.Key_F, CONTROL)
    finder = page.canvas.finder
    assert finder.isVisible()
    qtbot.keyClicks(part(finder, SearchBox), "add")
    adds = [node.id for node in network(page).nodes if node.type == "Add"]
    assert page.editor.scene.chosen_nodes() == adds[:1]
    qtbot.keyClick(part(finder, SearchBox), Qt.Key.Key_Return)
    assert page.editor.scene.chosen_nodes() == adds[1:2]
    qtbot.keyClick(part(finder, SearchBox), Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert page.editor.scene.chosen_nodes() == adds[:1]
    qtbot.keyClick(part(finder, SearchBox), Qt.Key.Key_Escape)
    assert not finder.isVisible()


def test_the_overview_shows_when_a_part_is_out_of_view_and_goes_there(qtbot, page):
    page.canvas.set_zoom(1.0)
    minimap = page.canvas.minimap
    assert minimap.isVisible()
    qtbot.mousePress(minimap, Qt.MouseButton.LeftButton, pos=QPoint(minimap.width() // 2, minimap.height() - 12))
    last = page.editor.scene.nodes["output"]
    assert page.canvas.visible_part().intersects(last.sceneBoundingRect())
    part(page, Gallery).template_chosen.emit("lenet5")
    page.canvas.set_zoom(0.4)
    page.canvas.centerOn(page.editor.scene.bounds().center())
    assert not minimap.isVisible()


def test_the_drawing_keeps_letters_and_is_light(page, tmp_path):
    page.editor.scene.choose(["relu"])
    for name in ("network.svg", "network.pdf", "network.png", "señal"):
        assert page.menu.write_drawing(tmp_path / name)
    svg = (tmp_path / "network.svg").read_text("utf-8")
    assert "BatchNormalization" in svg
    assert "#F6F6F4".lower() not in svg.lower()
    assert (tmp_path / "network.pdf").read_bytes().startswith(b"%PDF")
    image = QImage(str(tmp_path / "network.png"))
    assert image.pixelColor(2, 2).name() == "#ffffff"
    assert (tmp_path / "señal.svg").is_file()
    assert page.editor.scene.chosen_nodes() == ["relu"]
    (tmp_path / "file").write_text("x")
    assert not page.menu.write_drawing(tmp_path / "file" / "network.svg")


def test_the_menu_offers_what_fits(page):
    page.editor.scene.choose([])
    menu = page.menu.show(QPoint(100, 100), QPointF(0, 0))
    enabled = {action.text(): action.isEnabled() for action in menu.actions() if action.text()}
    assert not enabled["Cut"]
    assert enabled["Find a layer…"]
    menu.close()
    page.editor.scene.choose(["relu", "conv"])
    menu = page.menu.show(QPoint(100, 100), QPointF(0, 0))
    enabled = {action.text(): action.isEnabled() for action in menu.actions() if action.text()}
    assert enabled["Cut"]
    assert enabled["Align"]
    menu.close()


def test_a_network_file_takes_the_place_of_the_network(page, tmp_path):
    layers = [{"class_name": "InputLayer", "config": {"name": "start", "batch_shape": [None, 40, 48, 1]}},
              {"class_name": "Conv2D", "config": {"name": "look", "filters": 5, "kernel_size": [3, 3]}},
              {"class_name": "Mystery", "config": {"name": "what"}}]
    path = tmp_path / "red.json"
    path.write_text(json.dumps({"class_name": "Sequential", "config": {"layers": layers}}))
    assert page.files.open(path)
    assert [(node.id, node.type) for node in network(page).nodes] == [
        ("start", "Input"), ("look", "Conv2D"), ("what", "Mystery")]
    assert page.session.project.recipe.shape == (40, 48, 1)
    assert page.editor.scene.nodes["what"].look.severity == "error"
    before = network(page)
    path.write_text("{}")
    assert not page.files.open(path)
    assert network(page) == before


def test_an_onnx_file_is_read_beside_the_window(page, qtbot, tmp_path):
    from tests.interchange.onnx_builder import Build

    graph = Build((1, 3, 40, 48))
    maps = graph.add("Relu", graph.add("Conv", "x", graph.weight(5, 3, 3, 3), graph.weight(5), name="/look/Conv"))
    graph.add("LRN", maps, size=5)
    path = graph.save(tmp_path)
    problems = []
    page.session.problem_reported.connect(problems.append)
    assert page.take_paths([str(path)])
    assert page.session.jobs.of_kind("network_file") is not None
    qtbot.waitUntil(lambda: len(network(page).nodes) == 4 and network(page).nodes[1].id == "look", timeout=20_000)
    assert [node.type for node in network(page).nodes] == ["Input", "Conv2D", "ReLU", "LRN"]
    assert page.session.project.recipe.shape == (40, 48, 3)
    assert page.editor.scene.nodes["lrn"].look.severity == "error"
    assert [problem.code for problem in problems] == ["unknown_layers", "network_notes", "recipe_follows"]
    page.session.undo()
    before = network(page)
    path.write_bytes(b"no model")
    page.files.open(path)
    qtbot.waitUntil(lambda: len(problems) == 4, timeout=20_000)
    assert problems[-1].code == "network_damaged"
    assert network(page) is before
    assert not page.take_paths([str(tmp_path / "picture.png")])


def test_another_language_takes_the_canvas_down_in_peace(qtbot, window, page):
    part(page, Gallery).template_chosen.emit("resnet18")
    page.canvas.set_zoom(1.0)
    page.canvas.verticalScrollBar().setValue(page.canvas.verticalScrollBar().maximum())
    assert not page.canvas.minimap.isHidden()
    window.perform(SetSetting("language", "es"))
    qtbot.waitUntil(lambda: window.current is not page, timeout=5000)
    qtbot.wait(50)
    assert len(window.current.editor.scene.nodes) > 60


def covered(page, node):
    """What stands in the corners over a layer."""
    view = page.canvas
    place = view.mapFromScene(page.editor.scene.nodes[node].sceneBoundingRect()).boundingRect()
    assert view.viewport().rect().contains(place), node
    corners = (view.totals, view.minimap, part(view, ZoomBar))
    return [corner for corner in corners if corner.isVisible() and corner.geometry().intersects(place)]


@pytest.mark.parametrize("zoom", [0.6, 1.0])
def test_a_layer_that_is_shown_stands_clear_of_the_corners(page, zoom):
    page.canvas.window().resize(960, 600)
    page.canvas.set_zoom(zoom)
    for node in [*page.editor.scene.nodes, *reversed(page.editor.scene.nodes)]:
        page.canvas.reveal(node)
        assert covered(page, node) == [], node


def test_an_inserted_layer_leaves_the_first_one_clear_where_both_have_room(page):
    page.canvas.window().resize(960, 600)
    page.canvas.set_zoom(0.6)
    bar, first = page.canvas.verticalScrollBar(), page.editor.scene.nodes["input"]
    # Zooming keeps what is under the mouse, wherever that is.
    page.canvas.centerOn(first)
    # The first layer just under the totals.
    bar.setValue(bar.value() + page.canvas.mapFromScene(first.pos()).y() - page.canvas.totals.y())
    assert covered(page, "input") == [page.canvas.totals]
    page.editor.scene.choose(["input"])
    page.edit_actions.insertion.insert("ReLU")
    assert covered(page, "input") == [] and covered(page, "relu") == []


def test_layers_are_arranged_only_where_they_are_seen(page, window):
    for view, shown in (("table", False), ("canvas", True), ("code", False), ("gallery", False), ("canvas", True)):
        page.show_view(view)
        assert button(window, "Arrange").isEnabled() is shown, view
