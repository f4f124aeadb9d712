"""The Serve job: a warm model that predicts pictures until it is stopped."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from cnnstudio.catalog.pixels import prepare
from cnnstudio.core.commands import Predict, PredictFrame, PredictVideo, Request, ShowPrepared
from cnnstudio.core.events import Event, Notice, Progress, Stopped
from cnnstudio.core.explain_jobs import Explain, LayersListed, ListLayers, LookInside, ModelLayer
from cnnstudio.core.feature_jobs import Featured, Featurize
from cnnstudio.core.jobs import Answered, Prediction, Prepared, Ranked, Ready, Serve
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import Problem, ProblemError, error, warning
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text
from cnnstudio.datasets.sample_ranges import not_numbers_problem
from cnnstudio.engine import model_card, models
from cnnstudio.engine.answer_batches import Answers, Batch, Origin, answer_batches, frame_batches, picture_batches
from cnnstudio.engine.answer_problems import no_number_problem, unanswered_problem
from cnnstudio.engine.classifiers import Classifier, open_classifier
from cnnstudio.engine.explaining.explain import Explainer, explain_all, request_passes
from cnnstudio.engine.explaining.features_job import FeatureViewer
from cnnstudio.engine.penultimate import Featurizer
from cnnstudio.engine.progress import phase
from cnnstudio.engine.real_samples import real_samples
from cnnstudio.engine.served_files import read_content
from cnnstudio.engine.served_frames import early_end_problem, expected_frames, read_stored
from cnnstudio.evaluation.answering import answer_sets, is_sure
from cnnstudio.evaluation.rejection import REJECTIONS
from cnnstudio.imaging.decode import count_not_numbers
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.frames import Frame, as_picture, no_video_problem, open_video, sampled
from cnnstudio.imaging.problems import picture_problem
from cnnstudio.workers.link import Link, StopRequested


def serve(job: Serve, link: Link) -> Event:
    """Send Ready, then a Prediction for each picture and Answered for each request; ends with its parent."""
    cache = Path(job.cache) if job.cache else cache_folder()
    phase(link, "loading")
    classifier = open_classifier(Path(job.model), real_samples, cache)
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
                case PredictFrame():
                    server.answer_frame(request, link)
                case PredictVideo():
                    server.answer_video(request, link, pool)
                case ShowPrepared():
                    server.show_prepared(request, link)
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
        done, total = 0, len(request.paths)
        for batch, answers in answer_batches(picture_batches(request.paths, self._read, pool, self.engine.batch),
                                             self.probabilities):
            self._emit(request.request, request.top, batch, answers, link)
            done += len(batch)
            if total > self.engine.batch:
                _report(request.request, done, total, begin, link)
            if link.stop is not None or request.request in link.cancelled:
                break
            if done < total:
                self._answer_urgent(link, pool)
        if self._not_numbers:
            found, self._not_numbers = sorted(self._not_numbers), []
            link.emit(Notice(problem=not_numbers_problem(len(found), sum(count for _, count in found), found[0][0], "file")))
        link.emit(Answered(request=request.request, pictures=done, seconds=time.monotonic() - begin,
                           engine=self.engine.name, cancelled=done < total))

    def answer_video(self, request: PredictVideo, link: Link, pool: ThreadPoolExecutor) -> None:
        """Predict the frames of a video as they are read."""
        begin = time.monotonic()
        done = 0
        cancelled = False
        problem: Problem | None = None
        try:
            source = open_video(request.path)
        except ProblemError as err:
            link.emit(Answered(request=request.request, pictures=0, seconds=0.0, engine=self.engine.name,
                               problem=err.problems[0]))
            return
        total = expected_frames(source.info, request.every)
        last: Origin | None = None
        try:
            batches = frame_batches(request.path, sampled(source, request.every), self._prepare_frame, self.engine.batch)
            for batch, answers in answer_batches(batches, self.probabilities):
                self._emit(request.request, request.top, batch, answers, link)
                done, last = done + len(batch), batch[-1][0]
                _report(request.request, done, max(total, done), begin, link)
                if link.stop is not None or request.request in link.cancelled:
                    cancelled = True
                    break
                self._answer_urgent(link, pool)
        finally:
            source.close()
        if not done and not cancelled:
            problem = no_video_problem(request.path)
        elif not cancelled and last is not None and (early := early_end_problem(request.path, source.info, last.seconds,
                                                                                request.every)):
            link.emit(Notice(problem=early))
        link.emit(Answered(request=request.request, pictures=done, seconds=time.monotonic() - begin, engine=self.engine.name,
                           cancelled=cancelled, problem=problem))

    def answer_frame(self, request: PredictFrame, link: Link) -> None:
        """Predict the frame that lies in a file."""
        begin = time.monotonic()
        pixels = read_stored(request.store, request.shape)
        origin = Origin("", request.frame, request.seconds)
        batch: Batch = [(origin, pixels if isinstance(pixels, Problem) else prepare(as_picture(pixels), self._recipe))]
        self._emit(request.request, request.top, batch, self.probabilities(batch), link)
        link.emit(Answered(request=request.request, pictures=1, seconds=time.monotonic() - begin, engine=self.engine.name))

    def show_prepared(self, request: ShowPrepared, link: Link) -> None:
        """Give the picture as the network gets it."""
        picture = self._read(request.path)
        self._not_numbers.clear()
        if isinstance(picture, Problem):
            link.emit(Prepared(request=request.request, path=request.path, problem=picture))
        else:
            height, width, channels = picture.shape
            link.emit(Prepared(request=request.request, path=request.path, shape=(height, width, channels),
                               pixels=picture.tobytes()))
        link.emit(Answered(request=request.request, pictures=1, seconds=0.0, engine=self.engine.name))

    def _prepare_frame(self, frame: Frame) -> np.ndarray:
        return prepare(as_picture(frame.pixels), self._recipe)

    def _emit(self, number: int, top: int, batch: Batch, answers: Answers, link: Link) -> None:
        """Send the answer of each picture of a batch."""
        for origin, picture in batch:
            answer = picture if isinstance(picture, Problem) else next(answers)
            link.emit(self.prediction(number, origin, answer, top))

    def _answer_urgent(self, link: Link, pool: ThreadPoolExecutor) -> None:
        """Answer frames of a camera and single pictures between two batches of what takes longer."""
        waiting: list[Request | None] = []
        while not link.predictions.empty():
            other = link.predictions.get()
            if isinstance(other, PredictFrame):
                self.answer_frame(other, link)
            elif isinstance(other, Predict) and len(other.paths) == 1:
                self.answer(other, link, pool)
            elif isinstance(other, ShowPrepared):
                self.show_prepared(other, link)
            else:
                waiting.append(other)
        for other in waiting:
            link.predictions.put(other)

    def prediction(self, request: int, origin: Origin, answer: np.ndarray | Problem, top: int) -> Prediction:
        """What is sent for a picture with these probabilities, or with its problem."""
        path, frame, seconds = origin
        if isinstance(answer, Problem):
            return Prediction(request=request, path=path, frame=frame, seconds=seconds, problem=answer)
        not_sure, answer_set = self._doubt(answer)
        return Prediction(request=request, path=path, frame=frame, seconds=seconds, not_sure=not_sure, answer_set=answer_set,
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
                elif isinstance(other, PredictFrame):
                    self.answer_frame(other, link)
                elif isinstance(other, ShowPrepared):
                    self.show_prepared(other, link)
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
            return Featured(request=number, path=path, problem=no_number_problem(path))
        return Featured(request=number, path=path, features=tuple(vector.tolist()), layer=featurizer.layer)

    def probabilities(self, batch: Batch) -> Answers:
        """Probabilities of each readable picture of the batch, or the problem that the batch had in the engine."""
        pictures = [(origin.path, picture) for origin, picture in batch if not isinstance(picture, Problem)]
        if not pictures:
            return iter(())
        try:
            found = self._of(np.stack([picture for _, picture in pictures]))
            return iter([row if np.isfinite(row).all() else no_number_problem(path)
                         for (path, _picture), row in zip(pictures, found, strict=True)])
        except Exception as err:  # a border: what goes wrong with one batch must not cost the others
            logging.getLogger(__name__).exception("a batch of %d pictures was not answered", len(pictures))
            return iter([unanswered_problem(path, err) for path, _picture in pictures])

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
            data = read_content(path)
            picture = prepare(data, self._recipe)
            if count := count_not_numbers(data):
                self._not_numbers.append((path, count))
            return picture
        except PictureError as picture_error:
            return picture_problem(picture_error, path)
        except OSError as os_error:
            text = Text("{path} cannot be read: {reason}.", "No se puede leer {path}: {reason}.")
            return error("cannot_read", text.fill(path=path, reason=reason_of(os_error)), "file", path=path)


def _report(request: int, done: int, total: int, begin: float, link: Link) -> None:
    seconds = time.monotonic() - begin
    link.emit(Progress(done=done, total=total, rate=done / seconds, request=request,
                       seconds_left=(total - done) * seconds / done))


def ranked(probabilities: np.ndarray, names: tuple[str, ...], top: int) -> tuple[Ranked, ...]:
    """The best classes first; of equal ones the first in the order of the classes. `top` 0 gives all."""
    order = _order(probabilities)[:top or None]
    return tuple(Ranked(label=names[number], probability=float(probabilities[number])) for number in order.tolist())


def _order(probabilities: np.ndarray) -> np.ndarray:
    return np.argsort(-probabilities, kind="stable")
