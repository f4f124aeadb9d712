"""One unit of a layer: its map over the picture, what a position of it sees, and which pictures excite it most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QProgressBar, QWidget

from cnnstudio.core.events import Progress
from cnnstudio.core.explain_jobs import FeaturesShown
from cnnstudio.core.text import tr
from cnnstudio.gui.pages.explanation.maps import LoadedMap, MapLook, placement_of
from cnnstudio.gui.pages.layers.exciting import ExcitingPictures
from cnnstudio.gui.pages.layers.maps import FeatureMaps
from cnnstudio.gui.pages.layers.tiles import unit_text
from cnnstudio.gui.pages.layers.unit_picture import UnitPicture
from cnnstudio.gui.state.explainer import Ended
from cnnstudio.gui.state.inside import Inside, read_arrays
from cnnstudio.gui.state.prediction_server import Model
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Label, Stack, box, column, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.flow import flow_row
from cnnstudio.gui.widgets.formatting import format_count, format_number, format_percent
from cnnstudio.gui.widgets.picture import PictureView
from cnnstudio.gui.widgets.progress import show_progress
from cnnstudio.imaging.placement import Placement

MOST_PICTURES: Final = 1000
"""Training pictures among which the most exciting ones are looked for; of more, as many at equal distances."""
_PICTURE, _SMALL = 216, 184
_GRAIN: Final = 0.015
_LOOK: Final = MapLook(strength=0.75, palette="inferno")


@dataclass(frozen=True, eq=False)
class ShownUnit:
    """A unit of a layer with the feature maps of a picture, and the input's place on it; `input` is (height, width)."""

    model: Model
    file: Path
    layer: str
    unit: int
    maps: FeatureMaps
    placement: Placement
    input: tuple[int, int]


