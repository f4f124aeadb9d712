"""The order of Tab: as one reads, and without a hold on what it passes."""

from __future__ import annotations

import gc

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from shiboken6 import isValid

from cnnstudio.gui.widgets.basics import Button, box, column, row, scroll_area
from cnnstudio.gui.widgets.tab_order import tab_through


def test_tab_follows_the_parts_in_their_order(qtbot):
    last, first = box(row(Button("c"), Button("d"))), box(column(Button("a"), box(row(Button("b")))))
    window = box(column(first, last))
    qtbot.addWidget(window)
    tab_through(first, last)
    window.show()
    first.findChildren(Button)[0].setFocus()
    seen = []
    for _ in range(4):
        seen.append(window.focusWidget().text())
        QTest.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
    assert seen == ["a", "b", "c", "d"]


def test_what_only_a_layout_holds_outlives_a_collection_of_garbage(qtbot):
    def inner():
        return scroll_area(box(column(QLineEdit("kept"))))

    line = row(inner(), QLineEdit("beside"))
    window = box(column(box(line)))
    qtbot.addWidget(window)
    del line
    fields = window.findChildren(QLineEdit)
    tab_through(window)
    gc.collect()
    assert all(isValid(field) for field in fields)
    assert sorted(field.text() for field in window.findChildren(QLineEdit)) == ["beside", "kept"]
