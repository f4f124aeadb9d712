"""Exports to Keras: the model file, and source with weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np

from cnnstudio.catalog.context import context_of
from cnnstudio.engine import model_card, models
from cnnstudio.engine.exporting.reopened import Reopened, with_recipe
from cnnstudio.engine.exporting.request import Request
from cnnstudio.engine.exporting.torch_writers import SOURCE, WEIGHTS, read_recipe, write_recipe, written_module
from cnnstudio.engine.weight_transfer import save_state
from cnnstudio.interchange.own_base.resolver import ProjectBases, require_own_bases
from cnnstudio.interchange.printing.keras.script import keras_source


def write_model(request: Request) -> None:
    """The run's model as one file."""
    request.path.parent.mkdir(parents=True, exist_ok=True)
    card = request.loaded.card
    if card.calibration is not None and card.calibration.inside:
        models.save_model(request.loaded.model, request.path, card)
    else:
        models.copy_model(request.loaded, request.path)


def write_copy(request: Request) -> None:
    """The run's model as it is, with the calibration that it has now beside its weights."""
    models.copy_model(request.loaded, request.path)


def is_our_model(path: Path) -> bool:
    """Whether a file is a model of this program, with its card inside."""
    return model_card.read_card(path) is not None


def write_source(request: Request) -> None:
    """Network, weights (arrays by layer) and recipe with the classes."""
    loaded, folder = request.loaded, request.path
    bases = ProjectBases(request.run.project_folder)
    project = request.run.spec()
    require_own_bases(project.network, bases)
    folder.mkdir(parents=True)
    source = keras_source(project.network, context_of(project, len(loaded.card.class_names), bases))
    (folder / SOURCE).write_text(source, encoding="utf-8")
    save_state(state(loaded.model, written_module(folder).model), folder / WEIGHTS)
    write_recipe(loaded.card, folder, request.unchecked)


def state(trained: Any, printed: Any) -> dict[str, np.ndarray]:
    """The trained model's weights under the names of the printed model: "layer/0", "layer/1"... in Keras's order."""
    result: dict[str, np.ndarray] = {}
    for layer in printed.layers:
        if not layer.weights:
            continue
        source = _layer(trained, layer.name)
        for number, array in enumerate(source.get_weights() if source is not None else ()):
            result[f"{layer.name}/{number}"] = np.asarray(array)
    return result


def _layer(model: Any, name: str) -> Any:
    """The layer of that name, in the model or in a model within it; None where there is none."""
    for layer in model.layers:
        if layer.name == name:
            return layer
    inner = (_layer(item, name) for item in model.layers if isinstance(item, keras.Model))
    return next((item for item in inner if item is not None), None)


def open_source(folder: Path) -> Reopened:
    """The written network with its weights."""
    module = written_module(folder)
    module.load_weights(module.model, folder / WEIGHTS)
    return with_recipe(module.model.predict_on_batch, read_recipe(folder), f"Keras {keras.__version__}")
