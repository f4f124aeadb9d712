"""The Probe job: compare pretrained bases by a linear classifier on their features.

A linear probe (Alain and Bengio, "Understanding intermediate layers using linear classifier probes", 2016; so
Kornblith, Shlens and Le, "Do better ImageNet models transfer better?", 2019, compare bases). It shows in a minute how
suitable a frozen base is, before anything is trained.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from cnnstudio.catalog.bases import Base
from cnnstudio.catalog.bases.resolver import BUILT_IN, BaseResolver
from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.events import Event, Finished, Notice, Phase
from cnnstudio.core.intervals import wilson_interval
from cnnstudio.core.jobs import BasesProbed, Probe, Probed
from cnnstudio.core.messages import encode_event
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text
from cnnstudio.datasets.manifest import Entry, Manifest, read_manifest
from cnnstudio.engine import features, inference
from cnnstudio.engine.embedding import base_extractor
from cnnstudio.engine.evaluation import nothing_usable_problem
from cnnstudio.engine.pixels import notices, prepare_pictures
from cnnstudio.engine.progress import ThrottledProgress, phase
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.workers.link import Link

_STRENGTHS: Final = (0.1, 1.0, 10.0, 100.0)
"""Candidates of inverse regularisation times the number of features."""
_ASIDE: Final = 0.25
"""Share of the training pictures that is set aside to choose the regularisation."""
_TIMED: Final = 3


class _BaseLink(Link):
    """The job's link for one base: phases get the name of the base."""

    def __init__(self, link: Link, label: str) -> None:
        self._link = link
        self._label = label

    def emit(self, event: Event) -> None:
        if isinstance(event, Phase):
            text = Text("{base}: {words}", "{base}: {words}").fill(base=self._label, words=event.text)
            event = msgspec.structs.replace(event, text=text)
        self._link.emit(event)

    def check(self) -> None:
        self._link.check()


def probe(job: Probe, link: Link) -> Event:
    """Do the job: a BasesProbed event after every base, kept in its file. Raises ProblemError and StopRequested."""
    cache = Path(job.cache) if job.cache else cache_folder()
    bases: BaseResolver = ProjectBases(Path(job.project)) if job.project else BUILT_IN
    manifest = read_manifest(Path(job.manifest))
    entries = [*spread(manifest.split("train"), job.most), *spread(manifest.split("validation"), job.most)]
    rows: list[Probed] = []
    failed: dict[str, Problem] = {}
    noticed: set[str] = set()
    training = validation = 0
    for place, name in enumerate(job.bases, start=1):
        link.check()
        base = bases.find(name)
        if base is None:
            failed[name] = own_base_gone_problem(name)
            link.emit(Notice(problem=msgspec.structs.replace(failed[name], severity="warning")))
            continue
        of_base = _BaseLink(link, f"{base.label} ({place}/{len(job.bases)})")
        try:
            row, training, validation = _probe_base(base, job, manifest, entries, cache, of_base, noticed, bases)
            rows.append(row)
        except ProblemError as problem_error:
            failed[name] = problem_error.problems[0]
            link.emit(Notice(problem=msgspec.structs.replace(problem_error.problems[0], severity="warning")))
        rows.sort(key=lambda entry: (-entry.accuracy, entry.milliseconds))
        event = BasesProbed(rows=tuple(rows), absent=job.absent, failed=failed, training=training, validation=validation,
                            classes=len(manifest.header.class_names), key=job.key)
        write_atomically(Path(job.target), encode_event(event))
        link.emit(event)
    if not rows and failed:
        raise ProblemError(next(iter(failed.values())))
    return Finished()


def own_base_gone_problem(name: str) -> Problem:
    """The problem of a project's base that cannot be compared."""
    text = Text("The base {name} no longer exists, or its content has changed. Choose the model again.",
                "La base {name} ya no existe o su contenido ha cambiado. Elija de nuevo el modelo.")
    return error("own_base_missing", text.fill(name=name), "network")


