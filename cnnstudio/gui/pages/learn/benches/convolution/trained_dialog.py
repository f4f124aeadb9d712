"""Choosing filters of a trained layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import tr
from cnnstudio.gui.pages.file_dialogs import ask_files
from cnnstudio.gui.pages.learn.drawing import tints
from cnnstudio.gui.pages.learn.drawing.board import labelled
from cnnstudio.gui.pages.learn.drawing.map_strip import MapStrip
from cnnstudio.gui.pages.learn.drawing.matrix import MatrixView
from cnnstudio.gui.state.latest import Failure, Latest
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Label, column, row
from cnnstudio.gui.widgets.dialog import Dialog
from cnnstudio.gui.widgets.inputs import Select
from cnnstudio.learning.benches.convolution.settings import MOST_FILTERS
from cnnstudio.learning.benches.convolution.trained import TrainedLayer, read_layers, trained_filter
from cnnstudio.workers.runs.folder import RunFolder, list_runs


class TrainedDialog(Dialog):
    """`kernel_chosen(size, channels, filters)`: the chosen filter first, then those behind it."""

    kernel_chosen = Signal(int, int, object)

    def __init__(self, session: Session, channels: int, parent: QWidget | None = None) -> None:
        """`channels` are those of the picture on the bench."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Filters of a trained layer", "Filtros de una capa entrenada"))
        self.resize(520, 520)
        self._session, self._picture_channels = session, channels
        self._layers: list[TrainedLayer] = []
        self._layer: TrainedLayer | None = None
        self._number = 0
        self._models = Select()
        self._models.chosen.connect(lambda path: self._read(Path(str(path))))
        file = Button(tr("Model file…", "Archivo de modelo…"), "", "folder", on_click=self._ask_file)
        self._choice = Select()
        self._choice.setMinimumWidth(280)
        self._choice.chosen.connect(self._on_layer_chosen)
        self._first = Select()
        self._first.chosen.connect(lambda _value: self._show())
        self._strip = MapStrip(tr("Filters of the layer", "Filtros de la capa"))
        self._strip.map_chosen.connect(self._on_filter_chosen)
        self._view = MatrixView(tr("Kernel", "Núcleo"), cell=56)
        self._text = Label("", "secondary", "dim", wrap=True)
        self._use = Button(tr("Use these filters", "Usar estos filtros"), "primary", on_click=self._take)
        self._first_line = labelled(tr("Input channel", "Canal de entrada"), self._first)
        models = row(self._models, file, spacing=8)
        models.setStretch(0, 1)
        layout = column(spacing=12, margins=(20, 20, 20, 16))
        layout.addLayout(models)
        layout.addWidget(labelled(tr("Layer", "Capa"), self._choice))
        layout.addWidget(self._first_line)
        layout.addWidget(self._strip)
        layout.addWidget(self._view, 1)
        layout.addWidget(self._text)
        layout.addLayout(row(None, Button(tr("Cancel", "Cancelar"), on_click=self.reject), self._use))
        self.setLayout(layout)
        self._reader = Latest(session.jobs, "bench-layers", lambda path, _report: _read_layers(path), self)
        self._reader.answered.connect(self._on_read)
        self.finished.connect(lambda _result: self._reader.close())
        self._list_models()

    def _list_models(self) -> None:
        folder = self._session.folder
        runs = [run for run in list_runs(folder) if RunFolder(run.folder).has_model_file] if folder is not None else []
        choices = [(str(RunFolder(run.folder).model_path), run.title) for run in runs]
        self._models.set_choices(choices, choices[0][0] if choices else None)
        self._models.setAccessibleName(tr("Trained network", "Red entrenada"))
        self._show()
        if choices:
            self._read(Path(choices[0][0]))

    def _ask_file(self) -> None:
        paths = ask_files(self._session, self, tr("Choose a model", "Elegir un modelo"), "Keras (*.keras *.h5)")
        if paths:
            choices: list[tuple[object, str]] = [(value, self._models.itemText(place))
                                                 for place, value in enumerate(self._models.values) if value != paths[0]]
            self._models.set_choices([*choices, (paths[0], Path(paths[0]).name)], paths[0])
            self._read(Path(paths[0]))

    def _read(self, path: Path) -> None:
        self._layers, self._layer = [], None
        self._show()
        self._text.setText(tr("Reading the weights…", "Leyendo los pesos…"))
        self._reader.ask(path)

    def _on_read(self, _path: Path, layers: Any) -> None:
        if isinstance(layers, Failure):
            self._text.setText(layers.text)
            return
        if isinstance(layers, str):
            self._text.setText(layers)
            return
        self._layers = list(layers)
        self._choice.set_choices([(number, f"{layer.name}   {' × '.join(map(str, layer.kernel.shape))}")
                                  for number, layer in enumerate(self._layers)], 0)
        self._on_layer_chosen(0)

    def _on_layer_chosen(self, number: Any) -> None:
        self._layer = self._layers[int(number)] if self._layers else None
        self._number = 0
        if self._layer is not None:
            self._first.set_choices([(channel, str(channel + 1)) for channel in range(self._layer.channels)], 0)
        self._show()

    def _on_filter_chosen(self, number: int) -> None:
        self._number = number
        self._show()

    def _channels(self) -> int:
        """The channels that the filters get on the bench: all of a layer for pictures, else one."""
        return self._layer.channels if self._layer is not None and self._layer.channels in (1, 3) else 1

    def _show(self) -> None:
        layer = self._layer
        self._use.setEnabled(layer is not None)
        for widget in (self._strip, self._view, self._choice):
            widget.setVisible(layer is not None)
        self._first_line.setVisible(layer is not None and self._channels() != layer.channels)
        if layer is None:
            self._text.setText(tr("There is no trained network. Train one, or choose a model file of Keras.",
                                  "No hay ninguna red entrenada. Entrene una o elija un archivo de modelo de Keras.")
                               if not self._models.values else "")
            return
        first = int(self._first.value or 0)  # type: ignore[call-overload]
        planes = layer.kernel[:, :, first, :].astype(np.float64)
        limit = float(np.abs(planes).max()) or 1.0
        self._strip.show_maps([planes[..., item] for item in range(min(layer.filters, 32))], self._number)
        self._view.show_values(planes[..., self._number], tints.diverging(limit))
        self._text.setText(tr("The bench takes this filter and up to {n} behind it. Its pixels go from 0 to 255; the network "
                              "saw them scaled.",
                              "El banco toma este filtro y hasta {n} de los siguientes. Sus píxeles van de 0 a 255; la red "
                              "los vio escalados.", n=MOST_FILTERS - 1))

    def _take(self) -> None:
        layer = self._layer
        if layer is None:
            return
        channels, first = self._channels(), int(self._first.value or 0)  # type: ignore[call-overload]
        first = 0 if channels == layer.channels else first
        numbers = range(self._number, min(layer.filters, self._number + MOST_FILTERS))
        filters = tuple(trained_filter(layer, number, channels, first) for number in numbers)
        self.kernel_chosen.emit(layer.kernel.shape[0], channels, filters)
        self.accept()


def _read_layers(path: Path) -> list[TrainedLayer] | str:
    try:
        layers = read_layers(path)
    except ProblemError as err:
        return str(err.problems[0].text)
    return layers or tr("This network has no convolution layer with a square kernel of at most 11 × 11.",
                        "Esta red no tiene ninguna capa de convolución con un núcleo cuadrado de 11 × 11 como máximo.")
