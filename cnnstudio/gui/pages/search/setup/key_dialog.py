"""Choosing what is varied besides, from all settings of the project by name."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.widgets.basics import Button, Label, column, row
from cnnstudio.gui.widgets.dialog import Dialog
from cnnstudio.gui.widgets.formatting import capitalize
from cnnstudio.gui.widgets.inputs import SearchBox
from cnnstudio.gui.widgets.table import Column, Table
from cnnstudio.workers.search.candidates import Candidate


class KeyDialog(Dialog):
    """`taken` is the candidate that was chosen. What is seldom varied is listed when it is searched for."""

    def __init__(self, candidates: Sequence[Candidate], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Vary another setting", "Variar otro ajuste"))
        self._candidates = list(candidates)
        self.taken: Candidate | None = None
        self._search = SearchBox(tr("Search by name or key…", "Buscar por nombre o clave…"))
        self._search.textChanged.connect(lambda _text: self._fill())
        self._search.installEventFilter(self)
        self.table = Table((
            Column(tr("Setting", "Ajuste"), lambda item: capitalize(item.label), stretch=True,
                   help=lambda item: str(item.help)),
            Column(tr("Belongs to", "Pertenece a"), lambda item: str(item.group), help=lambda item: item.key),
            Column(tr("Now", "Ahora"), lambda item: item.now, right=True)))
        self.table.setAccessibleName(tr("Settings", "Ajustes"))
        self.table.setMinimumHeight(160)
        self.table.opened.connect(self._take)
        self.table.chosen.connect(self._show_help)
        self._help = Label("", "secondary", "dim", wrap=True)
        self._help.setMinimumHeight(36)
        self._help.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._add = Button(tr("Vary it", "Variarlo"), "primary", on_click=lambda: self._take(self.table.selected))
        cancel = Button(tr("Cancel", "Cancelar"), on_click=self.reject)
        self.setLayout(column(Label(self.windowTitle(), "title"), self._search, self.table, self._help,
                              row(None, cancel, self._add), spacing=10, margins=(24, 20, 24, 20)))
        self.resize(620, 520)
        self._fill()
        self._search.setFocus()

    def _fill(self) -> None:
        words = self._search.text().casefold().split()
        found = [item for item in self._candidates if (words or not item.advanced) and all(
            word in f"{item.label.en} {item.label.es} {item.group} {item.key}".casefold() for word in words)]
        self.table.set_rows(found)
        self._add.setEnabled(bool(found))
        if found:
            self.table.select(found[0])

    def _show_help(self, item: Candidate | None) -> None:
        self._help.setText("" if item is None else f"{item.help} ({item.key})")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Up and Down move through the table while the name is typed."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() in (
                Qt.Key.Key_Up, Qt.Key.Key_Down):
            QApplication.sendEvent(self.table, event)
            return True
        return False

    def _take(self, item: Candidate | None) -> None:
        if item is not None:
            self.taken = item
            self.accept()
