"""The request to the writer of an export format, and helpers of several writers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from cnnstudio.engine import model_card, models
from cnnstudio.workers.runs.folder import RunFolder

_BATCH: Final = 32


@dataclass(frozen=True)
class Request:
    """Write `loaded`, the model of `run`, to the new `path`.

    `wanted` (n, classes) are the trained model's answers for `pictures`, after its temperature. That is inside the weights of
    `loaded.model` (not of its file) where the format wants it so, and its card says so; the rest of the calibration is in the
    card. `unchecked`: the pictures are generated ones, and the export says that it was not checked. `samples`: how many of the
    pictures a bundle carries. `engine`: the runtime of a bundle. `training_pixels` gives pictures of the training, uint8, and
    raises ProblemError where there are none; `keep_in_float` are layers that stay so. A writer may raise OSError and
    ProblemError.
    """

    loaded: models.Loaded
    run: RunFolder
    path: Path
    pictures: list[Path]
    wanted: np.ndarray
    samples: int
    unchecked: bool
    training_pixels: Callable[[], np.ndarray]
    engine: str = ""
    keep_in_float: tuple[str, ...] = ()


def batched(predict: Callable[[np.ndarray], Any], pixels: np.ndarray, card: model_card.Card) -> np.ndarray:
    """(n, classes) answers after the card's temperature, by a function of float32 pixels, in batches."""
    parts = [np.asarray(predict(pixels[begin:begin + _BATCH].astype(np.float32))) for begin in range(0, len(pixels), _BATCH)]
    return model_card.answers(np.concatenate(parts), card)


def keras_probabilities(model: Any, card: model_card.Card, pixels: np.ndarray) -> np.ndarray:
    """(n, classes) by Keras itself, in batches."""
    return batched(model.predict_on_batch, pixels, card)


def write_json(path: Path, value: Any) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")
