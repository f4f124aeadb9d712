"""Cards in lines."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QWidget

from cnnstudio.gui.widgets.flow import FlowLayout


@pytest.mark.parametrize(("count", "width", "lines"), [
    (4, 1000, [2, 2]), (4, 1400, [4]), (5, 1000, [3, 2]), (1, 1400, [1]), (7, 1000, [3, 3, 1]), (3, 200, [1, 1, 1])])
def test_lines_have_nearly_the_same_number_of_cards(qtbot, count: int, width: int, lines: list[int]) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    flow = FlowLayout(holder, spacing=16, cell=300)
    cards = [QWidget() for _ in range(count)]
    for card in cards:
        card.setMinimumSize(100, 40)
        flow.addWidget(card)
    holder.resize(width, 600)
    holder.show()
    tops = [card.y() for card in cards]
    assert [tops.count(top) for top in sorted(set(tops))] == lines
    assert all(card.geometry().right() < width for card in cards)
