"""The Replay job: what the models of a run's kept epochs answer for the same pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import keras
import msgspec
import numpy as np

from cnnstudio.catalog.explanations import EXPLANATIONS
from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.events import Event, Finished, Notice
from cnnstudio.core.feature_jobs import EpochReplayed, Replay
from cnnstudio.core.foreign_files import find_json
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.datasets.manifest import Manifest
from cnnstudio.engine import inference, model_card, models
from cnnstudio.engine.evaluation import measured_entries, nothing_usable_problem
from cnnstudio.engine.evaluation_map import spread_rows
from cnnstudio.engine.explaining.explain import Explainer
from cnnstudio.engine.penultimate import feature_model
from cnnstudio.engine.pixels import Prepared, notices, prepare_pictures
from cnnstudio.engine.progress import ThrottledProgress, phase
from cnnstudio.evaluation.answers import Answers, picture_results
from cnnstudio.evaluation.replays import EpochReplay, find_replay, write_replay
from cnnstudio.imaging import overlay
from cnnstudio.imaging.decode import convert
from cnnstudio.workers.link import Link
from cnnstudio.workers.replays import chosen_path, kept_epochs, replay_manifest, replay_path
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.runs.kept_checkpoints import KeptCheckpoint

_METHOD = "gradcam"
_STRENGTH = 0.6


class _Sample(NamedTuple):
    """The pictures of all epochs: prepared, usable, with their labels and paths; and the fixed ones."""

    prepared: Prepared
    good: np.ndarray
    labels: np.ndarray
    paths: tuple[str, ...]
    class_names: tuple[str, ...]

    def rows(self, places: np.ndarray) -> np.ndarray:
        return self.prepared.take(self.good[places])


def replay(job: Replay, link: Link) -> Event:
    """Do the job; raises ProblemError and StopRequested. Epochs that are done are kept in any case."""
    run = RunFolder(Path(job.run_folder))
    cache = Path(job.cache) if job.cache else cache_folder()
    phase(link, "loading")
    epochs, manifest = kept_epochs(run), replay_manifest(job)
    card = next((card for kept in reversed(epochs) if (card := model_card.read_card(kept.path)) is not None), None)
    if card is None:
        raise ProblemError(_all_damaged_problem(run))
    sample = _sample(job, manifest, card, cache, link)
    chosen = None if job.anew else find_json(chosen_path(job), tuple[str, ...])
    fixed = job.fixed or (_choose(job, epochs, sample, link) if chosen is None else chosen)
    pictures = prepare_pictures([Path(path) for path in fixed], card.recipe, cache, check=link.check)
    for problem in notices(pictures):
        link.emit(Notice(problem=problem))
    phase(link, "replaying")
    progress = ThrottledProgress(link, "epochs")
    done = 0
    for number, kept in enumerate(epochs):
        link.check()
        progress(number, len(epochs))
        event = _replayed(job, manifest, kept, card, sample, fixed, pictures, link)
        done += event.problem is None
        link.emit(event)
    progress(len(epochs), len(epochs))
    if not done:
        raise ProblemError(_all_damaged_problem(run))
    return Finished(run=run.id)


def _sample(job: Replay, manifest: Manifest, card: model_card.Card, cache: Path, link: Link) -> _Sample:
    entries = measured_entries(manifest, job.split, card.class_names)
    entries = [entries[row] for row in spread_rows(np.asarray([entry.label for entry in entries]), job.most).tolist()]
    phase(link, "preparing")
    prepared = prepare_pictures([manifest.path(entry) for entry in entries], card.recipe, cache,
                                progress=ThrottledProgress(link), check=link.check)
    for problem in notices(prepared):
        link.emit(Notice(problem=problem))
    good = prepared.good
    if not len(good):
        raise ProblemError(nothing_usable_problem(job.split, manifest))
    chosen = [entries[row] for row in good.tolist()]
    return _Sample(prepared, good, np.asarray([entry.label for entry in chosen], np.int64),
                   tuple(str(manifest.path(entry)) for entry in chosen), card.class_names)


def _choose(job: Replay, epochs: list[KeptCheckpoint], sample: _Sample, link: Link) -> tuple[str, ...]:
    """The worst mistakes of the last epoch that can be read, and for the other half right ones of as many classes as
    possible."""
    for kept in reversed(epochs):
        try:
            loaded = models.load(kept.path)
        except ProblemError:
            continue
        answers = _answers(loaded, sample, link)[0]
        truth = answers[np.arange(len(answers)), sample.labels]
        wrong = np.flatnonzero(answers.argmax(axis=1) != sample.labels)
        wrong = wrong[np.argsort(truth[wrong], kind="stable")][:max(0, (job.count + 1) // 2)]
        right = np.flatnonzero(answers.argmax(axis=1) == sample.labels)
        seen: dict[int, int] = {}
        turn = np.empty(len(right), np.int64)
        for place, row in enumerate(right.tolist()):
            turn[place] = seen[sample.labels[row]] = seen.get(sample.labels[row], -1) + 1
        right = right[np.argsort(turn, kind="stable")][:job.count - len(wrong)]
        fixed = tuple(sample.paths[row] for row in (*wrong.tolist(), *right.tolist()))
        write_atomically(chosen_path(job), msgspec.json.encode(fixed))
        return fixed
    return ()


def _answers(loaded: models.Loaded, sample: _Sample, link: Link) -> tuple[np.ndarray, np.ndarray]:
    """(float32 (n, classes) probabilities, float16 (n, d) features) of the sample, by Keras: to convert the model of every
    epoch would take longer than its answers."""
    seen = feature_model(loaded)
    parts: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for model, part in ((loaded.model, parts[0]), (seen.model, parts[1])):
        engine = inference.KerasEngine(model)
        part.append(inference.run(engine, len(sample.good), sample.rows, lambda _done: link.check()))
    answers = np.asarray(model_card.probabilities(parts[0][0], loaded.card.label_mode), np.float32)
    features = np.clip(np.nan_to_num(parts[1][0].reshape(len(answers), -1)), -65504, 65504)
    return answers, features.astype(np.float16)


def _replayed(job: Replay, manifest: Manifest, kept: KeptCheckpoint, card: model_card.Card, sample: _Sample,
              fixed: tuple[str, ...], pictures: Prepared, link: Link) -> EpochReplayed:
    target = replay_path(job, manifest, kept, fixed)
    found = find_replay(target)
    known = found is not None
    if found is None:
        try:
            loaded = models.load(kept.path)
            _refuse_other_classes(loaded, card, kept)
            found = _computed(kept, loaded, sample, fixed, pictures, link)
        except ProblemError as problem_error:
            return EpochReplayed(epoch=kept.epoch, problem=problem_error.problems[0])
        finally:
            keras.backend.clear_session()
        write_replay(target, found)
    return EpochReplayed(epoch=kept.epoch, file=str(target), accuracy=found.accuracy, loss=found.loss,
                         pictures=len(found.paths), kept=known)


def _computed(kept: KeptCheckpoint, loaded: models.Loaded, sample: _Sample, fixed: tuple[str, ...], pictures: Prepared,
              link: Link) -> EpochReplay:
    answers, features = _answers(loaded, sample, link)
    if not np.isfinite(answers).all():
        text = Text("The model of epoch {epoch} answers with values that are no numbers (NaN): its weights ran away.",
                    "El modelo de la época {epoch} responde con valores que no son números (NaN): sus pesos se desbordaron.")
        raise ProblemError(error("answers_not_numbers", text.fill(epoch=kept.epoch), "run", path=kept.path))
    rows = picture_results(Answers(paths=sample.paths, labels=sample.labels, probabilities=answers,
                                   class_names=sample.class_names))
    places = pictures.good
    pixels = pictures.take(places) if len(places) else np.empty((0, *loaded.card.recipe.shape), np.uint8)
    numbers = {path: row for row, path in enumerate(sample.paths)}
    labels = np.asarray([sample.labels[numbers[fixed[place]]] if fixed[place] in numbers else -1 for place in places.tolist()],
                        np.int64)
    chances, overlays = _explained(loaded, pixels, labels, link)
    shown = [np.ascontiguousarray(convert(picture, 3, (255, 255, 255))) for picture in pixels]
    shape = (0, *loaded.card.recipe.shape[:2], 3)
    return EpochReplay(
        epoch=kept.epoch, accuracy=float((answers.argmax(axis=1) == sample.labels).mean()),
        loss=float(np.mean([row.loss for row in rows])), class_names=sample.class_names, paths=sample.paths,
        labels=sample.labels, probabilities=answers, features=features,
        fixed=tuple(fixed[place] for place in places.tolist()), fixed_labels=labels, fixed_probabilities=chances,
        fixed_pixels=np.stack(shown) if shown else np.empty(shape, np.uint8),
        overlays=np.stack(overlays) if overlays else np.empty(shape, np.uint8))


def _explained(loaded: models.Loaded, pixels: np.ndarray, labels: np.ndarray, link: Link
               ) -> tuple[np.ndarray, list[np.ndarray]]:
    """(float32 (m, classes) probabilities, overlays uint8 (height, width, 3) of the true class, of the predicted one where it
    is unknown); no overlays for a network without feature maps."""
    classes = len(loaded.card.class_names)
    if not len(pixels):
        return np.empty((0, classes), np.float32), []
    chances = np.asarray(model_card.probabilities(inference.KerasEngine(loaded.model).predict(pixels), loaded.card.label_mode),
                         np.float32)
    explainer = Explainer(loaded)
    layer = explainer.network.default_layer()
    if layer is None:
        return chances, []
    entry = EXPLANATIONS[_METHOD]
    overlays = []
    for picture, label in zip(pixels, labels.tolist(), strict=True):
        link.check()
        answer: Any = explainer.explain(picture, entry, layer.name, label if label >= 0 else None, {})
        behind = np.ascontiguousarray(convert(picture, 3, (255, 255, 255)))
        overlays.append(overlay.overlay(behind, overlay.resized(overlay.normalized(answer.values, entry.grain), behind),
                                        _STRENGTH))
    return chances, overlays


def _refuse_other_classes(loaded: models.Loaded, card: model_card.Card, kept: KeptCheckpoint) -> None:
    if loaded.card.class_names != card.class_names or loaded.card.recipe.shape != card.recipe.shape:
        text = Text("The model of epoch {epoch} has other classes ({names}) than the others, so it is left out.",
                    "El modelo de la época {epoch} tiene otras clases ({names}) que los demás, así que se omite.")
        raise ProblemError(error("other_classes", text.fill(epoch=kept.epoch, names=", ".join(loaded.card.class_names)), "run",
                                 path=kept.path))


def _all_damaged_problem(run: RunFolder) -> Problem:
    text = Text("None of the models that {id} kept of its epochs can be used. Restore the folder kept from a copy, or train "
                "again.",
                "No se puede usar ninguno de los modelos que {id} guardó de sus épocas. Restaure la carpeta kept de una copia "
                "o entrene de nuevo.")
    return error("damaged_model", text.fill(id=run.id), "run", path=run.folder)
