"""The Evaluate job: evaluate a run's model on the pictures of a manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.events import Event, Finished, Notice
from cnnstudio.core.jobs import ClassReport, Evaluate, Evaluated, PictureResult
from cnnstudio.core.messages import encode_event
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import Problem, ProblemError, error, warning
from cnnstudio.core.text import Text
from cnnstudio.datasets.manifest import Entry, Manifest
from cnnstudio.datasets.run_pictures import pictures_gone_problem, read_located
from cnnstudio.engine import inference, models, run_models
from cnnstudio.engine.classifiers import open_classifier
from cnnstudio.engine.pixels import Prepared, notices, prepare_pictures
from cnnstudio.engine.progress import ThrottledProgress, phase
from cnnstudio.workers.link import Link
from cnnstudio.workers.runs.folder import RunFolder

_SMALLEST: Final = 1e-7
"""Keras's lower bound of a probability before its logarithm."""


def evaluate(job: Evaluate, link: Link) -> Event:
    """Do the job: an Evaluated event, its table, and the event as JSON beside the table. If these cannot be written, a
    Notice warns and the event has no table."""
    run = RunFolder(Path(job.run_folder))
    cache = Path(job.cache) if job.cache else cache_folder()
    phase(link, "loading")
    path = run_models.file_of(run.folder)
    card = models.read_card(path) or models.load(path).card
    manifest = read_located(Path(job.manifest), run.project_folder)
    entries = measured_entries(manifest, job.split, card.class_names)
    link.check()
    phase(link, "preparing")
    paths = [manifest.path(entry) for entry in entries]
    prepared = prepare_pictures(paths, card.recipe, cache, progress=ThrottledProgress(link), check=link.check)
    for problem in notices(prepared):
        link.emit(Notice(problem=problem))
    good = prepared.good
    if not len(good):
        raise ProblemError(nothing_usable_problem(job.split, manifest))
    answers, engine = _answers(path, prepared, good, cache, link)
    labels = np.asarray([entries[index].label for index in good.tolist()])
    names = card.class_names
    paths_in_order = [entries[index].path for index in good.tolist()]
    table = results(paths_in_order, labels, answers, card.label_mode)
    measured = measures(labels, np.asarray([row.predicted for row in table]), names, [row.loss for row in table])
    event = Evaluated(run=run.id, split=job.split, images=len(good), skipped=len(entries) - len(good),
                      table=job.table, engine=engine, **measured)
    try:
        write_atomically(Path(job.table), b"\n".join(msgspec.json.encode(row) for row in table) + b"\n")
        write_atomically(Path(job.table).with_suffix(".json"), encode_event(event))
    except ProblemError as problem_error:
        # A project on a read-only medium can be evaluated all the same.
        link.emit(Notice(problem=_not_kept_problem(problem_error)))
        event = msgspec.structs.replace(event, table="")
    link.emit(event)
    return Finished(run=run.id, metrics={"loss": event.loss, "accuracy": event.accuracy})


def _not_kept_problem(problem_error: ProblemError) -> Problem:
    """A warning with the reason why the numbers are not kept."""
    reason = problem_error.problems[0]
    text = Text("These results could not be saved and will be lost when you close them. {reason}",
                "Estos resultados no se pudieron guardar y se perderán al cerrarlos. {reason}")
    return warning("evaluation_not_kept", text.fill(reason=reason.text), "run", path=reason.where.path)


