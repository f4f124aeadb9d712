"""The controls of the convolution bench."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.pages.learn.drawing.board import controls, group, labelled
from cnnstudio.gui.pages.learn.drawing.picture_choice import PictureChoice
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Label, column, row
from cnnstudio.gui.widgets.inputs import SegmentedControl, Select, Switch
from cnnstudio.gui.widgets.number_box import NumberBox
from cnnstudio.learning.benches.convolution.kernels import EDITED, KERNELS, TRAINED
from cnnstudio.learning.benches.convolution.settings import (
    LARGEST,
    MOST_DILATION,
    MOST_FILTERS,
    MOST_STRIDE,
    ConvolutionSettings,
    Filter,
)

_FIELD: Final = 96


class ConvolutionPanel(QWidget):
    """`edited(fields)`: values of `ConvolutionSettings` by name. `filter_edited(Filter)` for the chosen one."""

    edited = Signal(object)
    filter_edited = Signal(object)
    filter_added = Signal()
    filter_removed = Signal()
    trained_wanted = Signal()
    grows_chosen = Signal(bool)
    compares_chosen = Signal(bool)

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = ConvolutionSettings()
        self.picture = PictureChoice(workspace)
        self.picture.source_chosen.connect(lambda source: self.edited.emit({"source": source}))
        self._filter = Select()
        self._filter.setAccessibleName(tr("Filter", "Filtro"))
        self._filter.chosen.connect(lambda number: self.edited.emit({"filter": number}))
        self._add = Button(tr("Add a filter", "Añadir un filtro"), "icon", "plus", on_click=self.filter_added.emit)
        self._remove = Button(tr("Remove this filter", "Quitar este filtro"), "icon", "minus",
                              on_click=self.filter_removed.emit)
        self._preset = Select()
        self._preset.setAccessibleName(tr("Kernel", "Núcleo"))
        self._preset.chosen.connect(self._on_preset_chosen)
        self._about = Label("", "secondary", "dim", wrap=True)
        self._trained = Button(tr("From a trained layer…", "De una capa entrenada…"), "", "network",
                               on_click=self.trained_wanted.emit)
        self._size = self._number("size", 1, LARGEST)
        self._stride = self._number("stride", 1, MOST_STRIDE)
        self._dilation = self._number("dilation", 1, MOST_DILATION)
        self._bias = NumberBox(0, minimum=-9999, maximum=9999, decimals=3)
        self._bias.setFixedWidth(_FIELD)
        self._bias.value_changed.connect(self._on_bias_changed)
        self._padding = SegmentedControl([("valid", "valid"), ("same", "same")], "valid")
        self._padding.setAccessibleName(tr("Padding", "Relleno"))
        self._padding.chosen.connect(lambda value: self.edited.emit({"padding": value}))
        self._flip = Select([(False, tr("Cross-correlation (Keras, OpenCV)", "Correlación cruzada (Keras, OpenCV)")),
                             (True, tr("Convolution (mathematics)", "Convolución (matemáticas)"))], False)
        self._flip.setAccessibleName(tr("Kind of sum", "Clase de suma"))
        self._flip.chosen.connect(lambda value: self.edited.emit({"flip": value}))
        compares = Switch(False, tr("Show both", "Mostrar ambas"))
        compares.switched.connect(self.compares_chosen)
        grows = Switch(True, tr("Result grows with the window", "El resultado crece con la ventana"))
        grows.switched.connect(self.grows_chosen)
        filters = QWidget()
        line = row(self._filter, self._add, self._remove, spacing=4)
        line.setStretch(0, 1)
        filters.setLayout(line)
        padding_tip = tr("valid: only where the kernel fits. same: zeros around, so that stride 1 keeps the size",
                         "valid: solo donde cabe el núcleo. same: ceros alrededor, de modo que el paso 1 conserva el tamaño")
        padding = labelled(tr("Padding", "Relleno"), self._padding, tooltip=padding_tip)
        self.setLayout(column(controls(
            group(tr("Picture", "Imagen"), self.picture),
            group(tr("Filters", "Filtros"), filters, self._preset, self._about, self._trained,
                  labelled(tr("Kernel size", "Tamaño del núcleo"), self._size),
                  labelled(tr("Bias", "Sesgo"), self._bias)),
            group(tr("Window", "Ventana"), labelled(tr("Stride", "Paso (stride)"), self._stride), padding,
                  labelled(tr("Dilation", "Dilatación"), self._dilation,
                           tooltip=tr("Distance between the pixels below the kernel",
                                      "Distancia entre los píxeles bajo el núcleo")),
                  labelled(tr("Result grows", "El resultado crece"), grows)),
            group(tr("Convolution", "Convolución"), self._flip, labelled(tr("Show both", "Mostrar ambas"), compares)))))

    def _number(self, name: str, least: int, most: int) -> NumberBox:
        box = NumberBox(least, minimum=least, maximum=most, integer=True)
        box.setFixedWidth(_FIELD)
        box.value_changed.connect(lambda value: self.edited.emit({name: value}))
        return box

    def show_settings(self, settings: ConvolutionSettings) -> None:
        """Show settings; nothing is emitted."""
        self._settings = settings
        self.picture.show_source(settings.source)
        for box, value in ((self._size, settings.size), (self._stride, settings.stride), (self._dilation, settings.dilation),
                           (self._bias, settings.filters[settings.filter].bias)):
            box.set_value(value)
        self._padding.set_value(settings.padding)
        self._flip.set_value(settings.flip)
        count = len(settings.filters)
        self._filter.set_choices([(number, tr("Filter {n} of {count}", "Filtro {n} de {count}", n=number + 1, count=count))
                                  for number in range(count)], settings.filter)
        self._add.setEnabled(count < MOST_FILTERS)
        self._remove.setEnabled(count > 1)
        chosen = settings.filters[settings.filter]
        choices: list[tuple[object, str]] = [(preset.id, str(preset.label)) for preset in KERNELS]
        if chosen.preset == EDITED:
            choices.append((EDITED, tr("Edited", "Editado")))
        if chosen.preset == TRAINED:
            choices.append((TRAINED, chosen.origin or tr("Trained", "Entrenado")))
        self._preset.set_choices(choices, chosen.preset)
        preset = KERNELS.find(chosen.preset)
        self._about.setText(str(preset.help) if preset is not None else _about(chosen))

    def _on_preset_chosen(self, value: Any) -> None:
        preset = KERNELS.find(str(value))
        if preset is None:
            return
        if self._settings.size < preset.least:
            self.edited.emit({"size": 3})
        self.filter_edited.emit(Filter(preset=preset.id, bias=self._settings.filters[self._settings.filter].bias))

    def _on_bias_changed(self, value: Any) -> None:
        self.filter_edited.emit(msgspec.structs.replace(self._settings.filters[self._settings.filter], bias=float(value or 0)))


def _about(chosen: Filter) -> str:
    if chosen.preset == TRAINED:
        return tr("Weights that a network learned: {name}.", "Pesos que aprendió una red: {name}.", name=chosen.origin)
    return tr("Choose a cell of the kernel and type a number.", "Elija una celda del núcleo y escriba un número.")
