"""A model with the quickest engine that agrees with it. A file that was converted before is answered without Keras."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cnnstudio.catalog.runtime_files import exporter_of
from cnnstudio.core.foreign_files import SMALL, decode_json, read_bytes
from cnnstudio.core.problems import Problem, warning
from cnnstudio.core.text import Text
from cnnstudio.engine import conversion, inference, model_card, models, run_models
from cnnstudio.engine.runtime_models import RuntimeEngine, open_runtime_model


@dataclass(frozen=True)
class Classifier:
    """An engine with the card of its model. `path` is the model's file."""

    engine: inference.Engine
    card: model_card.Card
    path: Path
    notes: tuple[Text, ...] = ()
    """What was assumed of a file that has no card."""
    problems: tuple[Problem, ...] = ()
    """Warnings about its calibration."""


def open_classifier(place: Path, pictures: Callable[[Path, model_card.Card], np.ndarray | None], cache: Path,
                    on_converting: Callable[[], None] = lambda: None) -> Classifier:
    """The classifier of a run folder, a bundle folder or a lone model file.

    `pictures` gives a few real ones for the file and its card, uint8, on which engine and Keras must agree; it is asked
    only where the file was never converted. The card has the calibration of the run. Raises ProblemError.
    """
    classifier = _open(place, pictures, cache, on_converting)
    changed = _changed_files(classifier.path.parent, classifier.card)
    return replace(classifier, problems=(*changed, *classifier.problems))


def _open(place: Path, pictures: Callable[[Path, model_card.Card], np.ndarray | None], cache: Path,
          on_converting: Callable[[], None]) -> Classifier:
    path = run_models.file_of(place)
    if exporter_of(path) is not None:
        return _of_runtime(path)
    card = model_card.read_card(path)
    try:
        digest = conversion.file_digest(path)
    except OSError:
        # Loading says what is wrong with the file.
        digest = ""
    if digest and card is not None and card.format <= model_card.FORMAT:
        engine = inference.kept_engine(cache, digest)
        if engine is not None:
            card, problems = run_models.with_calibration(card, path)
            return Classifier(engine, card, path, problems=problems)
    loaded = models.load(path)
    on_converting()
    engine = inference.engine_for(loaded.model, pictures(path, loaded.card), cache, digest=digest)
    card, problems = run_models.with_calibration(loaded.card, path)
    return Classifier(engine, card, path, loaded.notes, problems)


def _of_runtime(path: Path) -> Classifier:
    """The classifier of a model of another runtime. Raises ProblemError."""
    model = open_runtime_model(path)
    engine: inference.Engine = RuntimeEngine(model)
    if model.name == "litert" and model.plain:
        # An interpreter for each core answers folders faster than one for all.
        engine = inference.LiteRTEngine(path.read_bytes(), os.cpu_count() or 2)
    return Classifier(engine, model.card, path, model.notes)


def _changed_files(folder: Path, card: model_card.Card) -> Iterator[Problem]:
    """Warnings where the recipe or the classes of a bundle are not those that it was exported with."""
    try:
        classes = decode_json(read_bytes(folder / "classes.json", SMALL))
        digest = hashlib.sha256(read_bytes(folder / "recipe.json", SMALL)).hexdigest()
    except (OSError, ValueError):
        return
    if not isinstance(classes, dict):
        return
    if classes.get("class_names") not in (None, list(card.class_names)):
        text = Text("The classes in {path} were changed after the export. The answers here have the exported names, predict.py "
                    "would answer with the changed ones. Rename the classes of the run, and export the bundle again.",
                    "Las clases de {path} se cambiaron después de exportar. Aquí se responde con los nombres exportados; "
                    "predict.py respondería con los cambiados. Cambie los nombres de las clases del entrenamiento y exporte el "
                    "paquete de nuevo.")
        yield warning("classes_changed", text.fill(path=folder / "classes.json"), "file", path=folder / "classes.json")
    if classes.get("recipe") not in (None, digest):
        text = Text("{path} was changed after the export. The answers here are those of the exported recipe, predict.py would "
                    "answer by the changed one. Export the bundle again.",
                    "{path} se cambió después de exportar. Aquí se responde con la receta exportada; predict.py respondería "
                    "con la cambiada. Exporte el paquete de nuevo.")
        yield warning("recipe_changed", text.fill(path=folder / "recipe.json"), "file", path=folder / "recipe.json")
