"""The grid of pictures: a million rows, selection, zoom, thumbnails."""

from __future__ import annotations

import gc
from array import array
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QContextMenuEvent
from PySide6.QtWidgets import QApplication

from cnnstudio.datasets.index import Picture
from cnnstudio.gui.state.thumbnails import Thumbnails, Wanted, size_for
from cnnstudio.gui.widgets.grid import LARGEST, SMALLEST, PictureGrid
from cnnstudio.gui.widgets.selection import Selection


def picture(identifier: int, **values) -> Picture:
    fields = {"path": f"cat/{identifier}.png", "class_name": "cat", "split": "train", "size": 10, "modified_ns": 1,
              "width": 8, "height": 8, "hash": None, "problem": None, "problem_text": None, "excluded": False,
              "folder_class": "cat"}
    return Picture(id=identifier, **(fields | values))


@pytest.fixture
def grid(qtbot, tmp_path):
    requests = []

    def fetch(ids):
        requests.append(len(ids))
        return [picture(identifier, problem="empty" if identifier % 5 == 0 else None) for identifier in ids]

    new_grid = PictureGrid(fetch, lambda picture: tmp_path / picture.path, lambda _picture: QColor("#0072B2"), cell=100)
    new_grid.requested_ids = requests
    qtbot.addWidget(new_grid)
    new_grid.resize(780, 600)
    new_grid.show()
    qtbot.waitExposed(new_grid)
    yield new_grid
    new_grid.close_threads()


def test_a_million_rows_ask_only_for_what_is_in_view(grid):
    grid.set_ids(array("q", range(1_000_000)))
    grid.grab()
    assert sum(grid.requested_ids) < 1000
    grid.verticalScrollBar().setValue(grid.verticalScrollBar().maximum())
    grid.grab()
    assert sum(grid.requested_ids) < 2000
    rows = grid.visible_rows()
    assert rows.stop == 1_000_000
    assert grid.rect_of(999_999).bottom() <= grid.viewport().height()
    for step in range(200):
        grid.verticalScrollBar().setValue(step * 40_000)
        grid.grab()
    # Not all is kept: what was seen first is asked for again.
    requests = len(grid.requested_ids)
    grid.verticalScrollBar().setValue(0)
    grid.grab()
    assert len(grid.requested_ids) > requests


def test_the_mouse_selects(qtbot, grid):
    grid.set_ids(array("q", range(10, 60)))

    def click(row, modifier=Qt.KeyboardModifier.NoModifier):
        qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, modifier, grid.rect_of(row).center())

    click(2)
    assert grid.selected_ids() == [12]
    click(5, Qt.KeyboardModifier.ShiftModifier)
    assert grid.selected_ids() == [12, 13, 14, 15]
    click(3, Qt.KeyboardModifier.ControlModifier)
    assert grid.selected_ids() == [12, 14, 15]
    click(4)
    assert grid.selected_ids() == [14]
    qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(1, 1))
    assert grid.selected_ids() == []


def test_the_keyboard_selects_and_labels(qtbot, grid):
    grid.set_ids(array("q", range(100)))
    keys, excluded = [], []
    grid.label_key.connect(keys.append)
    grid.exclude_key.connect(lambda: excluded.append(grid.selected_ids()))
    columns = grid.columns
    qtbot.keyClick(grid, Qt.Key.Key_Right)
    assert grid.selected_ids() == [0]
    qtbot.keyClick(grid, Qt.Key.Key_Down)
    assert grid.selected_ids() == [columns]
    qtbot.keyClick(grid, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert grid.selected_ids() == [columns, columns + 1]
    qtbot.keyClick(grid, Qt.Key.Key_End)
    assert grid.selected_ids() == [99]
    assert 99 in grid.visible_rows()
    qtbot.keyClick(grid, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(grid.selection) == 100
    qtbot.keyClick(grid, Qt.Key.Key_3)
    qtbot.keyClick(grid, Qt.Key.Key_Delete)
    assert keys == ["3"]
    assert len(excluded[0]) == 100


def test_the_menu_key_asks_for_the_menu(grid):
    grid.set_ids(array("q", range(500)))
    requests = []
    grid.menu_requested.connect(requests.append)
    key = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(3, 3), QPoint(3, 3))
    QApplication.sendEvent(grid, key)
    assert not requests
    grid.selection.select_only(400)
    QApplication.sendEvent(grid, key)
    assert grid.viewport().rect().contains(grid.viewport().mapFromGlobal(requests[0]))
    assert 400 in grid.visible_rows()


def test_what_is_selected_stays_when_the_list_changes(grid):
    grid.set_ids(array("q", range(50)))
    grid.selection.select_only(7)
    grid.set_ids(array("q", [3, 7, 9]))
    assert grid.selected_ids() == [7]
    grid.set_ids(array("q", [1, 2]))
    assert grid.selected_ids() == []


def test_work_goes_on_with_the_next_picture_where_the_selected_ones_leave(grid):
    grid.set_ids(array("q", range(50)))
    grid.selection.select_only(7)
    grid.set_ids(array("q", [identifier for identifier in range(50) if identifier != 7]), follow=True)
    assert grid.selected_ids() == [8]
    assert grid.selection.current == 7
    grid.set_ids(array("q", range(8)), follow=True)
    assert grid.selected_ids() == [7 - 1]
    grid.selection.select_only(3)
    grid.selection.extend(5)
    grid.set_ids(array("q", [0, 1, 2, 4]), follow=True)
    assert grid.selected_ids() == [4]
    assert grid.selection.current == 3
    grid.set_ids(array("q", [90, 91]), follow=True)
    assert grid.selected_ids() == [90]


def test_a_large_selection_stays_too():
    selection, before = Selection(), array("q", range(60_000))
    selection.reset(array("q"), before)
    selection.select_all()
    selection.reset(before, array("q", range(30_000, 70_000)))
    assert len(selection) == 30_000


def test_zoom_keeps_the_top_and_the_bounds(grid):
    grid.set_ids(array("q", range(10_000)))
    grid.verticalScrollBar().setValue(100 * (grid.rect_of(grid.columns).top() - grid.rect_of(0).top()))
    top = grid.visible_rows().start
    grid.set_cell(60)
    assert abs(grid.visible_rows().start - top) < grid.columns
    grid.set_cell(1)
    assert grid.cell == SMALLEST
    grid.set_cell(10_000)
    assert grid.cell == LARGEST


def test_selection_of_a_million_is_small():
    selection = Selection()
    selection.reset(array("q"), array("q", range(1_000_000)))
    selection.select_all()
    assert len(selection) == 1_000_000
    selection.select_only(500_000)
    selection.extend(500_009)
    assert list(selection.rows()) == list(range(500_000, 500_010))
    gc.collect()


def test_thumbnails_come_and_what_cannot_be_read_is_null(qtbot, pictures_folder, tmp_path):
    thumbnails = Thumbnails(threads=2)
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    wanted = [Wanted(number, path, path.stat().st_size, path.stat().st_mtime_ns, 96)
              for number, path in enumerate([*sorted(Path(pictures_folder).rglob("*.png"))[:6], bad])]
    with qtbot.waitSignal(thumbnails.arrived):
        thumbnails.want(wanted)
    qtbot.waitUntil(lambda: all(thumbnails.get(request) is not None for request in wanted))
    assert [thumbnails.get(request).isNull() for request in wanted] == [False] * 6 + [True]
    assert thumbnails.get(wanted[0]).height() == 24
    thumbnails.close()


def test_stored_sizes_suffice():
    assert size_for(96) == 96
    assert size_for(97) == 192
    assert size_for(5000) == 768
