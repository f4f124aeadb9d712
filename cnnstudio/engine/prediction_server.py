"""The Serve job: a warm model that predicts pictures until it is stopped."""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np

from cnnstudio.catalog.pixels import prepare
from cnnstudio.core.commands import Predict, Request
from cnnstudio.core.events import Event, Notice, Progress, Stopped
from cnnstudio.core.explain_jobs import Explain, LayersListed, ListLayers, LookInside, ModelLayer
from cnnstudio.core.feature_jobs import Featured, Featurize
from cnnstudio.core.jobs import Answered, Prediction, Ranked, Ready, Serve
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import Problem, ProblemError, error, warning
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text
from cnnstudio.datasets.sample_ranges import not_numbers_problem
from cnnstudio.engine import model_card, models
from cnnstudio.engine.classifiers import Classifier, open_classifier
from cnnstudio.engine.explaining.explain import Explainer, explain_all, request_passes
from cnnstudio.engine.explaining.features_job import FeatureViewer
from cnnstudio.engine.penultimate import Featurizer
from cnnstudio.engine.progress import phase
from cnnstudio.evaluation.answering import answer_sets, is_sure
from cnnstudio.evaluation.rejection import REJECTIONS
from cnnstudio.imaging.decode import count_not_numbers
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.picture_files import read_regular
from cnnstudio.imaging.problems import picture_problem
from cnnstudio.workers.link import Link, StopRequested

_Batch = list[tuple[str, np.ndarray | Problem]]
"""Paths with their pixels or their problem."""
_AHEAD = 3
"""Batches that are read ahead of the engine."""
_BEGUN = 2
"""Batches that are submitted to the engine at once."""


def serve(job: Serve, link: Link) -> Event:
    """Send Ready, then a Prediction for each picture and Answered for each request; ends with its parent."""
    cache = Path(job.cache) if job.cache else cache_folder()
    phase(link, "loading")
    classifier = open_classifier(Path(job.model), sample_pictures, cache)
    for note in classifier.notes:
        link.emit(Notice(problem=warning("assumed", note, "file", path=classifier.path)))
    for problem in classifier.problems:
        link.emit(Notice(problem=problem))
    server = Server(classifier, cache)
    link.emit(Ready(engine=server.engine.name, class_names=server.card.class_names, rejection=server.rejection))
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 2, thread_name_prefix="decode") as pool:
        while link.stop is None:
            request = link.predictions.get()
            if request is None:
                break
            if request.request in link.cancelled:
                link.emit(Answered(request=request.request, pictures=0, seconds=0.0, engine=server.engine.name, cancelled=True))
                continue
            match request:
                case Predict():
                    server.answer(request, link, pool)
                case Explain():
                    server.explain(request, link, pool)
                case ListLayers():
                    server.list_layers(request, link)
                case LookInside():
                    server.look_inside(request, link, pool)
                case Featurize():
                    server.featurize(request, link)
    return Stopped(kept=True)


class _RequestCancelled(Exception):
    """Nobody waits for the request any more."""


