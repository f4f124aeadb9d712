"""A bundle answers by what it carries: its own copies of the pixel path, the runtime and the answering, not the program's."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from cnnstudio.core.calibration import Calibration
from cnnstudio.core.foreign_files import LARGE, decode_json, read_bytes
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.engine.bytecode import no_bytecode
from cnnstudio.engine.exporting.reopened import Reopened, stacked
from cnnstudio.engine.model_card import Card

_PACKAGE = "cnnstudio_exported_bundle"


def open_bundle(folder: Path) -> Reopened:
    """The bundle with everything from its folder."""
    classes = decode_json(read_bytes(folder / "classes.json", LARGE))
    recipe = decode_json(read_bytes(folder / "recipe.json", LARGE))
    runtime = _module(folder, "runtime")
    with no_bytecode():
        pixels = _package(folder / "pixels")
        prepare = importlib.import_module(f"{pixels}.prepare").prepare
        steps = importlib.import_module(f"{pixels}.steps").STEPS
    opened = runtime.open_model(folder / classes["model"])
    calibration = None if classes.get("calibration") is None else msgspec.convert(classes["calibration"], Calibration)

    def prepared(path: Path) -> np.ndarray:
        result: np.ndarray = prepare(path.read_bytes(), recipe, steps)
        return result

    card = Card(recipe=msgspec.convert(recipe, RecipeSpec), class_names=tuple(classes["class_names"]),
                label_mode=classes["label_mode"],
                calibration=calibration)
    return Reopened(stacked(prepared), opened.predict, card, opened.runtime)


def _module(folder: Path, name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"{_PACKAGE}_{name}", folder / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with no_bytecode():
        spec.loader.exec_module(module)
    return module


def _package(place: Path) -> str:
    spec = importlib.util.spec_from_file_location(_PACKAGE, place / "__init__.py", submodule_search_locations=[str(place)])
    assert spec is not None
    assert spec.loader is not None
    for name in [name for name in sys.modules if name.split(".", maxsplit=1)[0] == _PACKAGE]:
        del sys.modules[name]
    module = importlib.util.module_from_spec(spec)
    sys.modules[_PACKAGE] = module
    spec.loader.exec_module(module)
    return _PACKAGE
