"""A model with the quickest engine that agrees with it. A file that was converted before is answered without Keras."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text
from cnnstudio.engine import conversion, inference, models, run_models


@dataclass(frozen=True)
class Classifier:
    """An engine with the card of its model. `path` is the model's file."""

    engine: inference.Engine
    card: models.Card
    path: Path
    notes: tuple[Text, ...] = ()
    """What was assumed of a file that has no card."""
    problems: tuple[Problem, ...] = ()
    """Warnings about its calibration."""


def open_classifier(place: Path, pictures: Callable[[Path, models.Card], np.ndarray | None], cache: Path,
                    on_converting: Callable[[], None] = lambda: None) -> Classifier:
    """The classifier of a run folder, a bundle folder or a lone model file.

    `pictures` gives a few real ones for the file and its card, uint8, on which engine and Keras must agree; it is asked
    only where the file was never converted. The card has the calibration of the run. Raises ProblemError.
    """
    path = run_models.file_of(place)
    card = models.read_card(path)
    try:
        digest = conversion.file_digest(path)
    except OSError:
        # Loading says what is wrong with the file.
        digest = ""
    if digest and card is not None and card.format <= models.FORMAT:
        engine = inference.kept_engine(cache, digest)
        if engine is not None:
            card, problems = run_models.with_calibration(card, path)
            return Classifier(engine, card, path, problems=problems)
    loaded = models.load(path)
    on_converting()
    engine = inference.engine_for(loaded.model, pictures(path, loaded.card), cache, digest=digest)
    card, problems = run_models.with_calibration(loaded.card, path)
    return Classifier(engine, card, path, loaded.notes, problems)
