"""Explanations of pictures by one model: what is asked is checked, and maps become files."""

from __future__ import annotations

import difflib
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from cnnstudio.catalog.explanations import EXPLANATIONS, Explanation
from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.explain_jobs import Explained, ExplainedTogether, ExplainRequest, SanityChecks
from cnnstudio.core.params import check
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.text import Text, format_number
from cnnstudio.engine import models
from cnnstudio.engine.explaining.checks import check_map, check_passes, completeness
from cnnstudio.engine.explaining.gradients import ClassScores
from cnnstudio.engine.explaining.network import PIXELS, InnerLayer, OpenNetwork
from cnnstudio.engine.explaining.pictures import EnteredPicture, read_picture
from cnnstudio.engine.progress import ThrottledProgress, phase
from cnnstudio.imaging import overlay
from cnnstudio.workers.link import Link

_MOST_ON_SHEET: Final = 64
_COMPLETE: Final = 0.1
"""By this share integrated gradients may miss the difference that they add up to; Sundararajan et al. advise 5 %."""


@dataclass(frozen=True)
class Answer:
    """A map of the input (height, width), float32, of the class `label`, and the answer that it explains."""

    values: np.ndarray
    layer: str
    label: int
    predicted: int
    probability: float
    score: float
    checks: SanityChecks | None = None


class Explainer:
    """A loaded model that explains its answers. Raises ProblemError for a model that is no classifier of pictures."""

    def __init__(self, loaded: models.Loaded) -> None:
        refuse_other_models(loaded)
        self.card = loaded.card
        self.network = OpenNetwork(loaded.model)
        self.scores = ClassScores(self.network, len(loaded.card.class_names))

    def entry(self, request: ExplainRequest) -> Explanation:
        """The method, its parameters checked. Raises ProblemError (unknown_method, value, unknown_setting)."""
        entry = EXPLANATIONS.find(request.method)
        if entry is None:
            text = Text("There is no method {name}. There are: {all}.", "No hay ningún método {name}. Hay: {all}.")
            raise ProblemError(error("unknown_method", text.fill(name=request.method, all=", ".join(EXPLANATIONS.ids())),
                                     "run", field="method"))
        problems = check(entry.params, request.params, "run")
        if problems:
            raise ProblemError(*problems)
        return entry

    def layer(self, entry: Explanation, name: str) -> str:
        """The layer at which a method explains, the input for one that needs none. Raises ProblemError (unknown_layer,
        no_feature_maps)."""
        if not entry.needs_maps:
            if name:
                find_layer(self.network, name)
            return PIXELS
        layer = find_layer(self.network, name) if name else self.network.default_layer()
        if layer is None:
            text = Text("{method} needs feature maps, and this network has no convolution before its classifier. Use "
                        "{others}.",
                        "{method} necesita mapas de características, y esta red no tiene ninguna convolución antes de su "
                        "clasificador. Use {others}.")
            raise ProblemError(error("no_feature_maps", text.fill(method=entry.label, others=_others()), "run",
                                     field="method"))
        if not layer.maps:
            text = Text("The output of {layer} ({shape}) are no feature maps of several positions, which {method} needs. "
                        "Layers that have them: {all}.",
                        "La salida de {layer} ({shape}) no son mapas de características de varias posiciones, que {method} "
                        "necesita. Capas que los tienen: {all}.")
            raise ProblemError(error("no_feature_maps", text.fill(
                layer=layer.name, shape=" × ".join(map(str, layer.shape)), method=entry.label,
                all=_some([item.name for item in self.network.layers if item.maps])), "run", field="layer"))
        return layer.name

    def label(self, name: str) -> int | None:
        """The number of a class; None for "" (the predicted one). Raises ProblemError (unknown_class)."""
        names = self.card.class_names
        if name and name not in names:
            text = Text("The model has no class {name}. It has: {all}.", "El modelo no tiene ninguna clase {name}. Tiene: "
                                                                         "{all}.")
            raise ProblemError(error("unknown_class", text.fill(name=name, all=_some(names)), "run", field="class_name"))
        return names.index(name) if name else None

    def explain(self, pixels: np.ndarray, entry: Explanation, layer: str, label: int | None, params: Mapping[str, Any],
                checked: bool = False) -> Answer:
        """Explain one prepared picture, uint8 (height, width, channels). Raises ProblemError (not_finite)."""
        picture = pixels.astype(np.float32)
        outputs = self.scores.outputs_of(picture[None])
        if not np.isfinite(outputs).all():
            raise ProblemError(not_finite_problem())
        probabilities = self.scores.probabilities(outputs)[0]
        predicted = int(probabilities.argmax())
        label = predicted if label is None else label
        values = entry.values(params)
        function = _function(entry)

        def method(number: int) -> np.ndarray:
            return function(self.scores, picture, number, layer, values)

        found = method(label)
        if not np.isfinite(found).all():
            raise ProblemError(not_finite_problem())
        checks = None
        if checked:
            # What is checked is the map as it is shown.
            checks = check_map(self.scores, picture, label, overlay.smoothed(found, entry.grain),
                               lambda number: overlay.smoothed(method(number), entry.grain))
            if entry.complete:
                checks = msgspec.structs.replace(checks, completeness=completeness(
                    self.scores, picture, label, found, values["baseline"]))
        score = float((outputs * self.scores.select(np.asarray([label]))).sum())
        return Answer(found, layer, label, predicted, float(probabilities[label]), score, checks)


