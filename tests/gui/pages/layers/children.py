"""A scripted server that shows the layers of a network, without Keras, and without Qt so that it starts quickly."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from cnnstudio.core.events import Stopped
from cnnstudio.core.explain_jobs import FeaturePicture, FeaturesShown, LookInside
from cnnstudio.core.jobs import Answered, Ready, Serve
from cnnstudio.core.problems import Problem, error
from cnnstudio.core.text import same
from cnnstudio.workers.link import Link
from cnnstudio.workers.transport import Endpoint

LAYERS = (("scale", "Rescaling", (8, 8, 1)), ("conv", "Conv2D", (4, 4, 3)), ("flatten", "Flatten", (48,)))
PLACE = {"size": np.array((16, 16)), "source": np.array((0, 0, 16, 16)), "target": np.array((0, 0, 8, 8))}


def output(layer: str, path: str) -> np.ndarray:
    """Unit 1 answers most; the values tell the pictures apart."""
    shape = next(shape for name, _type, shape in LAYERS if name == layer)
    values = np.zeros(shape, np.float32)
    values[..., 1 % shape[-1]] = 2 if "a.png" in path else 3
    return values


def answers(what) -> tuple[list[FeaturesShown], Problem | None]:
    target, shape = Path(what.target), next((shape for name, _type, shape in LAYERS if name == what.layer), ())
    data = str(target / "data.npz")
    if what.kind == "layers":
        return [FeaturesShown(kind=what.kind, layer=name, type=kind, shape=shape) for name, kind, shape in LAYERS], None
    if what.kind == "overview":
        cv2.imwrite(str(target / "o.png"), np.zeros((4, 12, 3), np.uint8))
        return [FeaturesShown(kind=what.kind, layer="conv", type="Conv2D", shape=(4, 4, 3), file=str(target / "o.png"),
                              units=(0, 1, 2), dead=2 / 3)], None
    if what.kind == "maps":
        np.savez(data, output=output(what.layer, what.paths[0]), input=np.array((8, 8)), **PLACE)
        return [FeaturesShown(kind=what.kind, layer=what.layer, shape=shape, path=what.paths[0], data_file=data)], None
    if what.kind == "filters":
        if what.layer != "conv":
            return [], error("no_filters", same(f"{what.layer} is no convolution"), "run")
        np.savez(data, tiles=np.zeros((3, 3, 3, 3), np.uint8))
        return [FeaturesShown(kind=what.kind, layer="conv", data_file=data)], None
    if what.kind == "field":
        np.savez(data, heat=np.ones((8, 8), np.float32), **PLACE)
        return [FeaturesShown(kind=what.kind, layer=what.layer, data_file=data, position=what.position, box=(4, 4, 6, 6),
                              effective=0.25)], None
    if what.kind == "exciting":
        return [FeaturesShown(kind=what.kind, layer=what.layer, unit=what.units[0], pictures=tuple(
            FeaturePicture(path=path, activation=1.5, box=(0, 0, 4, 4), size=(16, 16)) for path in what.paths))], None
    cv2.imwrite(str(target / "m.png"), np.zeros((8, 8, 3), np.uint8))
    return [FeaturesShown(kind=what.kind, layer=what.layer, unit=what.units[0], file=str(target / "m.png"),
                          activation=7.5)], None


def child(endpoint: Endpoint) -> None:
    link = Link(endpoint)
    assert isinstance(link.job(), Serve)
    link.emit(Ready(engine="keras", class_names=("a", "b")))
    while (request := link.predictions.get()) is not None:
        assert isinstance(request, LookInside)
        events, problem = answers(request.what)
        for event in events:
            link.emit(event.__class__(**{name: getattr(event, name) for name in event.__struct_fields__} | {
                "request": request.request}))
        link.emit(Answered(request=request.request, pictures=1, seconds=0.01, engine="keras", problem=problem))
    link.emit(Stopped(kept=True))
