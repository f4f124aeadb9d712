"""The Inspect job: what a run's model answers for its own pictures, and what its layers do with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import cv2
import keras
import msgspec
import numpy as np

from cnnstudio.catalog.augmenting import MIXING, make_augmenter
from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.events import Event, Finished, Notice
from cnnstudio.core.item import Step
from cnnstudio.core.messages import encode_event
from cnnstudio.core.network import BASE
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import ProblemError, warning
from cnnstudio.core.project import Project
from cnnstudio.core.trial_jobs import Inspect, Inspected, LayerState, StepCost
from cnnstudio.datasets.manifest import Entry, Manifest
from cnnstudio.datasets.run_pictures import read_located
from cnnstudio.engine import inference, model_card, models, run_models
from cnnstudio.engine.classifiers import open_classifier
from cnnstudio.engine.evaluation import nothing_usable_problem
from cnnstudio.engine.pixels import Prepared, prepare_pictures
from cnnstudio.engine.progress import ThrottledProgress, phase
from cnnstudio.engine.training import snapshots
from cnnstudio.evaluation.answers import Answers, measures, picture_results
from cnnstudio.network.normalization import scales_pixels
from cnnstudio.workers.coach.evidence import INSPECTION_FILE
from cnnstudio.workers.link import Link
from cnnstudio.workers.runs.folder import RunFolder

_CERTAIN: Final = 0.999
_CHANGED: Final = 500
"""Training pictures that every augmentation changes."""
_INSIDE: Final = 192
"""Pictures whose way through the layers is watched."""
_CHUNK: Final = 32
_CUT_OFF: Final = ("relu", "relu6")
"""Activations that give zero, without a gradient, for whatever is negative."""


class _Pictures(NamedTuple):
    """Pictures of a split: their rows, their classes, and the number of each in the list."""

    prepared: Prepared
    good: np.ndarray
    labels: np.ndarray

    def take(self, places: np.ndarray) -> np.ndarray:
        return self.prepared.take(self.good[places])


def inspect(job: Inspect, link: Link) -> Event:
    """Do the job: an Inspected event, kept in the run's folder. Raises ProblemError and StopRequested."""
    run = RunFolder(Path(job.run_folder))
    cache = Path(job.cache) if job.cache else cache_folder()
    project = run.spec()
    phase(link, "loading")
    path = run_models.file_of(run.folder)
    card = model_card.read_card(path) or models.load(path).card
    manifest = read_located(run.manifest_path, run.project_folder)
    link.check()
    phase(link, "preparing")
    train = _pictures(manifest, "train", card, job.most, cache, link)
    validation = _pictures(manifest, "validation", card, job.most, cache, link)
    if not len(train.good):
        raise ProblemError(nothing_usable_problem("train", manifest))
    engine = open_classifier(path, lambda _path, _card: train.take(np.arange(min(8, len(train.good)))), cache,
                             on_converting=lambda: phase(link, "converting")).engine
    phase(link, "looking")
    own = train if len(validation.good) == 0 else validation

    def answers(rows: Callable[[np.ndarray], np.ndarray], count: int) -> np.ndarray:
        outputs = inference.run(engine, count, rows, lambda _done: link.check())
        return np.asarray(model_card.probabilities(outputs, card.label_mode))

    learned = _figures(train, answers(train.take, len(train.good)), card)
    told = answers(own.take, len(own.good))
    checked = _figures(own, told, card)
    certain = told.max(axis=1) > _CERTAIN
    right = told.argmax(axis=1) == own.labels
    steps, augmented, linear = _augmentation(project, train, answers)
    layers, gap, noise = _inside(path, project, train, validation, card, link)
    event = Inspected(
        run=run.id, train_pictures=len(train.good), validation_pictures=len(validation.good),
        train_accuracy=learned["accuracy"], train_loss=learned["loss"], validation_accuracy=checked["accuracy"],
        validation_loss=checked["loss"], recalls=tuple(item.recall for item in checked["classes"]),
        supports=tuple(item.support for item in checked["classes"]), certain=float(certain.mean()),
        certain_right=float(right[certain].mean()) if certain.any() else 1.0, layers=layers, steps=steps,
        augmented_accuracy=augmented, linear=linear, batch_gap=gap, batch_noise=noise, pixel_scale=_pixel_scale(project, train))
    try:
        write_atomically(run.folder / INSPECTION_FILE, encode_event(event))
    except ProblemError as problem_error:
        # A project on a read-only medium can be judged all the same.
        link.emit(Notice(problem=warning("inspection_not_kept", problem_error.problems[0].text, "run")))
    link.emit(event)
    return Finished(run=run.id)


