"""The bench of architectures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec
from PySide6.QtWidgets import QWidget

from cnnstudio.core import edits
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.learn.bench_view import BenchView
from cnnstudio.gui.pages.learn.benches.architecture.growth_plot import GrowthPlot
from cnnstudio.gui.pages.learn.benches.architecture.rows import LayerRows
from cnnstudio.gui.pages.learn.drawing.beside import Beside
from cnnstudio.gui.pages.learn.drawing.board import Board, controls, group, labelled, titled
from cnnstudio.gui.pages.learn.drawing.field_colors import depth_color
from cnnstudio.gui.pages.learn.drawing.field_picture import FieldPicture, SeenBox
from cnnstudio.gui.pages.learn.drawing.slider_field import SliderField
from cnnstudio.gui.state.commands import ShowPage
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Label, box, column, scroll_area
from cnnstudio.gui.widgets.cards import KeyFigure, KeyFigures
from cnnstudio.gui.widgets.formatting import format_compact, format_count, format_number, format_size
from cnnstudio.gui.widgets.inputs import SegmentedControl, Switch
from cnnstudio.gui.widgets.picture import image_of
from cnnstudio.gui.widgets.plots import legend_label
from cnnstudio.learning.benches.architecture.code import codes
from cnnstudio.learning.benches.architecture.design import Design, convolutional, to_design
from cnnstudio.learning.benches.architecture.measures import SIDES, Measures, field_box, growth, measure_both
from cnnstudio.learning.benches.entry import Code
from cnnstudio.learning.benches.pictures.samples import draw_sample

_SAMPLE: Final = "landscape"
_FILTERS: Final = (1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
_UNITS: Final = (16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
_CLASSES: Final = (2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)


class ArchitectureView(BenchView):
    """Sliders for the network; its layers, its cost, and what they see."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(workspace, parent)
        self._design = Design()
        self._layer = ""
        self._place = (0.5, 0.5)
        self._make_figures()
        self._rows = LayerRows()
        self._rows.chosen.connect(self._choose_layer)
        self._picture = FieldPicture(tr("Picture with the receptive fields", "Imagen con los campos receptivos"))
        self._picture.pointed.connect(self._point)
        self._seen = Label("", "secondary", "dim", wrap=True)
        self._problem = Label("", "body", "error", wrap=True)
        self._problem.hide()
        self._plot = GrowthPlot()
        self._plot.setFixedHeight(170)
        self._comparison = Label("", "body", wrap=True)
        # As narrow as a wrapped text may get it would ask for the height of a page.
        self._comparison.setMinimumWidth(240)
        self._seen.setMinimumWidth(190)
        self._seen.setMinimumHeight(34)
        board = self._make_board()
        self.setLayout(column(Board(board, self._make_controls())))
        self.session.changed.connect(self._on_project_changed)
        self._on_project_changed()
        self._refresh()

    # Building ------------------------------------------------------------------------------------

    def _make_figures(self) -> None:
        self._parameters = KeyFigure(tr("Parameters", "Parámetros"))
        self._adds = KeyFigure(tr("Multiply-adds for a picture", "Multiplicaciones por imagen"))
        self._memory = KeyFigure(tr("Memory of the maps", "Memoria de los mapas"))
        self._field = KeyFigure(tr("Receptive field", "Campo receptivo"))

    def _make_board(self) -> QWidget:
        figures = KeyFigures(self._parameters, self._adds, self._memory, self._field)
        rows = scroll_area(box(column(self._rows, None)), sideways=True)
        rows.setMinimumHeight(170)
        layers = titled(tr("Layers", "Capas"), rows)
        seen = titled(tr("What it sees", "Lo que ve"), box(_filling(self._picture, self._seen)))
        seen.setMinimumWidth(200)
        upper = Beside(layers, seen, (3, 2))
        legend = legend_label([(theme.family_color("core"), "●", tr("dense", "densa")),
                               (theme.family_color("convolution"), "●", tr("convolutional", "convolucional"))])
        texts = column(self._comparison, legend, None, spacing=6)
        lower = titled(tr("Dense against convolutional", "Densa frente a convolucional"),
                       Beside(box(texts), self._plot, (2, 3)))
        layout = column(figures, self._problem, upper, lower, spacing=12)
        layout.setStretch(2, 1)
        return box(layout)

    def _make_controls(self) -> QWidget:
        sliders = (
            ("side", SliderField(tr("Side", "Lado"), SIDES, 32, text=lambda side: f"{side} × {side}")),
            ("classes", SliderField(tr("Classes", "Clases"), _CLASSES, 10)),
            ("depth", SliderField(tr("Convolutions", "Convoluciones"), range(1, 9), 3)),
            ("filters", SliderField(tr("Filters of the first", "Filtros de la primera"), _FILTERS, 16)),
            ("kernel", SliderField("kernel_size", (1, 3, 5, 7, 9, 11), 3, text=lambda side: f"{side} × {side}")),
            ("stride", SliderField("strides", (1, 2, 3, 4), 1)),
            ("units", SliderField(tr("Units of a dense layer", "Unidades de una capa densa"), _UNITS, 128)))
        self._sliders = dict(sliders)
        for name, slider in sliders:
            slider.chosen.connect(self._setter(name))
        self._choices = {
            "channels": SegmentedControl([(1, tr("Grey", "Gris")), (3, "RGB")], 3),
            "padding": SegmentedControl([("valid", "valid"), ("same", "same")], "same"),
            "pooling": SegmentedControl([("none", tr("None", "Ninguno")), ("max", "Max"), ("average", tr("Mean", "Media"))],
                                        "max"),
            "end": SegmentedControl([("global", "Global"), ("dense", tr("Dense", "Densa"))], "global")}
        for name, choice in self._choices.items():
            choice.chosen.connect(self._setter(name))
        self._choices["end"].setAccessibleName(tr("End of the network", "Final de la red"))
        self._doubling = Switch(True, tr("Double the filters", "Duplicar los filtros"))
        self._doubling.switched.connect(self._setter("doubling"))
        self._open = Button(tr("Use in the project", "Usar en el proyecto"), icon="network", on_click=self._open_in_network,
                            tooltip=tr("Makes it the network of the open project; this can be undone.",
                                       "La convierte en la red del proyecto abierto; se puede deshacer."))
        field = self._sliders.__getitem__
        return controls(
            group(tr("Pictures", "Imágenes"), field("side"), self._choices["channels"], field("classes")),
            group(tr("Convolutions", "Convoluciones"), field("depth"), field("filters"),
                  labelled(tr("Double the filters", "Duplicar los filtros"), self._doubling,
                           tooltip=tr("Each convolution has twice as many filters as the one before.",
                                      "Cada convolución tiene el doble de filtros que la anterior.")),
                  field("kernel"), field("stride"), Label("padding"), self._choices["padding"],
                  Label(tr("Pooling behind each", "Agrupamiento tras cada una")), self._choices["pooling"]),
            group(tr("End", "Final"), self._choices["end"], field("units")),
            self._open)

    def _setter(self, name: str) -> Callable[[Any], None]:
        return lambda value: self._set(msgspec.structs.replace(self._design, **{name: value}))

    # Settings ------------------------------------------------------------------------------------

    def settings(self) -> dict[str, Any]:
        return {**msgspec.to_builtins(self._design), "layer": self._layer, "place": list(self._place)}

    def restore(self, settings: dict[str, Any]) -> None:
        self._layer = str(settings.get("layer", ""))
        place = settings.get("place")
        if isinstance(place, list | tuple) and len(place) == 2 and all(isinstance(item, int | float) for item in place):
            self._place = min(max(float(place[0]), 0.0), 0.999), min(max(float(place[1]), 0.0), 0.999)
        self._set(to_design(settings))

    def code(self) -> tuple[Code, ...]:
        return codes(self._design)

    def _set(self, design: Design) -> None:
        self._design = design
        self._refresh()
        self.changed.emit()

    # What is shown -------------------------------------------------------------------------------

    @property
    def measures(self) -> Measures:
        """The measures of the convolutional network that is shown."""
        return measure_both(self._design)[0]

    def _refresh(self) -> None:
        design = self._design
        for name, slider in self._sliders.items():
            slider.set_value(getattr(design, name))
        for name, choice in self._choices.items():
            choice.set_value(getattr(design, name))
        self._doubling.set_value(design.doubling)
        own, dense = measure_both(design)
        self._problem.setText(str(own.problems[0]) if own.problems else "")
        self._problem.setVisible(bool(own.problems))
        if self._layer not in {row.id for row in own.rows if row.shape is not None}:
            self._layer = next((row.id for row in reversed(own.rows) if row.shape is not None and len(row.shape) == 3),
                               own.rows[0].id)
        self._show_figures(own)
        self._rows.show_rows(own.rows, self._layer)
        self._plot.show_growth(growth(design), design.side)
        self._comparison.setText(_compare(design, own, dense))
        self._show_fields(own)

    def _show_figures(self, own: Measures) -> None:
        largest = [row for row in own.rows if row.field is not None]
        last = largest[-1] if largest else None
        whole = not own.problems
        self._parameters.set(format_count(own.parameters) if whole else "–")
        self._adds.set(format_compact(own.multiply_adds) if whole else "–")
        self._memory.set(format_size(own.activation_bytes) if whole else "–")
        if last is not None and last.field is not None:
            self._field.set(f"{last.field} × {last.field}", tr("a value for each pixel", "un valor por píxel") if last.jump == 1
                            else tr("a value every {n} pixels", "un valor cada {n} píxeles", n=last.jump))

    def _show_fields(self, own: Measures) -> None:
        design = self._design
        pixels = draw_sample(_SAMPLE)
        side = min(pixels.shape[:2])
        start = (pixels.shape[1] - side) // 2
        self._picture.show_picture(image_of(pixels[:side, start:start + side]), (design.side, design.side))
        boxes = []
        for number, item in enumerate(own.rows):
            found = field_box(design, item.id, (self._place[1], self._place[0]))
            if found is None:
                break
            top, left, high, wide = found
            boxes.append(SeenBox(top, left, high, wide, depth_color(number, len(own.rows))))
            if item.id == self._layer:
                break
        text = _describe_field(own, self._layer, boxes[-1] if boxes else None)
        self._picture.show_boxes(boxes, self._place, text)
        self._seen.setText(text)

    def _choose_layer(self, identifier: str) -> None:
        self._layer = identifier
        own = self.measures
        self._rows.show_rows(own.rows, identifier)
        self._show_fields(own)
        self.changed.emit()

    def _point(self, x: float, y: float) -> None:
        self._place = x, y
        self._show_fields(self.measures)
        self.changed.emit()

    # The project ---------------------------------------------------------------------------------

    def _on_project_changed(self, _change: object = None) -> None:
        self._open.setEnabled(self.session.is_open)
        self._open.setToolTip(
            tr("Makes it the network of the open project; this can be undone.",
               "La convierte en la red del proyecto abierto; se puede deshacer.") if self.session.is_open else
            tr("Open a project first.", "Abra antes un proyecto."))

    def _open_in_network(self) -> None:
        network = convolutional(self._design)
        if self.session.edit(lambda project: edits.set_network(project, network),
                             Text("Network of the architecture bench", "Red del banco de arquitectura")):
            self.session.seal()
            self.session.command_requested.emit(ShowPage("network"))


