"""The request to the writer of an export format, and helpers of several writers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from cnnstudio import __version__
from cnnstudio.core.foreign_files import SMALL, decode_json, read_bytes
from cnnstudio.core.jobs import ExportCheck
from cnnstudio.engine import models
from cnnstudio.workers.runs.folder import RunFolder

PROGRAM: Final = "CNN Studio"
CHECK: Final = "check.json"
_BATCH: Final = 32


@dataclass(frozen=True)
class Request:
    """Write `loaded`, the model of `run`, to the new `path`, and return predictions of the export for `pictures`.

    `wanted` (n, classes) are the trained model's answers for them, after its temperature. That is inside the weights of
    `loaded.model` (not of its file) where the format wants it so, and its card says so; the rest of the calibration is in the
    card. A writer calls `checking` after writing, before it predicts. It returns (n, classes) answers of the reopened export,
    and may raise OSError and ProblemError. `unchecked`: the pictures are generated ones, and the export says that it was not
    checked.
    """

    loaded: models.Loaded
    run: RunFolder
    path: Path
    pictures: list[Path]
    wanted: np.ndarray
    samples: int
    unchecked: bool
    checking: Callable[[], None]


def batched(predict: Callable[[np.ndarray], Any], pixels: np.ndarray, card: models.Card) -> np.ndarray:
    """(n, classes) answers after the card's temperature, by a function of float32 pixels, in batches."""
    parts = [np.asarray(predict(pixels[begin:begin + _BATCH].astype(np.float32))) for begin in range(0, len(pixels), _BATCH)]
    return models.answers(np.concatenate(parts), card)


def keras_probabilities(model: Any, card: models.Card, pixels: np.ndarray) -> np.ndarray:
    """(n, classes) by Keras itself, in batches."""
    return batched(model.predict_on_batch, pixels, card)


def write_json(path: Path, value: Any) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")


def write_check(folder: Path, check: ExportCheck, format: str) -> None:
    """Write the result of the comparison into the folder of an export."""
    write_json(folder / CHECK, {"program": PROGRAM, "version": __version__, "format": format} | msgspec.to_builtins(check))


def is_our_folder(folder: Path) -> bool:
    """Whether a folder is an earlier export of this program."""
    try:
        check = decode_json(read_bytes(folder / CHECK, SMALL))
    except (OSError, ValueError):
        return False
    return isinstance(check, dict) and check.get("program") == PROGRAM
