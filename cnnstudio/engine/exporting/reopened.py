"""An export that was opened again by its own runtime. It imports no Keras, so that other runtimes are opened without it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cnnstudio.catalog.pixels import prepare_file
from cnnstudio.engine import model_card
from cnnstudio.engine.exporting import metadata
from cnnstudio.engine.exporting.runtimes import (
    keras_runtime,
    litert_runtime,
    onnx_runtime,
    openvino_runtime,
    saved_model_runtime,
    torch_runtime,
)
from cnnstudio.engine.model_card import Card

Predict = Callable[[np.ndarray], np.ndarray]
"""float32 (n, height, width, channels) from 0 to 255 -> float32 (n, outputs)."""
BATCH = 32


@dataclass(frozen=True)
class Reopened:
    """`prepare` turns files into a batch that `predict` takes; `card` says what its outputs mean; `runtime` is the name of the
    runtime with its version."""

    prepare: Callable[[list[Path]], Any]
    predict: Callable[[Any], np.ndarray]
    card: Card
    runtime: str

    def answers(self, pictures: list[Path], on_batch: Callable[[int], None] = lambda _done: None) -> np.ndarray:
        """(n, classes) probabilities of picture files, in batches; `on_batch` is called with the number done."""
        parts = []
        for begin in range(0, len(pictures), BATCH):
            files = pictures[begin:begin + BATCH]
            parts.append(np.asarray(self.predict(self.prepare(files))))
            on_batch(begin + len(files))
        return model_card.answers(np.concatenate(parts), self.card)


def with_recipe(predict: Predict, card: Card, runtime: str) -> Reopened:
    """An export whose pictures the program prepares, by the recipe in its card."""
    recipe = card.recipe.as_dictionary()
    return Reopened(stacked(lambda path: prepare_file(path, recipe)), predict, card, runtime)


def stacked(prepare: Callable[[Path], np.ndarray]) -> Callable[[list[Path]], np.ndarray]:
    """From files to float32 (n, height, width, channels), by a function that prepares one."""
    return lambda paths: np.stack([prepare(path) for path in paths]).astype(np.float32)


def open_keras(path: Path) -> Reopened:
    """A `.keras` file."""
    opened = keras_runtime.open_model(path)
    return with_recipe(opened.predict, metadata.required(model_card.read_card(path), path), opened.runtime)


def open_saved_model(path: Path) -> Reopened:
    """The folder of a SavedModel."""
    opened = saved_model_runtime.open_model(path)
    return with_recipe(opened.predict, metadata.required(metadata.saved_model_card(path), path), opened.runtime)


def open_onnx(path: Path) -> Reopened:
    """An `.onnx` file."""
    opened = onnx_runtime.open_model(path)
    return with_recipe(opened.predict, metadata.required(metadata.onnx_card(path), path), opened.runtime)


def open_litert(path: Path) -> Reopened:
    """A `.tflite` file."""
    opened = litert_runtime.open_model(path)
    return with_recipe(opened.predict, metadata.required(model_card.read_card(path), path), opened.runtime)


def open_openvino(folder: Path) -> Reopened:
    """A folder with model.xml and model.bin."""
    path = folder / openvino_runtime.MODEL
    opened = openvino_runtime.open_model(path)
    return with_recipe(opened.predict, metadata.required(metadata.openvino_card(path), path), opened.runtime)


def open_torch_export(path: Path) -> Reopened:
    """A `.pt2` file."""
    opened = torch_runtime.open_model(path)
    return with_recipe(opened.predict, metadata.required(metadata.torch_card(path), path), opened.runtime)
