"""The pipeline bench in the window."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt

from cnnstudio.core.text import set_language
from cnnstudio.gui.pages.learn.benches.pipeline.flow_board import FlowBoard
from cnnstudio.gui.pages.learn.drawing.child_bar import ChildBar
from cnnstudio.gui.pages.learn.drawing.playback import Playback
from cnnstudio.gui.widgets.code_editor import CodeEditor
from cnnstudio.learning.benches.pipeline.pipeline import simulate, to_cards
from tests.gui.driving import button, choose, field, parts, press, says


def kinds(view) -> list[str]:
    return [card["kind"] for card in view.settings()["cards"]]


def test_cards_are_added_moved_and_removed_with_buttons_and_keys(qtbot, open_bench) -> None:
    view = open_bench("pipeline")
    board = parts(view, FlowBoard)[0]
    assert kinds(view) == ["range", "shuffle", "map", "batch"]
    choose(button(view, "Add a card"), "take")
    assert kinds(view) == ["range", "shuffle", "take", "map", "batch"]
    press(view, "Move down")
    assert kinds(view)[3] == "take"
    qtbot.keyClick(board, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    qtbot.keyClick(board, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert kinds(view)[1] == "take"
    qtbot.keyClick(board, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert kinds(view)[:2] == ["range", "take"]
    qtbot.keyClick(board, Qt.Key.Key_Delete)
    assert kinds(view) == ["range", "shuffle", "map", "batch"]
    qtbot.keyClick(board, Qt.Key.Key_Down)
    assert "map" in board.accessibleDescription() or "shuffle" in board.accessibleDescription()


def test_a_card_is_dragged_to_another_place(qtbot, open_bench) -> None:
    view = open_bench("pipeline")
    board = parts(view, FlowBoard)[0]
    start = board.card_rect(3).center().toPoint()
    end = board.card_rect(1).topLeft().toPoint() + QPoint(60, 2)
    qtbot.mousePress(board, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(board, (start + end) / 2)
    qtbot.mouseMove(board, end)
    qtbot.mouseRelease(board, Qt.MouseButton.LeftButton, pos=end)
    assert kinds(view) == ["range", "batch", "shuffle", "map"]
    # The source stays where it is.
    qtbot.mousePress(board, Qt.MouseButton.LeftButton, pos=board.card_rect(0).center().toPoint())
    qtbot.mouseMove(board, start)
    qtbot.mouseRelease(board, Qt.MouseButton.LeftButton, pos=start)
    assert kinds(view)[0] == "range"


def test_values_change_program_and_output_and_problems_are_told_at_the_card(open_bench) -> None:
    view = open_bench("pipeline")
    view.restore({"cards": [{"kind": "range"}, {"kind": "batch"}], "chosen": 1})
    size = field(view, "batch_size")
    size.setText("3")
    size.editingFinished.emit()
    code, printed = (editor.toPlainText() for editor in parts(view, CodeEditor))
    assert "dataset.batch(3)" in code and printed.splitlines() == ["[0, 1, 2]", "[3, 4, 5]", "[6, 7, 8]", "[9]"]
    press(view, "drop_remainder")
    assert view.outcome.elements == simulate(to_cards(view.settings()["cards"])).elements == ("[0, 1, 2]", "[3, 4, 5]",
                                                                                            "[6, 7, 8]")
    choose(button(view, "Add a card"), "filter")
    assert view.outcome.card == 2 and says(view, "Put filter before batch")


def test_the_elements_flow_step_by_step(open_bench) -> None:
    view = open_bench("pipeline")
    view.restore({"preset": "labels", "moment": 0})
    player = parts(view, Playback)[0]
    assert player.position == 0 and player.count == len(view.outcome.moments) + 1
    for _ in range(3):
        press(player, "One step on")
    assert view.settings()["moment"] == 3
    frames = list(view.frames())
    assert len(frames) == player.count and frames[0] != frames[-1]


def test_tensorflow_runs_it_in_a_child_and_the_outputs_are_compared(qtbot, open_bench) -> None:
    view = open_bench("pipeline")
    view.target = "tests.gui.pages.learn.benches.children:runs_pipeline"
    assert says(view, "random numbers of its own")
    press(view, "Run with TensorFlow")
    qtbot.waitUntil(lambda: says(view, "exactly what is shown"), timeout=20_000)
    qtbot.waitUntil(lambda: not parts(view, ChildBar)[0].running, timeout=20_000)
    choose(button(view, "Add a card"), "map")
    assert not says(view, "exactly what is shown")


def test_in_spanish(open_bench) -> None:
    set_language("es")
    view = open_bench("pipeline")
    view.restore({"preset": "endless"})
    assert says(view, "Vuelve a empezar desde el principio") and "dataset.repeat()" in view.code()[0].source