def _filling(picture: QWidget, text: QWidget) -> Any:
    layout = column(picture, text, spacing=6)
    layout.setStretch(0, 1)
    return layout


def _compare(design: Design, own: Measures, dense: Measures) -> str:
    """The comparison in words, with the numbers put in."""
    first = next(row for row in dense.rows if row.parameters)
    values = design.side * design.side * design.channels
    text = tr("The first dense layer alone joins each of {values} values to each of {units} units: {values} × {units} + "
              "{units} = {parameters} parameters. ",
              "La primera capa densa une cada uno de los {values} valores con cada una de las {units} unidades: {values} × "
              "{units} + {units} = {parameters} parámetros. ", values=format_count(values), units=format_count(design.units),
              parameters=format_count(first.parameters))
    if own.problems:
        return text
    convolution = next(row for row in own.rows if row.parameters)
    weights = f"{design.kernel} × {design.kernel} × {design.channels} × {design.filters} + {design.filters}"
    text += tr("The first convolution uses the same window everywhere: {weights} = {parameters}, whatever the size of the "
               "picture. ",
               "La primera convolución usa la misma ventana en todas partes: {weights} = {parameters}, sea cual sea el tamaño "
               "de la imagen. ", weights=weights, parameters=format_count(convolution.parameters))
    ratio = dense.parameters / max(1, own.parameters)
    totals = {"own": format_count(own.parameters), "dense": format_count(dense.parameters)}
    if ratio >= 1.05:
        return text + tr("In all {dense} against {own}: {ratio} times as many.",
                         "En total, {dense} frente a {own}: {ratio} veces más.", **totals,
                         ratio=format_compact(ratio) if ratio >= 10 else format_number(ratio, 1))
    return text + tr("In all {dense} against {own}.", "En total, {dense} frente a {own}.", **totals)


def _describe_field(own: Measures, layer: str, box: SeenBox | None) -> str:
    row_shown = next(item for item in own.rows if item.id == layer)
    if row_shown.field is None or box is None:
        return tr("{layer}: one value sees the whole picture.", "{layer}: un valor ve toda la imagen.", layer=row_shown.type)
    text = tr("{layer}: one value sees {n} × {n} pixels, the next one lies {jump} further.",
              "{layer}: un valor ve {n} × {n} píxeles; el siguiente está {jump} más allá.", layer=row_shown.type,
              n=row_shown.field, jump=row_shown.jump)
    if (box.height, box.width) != (row_shown.field, row_shown.field):
        text += " " + tr("Here the border cuts it to {h} × {w}.", "Aquí el borde lo recorta a {h} × {w}.", h=round(box.height),
                         w=round(box.width))
    return text
