"""The choice of a format: a card for each, in groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.catalog.exporters import EXPORTERS
from cnnstudio.catalog.exporters.entry import Exporter
from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.widgets.basics import Badge, Button, Icon, Label, column, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.flow import FlowLayout

_GROUPS: Final = {
    "model": Text("Models", "Modelos"),
    "litert": Text("For phones and small devices", "Para móviles y equipos pequeños"),
    "source": Text("Source code with weights", "Código con los pesos"),
    "document": Text("Training again", "Entrenar de nuevo"),
}
_CELL: Final = 208


class FormatCard(Card):
    """One export format; `clicked` chooses it, `library_wanted(id)` asks for a library that it needs."""

    library_wanted = Signal(str)

    def __init__(self, exporter: Exporter, parent: QWidget | None = None) -> None:
        super().__init__(clickable=True, spacing=4, parent=parent)
        self.exporter = exporter
        self._mark = Icon("check", "accent", 16)
        symbol = Icon("folder" if exporter.folder else "layers", "accent", 16)
        self.body.addLayout(row(symbol, Label(str(exporter.label), "body_strong"), None, self._mark, spacing=8))
        self._missing = Badge("", "warn")
        self._install = Button(tr("Install", "Instalar"), "link", on_click=self._choose_library)
        self._kind = Label("", "secondary", "dim", wrap=True)
        self.body.addWidget(self._kind)
        self.body.addLayout(row(self._missing, self._install, None, spacing=8))
        self.body.addStretch(1)
        self.setAccessibleName(str(exporter.label))
        self.setAccessibleDescription(str(exporter.help))
        self.setToolTip(str(exporter.help))
        self.show_reason(())

    def update_libraries(self) -> None:
        """Show which libraries the format still needs."""
        absent = self.exporter.absent_libraries()
        names = ", ".join(library.name for library in absent)
        self._missing.setText(tr("needs {names}", "necesita {names}", names=names))
        self._missing.setToolTip("\n".join(str(problem.text) for problem in self.exporter.missing_libraries()))
        self._install.setAccessibleName(tr("Install {names}", "Instalar {names}", names=names))
        for widget in (self._missing, self._install):
            widget.setVisible(bool(absent))

    def show_reason(self, problems: tuple[Problem, ...]) -> None:
        """Show what the file is, or why the chosen run cannot be exported so."""
        kind = self.exporter.suffix or tr("folder", "carpeta")
        self._kind.setText(str(problems[0].text) if problems else kind)
        self._kind.set_tone("warn" if problems else "dim")
        self.update_libraries()

    def _choose_library(self) -> None:
        absent = self.exporter.absent_libraries()
        if absent:
            self.library_wanted.emit(absent[0].id)

    def set_selected(self, selected: bool) -> None:
        super().set_selected(selected)
        self._mark.set_icon("check" if selected else "", "accent")
        self._mark.setVisible(selected)


class FormatCards(QWidget):
    """All formats in groups, and the way to the report; `chosen(id)` and `library_wanted(id)`."""

    chosen = Signal(str)
    library_wanted = Signal(str)
    report_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cards = [FormatCard(exporter) for exporter in EXPORTERS]
        parts: list[QWidget] = []
        for group, label in _GROUPS.items():
            holder = QWidget()
            flow = FlowLayout(holder, spacing=10, cell=_CELL, columns_alike=True)
            for card in self.cards:
                if card.exporter.group == group:
                    flow.addWidget(card)
            if group == "document":
                flow.addWidget(self._report())
            parts += [Label(str(label), "secondary", "dim"), holder]
        for card in self.cards:
            card.clicked.connect(lambda format=card.exporter.id: self.chosen.emit(format))
            card.library_wanted.connect(self.library_wanted)
        self.setLayout(column(*parts, spacing=8))

    def _report(self) -> Card:
        """The way to the report, which is made of an evaluation."""
        title = tr("Report…", "Informe…")
        card = Card(clickable=True, spacing=4)
        card.body.addLayout(row(Icon("save", "accent", 16), Label(title, "body_strong"), None, spacing=8))
        card.body.addWidget(Label(tr("HTML or PDF, on Evaluate", "HTML o PDF, en Evaluar"), "secondary", "dim", wrap=True))
        card.body.addStretch(1)
        card.setAccessibleName(title)
        card.clicked.connect(self.report_wanted)
        return card

    def show_choice(self, format: str, reasons: Mapping[str, tuple[Problem, ...]]) -> None:
        """Show the chosen format, and why others are not possible for the chosen run."""
        for card in self.cards:
            card.set_selected(card.exporter.id == format)
            card.show_reason(reasons.get(card.exporter.id, ()))
