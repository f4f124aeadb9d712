"""A scripted server of predictions, without Keras, and without Qt so that it starts quickly."""

from __future__ import annotations

from pathlib import Path

from cnnstudio.core.calibration import Rejection
from cnnstudio.core.commands import PredictFrame, PredictVideo, ShowPrepared
from cnnstudio.core.events import Failed, Stopped
from cnnstudio.core.jobs import Answered, Prediction, Prepared, Ranked, Ready, Serve
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import same
from cnnstudio.workers.link import Link
from cnnstudio.workers.transport import Endpoint

SERVES = "tests.gui.pages.predict.children:child"
NAMES = ("cat", "dog")
REJECTION = Rejection(kind="conformal", level=0.1, threshold=0.2)


def child(endpoint: Endpoint) -> None:
    """A server that knows dogs by their file's name, and cannot read what is called broken."""
    link = Link(endpoint)
    job = link.job()
    assert isinstance(job, Serve)
    if "bad" in Path(job.model).name:
        link.emit(Failed(problem=error("bad_model", same("This model is damaged."), "file", path=job.model)))
        return
    link.emit(Ready(engine="litert", class_names=NAMES, rejection=REJECTION))
    while link.stop is None:
        request = link.predictions.get()
        if request is None:
            break
        if isinstance(request, PredictFrame | PredictVideo | ShowPrepared):
            answer_frames(link, request)
            continue
        for path in request.paths:
            name = Path(path).name
            if "broken" in name:
                problem = error("picture_broken", same(f"{name}: cannot be read"), "file", path=path)
                link.emit(Prediction(request=request.request, path=path, problem=problem))
                continue
            best, other = ("dog", "cat") if "dog" in name else ("cat", "dog")
            top = (Ranked(label=best, probability=0.75), Ranked(label=other, probability=0.25))
            doubt = "maybe" in name
            link.emit(Prediction(request=request.request, path=path, not_sure=doubt or None,
                                 answer_set=NAMES if doubt else None,
                                 top=top))
        link.emit(Answered(request=request.request, pictures=len(request.paths), seconds=0.012, engine="litert"))
    link.emit(Stopped(kept=True))


def answer_frames(link: Link, request: PredictFrame | PredictVideo | ShowPrepared) -> None:
    """Bright frames are dogs; a frame is as certain as it is bright or dark."""
    import numpy as np

    from cnnstudio.imaging.frames import open_video, sampled

    def answer(pixels: np.ndarray, frame: int, seconds: float) -> None:
        share = float(np.float32(pixels.mean() / 255))
        top = sorted((Ranked(label="cat", probability=1 - share), Ranked(label="dog", probability=share)),
                     key=lambda item: -item.probability)
        link.emit(Prediction(request=request.request, path="", frame=frame, seconds=seconds, top=tuple(top)))

    problem = None
    match request:
        case PredictFrame():
            answer(np.fromfile(request.store, np.uint8).reshape(request.shape), request.frame, request.seconds)
        case ShowPrepared():
            link.emit(Prepared(request=request.request, path=request.path, shape=(2, 3, 1), pixels=bytes(range(0, 60, 10))))
        case PredictVideo():
            try:
                for frame in sampled(open_video(request.path), request.every):
                    answer(frame.pixels, frame.number, frame.seconds)
            except ProblemError as err:
                problem = err.problems[0]
    link.emit(Answered(request=request.request, pictures=1, seconds=0.02, engine="litert", problem=problem))
