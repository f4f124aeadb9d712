"""The gallery: pretrained bases in a table and a plot, and architectures as drawn cards, to start a network from."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from cnnstudio.catalog.bases.resolver import BaseResolver
from cnnstudio.core.text import tr
from cnnstudio.gui.look import tokens
from cnnstudio.gui.pages.network.architectures import architecture_cards
from cnnstudio.gui.pages.network.base_table import BaseTable
from cnnstudio.gui.widgets.basics import Button, Label, box, column, row
from cnnstudio.gui.widgets.flow import flow_row
from cnnstudio.gui.widgets.inputs import SegmentedControl


class Gallery(QWidget):
    """`base_chosen(id)`, `template_chosen(id)`; `fetch_requested(id)` for a base's weights; `left` to go back to the
    canvas."""

    base_chosen = Signal(str)
    template_chosen = Signal(str)
    fetch_requested = Signal(str)
    probe_requested = Signal()
    """Compare the bases on the project's pictures."""
    left = Signal()
    file_requested = Signal()
    """Open a network file."""
    own_requested = Signal()
    """Choose the user's own model as a base."""
    run_requested = Signal()
    """Choose a trained run as a base."""

    def __init__(self, bases: Callable[[], BaseResolver], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._resolver = bases
        self._bases: BaseTable | None = None

    def showEvent(self, event: QShowEvent) -> None:
        # Built when it is first shown: most visits to the page are for the canvas.
        if self._bases is None:
            self._build()
        self.refresh()
        super().showEvent(event)

    def _build(self) -> None:
        self._bases = BaseTable(self._resolver)
        self._bases.taken.connect(self.base_chosen)
        self._bases.fetch_requested.connect(self.fetch_requested)
        self._bases.probe_requested.connect(self.probe_requested)
        self._bases.own_requested.connect(self.own_requested)
        self._bases.run_requested.connect(self.run_requested)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._bases)
        switch = SegmentedControl([(0, tr("Pretrained bases", "Bases preentrenadas")),
                                   (1, tr("Architectures", "Arquitecturas"))], 0)
        switch.setFixedHeight(tokens.CONTROL_HEIGHT)
        switch.chosen.connect(self._show)
        head = flow_row(box(row(Label(tr("Start from…", "Partir de…"), "title"), 12, switch)),
                        Button(tr("Open a network file…", "Abrir un archivo de red…"), icon="folder",
                               on_click=self.file_requested.emit),
                        Button(tr("Back to the canvas", "Volver al lienzo"), icon="chevron-left", on_click=self.left.emit),
                        apart=1)
        note = Label(tr("Your choice replaces the network and adapts recipe, augmentation and training to it. It "
                        "can be undone.",
                        "Lo que elija sustituye la red y adapta a ella la receta, el aumento y el entrenamiento. Se "
                        "puede deshacer."), "secondary", "dim", wrap=True)
        self.setLayout(column(head, note, self._stack, spacing=10, margins=(24, 20, 24, 16)))

    def _show(self, page: object) -> None:
        if page == 1 and self._stack.count() == 1:
            self._stack.addWidget(architecture_cards(self.template_chosen.emit))
        self._stack.setCurrentIndex(int(str(page)))

    def refresh(self) -> None:
        """Check again which weights are on this computer."""
        if self._bases is not None:
            self._bases.refresh()