def spread(entries: tuple[Entry, ...], most: int) -> list[Entry]:
    """At most `most` entries, spread evenly over the list, which is sorted by class."""
    places = np.linspace(0, len(entries) - 1, min(most, len(entries))).astype(int)
    return [entries[item] for item in places.tolist()]


def _probe_base(base: Base, job: Probe, manifest: Manifest, entries: list[Entry], cache: Path, link: Link,
                noticed: set[str], bases: BaseResolver) -> tuple[Probed, int, int]:
    """The base's row, and the numbers of training and validation pictures."""
    begin = time.monotonic()
    phase(link, "loading")
    model, recipe = base_extractor(base, job.recipe, bases, job.files.get(base.id, ""))
    phase(link, "preparing")
    prepared = prepare_pictures([manifest.path(entry) for entry in entries], recipe, cache, progress=ThrottledProgress(link),
                                check=link.check)
    for problem in notices(prepared):
        # A file is damaged for every base: report it once.
        if str(problem.text) not in noticed:
            noticed.add(str(problem.text))
            link.emit(Notice(problem=problem))
    good = prepared.good
    splits = np.asarray([entries[index].split for index in good.tolist()])
    for split in ("train", "validation"):
        if not (splits == split).any():
            raise ProblemError(nothing_usable_problem(split, manifest))
    computed, _engine = features.compute(features.Cut(model, None), prepared, Project(recipe=recipe), cache, link)
    seen = np.asarray(computed.take(good), np.float32).reshape(len(good), -1)
    labels = np.asarray([entries[index].label for index in good.tolist()])
    link.check()
    phase(link, "classifying")
    learn = splits == "train"
    answers = classify(seen[learn], labels[learn], seen[~learn], link)
    accuracy = float((answers == labels[~learn]).mean())
    low, high = wilson_interval(accuracy, int((~learn).sum()))
    link.check()
    engine = inference.engine_for(model, prepared.take(good[:4]), cache)
    milliseconds = _milliseconds(engine, prepared.take(good[:engine.batch]))
    row = Probed(base=base.id, accuracy=accuracy, low=low, high=high, milliseconds=milliseconds,
                 seconds=time.monotonic() - begin, features=seen.shape[1], engine=engine.name)
    return row, int(learn.sum()), int((~learn).sum())


def classify(seen: np.ndarray, labels: np.ndarray, queries: np.ndarray, link: Link) -> np.ndarray:
    """Class numbers (m,) of the features `queries` (m, d) by logistic regression on standardised `seen` (n, d).

    The regularisation is the best on a held-out part of the training pictures; of equals the strongest.
    """
    present, sizes = np.unique(labels, return_counts=True)
    if len(present) < 2:
        return np.full(len(queries), present[0])
    strength = 1.0
    # Small classes cannot be split: use the default strength.
    if sizes.min() >= 2 and len(labels) * _ASIDE >= len(present):
        from sklearn.model_selection import train_test_split

        part, aside = train_test_split(np.arange(len(labels)), test_size=_ASIDE, random_state=0, stratify=labels)
        right = []
        for item in _STRENGTHS:
            link.check()
            classifier = _classifier(item, seen.shape[1]).fit(seen[part], labels[part])
            right.append(float((classifier.predict(seen[aside]) == labels[aside]).mean()))
        strength = _STRENGTHS[int(np.argmax(right))]
    link.check()
    return np.asarray(_classifier(strength, seen.shape[1]).fit(seen, labels).predict(queries))


def _classifier(strength: float, count: int) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(C=strength / count, max_iter=500))


def _milliseconds(engine: inference.Engine, batch: np.ndarray) -> float:
    """Time of one picture, from the fastest of a few batches, after a warm-up."""
    engine.predict(batch)
    times = []
    for _ in range(_TIMED):
        begin = time.perf_counter()
        engine.predict(batch)
        times.append(time.perf_counter() - begin)
    return 1000 * min(times) / len(batch)
