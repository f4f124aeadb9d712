"""Parts of the page stay within their place: a view scrolls before its parts lie over each other, a name stays on its line."""

from __future__ import annotations

from PySide6.QtGui import QColor

from cnnstudio.gui.pages.evaluate.layers import LayersView
from cnnstudio.gui.pages.evaluate.matrix_data import MatrixData


def test_in_a_small_window_the_view_scrolls_instead_of_squeezing_the_unit(qtbot, workspace):
    view = LayersView(workspace, {})
    qtbot.addWidget(view)
    view.resize(360, 300)
    view.show()
    qtbot.waitUntil(lambda: view.browser.width() >= 560, timeout=20_000)
    unit = view.browser.unit
    unit.show()
    qtbot.waitUntil(lambda: unit.width() >= unit.picture.width() + 120, timeout=20_000)
    view.close_threads()


def test_the_matrix_names_a_class_on_one_line():
    assert MatrixData.of(["a\nb", "c"], [QColor("red"), QColor("blue")], [[1, 0], [0, 1]]).names == ("a\\nb", "c")