def measured_entries(manifest: Manifest, split: str, class_names: tuple[str, ...]) -> list[Entry]:
    """The pictures of the split ("" or "all": all), with the class numbers that the model was trained with."""
    numbers = {name: number for number, name in enumerate(class_names)}
    translation = [numbers.get(name, -1) for name in manifest.header.class_names]
    chosen = manifest.entries if split in ("", "all") else [
        entry for entry in manifest.entries if entry.split == split]
    if not any(entry.split == split for entry in manifest.entries) and not chosen:
        raise ProblemError(nothing_usable_problem(split, manifest))
    translated = [msgspec.structs.replace(entry, label=translation[entry.label])
                  for entry in chosen if entry.label >= 0 and translation[entry.label] >= 0]
    if not translated:
        text = Text("None of the pictures belongs to a class of the model ({names}). The class folders must have the names "
                    "of these classes.",
                    "Ninguna imagen pertenece a una clase del modelo ({names}). Las carpetas de clase deben llevar los "
                    "nombres de esas clases.")
        raise ProblemError(error("other_classes", text.fill(names=", ".join(class_names)), "dataset"))
    return translated


def _answers(path: Path, prepared: Prepared, good: np.ndarray, cache: Path, link: Link) -> tuple[np.ndarray, str]:
    classifier = open_classifier(path, lambda _path, _card: prepared.take(good[:8]), cache,
                                 on_converting=lambda: phase(link, "converting"))
    engine = classifier.engine
    phase(link, "evaluating")
    progress = ThrottledProgress(link)

    def on_batch(done: int) -> None:
        link.check()
        progress(done, len(good))

    answers = inference.run(engine, len(good), lambda places: prepared.take(good[places]), on_batch)
    return models.probabilities(answers, classifier.card.label_mode), engine.name


def results(paths: list[str], labels: np.ndarray, probabilities: np.ndarray, label_mode: str) -> list[PictureResult]:
    """One row for each picture: its class, the prediction with its probability, and its crossentropy."""
    predicted = predicted_classes(probabilities, label_mode)
    places = np.arange(len(labels))
    losses = -np.log(np.clip(probabilities[places, labels], _SMALLEST, 1.0))
    chosen = probabilities[places, predicted]
    return [PictureResult(path=path, label=int(label), predicted=int(answer), probability=float(chance),
                          loss=float(loss))
            for path, label, answer, chance, loss in zip(paths, labels, predicted, chosen, losses, strict=True)]


def predicted_classes(probabilities: np.ndarray, label_mode: str) -> np.ndarray:
    """The most probable class. At exactly 0.5 a sigmoid unit predicts the first class, as in Keras."""
    if label_mode == "binary":
        return (probabilities[:, 1] > 0.5).astype(np.int64)
    return np.asarray(probabilities.argmax(axis=1))


def measures(labels: np.ndarray, predicted: np.ndarray, names: tuple[str, ...], losses: list[float]
             ) -> dict[str, Any]:
    """loss, accuracy, classes and confusion of an Evaluated event; undefined values are 0."""
    count = len(names)
    confusion = np.zeros((count, count), np.int64)
    np.add.at(confusion, (labels, predicted), 1)
    right = confusion.diagonal()
    support, called = confusion.sum(axis=1), confusion.sum(axis=0)
    precision = right / np.maximum(called, 1)
    recall = right / np.maximum(support, 1)
    both = precision + recall
    f1 = np.where(both > 0, 2 * precision * recall / np.where(both > 0, both, 1), 0.0)
    classes = tuple(
        ClassReport(name=name, precision=float(precision[number]), recall=float(recall[number]),
                    f1=float(f1[number]), support=int(support[number]))
        for number, name in enumerate(names))
    return {"loss": float(np.mean(losses)), "accuracy": float(right.sum() / max(1, len(labels))), "classes": classes,
            "confusion": tuple(tuple(int(item) for item in row) for row in confusion)}


def nothing_usable_problem(split: str, manifest: Manifest) -> Problem:
    """The problem that no picture can be evaluated."""
    if manifest.entries and not Path(manifest.header.root).is_dir():
        return pictures_gone_problem(manifest)
    text = Text("There are no usable pictures in {split}. Choose another split.",
                "No hay imágenes utilizables en {split}. Elija otra división.")
    return error("no_pictures", text.fill(split=split or "?"), "dataset", path=manifest.header.root)
