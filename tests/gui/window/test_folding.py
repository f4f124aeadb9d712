"""The window of 200 % on a small screen: one panel beside the centre, the other one behind a strip; nothing is cut off."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtCore import QPoint, Qt

from cnnstudio.gui.state.commands import OpenProject
from cnnstudio.gui.widgets.basics import Button

pytestmark = pytest.mark.usefixtures("small")


@pytest.fixture
def small(qtbot, window, project_folder):
    window.session.set_setting("language", "es")
    window.setMinimumSize(720, 450)
    window.resize(720, 450)
    window.perform(OpenProject(str(project_folder)))
    qtbot.waitUntil(lambda: window.session.is_open and not len(window.session.jobs), timeout=20_000)
    yield window
    window.session.set_setting("language", "en")


def panels(window):
    """The visible panels beside the centre, by their names."""
    pages = window.pages
    return [panel.objectName() for panel in (pages.widget(0), pages.widget(2)) if panel.isVisible()]


def strip(window):
    """The button of the strip that is shown."""
    shown = [button for button in window.findChildren(Button) if button.isVisible()
             and button.accessibleName().startswith("Mostrar el panel")]
    return shown[0] if shown else None


def test_one_panel_gives_way_and_comes_back_in_place_of_the_other(qtbot, small):
    assert small.go("data")
    qtbot.waitUntil(lambda: panels(small) == ["side"])
    assert strip(small).accessibleName() == "Mostrar el panel de la derecha"
    qtbot.mouseClick(strip(small), Qt.MouseButton.LeftButton)
    assert panels(small) == ["inspector"] and strip(small).accessibleName() == "Mostrar el panel de la izquierda"
    strip(small).setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(strip(small), Qt.Key.Key_Space)
    assert panels(small) == ["side"]
    assert small.pages.widget(0).isAncestorOf(small.focusWidget())


def test_a_wide_window_has_both(qtbot, small):
    assert small.go("data")
    small.resize(1100, 700)
    qtbot.waitUntil(lambda: panels(small) == ["side", "inspector"])
    assert strip(small) is None
    small.resize(720, 450)
    qtbot.waitUntil(lambda: panels(small) == ["side"])


@pytest.mark.parametrize("page", ["data", "prepare", "network", "train", "search", "evaluate", "predict", "export", "learn"])
def test_nothing_lies_over_each_other_or_beyond_the_window(qtbot, small, page):
    assert small.go(page)
    qtbot.wait(50)
    area = small.pages
    assert area.mapTo(small, QPoint(area.width(), 0)).x() <= small.width()
    shown = [area.widget(place) for place in range(area.count()) if area.widget(place).isVisible()]
    assert all(one.x() + one.width() <= other.x() for one, other in itertools.pairwise(shown))
    assert shown[-1].x() + shown[-1].width() <= area.width()
    buttons = sorted((button.mapTo(small.header, QPoint(0, 0)).x(), button.width())
                     for button in small.header.findChildren(Button) if button.isVisible())
    assert all(left + width <= after for (left, width), (after, _width) in itertools.pairwise(buttons)), page
    assert sum(buttons[-1]) <= small.header.width()