def _pictures(manifest: Manifest, split: str, card: model_card.Card, most: int, cache: Path, link: Link) -> _Pictures:
    """Some pictures of a split, drawn at random with the same seed every time."""
    entries: list[Entry] = [entry for entry in manifest.split(split) if 0 <= entry.label < len(card.class_names)]
    chosen = sorted(np.random.default_rng(0).permutation(len(entries))[:most].tolist())
    entries = [entries[place] for place in chosen]
    prepared = prepare_pictures([manifest.path(entry) for entry in entries], card.recipe, cache,
                                progress=ThrottledProgress(link), check=link.check)
    good = prepared.good
    return _Pictures(prepared, good, np.asarray([entries[index].label for index in good.tolist()], np.int64))


def _figures(pictures: _Pictures, answers: np.ndarray, card: model_card.Card) -> dict[str, Any]:
    found = Answers(("",) * len(pictures.labels), pictures.labels, answers, card.class_names)
    return measures(found, [row.loss for row in picture_results(found)])


def _augmentation(project: Project, train: _Pictures, answers: Callable[..., np.ndarray]
                  ) -> tuple[tuple[StepCost, ...], float | None, float | None]:
    """What each augmentation costs, the accuracy on training pictures that all of them changed as in the training, and that
    of a linear classifier on unchanged ones."""
    active = [step for step in project.augmentation.active if step.type not in MIXING]
    if not active:
        return (), None, None
    height, width, channels = project.recipe.shape
    count = min(_CHANGED, len(train.good))
    chosen = np.random.default_rng(1).permutation(len(train.good))[:count]

    def changed_by(steps: list[dict[str, Any]]) -> Callable[[np.ndarray], np.ndarray]:
        augmenter = make_augmenter(steps, height, width, channels)
        return lambda places: np.asarray(augmenter(train.take(chosen[places]), augmenter.draw(0, 1, places)))

    def accuracy(changed: Callable[[np.ndarray], np.ndarray]) -> float:
        told = answers(changed, count).argmax(axis=1)
        return float((told == train.labels[chosen]).mean())

    costs = []
    for step in active:
        changed = changed_by([_always(step)])
        costs.append(StepCost(step=step.id, type=step.type, accuracy=accuracy(changed), linear=linear_accuracy(
            changed(np.arange(count)), train.labels[chosen])))
    plain = linear_accuracy(train.take(chosen), train.labels[chosen])
    return tuple(costs), accuracy(changed_by([msgspec.to_builtins(step) for step in active])), plain