class Server:
    """A classifier whose engine is warm. What explains, and what gives features, is loaded when it is first asked for."""

    def __init__(self, classifier: Classifier, cache: Path) -> None:
        self._path = classifier.path
        self._cache = cache
        self._featurizer: Featurizer | None = None
        self._explainer: Explainer | None = None
        self._viewer: FeatureViewer | None = None
        self.card, self.engine = classifier.card, classifier.engine
        self._recipe = self.card.recipe.as_dictionary()
        self.rejection = None if self.card.calibration is None else self.card.calibration.rejection
        blank = np.zeros((1, *self.card.recipe.shape), np.uint8)
        self.engine.predict(blank)
        self._not_numbers: list[tuple[str, int]] = []

    def answer(self, request: Predict, link: Link, pool: ThreadPoolExecutor) -> None:
        """Predict all pictures of a request, in order."""
        begin = time.monotonic()
        done = 0
        for batch, answers in _answer_batches(_batches(request.paths, self._read, pool, self.engine.batch),
                                              self.probabilities):
            for path, picture in batch:
                answer = picture if isinstance(picture, Problem) else next(answers)
                link.emit(self.prediction(request.request, path, answer, request.top))
            done += len(batch)
            if len(request.paths) > self.engine.batch:
                seconds = time.monotonic() - begin
                link.emit(Progress(done=done, total=len(request.paths), rate=done / seconds, request=request.request,
                                   seconds_left=(len(request.paths) - done) * seconds / done))
            if link.stop is not None or request.request in link.cancelled:
                break
        if self._not_numbers:
            found, self._not_numbers = sorted(self._not_numbers), []
            link.emit(Notice(problem=not_numbers_problem(len(found), sum(count for _, count in found), found[0][0], "file")))
        link.emit(Answered(request=request.request, pictures=done, seconds=time.monotonic() - begin,
                           engine=self.engine.name, cancelled=done < len(request.paths)))

    def prediction(self, request: int, path: str, answer: np.ndarray | Problem, top: int) -> Prediction:
        """What is sent for a picture with these probabilities, or with its problem."""
        if isinstance(answer, Problem):
            return Prediction(request=request, path=path, problem=answer)
        not_sure, answer_set = self._doubt(answer)
        return Prediction(request=request, path=path, not_sure=not_sure, answer_set=answer_set,
                          top=ranked(answer, self.card.class_names, top))

    def explain(self, request: Explain, link: Link, pool: ThreadPoolExecutor) -> None:
        """Explain all pictures of a request, in order."""
        def work(explainer: Explainer, heed: Callable[[], None]) -> tuple[int, int]:
            passes = len(request.what.paths) * request_passes(explainer.entry(request.what), request.what)
            return explain_all(explainer, request.what, link, request.request, heed), passes

        self._attend(request, link, pool, work)

    def look_inside(self, request: LookInside, link: Link, pool: ThreadPoolExecutor) -> None:
        """Show what the layers compute."""
        def work(explainer: Explainer, heed: Callable[[], None]) -> tuple[int, int]:
            self._viewer = self._viewer or FeatureViewer(explainer)
            return self._viewer.show(request.what, link, request.request, heed), 0

        self._attend(request, link, pool, work)

    def _attend(self, request: Request, link: Link, pool: ThreadPoolExecutor,
                work: Callable[[Explainer, Callable[[], None]], tuple[int, int]]) -> None:
        """Do what may take long; `work(explainer, heed)` gives how many pictures it was, and how many went through the
        network. Predictions that are asked for meanwhile are answered between two batches: nobody waits a minute for an
        answer of milliseconds."""
        begin = time.monotonic()
        done = passes = 0
        cancelled = False
        problem: Problem | None = None
        waiting: list[Request] = []

        def heed() -> None:
            link.check()
            if request.request in link.cancelled:
                raise _RequestCancelled
            while not link.predictions.empty():
                other = link.predictions.get()
                if other is None:
                    link.predictions.put(None)
                    raise StopRequested
                if isinstance(other, Predict):
                    self.answer(other, link, pool)
                elif isinstance(other, Featurize):
                    self.featurize(other, link)
                else:
                    waiting.append(other)

        try:
            explainer = self._opened(link)
            # The first explanation also loads the model; its seconds would say nothing of the next ones.
            begin = time.monotonic()
            done, passes = work(explainer, heed)
        except ProblemError as problem_error:
            problem = problem_error.problems[0]
        except _RequestCancelled:
            cancelled = True
        except StopRequested:
            return
        finally:
            for other in waiting:
                link.predictions.put(other)
        link.emit(Answered(request=request.request, pictures=done, seconds=time.monotonic() - begin, engine="keras",
                           cancelled=cancelled, passes=passes, problem=problem))

    def list_layers(self, request: ListLayers, link: Link) -> None:
        """Tell at which layers may be explained."""
        try:
            network = self._opened(link).network
        except ProblemError as problem_error:
            link.emit(LayersListed(request=request.request, problem=problem_error.problems[0]))
            return
        default = network.default_layer()
        link.emit(LayersListed(
            request=request.request, default=default.name if default is not None else "",
            layers=tuple(ModelLayer(name=layer.name, type=layer.kind, shape=layer.shape)
                         for layer in network.layers if layer.maps)))

    def _opened(self, link: Link) -> Explainer:
        if self._explainer is None:
            phase(link, "loading")
            self._explainer = Explainer(models.load(self._path))
        return self._explainer

    def featurize(self, request: Featurize, link: Link) -> None:
        """Give the features of all pictures of a request, in order. Answered has what is wrong with the model."""
        begin = time.monotonic()
        done = 0
        problem: Problem | None = None
        try:
            if self._featurizer is None:
                phase(link, "loading")
                self._featurizer = Featurizer(models.load(self._path), self._cache)
            for path in request.paths:
                link.check()
                if request.request in link.cancelled:
                    break
                link.emit(self._featured(self._featurizer, request.request, path))
                done += 1
        except ProblemError as problem_error:
            problem = problem_error.problems[0]
        except StopRequested:
            return
        name = self.engine.name if self._featurizer is None else self._featurizer.engine_name
        link.emit(Answered(request=request.request, pictures=done, seconds=time.monotonic() - begin, engine=name,
                           problem=problem, cancelled=request.request in link.cancelled))

    def _featured(self, featurizer: Featurizer, number: int, path: str) -> Featured:
        picture = self._read(path)
        if isinstance(picture, Problem):
            return Featured(request=number, path=path, problem=picture)
        vector = featurizer.vector(picture)
        if not np.isfinite(vector).all():
            return Featured(request=number, path=path, problem=_no_number(path))
        return Featured(request=number, path=path, features=tuple(vector.tolist()), layer=featurizer.layer)

    def probabilities(self, batch: _Batch) -> _Answers:
        """Probabilities of each readable picture of the batch, or the problem that the batch had in the engine."""
        pictures = [(path, picture) for path, picture in batch if not isinstance(picture, Problem)]
        if not pictures:
            return iter(())
        try:
            found = self._of(np.stack([picture for _, picture in pictures]))
            return iter([row if np.isfinite(row).all() else _no_number(path)
                         for (path, _picture), row in zip(pictures, found, strict=True)])
        except Exception as err:  # a border: what goes wrong with one batch must not cost the others
            logging.getLogger(__name__).exception("a batch of %d pictures was not answered", len(pictures))
            return iter([_unanswered(path, err) for path, _picture in pictures])

    def _of(self, pictures: np.ndarray) -> np.ndarray:
        return model_card.answers(self.engine.predict(pictures), self.card)

    def _doubt(self, probabilities: np.ndarray) -> tuple[bool | None, tuple[str, ...] | None]:
        """Whether the reject option says "not sure", and the classes that remain where it has sets."""
        rejection = self.rejection
        if rejection is None:
            return None, None
        remaining = answer_sets(probabilities[None], rejection.kind, rejection.threshold)
        names = tuple(item.label for item, stays in zip(
            ranked(probabilities, self.card.class_names, 0), remaining[0][_order(probabilities)], strict=True) if stays)
        return not is_sure(remaining)[0], names if REJECTIONS[rejection.kind].has_sets else None

    def _read(self, path: str) -> np.ndarray | Problem:
        try:
            data = read_regular(path)
            picture = prepare(data, self._recipe)
            if count := count_not_numbers(data):
                self._not_numbers.append((path, count))
            return picture
        except PictureError as picture_error:
            return picture_problem(picture_error, path)
        except OSError as os_error:
            text = Text("{path} cannot be read: {reason}.", "No se puede leer {path}: {reason}.")
            return error("cannot_read", text.fill(path=path, reason=reason_of(os_error)), "file", path=path)