def _function(entry: Explanation) -> Callable[..., np.ndarray]:
    module, _, name = entry.function.partition(":")
    function: Callable[..., np.ndarray] = getattr(import_module(f"cnnstudio.engine.explaining.{module}"), name)
    return function


def _others() -> Text:
    labels = [entry.label for entry in EXPLANATIONS if not entry.needs_maps]
    return Text(", ".join(label.en for label in labels), ", ".join(label.es for label in labels))


def _some(names: Any, most: int = 12) -> str:
    names = list(names)
    return ", ".join(names if len(names) <= most else ["…", *names[-most:]])


def _note(shown: np.ndarray, checks: SanityChecks | None) -> Text | None:
    if not shown.any():
        return Text("The map is empty: at this layer nothing speaks for the class.",
                    "El mapa está vacío: en esta capa nada habla a favor de la clase.")
    if checks is not None and checks.completeness is not None and checks.completeness > _COMPLETE:
        return Text("The values miss the difference of the scores by {share:.0%}: more steps are needed for an exact map.",
                    "Los valores se apartan un {share:.0%} de la diferencia de puntuaciones: hacen falta más pasos para un "
                    "mapa exacto.").fill(share=checks.completeness)
    return None


def find_layer(network: OpenNetwork, name: str) -> InnerLayer:
    """The layer of that name; raises ProblemError (unknown_layer)."""
    layer = network.find(name)
    if layer is None:
        names = [item.name for item in network.layers]
        by_last = {item.rpartition("/")[2]: item for item in names}
        near = ([item for item in names if item.rpartition("/")[2] == name]
                or [by_last[match] for match in difflib.get_close_matches(name.rpartition("/")[2], by_last, 5)])
        text = Text("The network has no layer {name}. Near it: {near}. `cnnstudio features PROJECT --list` lists all of them.",
                    "La red no tiene ninguna capa {name}. Parecidas: {near}. `cnnstudio features PROYECTO --list` las enumera "
                    "todas.")
        raise ProblemError(error("unknown_layer", text.fill(name=name, near=", ".join(near) or _some(names, 5)), "run",
                                 field="layer"))
    return layer


