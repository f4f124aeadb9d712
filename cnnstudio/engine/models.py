"""Model files: saved with their recipe inside, and loaded without trusting their content."""

from __future__ import annotations

import json
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import keras
import msgspec

from cnnstudio.catalog.exporters.entry import Exporter
from cnnstudio.catalog.layers import LAYERS
from cnnstudio.catalog.layers.spectral import WRAPPED
from cnnstudio.catalog.runtime_files import MODEL_NAMES, exporter_of
from cnnstudio.core.atomic import atomic_path
from cnnstudio.core.foreign_files import decode_json
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.core.text import Text
from cnnstudio.engine import foreign_models
from cnnstudio.engine.model_card import CARD, Card, damaged_problem, decode_card, read_card, with_present_names
from cnnstudio.interchange.own_base.files import is_h5

MOST_CONFIG_BYTES: Final = 16 << 20
MOST_CONFIG_PARTS: Final = 25_000
"""Layers with their initializers and the like; the largest networks of Keras have some 8,000."""
_OTHER_LAYERS: Final = frozenset((
    "CenterCrop", "Functional", "InputLayer", "RandomBrightness", "RandomContrast", "RandomCrop", "RandomFlip",
    "RandomRotation", "RandomTranslation", "RandomZoom", "Sequential", WRAPPED,
))
"""Classes without an entry in the catalog: models, the wrapper of a kernel, and preprocessing."""
KNOWN_LAYERS: Final = _OTHER_LAYERS | {layer.id for layer in LAYERS if layer.is_keras and layer.file_safe}
"""Layers that are allowed in a model of unknown origin: none can contain code."""
_OTHER_MODULES: Final = ("keras.initializers", "keras.regularizers", "keras.constraints")
_LAYER_MODULES: Final = ("keras", "keras.layers", "keras.models", "keras.src.models.functional",
                         "keras.src.models.sequential", "keras.src.engine.functional")


@dataclass(frozen=True)
class Loaded:
    """A model that is ready to predict. `path` is its file."""

    model: Any
    card: Card
    path: Path
    notes: tuple[Text, ...] = ()
    """What was assumed of a file that has no card."""


def save_model(model: Any, path: Path, card: Card) -> None:
    """Write a `.keras` file with its card, atomically; raises ProblemError."""
    with atomic_path(path) as temporary:
        model.save(temporary)
        _without_backend_names(temporary)
        with zipfile.ZipFile(temporary, "a") as archive:
            archive.writestr(CARD, msgspec.json.format(msgspec.json.encode(card), indent=2))


def copy_model(loaded: Loaded, target: Path) -> None:
    """Copy the file of a model, with the card that it has now. Raises OSError."""
    shutil.copyfile(loaded.path, target)
    if read_card(target) != loaded.card:
        write_card(target, loaded.card)


def write_card(path: Path, card: Card) -> None:
    """Replace the card of a model file."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members[CARD] = msgspec.json.format(msgspec.json.encode(card), indent=2)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def _without_backend_names(path: Path) -> None:
    """On PyTorch Keras names its own subclass of the optimizer, which no other backend can load: name the public one."""
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))
        optimizer = (config.get("compile_config") or {}).get("optimizer")
        if not isinstance(optimizer, dict) or not str(optimizer.get("module")).startswith("keras.src.backend."):
            return
        optimizer["module"] = "keras.optimizers"
        optimizer["registered_name"] = None
        members = {name: archive.read(name) for name in archive.namelist()}
    members["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def model_file(place: Path) -> Path:
    """The model of a run folder, a bundle or a project's file; raises ProblemError (no_model)."""
    paths = [place / name for name in MODEL_NAMES] if place.is_dir() else [place]
    path = next((path for path in paths if path.is_file()), None)
    if path is not None:
        return path
    text = Text("There is no model in {path}. Train the network first, or choose another model.",
                "No hay ningún modelo en {path}. Entrene antes la red o elija otro modelo.")
    raise ProblemError(error("no_model", text.fill(path=place), "file", path=place))


def load(place: Path) -> Loaded:
    """Load a run folder, a bundle folder or a lone `.keras` or `.h5` file; outputs are probabilities.

    Only allowed layers and no code: any other file is refused before Keras reads it.
    Raises ProblemError (no_model, damaged_model, unsafe_model, not_a_classifier).
    """
    path = model_file(place)
    entry = exporter_of(path)
    if entry is not None:
        raise ProblemError(_needs_keras(path, entry))
    if is_h5(path):
        return _without_card(foreign_models.load_h5(path), path)
    try:
        with zipfile.ZipFile(path) as archive:
            config = _read_config(archive, path)
            card = archive.read(CARD) if CARD in archive.namelist() else None
        # The compile configuration is not checked, since it is not loaded.
        refused = _refused({name: part for name, part in config.items() if name != "compile_config"})
        if refused:
            raise ProblemError(_unsafe(path, refused))
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except ProblemError:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, RuntimeError, zipfile.BadZipFile) as err:
        raise ProblemError(damaged_problem(path, str(err))) from err
    if card is None:
        return _without_card(model, path)
    return Loaded(model, _fitting(with_present_names(decode_card(card, path), path), model, path), path)