def _unanswered(path: str, err: Exception) -> Problem:
    """The problem of a picture whose batch failed in the engine."""
    text = Text("{path} was not classified: the engine failed on its batch ({reason}). Try it again on its own.",
                "{path} no se clasificó: el motor falló con su lote ({reason}). Inténtelo de nuevo solo con esa imagen.")
    reason = (str(err).strip().splitlines() or [type(err).__name__])[0]
    return error("not_answered", text.fill(path=path, reason=reason[:200]), "file", path=path)


def _no_number(path: str) -> Problem:
    """The problem of a picture for which the model answers NaN or infinity."""
    text = Text("{path} was not classified: the model answers with values that are no numbers (NaN). Train it again with a "
                "lower learning rate, or choose another model.",
                "{path} no se clasificó: el modelo responde con valores que no son números (NaN). Entrénelo de nuevo con una "
                "tasa de aprendizaje menor o elija otro modelo.")
    return error("answer_not_a_number", text.fill(path=path), "file", path=path)


def ranked(probabilities: np.ndarray, names: tuple[str, ...], top: int) -> tuple[Ranked, ...]:
    """The best classes first; of equal ones the first in the order of the classes. `top` 0 gives all."""
    order = _order(probabilities)[:top or None]
    return tuple(Ranked(label=names[number], probability=float(probabilities[number])) for number in order.tolist())


