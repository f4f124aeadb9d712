"""Scripted children of a service: the content of a picture says what becomes of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from cnnstudio.core.events import Failed, Finished, Hello, Stopped
from cnnstudio.core.jobs import Prediction, Ranked
from cnnstudio.core.problems import error
from cnnstudio.core.service_jobs import ClassifyUploads, ServedModel, Upload, UploadsClassified
from cnnstudio.core.text import same
from cnnstudio.workers.link import Link
from cnnstudio.workers.transport import Endpoint

MODEL = ServedModel(engine="none", device="CPU: none", batch=4, class_names=("a", "b", "c"), height=8, width=9,
                    color_mode="rgb", digest="0" * 64)


def prediction(upload: Upload) -> Prediction:
    """An answer that depends on the content alone."""
    if not upload.data or upload.data.startswith(b"broken"):
        problem = error("picture_corrupt", same(f"{upload.name}: damaged"), "file")
        return Prediction(request=0, path=upload.name, problem=problem)
    best = len(upload.data) % 3
    names = MODEL.class_names[best:] + MODEL.class_names[:best]
    ranked = tuple(Ranked(label=name, probability=share) for name, share in zip(names, (0.7, 0.2, 0.1), strict=True))
    return Prediction(request=0, path=upload.name, top=ranked[:upload.top or None])


def no_picture(upload: Upload) -> Prediction:
    """What a random body is answered with."""
    problem = error("picture_not_a_picture", same(f"{upload.name}: no picture"), "file")
    return Prediction(request=0, path=upload.name, problem=problem)


def _serve(endpoint: Endpoint, load: float = 0.0, work: float = 0.0, answer: Callable[[Upload], Prediction] = prediction
           ) -> None:
    link = Link(endpoint)
    link.job()
    link.dies_alone = True
    link.emit(Hello(pid=os.getpid()))
    time.sleep(load)
    link.emit(MODEL)
    while link.stop is None:
        request = link.predictions.get()
        if not isinstance(request, ClassifyUploads):
            break
        contents = [upload.data for upload in request.uploads]
        if b"dies" in contents:
            os._exit(7)
        if b"hangs" in contents:
            time.sleep(60)
        time.sleep(work)
        link.emit(UploadsClassified(request=request.request, predictions=tuple(map(answer, request.uploads))))
    link.emit(Stopped(kept=True))
    link.close()


def answers(endpoint: Endpoint) -> None:
    _serve(endpoint)


def answers_slowly(endpoint: Endpoint) -> None:
    _serve(endpoint, work=0.3)


def sees_no_picture(endpoint: Endpoint) -> None:
    _serve(endpoint, answer=no_picture)


def loads_slowly(endpoint: Endpoint) -> None:
    _serve(endpoint, load=30.0)


def fails(endpoint: Endpoint) -> None:
    link = Link(endpoint)
    link.job()
    link.emit(Failed(problem=error("damaged_model", same("damaged"), "file")))
    link.close()


def leaves(endpoint: Endpoint) -> None:
    """Ends as if all were done."""
    link = Link(endpoint)
    link.job()
    link.emit(MODEL)
    link.emit(Finished())
    link.close()
