"""Finding a layer on the canvas by a few letters of its name or type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame

from cnnstudio.core.text import tr
from cnnstudio.gui.widgets.basics import Button, Label, row
from cnnstudio.gui.widgets.inputs import SearchBox
from cnnstudio.gui.window.palette import score

if TYPE_CHECKING:
    from cnnstudio.gui.pages.network.canvas.view import NetworkView


class Finder(QFrame):
    """A search field over the canvas: Enter goes to the next, Shift+Enter to the one before, Esc closes."""

    def __init__(self, view: NetworkView) -> None:
        super().__init__(view)
        self.setObjectName("card")
        self._view = view
        self._found: list[str] = []
        self._place = 0
        self._search = SearchBox(tr("Find a layer", "Buscar una capa"))
        self._search.setMinimumWidth(220)
        self._search.textChanged.connect(self._look)
        self._search.installEventFilter(self)
        self._count = Label("", "secondary", "dim")
        self._count.setMinimumWidth(64)
        self.setLayout(row(
            self._search, self._count,
            Button(tr("One before", "Anterior"), "icon", "chevron-up", on_click=lambda: self.step(-1)),
            Button(tr("Next", "Siguiente"), "icon", "chevron-down", on_click=lambda: self.step(1)),
            Button(tr("Close", "Cerrar"), "icon", "close", on_click=self.leave), spacing=4, margins=(8, 6, 6, 6)))
        self.hide()

    def open(self) -> None:
        self.adjustSize()
        self.move(16, 16)
        self.show()
        self.raise_()
        self._search.setFocus()
        self._search.selectAll()
        self._look(self._search.text())

    def leave(self) -> None:
        self.hide()
        self._view.setFocus()

    def _look(self, text: str) -> None:
        ranked = []
        for number, (identifier, words) in enumerate(self._view.searchable()):
            found = [each for each in (score(text, identifier), score(text, words)) if each is not None]
            if text.strip() and found:
                ranked.append((min(found), number, identifier))
        # The best first only tells which; walking goes in the network's order.
        best = min(ranked, default=None)
        self._found = [identifier for _cost, _number, identifier in sorted(ranked, key=lambda each: each[1])]
        self._place = self._found.index(best[2]) if best is not None else 0
        self._go()

    def step(self, by: int) -> None:
        if self._found:
            self._place = (self._place + by) % len(self._found)
            self._go()

    def _go(self) -> None:
        total = len(self._found)
        self._count.setText(tr("{n} of {total}", "{n} de {total}", n=self._place + 1, total=total) if total else
                            (tr("none", "ninguna") if self._search.text().strip() else ""))
        if self._found:
            self._view.network_scene.choose([self._found[self._place]])
            self._view.reveal(self._found[self._place])

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QKeyEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.step(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.leave()
                return True
        return False
