"""Walks through the layers of a trained network with one picture: feature maps, filters, units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QResizeEvent
from PySide6.QtWidgets import QWidget

from cnnstudio.catalog.layers import LAYERS
from cnnstudio.core.explain_jobs import FeaturesShown
from cnnstudio.core.text import tr
from cnnstudio.gui.pages.explanation.maps import placement_of
from cnnstudio.gui.pages.layers.layer_list import LayerLine, LayerList
from cnnstudio.gui.pages.layers.maps import FeatureMaps
from cnnstudio.gui.pages.layers.tiles import LARGEST, SMALLEST, TileGrid, unit_text
from cnnstudio.gui.pages.layers.unit_card import ShownUnit, UnitCard
from cnnstudio.gui.state.explainer import Ended
from cnnstudio.gui.state.inside import Inside, read_arrays
from cnnstudio.gui.state.prediction_server import Model
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Elided, Label, box, column, row
from cnnstudio.gui.widgets.flow import flow_row
from cnnstudio.gui.widgets.formatting import format_number
from cnnstudio.gui.widgets.inputs import SegmentedControl
from cnnstudio.gui.widgets.splitter import Splitter
from cnnstudio.gui.widgets.wheel import Slider
from cnnstudio.imaging.placement import Placement

_STRIP_UNITS: Final = 6
_HIGH: Final = 600
"""From this height in pixels all that is told of a unit has room."""
_MAPS, _FILTERS = "maps", "filters"


@dataclass(frozen=True)
class Subject:
    """A picture that is shown to a model."""

    model: Model
    file: Path


@dataclass(frozen=True, eq=False)
class _Answer:
    maps: FeatureMaps
    placement: Placement
    input: tuple[int, int]


class LayerBrowser(QWidget):
    """`state` remembers the layer, the unit and the way of showing."""

    def __init__(self, session: Session, state: dict[str, Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._subject: Subject | None = None
        self._image: QImage | None = None
        self._answer: _Answer | None = None
        self._filters: np.ndarray | None = None
        self._arrived: dict[str, FeaturesShown] = {}
        self._strips: dict[str, QImage] = {}
        self._layers_asker, self._overview, self._layer = (Inside(session, self) for _ in range(3))
        self._layers_asker.shown.connect(self._on_layer)
        self._layers_asker.ended.connect(self._on_layers_ended)
        self._overview.shown.connect(self._on_strip)
        self._overview.ended.connect(self._on_overview_ended)
        self._layer.shown.connect(self._on_maps)
        self._layer.ended.connect(self._on_maps_ended)
        self.list = LayerList()
        self.list.chosen.connect(self._choose_layer)
        self._name = Elided("", "body_strong", mode=Qt.TextElideMode.ElideLeft)
        self._note = Label("", "secondary", "dim")
        self.kind = SegmentedControl([(_MAPS, tr("Maps", "Mapas")), (_FILTERS, tr("Filters", "Filtros"))],
                                     state.get("kind", _MAPS), stretch=False)
        self.kind.set_tooltips((tr("Feature maps: what each unit answers to the picture",
                                   "Mapas de características: lo que responde cada unidad a la imagen"),
                                tr("The kernel of each unit: what it looks for; over many channels their mean",
                                   "El núcleo de cada unidad: lo que busca; con muchos canales, su media")))
        self.kind.chosen.connect(lambda kind: self._choose(kind=kind))
        self._range = SegmentedControl([(False, tr("Each map", "Cada mapa")), (True, tr("Whole layer", "Toda la capa"))],
                                       bool(state.get("alike", False)), stretch=False)
        self._range.set_tooltips((tr("Each map from its least value (dark) to its greatest (bright)",
                                     "Cada mapa, de su valor mínimo (oscuro) al máximo (claro)"),
                                  tr("All maps in the range of the layer: strong and weak units can be compared",
                                     "Todos los mapas en el rango de la capa: se comparan unidades fuertes y débiles")))
        self._range.chosen.connect(lambda alike: self._choose(alike=bool(alike)))
        self._order = SegmentedControl([(False, tr("By number", "Por número")), (True, tr("Strongest first", "Más fuertes"))],
                                       bool(state.get("strongest", False)), stretch=False)
        self._order.chosen.connect(lambda strongest: self._choose(strongest=bool(strongest)))
        self._size = Slider()
        self._size.setRange(SMALLEST, LARGEST)
        self._size.setFixedWidth(88)
        self._size.setAccessibleName(tr("Size of the maps", "Tamaño de los mapas"))
        self._size.setToolTip(tr("Size of the maps (Ctrl+wheel)", "Tamaño de los mapas (Ctrl+rueda)"))
        self.tiles = TileGrid(self._describe)
        self.tiles.setAccessibleName(tr("Maps of the layer", "Mapas de la capa"))
        self.tiles.chosen.connect(self._choose_unit)
        self._size.valueChanged.connect(self.tiles.set_side)
        self.tiles.zoomed.connect(self._on_zoomed)
        self.tiles.set_side(int(state.get("side", 72)))
        self.unit = UnitCard(session)
        head = row(self._name, self._note, spacing=12)
        head.setStretch(0, 1)
        right = column(head, flow_row(self.kind, self._range, self._order, self._size), self.tiles, self.unit, spacing=8,
                       margins=(16, 4, 8, 12))
        right.setStretch(2, 1)
        splitter = Splitter(1, (256, 500), roomy=420)
        left = box(column(self.list, margins=(12, 0, 0, 0)))
        left.setMinimumWidth(160)
        splitter.addWidget(left)
        splitter.addWidget(box(right))
        self.setLayout(column(splitter))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.unit.set_roomy(event.size().height() >= _HIGH)

    def close_threads(self) -> None:
        """Ask nothing any more."""
        for asker in (self._layers_asker, self._overview, self._layer):
            asker.cancel(quiet=True)
        self.unit.close_threads()

    # What is shown -------------------------------------------------------------------------------

    @property
    def subject(self) -> Subject | None:
        return self._subject

    def set_examples(self, files: Sequence[Path]) -> None:
        """The training pictures of the model."""
        self.unit.set_examples(files)

    def show_subject(self, subject: Subject) -> None:
        """Show what the layers of a model answer to a picture."""
        before, self._subject = self._subject, subject
        if before == subject:
            return
        self._image = None
        if before is None or before.model != subject.model:
            self._arrived.clear()
            self._strips.clear()
            self.list.show_lines(())
            self.unit.clear()
            self.tiles.show_message(tr("Loading the model…", "Cargando el modelo…"))
            self._layers_asker.ask(subject.model, "layers")
        self._strips.clear()
        self._overview.ask(subject.model, "overview", [subject.file], most=_STRIP_UNITS)
        if self._arrived:
            self._ask_layer()

    def set_image(self, file: Path, image: QImage | None) -> None:
        """The pixels of the picture, as soon as they are there."""
        if self._subject is not None and file == self._subject.file:
            self._image = image
            self.unit.set_image(image)

    def _on_layer(self, event: FeaturesShown) -> None:
        self._arrived[event.layer] = event

    def _on_layers_ended(self, end: Ended) -> None:
        if end.problem is not None or end.cancelled:
            self._fail(end)
            return
        self._show_lines()
        first = next((event.layer for event in self._arrived.values() if _learns_maps(event)), next(iter(self._arrived), ""))
        wanted = str(self._state.get("layer", ""))
        self.list.blockSignals(True)
        self.list.select(wanted if wanted in self._arrived else first)
        self.list.blockSignals(False)
        self._ask_layer()

    def _on_strip(self, event: FeaturesShown) -> None:
        if event.problem is not None:
            self._fail(Ended(event.problem))
            return
        self._strips[event.layer] = QImage(event.file)
        if event.layer in self._arrived:
            self._arrived[event.layer] = msgspec.structs.replace(self._arrived[event.layer], dead=event.dead, units=event.units)

    def _on_overview_ended(self, end: Ended) -> None:
        if end.problem is None and not end.cancelled:
            self._show_lines()

    def _show_lines(self) -> None:
        self.list.show_lines([LayerLine(event.layer, event.type, event.shape, self._strips.get(event.layer), event.dead or 0.0,
                                        event.units) for event in self._arrived.values()])

    def _fail(self, end: Ended) -> None:
        self._answer = None
        self.unit.clear()
        self.tiles.show_message(str(end.problem.text) if end.problem is not None else tr("Cancelled", "Cancelado"))

    # One layer -----------------------------------------------------------------------------------

    def _choose(self, **values: object) -> None:
        self._state.update(values)
        if "kind" in values:
            self._ask_layer()
        else:
            self._show_tiles()

    def _choose_layer(self, name: str) -> None:
        if name != self._state.get("layer"):
            self._state["unit"] = -1
        self._state["layer"] = name
        self._ask_layer()

    def _ask_layer(self) -> None:
        line, subject = self.list.current, self._subject
        if line is None or subject is None:
            return
        self._name.setText(line.name)
        self._note.setText(line.note)
        filters = self.kind.value == _FILTERS
        for part in (self._range, self._order):
            part.setVisible(not filters)
        self._answer = self._filters = None
        if filters:
            self.unit.clear()
            self._layer.ask(subject.model, _FILTERS, (), line.name)
        else:
            self._layer.ask(subject.model, _MAPS, [subject.file], line.name)

    def _on_maps(self, event: FeaturesShown) -> None:
        arrays = {} if event.problem is not None else read_arrays(event.data_file)
        if event.problem is not None:
            self._fail(Ended(event.problem))
        elif "tiles" in arrays:
            self._filters = arrays["tiles"]
            self._show_tiles()
        elif "output" in arrays:
            high, wide = arrays["input"].tolist()
            self._answer = _Answer(FeatureMaps.of(arrays["output"]), placement_of(arrays), (high, wide))
            self._show_tiles()

    def _on_maps_ended(self, end: Ended) -> None:
        if end.problem is not None or end.cancelled:
            self._fail(end)

    def _show_tiles(self) -> None:
        if self._filters is not None:
            self.tiles.show_tiles(self._filters, range(len(self._filters)))
            return
        if self._answer is None:
            return
        maps = self._answer.maps
        unit = int(self._state.get("unit", -1))
        unit = unit if 0 <= unit < maps.units else maps.order(strongest=True)[0]
        self.tiles.show_tiles(maps.tiles(alike=bool(self._range.value)), maps.order(strongest=bool(self._order.value)), unit)
        self._choose_unit(unit)

    def _choose_unit(self, unit: int) -> None:
        self._state["unit"] = unit
        answer, subject, line = self._answer, self._subject, self.list.current
        if answer is None or subject is None or line is None:
            return
        self.unit.show_unit(ShownUnit(subject.model, subject.file, line.name, unit, answer.maps, answer.placement,
                                      answer.input), self._image)

    def _describe(self, unit: int) -> str:
        if self._answer is None:
            return unit_text(unit)
        peak = format_number(self._answer.maps.peak(unit), 3)
        return f"{unit_text(unit)}: " + tr("greatest {peak}", "máximo {peak}", peak=peak)

    def _on_zoomed(self, side: int) -> None:
        self._state["side"] = side
        self._size.blockSignals(True)
        self._size.setValue(side)
        self._size.blockSignals(False)


def _learns_maps(event: FeaturesShown) -> bool:
    """Whether a layer makes feature maps with a kernel."""
    entry = LAYERS.find(event.type)
    return entry is not None and entry.has_kernel and len(event.shape) == 3
