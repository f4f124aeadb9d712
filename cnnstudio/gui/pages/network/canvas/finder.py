"""Finding a layer on the canvas by a few letters of its name or type."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.widgets.basics import Button, Label, row
from cnnstudio.gui.widgets.command_palette import score
from cnnstudio.gui.widgets.inputs import SearchBox


class Finder(QFrame):
    """A search field over the canvas: Enter goes to the next match, Shift+Enter to the previous one, Esc closes."""

    layer_found = Signal(str)
    """The id of the layer to go to."""
    left = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.list_layers: Callable[[], list[tuple[str, str]]] = list
        """(id, title) of every layer that can be found."""
        self._matches: list[str] = []
        self._position = 0
        self._search = SearchBox(tr("Find a layer", "Buscar una capa"))
        self._search.setMinimumWidth(220)
        self._search.textChanged.connect(self._on_text_changed)
        self._search.installEventFilter(self)
        self._count = Label("", "secondary", "dim")
        self._count.setMinimumWidth(64)
        self.setLayout(row(
            self._search, self._count,
            Button(tr("Previous", "Anterior"), "icon", "chevron-up", on_click=lambda: self.step(-1)),
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
        self._on_text_changed(self._search.text())

    def leave(self) -> None:
        self.hide()
        self.left.emit()

    def _on_text_changed(self, text: str) -> None:
        ranked = []
        for number, (identifier, title) in enumerate(self.list_layers()):
            costs = [cost for cost in (score(text, identifier), score(text, title)) if cost is not None]
            if text.strip() and costs:
                ranked.append((min(costs), number, identifier))
        # The best match comes first; the next ones follow the network's order.
        best = min(ranked, default=None)
        self._matches = [identifier for _cost, _number, identifier in sorted(ranked, key=lambda match: match[1])]
        self._position = self._matches.index(best[2]) if best is not None else 0
        self._go()

    def step(self, by: int) -> None:
        if self._matches:
            self._position = (self._position + by) % len(self._matches)
            self._go()

    def _go(self) -> None:
        total = len(self._matches)
        self._count.setText(tr("{n} of {total}", "{n} de {total}", n=self._position + 1, total=total) if total else
                            (tr("none", "ninguna") if self._search.text().strip() else ""))
        if self._matches:
            self.layer_found.emit(self._matches[self._position])

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QKeyEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.step(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.leave()
                return True
        return False
