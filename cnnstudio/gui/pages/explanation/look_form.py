"""How a map is drawn: strength, colours, one sign or both, and the picture alone."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.pages.explanation.legend import Legend
from cnnstudio.gui.pages.explanation.memory import ExplanationMemory
from cnnstudio.gui.widgets.basics import Label, box, column, row
from cnnstudio.gui.widgets.formatting import format_percent
from cnnstudio.gui.widgets.inputs import Select, Switch
from cnnstudio.gui.widgets.wheel import Slider
from cnnstudio.imaging.overlay import PALETTES


class LookForm(QWidget):
    """`changed()` while a choice changes; maps that are shown follow at once."""

    changed = Signal()

    def __init__(self, memory: ExplanationMemory, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._memory = memory
        self.look = memory.look
        self._signed = False
        self.show_map = Switch(True, tr("Show the map", "Mostrar el mapa"))
        self.show_map.setToolTip(tr("Map or picture alone (M)", "Mapa o solo la imagen (M)"))
        self.show_map.switched.connect(lambda on: self._set(shown=on))
        self._strength = Slider()
        self._strength.setRange(5, 100)
        self._strength.setValue(round(100 * self.look.strength))
        self._strength.setAccessibleName(tr("Strength", "Intensidad"))
        self._strength.setToolTip(tr("How much the map covers the picture", "Cuánto tapa el mapa la imagen"))
        self._strength.valueChanged.connect(lambda value: self._set(strength=value / 100))
        self._percent = Label("", "secondary", "dim")
        self._percent.setMinimumWidth(38)
        self.palette_list = Select([(palette.id, str(palette.label)) for palette in PALETTES], self.look.palette)
        self.palette_list.setAccessibleName(tr("Colours", "Colores"))
        self.palette_list.chosen.connect(lambda value: self._set(palette=str(value)))
        self._positive = Switch(self.look.positive, tr("Only what speaks for the class",
                                                       "Solo lo que habla a favor de la clase"))
        self._positive.switched.connect(lambda on: self._set(positive=on))
        self._positive_row = box(_line(tr("Only for the class", "Solo a favor"), self._positive))
        self._palette_box = box(column(Label(tr("Colours", "Colores"), "secondary", "dim"), self.palette_list, spacing=4))
        self._legend = Legend()
        strength = row(self._strength, self._percent, spacing=8)
        strength.setStretch(0, 1)
        layout = column(_line(tr("Show the map", "Mostrar el mapa"), self.show_map),
                        Label(tr("Strength", "Intensidad"), "secondary", "dim"), strength, self._positive_row,
                        self._palette_box, 2, self._legend, spacing=4)
        self.setLayout(layout)
        self._show()

    def toggle_map(self) -> None:
        """The map, or the picture alone."""
        self.show_map.set_value(not self.look.shown)
        self._set(shown=not self.look.shown)

    def recall(self) -> None:
        """Show what is remembered: another form may have changed it."""
        look = replace(self._memory.look, shown=self.look.shown)
        if look == self.look:
            return
        self.look = look
        self._strength.blockSignals(True)
        self._strength.setValue(round(100 * look.strength))
        self._strength.blockSignals(False)
        self.palette_list.set_value(look.palette)
        self._positive.set_value(look.positive)
        self._show()

    def show_signed(self, signed: bool) -> None:
        """Whether the present method tells what is for and what is against a class."""
        self._signed = signed
        self._show()

    def _set(self, **values: object) -> None:
        self.look = replace(self.look, **values)  # type: ignore[arg-type]
        self._memory.keep_look(self.look)
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        two = self._signed and not self.look.positive
        self._percent.setText(format_percent(self.look.strength, 0))
        self._positive_row.setVisible(self._signed)
        self._palette_box.setVisible(not two)
        self._legend.show_look(self.look, signed=two)


def _line(text: str, switch: Switch) -> QHBoxLayout:
    line = row(Label(text, "body"), switch, spacing=8)
    line.setStretch(0, 1)
    return line
