"""The bench of the receptive field and of feature maps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from cnnstudio.core.explain_jobs import FeaturesShown
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.pages.file_dialogs import ask_files
from cnnstudio.gui.pages.layers.maps import FeatureMaps
from cnnstudio.gui.pages.layers.tiles import TileGrid, unit_text
from cnnstudio.gui.pages.learn.bench_view import BenchView
from cnnstudio.gui.pages.learn.benches.feature_maps.depth_bars import DepthBars, make_bar
from cnnstudio.gui.pages.learn.benches.run_choice import RunChoice
from cnnstudio.gui.pages.learn.drawing.beside import Beside
from cnnstudio.gui.pages.learn.drawing.board import Board, controls, group, labelled, titled
from cnnstudio.gui.pages.learn.drawing.field_colors import depth_color
from cnnstudio.gui.pages.learn.drawing.field_picture import FieldPicture, SeenBox
from cnnstudio.gui.pages.learn.drawing.grabbing import Frames
from cnnstudio.gui.pages.learn.drawing.picture_choice import takes_picture
from cnnstudio.gui.pages.learn.drawing.playback import Playback
from cnnstudio.gui.state.explainer import Ended
from cnnstudio.gui.state.inside import Inside, read_arrays
from cnnstudio.gui.state.jobs import Work
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Elided, Label, box, column, row
from cnnstudio.gui.widgets.cards import Facts
from cnnstudio.gui.widgets.formatting import format_count, format_percent
from cnnstudio.gui.widgets.inputs import SegmentedControl, Switch
from cnnstudio.gui.widgets.picture import image_of
from cnnstudio.imaging import overlay
from cnnstudio.learning.benches.entry import Code
from cnnstudio.learning.benches.feature_maps.code import maps_code
from cnnstudio.learning.benches.feature_maps.run_look import RunLook, look_at_run, prepared_pixels
from cnnstudio.workers.runs.folder import RunFolder

_GRAIN: Final = 0.01
"""How much an effective field is smoothed, as a share of the longer side."""
_PALETTE: Final = "inferno"


class FeatureMapsView(BenchView):
    """Along the depth: what one value of a layer sees of the picture, and the maps of the layer."""

    frames_per_second = 2

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(workspace, parent)
        self._look: RunLook | None = None
        self._run: RunFolder | None = None
        self._file: Path | None = None
        self._pixels: np.ndarray | None = None
        self._unreadable = ""
        """Why the file has no pixels."""
        self._layers: list[FeaturesShown] = []
        self._wanted: dict[str, Any] = {}
        self._place = (0.5, 0.5)
        self._maps: dict[str, FeatureMaps] = {}
        self._fields: dict[str, tuple[tuple[int, int, int, int], np.ndarray, float]] = {}
        """What was answered for the present place: box, heat and the share of it in the middle, by layer."""
        self._asker, self._map_asker, self._field_asker = (Inside(self.session, self) for _ in range(3))
        self._asker.shown.connect(self._on_layer)
        self._asker.ended.connect(self._on_layers_ended)
        self._map_asker.shown.connect(self._on_maps)
        self._map_asker.ended.connect(self._on_ended)
        self._field_asker.shown.connect(self._on_field)
        self._field_asker.ended.connect(self._on_ended)
        self._picture = FieldPicture(tr("Picture with the receptive field", "Imagen con el campo receptivo"))
        self._picture.pointed.connect(self._point)
        self._seen = Label("", "secondary", "dim", wrap=True)
        self._seen.setMinimumWidth(190)
        self._tiles = TileGrid(self._describe)
        self._tiles.setAccessibleName(tr("Feature maps of the layer", "Mapas de características de la capa"))
        self._tiles.chosen.connect(lambda _unit: self._show_overlay())
        self._bars = DepthBars()
        self._bars.chosen.connect(self._choose)
        self._playback = Playback(tr("Layer", "Capa"))
        self._playback.set_speed(1)
        self._playback.moved.connect(self._choose)
        self.setLayout(column(Board(self._make_board(), self._make_controls())))
        self.session.changed.connect(self._on_session_changed)
        self._tell(tr("Choose a run.", "Elija un entrenamiento."))

    # Building ------------------------------------------------------------------------------------

    def _make_board(self) -> QWidget:
        left = column(self._picture, self._seen, spacing=6)
        left.setStretch(0, 1)
        upper = Beside(titled(tr("What one value sees", "Lo que ve un valor"), box(left)),
                       titled(tr("Feature maps", "Mapas de características"), self._tiles), (2, 3))
        layout = column(upper, titled(tr("Depth: how much of the side of the picture a value sees",
                                              "Profundidad: qué parte del lado de la imagen ve un valor"), self._bars),
                        self._playback, spacing=10)
        layout.setStretch(0, 1)
        return box(layout)

    def _make_controls(self) -> QWidget:
        self._choice = RunChoice(self.session)
        self._choice.chosen.connect(lambda _run: self._open_run())
        self._name = Elided("", "body")
        back = Button(tr("Previous picture", "Imagen anterior"), "icon", "chevron-left", on_click=lambda: self._turn(-1))
        on = Button(tr("Next picture", "Imagen siguiente"), "icon", "chevron-right", on_click=lambda: self._turn(1))
        line = row(back, self._name, on, spacing=4)
        line.setStretch(1, 1)
        self._open = Button(tr("Open a picture…", "Abrir una imagen…"), icon="image", on_click=self._open_picture)
        self._heat = Switch(True, tr("Where the gradient comes from", "De dónde viene el gradiente"))
        self._heat.switched.connect(lambda _on: self._show_overlay())
        self._alike = SegmentedControl([(False, tr("Each map", "Cada mapa")), (True, tr("Whole layer", "Toda la capa"))], False)
        self._alike.setAccessibleName(tr("Range of the colours", "Rango de los colores"))
        self._alike.chosen.connect(lambda _alike: self._show_tiles())
        self._strongest = Switch(False, tr("Strongest maps first", "Primero los mapas más fuertes"))
        self._strongest.switched.connect(lambda _on: self._show_tiles())
        self._facts = Facts()
        return controls(
            group(tr("Run", "Entrenamiento"), self._choice),
            group(tr("Picture", "Imagen"), box(line), self._open),
            group(tr("Layer", "Capa"), self._facts),
            group(tr("Show", "Mostrar"),
                  labelled(tr("Effective field", "Campo efectivo"), self._heat,
                           tooltip=tr("Where the gradient of the value really comes from: mostly from the middle of the field "
                                      "(Luo et al., 2016).",
                                      "De dónde viene de verdad el gradiente del valor: sobre todo del centro del campo (Luo "
                                      "et al., 2016).")),
                  self._alike, labelled(tr("Strongest first", "Más fuertes primero"), self._strongest)))

    # Settings ------------------------------------------------------------------------------------

    def settings(self) -> dict[str, Any]:
        # Before the model is loaded it is what was wanted.
        layer, file = self.layer or self._wanted.get("layer", ""), self._file or self._wanted.get("file", "")
        return {"layer": str(layer), "file": str(file), "place": list(self._place),
                "heat": self._heat.isChecked(), "alike": bool(self._alike.value), "strongest": self._strongest.isChecked()}

    def restore(self, settings: dict[str, Any]) -> None:
        self._wanted = dict(settings)
        self._heat.set_value(bool(settings.get("heat", True)))
        self._alike.set_value(bool(settings.get("alike", False)))
        self._strongest.set_value(bool(settings.get("strongest", False)))
        place = settings.get("place")
        if isinstance(place, list | tuple) and len(place) == 2 and all(isinstance(item, int | float) for item in place):
            self._place = min(max(float(place[0]), 0.0), 0.999), min(max(float(place[1]), 0.0), 0.999)
        if self._layers:
            self._choose(self._first_place())

    def code(self) -> tuple[Code, ...]:
        if self._run is None or self._pixels is None or not self.layer or not self._run.has_model_file:
            return ()
        return (maps_code(str(self._run.model_path), self.layer, self._pixels),)

    def no_code_text(self) -> str:
        return self._unreadable or tr("The program follows as soon as the maps of a layer are shown.",
                  "El programa aparece en cuanto se muestran los mapas de una capa.")

    # The run and its picture ---------------------------------------------------------------------

    def enter(self) -> None:
        self._choice.refresh()
        if self._run is None or self._choice.run is None or self._choice.run.folder != self._run.folder:
            self._open_run()

    def takes_paths(self, paths: list[str]) -> bool:
        return self._look is not None and takes_picture(paths)

    def take_paths(self, paths: list[str]) -> None:
        self._show_file(Path(paths[0]))
        self._ask()
        self.changed.emit()

    def leave(self) -> None:
        self._playback.pause()

    def close_bench(self) -> None:
        self._playback.pause()
        for asker in (self._asker, self._map_asker, self._field_asker):
            asker.cancel(quiet=True)

    def _on_session_changed(self, _change: object) -> None:
        self._choice.refresh()
        if self.isVisible() and (self._run is None) != (self._choice.run is None):
            self._open_run()

    def _open_run(self) -> None:
        self.close_bench()
        self._run, self._look, self._layers = self._choice.run, None, []
        self._maps.clear()
        self._fields.clear()
        self._bars.show_bars((), 0)
        run = self._run
        if run is None:
            self._tell(tr("Train a network first: here its layers are looked into.",
                          "Entrene antes una red: aquí se examinan sus capas."))
            return
        self._tell(tr("Loading the model…", "Cargando el modelo…"))
        self.session.jobs.run(lambda _report: look_at_run(run), Text("Reading the run", "Leyendo el entrenamiento"),
                              "learn run", quiet=True, done=self._on_run_read, owner=self)

    def _on_run_read(self, work: Work) -> None:
        problem = getattr(work.last, "problem", None)
        if problem is not None:
            self._tell(str(problem.text))
            return
        run = self._run
        if run is None or not isinstance(work.result, RunLook):
            return
        self._look = work.result
        wanted = Path(str(self._wanted.get("file", "")))
        self._show_file(wanted if wanted.is_file() else next(iter(self._look.files), None))
        self._asker.ask((str(run.project_folder), run.id), "layers")

    def _turn(self, by: int) -> None:
        if self._look is None or not self._look.files:
            return
        files = self._look.files
        now = files.index(self._file) if self._file in files else 0
        self._show_file(files[(now + by) % len(files)])
        self._ask()
        self.changed.emit()

    def _open_picture(self) -> None:
        chosen = ask_files(self.session, self, tr("Open a picture", "Abrir una imagen"))
        if chosen:
            self.take_paths(chosen)

    def _show_file(self, file: Path | None) -> None:
        self._file, self._pixels, self._unreadable = file, None, ""
        self._maps.clear()
        self._fields.clear()
        self._name.setText(file.name if file is not None else "")
        if file is None or self._look is None:
            return
        try:
            self._pixels = prepared_pixels(file, self._look.recipe)
        except ProblemError as err:
            self._unreadable = str(err.problems[0].text)
            self._tell(self._unreadable)
        image = QImage() if self._pixels is None else image_of(self._pixels)
        self._picture.show_picture(image, self._input_size())

    def _input_size(self) -> tuple[int, int]:
        """Height and width in which the network sees every picture."""
        if self._pixels is not None:
            return self._pixels.shape[:2]
        return (self._look.recipe.height, self._look.recipe.width) if self._look is not None else (1, 1)

    # Layers --------------------------------------------------------------------------------------

    @property
    def layer(self) -> str:
        """The name of the layer that is shown; "" before the model is loaded."""
        place = self._playback.position
        return self._layers[place].layer if place < len(self._layers) else ""

    @property
    def maps(self) -> FeatureMaps | None:
        """The maps of that layer, once they are there."""
        return self._maps.get(self.layer)

    def _on_layer(self, event: FeaturesShown) -> None:
        if len(event.shape) == 3:
            self._layers.append(event)

    def _on_layers_ended(self, end: Ended) -> None:
        if end.problem is not None or not self._layers:
            self._on_ended(end)
            return
        self._playback.set_count(len(self._layers))
        self._choose(self._first_place())

    def _first_place(self) -> int:
        wanted = str(self._wanted.get("layer", ""))
        return next((place for place, event in enumerate(self._layers) if event.layer == wanted),
                    min(1, len(self._layers) - 1))

    def _choose(self, place: int) -> None:
        self._playback.show_position(place)
        self._show_layer()
        self._ask()
        self.changed.emit()

    def _point(self, x: float, y: float) -> None:
        self._place = x, y
        self._fields.clear()
        self._ask()
        self.changed.emit()

    def _ask(self) -> None:
        """Ask for what is not known yet of the layer: its maps, and the field of the place."""
        run, layer = self._run, self.layer
        if run is None or self._pixels is None or self._file is None or not layer:
            self._show_layer()
            return
        model = (str(run.project_folder), run.id)
        if layer not in self._maps:
            self._map_asker.ask(model, "maps", [self._file], layer)
        if layer not in self._fields:
            high, wide = self._layers[self._playback.position].shape[:2]
            position = (min(int(self._place[1] * high), high - 1), min(int(self._place[0] * wide), wide - 1))
            self._field_asker.ask(model, "field", [self._file], layer, position=position)
        self._show_layer()

    def _on_maps(self, event: FeaturesShown) -> None:
        arrays = {} if event.problem is not None else read_arrays(event.data_file)
        if event.problem is not None:
            self._tell(str(event.problem.text))
        elif "output" in arrays:
            self._maps[event.layer] = FeatureMaps.of(arrays["output"])
            self._show_layer()

    def _on_field(self, event: FeaturesShown) -> None:
        arrays = {} if event.problem is not None else read_arrays(event.data_file)
        if "heat" in arrays and "box" in arrays:
            top, left, high, wide = (int(side) for side in arrays["box"])
            self._fields[event.layer] = (top, left, high, wide), np.asarray(arrays["heat"], np.float32), event.effective or 0.0
            self._show_layer()

    def _on_ended(self, end: Ended) -> None:
        if end.problem is not None:
            self._tell(str(end.problem.text))

    def _tell(self, text: str) -> None:
        self._tiles.show_message(text)

    # What is shown -------------------------------------------------------------------------------

    def _show_layer(self) -> None:
        if self._look is None or not self._layers:
            return
        sights, size = self._look.sights, self._input_size()
        self._bars.show_bars([make_bar(event, sights.get(event.layer), self._fields.get(event.layer), size)
                              for event in self._layers], self._playback.position)
        self._show_tiles()
        self._show_overlay()
        self._show_facts()

    def _show_tiles(self) -> None:
        maps = self.maps
        if maps is None:
            return
        self._tiles.show_tiles(maps.tiles(alike=bool(self._alike.value)), maps.order(strongest=self._strongest.isChecked()),
                               self._tiles.selected)

    def _show_overlay(self) -> None:
        field, place = self._fields.get(self.layer), self._playback.position
        if field is None:
            self._picture.show_overlay(QImage())
            self._picture.show_boxes((), self._place, "")
            self._seen.setText(self._unreadable if self._pixels is None else tr("Press on the picture to choose a value.",
                                                                  "Pulse en la imagen para elegir un valor."))
            return
        (top, left, high, wide), heat, effective = field
        colors = overlay.heat(overlay.normalized(heat, _GRAIN), _PALETTE)
        self._picture.show_overlay(image_of(colors) if self._heat.isChecked() else QImage())
        text = tr("{layer}: this value sees {h} × {w} pixels; {share} of its gradient comes from the middle half.",
                  "{layer}: este valor ve {h} × {w} píxeles; el {share} de su gradiente viene de la mitad central.",
                  layer=self.layer, h=high, w=wide, share=format_percent(effective, 0))
        self._picture.show_boxes((SeenBox(top, left, high, wide, depth_color(place, len(self._layers))),), self._place, text)
        self._seen.setText(text)

    def _show_facts(self) -> None:
        event = self._layers[self._playback.position]
        facts = [(tr("Name", "Nombre"), event.layer), (tr("Type", "Tipo"), event.type),
                 (tr("Maps", "Mapas"), format_count(event.shape[-1])),
                 (tr("Size", "Tamaño"), " × ".join(map(str, event.shape[:2])))]
        sight = self._look.sights.get(event.layer) if self._look is not None else None
        if sight is not None:
            facts += [(tr("Receptive field", "Campo receptivo"), tr("all", "todo") if sight.everywhere else
                       " × ".join(map(str, sight.size))),
                      (tr("A value every", "Un valor cada"), tr("pixel", "píxel") if sight.jump[0] == 1 else
                       tr("{n} pixels", "{n} píxeles", n=sight.jump[0]))]
        self._facts.set_facts(facts)

    def _describe(self, unit: int) -> str:
        maps = self.maps
        return unit_text(unit) if maps is None else f"{unit_text(unit)}: {maps.peak(unit):.3f}"

    # The frame -----------------------------------------------------------------------------------

    def frames(self) -> Iterator[QImage]:
        """Only what was answered already: a film does not wait for a model."""
        shown, fields = FieldPicture(""), [(place, self._fields[event.layer]) for place, event in enumerate(self._layers)
                                           if event.layer in self._fields]
        shown.resize(self._picture.size())
        if self._pixels is not None:
            shown.show_picture(image_of(self._pixels), self._pixels.shape[:2])

        def show(number: int) -> None:
            if fields:
                place, ((top, left, high, wide), _heat, _effective) = fields[number]
                color = depth_color(place, len(self._layers))
                shown.show_boxes((SeenBox(top, left, high, wide, color),), self._place, "")

        return Frames(shown, show, len(fields))
