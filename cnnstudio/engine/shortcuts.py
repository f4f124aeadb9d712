"""The FindShortcuts job: from how little of a picture its class can be told."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import cv2
import numpy as np

from cnnstudio.catalog.bases import BASES
from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.shortcuts import SHORTCUTS, ShortcutProbe
from cnnstudio.core.events import Event, Finished, Notice
from cnnstudio.core.intervals import wilson_interval
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.core.text import Text
from cnnstudio.core.trial_jobs import FindShortcuts, ShortcutProbed
from cnnstudio.datasets.manifest import Manifest
from cnnstudio.datasets.run_pictures import read_located
from cnnstudio.engine import inference, model_card, models, run_models
from cnnstudio.engine.classifiers import open_classifier
from cnnstudio.engine.embedding import base_extractor
from cnnstudio.engine.evaluation import measured_entries, nothing_usable_problem
from cnnstudio.engine.linear_probe import spread
from cnnstudio.engine.pixels import Prepared, notices, prepare_pictures
from cnnstudio.engine.progress import ThrottledProgress, phase
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.headers import read_header
from cnnstudio.imaging.picture_files import read_regular
from cnnstudio.workers.link import Link
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.runs.shortcuts import is_suspicious, keep_shortcuts

_BASE: Final = "efficientnet_lite0"
"""Its features describe what is left of a picture; its weights come with the program."""
_SIDE: Final = 16
"""The pixels themselves, too, at this size: a base has not learned to see a mark in a corner."""
_BINS: Final = 6
_CHUNK: Final = 256


class _Pictures(NamedTuple):
    """Usable pictures of a split, with their class numbers and files."""

    prepared: Prepared
    good: np.ndarray
    labels: np.ndarray
    paths: list[Path]

    def rows(self, view: Callable[[np.ndarray], np.ndarray] | None) -> Callable[[np.ndarray], np.ndarray]:
        """The pictures by their number here, as the view leaves them."""
        return lambda places: (view or np.asarray)(self.prepared.take(self.good[places]))

    def batches(self) -> list[np.ndarray]:
        return np.array_split(np.arange(len(self.good)), max(1, -(-len(self.good) // _CHUNK)))


def find_shortcuts(job: FindShortcuts, link: Link) -> Event:
    """Do the job: a ShortcutProbed event for each probe. Raises ProblemError and StopRequested."""
    run = RunFolder(Path(job.run_folder))
    cache = Path(job.cache) if job.cache else cache_folder()
    phase(link, "loading")
    path = run_models.file_of(run.folder)
    card = model_card.read_card(path) or models.load(path).card
    manifest = read_located(run.manifest_path, run.project_folder)
    link.check()
    phase(link, "preparing")
    train = _pictures(manifest, "train", card, job.most, cache, link)
    measured = _pictures(manifest, job.split, card, job.most, cache, link)
    if len(np.unique(train.labels)) < 2 or len(np.unique(measured.labels)) < 2:
        raise ProblemError(error("one_class", Text(
            "Shortcuts are about telling classes apart: at least two classes need training pictures and pictures in {split}.",
            "Los atajos son formas de distinguir clases: al menos dos clases necesitan imágenes de entrenamiento y de {split}."
            ).fill(split=job.split), "dataset"))
    engine = open_classifier(path, lambda _path, _card: train.rows(None)(np.arange(min(8, len(train.good)))), cache,
                             on_converting=lambda: phase(link, "converting")).engine
    base, _recipe = base_extractor(BASES[_BASE], RecipeSpec(), BUILT_IN)
    shape = tuple(base.input_shape[1:3])
    seeing = inference.engine_for(base, _for_base(train.rows(None)(np.arange(min(4, len(train.good)))), shape), cache)
    phase(link, "probing")

    def right(view: Callable[[np.ndarray], np.ndarray] | None) -> float:
        outputs = inference.run(engine, len(measured.good), measured.rows(view), lambda _done: link.check())
        answers = model_card.probabilities(outputs, card.label_mode).argmax(axis=1)
        return float((answers == measured.labels).mean())

    # A weak model is no measure for what there is to see in whole pictures.
    model, whole = right(None), _told_by_view(np.asarray, train, measured, seeing, shape, link)
    reference = max(model, float((whole == measured.labels).mean()))
    chance = float(np.bincount(measured.labels).max() / len(measured.labels))
    progress = ThrottledProgress(link, "steps")
    results = []
    for number, probe in enumerate(SHORTCUTS):
        progress(number, len(SHORTCUTS))
        told = _told(probe, train, measured, seeing, shape, link)
        accuracy = float((told == measured.labels).mean())
        interval = wilson_interval(accuracy, len(measured.labels))
        event = ShortcutProbed(
            run=run.id, probe=probe.id, split=job.split, pictures=len(measured.labels), accuracy=accuracy, interval=interval,
            chance=chance, reference=reference, model=model,
            suspicious=is_suspicious(probe, accuracy, interval[0], chance, reference),
            model_accuracy=None if probe.view is None else right(probe.view))
        results.append(event)
        link.emit(event)
    problem = keep_shortcuts(run, results)
    if problem is not None:
        link.emit(Notice(problem=problem))
    return Finished(run=run.id)


def _pictures(manifest: Manifest, split: str, card: model_card.Card, most: int, cache: Path, link: Link) -> _Pictures:
    entries = spread(tuple(sorted(measured_entries(manifest, split, card.class_names), key=lambda entry: entry.label)), most)
    paths = [manifest.path(entry) for entry in entries]
    prepared = prepare_pictures(paths, card.recipe, cache, progress=ThrottledProgress(link), check=link.check)
    for problem in notices(prepared):
        link.emit(Notice(problem=problem))
    good = prepared.good
    if not len(good):
        raise ProblemError(nothing_usable_problem(split, manifest))
    return _Pictures(prepared, good, np.asarray([entries[index].label for index in good.tolist()], np.int64),
                     [paths[index] for index in good.tolist()])


def _told(probe: ShortcutProbe, train: _Pictures, measured: _Pictures, seeing: inference.Engine, shape: tuple[int, ...],
          link: Link) -> np.ndarray:
    """The class numbers that a classifier tells for `measured`, from that information alone."""
    if probe.view is not None:
        return _told_by_view(probe.view, train, measured, seeing, shape, link)
    if probe.of_file:
        seen = [_file_facts(pictures.paths, link) for pictures in (train, measured)]
    else:
        assert probe.numbers is not None
        seen = [np.concatenate([probe.numbers(pictures.rows(None)(part)) for part in pictures.batches()])
                for pictures in (train, measured)]
    return _by_thresholds(seen[0], train.labels, seen[1])


def _told_by_view(view: Callable[[np.ndarray], np.ndarray], train: _Pictures, measured: _Pictures, seeing: inference.Engine,
                  shape: tuple[int, ...], link: Link) -> np.ndarray:
    """By the features of the base, or by the small pixels: whichever does better on a part of the training pictures that is
    set aside. The features know objects and textures, but hardly a mark in a corner; the pixels know nothing else."""
    (learned, small), (asked, small_asked) = (
        _described(pictures, view, seeing, shape, link) for pictures in (train, measured))
    ways = ((_by_planes, learned, asked), (_by_thresholds, small, small_asked))
    part, aside = _set_aside(train.labels)
    scores = [float((tell(seen[part], train.labels[part], seen[aside]) == train.labels[aside]).mean()) if len(aside) else 0.0
              for tell, seen, _queries in ways]
    tell, seen, queries = ways[int(np.argmax(scores))]
    return tell(seen, train.labels, queries)


def _set_aside(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the pictures to learn from and of every fourth to choose by, none of those where a class has fewer than
    four."""
    if np.unique(labels, return_counts=True)[1].min() < 4:
        return np.arange(len(labels)), np.arange(0)
    turns = np.empty(len(labels), np.int64)
    for number in np.unique(labels):
        members = np.flatnonzero(labels == number)
        turns[members] = np.arange(len(members)) % 4
    return np.flatnonzero(turns != 3), np.flatnonzero(turns == 3)


