"""Which layers lose most with whole numbers: measured one at a time, and chosen to stay in float."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QWidget

from cnnstudio.core.export_jobs import LayerLoss, LossesMeasured
from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.export.certificates import format_scientific
from cnnstudio.gui.widgets.basics import Button, Label, column, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.formatting import format_count, format_percent

_MOST = 12
"""Layers that are shown: those below lose next to nothing in every network that was tried."""


class LossesCard(Card):
    """`wanted` asks for the measurement; `kept_changed(names)` when the user keeps other layers in float."""

    wanted = Signal()
    kept_changed = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(title=tr("What whole numbers cost", "Lo que cuestan los números enteros"), spacing=10, parent=parent)
        self._note = Label("", "secondary", "dim", wrap=True)
        self._measure = Button(tr("Measure layer by layer", "Medir capa por capa"), "", "evaluate", on_click=self.wanted.emit)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(20)
        self._grid.setVerticalSpacing(6)
        self._boxes: dict[str, QCheckBox] = {}
        self.body.addLayout(column(self._note, row(self._measure, None, spacing=8), spacing=8))
        self.body.addLayout(self._grid)

    @property
    def kept(self) -> list[str]:
        """The layers that stay in float."""
        return [name for name, check in self._boxes.items() if check.isChecked()]

    def show_losses(self, measured: LossesMeasured | None, kept: list[str], *, busy: bool) -> None:
        """Show what was measured, None before that."""
        self._measure.setEnabled(not busy)
        self._measure.setText(tr("Measure again", "Medir de nuevo") if measured is not None
                              else tr("Measure layer by layer", "Medir capa por capa"))
        self._note.setText(_note(measured))
        self._clear()
        if measured is None:
            return
        titles = (tr("Keep in float", "En coma flotante"), tr("Weights", "Pesos"), tr("Same class", "Misma clase"),
                  tr("Mean difference", "Diferencia media"))
        for place, title in enumerate(titles):
            self._grid.addWidget(Label(title, "secondary", "dim"), 0, place)
        for number, loss in enumerate(measured.layers[:_MOST], start=1):
            self._add(number, loss, loss.layer in kept)
        self._grid.setColumnStretch(len(titles), 1)

    def _add(self, number: int, loss: LayerLoss, kept: bool) -> None:
        # With its name as its text, all of the name can be clicked; && is an ampersand.
        check = QCheckBox(loss.layer.replace("&", "&&"))
        check.setFont(theme.mono_font(12))
        check.setToolTip(loss.type)
        check.setChecked(kept)
        check.setAccessibleName(tr("Keep {layer} in float", "Conservar {layer} en coma flotante", layer=loss.layer))
        check.toggled.connect(lambda _on: self.kept_changed.emit(self.kept))
        self._boxes[loss.layer] = check
        self._grid.addWidget(check, number, 0)
        for place, text in enumerate((format_count(loss.weights), format_percent(loss.top1_agreement),
                                      format_scientific(loss.mean_abs_difference)), start=1):
            self._grid.addWidget(Label(text, tone="dim"), number, place)

    def _clear(self) -> None:
        self._boxes = {}
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
                widget.hide()


def _note(measured: LossesMeasured | None) -> str:
    if measured is None:
        return tr("Each layer alone is computed with 8-bit whole numbers on pictures of the run. Those that lose most can stay "
                  "in float, for a little more size and time.",
                  "Cada capa, por separado, se calcula con números enteros de 8 bits en imágenes del entrenamiento. Las que "
                  "más pierden pueden quedarse en coma flotante, por un poco más de tamaño y tiempo.")
    together = measured.together
    return tr("On {n} pictures. All layers together: the same class for {share}, mean difference of probabilities "
              "{difference}.",
              "En {n} imágenes. Todas las capas juntas: la misma clase en el {share}, diferencia media de probabilidades "
              "{difference}.", n=format_count(measured.images), share=format_percent(together.top1_agreement),
              difference=format_scientific(together.mean_abs_difference))
