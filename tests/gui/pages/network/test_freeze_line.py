"""The freeze line on the drawn base: dragged, moved with keys, in step with the settings, one undo step each."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QLabel, QToolTip

from cnnstudio.catalog.bases import BASES
from cnnstudio.core import edits
from cnnstudio.core.text import same
from cnnstudio.gui.pages.network.gallery import Gallery
from cnnstudio.gui.pages.network.inspector import NetworkInspector
from cnnstudio.gui.pages.train.settings.panel import TrainSettings
from cnnstudio.gui.state.commands import OpenProject
from cnnstudio.gui.widgets.form import Form
from cnnstudio.gui.widgets.formatting import format_count
from cnnstudio.gui.widgets.freeze_strip import FreezeControl, FreezeStrip
from cnnstudio.network.freeze_line import freeze_line
from tests.gui.driving import part, parts, press

BASE_ID = "mobilenet_v3_small"


@pytest.fixture
def page(qtbot, window, project_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("CNNSTUDIO_CACHE", str(tmp_path / "cache"))
    window.perform(OpenProject(str(project_folder)))
    qtbot.waitUntil(lambda: window.session.is_open and not len(window.session.jobs), timeout=20_000)
    assert window.go("network")
    part(window.current, Gallery).base_chosen.emit(BASE_ID)
    window.current.editor.scene.choose([node(window).id])
    return window.current


def node(window):
    return next(node for node in window.session.project.network.nodes if node.type == "PretrainedBase")


def line_of(window):
    return node(window).params.get("trainable_from", "none")


@pytest.fixture
def strip(page):
    return part(part(page, NetworkInspector), FreezeStrip)


def drag(qtbot, strip, *stops):
    """Drag the line over these stops."""
    places = [QPoint(round(strip.stops()[stop]), 30) for stop in stops]
    qtbot.mousePress(strip, Qt.MouseButton.LeftButton, pos=places[0])
    for place in places[1:]:
        qtbot.mouseMove(strip, place)
    qtbot.mouseRelease(strip, Qt.MouseButton.LeftButton, pos=places[-1])


def test_a_drag_snaps_to_the_blocks_and_is_one_step(qtbot, window, page, strip):
    blocks = BASES[BASE_ID].blocks
    assert strip.frozen == len(blocks) and line_of(window) == "none"
    drag(qtbot, strip, len(blocks), len(blocks) - 1, 6, 4)
    assert line_of(window) == blocks[4] and strip.frozen == 4
    assert part(part(page, NetworkInspector), Form).values["trainable_from"] == blocks[4]
    drag(qtbot, strip, 4, 0)
    assert line_of(window) == "all"
    window.session.undo()
    assert line_of(window) == blocks[4] and strip.frozen == 4
    window.session.undo()
    assert line_of(window) == "none" and strip.frozen == len(blocks)


def test_the_settings_move_the_line_and_the_weights_are_counted(window, page, strip):
    base = BASES[BASE_ID]
    form = part(part(page, NetworkInspector), Form)
    form.value_changed.emit("trainable_from", base.blocks[7])
    assert strip.frozen == 7 and strip.accessibleDescription() == f"Learns from {base.blocks[7]} on."
    learning = page.editor.report.nodes[node(window).id].cost.trainable
    text = " ".join(label.text() for label in part(page, FreezeControl).findChildren(QLabel))
    assert f"learn: {format_count(learning)} of {format_count(base.parameters)} " in text


def test_a_block_tells_its_weights_and_whether_it_learns(window, page, strip):
    blocks, shown = BASES[BASE_ID].blocks, []
    page.session.edit(lambda project: edits.set_node_param(project, node(window).id, "trainable_from", blocks[7]), same("line"))
    for stop in (5, 9):
        left, right = strip.stops()[stop], strip.stops()[stop + 1]
        place = QPoint(round((left + right) / 2), 30)
        QCoreApplication.sendEvent(strip, QHelpEvent(QEvent.Type.ToolTip, place, strip.mapToGlobal(place)))
        shown.append(QToolTip.text())
    QToolTip.hideText()
    assert shown[0].startswith(f"{blocks[5]}: frozen") and shown[1].startswith(f"{blocks[9]}: learns")


def test_the_arrow_keys_move_it_block_by_block(qtbot, window, strip):
    blocks = BASES[BASE_ID].blocks
    for _ in range(2):
        qtbot.keyClick(strip, Qt.Key.Key_Left)
    assert line_of(window) == blocks[-2]
    qtbot.keyClick(strip, Qt.Key.Key_Right)
    assert line_of(window) == blocks[-1]
    qtbot.keyClick(strip, Qt.Key.Key_Home)
    assert line_of(window) == "all"
    qtbot.keyClick(strip, Qt.Key.Key_Left)
    assert line_of(window) == "all"
    qtbot.keyClick(strip, Qt.Key.Key_End)
    assert line_of(window) == "none"
    # Each key is a step of its own.
    window.session.undo()
    window.session.undo()
    assert line_of(window) == blocks[-1]


@pytest.mark.usefixtures("page")
def test_a_stage_has_its_own_line_on_the_same_drawing(qtbot, window):
    blocks = BASES[BASE_ID].blocks
    window.go("train")
    settings = part(window.current, TrainSettings)
    assert not parts(settings, FreezeStrip), "one stage trains what the network says"
    press(settings, "Add a stage")
    (strip,) = parts(settings, FreezeStrip)
    assert strip.frozen == 0, "the new stage trains the whole base"
    qtbot.waitUntil(lambda: strip.width() > 160 and bool(strip.stops()))
    drag(qtbot, strip, 0, 5, 9)
    assert settings.stage.trainable_from == blocks[9]
    assert part(settings, FreezeStrip).frozen == 9
    window.session.undo()
    assert settings.stage.trainable_from == "all" and part(settings, FreezeStrip).frozen == 0
    # A stage without a line of its own shows the network's.
    settings._set_plain("trainable_from", "")
    assert part(settings, FreezeStrip).frozen == len(blocks)


def test_it_paints_every_position_differently(qtbot):
    strip = FreezeStrip()
    qtbot.addWidget(strip)
    strip.resize(248, strip.height())
    base = BASES["resnet50"]
    line = freeze_line(base, base.size)
    pictures = []
    for index in range(len(base.blocks) + 1):
        strip.show_line(line, line.value(index))
        pictures.append(strip.grab().toImage())
    assert all(one != other for one, other in zip(pictures, pictures[1:], strict=False))
    stops = strip.stops()
    assert len(stops) == len(base.blocks) + 1 and stops == sorted(stops) and stops[-1] <= strip.width()
