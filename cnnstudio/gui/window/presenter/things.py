"""What can be shown alone: the cards of a page, and its panels."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QWidget

PANELS: Final = ("side", "centre", "inspector")
_CARD: Final = "card"
_SMALLEST: Final = 40
"""Pixels of a side below which something is no thing of its own."""


def things_in(body: QWidget) -> list[QWidget]:
    """The panels of the page and its outermost cards, in the order of reading: as they are seen."""
    found = [widget for widget in body.findChildren(QWidget)
             if (widget.objectName() in PANELS or (widget.objectName() == _CARD and _outermost(widget, body)))
             and widget.isVisible() and min(widget.width(), widget.height()) >= _SMALLEST
             and not widget.visibleRegion().isEmpty()]
    return sorted(found, key=lambda widget: (_place(widget, body).y() // 24, _place(widget, body).x()))


def focused_thing(body: QWidget) -> QWidget | None:
    """The card or panel that has the focus, else the one under the mouse, else the first."""
    things = things_in(body)
    for start in (QApplication.focusWidget(), QApplication.widgetAt(body.cursor().pos())):
        widget = start
        while widget is not None and widget is not body:
            if widget in things:
                return widget
            widget = widget.parentWidget()
    cards = [widget for widget in things if widget.objectName() == _CARD]
    return next(iter(cards or things), None)


def _outermost(card: QWidget, body: QWidget) -> bool:
    above = card.parentWidget()
    while above is not None and above is not body:
        if above.objectName() == _CARD:
            return False
        above = above.parentWidget()
    return True


def _place(widget: QWidget, body: QWidget) -> QPoint:
    return widget.mapTo(body, QPoint())
