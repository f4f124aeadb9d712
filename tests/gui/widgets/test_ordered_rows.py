"""A hundred thousand rows, sorted and filtered at once."""

from __future__ import annotations

from operator import itemgetter

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from cnnstudio.gui.widgets.ordered_rows import OrderedRows
from cnnstudio.gui.widgets.rows_model import Column, RowsModel
from cnnstudio.gui.widgets.table import Table

COLUMNS = [Column("Name", itemgetter(0)), Column("Number", lambda row: str(row[1]), key=itemgetter(1))]


@pytest.fixture
def ordered(qapp):  # noqa: ARG001
    source = RowsModel(COLUMNS)
    proxy = OrderedRows(source)
    tester = QAbstractItemModelTester(proxy, QAbstractItemModelTester.FailureReportingMode.Warning)
    proxy.tester = tester  # kept alive
    return proxy, source


def shown(proxy: OrderedRows) -> list[str]:
    return [proxy.index(row, 0).data() for row in range(proxy.rowCount())]


def test_rows_are_filtered_sorted_and_appended(ordered):
    proxy, source = ordered
    source.set_rows([("b", 2), ("a", 3), ("c", 1)])
    assert shown(proxy) == ["b", "a", "c"]
    proxy.sort(1, Qt.SortOrder.DescendingOrder)
    assert shown(proxy) == ["a", "b", "c"]
    source.append([("d", 2.5)])
    assert shown(proxy) == ["a", "d", "b", "c"], "a new row finds its place"
    proxy.set_filter(lambda row: row[1] < 3)
    assert shown(proxy) == ["d", "b", "c"]
    source.append([("e", 5), ("f", 0)])
    assert shown(proxy) == ["d", "b", "c", "f"]
    proxy.sort(-1)
    assert shown(proxy) == ["b", "c", "d", "f"], "without a column in the order of arrival"
    proxy.set_filter(None)
    assert len(shown(proxy)) == 6


def test_while_many_rows_come_they_stand_at_the_end(ordered):
    proxy, source = ordered
    proxy.sort(0)
    proxy.set_sorted_while_filling(False)
    source.append([("b", 1)])
    source.append([("a", 1)])
    assert shown(proxy) == ["b", "a"]
    proxy.set_sorted_while_filling(True)
    assert shown(proxy) == ["a", "b"]


def test_the_selection_follows_its_row(qtbot):
    table = Table(COLUMNS, proxy=OrderedRows)
    qtbot.addWidget(table)
    rows = [(f"{number:06d}", -number) for number in range(100_000)]
    table.set_rows(rows)
    table.select(rows[7])
    table.sortByColumn(1, Qt.SortOrder.AscendingOrder)
    assert table.selected is rows[7]
    assert table.currentIndex().row() == 99_992
    changed = []
    table.model().dataChanged.connect(lambda first, last, _roles: changed.append((first.row(), last.row())))
    table.rows.update_rows([rows[7]])
    assert changed == [(99_992, 99_992)]
