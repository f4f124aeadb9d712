"""A scripted model for `predict`: it knows pictures by their names, and may fail in the middle."""

from __future__ import annotations

from pathlib import Path

from cnnstudio.core.commands import Predict, PredictVideo
from cnnstudio.core.events import Failed, Stopped
from cnnstudio.core.jobs import Answered, Prediction, Ranked, Ready, Serve
from cnnstudio.core.problems import error
from cnnstudio.core.text import same
from cnnstudio.workers.link import Link
from cnnstudio.workers.transport import Endpoint

NAMES = ("cat", "dog")


def answer_video(link: Link, request: PredictVideo) -> None:
    """Three frames, a second apart; a broken one has a problem."""
    problem = error("no_video", same("no video"), "file") if "broken" in request.path else None
    for number in range(0 if problem else 3):
        link.emit(Prediction(request=request.request, path=request.path, frame=number * 25, seconds=float(number),
                             top=(Ranked(label="cat", probability=0.75), Ranked(label="dog", probability=0.25))))
    link.emit(Answered(request=request.request, pictures=3, seconds=0.1, engine="litert", problem=problem))


def child(endpoint: Endpoint) -> None:
    """A model whose file is called "other" is less sure, and calls maybe.png otherwise."""
    link = Link(endpoint)
    job = link.job()
    assert isinstance(job, Serve)
    other = "other" in Path(job.model).name
    link.emit(Ready(engine="litert", class_names=NAMES))
    while link.stop is None:
        request = link.predictions.get()
        if request is None:
            break
        if isinstance(request, PredictVideo):
            answer_video(link, request)
            continue
        assert isinstance(request, Predict)
        for path in request.paths:
            name = Path(path).name
            if "fatal" in name:
                link.emit(Failed(problem=error("engine_failed", same("The engine is gone."), "machine")))
                return
            if "broken" in name:
                problem = error("picture_broken", same(f"{name}: cannot be read"), "file", path=path)
                link.emit(Prediction(request=request.request, path=path, problem=problem))
                continue
            dog = "dog" in name or ("maybe" in name and other)
            share = 0.5 + 0.25 * ("maybe" not in name) + 0.125 * ("maybe" in name or not other)
            top = [Ranked(label="dog" if dog else "cat", probability=share),
                   Ranked(label="cat" if dog else "dog", probability=1 - share)]
            link.emit(Prediction(request=request.request, path=path, top=tuple(top[:request.top or None])))
        link.emit(Answered(request=request.request, pictures=len(request.paths), seconds=0.01, engine="litert"))
    link.emit(Stopped(kept=True))