def linear_accuracy(pictures: np.ndarray, labels: np.ndarray) -> float | None:
    """The cross-validated accuracy of logistic regression on the pixels of pictures (n, height, width, channels), made at
    most 16 x 16 grey ones; None where a class has fewer than three. It needs no trained network."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    counts = np.bincount(labels)
    if (counts > 0).sum() < 2 or counts[counts > 0].min() < 3:
        return None
    side = [min(16, size) for size in pictures.shape[1:3]]
    small = np.stack([cv2.resize(picture.astype(np.float32).mean(axis=-1), side[::-1], interpolation=cv2.INTER_AREA)
                      for picture in pictures])
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=200))
    return float(cross_val_score(classifier, small.reshape(len(small), -1), labels, cv=3).mean())


def _always(step: Step) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(step)
    return {**plain, "enabled": True, "params": {**plain["params"], "probability": 1.0}}


def _pixel_scale(project: Project, train: _Pictures) -> float:
    """The deviation of the pixels where nothing scales them; 0 where something does."""
    if project.recipe.normalization != "none" or scales_pixels(project.network) or any(
            node.type == BASE for node in project.network.nodes):
        return 0.0
    return float(train.take(np.arange(min(64, len(train.good)))).astype(np.float32).std())


def _inside(path: Path, project: Project, train: _Pictures, validation: _Pictures, card: model_card.Card, link: Link
            ) -> tuple[tuple[LayerState, ...], float | None, float | None]:
    """The state of the layers outside pretrained bases, and how batch normalisation differs with single batches."""
    names = {node.id for node in project.network.nodes if node.type == BASE}
    model = models.load(path).model
    own = [layer for layer in model.layers if layer.name not in names]
    watched = [layer for layer in own[1:-1] if _activation(layer) in _CUT_OFF]
    norms = [layer for layer in own if isinstance(layer, keras.layers.BatchNormalization)]
    layers = _states(model, watched, validation if len(validation.good) else train, link) if watched else ()
    if not norms or not train.good.size:
        return layers, None, None
    size = project.training.batch_size
    places = np.random.default_rng(2).permutation(len(train.good))[:max(_INSIDE, size)]
    noise = _batch_noise(model, norms, train, places, size, link)
    return layers, _batch_gap(model, own, train, places, size, card, link), noise


def _activation(layer: Any) -> str:
    if isinstance(layer, keras.layers.ReLU):
        return "relu"
    function = getattr(layer, "activation", None)
    return str(getattr(function, "__name__", ""))


def _states(model: Any, watched: list[Any], pictures: _Pictures, link: Link) -> tuple[LayerState, ...]:
    view = keras.Model(model.inputs, [layer.output for layer in watched])
    count = min(_INSIDE, len(pictures.good))
    highest: list[np.ndarray] = []
    places = np.linspace(0, len(pictures.good) - 1, count).astype(int)
    for begin in range(0, count, _CHUNK):
        link.check()
        told = view.predict_on_batch(pictures.take(places[begin:begin + _CHUNK]))
        # A single output comes alone.
        outputs = told if isinstance(told, list | tuple) else [told]
        tops = [np.asarray(output).reshape(-1, output.shape[-1]).max(axis=0) for output in outputs]
        highest = tops if not highest else [np.maximum(one, other) for one, other in zip(highest, tops, strict=True)]
    return tuple(LayerState(node=layer.name, units=len(top), dead=int((top <= 0).sum()), activation=_activation(layer))
                 for layer, top in zip(watched, highest, strict=True))


def _batch_noise(model: Any, norms: list[Any], train: _Pictures, places: np.ndarray, size: int, link: Link) -> float:
    """The deviation of the means of batches from that of all, in standard deviations of single values: the mean over the
    channels of the layer where it is largest."""
    view = keras.Model(model.inputs, [layer.input for layer in norms])
    sums: list[list[np.ndarray]] = [[] for _ in norms]
    squares: list[list[np.ndarray]] = [[] for _ in norms]
    for begin in range(0, len(places), size):
        link.check()
        told = view.predict_on_batch(train.take(places[begin:begin + size]))
        for number, output in enumerate(told if isinstance(told, list | tuple) else [told]):
            flat = np.asarray(output, np.float64).reshape(-1, output.shape[-1])
            sums[number].append(flat.mean(axis=0))
            squares[number].append((flat ** 2).mean(axis=0))
    noises = []
    for means, powers in zip(sums, squares, strict=True):
        if len(means) < 2:
            return 0.0
        variance = np.mean(powers, axis=0) - np.mean(means, axis=0) ** 2
        noises.append(float(np.mean(np.std(means, axis=0) / np.sqrt(variance + 1e-12))))
    return max(noises)


def _batch_gap(model: Any, own: list[Any], train: _Pictures, places: np.ndarray, size: int, card: model_card.Card, link: Link
               ) -> float:
    """The accuracy with the statistics of batches less that with moving averages."""
    for layer in own:
        # Only the normalisation is to differ.
        for name in ("rate", "stddev"):
            if isinstance(getattr(layer, name, None), float):
                setattr(layer, name, 0.0)
    variables = snapshots.weights_of(model)
    before = snapshots.copy_weights(variables)
    right = {True: 0, False: 0}
    for begin in range(0, len(places), size):
        link.check()
        chosen = places[begin:begin + size]
        pictures = keras.ops.convert_to_tensor(train.take(chosen))
        for training in right:
            told = model_card.probabilities(np.asarray(keras.ops.convert_to_numpy(model(pictures, training=training))),
                                        card.label_mode)
            right[training] += int((told.argmax(axis=1) == train.labels[chosen]).sum())
        snapshots.assign(variables, before, "model")
    return (right[True] - right[False]) / max(1, len(places))
