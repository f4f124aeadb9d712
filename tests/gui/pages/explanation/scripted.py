"""A warm server that explains without a network: maps whose brightest place tells what was asked."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from cnnstudio.catalog.explanations import EXPLANATIONS
from cnnstudio.core.commands import Predict
from cnnstudio.core.events import Failed, Progress, Stopped
from cnnstudio.core.explain_jobs import (
    Explain,
    Explained,
    ExplainedTogether,
    LayersListed,
    ListLayers,
    ModelLayer,
    SanityChecks,
)
from cnnstudio.core.feature_jobs import Featured, Featurize
from cnnstudio.core.jobs import Answered, Prediction, Ranked, Ready, Serve
from cnnstudio.core.problems import error
from cnnstudio.core.text import same
from cnnstudio.workers.link import Link
from cnnstudio.workers.transport import Endpoint

TARGET = "tests.gui.pages.explanation.scripted:child"
NAMES = ("cat", "dog")
CHECKS = SanityChecks(similarity=0.9, deletion=0.4, insertion=0.5, chance_deletion=0.5, chance_insertion=0.5, better_than=0.4,
                      depends_on_weights=False, beats_chance=False, verdict=same("This map means nothing."))
NO_MAPS = error("no_feature_maps", same("Grad-CAM needs feature maps."), "run")
PLACE = {"size": np.array((24, 24)), "source": np.array((0, 0, 24, 24)), "target": np.array((0, 0, 8, 8))}


def child(endpoint: Endpoint) -> None:
    """Occlusion goes on until it is cancelled; a model in a folder called "dense" has no maps; "broken" files are."""
    link = Link(endpoint)
    job = link.job()
    assert isinstance(job, Serve)
    if not any(place.is_file() for place in (Path(job.model), Path(job.model) / "model.keras")):
        link.emit(Failed(problem=error("missing", same("The model is gone."), "file", path=job.model)))
        return
    dense = "dense" in job.model
    link.emit(Ready(engine="keras", class_names=NAMES))
    while (request := link.predictions.get()) is not None:
        match request:
            case Predict():
                for path in request.paths:
                    top = [Ranked(label="dog", probability=0.75), Ranked(label="cat", probability=0.25)]
                    link.emit(Prediction(request=request.request, path=path,
                                         top=tuple(top if "dog" in Path(path).name else top[::-1])))
            case ListLayers():
                layers = () if dense else (ModelLayer(name="conv", type="Conv2D", shape=(8, 8, 4)),
                                           ModelLayer(name="late", type="Conv2D", shape=(4, 4, 8)))
                link.emit(LayersListed(request=0, layers=layers, default="" if dense else "late"))
                continue
            case Featurize():
                for path in request.paths:
                    link.emit(Featured(request=request.request, path=path, features=(1.0, 0.1), layer="late"))
            case Explain():
                _explain(request, link, dense)
                continue
        link.emit(Answered(request=request.request, pictures=1, seconds=0.01, engine="keras"))
    link.emit(Stopped(kept=True))


def _explain(request: Explain, link: Link, dense: bool) -> None:
    what = request.what
    entry = EXPLANATIONS[what.method]
    if dense and entry.needs_maps:
        link.emit(Answered(request=request.request, pictures=0, seconds=0.01, engine="keras", problem=NO_MAPS))
        return
    if what.method == "occlusion":
        _explain_one(request, link, what.paths[0])
        while request.request not in link.cancelled and link.stop is None:
            link.emit(Progress(done=3, total=12, request=request.request, seconds_left=40))
            time.sleep(0.02)
        link.emit(Answered(request=request.request, pictures=1, seconds=1, engine="keras", cancelled=True))
        return
    for path in what.paths:
        _explain_one(request, link, path)
    if what.mean:
        file = Path(what.target) / "mean.npz"
        np.savez(file, map=np.ones((8, 8), np.float32), picture=np.full((8, 8, 3), 99, np.uint8))
        link.emit(ExplainedTogether(request=request.request, kind="mean", file="", pictures=len(what.paths),
                                    map_file=str(file)))
    link.emit(Answered(request=request.request, pictures=len(what.paths), seconds=0.4, engine="keras",
                       passes=4 * len(what.paths)))


def _explain_one(request: Explain, link: Link, path: str) -> None:
    what = request.what
    if "broken" in Path(path).name:
        problem = error("picture_broken", same("It cannot be read."), "file", path=path)
        link.emit(Explained(request=request.request, path=path, method=what.method, problem=problem))
        return
    values = np.zeros((8, 8), np.float32)
    values[EXPLANATIONS.ids().index(what.method), :4] = 1
    file = Path(what.target) / f"{Path(path).stem}.npz"
    np.savez(file, map=values, **PLACE)
    link.emit(Explained(request=request.request, path=path, method=what.method, layer=what.layer or "late",
                        class_name=what.class_name or "cat", predicted="cat", probability=0.9, score=2.0, map_file=str(file),
                        checks=CHECKS if what.check else None))