def _read_config(archive: zipfile.ZipFile, path: Path) -> Any:
    """The description of a model, unless it is larger than that of any network: reading it would take all memory."""
    if archive.getinfo("config.json").file_size <= MOST_CONFIG_BYTES:
        data = archive.read("config.json")
        if data.count(b'"class_name"') <= MOST_CONFIG_PARTS:
            return decode_json(data)
    text = Text("The description of the network in {path} is far larger than that of any real network, so the file was not "
                "opened.",
                "La descripción de la red en {path} es mucho más grande que la de cualquier red real, así que no se abrió el "
                "archivo.")
    raise ProblemError(error("model_too_large", text.fill(path=path), "file", path=path))


def _fitting(card: Card, model: Any, path: Path) -> Card:
    """The card; ProblemError where the model has several outputs, or fewer or more than the card has classes."""
    if len(model.outputs) != 1:
        raise ProblemError(_several_outputs(model, path))
    answer = model.output_shape
    if isinstance(answer, tuple) and len(answer) == 2:
        classes = 2 if card.label_mode == "binary" and answer[1] == 1 else answer[1]
        if classes != len(card.class_names):
            text = Text("{path} is damaged: its number of classes ({n}) differs from its number of outputs ({outputs}).",
                        "{path} está dañado: su número de clases ({n}) difiere de su número de salidas ({outputs}).")
            raise ProblemError(error("damaged_model", text.fill(path=path, n=len(card.class_names), outputs=answer[1]), "file",
                                     path=path))
    return card


def _refused(part: Any) -> str:
    """The name of the first class in a model's configuration that is not allowed; "" if all are."""
    if isinstance(part, list):
        return next((name for name in map(_refused, part) if name), "")
    if not isinstance(part, dict):
        return ""
    if "class_name" in part and "config" in part:
        # Keras looks for a part without a module, too: a lambda has none.
        module, name = part.get("module"), str(part["class_name"])
        allowed = (module in _LAYER_MODULES and name in KNOWN_LAYERS) or module in _OTHER_MODULES
        builtin = (module == "keras" and name == "DTypePolicy") or module == "keras.dtype_policies"
        if not (allowed or builtin or name in ("__tuple__", "__keras_tensor__")):
            return name
    return next((name for name in map(_refused, part.values()) if name), "")


def _without_card(model: Any, path: Path) -> Loaded:
    """A model that says nothing but its shapes; raises ProblemError where these are not a classifier's."""
    card = _assumed_card(model, path)
    model, noticed = foreign_models.with_probabilities(model)
    assumed = foreign_models.assumptions(path, card.recipe.height, card.recipe.width)
    return Loaded(model, card, path, (assumed,) if noticed is None else (assumed, noticed))


def _assumed_card(model: Any, path: Path) -> Card:
    modes = {1: "grayscale", 3: "rgb", 4: "rgba"}
    if len(model.outputs) != 1:
        raise ProblemError(_several_outputs(model, path))
    shape, answer = model.input_shape, model.output_shape
    if isinstance(shape, tuple) and len(shape) == 4 and None in shape[1:3] and shape[3] in modes:
        raise foreign_models.open_size_problem(path)
    if not isinstance(shape, tuple) or len(shape) != 4 or None in shape[1:] or shape[3] not in modes or (
            not isinstance(answer, tuple) or len(answer) != 2):
        text = Text("{path} does not classify pictures: its input is {shape} and its output {answer}. Choose another model.",
                    "{path} no clasifica imágenes: su entrada es {shape} y su salida {answer}. Elija otro modelo.")
        raise ProblemError(error("not_a_classifier", text.fill(path=path, shape=shape, answer=answer), "file", path=path))
    recipe = RecipeSpec(height=shape[1], width=shape[2], color_mode=modes[shape[3]], normalization="none")  # type: ignore[arg-type]
    count = 2 if answer[1] == 1 else answer[1]
    return Card(recipe=recipe, class_names=tuple(str(number) for number in range(count)),
                label_mode="binary" if answer[1] == 1 else "categorical")


def _several_outputs(model: Any, path: Path) -> Problem:
    text = Text("{path} has {n} outputs ({names}), but a classifier has a single one. Save a model with only that output.",
                "{path} tiene {n} salidas ({names}), pero un clasificador tiene una sola. Guarde un modelo solo con esa "
                "salida.")
    names = ", ".join(str(name) for name in model.output_names)
    return error("several_outputs", text.fill(path=path, n=len(model.outputs), names=names), "file", path=path)


def _needs_keras(path: Path, entry: Exporter) -> Problem:
    text = Text("{path} is a model of {runtime}: it answers pictures, but only a Keras model can be looked into. Choose the "
                "run, or a .keras file.",
                "{path} es un modelo de {runtime}: responde a imágenes, pero solo se puede mirar dentro de un modelo de Keras. "
                "Elija el entrenamiento o un archivo .keras.")
    return error("needs_keras_model", text.fill(path=path.name, runtime=entry.label), "file", path=path)


def _unsafe(path: Path, name: str) -> Problem:
    text = Text("{path} has a part that is not in the list of known layers ({name}) and could run code, so the file was not "
                "opened.",
                "{path} tiene una parte que no está en la lista de capas conocidas ({name}) y podría ejecutar código, así "
                "que no se abrió el archivo.")
    return error("unsafe_model", text.fill(path=path, name=name), "file", path=path)
