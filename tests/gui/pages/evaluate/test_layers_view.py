"""The view of the layers within the page: it scrolls before its parts lie over each other."""

from __future__ import annotations

from cnnstudio.gui.pages.evaluate.layers import LayersView


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
