"""What layers compute: feature maps, filters, exciting pictures, activation maximisation and receptive fields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from cnnstudio.catalog.pixels import prepare
from cnnstudio.core.events import Event, Finished, Notice
from cnnstudio.core.explain_jobs import FeaturePicture, FeaturesRequest, FeaturesShown, ShowFeatures
from cnnstudio.core.problems import Problem, ProblemError, error, warning
from cnnstudio.core.text import Text, format_number
from cnnstudio.engine import run_models
from cnnstudio.engine.explaining.cams import enlarged
from cnnstudio.engine.explaining.explain import (
    Explainer,
    draw,
    file_stem,
    find_layer,
    place_arrays,
    safe_name,
    write_arrays,
)
from cnnstudio.engine.explaining.features import (
    Strongest,
    filter_tiles,
    first_convolution,
    kernel_of,
    maximized_picture,
)
from cnnstudio.engine.explaining.gradients import BATCH
from cnnstudio.engine.explaining.network import InnerLayer
from cnnstudio.engine.explaining.pictures import EnteredPicture, read_picture
from cnnstudio.engine.explaining.receptive import effective_field, share_in_middle, theoretical_box
from cnnstudio.engine.progress import ThrottledProgress, phase
from cnnstudio.imaging import overlay
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.picture_files import read_regular
from cnnstudio.imaging.problems import picture_problem
from cnnstudio.workers.link import Link

_SHOWN: Final = 64
"""Maps or filters on one sheet."""
_UNITS: Final = 8
"""Units that are shown where none is named."""
_TILE: Final = 96
_SMALL: Final = 64
"""The longest side of a map in an overview."""
_GRAIN: Final = 0.015
"""By how much of its side a gradient is smoothed to be seen."""


def show_features(job: ShowFeatures, link: Link) -> Event:
    """Do the job; raises ProblemError and StopRequested."""
    phase(link, "loading")
    loaded = run_models.load(Path(job.model))
    viewer = FeatureViewer(Explainer(loaded))
    phase(link, "looking")
    viewer.show(job.request, link, 0, link.check)
    return Finished()


class FeatureViewer:
    """A loaded model that shows what its layers compute; what it looked for in many pictures is kept for the next request."""

    def __init__(self, explainer: Explainer) -> None:
        self.explainer = explainer
        self._found: tuple[tuple[str, tuple[str, ...], int], tuple[Strongest, list[str]]] | None = None

    def show(self, what: FeaturesRequest, link: Link, number: int, heed: Callable[[], None]) -> int:
        """Send what is asked with the request's `number`; `heed` may raise between two steps. The result is the number of
        pictures or units that were looked at. Raises ProblemError."""
        _KINDS[what.kind](_Viewer(self, what, link, number, heed))
        return max(1, len(what.paths))

    def strongest(self, viewer: _Viewer, layer: InnerLayer) -> tuple[Strongest, list[str]]:
        """What excites the units of a layer most among the pictures of a request, and the pictures that could be read."""
        key = (layer.name, viewer.job.paths, viewer.job.most)
        if self._found is None or self._found[0] != key:
            self._found = key, _find_strongest(viewer, layer)
        return self._found[1]


class _Viewer:
    """A loaded model, and what is asked of it."""

    def __init__(self, kept: FeatureViewer, what: FeaturesRequest, link: Link, number: int, heed: Callable[[], None]) -> None:
        self.kept, self.job, self.link, self.number, self.heed = kept, what, link, number, heed
        self.card, self.network, self.scores = kept.explainer.card, kept.explainer.network, kept.explainer.scores
        self.target = Path(what.target)

    def emit(self, layer: InnerLayer, **fields: object) -> None:
        self.link.emit(FeaturesShown(request=self.number, kind=self.job.kind, layer=layer.name, type=layer.kind,
                                     shape=layer.shape, **fields))  # type: ignore[arg-type]

    def chosen_layer(self) -> InnerLayer:
        """The named layer, else the last one with feature maps, else the last one. Raises ProblemError."""
        if self.job.layer:
            return find_layer(self.network, self.job.layer)
        return self.network.default_layer() or self.network.layers[-1]

    def check_units(self, layer: InnerLayer) -> None:
        wrong = [unit for unit in self.job.units if not 0 <= unit < layer.shape[-1]]
        if wrong:
            text = Text("{layer} has units from 0 to {most}, but no unit {unit}.",
                        "{layer} tiene unidades de 0 a {most}, pero no la unidad {unit}.")
            raise ProblemError(error("unknown_unit", text.fill(layer=layer.name, most=layer.shape[-1] - 1, unit=wrong[0]),
                                     "run", field="units"))

    def entered(self, path: str) -> EnteredPicture | None:
        """A picture, or None after its problem was told."""
        picture = read_picture(path, self.card.recipe)
        if isinstance(picture, Problem):
            self.link.emit(FeaturesShown(request=self.number, kind=self.job.kind, path=path, problem=picture))
            return None
        return picture


def _layers(viewer: _Viewer) -> None:
    for layer in viewer.network.layers:
        viewer.emit(layer)


def _maps(viewer: _Viewer) -> None:
    job = viewer.job
    chosen = ([find_layer(viewer.network, job.layer)] if job.layer
              else [layer for layer in viewer.network.layers if len(layer.shape) == 3])
    progress = ThrottledProgress(viewer.link, request=viewer.number)
    for number, path in enumerate(job.paths):
        viewer.heed()
        entered = viewer.entered(path)
        if entered is None:
            continue
        outputs = viewer.scores.outputs_of_layers(entered.pixels[None].astype(np.float32),
                                                  tuple(layer.name for layer in chosen))
        for layer in chosen:
            viewer.heed()
            output = outputs[layer.name][0]
            stem = str(viewer.target / file_stem(number + 1, path, layer.name))
            if job.sheets:
                maps = output if output.ndim == 3 else output.reshape(1, -1, 1)
                overlay.write_png(Path(f"{stem}.png"), overlay.sheet(overlay.grey_tiles(maps[..., :_SHOWN]), cell=_TILE))
            write_arrays(Path(f"{stem}.npz"), job.sheets, output=output, input=np.asarray(entered.pixels.shape[:2]),
                         **place_arrays(entered))
            flat = output.reshape(-1, output.shape[-1])
            viewer.emit(layer, path=path, file=f"{stem}.png" if job.sheets else "", data_file=f"{stem}.npz",
                        dead=float((flat.max(axis=0) <= 0).mean()))
        progress(number + 1, len(job.paths))


def _overview(viewer: _Viewer) -> None:
    chosen = [layer for layer in viewer.network.layers if layer.maps]
    entered = viewer.entered(viewer.job.paths[0])
    if entered is None:
        return
    outputs = viewer.scores.outputs_of_layers(entered.pixels[None].astype(np.float32), tuple(layer.name for layer in chosen))
    for number, layer in enumerate(chosen):
        viewer.heed()
        output = outputs[layer.name][0]
        units = np.sort(np.argsort(-output.max(axis=(0, 1)), kind="stable")[:viewer.job.most])
        tiles = [overlay.reduced(tile, _SMALL) for tile in overlay.grey_tiles(output[..., units])]
        file = viewer.target / f"overview {number}.png"
        overlay.write_png(file, np.concatenate(tiles, axis=1))
        flat = output.reshape(-1, output.shape[-1])
        viewer.emit(layer, path=viewer.job.paths[0], file=str(file), units=tuple(units.tolist()),
                    dead=float((flat.max(axis=0) <= 0).mean()))


def _filters(viewer: _Viewer) -> None:
    layer = find_layer(viewer.network, viewer.job.layer) if viewer.job.layer else first_convolution(viewer.network)
    kernel = None if layer is None else kernel_of(layer)
    if layer is None or kernel is None:
        text = Text("{layer} is no convolution and has no filters to show.",
                    "{layer} no es una convolución y no tiene filtros que mostrar.")
        named = viewer.job.layer or Text("The network", "La red")
        raise ProblemError(error("no_filters", text.fill(layer=named), "run", field="layer"))
    stem = str(viewer.target / f"filters {safe_name(layer.name)}")
    tiles = filter_tiles(kernel)
    if viewer.job.sheets:
        overlay.write_png(Path(f"{stem}.png"), overlay.sheet(tiles[:_SHOWN], cell=_TILE // 2))
    write_arrays(Path(f"{stem}.npz"), kernel=kernel, tiles=np.stack(tiles))
    viewer.emit(layer, file=f"{stem}.png" if viewer.job.sheets else "", data_file=f"{stem}.npz")


def _exciting(viewer: _Viewer) -> None:
    layer = viewer.chosen_layer()
    viewer.check_units(layer)
    strongest, used = viewer.kept.strongest(viewer, layer)
    for unit in viewer.job.units or strongest.strongest_units(_UNITS):
        viewer.heed()
        _exciting_unit(viewer, layer, unit, strongest, used)


def _find_strongest(viewer: _Viewer, layer: InnerLayer) -> tuple[Strongest, list[str]]:
    job, plain = viewer.job, viewer.card.recipe.as_dictionary()
    strongest = Strongest.empty(layer.shape[-1], max(1, job.most))
    progress = ThrottledProgress(viewer.link, request=viewer.number)
    used: list[str] = []
    for begin in range(0, len(job.paths), BATCH):
        viewer.heed()
        pictures = []
        for path in job.paths[begin:begin + BATCH]:
            try:
                pictures.append(prepare(read_regular(path), plain))
                used.append(path)
            except (OSError, PictureError) as problem:
                viewer.link.emit(Notice(problem=_skipped(path, problem)))
        if pictures:
            strongest.add(viewer.scores.output_of(np.stack(pictures).astype(np.float32), layer.name))
        progress(min(begin + BATCH, len(job.paths)), len(job.paths))
    if not used:
        text = Text("None of the pictures can be read.", "No se puede leer ninguna de las imágenes.")
        raise ProblemError(error("no_pictures", text, "file"))
    return strongest, used


def _skipped(path: str, problem: OSError | PictureError) -> Problem:
    if isinstance(problem, PictureError):
        return picture_problem(problem, path)
    text = Text("{path} cannot be read.", "No se puede leer {path}.")
    return warning("cannot_read", text.fill(path=path), "file", path=path)


def _exciting_unit(viewer: _Viewer, layer: InnerLayer, unit: int, strongest: Strongest, paths: list[str]) -> None:
    pictures, shown = [], []
    for activation, number, place in zip(strongest.activations[unit], strongest.pictures[unit], strongest.positions[unit],
                                         strict=True):
        if number < 0:
            continue
        entered = read_picture(paths[number], viewer.card.recipe)
        if isinstance(entered, Problem):
            continue
        position, box, picture = (0, 0), (0, 0, *entered.placement.size), entered.picture
        if len(layer.shape) == 3:
            row, column = np.unravel_index(int(place), layer.shape[:2])
            position = (int(row), int(column))
            box = entered.placement.box_on_picture(theoretical_box(viewer.network, layer, position))
            if viewer.job.sheets:
                output = viewer.scores.output_of(entered.pixels[None].astype(np.float32), layer.name)[0, ..., unit]
                boxed = replace(entered, picture=overlay.with_box(entered.picture, box))
                picture = draw(boxed, overlay.normalized(enlarged(output, entered.pixels)), 0.6)
        pictures.append(FeaturePicture(path=paths[number], activation=float(activation), position=position, box=box,
                                      size=entered.placement.size))
        shown.append(overlay.reduced(picture, overlay.CELL))
    if not viewer.job.sheets:
        viewer.emit(layer, unit=unit, pictures=tuple(pictures))
        return
    file = viewer.target / f"exciting {safe_name(layer.name)} {unit}.png"
    captions = [f"{Path(picture.path).name}\n{format_number(picture.activation, '.3g')}" for picture in pictures]
    overlay.write_png(file, overlay.sheet(shown, captions))
    viewer.emit(layer, unit=unit, file=str(file), pictures=tuple(pictures))


def _maximisation(viewer: _Viewer) -> None:
    layer = viewer.chosen_layer()
    viewer.check_units(layer)
    units = viewer.job.units or tuple(range(min(_UNITS, layer.shape[-1])))
    progress = ThrottledProgress(viewer.link, "steps", request=viewer.number)
    for number, unit in enumerate(units):
        picture, start, end = maximized_picture(viewer.scores, layer, unit, viewer.job.steps, viewer.heed)
        file = viewer.target / f"maximized {safe_name(layer.name)} {unit}.png"
        overlay.write_png(file, overlay.reduced(picture))
        viewer.emit(layer, unit=unit, file=str(file), activation=end)
        if end <= start:
            text = Text("Unit {unit} of {layer} does not answer to any change of the picture: it is dead, or its gradient "
                        "vanishes.",
                        "La unidad {unit} de {layer} no responde a ningún cambio de la imagen: está muerta o su gradiente se "
                        "desvanece.")
            viewer.link.emit(Notice(problem=warning("dead_unit", text.fill(unit=unit, layer=layer.name), "run")))
        progress(number + 1, len(units))


def _field(viewer: _Viewer) -> None:
    layer, job = viewer.chosen_layer(), viewer.job
    position = job.position or (0, 0)
    viewer.check_units(layer)
    if len(layer.shape) != 3 or not all(0 <= at < side for at, side in zip(position, layer.shape, strict=False)):
        text = Text("{layer} gives {shape}: there is no position {row}, {column}.",
                    "{layer} da {shape}: no hay ninguna posición {row}, {column}.")
        raise ProblemError(error("unknown_position", text.fill(
            layer=layer.name, shape=" × ".join(map(str, layer.shape)), row=position[0], column=position[1]), "run",
            field="position"))
    box = theoretical_box(viewer.network, layer, position)
    unit = job.units[0] if job.units else None
    for number, path in enumerate(job.paths):
        viewer.heed()
        entered = viewer.entered(path)
        if entered is None:
            continue
        heat = effective_field(viewer.scores, entered.pixels, layer, position, unit)
        stem = str(viewer.target / file_stem(number + 1, path, "field", layer.name))
        on_picture = entered.placement.box_on_picture(box)
        if job.sheets:
            shown = overlay.reduced(overlay.with_box(entered.picture, on_picture))
            laid = np.clip(entered.placement.lay_back(overlay.normalized(heat, _GRAIN)), 0, 1)
            overlay.write_png(Path(f"{stem}.png"), overlay.overlay(shown, overlay.resized(laid, shown), 0.7))
        write_arrays(Path(f"{stem}.npz"), heat=heat, box=np.asarray(box), **place_arrays(entered))
        viewer.emit(layer, path=path, unit=unit, file=f"{stem}.png" if job.sheets else "", data_file=f"{stem}.npz",
                    position=position, box=on_picture, effective=share_in_middle(heat, box))


_KINDS: Final[dict[str, Callable[[_Viewer], None]]] = {
    "layers": _layers, "overview": _overview, "maps": _maps, "filters": _filters, "exciting": _exciting,
    "maximisation": _maximisation, "field": _field,
}
