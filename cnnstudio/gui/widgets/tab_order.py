"""The order in which Tab leads through the parts of a page, and through widgets that are made later than those behind them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractScrollArea, QAbstractSpinBox, QComboBox, QScrollArea, QWidget

_ROOM: Final = 24
"""Pixels that are shown around the part that has the focus."""


def focusable_before(widget: QWidget) -> QWidget:
    """The widget from which Tab leads to this one; itself if there is none."""
    before = widget.previousInFocusChain()
    while before is not None and before.focusPolicy() == Qt.FocusPolicy.NoFocus and before is not widget:
        before = before.previousInFocusChain()
    return widget if before is None else before


def tab_after(before: QWidget, widget: QWidget) -> None:
    """Let Tab lead to a widget, and what is in it, after another: what is made later would be last in the window."""
    for child in (widget, *widget.findChildren(QWidget)):
        # The list of a closed choice is a window of its own.
        if child.focusPolicy() != Qt.FocusPolicy.NoFocus and child.window() is before.window():
            QWidget.setTabOrder(before, child)
            before = child


def tab_through(*areas: QWidget) -> None:
    """Set the tab order of these parts of a page to the reading order; Qt's default is the order of creation."""
    # A part that accepts no Tab now (another choice of several) may accept it later.
    order = [widget for area in areas for widget in _widgets_inside(area) if widget.focusPolicy() != Qt.FocusPolicy.NoFocus]
    for before, after in pairwise(order):
        QWidget.setTabOrder(before, after)


def tab_stops(area: QWidget, besides: QWidget | None = None) -> list[QWidget]:
    """What Tab leads to inside an area, in the order of reading: line by line, in a line from the left to the right, and
    everything in a part before what follows the part. `besides` is one of them although it is disabled."""
    stops: list[QWidget] = []
    # It hands the focus to its scroll area, which is the stop.
    viewport = area.viewport() if isinstance(area, QAbstractScrollArea) else None
    children = [child for child in area.children() if isinstance(child, QWidget) and not child.isWindow() and child.isVisible()]
    for child in _in_lines(children):
        takes_tab = bool(child.focusPolicy() & Qt.FocusPolicy.TabFocus) and child is not viewport
        if takes_tab and (child.isEnabled() or child is besides):
            stops.append(child)
        if not isinstance(child, QAbstractSpinBox | QComboBox):
            stops += tab_stops(child, besides)
    return stops


def _in_lines(widgets: list[QWidget]) -> Iterator[QWidget]:
    """Siblings in the order of reading. What overlaps a line by half of its height stands in it."""
    line: list[QWidget] = []
    lower = 0
    for widget in sorted(widgets, key=lambda widget: widget.y()):
        if line and widget.y() + widget.height() // 2 >= lower:
            yield from sorted(line, key=lambda widget: (widget.x(), widget.y()))
            line = []
        lower = max(lower, widget.y() + widget.height()) if line else widget.y() + widget.height()
        line.append(widget)
    yield from sorted(line, key=lambda widget: (widget.x(), widget.y()))


def _widgets_inside(area: QWidget) -> Iterator[QWidget]:
    """The widgets inside another one, in the order in which layouts and callers put them there; of a number box or a choice
    the whole alone.

    Neither the focus chain nor focus proxies are asked: PySide makes whoever answers the owner of its answer, so that a scroll
    area belongs to its own viewport, and is lost with the next collection of garbage unless an attribute holds it.
    """
    for child in area.children():
        if isinstance(child, QWidget) and not child.isWindow():
            yield child
            if not isinstance(child, QAbstractSpinBox | QComboBox):
                yield from _widgets_inside(child)


def parents_of(widget: QWidget) -> list[QWidget]:
    """Everything around a widget, from the inside out."""
    found = []
    parent = widget.parentWidget()
    while parent is not None:
        found.append(parent)
        parent = parent.parentWidget()
    return found


def bring_into_sight(widget: QWidget) -> None:
    """Scroll whatever the widget lies in until it is seen."""
    for parent in parents_of(widget):
        if isinstance(parent, QScrollArea):
            parent.ensureWidgetVisible(widget, _ROOM, _ROOM)
