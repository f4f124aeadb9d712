"""One setting that a search varies: its range, or the choices that are tried."""

from __future__ import annotations

import math
from typing import Final

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from cnnstudio.core.search import Choices, Range, Varied
from cnnstudio.core.text import localize_number, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.basics import Button, Elided, Label, box, column, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.flow import flow_row
from cnnstudio.gui.widgets.inputs import Switch
from cnnstudio.gui.widgets.number_box import NumberBox
from cnnstudio.workers.search.candidates import Candidate

replace = msgspec.structs.replace
_MOST_CHIPS: Final = 12
"""More choices are written as a list."""


class VariedCard(Card):
    """`changed(Varied)` with every step of the user, `removed` when it is no longer wanted."""

    changed = Signal(object)
    removed = Signal()

    def __init__(self, item: Varied, name: str, candidate: Candidate | None) -> None:
        super().__init__(spacing=8, margins=(12, 8, 8, 10))
        self.item, self._candidate = item, candidate
        self.setAccessibleName(name)
        title = Elided(name, "body_strong")
        if candidate is not None:
            title.setToolTip(str(candidate.help))
        remove = Button(tr("Do not vary {name}", "No variar {name}", name=name), "icon", "close", on_click=self.removed.emit)
        head = row(title, remove, spacing=4)
        head.setStretch(0, 1)
        self.body.addLayout(head)
        now = "" if candidate is None or not candidate.now else tr("Now: {value}", "Ahora: {value}", value=self._label(
            candidate.now))
        self._now = Label(now, "secondary", "dim", wrap=True)
        self.body.addWidget(self._now)
        self._now.setVisible(bool(now))
        self.body.addWidget(self._range(item.values) if isinstance(item.values, Range) else self._choices(item.values))
        self._problem = Label("", "secondary", "error", wrap=True)
        self._problem.hide()
        self.body.addWidget(self._problem)

    def _label(self, value: str) -> str:
        options = () if self._candidate is None else self._candidate.options
        words = next((str(label) for choice, label in options if choice == value), value)
        return localize_number(words) if words.replace(".", "", 1).replace("e-", "", 1).isdigit() else words

    def show_problem(self, text: str) -> None:
        """What is wrong with it; "" for nothing."""
        self._problem.setText(text)
        self._problem.setVisible(bool(text))
        self.set_edge("error" if text else "")

    # Numbers -------------------------------------------------------------------------------------

    def _range(self, values: Range) -> QWidget:
        candidate = self._candidate
        whole = values.whole or (candidate is not None and candidate.whole)
        minimum, maximum = (-math.inf, math.inf) if candidate is None else (candidate.minimum, candidate.maximum)
        ends = []
        for number, title in ((values.low, tr("From", "Desde")), (values.high, tr("To", "Hasta"))):
            end = NumberBox(int(number) if whole else number, integer=whole, decimals=7, logarithmic=values.log and not whole,
                            minimum=minimum, maximum=maximum)
            end.setAccessibleName(title)
            end.value_changed.connect(lambda _value: self._take_range())
            end.refused.connect(self.show_problem)
            ends.append(end)
        self._low, self._high = ends
        self._step = NumberBox(values.step, minimum=0, above=True, integer=whole, decimals=7, optional=True)
        self._step.setPlaceholderText(tr("any", "cualquiera"))
        self._step.setAccessibleName(tr("Step", "Paso"))
        self._step.value_changed.connect(lambda _value: self._take_range())
        self._log = Switch(values.log, tr("Logarithmic", "Logarítmica"))
        self._log.setToolTip(tr("Tries factors instead of distances: as many numbers between 0.001 and 0.01 as between 0.01 "
                                "and 0.1.",
                                "Prueba factores en vez de distancias: tantos números entre 0,001 y 0,01 como entre 0,01 y "
                                "0,1."))
        self._log.switched.connect(lambda _on: self._take_range())
        self._step_part = box(column(Label(tr("Step", "Paso"), "secondary", "dim"), self._step, spacing=2))
        line = row(column(Label(tr("From", "Desde"), "secondary", "dim"), self._low, spacing=2),
                   column(Label(tr("To", "Hasta"), "secondary", "dim"), self._high, spacing=2), self._step_part, spacing=6)
        for place in range(3):
            line.setStretch(place, 1)
        for end in (self._low, self._high, self._step):
            end.setMinimumWidth(56)
            end.setCursorPosition(0)
        switch = row(self._log, Label(tr("Logarithmic", "Logarítmica"), "secondary"), None, spacing=4)
        # Shown before it has a parent it would be a window for a moment, and take the keyboard.
        if values.log:
            self._step_part.hide()
        return box(column(line, switch, spacing=4))

    def _take_range(self) -> None:
        values = self.item.values
        if not isinstance(values, Range) or self._low.value is None or self._high.value is None:
            return
        log = self._log.isChecked()
        self._step_part.setVisible(not log)
        step = None if log or self._step.value is None else float(self._step.value)
        self.item = replace(self.item, values=replace(values, low=float(self._low.value), high=float(self._high.value), log=log,
                                                      step=step))
        self.changed.emit(self.item)

    # Choices -------------------------------------------------------------------------------------

    def _choices(self, values: Choices) -> QWidget:
        options = () if self._candidate is None else self._candidate.options
        if not options or len(options) > _MOST_CHIPS:
            return self._list(values)
        self._chips: dict[str, Button] = {}
        for choice, label in options:
            chip = Button(str(label), "chip", checkable=True, on_click=self._take_chips)
            chip.setChecked(choice in values.values)
            self._chips[choice] = chip
        return flow_row(*self._chips.values(), spacing=6)

    def _take_chips(self) -> None:
        wanted = tuple(choice for choice, chip in self._chips.items() if chip.isChecked())
        self.item = replace(self.item, values=Choices(values=wanted))
        self.changed.emit(self.item)

    def _list(self, values: Choices) -> QWidget:
        """Choices as a line; where values have commas, semicolons divide them."""
        self._mark = ";" if any("," in value for value in values.values) else ","
        self._line = QLineEdit(f"{self._mark} ".join(values.values))
        self._line.setFont(theme.font())
        self._line.setAccessibleName(tr("Values to try", "Valores que probar"))
        self._line.editingFinished.connect(self._take_list)
        self._line.setCursorPosition(0)
        options = () if self._candidate is None else self._candidate.options
        note = Label(tr("Values with commas between them.", "Valores separados por comas.") if self._mark == "," else
                     tr("Values with semicolons between them.", "Valores separados por punto y coma."), "secondary", "dim",
                     wrap=True)
        if options:
            self._line.setToolTip(tr("Available: {names}", "Disponibles: {names}",
                                     names=", ".join(choice for choice, _label in options)))
        return box(column(self._line, note, spacing=2))

    def _take_list(self) -> None:
        wanted = tuple(dict.fromkeys(part.strip() for part in self._line.text().split(self._mark) if part.strip()))
        if not isinstance(self.item.values, Choices) or wanted != self.item.values.values:
            self.item = replace(self.item, values=Choices(values=wanted))
            self.changed.emit(self.item)
