"""The order in which Tab leads through widgets that are made later than those behind them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget


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