def not_finite_problem() -> Problem:
    text = Text("The network answers this picture with values that are no numbers (NaN or infinite): there is nothing to "
                "explain. Its weights ran away in training; train again with a smaller learning rate.",
                "La red responde a esta imagen con valores que no son números (NaN o infinitos): no hay nada que explicar. Sus "
                "pesos se desbordaron al entrenar; entrene de nuevo con una tasa de aprendizaje menor.")
    return error("not_finite", text, "run")


def refuse_other_models(loaded: models.Loaded) -> None:
    """Raise ProblemError for a model with several inputs or outputs, or whose output are no classes."""
    model = loaded.model
    if len(model.outputs) != 1 or len(model.inputs) != 1:
        text = Text("{path} has {inputs} inputs and {outputs} outputs; only models with one of each can be explained.",
                    "{path} tiene {inputs} entradas y {outputs} salidas; solo se pueden explicar modelos con una de cada.")
        raise ProblemError(error("several_outputs", text.fill(path=loaded.path, inputs=len(model.inputs),
                                                              outputs=len(model.outputs)), "file", path=loaded.path))
    if len(model.output_shape) != 2:
        text = Text("{path} does not classify pictures: its output is {shape}. Choose another model.",
                    "{path} no clasifica imágenes: su salida es {shape}. Elija otro modelo.")
        raise ProblemError(error("not_a_classifier", text.fill(path=loaded.path, shape=model.output_shape), "file",
                                 path=loaded.path))


class _Work:
    """The work of a request, counted and reported in pictures that go through the network; `heed` is called after every batch
    and may raise."""

    def __init__(self, passes: int, pictures: int, link: Link, number: int, heed: Callable[[], None]) -> None:
        self._each, self._pictures, self._heed = passes, pictures, heed
        self._progress = ThrottledProgress(link, "passes", number)
        self._done = self._of_picture = 0
        self._report()

    def _report(self) -> None:
        # A method may take a little more or less than it says.
        done = self._done * self._each + min(self._of_picture, self._each)
        self._progress(min(done, self._each * self._pictures), self._each * self._pictures)

    def add(self, passes: int) -> None:
        self._of_picture += passes
        self._report()
        self._heed()

    def end_picture(self) -> None:
        self._done, self._of_picture = self._done + 1, 0
        self._report()


def request_passes(entry: Explanation, request: ExplainRequest) -> int:
    """About how many pictures the network computes for each picture of a request."""
    passes = entry.passes(entry.values(request.params))
    return 1 + passes + (check_passes(passes) if request.check else 0)


