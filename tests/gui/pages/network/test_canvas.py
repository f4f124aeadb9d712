"""The canvas with mouse and keyboard: blocks, notes, clipboard, typing, moving, connecting."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QListWidget

from cnnstudio.core import edits
from cnnstudio.core.layout import HEIGHT, WIDTH
from cnnstudio.gui.pages.network.canvas.display import CARD
from cnnstudio.gui.pages.network.gallery import Gallery
from cnnstudio.gui.pages.network.views import LayerTable
from cnnstudio.gui.widgets.command_palette import CommandPalette
from cnnstudio.gui.widgets.inputs import SearchBox
from tests.gui.driving import field, part

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def page(page):
    """A network with branches."""
    part(page, Gallery).template_chosen.emit("residual")
    return page


def network(page):
    return page.session.project.network


def block(page):
    """The layers of the first residual block, which one layer feeds and whose last ReLU is its answer."""
    ids = [node.id for node in network(page).nodes]
    return ids[ids.index("conv_2"):ids.index("relu_3") + 1]


def repeat(page, group, times):
    """Set in the inspector how often the chosen block stands in a row."""
    box = field(page, "Repetitions in a row")
    box.value_changed.emit(times)
    assert next(entry for entry in network(page).groups if entry.id == group.id).repeat == times


def at(page, item, offset=None):
    page.canvas.centerOn(place := item.pos() + (offset if offset is not None else QPointF(WIDTH / 2, HEIGHT / 2)))
    return page.canvas.mapFromScene(place)


def test_a_repetition_in_the_table_chooses_the_layer_that_it_repeats(qtbot, page):
    members = block(page)
    page.editor.scene.choose(members)
    qtbot.keyClick(page.canvas, Qt.Key.Key_G, CONTROL)
    repeat(page, network(page).groups[0], 2)
    page.show_view("table")
    table = part(page, LayerTable).table
    names = [table.model().index(row, 1).data() for row in range(table.model().rowCount())]
    where = table.visualRect(table.model().index(names.index(f"{members[0]}_r2"), 1)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert page.editor.scene.chosen_nodes() == [members[0]]


def test_a_block_is_grouped_repeated_collapsed_and_taken_apart_by_keys(qtbot, page):
    members, before = block(page), page.editor.report.parameters
    page.editor.scene.choose(members)
    qtbot.keyClick(page.canvas, Qt.Key.Key_G, CONTROL)
    (group,) = network(page).groups
    assert set(group.nodes) == set(members)
    assert page.edit_actions.grouping.chosen_group() == group
    frame = page.editor.scene.frames[group.id].sceneBoundingRect()
    others = [item for name, item in page.editor.scene.nodes.items() if name not in members]
    assert not any(frame.intersects(QRectF(item.x(), item.y(), WIDTH, HEIGHT)) for item in others)
    repeat(page, group, 3)
    inside = sum(page.editor.report.nodes[node].cost.parameters for node in members)
    assert page.editor.report.problems == ()
    assert page.editor.report.parameters == before + 2 * inside
    qtbot.keyClick(page.canvas, Qt.Key.Key_E, CONTROL)
    card = page.editor.scene.nodes[CARD + group.id]
    assert card.look.title.endswith("× 3")
    assert card.look.stack == 3
    assert not set(members) & set(page.editor.scene.nodes)
    assert set(page.editor.scene.chosen_nodes()) == set(members)
    page.canvas.fit()
    # A double click opens it again.
    qtbot.mouseDClick(page.canvas.viewport(), Qt.MouseButton.LeftButton, pos=at(page, card))
    assert not network(page).groups[0].collapsed
    assert set(members) <= set(page.editor.scene.nodes)
    inside = page.editor.scene.nodes[members[0]].sceneBoundingRect().center()
    assert page.editor.scene.frames[group.id].sceneBoundingRect().contains(inside)
    page.editor.scene.choose(members)
    qtbot.keyClick(page.canvas, Qt.Key.Key_G, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    assert network(page).groups == ()
    assert page.editor.scene.frames == {}
    assert page.editor.report.parameters == before
    for _ in range(4):
        page.session.undo()
    assert network(page).groups == (group,)


def test_connections_to_and_from_a_card_reach_its_layers(page):
    members = block(page)
    page.editor.scene.choose(members)
    page.edit_actions.grouping.group()
    page.edit_actions.grouping.toggle()
    card = CARD + network(page).groups[0].id
    page.edit_actions.insertion.insert("ReLU", None, (600.0, 0.0))
    (new,) = page.editor.scene.chosen_nodes()
    page.edit_actions.arrangement.connect_layers("input", new)
    page.edit_actions.arrangement.connect_layers(new, card)
    entering = {edge.target for edge in network(page).edges if edge.source == new}
    assert entering == {"conv_2", "add"}
    assert all(edge.source != "relu" for edge in network(page).edges if edge.target in entering)
    page.edit_actions.insertion.insert("Flatten", None, (600.0, 200.0))
    (flat,) = page.editor.scene.chosen_nodes()
    page.edit_actions.arrangement.connect_layers(card, flat)
    assert network(page).inputs_of(flat) == ("relu_3",)


def test_copies_go_to_another_network_with_their_block(page):
    page.editor.scene.choose(block(page))
    page.edit_actions.grouping.group()
    page.edit_actions.clipboard.copy()
    part(page, Gallery).template_chosen.emit("lenet5")
    before = len(network(page).nodes)
    page.canvas.setFocus()
    page.edit_actions.do("paste")
    assert len(network(page).nodes) == before + len(block_types(page))
    assert [group.name for group in network(page).groups] == ["Block 1"]
    seen = page.canvas.visible_part()
    assert any(seen.contains(item.sceneBoundingRect()) for item in page.editor.scene.chosen_items())
    page.edit_actions.do("cut")
    assert len(network(page).nodes) == before
    QGuiApplication.clipboard().setText("no network")
    page.edit_actions.do("paste")
    assert len(network(page).nodes) == before
    QGuiApplication.clipboard().setText('{"nodes": [{"id": "a", "type": "ReLU"}, {"id": "a", "type": "ReLU"}]}')
    page.edit_actions.do("paste")
    assert len(network(page).nodes) == before


def block_types(page):
    return [node for group in network(page).groups for node in group.nodes]


def test_typing_a_name_inserts_a_layer_or_a_block(qtbot, page):
    page.editor.scene.choose(["relu"])
    qtbot.keyClick(page.canvas, Qt.Key.Key_D)
    palette = page.canvas.findChild(CommandPalette)
    qtbot.keyClicks(part(palette, SearchBox), "ropout")
    assert part(palette, SearchBox).text().lower() == "dropout"
    qtbot.keyClick(part(palette, SearchBox), Qt.Key.Key_Return)
    (new,) = page.editor.scene.chosen_nodes()
    assert network(page).node(new).type == "Dropout"
    assert network(page).inputs_of(new) == ("relu",)
    # The layer stands before everything that followed, on both ways of the skip.
    assert network(page).inputs_of("conv_2") == network(page).inputs_of("add")[1:] == (new,)
    palette = page.edit_actions.insertion.ask_layer(page.canvas, "squeeze")
    offered = palette.findChild(QListWidget)
    assert offered.count() >= 1
    qtbot.keyClick(part(palette, SearchBox), Qt.Key.Key_Return)
    (group,) = network(page).groups
    assert group.name == "Squeeze and excitation"
    assert page.editor.report.problems == ()


def test_notes_are_written_moved_and_removed(qtbot, page):
    page.edit_actions.add_note(QPointF(400, 40))
    note = page.editor.scene.notes["note"]
    assert note.is_editing
    note.setPlainText("Why the skip?")
    note.clearFocus()
    assert network(page).notes[0].text == "Why the skip?"
    page.editor.scene.moved.emit({"note": (10.0, 20.0)})
    assert network(page).notes[0].position == (10.0, 20.0)
    assert note.pos() == QPointF(10, 20)
    page.editor.scene.clearSelection()
    note.setSelected(True)
    qtbot.keyClick(page.canvas, Qt.Key.Key_Delete)
    assert network(page).notes == ()
    assert page.editor.scene.notes == {}


def test_after_a_layer_was_removed_the_arrows_go_on_from_there(qtbot, page):
    scene = page.editor.scene
    top = min(scene.nodes.values(), key=lambda item: item.y()).id
    places = {name: item.pos() for name, item in scene.nodes.items()}
    scene.choose(["relu"])
    qtbot.keyClick(page.canvas, Qt.Key.Key_Delete)
    qtbot.keyClick(page.canvas, Qt.Key.Key_Down)
    (nearest,) = scene.chosen_nodes()
    assert nearest != top
    assert nearest == min(scene.nodes, key=lambda name: (places[name] - places["relu"]).manhattanLength())


def test_layers_are_put_in_line_and_moved_by_keys(qtbot, page):
    page.editor.scene.moved.emit({"conv": (100.0, 0.0), "relu": (300.0, 200.0), "add": (0.0, 500.0)})
    page.editor.scene.choose(["conv", "relu", "add"])
    page.edit_actions.arrangement.align("center")
    assert {page.editor.scene.nodes[node].x() for node in ("conv", "relu", "add")} == {150.0}
    page.edit_actions.arrangement.distribute(down=True)
    assert page.editor.scene.nodes["relu"].y() == 250.0
    qtbot.keyClick(page.canvas, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert page.editor.scene.nodes["add"].x() == 166.0
    untouched = {name: item.pos() for name, item in page.editor.scene.nodes.items() if name not in ("conv", "relu", "add")}
    page.session.edit(lambda project: edits.set_node_param(project, "conv", "filters", 48), page.title)
    assert {name: page.editor.scene.nodes[name].pos() for name in untouched} == untouched


def test_chosen_layers_are_connected_by_a_key(qtbot, page):
    page.edit_actions.insertion.insert("ReLU", None, (600.0, 0.0))
    page.edit_actions.insertion.insert("Dropout", None, (600.0, 200.0))
    page.editor.scene.choose([node.id for node in network(page).nodes[-2:]])
    qtbot.keyClick(page.canvas, Qt.Key.Key_L, CONTROL)
    first, second = network(page).nodes[-2:]
    assert network(page).inputs_of(second.id) == (first.id,)


def test_a_pulled_connection_snaps_to_a_layer_nearby(qtbot, page):
    page.edit_actions.insertion.insert("Add", None, (400.0, 120.0))
    (new,) = page.editor.scene.chosen_nodes()
    page.editor.scene.clearSelection()
    source, target = page.editor.scene.nodes["input"], page.editor.scene.nodes[new]
    page.canvas.set_zoom(1.0)
    page.canvas.centerOn(QPointF(300, 120))
    start = page.canvas.mapFromScene(source.pos() + source.out_port())
    beside = page.canvas.mapFromScene(target.pos() + QPointF(WIDTH / 2, -18))
    qtbot.mousePress(page.canvas.viewport(), Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(page.canvas.viewport(), start + QPoint(10, 30))
    qtbot.mouseMove(page.canvas.viewport(), beside)
    qtbot.mouseRelease(page.canvas.viewport(), Qt.MouseButton.LeftButton, pos=beside)
    assert network(page).inputs_of(new) == ("input",)


def ends_at_its_nodes(edge) -> bool:
    """Whether the drawn line begins and ends at its nodes, within what the scene is told of it."""
    path = edge.shape()
    start, end = edge.source.pos() + edge.source.out_port(), edge.target.pos() + edge.target.in_port()
    return (path.contains(start) and path.contains(end)
            and edge.boundingRect().contains(path.boundingRect().adjusted(4, 4, -4, -4)))


def test_connections_follow_a_dragged_layer_and_an_insertion(qtbot, page):
    page.canvas.set_zoom(1.0)
    item = next(node for node in page.editor.scene.nodes.values() if node.entering and node.leaving)
    page.canvas.centerOn(item.pos())
    start = page.canvas.mapFromScene(item.pos() + QPointF(WIDTH / 3, 20))
    before = item.pos()
    qtbot.mousePress(page.canvas.viewport(), Qt.MouseButton.LeftButton, pos=start)
    for step in (10, 25, 40):
        qtbot.mouseMove(page.canvas.viewport(), start + QPoint(step, 2 * step))
    assert item.pos() != before
    assert all(ends_at_its_nodes(edge) for edge in (*item.entering, *item.leaving)), "while it is dragged"
    qtbot.mouseRelease(page.canvas.viewport(), Qt.MouseButton.LeftButton, pos=start + QPoint(40, 80))
    page.editor.scene.choose(["input"])
    page.edit_actions.insertion.insert("ReLU")
    assert all(ends_at_its_nodes(edge) for edge in page.editor.scene.edges.values())
