"""The header of a page: title, subtitle, actions at the right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from cnnstudio.core.text import Text
from cnnstudio.gui.look import tokens
from cnnstudio.gui.widgets.basics import Button, Elided, box, row
from cnnstudio.gui.window.steps import Steps

_SUBTITLE: Final = 40
"""The least width in pixels of the subtitle, which is shortened first."""


class Header(QWidget):
    """One header for all pages; each page's buttons are kept in a stack."""

    command_chosen = Signal(object)
    """A command of Undo, Redo or the history."""

    def __init__(self, menu_button: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("header")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(tokens.HEADER_HEIGHT)
        self._title = Elided("", "title")
        self._subtitle = Elided("", "body", "dim")
        self._actions: dict[str, QWidget] = {}
        self._stack = QStackedWidget()
        self._steps = Steps()
        self._steps.command_chosen.connect(self.command_chosen)
        self._steps.hide()
        self._menu_button = menu_button
        line = self._line = row(self._title, spacing=12, margins=(24, 0, 20, 0))
        line.addWidget(self._subtitle, 1)
        line.addWidget(self._stack)
        line.addWidget(self._steps)
        line.addWidget(menu_button)
        self.setLayout(line)

    def add_page(self, page: str, actions: Iterable[QWidget]) -> None:
        """Add the buttons of a page."""
        holder = box(row(None, *actions, spacing=12))
        self._actions[page] = holder
        self._stack.addWidget(holder)

    def show_page(self, page: str) -> None:
        self._stack.setCurrentWidget(self._actions[page])
        self.fit(page)

    def fit(self, page: str) -> None:
        """Adjust the width of the row to a button that appeared or changed its text, and to the window: in a narrow one,
        buttons with an icon show it alone, from the left on, as many as must."""
        holder = self._actions.get(page)
        if holder is None or self._stack.currentWidget() is not holder:
            return
        shown = [button for button in holder.findChildren(Button) if button.can_be_compact and not button.isHidden()]
        for button in shown:
            button.set_compact(False)
        for button in shown:
            if self._width_of(holder) <= self._room:
                break
            button.set_compact(True)
        # A choice among the buttons gives way, down to its smallest width, and where that is too much, the subtitle.
        narrowest = holder.minimumSizeHint().width()
        self._subtitle.setVisible(narrowest <= self._room)
        self._stack.setFixedWidth(max(narrowest, min(self._width_of(holder), self._room)))

    @staticmethod
    def _width_of(holder: QWidget) -> int:
        holder.layout().invalidate()  # type: ignore[union-attr]
        holder.layout().activate()  # type: ignore[union-attr]
        return holder.sizeHint().width()

    @property
    def _room(self) -> int:
        """The width in pixels that title, steps and menu leave for the buttons of a page."""
        others = [self._title, self._menu_button] + ([] if self._steps.isHidden() else [self._steps])
        margins = self._line.contentsMargins()
        return (self.width() - margins.left() - margins.right() - sum(other.sizeHint().width() for other in others)
                - _SUBTITLE - (len(others) + 1) * self._line.spacing())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        page = next((name for name, holder in self._actions.items() if holder is self._stack.currentWidget()), "")
        self.fit(page)

    def show_steps(self, undo: Sequence[Text], redo: Sequence[Text], *, visible: bool) -> None:
        """Show what can be undone and redone."""
        self._steps.setVisible(visible)
        self._steps.show_steps(undo, redo)

    def set_title(self, title: str, subtitle: str) -> None:
        self._title.setText(title)
        self._subtitle.setText(subtitle)
