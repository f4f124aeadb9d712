"""Scripted children for the benches: they answer as the engine does, without Keras."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import numpy as np

from cnnstudio.core.events import Finished, Phase, Stopped
from cnnstudio.core.explain_jobs import FeaturesShown, LookInside
from cnnstudio.core.jobs import Answered, Ready, Serve
from cnnstudio.core.learning_jobs import CompareRemedies, LossSliced, PipelineRan, RemedyEpoch, RunPipeline, SliceLoss
from cnnstudio.core.text import same
from cnnstudio.learning.benches.pipeline.pipeline import simulate, to_cards
from cnnstudio.workers.link import Link
from cnnstudio.workers.transport import Endpoint

LAYERS = (("input", "Rescaling", (8, 8, 1)), ("conv", "Conv2D", (6, 6, 3)), ("pool", "MaxPooling2D", (3, 3, 3)),
          ("flatten", "Flatten", (27,)))
PLACE = {"size": np.array((8, 8)), "source": np.array((0, 0, 8, 8)), "target": np.array((0, 0, 8, 8))}


def learns(endpoint: Endpoint) -> None:
    """Every network gets better; the first one only on what it learned."""
    link = Link(endpoint)
    job = link.job()
    assert isinstance(job, CompareRemedies)
    with np.load(job.data) as data:
        assert len(data["x"]) and len(data["val_x"])
    link.emit(Phase(name="training", text=same("training")))
    for epoch in range(1, job.epochs + 1):
        for place in range(len(job.remedies)):
            share = epoch / job.epochs
            link.emit(RemedyEpoch(place=place, epoch=epoch, epochs=job.epochs, loss=1 - share / 2, accuracy=share,
                                  val_loss=1.0, val_accuracy=share * (0.5 if place == 0 else 0.9)))
    link.emit(Finished())


def slices(endpoint: Endpoint) -> None:
    """A bowl around (0.2, 0)."""
    link = Link(endpoint)
    job = link.job()
    assert isinstance(job, SliceLoss)
    axis = np.linspace(-job.span, job.span, 9)
    losses = tuple(tuple(float(0.1 + (x - 0.2) ** 2 + y * y) for y in axis) for x in axis)
    link.emit(LossSliced(losses=losses, span=job.span, pictures=7, split="train", run="r", weights=1234))
    link.emit(Finished())


def slices_slowly(endpoint: Endpoint) -> None:
    """The same after a while, in which the window is built anew."""
    time.sleep(3)
    slices(endpoint)


def runs_pipeline(endpoint: Endpoint) -> None:
    """TensorFlow that shuffles as the bench does."""
    link = Link(endpoint)
    job = link.job()
    assert isinstance(job, RunPipeline)
    outcome = simulate(to_cards(list(job.cards)))
    link.emit(PipelineRan(lines=outcome.elements, error="" if outcome.problem is None else "ValueError: no"))
    link.emit(Finished())


def looks_inside(endpoint: Endpoint) -> None:
    """A server with the layers above."""
    link = Link(endpoint)
    assert isinstance(link.job(), Serve)
    link.emit(Ready(engine="keras", class_names=("a", "b")))
    while (request := link.predictions.get()) is not None:
        assert isinstance(request, LookInside)
        what = request.what
        data = str(Path(what.target) / f"{what.kind}.npz")
        shape = next((shape for name, _type, shape in LAYERS if name == what.layer), ())
        events = []
        if what.kind == "layers":
            events = [FeaturesShown(kind="layers", layer=name, type=kind, shape=shape) for name, kind, shape in LAYERS]
        elif what.kind == "maps":
            np.savez(data, output=np.random.default_rng(1).random(shape).astype(np.float32), input=np.array((8, 8)), **PLACE)
            events = [FeaturesShown(kind="maps", layer=what.layer, shape=shape, data_file=data)]
        elif what.kind == "field":
            side = {"input": 1, "conv": 3, "pool": 4}[what.layer]
            np.savez(data, heat=np.ones((8, 8), np.float32), box=np.array((2, 2, side, side)), **PLACE)
            events = [FeaturesShown(kind="field", layer=what.layer, data_file=data, position=what.position,
                                    box=(2, 2, side, side), effective=0.5)]
        for event in events:
            link.emit(msgspec.structs.replace(event, request=request.request))
        link.emit(Answered(request=request.request, pictures=1, seconds=0.01, engine="keras"))
    link.emit(Stopped(kept=True))
