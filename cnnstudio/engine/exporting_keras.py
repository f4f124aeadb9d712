"""The run as Keras source with its weights, run again and compared with the trained model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np

from cnnstudio.catalog.context import context_of
from cnnstudio.catalog.pixels import prepare_file
from cnnstudio.engine import models
from cnnstudio.engine.exporting_torch import SOURCE, WEIGHTS, write_recipe, written_module
from cnnstudio.engine.transferring import save_state
from cnnstudio.interchange.own_base.resolver import ProjectBases, require_own_bases
from cnnstudio.interchange.printing.keras.script import keras_source
from cnnstudio.workers.runs import RunFolder


def write(loaded: models.Loaded, run: RunFolder, folder: Path) -> None:
    """Network, weights (arrays by layer) and recipe with the classes."""
    bases = ProjectBases(run.project_folder)
    project = run.spec()
    require_own_bases(project.network, bases)
    folder.mkdir(parents=True)
    source = keras_source(project.network, context_of(project, len(loaded.card.class_names), bases))
    (folder / SOURCE).write_text(source, encoding="utf-8")
    save_state(state(loaded.model, written_module(folder).model), folder / WEIGHTS)
    write_recipe(loaded.card, folder)


def state(trained: Any, printed: Any) -> dict[str, np.ndarray]:
    """The trained model's weights as the printed one names them: "layer/0", "layer/1"... in Keras's order."""
    found: dict[str, np.ndarray] = {}
    for layer in printed.layers:
        if not layer.weights:
            continue
        source = _layer(trained, layer.name)
        for number, array in enumerate(source.get_weights() if source is not None else ()):
            found[f"{layer.name}/{number}"] = np.asarray(array)
    return found


def _layer(model: Any, name: str) -> Any:
    """The layer of that name, in the model or in a model within it; None where there is none."""
    for layer in model.layers:
        if layer.name == name:
            return layer
    inner = (_layer(each, name) for each in model.layers if isinstance(each, keras.Model))
    return next((each for each in inner if each is not None), None)


def answers(folder: Path, card: models.Card, pictures: list[Path]) -> np.ndarray:
    """(n, classes) by the written network, from the picture files on."""
    recipe = card.recipe.as_dictionary()
    pixels = np.stack([prepare_file(picture, recipe) for picture in pictures]).astype(np.float32)
    written = written_module(folder)
    written.load_weights(written.model, folder / WEIGHTS)
    parts = [np.asarray(written.model.predict_on_batch(pixels[begin:begin + 32])) for begin in range(0, len(pixels), 32)]
    return np.asarray(models.probabilities(np.concatenate(parts), card.label_mode))