def _described(pictures: _Pictures, view: Callable[[np.ndarray], np.ndarray], seeing: inference.Engine,
               shape: tuple[int, ...], link: Link) -> tuple[np.ndarray, np.ndarray]:
    """float32 (n, d) and (n, e): the base's features of what the view leaves, and its pixels in small."""
    features, small = [], []
    for part in pictures.batches():
        rows = pictures.rows(view)(part)
        features.append(np.asarray(inference.run(seeing, len(rows), _for_base(rows, shape).__getitem__,
                                                 lambda _done: link.check()), np.float32).reshape(len(rows), -1))
        small.append(np.stack([_pixels_and_colors(row) for row in rows]))
    return np.concatenate(features), np.concatenate(small)


def _pixels_and_colors(picture: np.ndarray) -> np.ndarray:
    """float32 (d,): the picture in small, and the share of each of its colours: a mark that is not always at the same place
    has a colour of its own."""
    small = cv2.resize(picture, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).ravel()
    channels = min(3, picture.shape[-1])
    colors = cv2.calcHist([np.ascontiguousarray(picture)], list(range(channels)), None, [_BINS] * channels, [0, 256] * channels)
    return np.concatenate([small.astype(np.float32), np.ravel(colors) / colors.sum()])


def _for_base(pictures: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """uint8 (n, *shape, 3) from pictures of any size with 1, 3 or 4 channels."""
    colors = pictures[..., :3] if pictures.shape[-1] >= 3 else np.repeat(pictures[..., :1], 3, axis=-1)
    return np.stack([cv2.resize(np.ascontiguousarray(picture), shape[::-1], interpolation=cv2.INTER_LINEAR)
                     for picture in colors])


def _by_planes(seen: np.ndarray, labels: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """Class numbers by a linear classifier, whose regularisation leave-one-out validation chooses."""
    from sklearn.linear_model import RidgeClassifierCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    classifier: Any = make_pipeline(StandardScaler(), RidgeClassifierCV(alphas=np.logspace(1, 5, 9)))
    return np.asarray(classifier.fit(seen, labels).predict(queries))


def _by_thresholds(seen: np.ndarray, labels: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """Class numbers by a forest of decision trees, for a few numbers a picture: classes lie in bands of them, which no
    straight line separates."""
    from sklearn.ensemble import RandomForestClassifier

    forest: Any = RandomForestClassifier(n_estimators=200, min_samples_leaf=3, random_state=0)
    return np.asarray(forest.fit(seen, labels).predict(queries))


def _file_facts(paths: list[Path], link: Link) -> np.ndarray:
    """float32 (n, 4): logarithm of the bytes, number of the format, logarithms of width and height."""
    rows = []
    for path in paths:
        link.check()
        try:
            data = read_regular(path)
            header = read_header(data)
        except (OSError, PictureError):
            rows.append((0.0, -1.0, 0.0, 0.0))  # gone since its pixels were kept
            continue
        # A number that depends on the name alone, so that it is the same for every list of files.
        number = float(zlib.crc32(header.format.encode()))
        rows.append((float(np.log(max(1, len(data)))), number, float(np.log(header.width)), float(np.log(header.height))))
    return np.asarray(rows, np.float32)
