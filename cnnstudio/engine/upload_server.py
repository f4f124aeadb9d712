"""The ServeUploads job: a warm model that answers batches of pictures which came as bytes, until it is stopped."""

from __future__ import annotations

import hashlib
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np

from cnnstudio.catalog.pixels import prepare
from cnnstudio.core.events import Event, Notice, Stopped
from cnnstudio.core.foreign_files import open_regular
from cnnstudio.core.jobs import Prediction
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import Problem, error, warning
from cnnstudio.core.service_jobs import ClassifyUploads, ServedModel, ServeUploads, Upload, UploadsClassified
from cnnstudio.core.text import Text
from cnnstudio.datasets.sample_ranges import not_numbers_problem
from cnnstudio.engine.answer_batches import Origin
from cnnstudio.engine.classifiers import open_classifier
from cnnstudio.engine.environment import device_name
from cnnstudio.engine.prediction_server import Server
from cnnstudio.engine.progress import phase
from cnnstudio.engine.real_samples import real_samples
from cnnstudio.imaging.decode import count_not_numbers
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.headers import read_header
from cnnstudio.imaging.problems import picture_problem
from cnnstudio.workers.link import Link

AT_ONCE: Final = 2
"""Batches that are worked on at the same time: one is decoded while the network computes another."""


def serve_uploads(job: ServeUploads, link: Link) -> Event:
    """Send ServedModel, then UploadsClassified for every command; ends with its parent."""
    cache = Path(job.cache) if job.cache else cache_folder()
    phase(link, "loading")
    classifier = open_classifier(Path(job.model), real_samples, cache)
    for note in classifier.notes:
        link.emit(Notice(problem=warning("assumed", note, "file", path=classifier.path)))
    for problem in classifier.problems:
        link.emit(Notice(problem=problem))
    server = Server(classifier, cache)
    recipe = server.card.recipe
    link.emit(ServedModel(
        engine=server.engine.name, device=device_name(), batch=server.engine.batch, class_names=server.card.class_names,
        height=recipe.height, width=recipe.width, color_mode=recipe.color_mode, digest=_sha256(classifier.path),
        rejection=server.rejection))
    with (ThreadPoolExecutor(os.cpu_count() or 2, thread_name_prefix="decode") as decoding,
          ThreadPoolExecutor(AT_ONCE, thread_name_prefix="batch") as batches):
        uploads = UploadServer(server, job.max_pixels, link, decoding)
        while link.stop is None:
            request = link.predictions.get()
            if request is None:
                break
            if isinstance(request, ClassifyUploads):
                batches.submit(uploads.answer, request)
    return Stopped(kept=True)


class UploadServer:
    """Answers batches of uploads; `answer` may be called from several threads at once."""

    def __init__(self, server: Server, max_pixels: int, link: Link, pool: ThreadPoolExecutor) -> None:
        self._server, self._max_pixels, self._link, self._pool = server, max_pixels, link, pool
        self._recipe = server.card.recipe.as_dictionary()

    def answer(self, request: ClassifyUploads) -> None:
        """Send the answers of all pictures of a batch at once."""
        not_numbers: list[tuple[str, int]] = []
        try:
            predictions = self._predictions(request, not_numbers)
        except Exception:  # a border: somebody waits for an answer
            logging.getLogger(__name__).exception("a batch of %d pictures was not answered", len(request.uploads))
            predictions = tuple(
                self._server.prediction(request.request, Origin(upload.name), _unanswered(upload.name), upload.top)
                for upload in request.uploads)
        self._link.emit(UploadsClassified(request=request.request, predictions=predictions))
        if not_numbers:
            self._link.emit(Notice(problem=not_numbers_problem(
                len(not_numbers), sum(count for _, count in not_numbers), min(not_numbers)[0], "file")))

    def _predictions(self, request: ClassifyUploads, not_numbers: list[tuple[str, int]]) -> tuple[Prediction, ...]:
        uploads = request.uploads
        read = self._pool.map(lambda upload: self._read(upload, not_numbers), uploads)
        batch = [(Origin(upload.name), picture) for upload, picture in zip(uploads, read, strict=True)]
        answers = self._server.probabilities(batch)
        predictions = []
        for upload, (origin, picture) in zip(uploads, batch, strict=True):
            answer = picture if isinstance(picture, Problem) else next(answers)
            if isinstance(answer, Problem) and answer.code == "not_answered":
                # What a library says may name files of this computer.
                answer = _unanswered(upload.name)
            predictions.append(self._server.prediction(request.request, origin, answer, upload.top))
        return tuple(predictions)

    def _read(self, upload: Upload, not_numbers: list[tuple[str, int]]) -> np.ndarray | Problem:
        try:
            header = read_header(upload.data)
            if header.width * header.height > self._max_pixels:
                raise PictureError("too_large", width=header.width, height=header.height, maximum=self._max_pixels)
            picture = prepare(upload.data, self._recipe)
            if count := count_not_numbers(upload.data):
                not_numbers.append((upload.name, count))
            return picture
        except PictureError as picture_error:
            return picture_problem(picture_error, upload.name)
        except Exception:  # a border: whatever one picture does to a library must not cost the others
            logging.getLogger(__name__).exception("a picture of %d bytes was not decoded", len(upload.data))
            return _unanswered(upload.name)


def _unanswered(name: str) -> Problem:
    """The problem of a picture that failed in a library; its log has the reason."""
    text = Text("{path} was not classified: the program failed on it.",
                "{path} no se clasificó: el programa falló con esta imagen.")
    return error("not_answered", text.fill(path=name), "file", path=name)


def _sha256(path: Path) -> str:
    state = hashlib.sha256()
    with open_regular(path) as file:
        while block := file.read(1 << 20):
            state.update(block)
    return state.hexdigest()
