"""The Data page without a mouse: the way of Tab, where the keyboard is, menus and lists by key."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QInputDialog, QScrollArea, QWidget

from cnnstudio.gui.pages.data.charts import DataCharts
from cnnstudio.gui.pages.data.inspector import DataInspector
from cnnstudio.gui.pages.picture_viewer import PictureViewer
from cnnstudio.gui.state.commands import OpenProject
from cnnstudio.gui.widgets.basics import Button
from cnnstudio.gui.widgets.class_list import ClassList
from cnnstudio.gui.widgets.inputs import SegmentedControl
from tests.gui.driving import field, part, press


@pytest.fixture
def page(qtbot, window, project_folder):
    window.perform(OpenProject(str(project_folder)))
    window.go("data")
    qtbot.waitUntil(lambda: not len(window.session.jobs), timeout=20_000)
    return window.current


def ring(widget: QWidget) -> int:
    """Pixels of the accent along the middle of the left edge."""
    from cnnstudio.gui.look import theme

    image = widget.grab().toImage()
    accent = theme.color("accent").rgb()
    return sum(image.pixelColor(x, image.height() // 2).rgb() == accent for x in range(6))


def test_tab_goes_through_the_page_as_it_is_read(page):
    page.views.grid.select_ids(list(page.views.grid.ids)[:1])
    page.enter()
    order: list[QWidget] = []
    widget: QWidget = part(page, ClassList)
    while widget.nextInFocusChain() is not part(page, ClassList):
        widget = widget.nextInFocusChain()
        order.append(widget)
    buttons = part(page, DataInspector).findChildren(QWidget)
    inspector = [order.index(widget) for widget in buttons
                 if widget in order and widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus]
    slider = field(page, "Size of the thumbnails")
    assert order.index(page.filters.text) < order.index(slider) < order.index(page.views.grid) < min(inspector)


def test_charts_and_the_large_view_have_their_place_and_show_the_keyboard(qtbot, page, window):
    press(page, "Charts")
    button = QApplication.focusWidget()
    assert button.text() == "Charts", "what was chosen has the keyboard, not the frame around it"
    chain = [part(page, ClassList)]
    while (widget := chain[-1].nextInFocusChain()) is not part(page, ClassList):
        chain.append(widget)
    chain = [widget for widget in chain if widget.focusPolicy() & Qt.FocusPolicy.TabFocus]
    charts = [number for number, widget in enumerate(chain) if part(page, DataCharts).isAncestorOf(widget)]
    assert charts
    assert chain.index(page.filters.text) < chain.index(button) < min(charts)
    inspector = [number for number, widget in enumerate(chain) if part(page, DataInspector).isAncestorOf(widget)]
    assert max(charts) < min(inspector)
    qtbot.keyClick(button, Qt.Key.Key_Left)
    assert page.state["view"] == "map", "arrows go on"
    press(page, "Grid")
    page.views.opened.emit(next(iter(page.views.grid.ids)))
    view = part(page, PictureViewer).view
    assert view.hasFocus()
    assert ring(view) == 0
    # An activated window gives the keyboard to one of its widgets: clear it afterwards.
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    view.clearFocus()
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
    grid = window.current.views.grid
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
    requests: list[object] = []
    grid, classes = page.views.grid, part(page, ClassList)
    grid.menu_requested.disconnect()
    classes.menu_requested.disconnect()
    grid.menu_requested.connect(requests.append)
    classes.menu_requested.connect(lambda name, _point: requests.append(name))
    qtbot.keyClick(grid, Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier)
    assert not requests, "of nothing there is no menu"
    qtbot.keyClick(grid, Qt.Key.Key_Home)
    qtbot.keyClick(grid, Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(classes, Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier)
    assert len(requests) == 2
    assert requests[1] == page.workspace.counts.class_names[0]


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


def test_f2_renames_the_class_that_has_the_keyboard(qtbot, page, monkeypatch):
    monkeypatch.setattr(QInputDialog, "getText", lambda *_arguments, **_values: ("kitten", True))
    classes = part(page, ClassList)
    classes.setFocus()
    qtbot.keyClick(classes, Qt.Key.Key_F2)
    assert set(page.workspace.counts.all_class_names) == {"kitten", "dog"}
