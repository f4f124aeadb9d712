"""Driving the window as a user does: find what is shown by its text, press it, type, choose, read.

Widgets are found by what a user (or a screen reader) knows of them: text, accessible name or tooltip.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit, QMenu, QTableView, QWidget

from cnnstudio.gui.pages.base import Page
from cnnstudio.gui.state.commands import OpenProject
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Elided, MenuButton
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.inputs import SegmentedControl, Select
from cnnstudio.gui.window.main_window import MainWindow

AnyWidget = TypeVar("AnyWidget", bound=QObject)


def root(where: QWidget | Page) -> QWidget:
    """The widget to look in: itself, or the area that holds the page."""
    if isinstance(where, Page):
        parent = where.parent()
        assert isinstance(parent, QWidget)
        return parent
    return where


def shown(widget: QWidget, area: QWidget) -> bool:
    """Whether a widget is seen where `area` is seen; one that was just added is shown with the next event."""
    while widget is not area:
        if widget.isWindow():
            return widget.isVisible()
        if widget.isHidden() and widget.testAttribute(Qt.WidgetAttribute.WA_WState_ExplicitShowHide):
            return False
        parent = widget.parentWidget()
        if parent is None:
            return False
        widget = parent
    return True


def parts(where: QWidget | Page, kind: type[AnyWidget]) -> list[AnyWidget]:
    """The visible widgets of a kind."""
    area = root(where)
    return [child for child in area.findChildren(kind) if not isinstance(child, QWidget) or shown(child, area)]


def part(where: QWidget | Page, kind: type[AnyWidget]) -> AnyWidget:
    """The one widget of a kind, shown or not; the newest where there are several."""
    children = root(where).findChildren(kind)
    assert children, f"no {kind.__name__} in {where}"
    return children[-1]


def names(widget: QWidget) -> set[str]:
    """What a user knows a widget by."""
    texts = {widget.accessibleName(), widget.toolTip()}
    if isinstance(widget, QAbstractButton | QLabel | Elided):
        texts.add(widget.text().replace("&&", "&"))
    return texts - {""}


def button(where: QWidget | Page, text: str, *, hidden: bool = False) -> QAbstractButton:
    """The button of this text or name; the shortest where several begin with it."""
    area = root(where)
    fitting = [(min(len(name) for name in names(child) if name.startswith(text)), number, child)
               for number, child in enumerate(area.findChildren(QAbstractButton))
               if (hidden or shown(child, area)) and any(name.startswith(text) for name in names(child))]
    assert fitting, f"no button {text!r}: {sorted(set().union(*map(names, area.findChildren(QAbstractButton))))}"
    return min(fitting, key=lambda entry: entry[:2])[2]


def press(where: QWidget | Page, text: str) -> None:
    """Press the button of this text or name."""
    button(where, text).click()


def card(where: QWidget | Page, name: str) -> Card:
    """The card with this accessible name."""
    return next(child for child in root(where).findChildren(Card) if child.accessibleName() == name)


def field(where: QWidget | Page, name: str) -> QWidget:
    """The field with this accessible name."""
    fitting = [child for child in root(where).findChildren(QWidget) if child.accessibleName() == name
               and not isinstance(child, QLabel | Elided)]
    assert fitting, f"no field {name!r}"
    return fitting[0]


def write(where: QWidget | Page, name: str, text: str) -> None:
    """Write into the line with this accessible name, and leave it."""
    line = field(where, name)
    assert isinstance(line, QLineEdit)
    line.setText(text)
    line.textEdited.emit(text)
    line.editingFinished.emit()


def texts(where: QWidget | Page) -> list[str]:
    """What the labels say that are shown."""
    return [child.text() for kind in (QLabel, Elided) for child in parts(where, kind) if child.text()]


def says(where: QWidget | Page, text: str) -> bool:
    """Whether a label that is shown contains this text."""
    return any(text in label for label in texts(where))


def open_menu(where: QWidget | Page) -> QMenu:
    """The menu that is open now."""
    (menu,) = [child for child in root(where).findChildren(QMenu) if child.isVisible()]
    return menu


def choose(widget: QWidget, label: str) -> None:
    """Choose by its label what a menu button, a list or a row of segments offers."""
    if isinstance(widget, MenuButton):
        widget.click()
        menu = open_menu(widget)
        next(action for action in menu.actions() if action.text().replace("&&", "&") == label).trigger()
        menu.close()
    elif isinstance(widget, Select):
        widget.setCurrentIndex(widget.findText(label))
        widget.activated.emit(widget.currentIndex())
    else:
        assert isinstance(widget, SegmentedControl)
        press(widget, label)


def rows(table: QTableView) -> list[list[str]]:
    """What a table shows, row by row."""
    model = table.model()
    return [[str(model.index(row, column).data()) for column in range(model.columnCount())]
            for row in range(model.rowCount())]


def column(table: QTableView, title: str) -> int:
    """The number of a column by its title."""
    model = table.model()
    titles = [model.headerData(number, Qt.Orientation.Horizontal) for number in range(model.columnCount())]
    return titles.index(title)


def click(widget: QWidget) -> None:
    """A click in the middle of a widget."""
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def wait_idle(qtbot, session: Session, timeout: int = 20_000) -> None:
    """Wait until no work runs any more."""
    qtbot.waitUntil(lambda: not len(session.jobs), timeout=timeout)


def open_project(qtbot, window: MainWindow, folder: Path, page: str = "") -> Page:
    """Open a project, wait for its first scan, and go to a page, which is the answer."""
    window.perform(OpenProject(str(folder)))
    qtbot.waitUntil(lambda: window.session.is_open and not len(window.session.jobs), timeout=20_000)
    if page:
        assert window.go(page)
    return window.current
