"""Fields of the window."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from cnnstudio.gui.widgets.inputs import Select


@pytest.mark.parametrize("opened", [False, True])
def test_what_is_typed_finds_the_entry_of_exactly_that_name(qtbot, opened):
    select = Select([(name, name) for name in ("relu", "tanh", "relu6", "leaky_relu")], "tanh")
    qtbot.addWidget(select)
    select.show()
    select.setFocus()
    if opened:
        select.showPopup()
    target = select.view() if opened else select
    QTest.keyClicks(target, "relu")
    if opened:
        qtbot.waitUntil(lambda: select.view().currentIndex().data() == "relu")
        QTest.keyClick(target, Qt.Key.Key_Return)
    assert select.value == "relu"
    QTest.qWait(QApplication.keyboardInputInterval() + 100)
    QTest.keyClicks(select, "relu6")
    assert select.value == "relu6"
