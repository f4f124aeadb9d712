"""The panel of the Learn page: its home, the lessons, and the benches by group."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.widgets.basics import Button, Caption, column
from cnnstudio.learning.benches import BENCHES
from cnnstudio.learning.benches.entry import GROUPS

HOME = "home"
LESSON, BENCH = "lesson:", "bench:"


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
                layout.addWidget(self._line(f"{LESSON}{identifier}", name, "learn"))
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

    def _line(self, identifier: str, text: str, icon: str) -> Button:
        button = Button(text, "row", icon, checkable=True, tooltip=text)
        button.setMinimumWidth(60)
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