def explain_all(explainer: Explainer, request: ExplainRequest, link: Link, number: int = 0,
                heed: Callable[[], None] | None = None) -> int:
    """Explain all pictures of a request: an Explained event each, then the sheet and the mean where they are wanted. Answers
    how many pictures were explained. `heed` is called after every batch of the network and may raise; by default it is that of
    the link. Raises ProblemError where nothing can be explained, and StopRequested."""
    entry = explainer.entry(request)
    layer = explainer.layer(entry, request.layer)
    label = explainer.label(request.class_name)
    phase(link, "explaining")
    heed = heed or link.check
    work = _Work(request_passes(entry, request), len(request.paths), link, number, heed)
    explainer.scores.on_work = work.add
    recipe = explainer.card.recipe
    names = explainer.card.class_names
    drawn: list[tuple[np.ndarray, str]] = []
    total, mean_pixels, count = np.zeros(recipe.shape[:2]), np.zeros(recipe.shape), 0
    target = Path(request.target) if request.target else None
    for place, path in enumerate(request.paths):
        heed()
        entered = read_picture(path, recipe)
        try:
            if isinstance(entered, Problem):
                raise ProblemError(entered)
            answer = explainer.explain(entered.pixels, entry, layer, label, request.params, request.check)
        except ProblemError as problem_error:
            link.emit(Explained(request=number, path=path, method=entry.id, problem=problem_error.problems[0]))
            work.end_picture()
            continue
        shown = overlay.normalized(answer.values, entry.grain)
        total, mean_pixels, count = total + shown, mean_pixels + entered.pixels, count + 1
        file = map_file = ""
        if target is not None:
            stem = file_stem(place + 1, path, entry.id, names[answer.label])
            map_file = str(target / f"{stem}.npz")
            write_map(Path(map_file), answer.values, entered)
            if request.overlays:
                image = draw(entered, shown, request.strength)
                file = str(target / f"{stem}.png")
                overlay.write_png(Path(file), image)
                if len(drawn) < _MOST_ON_SHEET:
                    drawn.append((overlay.reduced(image, overlay.CELL), _caption(path, names[answer.label], answer)))
        link.emit(Explained(request=number, path=path, method=entry.id, layer=answer.layer, class_name=names[answer.label],
                            note=_note(shown, answer.checks),
                            predicted=names[answer.predicted], probability=answer.probability, score=answer.score, file=file,
                            map_file=map_file, checks=answer.checks))
        work.end_picture()
    if target is not None and len(drawn) > 1:
        file = str(target / f"sheet {entry.id}.png")
        overlay.write_png(Path(file), overlay.sheet([picture for picture, _ in drawn], [text for _, text in drawn]))
        link.emit(ExplainedTogether(request=number, kind="sheet", file=file, pictures=len(drawn)))
    if target is not None and request.mean and count:
        stem = f"mean {entry.id}" + (f" {safe_name(request.class_name)}" if request.class_name else "")
        behind = overlay.reduced(np.rint(mean_pixels / count).astype(np.uint8))
        values = (total / count).astype(np.float32)
        overlay.write_png(target / f"{stem}.png", overlay.overlay(
            behind, overlay.resized(overlay.normalized(values), behind), request.strength))
        write_arrays(target / f"{stem}.npz", map=values, picture=behind)
        link.emit(ExplainedTogether(request=number, kind="mean", file=str(target / f"{stem}.png"), pictures=count,
                                    map_file=str(target / f"{stem}.npz")))
    return count


def _caption(path: str, name: str, answer: Answer) -> str:
    return f"{Path(path).name}\n{name} {format_number(answer.probability, '.1%')}"


def draw(entered: EnteredPicture, values: np.ndarray, strength: float) -> np.ndarray:
    """The upright picture, reduced where it is very large, with a map (0 to 1) of the input over it."""
    picture = overlay.reduced(entered.picture)
    laid = np.clip(entered.placement.lay_back(values), 0, 1)
    return overlay.overlay(picture, overlay.resized(laid, picture), strength)


def file_stem(number: int, path: str, *parts: str) -> str:
    """A name for a file that belongs to a picture: with its number, since pictures may be called alike."""
    return " ".join((f"{number:04}", *(safe_name(part) for part in (Path(path).stem, *parts))))


def safe_name(name: str) -> str:
    """A name without characters that some system does not allow in the name of a file."""
    return re.sub(r'[\x00-\x1f<>:"/\\|?*]', "_", name)[:80].strip(". ") or "_"


def write_map(path: Path, values: np.ndarray, entered: EnteredPicture) -> None:
    """Write a map with its place on the picture."""
    write_arrays(path, map=values.astype(np.float32), **place_arrays(entered))


def place_arrays(entered: EnteredPicture) -> dict[str, np.ndarray]:
    """The place of the input on the picture, as arrays."""
    place = entered.placement
    return {"source": np.asarray(place.source), "target": np.asarray(place.target), "size": np.asarray(place.size)}


def write_arrays(path: Path, small: bool = True, /, **arrays: np.ndarray) -> None:
    """Write an .npz file of plain arrays, atomically; not `small`: for a reader that waits. Raises ProblemError."""
    data = io.BytesIO()
    (np.savez_compressed if small else np.savez)(data, allow_pickle=False, **arrays)
    write_atomically(path, data.getvalue())