def _order(probabilities: np.ndarray) -> np.ndarray:
    return np.argsort(-probabilities, kind="stable")


def _batches(paths: tuple[str, ...], read: Callable[[str], np.ndarray | Problem], pool: ThreadPoolExecutor,
             batch: int) -> Iterator[_Batch]:
    """Read pictures in threads some batches ahead of the engine; bounded, whatever the number of paths."""
    waiting: list[tuple[str, Future[np.ndarray | Problem]]] = []
    coming = iter(paths)
    first = True
    while True:
        while len(waiting) < _AHEAD * batch and (path := next(coming, None)) is not None:
            waiting.append((path, pool.submit(read, path)))
        if not waiting:
            return
        size = batch if not first or len(paths) > 8 else 1
        first = False
        yield [(path, job.result()) for path, job in waiting[:size]]
        del waiting[:size]


_Answers = Iterator[np.ndarray | Problem]
"""The probabilities of each readable picture of a batch, or its problem."""


def _answer_batches(batches: Iterator[_Batch], answer: Callable[[_Batch], _Answers]) -> Iterator[tuple[_Batch, _Answers]]:
    """Each batch with its predictions; the next one starts before the current one is done, so that no core waits."""
    begun: deque[tuple[_Batch, Future[_Answers]]] = deque()
    with ThreadPoolExecutor(_BEGUN, thread_name_prefix="batch") as pool:
        for batch in batches:
            begun.append((batch, pool.submit(answer, batch)))
            if len(begun) == _BEGUN or len(batch) == 1:
                first, answers = begun.popleft()
                yield first, answers.result()
        while begun:
            first, answers = begun.popleft()
            yield first, answers.result()


def sample_pictures(path: Path, card: model_card.Card) -> np.ndarray | None:
    """Real pictures to compare engines on: from the bundle, or from the training if they still exist."""
    folder = path.parent
    paths: list[Path] = []
    if (folder / "samples").is_dir():
        paths = sorted((folder / "samples").iterdir())
    elif (folder / "manifest.jsonl").is_file():
        from cnnstudio.datasets.run_pictures import read_located
        from cnnstudio.workers.runs.folder import RunFolder

        try:
            manifest = read_located(folder / "manifest.jsonl", RunFolder(folder).project_folder)
        except ProblemError:
            return None
        step = max(1, len(manifest.entries) // 4)
        paths = [manifest.path(entry) for entry in manifest.entries[::step]]
    recipe = card.recipe.as_dictionary()
    result = []
    for picture in paths[:4]:
        try:
            result.append(prepare(read_regular(picture), recipe))
        except (OSError, PictureError):
            continue
    return np.stack(result) if result else None
