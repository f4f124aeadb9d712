"""The header of a page: title, subtitle, actions at the right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from cnnstudio.core.text import Text
from cnnstudio.gui.look import tokens
from cnnstudio.gui.widgets.basics import Elided, Label, box, row
from cnnstudio.gui.window.steps import Steps


class Header(QWidget):
    """One header for all pages; each page's buttons are kept in a stack."""

    command_chosen = Signal(object)
    """A command of Undo, Redo or the history."""

    def __init__(self, menu_button: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("header")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(tokens.HEADER_HEIGHT)
        self._title = Label("", "title")
        self._subtitle = Elided("", "body", "dim")
        self._actions: dict[str, QWidget] = {}
        self._stack = QStackedWidget()
        self._steps = Steps()
        self._steps.command_chosen.connect(self.command_chosen)
        self._steps.hide()
        line = row(self._title, spacing=12, margins=(24, 0, 20, 0))
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
        holder = self._actions[page]
        self._stack.setCurrentWidget(holder)
        self._stack.setFixedWidth(holder.sizeHint().width())

    def fit(self, page: str) -> None:
        """Adjust the width of the row to a button that appeared or changed its text."""
        holder = self._actions.get(page)
        if holder is not None and self._stack.currentWidget() is holder:
            holder.layout().activate()  # type: ignore[union-attr]
            self._stack.setFixedWidth(holder.sizeHint().width())

    def show_steps(self, undo: Sequence[Text], redo: Sequence[Text], *, visible: bool) -> None:
        """Show what can be undone and redone."""
        self._steps.setVisible(visible)
        self._steps.show_steps(undo, redo)

    def set_title(self, title: str, subtitle: str) -> None:
        self._title.setText(title)
        self._subtitle.setText(subtitle)
