"""The Data page without a mouse: the way of Tab, where the keyboard is, menus and lists by key."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

from cnnstudio.gui.widgets.basics import Button
from cnnstudio.gui.widgets.class_list import ClassList
from cnnstudio.gui.widgets.inputs import SegmentedControl


@pytest.fixture
def page(qtbot, window, project_folder):
    window.perform("open", {"folder": str(project_folder)})
    window.go("data")
    qtbot.waitUntil(lambda: not len(window.session.jobs), timeout=20_000)
    return window._pages["data"]


def ring(widget: QWidget) -> int:
    """Pixels of the accent along the middle of the left edge."""
    from cnnstudio.gui.look import theme

    image = widget.grab().toImage()
    accent = theme.color("accent").rgb()
    return sum(image.pixelColor(x, image.height() // 2).rgb() == accent for x in range(6))


def test_tab_goes_through_the_page_as_it_is_read(page):
    page._grid.select_ids(list(page._grid.ids)[:1])
    page.activated()
    found: list[QWidget] = []
    each: QWidget = page._side.classes
    while each.nextInFocusChain() is not page._side.classes:
        each = each.nextInFocusChain()
        found.append(each)
    buttons = page._inspector.findChildren(QWidget)
    inspector = [found.index(widget) for widget in buttons
                 if widget in found and widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus]
    assert found.index(page._filters.text) < found.index(page._slider) < found.index(page._grid) < min(inspector)


def test_charts_and_the_large_view_have_their_place_and_show_the_keyboard(qtbot, page, window):
    page._show_view("charts")
    button = QApplication.focusWidget()
    assert button.text() == "Charts", "what was chosen has the keyboard, not the frame around it"
    chain = [page._side.classes]
    while (each := chain[-1].nextInFocusChain()) is not page._side.classes:
        chain.append(each)
    chain = [widget for widget in chain if widget.focusPolicy() & Qt.FocusPolicy.TabFocus]
    charts = [number for number, widget in enumerate(chain) if page._charts.isAncestorOf(widget)]
    assert charts
    assert chain.index(page._filters.text) < chain.index(button) < min(charts)
    inspector = [number for number, widget in enumerate(chain) if page._inspector.isAncestorOf(widget)]
    assert max(charts) < min(inspector)
    qtbot.keyClick(button, Qt.Key.Key_Left)
    assert page._view() == "map", "arrows go on"
    page._show_view("grid")
    page._open(next(iter(page._grid.ids)))
    view = page._viewer.view
    assert view.hasFocus()
    assert ring(view) == 0
    view.clearFocus()
    window.activateWindow()
    view.setFocus(Qt.FocusReason.TabFocusReason)
    assert ring(view) >= 1


def test_a_choice_is_one_stop_of_tab(qtbot):
    control = SegmentedControl([(number, str(number)) for number in range(3)], 1)
    qtbot.addWidget(control)

    def stops() -> list[str]:
        return [button.text() for button in control.findChildren(Button)
                if button.focusPolicy() & Qt.FocusPolicy.TabFocus]

    assert stops() == ["1"]
    control.set_value(2)
    assert stops() == ["2"]
    control.set_value(None)
    assert stops() == ["0"]
    qtbot.keyClick(control.findChildren(Button)[0], Qt.Key.Key_Space)
    assert control.value == 0


@pytest.mark.usefixtures("page")
@pytest.mark.parametrize("look", ["light", "dark"])
def test_the_grid_shows_that_it_has_the_keyboard(qtbot, window, look):
    window.session.set_setting("theme", look)
    grid = window._pages["data"]._grid
    grid.clearFocus()
    grid.selection.current = -1
    assert ring(grid.viewport()) == 0
    window.activateWindow()
    grid.setFocus(Qt.FocusReason.TabFocusReason)
    assert grid.hasFocus()
    assert ring(grid.viewport()) >= 1
    qtbot.keyClick(grid, Qt.Key.Key_Home)
    grid.clearFocus()
    grid.setFocus(Qt.FocusReason.MouseFocusReason)
    grid.selection.current = -1
    assert ring(grid.viewport()) == 0, "the mouse needs none"


def test_menus_open_without_a_menu_key(qtbot, page):
    asked: list[object] = []
    grid, classes = page._grid, page._side.classes
    grid.menu_asked.disconnect()
    classes.menu_asked.disconnect()
    grid.menu_asked.connect(asked.append)
    classes.menu_asked.connect(lambda name, _point: asked.append(name))
    qtbot.keyClick(grid, Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier)
    assert not asked, "of nothing there is no menu"
    qtbot.keyClick(grid, Qt.Key.Key_Home)
    qtbot.keyClick(grid, Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(classes, Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier)
    assert len(asked) == 2
    assert asked[1] == page.session.class_names[0]


def test_the_list_of_classes_follows_the_keyboard(qtbot):
    area, classes = QScrollArea(), ClassList()
    qtbot.addWidget(area)
    names = [f"c{number:03}" for number in range(200)]
    classes.show_classes(names, dict.fromkeys(names, 1), ())
    area.setWidget(classes)
    area.setWidgetResizable(True)
    area.resize(220, 300)
    area.show()
    chosen: list[str] = []
    classes.chosen.connect(lambda name, _add: chosen.append(name))

    def seen(row: int) -> bool:
        y = classes.mapTo(area.viewport(), QPoint(0, row * 46 + 23)).y()
        return 0 <= y < area.viewport().height()

    qtbot.keyClick(classes, Qt.Key.Key_End)
    assert seen(199)
    qtbot.keyClick(classes, Qt.Key.Key_Enter)
    for _step in range(30):
        qtbot.keyClick(classes, Qt.Key.Key_Up)
    assert seen(169)
    # A search leaves fewer rows than the one where the keyboard was.
    classes.show_classes(names, dict.fromkeys(names, 1), (), search="c01")
    qtbot.keyClick(classes, Qt.Key.Key_Return)
    qtbot.keyClick(classes, Qt.Key.Key_Home)
    qtbot.keyClick(classes, Qt.Key.Key_Space)
    assert chosen == ["c199", "c019", "c010"]
    QApplication.processEvents()
