"""The compared networks: each with its curves, its figures, and its remedies to change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from cnnstudio.core.learning_jobs import Remedy, RemedyEpoch
from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.learn.benches.regularisation.gap_plot import GapPlot
from cnnstudio.gui.widgets.basics import Button, Elided, Label, clear, column, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.form import Form
from cnnstudio.gui.widgets.formatting import format_number, format_percent
from cnnstudio.learning.benches.regularisation.remedies import REMEDY_PARAMS, describe, gap

_LEAST_TOP = 0.5
"""The least height of the axis of losses."""
_NARROW = 205
"""The least width of a card in pixels."""


class NetworkCard(Card):
    """One network: curves and figures."""

    def __init__(self, place: int, remedy: Remedy) -> None:
        super().__init__(margins=(14, 10, 10, 10), spacing=4)
        self.setAccessibleName(describe(remedy))
        self.body.addWidget(Elided(describe(remedy), "body_strong"))
        self.plot = GapPlot(theme.class_color(place))
        self.plot.setAccessibleName(describe(remedy))
        self.body.addWidget(self.plot, 1)
        self._figures = Label("", "secondary", wrap=True)
        self._figures.setMinimumWidth(160)
        self._gap = Label("", "body_strong")
        self.body.addWidget(self._gap)
        self.body.addWidget(self._figures)
        self.show_epochs((), 1, losses=False, top=1.0)

    def show_epochs(self, epochs: Sequence[RemedyEpoch], planned: int, *, losses: bool, top: float) -> None:
        self.plot.show_epochs(epochs, planned, losses=losses, top=top)
        if not epochs:
            self._gap.setText(tr("Not trained yet", "Sin entrenar"))
            self._figures.setText("")
            return
        last = epochs[-1]
        self._gap.setText(tr("Gap: {n} points", "Distancia: {n} puntos", n=format_number(100 * gap(epochs), 1)))
        self._figures.setText(tr(
            "training {train} ({loss}), validation {val} ({val_loss})",
            "entrenamiento {train} ({loss}), validación {val} ({val_loss})", train=format_percent(last.accuracy),
            loss=format_number(last.loss), val=format_percent(last.val_accuracy), val_loss=format_number(last.val_loss)))


class NetworkCards(QWidget):
    """The cards side by side, in a narrow place two by two or below each other."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(12)
        self.cards: list[NetworkCard] = []
        self._columns = 0

    def show_remedies(self, remedies: Sequence[Remedy]) -> None:
        """New cards."""
        clear(self._grid)
        self.cards = [NetworkCard(place, remedy) for place, remedy in enumerate(remedies)]
        self._columns = 0
        self._arrange(self.width())

    def show_epochs(self, networks: Sequence[Sequence[RemedyEpoch]], planned: int, *, losses: bool) -> None:
        """Show the epochs of each network so far."""
        known = [event for epochs in networks for event in epochs]
        top = max([_LEAST_TOP, *(max(event.loss, event.val_loss) for event in known)])
        for card, epochs in zip(self.cards, networks or [()] * len(self.cards), strict=False):
            card.show_epochs(epochs, planned, losses=losses, top=top)

    def _arrange(self, width: int) -> None:
        count = len(self.cards)
        fitting = max(1, min(count, (width + 12) // (_NARROW + 12)))
        columns = 2 if count == 4 and fitting == 3 else fitting
        if columns == self._columns or not count:
            return
        self._columns = columns
        for place, card in enumerate(self.cards):
            self._grid.addWidget(card, place // columns, place % columns)
        for place in range(4):
            self._grid.setColumnStretch(place, 1 if place < columns else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange(event.size().width())


class RemedyEditor(QWidget):
    """The remedies of one network at a time: `changed(place, Remedy)`, `added`, `removed(place)`."""

    changed = Signal(int, object)
    added = Signal()
    removed = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._place = 0
        self._remedies: Sequence[Remedy] = ()
        self._lines = column(spacing=4)
        self._form: Form | None = None
        self._holder = column(spacing=8)
        self._add = Button(tr("Add a network", "Añadir una red"), "quiet", "plus", on_click=self.added.emit)
        self.setLayout(column(self._lines, self._add, self._holder, spacing=8))

    def show_remedies(self, remedies: Sequence[Remedy], most: int) -> None:
        """Show the networks, and the form of the chosen one."""
        self._remedies = remedies
        self._place = min(self._place, len(remedies) - 1)
        clear(self._lines)
        for place, remedy in enumerate(remedies):
            self._lines.addLayout(self._line(place, remedy))
        self._add.setEnabled(len(remedies) < most)
        self._show_form()

    def _line(self, place: int, remedy: Remedy) -> Any:
        choose = Button(describe(remedy), "row", checkable=True, on_click=lambda: self._choose(place))
        choose.setChecked(place == self._place)
        choose.setAccessibleName(tr("Network {n}: {what}", "Red {n}: {what}", n=place + 1, what=describe(remedy)))
        choose.setMinimumWidth(60)
        remove = Button(tr("Remove {what}", "Quitar {what}", what=describe(remedy)), "icon", "close",
                        on_click=lambda: self.removed.emit(place))
        remove.setEnabled(len(self._remedies) > 1)
        line = row(choose, remove, spacing=4)
        line.setStretch(0, 1)
        return line

    def _choose(self, place: int) -> None:
        self._place = place
        self.show_remedies(self._remedies, len(self._remedies) + self._add.isEnabled())

    def _show_form(self) -> None:
        values = msgspec.to_builtins(self._remedies[self._place])
        if self._form is not None:
            self._form.set_values(values)
            return
        self._form = Form(REMEDY_PARAMS, values)
        self._form.value_changed.connect(self._on_value)
        self._holder.addWidget(self._form)

    def _on_value(self, name: str, value: object) -> None:
        self.changed.emit(self._place, msgspec.structs.replace(self._remedies[self._place], **{name: value}))
