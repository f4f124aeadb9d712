"""A model that gets one more class: what the earlier classes learned stays, and what it costs them is measured.

The new output begins with the mean of the weights of the others. Its logit is then the mean of theirs, which is never the
largest: at first the model answers every picture as before, and no probability of an earlier class falls below n / (n + 1) of
what it was. (Zeros have no such bound: where all logits are negative, a logit of 0 wins.) Hewitt shows the same for new words
of a language model (https://nlp.stanford.edu/~johnhew/vocab-expansion.html).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from cnnstudio.core.jobs import ClassesAdded
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.datasets.manifest import Entry, Manifest
from cnnstudio.engine import conversion, model_card, models
from cnnstudio.engine.inference import engine_for, run
from cnnstudio.engine.pixels import prepare_pictures
from cnnstudio.engine.progress import ThrottledProgress
from cnnstudio.workers.link import Link

HELD_OUT: Final = ("test", "validation")
"""The splits that the change is measured on: the first that has pictures of earlier classes."""


def extended(arrays: Sequence[np.ndarray], classes: int, binary: bool) -> list[np.ndarray]:
    """The kernel (d, n) and the bias (n,), if there is one, of a classifier of n = `classes` classes with one more output.

    The single output of a `binary` one, the logit z of its second class, becomes the two logits 0 and z, whose softmax are the
    same probabilities. Raises ValueError for other shapes.
    """
    result: list[np.ndarray] = []
    for array in arrays:
        if array.shape[-1] != (1 if binary else classes) or array.ndim != 2 - len(result) or len(result) > 1:
            raise ValueError(f"{array.shape} for {classes} classes")
        outputs = np.concatenate([np.zeros_like(array), array], axis=-1) if binary else array
        result.append(np.concatenate([outputs, outputs.mean(axis=-1, keepdims=True)], axis=-1))
    return result


def extend_classifier(source: Any, layer: Any, classes: int, binary: bool, run_id: str) -> None:
    """Set the weights of the classifier `layer` from `source`, that of the run before. Raises ProblemError."""
    try:
        layer.set_weights(extended([np.asarray(array) for array in source.get_weights()], classes, binary))
    except ValueError as value_error:
        raise ProblemError(_unfit(run_id, str(value_error))) from value_error


def _unfit(run_id: str, reason: str) -> Problem:
    text = Text("The classifier of {run} cannot get one more output. Add the pictures on the Data page and train the network "
                "anew.",
                "El clasificador de {run} no puede recibir otra salida. Añada las imágenes en la página Datos y entrene la red "
                "de nuevo.")
    return error("no_classifier", text.fill(run=run_id), "network", details=reason)


def measure_change(before: models.Loaded, after: models.Loaded, manifest: Manifest, parent: str, cache: Path, link: Link
                   ) -> ClassesAdded | None:
    """What the new classes of `after` cost the earlier ones, which `before` has, and how well they are recognised, on pictures
    that neither was trained on; None where there are none. Raises ProblemError and StopRequested."""
    known = len(before.card.class_names)
    split = next((name for name in HELD_OUT if any(entry.label < known for entry in manifest.split(name))), None)
    entries: list[Entry] = [] if split is None else [entry for entry in manifest.split(split) if entry.label >= 0]
    prepared = prepare_pictures([manifest.path(entry) for entry in entries], after.card.recipe, cache,
                                progress=ThrottledProgress(link), check=link.check)
    good = prepared.good
    if split is None or not len(good):
        return None
    labels = np.asarray([entries[place].label for place in good.tolist()])
    earlier = labels < known

    def answer(loaded: models.Loaded, places: np.ndarray) -> np.ndarray:
        engine = engine_for(loaded.model, prepared.take(places[:8]), cache, digest=conversion.file_digest(loaded.path))
        outputs: np.ndarray = run(engine, len(places), lambda rows: prepared.take(places[rows]), lambda _done: link.check())
        return np.asarray(np.asarray(model_card.probabilities(outputs, loaded.card.label_mode)).argmax(axis=-1))

    answers = answer(after, good)
    rights = np.stack([answer(before, good[earlier]) == labels[earlier], answers[earlier] == labels[earlier]])
    return ClassesAdded(
        parent=parent, names=after.card.class_names[known:], split=split, earlier=int(earlier.sum()),
        right_before=int(rights[0].sum()), right_after=int(rights[1].sum()), only_before=int((rights[0] & ~rights[1]).sum()),
        only_after=int((rights[1] & ~rights[0]).sum()), taken=int((answers[earlier] >= known).sum()),
        new=int((~earlier).sum()), right_new=int((answers[~earlier] == labels[~earlier]).sum()))
