"""The data loading of a Keras script: `image_dataset_from_directory` and `flow_from_directory`."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from cnnstudio.core.item import Step
from cnnstudio.core.text import Text
from cnnstudio.interchange.keras_source.language import KerasState
from cnnstudio.interchange.python_source.source import Source
from cnnstudio.interchange.python_source.values import CallValue, Unknown
from cnnstudio.interchange.script.folders import join_folders, split_of
from cnnstudio.interchange.script.keras_augmentation import generator_steps
from cnnstudio.interchange.script.notes import NOTHING_LIKE_IT, UNKNOWN, Notes, is_number, spell

_DIRECTORY: Final[dict[str, Any]] = {
    "directory": None, "labels": "inferred", "label_mode": "int", "class_names": None, "color_mode": "rgb", "batch_size": 32,
    "image_size": (256, 256), "shuffle": True, "seed": None, "validation_split": None, "subset": None,
    "interpolation": "bilinear", "follow_links": False, "crop_to_aspect_ratio": False, "pad_to_aspect_ratio": False,
    "data_format": None, "format": None, "verbose": True}
_FLOW: Final[dict[str, Any]] = {
    "directory": None, "target_size": (256, 256), "color_mode": "rgb", "classes": None, "class_mode": "categorical",
    "batch_size": 32, "shuffle": True, "seed": None, "save_to_dir": None, "save_prefix": "", "save_format": "png",
    "follow_links": False, "subset": None, "interpolation": "nearest", "keep_aspect_ratio": False}
_NAMES: Final = {"target_size": "image_size", "classes": "class_names", "class_mode": "label_mode"}
_MODES: Final = {"int": "int", "sparse": "int", "categorical": "categorical", "binary": "binary"}
_INTERPOLATIONS: Final = {"bilinear": "bilinear", "nearest": "nearest", "bicubic": "bicubic", "area": "area",
                          "lanczos": "lanczos4", "lanczos3": "lanczos4", "lanczos5": "lanczos4"}
_IGNORED: Final = ("directory", "labels", "shuffle", "subset", "verbose", "data_format", "format", "save_to_dir", "save_prefix",
                   "save_format", "validation_split", "seed")
_OTHER_PICTURES: Final = Text("the same shares; which pictures they are is drawn otherwise",
                              "las mismas proporciones; qué imágenes son se sortea de otra forma")
_BY_ORDER: Final = Text("the program divides pictures by their content; set the splits on the Data page",
                        "el programa divide las imágenes por su contenido; ajuste las divisiones en la página Datos")
_OTHER_SOURCE: Final = Text("only folders with a subfolder for each class are read; choose the pictures' folder or list",
                            "solo se leen carpetas con una subcarpeta por clase; elija la carpeta o la lista de las imágenes")


class Data(msgspec.Struct, kw_only=True):
    """What the data code of a script says."""

    folders: tuple[str, ...] = ()
    dataset: dict[str, Any] = {}
    splits: dict[str, Any] = {}
    recipe: dict[str, Any] = {}
    training: dict[str, Any] = {}
    steps: list[Step] = []


def read_keras_data(state: KerasState, validated: bool, notes: Notes) -> Data:
    """The data loading of a script; `validated` is whether its training has validation pictures."""
    data = Data()
    folders: dict[str, tuple[str, int]] = {}
    sets: list[tuple[CallValue, dict[str, Any], CallValue | None]] = []
    for call in state.library_calls:
        name = call.path.rpartition(".")[2]
        if name == "image_dataset_from_directory":
            sets.append((call, _bound(_DIRECTORY, call.arguments, call.keywords), None))
        elif name == "flow_from_directory" and call.arguments and isinstance(call.arguments[0], CallValue):
            sets.append((call, _bound(_FLOW, call.arguments[1:], call.keywords), call.arguments[0]))
        elif name in ("take", "skip", "shard") and call.path.startswith("data."):
            notes.leave(call.line, "data", f".{name}({spell(call.arguments[-1])})", _BY_ORDER)
        elif name in ("flow_from_dataframe", "flow", "from_tensor_slices", "load_data", "TFRecordDataset", "load"):
            notes.leave(call.line, "data", f"{name}(…)", _OTHER_SOURCE)
    for place, (call, values, generator) in enumerate(sets):
        directory = values["directory"]
        text = str(directory) if not isinstance(directory, Unknown | None) else ""
        subset = values.get("subset")
        if not text:
            notes.leave(call.line, "data", "directory", UNKNOWN)
        elif subset not in ("validation", "both") or "train" not in folders:
            folders.setdefault(split_of(text, place) if len(sets) > 1 and subset is None else "train", (text, call.line))
        split: Any = values.get("validation_split")
        if split is None and generator is not None:
            split = generator.keywords.get("validation_split")
        if is_number(split) and 0 < split < 1 and not data.splits:
            data.splits = {"train": round(1 - split, 6), "validation": split, "test": 0.0}
            notes.take(call.line, "data", f"validation_split={split}", "dataset.splits", _OTHER_PICTURES)
            if isinstance(values.get("seed"), int):
                data.splits["seed"] = values["seed"]
                notes.take(call.line, "data", f"seed={values['seed']}", "dataset.splits.seed")
    for place, (call, values, generator) in enumerate(sets):
        if place == 0 or split_of(str(values["directory"]), place) == "train":
            said = {_NAMES.get(name, name) for name in call.keywords}
            names = list(_DIRECTORY if generator is None else _FLOW)
            said |= {_NAMES.get(name, name) for name in names[:len(call.arguments) - (generator is not None)]}
            _take_settings(data, values, said, call.line, notes)
            if generator is not None:
                data.steps = generator_steps(generator, _size(values), notes) or data.steps
    data.folders, more = join_folders(folders, notes)
    data.dataset |= more
    if sets and not data.splits and "split_folders" not in data.dataset:
        data.splits = {"train": 0.85, "validation": 0.15, "test": 0.0} if validated else {
            "train": 1.0, "validation": 0.0, "test": 0.0}
    return data


def _bound(defaults: dict[str, Any], arguments: list[Any], keywords: dict[str, Any]) -> dict[str, Any]:
    values = dict(defaults) | dict(zip(defaults, arguments, strict=False)) | keywords
    return {_NAMES.get(name, name): value for name, value in values.items()}


def _written(name: str, values: dict[str, Any]) -> str:
    """The name of an argument as the call has it: those of flow_from_directory are others."""
    is_flow = "save_to_dir" in values
    return next((own for own, ours in _NAMES.items() if ours == name), name) if is_flow else name


def _size(values: dict[str, Any]) -> tuple[int, int]:
    size = values["image_size"]
    good = isinstance(size, tuple | list) and len(size) == 2 and all(isinstance(side, int) and side > 0 for side in size)
    return (size[0], size[1]) if good else (256, 256)


def _take_settings(data: Data, values: dict[str, Any], said: set[str], line: int, notes: Notes) -> None:
    """The settings of a call; Keras's defaults count, and only what the code says is listed."""
    listed, silent = notes, Notes(Source(""))
    for name, value in values.items():
        notes = listed if name in said else silent
        what = f"{_written(name, values)}={spell(value)}"
        if name in _IGNORED or value is None:
            continue
        if isinstance(value, Unknown):
            notes.leave(line, "data", what, UNKNOWN)
        elif name == "image_size":
            data.recipe["height"], data.recipe["width"] = _size(values)
            notes.take(line, "recipe", what, "recipe.height, recipe.width")
        elif name == "color_mode" and value in ("grayscale", "rgb", "rgba"):
            data.recipe["color_mode"] = value
            notes.take(line, "recipe", what, "recipe.color_mode")
        elif name == "interpolation" and value in _INTERPOLATIONS:
            data.recipe["interpolation"] = _INTERPOLATIONS[value]
            notes.take(line, "recipe", what, "recipe.interpolation")
        elif name in ("crop_to_aspect_ratio", "pad_to_aspect_ratio", "keep_aspect_ratio"):
            if value is True:
                data.recipe["fit"] = "pad" if name.startswith("pad") else "crop"
                notes.take(line, "recipe", what, "recipe.fit")
            else:
                data.recipe.setdefault("fit", "stretch")
        elif name == "batch_size" and isinstance(value, int) and 1 <= value <= 65_536:
            data.training["batch_size"] = value
            notes.take(line, "training", what, "training.batch_size")
        elif name == "label_mode" and value in _MODES:
            data.dataset["label_mode"] = _MODES[value]
            notes.take(line, "data", what, "dataset.label_mode")
        elif name == "class_names" and isinstance(value, tuple | list) and all(isinstance(item, str) for item in value):
            data.dataset["class_names"] = tuple(value)
            notes.take(line, "data", what, "dataset.class_names")
        elif name == "follow_links":
            if value is True:
                data.dataset["follow_links"] = True
                notes.take(line, "data", what, "dataset.follow_links")
        elif value not in (False, "inferred"):
            notes.leave(line, "data", what, NOTHING_LIKE_IT)
