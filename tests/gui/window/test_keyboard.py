"""The window by keyboard alone: Tab follows the order of reading, stays in sight, and is not lost with a part that goes."""

from __future__ import annotations

from functools import partial

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QPushButton, QWidget

from cnnstudio.core import edits
from cnnstudio.core.text import Text
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages import PAGES
from cnnstudio.gui.pages.network.palette import LayerPalette, LayerRow
from cnnstudio.gui.widgets.basics import Button, Stack, box, column
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.tab_order import tab_stops
from tests.gui.driving import button, open_project, part


def focused() -> QWidget:
    found = QApplication.focusWidget()
    assert found is not None
    return found


def tab(window, back: bool = False) -> QWidget:
    QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Backtab if back else Qt.Key.Key_Tab)
    return focused()


def is_seen(widget: QWidget) -> bool:
    shown = widget.viewport() if isinstance(widget, QAbstractScrollArea) else widget
    return not shown.visibleRegion().isEmpty()


@pytest.fixture
def opened(qtbot, window, project_folder):
    open_project(qtbot, window, project_folder)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window


@pytest.mark.parametrize("page", [entry.id for entry in PAGES])
def test_tab_leads_through_a_page_from_its_beginning_and_everything_is_seen(qtbot, opened, page):
    opened.go(page)
    qtbot.waitUntil(lambda: not [job for job in opened.session.jobs if not job.quiet], timeout=20_000)
    qtbot.wait(50)
    present = QApplication.focusWidget()
    first = present if present in tab_stops(opened) else tab(opened)
    assert opened.pages.isAncestorOf(first), "the keyboard begins in the page, not on the rail"
    seen = [first]
    while (widget := tab(opened)) is not first:
        assert widget not in seen, f"a circle without {first}: {widget.accessibleName()}"
        # A page may still lay itself out, and then shows the part again.
        qtbot.waitUntil(partial(is_seen, widget))
        seen.append(widget)
        assert len(seen) < 200
    assert set(tab_stops(opened)) <= {*seen}, "everything is reached"
    before = focused()
    assert tab(opened) is seen[1] and tab(opened, back=True) is before


def test_what_is_made_later_is_reached_in_the_order_of_reading(qtbot, opened):
    opened.go("prepare")
    opened.session.edit(lambda project: edits.add_step(project, "augmentation", "RandomRotation"), Text("Rotation", "Rotación"))
    qtbot.waitUntil(lambda: any(stop.accessibleName().startswith("Rotation") for stop in tab_stops(opened)))
    names = [stop.accessibleName() for stop in tab_stops(opened)]
    rotation = next(place for place, name in enumerate(names) if name.startswith("Rotation"))
    assert names.index("Preset") < rotation < names.index("Add augmentation")


def test_the_palette_is_one_stop_with_arrows_inside(opened):
    opened.go("network")
    rows = [stop for stop in tab_stops(opened) if isinstance(stop, LayerRow)]
    assert len(rows) == 1
    rows[0].setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(rows[0], Qt.Key.Key_Down)
    below = focused()
    order = part(opened, LayerPalette)._rows
    assert isinstance(below, LayerRow) and order.index(below) == order.index(rows[0]) + 1
    QTest.keyClick(below, Qt.Key.Key_End)
    assert is_seen(focused()) and focused() is not below


def test_enter_presses_what_space_presses(opened):
    learn = next(entry for entry in opened.rail.findChildren(QWidget) if entry.accessibleName() == "Learn")
    learn.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(learn, Qt.Key.Key_Return)
    assert opened.current.id == "learn"
    pooling = button(opened.pages, "Pooling")
    pooling.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(pooling, Qt.Key.Key_Enter)
    assert opened.current.heading() == "Pooling"


class Stage(Stack):
    """Two faces with buttons, and one below them that stays."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.go, self.stop, self.far = (QPushButton(name) for name in ("go", "stop", "far"))
        self.addWidget(box(column(self.go, None)))
        self.addWidget(box(column(None, self.far, self.stop)))
        self.setGeometry(40, 40, 300, 200)


@pytest.fixture
def stage(qtbot, opened):
    opened.go("start")
    made = Stage(opened.pages.centre)
    made.show()
    made.go.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(made.go.hasFocus)
    yield made
    made.deleteLater()


def test_a_part_that_is_hidden_hands_the_focus_to_what_is_near(qtbot, stage):
    other = QPushButton("near", stage.widget(0))
    other.setGeometry(0, 40, 80, 24)
    other.show()
    stage.go.hide()
    qtbot.waitUntil(other.hasFocus)


def test_a_part_that_is_disabled_waits_for_the_focus(qtbot, opened, stage):
    neighbour = QPushButton("neighbour", stage.widget(0))
    neighbour.setGeometry(0, 40, 80, 24)
    neighbour.show()
    pressed = []
    neighbour.clicked.connect(lambda: pressed.append(1))
    stage.go.setEnabled(False)
    qtbot.wait(50)
    QTest.keyClick(focused(), Qt.Key.Key_Return)
    QTest.keyClick(focused(), Qt.Key.Key_Space)
    assert not pressed, "a second Enter presses nothing else"
    stage.go.setEnabled(True)
    qtbot.waitUntil(stage.go.hasFocus)
    stage.go.setEnabled(False)
    qtbot.wait(50)
    assert tab(opened) is neighbour, "and Tab goes on from there"
    stage.go.setEnabled(True)
    qtbot.wait(50)
    assert neighbour.hasFocus(), "who went on is not called back"


def test_the_focus_begins_in_the_page_when_the_window_is_built_anew(qtbot, opened):
    opened.go("learn")
    tab(opened)
    before = opened.current
    opened.session.set_setting("theme", "dark")
    qtbot.waitUntil(lambda: opened.current is not before)
    qtbot.wait(50)
    opened.activateWindow()
    assert opened.pages.isAncestorOf(tab(opened))
    opened.session.set_setting("theme", "light")
    qtbot.wait(50)


def test_a_chosen_card_shows_that_it_has_the_focus(qtbot):
    holder = QWidget()
    qtbot.addWidget(holder)
    chosen, other = Card(clickable=True), Button("x")
    holder.setLayout(column(chosen, other))
    chosen.setMinimumSize(120, 60)
    chosen.set_selected(True)
    theme.style(holder)
    holder.show()
    holder.activateWindow()
    qtbot.waitUntil(holder.isActiveWindow)
    other.setFocus(Qt.FocusReason.TabFocusReason)
    without = chosen.grab().toImage()
    chosen.setFocus(Qt.FocusReason.TabFocusReason)
    assert chosen.grab().toImage() != without


def test_siblings_stand_in_lines(qtbot):
    holder = QWidget()
    qtbot.addWidget(holder)
    names = {"d": (0, 60, 300, 20), "b": (100, 4, 50, 30), "a": (0, 0, 80, 40), "c": (200, 10, 20, 20)}
    for name, place in names.items():
        child = QPushButton(name, holder)
        child.setGeometry(*place)
    holder.show()
    assert [stop.text() for stop in tab_stops(holder)] == ["a", "b", "c", "d"]
