"""Models of other runtimes (ONNX, LiteRT, OpenVINO) as what the program answers with: exports of its own, and foreign files.

A file of ours has its card inside. Of any other it is looked for beside the file: `cnnstudio.json` or `NAME.json` with a card,
whose normalisation is then applied here; else the names of the classes in the file's metadata, or in `labels.txt`, `NAME.txt`,
`classes.txt`, `class_names.txt` or `classes.json`. What is assumed of the rest is said. It imports no Keras.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from cnnstudio.catalog.exporters.entry import Exporter
from cnnstudio.catalog.runtime_files import MODEL_FILES, exporter_of
from cnnstudio.core.foreign_files import SMALL, decode_json, read_bytes
from cnnstudio.core.libraries import install_fix, install_hint, is_available
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.core.text import Text
from cnnstudio.engine import model_card
from cnnstudio.engine.exporting import metadata
from cnnstudio.engine.exporting.runtimes import litert_runtime, onnx_runtime, openvino_runtime
from cnnstudio.engine.model_card import CARD, Card

_BATCH: Final = 16
_MODES: Final = {1: "grayscale", 3: "rgb", 4: "rgba"}
_NAME_FILES: Final = ("labels.txt", "{stem}.txt", "classes.txt", "class_names.txt")


@dataclass(frozen=True)
class RuntimeModel:
    """`predict` takes uint8 (n, height, width, channels) as the recipe of the card gives them, and answers float32
    (n, outputs); from any number of threads. `notes`: what was assumed."""

    predict: Callable[[np.ndarray], np.ndarray]
    card: Card
    name: str
    notes: tuple[Text, ...] = ()
    plain: bool = False
    """Whether the file takes float32 pixels of any number of pictures as they are, and answers as the card says."""


class RuntimeEngine:
    """A model of another runtime as an engine."""

    batch = _BATCH

    def __init__(self, model: RuntimeModel) -> None:
        self.name = model.name
        self.predict = model.predict


@dataclass(frozen=True)
class _Layout:
    """How the input is laid out: channels first or last, and whether it takes one picture at a time."""

    height: int
    width: int
    channels: int
    first: bool
    single: bool


def open_runtime_model(path: Path) -> RuntimeModel:
    """Open the file with its runtime. Raises ProblemError (library missing, damaged_model, not_a_classifier, open_size,
    class_count)."""
    entry = exporter_of(path)
    assert entry is not None, path
    _require_libraries(entry, path)
    opened = _open(entry, path)
    layout = _layout(opened.input_shape, path)
    card = _own_card(entry, path)
    if card is not None:
        return RuntimeModel(_own_predict(opened.predict, layout), _checked(card, layout, path), entry.id,
                            plain=not layout.first and not layout.single)
    predict = _batched(opened.predict, layout)
    card = _card_beside(path)
    # The normalisation of a foreign model is before it, not inside.
    scaling = None if card is None else card.recipe
    notes: list[Text] = []
    if card is None:
        outputs = _probe(predict, layout, path)
        card = _assumed_card(layout, outputs.shape[1], _class_names(entry, path, outputs.shape[1]))
        notes.append(_assumption(path, layout, card))
        if not _are_probabilities(outputs):
            predict = _activated(predict, outputs.shape[1])
            notes.append(Text("The outputs are scores, not probabilities: {name} was applied to them.",
                              "Las salidas son puntuaciones, no probabilidades: se les aplicó {name}.").fill(
                                  name=Text("sigmoid", "sigmoide") if outputs.shape[1] == 1 else Text("softmax", "softmax")))
    return RuntimeModel(_prepared(predict, scaling), _checked(card, layout, path), entry.id, tuple(notes))


def _require_libraries(entry: Exporter, path: Path) -> None:
    library = next((library for library in MODEL_FILES[entry.id].libraries if not is_available(library)), None)
    if library is not None:
        text = Text("{path} is answered by {name}, which is not installed. {install}",
                    "Con {path} responde {name}, que no está instalada. {install}")
        raise ProblemError(error(f"{library.module}_missing", text.fill(path=path.name, name=library.name,
                                                                        install=install_hint(library)),
                                 "file", path=path, fixes=(install_fix(library),)))


def _open(entry: Exporter, path: Path) -> Any:
    openers: dict[str, Callable[[Path], Any]] = {
        "onnx": onnx_runtime.open_model, "litert": litert_runtime.open_model, "openvino": openvino_runtime.open_model}
    try:
        return openers[entry.id](path)
    except Exception as err:
        if onnx_runtime.EXTENSIONS in str(err):
            raise ProblemError(_reads_files(path, str(err))) from err
        text = Text("{path} cannot be opened: it is damaged, or it has parts that this version of {runtime} does not know "
                    "({reason}). Choose another model, or export it again.",
                    "No se puede abrir {path}: está dañado o tiene partes que esta versión de {runtime} no conoce ({reason}). "
                    "Elija otro modelo o expórtelo de nuevo.")
        reason = (str(err).strip().splitlines() or [type(err).__name__])[0][:200].replace(str(path.parent), "…")
        raise ProblemError(error("damaged_model", text.fill(path=path.name, runtime=entry.label, reason=reason), "file",
                                 path=path, details=str(err))) from err


def _reads_files(path: Path, details: str) -> Problem:
    """The problem of an ONNX model that decodes picture files itself."""
    text = Text("{path} decodes picture files itself, with the extensions of ONNX Runtime, which CNN Studio does not use to "
                "answer. Choose the ONNX export of the same run, whose input is pixels.",
                "{path} decodifica por sí mismo los archivos de imagen, con las extensiones de ONNX Runtime, que CNN Studio no "
                "usa para responder. Elija la exportación ONNX del mismo entrenamiento, cuya entrada son píxeles.")
    return error("reads_files", text.fill(path=path.name), "file", path=path, details=details)


def _layout(shape: tuple[int | None, ...], path: Path) -> _Layout:
    """The layout of the input; raises ProblemError where it takes no pictures of one size."""
    if len(shape) == 4 and shape[3] in _MODES and None not in shape[1:3]:
        return _Layout(int(shape[1] or 0), int(shape[2] or 0), int(shape[3] or 0), first=False, single=shape[0] == 1)
    if len(shape) == 4 and shape[1] in _MODES and None not in shape[2:]:
        return _Layout(int(shape[2] or 0), int(shape[3] or 0), int(shape[1] or 0), first=True, single=shape[0] == 1)
    if len(shape) == 4 and (shape[3] in _MODES or shape[1] in _MODES):
        text = Text("{path} does not say which size of pictures it takes. Put a card with a recipe beside it (see the guide), "
                    "or export it with a fixed size.",
                    "{path} no indica qué tamaño de imágenes recibe. Ponga junto a él una ficha con una receta (vea la guía) o "
                    "expórtelo con un tamaño fijo.")
        raise ProblemError(error("open_size", text.fill(path=path.name), "file", path=path))
    raise ProblemError(_no_classifier(path, shape))


def _no_classifier(path: Path, shape: tuple[Any, ...], answer: tuple[Any, ...] | str = "?") -> Problem:
    text = Text("{path} does not classify pictures: its input is {shape} and its output {answer}. Choose another model.",
                "{path} no clasifica imágenes: su entrada es {shape} y su salida {answer}. Elija otro modelo.")
    return error("not_a_classifier", text.fill(path=path.name, shape=shape, answer=answer), "file", path=path)


def _own_card(entry: Exporter, path: Path) -> Card | None:
    if entry.id == "onnx":
        return metadata.onnx_card(path)
    return metadata.openvino_card(path) if entry.id == "openvino" else model_card.read_card(path)


def _card_beside(path: Path) -> Card | None:
    """The card beside a foreign file; None where there is none. Raises ProblemError where it is damaged."""
    for name in (f"{path.stem}.json", CARD):
        place = path.with_name(name)
        if place.is_file():
            try:
                return model_card.decode_card(read_bytes(place, SMALL), place)
            except OSError as os_error:
                raise ProblemError(model_card.damaged_problem(place, str(os_error))) from os_error
    return None


def _class_names(entry: Exporter, path: Path, count: int) -> tuple[str, ...] | None:
    """The names of the classes, from the file's metadata or from a file beside it; None where there are none. Raises
    ProblemError (class_count) where their number does not fit."""
    wanted = 2 if count == 1 else count
    names = _names_inside(entry, path)
    place = path
    for pattern in _NAME_FILES if names is None else ():
        beside = path.with_name(pattern.format(stem=path.stem))
        with contextlib.suppress(OSError, UnicodeDecodeError):
            names, place = tuple(read_bytes(beside, SMALL).decode("utf-8-sig").split("\n")), beside
            names = tuple(name.strip() for name in names if name.strip())
            break
    if names is None:
        with contextlib.suppress(OSError, ValueError):
            place = path.with_name("classes.json")
            names = _listed(decode_json(read_bytes(place, SMALL)))
    if names is not None and len(names) != wanted:
        text = Text("{place} names {n} classes, but the model has {outputs}. Correct the list.",
                    "{place} nombra {n} clases, pero el modelo tiene {outputs}. Corrija la lista.")
        raise ProblemError(error("class_count", text.fill(place=place.name, n=len(names), outputs=wanted), "file", path=place))
    return names


def _names_inside(entry: Exporter, path: Path) -> tuple[str, ...] | None:
    if entry.id != "onnx":
        return None
    properties = metadata.onnx_properties(path)
    for key in ("class_names", "classes", "labels", "names"):
        text = properties.get(key, "")
        for read in (lambda written: decode_json(written.encode()), ast.literal_eval):
            with contextlib.suppress(ValueError, SyntaxError, MemoryError, RecursionError):
                names = _listed(read(text))
                if names is not None:
                    return names
        if "," in text:
            return tuple(name.strip() for name in text.split(","))
    return None


def _listed(value: Any) -> tuple[str, ...] | None:
    """Names from a list, from a mapping of numbers to names, or from an object with class_names."""
    if isinstance(value, Mapping):
        if "class_names" in value:
            return _listed(value["class_names"])
        with contextlib.suppress(ValueError, TypeError):
            return tuple(str(value[key]) for key in sorted(value, key=int))
        return None
    return tuple(map(str, value)) if isinstance(value, list | tuple) else None


def _checked(card: Card, layout: _Layout, path: Path) -> Card:
    """The card, if its recipe gives what the input takes. Raises ProblemError (damaged_model)."""
    if card.recipe.shape != (layout.height, layout.width, layout.channels):
        text = Text("{path} takes pictures of {shape}, but its card prepares them as {other}. Export it again.",
                    "{path} recibe imágenes de {shape}, pero su ficha las prepara como {other}. Expórtelo de nuevo.")
        raise ProblemError(error("damaged_model", text.fill(
            path=path.name, shape=(layout.height, layout.width, layout.channels), other=card.recipe.shape), "file", path=path))
    return card


def _assumed_card(layout: _Layout, outputs: int, names: tuple[str, ...] | None) -> Card:
    recipe = RecipeSpec(height=layout.height, width=layout.width, color_mode=_MODES[layout.channels],  # type: ignore[arg-type]
                        normalization="none")
    count = 2 if outputs == 1 else outputs
    return Card(recipe=recipe, class_names=names or tuple(map(str, range(count))),
                label_mode="binary" if outputs == 1 else "categorical")


def _assumption(path: Path, layout: _Layout, card: Card) -> Text:
    numbered = card.class_names == tuple(map(str, range(len(card.class_names))))
    named = (Text("classes without names", "clases sin nombre") if numbered
             else Text("classes as listed", "clases según la lista"))
    return Text("{path} does not say how it was trained: it has no model card of CNN Studio. Assumed: pictures stretched to "
                "{height} × {width}, pixels from 0 to 255, {named}. A card beside it says otherwise (see the guide).",
                "{path} no indica cómo se entrenó: no tiene ficha de modelo de CNN Studio. Se supone: imágenes estiradas a "
                "{height} × {width}, píxeles de 0 a 255, {named}. Una ficha junto a él dice otra cosa (vea la guía).").fill(
                    path=path.name, height=layout.height, width=layout.width, named=named)


def _batched(predict: Callable[[np.ndarray], np.ndarray], layout: _Layout) -> Callable[[np.ndarray], np.ndarray]:
    """`predict` for float32 (n, height, width, channels), whatever the layout of the input."""
    def answer(pixels: np.ndarray) -> np.ndarray:
        entered = pixels.transpose(0, 3, 1, 2) if layout.first else pixels
        if not layout.single:
            return predict(np.ascontiguousarray(entered))
        return np.concatenate([predict(np.ascontiguousarray(picture[None])) for picture in entered])

    return answer


def _own_predict(predict: Callable[[np.ndarray], np.ndarray], layout: _Layout) -> Callable[[np.ndarray], np.ndarray]:
    answer = _batched(predict, layout)
    return lambda pictures: answer(pictures.astype(np.float32))


def _probe(predict: Callable[[np.ndarray], np.ndarray], layout: _Layout, path: Path) -> np.ndarray:
    """Answers (4, outputs) for pictures of noise; raises ProblemError (not_a_classifier)."""
    noise = np.random.default_rng(0).integers(0, 256, (4, layout.height, layout.width, layout.channels)).astype(np.float32)
    try:
        outputs = predict(noise)
    except Exception as err:
        raise ProblemError(model_card.damaged_problem(path, str(err))) from err
    outputs = outputs.reshape(len(outputs), -1) if outputs.ndim > 2 and outputs[0].size == max(outputs[0].shape) else outputs
    if outputs.ndim != 2 or len(outputs) != len(noise):
        raise ProblemError(_no_classifier(path, noise.shape[1:], outputs.shape[1:]))
    return outputs


def _are_probabilities(outputs: np.ndarray) -> bool:
    if not np.isfinite(outputs).all() or outputs.min() < 0 or outputs.max() > 1:
        return False
    return outputs.shape[1] == 1 or bool(np.abs(outputs.sum(axis=1) - 1).max() < 1e-2)


def _activated(predict: Callable[[np.ndarray], np.ndarray], outputs: int) -> Callable[[np.ndarray], np.ndarray]:
    def answer(pixels: np.ndarray) -> np.ndarray:
        scores = predict(pixels).reshape(len(pixels), outputs).astype(np.float64)
        if outputs == 1:
            return np.asarray(1 / (1 + np.exp(-np.clip(scores, -700, 700))), np.float32)
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)

    return answer


def _prepared(predict: Callable[[np.ndarray], np.ndarray], recipe: RecipeSpec | None) -> Callable[[np.ndarray], np.ndarray]:
    """`predict` for uint8 pictures, normalised as the recipe of a card beside the file says."""
    def answer(pictures: np.ndarray) -> np.ndarray:
        return predict(_normalized(pictures.astype(np.float32), recipe)).reshape(len(pictures), -1)

    return answer


def _normalized(pixels: np.ndarray, recipe: RecipeSpec | None) -> np.ndarray:
    if recipe is None or recipe.normalization in ("none", "base"):
        return pixels
    if recipe.normalization == "zero_one":
        return pixels / np.float32(255)
    if recipe.normalization == "minus_one_one":
        return pixels / np.float32(127.5) - np.float32(1)
    return np.asarray((pixels - np.asarray(recipe.mean)) / np.asarray(recipe.deviation), np.float32)


