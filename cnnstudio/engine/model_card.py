"""The card of a model: how a picture becomes its input, and what its outputs mean. It imports no Keras, so that a model of
another runtime is opened without it."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from cnnstudio.core.calibration import Calibration
from cnnstudio.core.foreign_files import decode_json, open_regular
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.core.renamed_classes import present_names
from cnnstudio.core.text import Text
from cnnstudio.evaluation.answering import scale

CARD: Final = "cnnstudio.json"
FORMAT: Final = 1


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """Metadata in a model file: how a picture becomes its input, and the meaning of its outputs."""

    format: int = FORMAT
    recipe: RecipeSpec
    class_names: tuple[str, ...]
    label_mode: str
    run: str = ""
    unchecked: bool = False
    """Exported without a comparison on real pictures."""
    calibration: Calibration | None = None
    """In an export; that of a run is in its folder."""


def decode_card(data: bytes, path: Path) -> Card:
    """The card in a model file; raises ProblemError (damaged_model, newer_format)."""
    try:
        card = decode_json(data, Card)
    except ValueError as value_error:
        raise ProblemError(damaged_problem(path, str(value_error))) from value_error
    if card.format > FORMAT:
        text = Text("{path} was written by a newer version of CNN Studio. Install that version or a later one to open it.",
                    "{path} se escribió con una versión más nueva de CNN Studio. Instale esa versión o una posterior para "
                    "abrirlo.")
        raise ProblemError(error("newer_format", text.fill(path=path), "file", path=path))
    return card


def answers(outputs: np.ndarray, card: Card) -> np.ndarray:
    """Outputs of the model as what it answers: (n, classes) probabilities after the card's temperature."""
    found = np.asarray(probabilities(outputs, card.label_mode))
    return found if card.calibration is None else scale(found, card.calibration.outstanding)


def probabilities(answers: Any, label_mode: str) -> Any:
    """Outputs of the model as (n, classes) probabilities: one sigmoid p becomes (1 - p, p)."""
    if label_mode == "binary" and answers.shape[-1] == 1:
        return np.concatenate([1.0 - answers, answers], axis=-1)
    return answers


def read_card(path: Path) -> Card | None:
    """The card of a model file without loading the model, or None; see `with_present_names`."""
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as archive:
            return with_present_names(decode_json(archive.read(CARD), Card), path)
    except (OSError, KeyError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile):
        return None


def with_present_names(card: Card, path: Path) -> Card:
    """The card with the names that the classes of a run's model have now: its file keeps those it was trained with, so that
    its calibration and what it was converted to stay valid."""
    return msgspec.structs.replace(card, class_names=present_names(path.parent, card.class_names))


def damaged_problem(path: Path, reason: str) -> Problem:
    """The problem of a model file that cannot be read."""
    text = Text("{path} is damaged or not a Keras model. Restore it from a copy, or choose another model.",
                "{path} está dañado o no es un modelo de Keras. Restáurelo de una copia o elija otro modelo.")
    return error("damaged_model", text.fill(path=path), "file", path=path, details=reason)
