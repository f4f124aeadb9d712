"""Parallel coordinates: axes are dragged and flipped, brushes keep trials, by mouse and by keyboard."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from cnnstudio.gui.pages.search.results.brushes import Arrangement, Axis
from cnnstudio.gui.pages.search.results.parallel import ParallelBoard
from cnnstudio.gui.pages.search.results.scales import ChoiceScale, NumberScale
from cnnstudio.gui.widgets.table import Table
from tests.gui.driving import part, press, rows, says

RATE, BATCH = "training.optimizer.learning_rate", "training.batch_size"


@pytest.fixture
def board(searched, open_page) -> ParallelBoard:
    searched()
    page = open_page()
    press(page, "Parallel coordinates")
    found = part(page, ParallelBoard)
    found.page = page
    return found


def drag(board: ParallelBoard, start: QPointF, end: QPointF) -> None:
    QTest.mousePress(board, Qt.MouseButton.LeftButton, pos=start.toPoint())
    for step in range(1, 6):
        QTest.mouseMove(board, (start + (end - start) * step / 5).toPoint())
    QTest.mouseRelease(board, Qt.MouseButton.LeftButton, pos=end.toPoint())


def brush(board: ParallelBoard, key: str, low: float, high: float) -> None:
    drag(board, board.point(key, low), board.point(key, high))


def listed(board: ParallelBoard) -> set[int]:
    return {int(line[0]) - 1 for line in rows(part(board.page, Table))}


def test_lines_are_the_complete_trials(board):
    numbers = {number for number, _color in board._lines}
    assert numbers == set(board.axes[RATE].values) and len(numbers) > 10
    assert len(board.axes) == 7


def test_a_title_is_dragged_to_another_place(board):
    first = list(board.arrangement.order)
    drag(board, board.title_box(first[0]).center(), board.title_box(first[2]).center())
    assert board.arrangement.order == [first[1], first[2], first[0], *first[3:]]


def test_a_click_on_a_title_flips_its_axis(board):
    before = board.point(RATE, 1.0).y()
    QTest.mouseClick(board, Qt.MouseButton.LeftButton, pos=board.title_box(RATE).center().toPoint())
    assert board.point(RATE, 1.0).y() > before and board.point(RATE, 0.0).y() == pytest.approx(before)


def test_a_brush_keeps_the_table_in_step(board):
    every = listed(board)
    brush(board, RATE, 0.5, 1.0)
    kept = {number for number, place in board.axes[RATE].values.items() if place >= 0.5}
    assert listed(board) == kept and kept < every
    assert says(board.page, f"{len(kept)} of ")
    press(board.page, "Remove the brushes")
    assert listed(board) == every


def test_brushes_on_several_axes_count_together(board):
    brush(board, RATE, 0.4, 1.0)
    brush(board, BATCH, 0.0, 0.6)
    wanted = {number for number, place in board.axes[RATE].values.items()
              if place >= 0.4 and board.axes[BATCH].values[number] <= 0.6}
    # A pixel of the drag is less than a hundredth of the axis.
    assert listed(board) == wanted


def test_a_brush_on_a_flipped_axis_keeps_what_is_under_it(board):
    board.arrangement.flip(RATE)
    brush(board, RATE, 0.7, 1.0)
    assert listed(board) == {number for number, place in board.axes[RATE].values.items() if place >= 0.7}


def test_a_click_on_a_brush_removes_it(board):
    brush(board, RATE, 0.5, 1.0)
    QTest.mouseClick(board, Qt.MouseButton.LeftButton, pos=board.point(RATE, 0.75).toPoint())
    assert not board.arrangement.brushes


def test_a_click_on_a_line_selects_its_trial(board):
    number = board._lines[-1][0]
    order = board.arrangement.order
    one, other = (board.point(key, board.axes[key].values[number]) for key in order[:2])
    QTest.mouseClick(board, Qt.MouseButton.LeftButton, pos=((one + other) / 2).toPoint())
    assert part(board.page, Table).selected is not None


def test_everything_is_reached_by_keys(board):
    order = list(board.arrangement.order)
    QTest.keyClick(board, Qt.Key.Key_Right)
    QTest.keyClick(board, Qt.Key.Key_F)
    assert board.arrangement.flipped == {order[1]}
    QTest.keyClick(board, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert board.arrangement.order[:3] == [order[0], order[2], order[1]]
    QTest.keyClick(board, Qt.Key.Key_Up)
    assert board.arrangement.brushes[order[1]] == pytest.approx((0.0, 0.5))
    QTest.keyClick(board, Qt.Key.Key_Down)
    assert board.arrangement.brushes[order[1]] == pytest.approx((0.05, 0.55))
    QTest.keyClick(board, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert board.arrangement.brushes[order[1]] == pytest.approx((0.1, 0.55))
    QTest.keyClick(board, Qt.Key.Key_Escape)
    assert not board.arrangement.brushes


def test_the_arrangement_outlives_another_look_of_the_window(qtbot, board, window):
    order = list(board.arrangement.order)
    drag(board, board.title_box(order[0]).center(), board.title_box(order[1]).center())
    before = board.page
    window.session.set_setting("theme", "dark")
    qtbot.waitUntil(lambda: window.current is not before and window.current._shown is not None, timeout=20_000)
    again = part(window.current, ParallelBoard)
    assert again is not board and again.arrangement.order == [order[1], order[0], *order[2:]]


def test_axes_that_come_and_go():
    arrangement = Arrangement()
    arrangement.follow(["a", "b", "c"])
    arrangement.move("c", 0)
    arrangement.brush("b", 0.2, 0.4)
    arrangement.follow(["a", "c", "d"])
    assert arrangement.order == ["c", "a", "d"] and not arrangement.brushes
    axis = Axis("a", NumberScale("a", 0, 1), {1: 0.2, 2: 0.6})
    assert arrangement.keeps([axis], [1, 2, 3]) is None
    arrangement.brush("a", 0.5, 0.9)
    assert arrangement.keeps([axis], [1, 2, 3]) == {2}
    arrangement.brush("a", 0.5, 0.501)
    assert arrangement.keeps([axis], [1, 2, 3]) is None


def test_scales():
    log = NumberScale("rate", 1e-4, 1e-1, log=True)
    assert log.place(1e-4) == 0 and log.place(1e-1) == 1 and log.place(1e-2) == pytest.approx(2 / 3)
    assert [text for _place, text in log.ticks()] == ["0.0001", "0.001", "0.01", "0.1"]
    assert log.place(-1.0) is None and log.place("relu") is None and log.place(float("nan")) is None
    even = NumberScale("size", 0, 10)
    assert even.place(2.5) == 0.25 and 2 <= len(even.ticks(6)) <= 7
    flat = NumberScale("flat", 3.0, 3.0)
    assert 0 < flat.place(3.0) < 1
    choice = ChoiceScale("act", ("relu", "tanh", "gelu"), {"relu": "ReLU"})
    assert [text for _place, text in choice.ticks()] == ["ReLU", "tanh", "gelu"] and choice.place("elu") is None
