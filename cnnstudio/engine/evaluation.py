"""The Evaluate job: evaluate a run's model on the pictures of a manifest."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np

from cnnstudio.core.events import Event, Finished, Notice
from cnnstudio.core.jobs import Evaluate, Evaluated
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import Problem, ProblemError, error, warning
from cnnstudio.core.text import Text
from cnnstudio.datasets.manifest import Entry, Manifest
from cnnstudio.datasets.run_pictures import pictures_gone_problem, read_located
from cnnstudio.engine import inference, model_card, models, run_models
from cnnstudio.engine.classifiers import Classifier, open_classifier
from cnnstudio.engine.pixels import Prepared, notices, prepare_pictures
from cnnstudio.engine.progress import ThrottledProgress, phase
from cnnstudio.evaluation.answers import Answers, measures, picture_results, write_answers
from cnnstudio.workers.link import Link
from cnnstudio.workers.runs.calibration import write_evaluation
from cnnstudio.workers.runs.folder import RunFolder


def evaluate(job: Evaluate, link: Link) -> Event:
    """Do the job: an Evaluated event, its table, and beside it the event as JSON and the answers themselves. If these cannot
    be written, a Notice warns and the event has no table."""
    run = RunFolder(Path(job.run_folder))
    cache = Path(job.cache) if job.cache else cache_folder()
    phase(link, "loading")
    path = run_models.file_of(run.folder)
    card = model_card.read_card(path) or models.load(path).card
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
    outputs, classifier = _outputs(path, prepared, good, cache, link)
    known = np.isfinite(outputs).all(axis=1)
    if not known.all():
        _tell_no_numbers(manifest.path(entries[int(good[~known][0])]), int((~known).sum()), len(good), link)
    good = good[known]
    chosen = [entries[index] for index in good.tolist()]
    answers = Answers(paths=tuple(entry.path for entry in chosen),
                      labels=np.asarray([entry.label for entry in chosen], np.int64),
                      probabilities=np.asarray(outputs[known], np.float32), class_names=card.class_names,
                      label_mode=card.label_mode, run=run.id, split=job.split)
    calibration = classifier.card.calibration
    event = Evaluated(run=run.id, split=job.split, images=len(good), skipped=len(entries) - len(good), table=job.table,
                      engine=classifier.engine.name, loss=0.0, accuracy=0.0, classes=(), confusion=(),
                      temperature=1.0 if calibration is None else calibration.temperature)
    calibrated, table = answers.calibrated(calibration), Path(job.table)
    try:
        write_answers(table.with_suffix(".npz"), answers)
        event = write_evaluation(table, calibrated, event)
    except ProblemError as problem_error:
        # A project on a read-only medium can be evaluated all the same.
        link.emit(Notice(problem=_not_kept_problem(problem_error)))
        losses = [row.loss for row in picture_results(calibrated)]
        event = msgspec.structs.replace(event, table="", **measures(calibrated, losses))
    link.emit(event)
    return Finished(run=run.id, metrics={"loss": event.loss, "accuracy": event.accuracy})


def _tell_no_numbers(path: Path, count: int, images: int, link: Link) -> None:
    """A warning that some answers are NaN or infinite; raises ProblemError where all are."""
    if count == images:
        text = Text("The model answers all pictures with values that are no numbers (NaN), so there is nothing to evaluate. "
                    "Train it again with a lower learning rate, or choose another run.",
                    "El modelo responde a todas las imágenes con valores que no son números (NaN), así que no hay nada que "
                    "evaluar. Entrénelo de nuevo con una tasa de aprendizaje menor o elija otro entrenamiento.")
        raise ProblemError(error("answers_not_numbers", text, "run"))
    text = Text("Pictures left out because the model answers them with values that are no numbers (NaN): {n:,} of {all:,}; the "
                "first is {path}. The figures are those of the others.",
                "Imágenes excluidas porque el modelo responde con valores que no son números (NaN): {n:,} de {all:,}; la "
                "primera es {path}. Las cifras son las de las demás.")
    link.emit(Notice(problem=warning("answers_not_numbers", text.fill(n=count, all=images, path=path), "run", path=path)))


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
    if not any(entry.label >= 0 for entry in chosen):
        text = Text("None of the pictures in {split} has a label, so there is nothing to compare the answers with. Label them, "
                    "or classify them on the Predict page.",
                    "Ninguna imagen de {split} tiene etiqueta, así que no hay con qué comparar las respuestas. Etiquételas o "
                    "clasifíquelas en la página Predecir.")
        raise ProblemError(error("unlabelled", text.fill(split=split or "?"), "dataset", path=manifest.header.root))
    if not translated:
        text = Text("None of the pictures belongs to a class of the model ({names}). The class folders must have the names "
                    "of these classes.",
                    "Ninguna imagen pertenece a una clase del modelo ({names}). Las carpetas de clase deben llevar los "
                    "nombres de esas clases.")
        raise ProblemError(error("other_classes", text.fill(names=", ".join(class_names)), "dataset"))
    return translated


def _outputs(path: Path, prepared: Prepared, good: np.ndarray, cache: Path, link: Link) -> tuple[np.ndarray, Classifier]:
    """(n, classes) probabilities by the quickest engine, without the calibration, and the classifier they are from."""
    classifier = open_classifier(path, lambda _path, _card: prepared.take(good[:8]), cache,
                                 on_converting=lambda: phase(link, "converting"))
    for problem in classifier.problems:
        link.emit(Notice(problem=problem))
    phase(link, "evaluating")
    progress = ThrottledProgress(link)

    def on_batch(done: int) -> None:
        link.check()
        progress(done, len(good))

    answers = inference.run(classifier.engine, len(good), lambda places: prepared.take(good[places]), on_batch)
    return model_card.probabilities(answers, classifier.card.label_mode), classifier


def nothing_usable_problem(split: str, manifest: Manifest) -> Problem:
    """The problem that no picture can be evaluated."""
    if manifest.entries and not Path(manifest.header.root).is_dir():
        return pictures_gone_problem(manifest)
    text = Text("There are no usable pictures in {split}. Choose another split.",
                "No hay imágenes utilizables en {split}. Elija otra división.")
    return error("no_pictures", text.fill(split=split or "?"), "dataset", path=manifest.header.root)