class UnitCard(Card):
    """Nothing is asked of the model before the user asks."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(margins=(12, 12, 12, 12), spacing=8, parent=parent)
        self._shown: ShownUnit | None = None
        self._examples: Sequence[Path] = ()
        self._of = 0
        self._field = Inside(session, self)
        self._field.shown.connect(self._on_field)
        self._field.ended.connect(self._on_ended)
        self._pictures = Inside(session, self)
        self._pictures.shown.connect(self._on_pictures)
        self._pictures.progressed.connect(self._on_progress)
        self._pictures.ended.connect(self._on_ended)
        self.picture = UnitPicture()
        self.picture.setFixedSize(_PICTURE, _PICTURE)
        self.picture.setToolTip(tr("Click: what this position of the map sees of the picture",
                                   "Clic: qué ve de la imagen esta posición del mapa"))
        self.picture.pointed.connect(self._ask_field)
        self.title = Label("", "body_strong", wrap=True)
        self.facts = Label("", "secondary", "dim", wrap=True)
        self._note = Label("", "secondary", "dim", wrap=True)
        self._back = Button(tr("Show its map", "Ver su mapa"), "link", on_click=self._show_map)
        self.exciting_button = Button(tr("Pictures that excite it", "Imágenes que la excitan"), "link",
                                      on_click=self._ask_exciting)
        self.exciting_button.setToolTip(tr("The training pictures to which it answers most",
                                           "Las imágenes de entrenamiento a las que más responde"))
        self.made_button = Button(tr("Make one", "Crear una"), "link", on_click=self._ask_made)
        self.made_button.setToolTip(tr("A picture that excites it, made from noise by gradient ascent",
                                       "Una imagen que la excita, creada a partir de ruido por ascenso de gradiente"))
        self.exciting = ExcitingPictures()
        self._made = PictureView(radius=4)
        self._made.setFixedSize(104, 104)
        self._made.setAccessibleName(tr("Picture made by gradient ascent", "Imagen creada por ascenso de gradiente"))
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._cancel = Button(tr("Cancel", "Cancelar"), "link", on_click=self._stop)
        self._working = Label("", "secondary", "dim")
        work = row(self._working, self._bar, self._cancel, spacing=12)
        work.setStretch(1, 1)
        self._results = Stack()
        for part in (box(column(None)), self.exciting, box(row(self._made, None)), box(column(box(work), None))):
            self._results.addWidget(part)
        right = column(self.title, self.facts, self._note, flow_row(self.exciting_button, self.made_button, self._back),
                       self._results, None, spacing=4)
        content = row(self.picture, right, spacing=16)
        content.setStretch(1, 1)
        self.body.addLayout(content)
        self.hide()

    def close_threads(self) -> None:
        self.clear()
        self.exciting.close_threads()

    def set_roomy(self, roomy: bool) -> None:
        """Show less where the window is low."""
        self.facts.setVisible(roomy)
        side = _PICTURE if roomy else _SMALL
        self.picture.setFixedSize(side, side)

    def set_examples(self, files: Sequence[Path]) -> None:
        """The training pictures among which exciting ones are looked for."""
        step = max(1, -(-len(files) // MOST_PICTURES))
        self._examples, self._of = tuple(files[::step]), len(files)
        self.exciting_button.setEnabled(bool(files))

    def clear(self) -> None:
        """Show no unit."""
        self._field.cancel(quiet=True)
        self._pictures.cancel(quiet=True)
        self._shown = None
        self.hide()

    def show_unit(self, shown: ShownUnit, image: QImage | None) -> None:
        """Show a unit over the picture."""
        same = self._shown is not None and (self._shown.layer, self._shown.unit) == (shown.layer, shown.unit)
        self._field.cancel(quiet=True)
        if not same:
            self._pictures.cancel(quiet=True)
            self._results.setCurrentIndex(0)
        self._shown = shown
        self.picture.set_image(image)
        self.title.setText(tr("{unit} of {layer}", "{unit} de {layer}", unit=unit_text(shown.unit), layer=shown.layer))
        maps = shown.maps
        if maps.values[..., 0].size == 1:
            facts = tr("Answers {value}", "Responde {value}", value=format_number(maps.peak(shown.unit), 3))
        else:
            facts = tr("Greatest value {peak}, mean {mean}; silent at {share} of {n} positions",
                       "Valor máximo {peak}, medio {mean}; callada en el {share} de {n} posiciones",
                       peak=format_number(maps.peak(shown.unit), 3), mean=format_number(maps.mean(shown.unit), 3),
                       share=format_percent(maps.silent(shown.unit), 0), n=format_count(maps.values[..., 0].size))
        self.facts.setText(facts)
        self._show_map()
        self.show()

    def set_image(self, image: QImage | None) -> None:
        """The pixels of the picture came."""
        self.picture.set_image(image)

    # Over the picture ----------------------------------------------------------------------------

    def _show_map(self) -> None:
        shown = self._shown
        if shown is None:
            return
        if not shown.maps.placed:
            self.picture.set_overlay(None)
            self.picture.set_box(None)
            self._back.hide()
            self._note.hide()
            return
        values = np.nan_to_num(shown.maps.values[..., shown.unit].astype(np.float32))
        enlarged = cv2.resize(values, (shown.input[1], shown.input[0]), interpolation=cv2.INTER_LINEAR)
        self.picture.set_overlay(LoadedMap(enlarged, shown.placement, False, 0.0).overlay(_LOOK))
        self.picture.set_box(None)
        self._back.hide()
        self._note.hide()

    def _ask_field(self, x: float, y: float) -> None:
        shown = self._shown
        if shown is None:
            return
        if not shown.maps.placed:
            self._tell(tr("{layer} has no positions: each of its units sees everything before it.",
                          "{layer} no tiene posiciones: cada unidad ve todo lo anterior.", layer=shown.layer))
            return
        high, wide = shown.placement.size
        top, left, rows, columns = shown.placement.source
        above, before, target_rows, target_columns = shown.placement.target
        inner = (y * high - top) / rows, (x * wide - left) / columns
        if not all(0 <= share < 1 for share in inner):
            self._tell(tr("This part of the picture does not enter the network.",
                          "Esta parte de la imagen no entra en la red."))
            return
        at = (above + inner[0] * target_rows) / shown.input[0], (before + inner[1] * target_columns) / shown.input[1]
        sides = shown.maps.values.shape[:2]
        position = (min(sides[0] - 1, int(at[0] * sides[0])), min(sides[1] - 1, int(at[1] * sides[1])))
        self._tell(tr("Looking…", "Examinando…"))
        self._field.ask(shown.model, "field", [shown.file], shown.layer, units=(shown.unit,), position=position)

    def _on_field(self, event: FeaturesShown) -> None:
        shown = self._shown
        if event.problem is not None:
            self._tell(str(event.problem.text))
            return
        arrays = read_arrays(event.data_file)
        if shown is None or event.box is None or event.position is None or "heat" not in arrays:
            return
        placement = placement_of(arrays)
        self.picture.set_overlay(LoadedMap(np.asarray(arrays["heat"], np.float32), placement, False, _GRAIN).overlay(_LOOK))
        high, wide = placement.size
        top, left, rows, columns = event.box
        self.picture.set_box(QRectF(left / wide, top / high, columns / wide, rows / high))
        self._tell(tr("Position {row}, {column} sees {wide} × {high} pixels; {share} of its gradient lies in the middle half.",
                      "La posición {row}, {column} ve {wide} × {high} píxeles; el {share} de su gradiente está en la mitad "
                      "central.", row=event.position[0], column=event.position[1], wide=format_count(columns),
                      high=format_count(rows), share=format_percent(event.effective or 0.0, 0)))
        self._back.show()

    def _tell(self, text: str) -> None:
        self._note.setText(text)
        self._note.show()

    # Other pictures ------------------------------------------------------------------------------

    def _ask_exciting(self) -> None:
        shown = self._shown
        if shown is not None:
            self._wait(tr("Looking through the training pictures…", "Buscando entre las imágenes de entrenamiento…"))
            self._pictures.ask(shown.model, "exciting", self._examples, shown.layer, units=(shown.unit,))

    def _ask_made(self) -> None:
        shown = self._shown
        if shown is not None:
            self._wait(tr("Making a picture…", "Creando una imagen…"))
            self._pictures.ask(shown.model, "maximisation", (), shown.layer, units=(shown.unit,))

    def _wait(self, text: str) -> None:
        self._note.hide()
        self._working.setText(text)
        self._bar.setRange(0, 0)
        self._results.setCurrentIndex(3)

    def _stop(self) -> None:
        self._pictures.cancel()

    def _on_progress(self, event: Progress) -> None:
        show_progress(self._bar, event.done / event.total if event.total else None)

    def _on_pictures(self, event: FeaturesShown) -> None:
        if self._shown is None:
            return
        if event.kind == "exciting":
            self.exciting.show_pictures(event.pictures)
            self._results.setCurrentIndex(1)
            if len(self._examples) < self._of:
                self._tell(tr("Among {n} of {all} training pictures", "Entre {n} de {all} imágenes de entrenamiento",
                              n=format_count(len(self._examples)), all=format_count(self._of)))
            else:
                self._tell(tr("Among all {n} training pictures", "Entre las {n} imágenes de entrenamiento",
                              n=format_count(self._of)))
        else:
            self._made.set_image(QImage(event.file))
            self._results.setCurrentIndex(2)
            self._tell(tr("Gradient ascent from grey noise; it now answers {value}",
                          "Ascenso de gradiente desde ruido gris; ahora responde {value}",
                          value=format_number(event.activation or 0.0, 3)))

    def _on_ended(self, end: Ended) -> None:
        if self._results.currentIndex() == 3 and not self._pictures.busy:
            self._results.setCurrentIndex(0)
        if end.problem is not None:
            self._tell(str(end.problem.text))
