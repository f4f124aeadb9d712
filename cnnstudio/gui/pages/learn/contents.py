"""The panel of the Learn page: its home, the lessons, and the benches by group."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.widgets.basics import Button, Caption, Icon, Label, column, row
from cnnstudio.gui.widgets.tab_order import bring_into_sight
from cnnstudio.learning.benches import BENCHES
from cnnstudio.learning.benches.entry import GROUPS

HOME = "home"
LESSON, BENCH = "lesson:", "bench:"
_LOWEST: Final = 30
"""Pixels of a line with one row of letters."""


class Contents(QWidget):
    """`chosen(id)`: "home", "lesson:ID" or "bench:ID"."""

    chosen = Signal(str)

    def __init__(self, lessons: list[tuple[str, str]], parent: QWidget | None = None) -> None:
        """`lessons` are pairs of id and title."""
        super().__init__(parent)
        self._buttons: dict[str, Button] = {}
        layout = column(spacing=2, margins=(12, 16, 12, 16))
        layout.addWidget(self._line(HOME, tr("Overview", "Resumen"), "home"))
        if lessons:
            layout.addSpacing(12)
            layout.addWidget(Caption(tr("Course", "Curso")))
            for identifier, name in lessons:
                layout.addWidget(self._line(f"{LESSON}{identifier}", name))
        for group, title in GROUPS.items():
            benches = [bench for bench in BENCHES if bench.group == group]
            if benches:
                layout.addSpacing(12)
                layout.addWidget(Caption(str(title)))
            for bench in benches:
                layout.addWidget(self._line(f"{BENCH}{bench.id}", str(bench.title), bench.icon))
        layout.addStretch(1)
        self.setLayout(layout)
        self.show_current(HOME)

    def _line(self, identifier: str, text: str, icon: str = "") -> Button:
        button = _Line(text, icon)
        button.clicked.connect(lambda *_: self._choose(identifier))
        self._buttons[identifier] = button
        return button

    def _choose(self, identifier: str) -> None:
        # A click toggles: the line of what is on the page stays on.
        self._buttons[identifier].setChecked(True)
        self.chosen.emit(identifier)

    def show_current(self, identifier: str) -> None:
        """Light the line of what is on the page."""
        for name, button in self._buttons.items():
            button.setChecked(name == identifier)
            if name == identifier and button.isVisible():
                bring_into_sight(button)


class _Line(Button):
    """A line whose name is broken where there is no room for it; names of lessons are read whole."""

    def __init__(self, text: str, icon: str) -> None:
        super().__init__("", "row", checkable=True)
        self._name = icon
        self._text = Label(text, wrap=True)
        self._icon = Icon(icon or "learn", "dim", 16)
        if not icon:
            # To show it before it is in the line would open a window of its own for a moment.
            self._icon.hide()
        line = row(self._icon, self._text, spacing=6, margins=(8, 5, 8, 5))
        line.setStretch(1, 1)
        for part in (self._icon, self._text):
            # The line is one button.
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setLayout(line)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName(text)
        self.toggled.connect(self._on_toggled)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return max(_LOWEST, self.layout().heightForWidth(width))  # type: ignore[union-attr]

    def sizeHint(self) -> QSize:
        return QSize(self.layout().sizeHint().width(), _LOWEST)  # type: ignore[union-attr]

    def minimumSizeHint(self) -> QSize:
        return QSize(self.layout().minimumSize().width(), _LOWEST)  # type: ignore[union-attr]

    def _on_toggled(self, on: bool) -> None:
        self._text.set_tone("accent" if on else "")
        self._icon.set_icon(self._name or "learn", "accent" if on else "dim")
