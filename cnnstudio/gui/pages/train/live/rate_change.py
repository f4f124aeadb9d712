"""Asks for another learning rate of the training that runs."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import localize_number, tr
from cnnstudio.gui.widgets.basics import Button, Label, column, row
from cnnstudio.gui.widgets.dialog import Dialog, fit
from cnnstudio.gui.widgets.number_box import NumberBox

_FACTORS: Final = (0.1, 0.5, 2.0)


class RateChangeDialog(Dialog):
    """`rate` is the wanted one; `present` that of now, None where it is not known yet."""

    def __init__(self, present: float | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Change the learning rate", "Cambiar la tasa de aprendizaje"))
        self._present = present or 0.001
        self._box = NumberBox(self._present, minimum=0, above=True, maximum=100, decimals=10, logarithmic=True)
        self._box.setAccessibleName(tr("Learning rate", "Tasa de aprendizaje"))
        quick = [Button(f"× {localize_number(f'{factor:g}')}", on_click=partial(self._box.set_value, self._present * factor))
                 for factor in _FACTORS]
        text = tr("It holds from the next batch on, is recorded with the run and marked in its plots. A stage with a schedule "
                  "keeps the schedule.",
                  "Vale desde el lote siguiente, queda registrada con el entrenamiento y se marca en sus gráficos. Una etapa "
                  "con plan conserva su plan.")
        apply = Button(tr("Change", "Cambiar"), "primary", on_click=self.accept)
        fit(self, column(
            Label(tr("Change the learning rate", "Cambiar la tasa de aprendizaje"), "title"),
            Label(text, tone="dim", wrap=True), row(self._box, *quick, spacing=8),
            row(None, Button(tr("Cancel", "Cancelar"), "quiet", on_click=self.reject), apply, spacing=8),
            spacing=14, margins=(24, 24, 24, 20)), 440)
        self._box.setFocus()

    @property
    def rate(self) -> float:
        return float(self._box.value or self._present)
