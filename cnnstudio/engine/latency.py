"""The MeasureLatency job: how long a run's model takes for one picture, by the engine that answers with it elsewhere, too."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import numpy as np

from cnnstudio.core.events import Event, Finished
from cnnstudio.core.places import cache_folder
from cnnstudio.core.search_jobs import LatencyMeasured, MeasureLatency
from cnnstudio.engine.classifiers import open_classifier
from cnnstudio.engine.progress import phase
from cnnstudio.engine.real_samples import real_samples
from cnnstudio.workers.link import Link

_FEWEST: Final = 10


def measure_latency(job: MeasureLatency, link: Link) -> Event:
    """Do the job: a LatencyMeasured event. The fastest try counts, since other programs and trials only ever slow one down.
    Raises ProblemError and StopRequested."""
    phase(link, "loading")
    run = Path(job.run_folder)
    classifier = open_classifier(run, real_samples, Path(job.cache) if job.cache else cache_folder())
    pictures = real_samples(classifier.path, classifier.card)
    recipe = classifier.card.recipe
    picture = np.zeros((1, recipe.height, recipe.width, recipe.channels), np.uint8) if pictures is None else pictures[:1]
    phase(link, "evaluating")
    classifier.engine.predict(picture)
    times: list[float] = []
    end = time.perf_counter() + job.seconds
    while len(times) < _FEWEST or time.perf_counter() < end:
        link.check()
        begin = time.perf_counter()
        classifier.engine.predict(picture)
        times.append(time.perf_counter() - begin)
    link.emit(LatencyMeasured(run=run.name, milliseconds=1000 * min(times), engine=classifier.engine.name, tries=len(times)))
    return Finished(run=run.name)
