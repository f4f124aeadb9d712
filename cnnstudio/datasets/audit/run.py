"""Run the audit: measure new pictures, derive all findings and store them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from cnnstudio.catalog.findings import KINDS, LEARNED
from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.text import Text
from cnnstudio.datasets import findings as stored
from cnnstudio.datasets.audit.duplicate_rules import DUPLICATE_KINDS, duplicate_findings
from cnnstudio.datasets.audit.duplicates import NearDuplicate, connected_groups, exact_groups, near_duplicates
from cnnstudio.datasets.audit.helpers import Helpers
from cnnstudio.datasets.audit.measuring import measure
from cnnstudio.datasets.audit.rules import Row, flat_as_read, picture_findings, read_rows
from cnnstudio.datasets.embedding import Embedding
from cnnstudio.datasets.findings import Finding
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.refresh import Cancelled, OnProgress, never
from cnnstudio.imaging.sample_range import TYPE_RANGE, SampleRange

ALL_KINDS: Final = frozenset(KINDS.ids())
_BURST_SECONDS: Final = 1.0


class AuditSummary(msgspec.Struct, frozen=True, kw_only=True):
    """`images` in the collection, `counts` of findings by kind (without accepted ones), and whether it is complete.

    `moved` pictures are in another split than before, so that duplicates stay together.
    """

    images: int
    counts: dict[str, int]
    seconds: float
    complete: bool
    moved: int = 0


def moved_text(moved: int) -> Text:
    """That pictures changed their split, and why."""
    if moved == 1:
        return Text("1 picture was moved to another split: duplicates and bursts are kept in the same split.",
                    "Se pasó 1 imagen a otra división: las duplicadas y las ráfagas se mantienen en la misma división.")
    return Text("{n} pictures were moved to another split: duplicates and bursts are kept in the same split.",
                "Se pasaron {n} imágenes a otra división: las duplicadas y las ráfagas se mantienen en la misma división."
                ).fill(n=moved)


def audit(index: Index, root: Path, spec: DatasetSpec, *, only: frozenset[str] | None = None,
          embedding: Embedding | None = None, on_progress: OnProgress | None = None,
          cancelled: Cancelled = never, here: bool = True, beside: Helpers | None = None,
          sample_range: SampleRange = TYPE_RANGE) -> AuditSummary:
    """Measure, derive and store; `only` limits the kinds (None: all). After a cancellation it resumes.

    `sample_range` is how the recipe reads deep pictures: some may be flat as read.

    Without `here` the calling thread does not measure itself; `beside` are helpers that are already started. `outlier`
    and `mislabeled` need an embedding; without one they are left as they are.
    """
    start = time.perf_counter()
    kinds = ALL_KINDS if only is None else only
    if embedding is None:
        kinds -= LEARNED
    if kinds - LEARNED:
        measure(index, root, on_progress, cancelled, here=here, beside=beside)
    moved = None if cancelled() else judge(index, spec, kinds, embedding, cancelled, sample_range)
    return AuditSummary(images=index.count(), counts=stored.counts(index), seconds=time.perf_counter() - start,
                        complete=moved is not None, moved=moved or 0)


def judge(index: Index, spec: DatasetSpec, kinds: frozenset[str], embedding: Embedding | None = None,
          cancelled: Cancelled = never, sample_range: SampleRange = TYPE_RANGE) -> int | None:
    """Derive findings from the current measures and store them; None if cancelled, and then no finding changes.

    Returns how many pictures are in another split than before.
    Duplicates are put into one split first: only those still in two splits are leakage.
    """
    copy_pairs, moved = None, 0
    if kinds & DUPLICATE_KINDS:
        copy_pairs = _find_duplicates(index, spec, kinds, cancelled)
        if cancelled():
            return None
        moved = index.set_groups(groups_of(index, copy_pairs))
    findings = derive(index, spec, kinds, embedding, copy_pairs, sample_range=sample_range)
    if cancelled():
        return None
    stored.store(index, findings, kinds)
    return moved


_CopyPairs = tuple[list[list[int]], list[NearDuplicate]]


def _find_duplicates(index: Index, spec: DatasetSpec, kinds: frozenset[str], cancelled: Cancelled) -> _CopyPairs:
    near = [] if kinds & DUPLICATE_KINDS == {"exact_duplicate"} else near_duplicates(
        index, spec.audit.near_duplicate, flips=spec.audit.flips, cancelled=cancelled)
    return exact_groups(index), near


def derive(index: Index, spec: DatasetSpec, kinds: frozenset[str], embedding: Embedding | None = None,
           copy_pairs: _CopyPairs | None = None, cancelled: Cancelled = never,
           sample_range: SampleRange = TYPE_RANGE) -> list[Finding]:
    """All findings of these kinds from the current measures: quick, and nothing is written."""
    present = [row for row in read_rows(index) if not row.excluded]
    findings = picture_findings(index, spec, kinds, present)
    if "flat_as_read" in kinds:
        findings += flat_as_read(present, sample_range)
    if kinds & DUPLICATE_KINDS:
        exact, near = copy_pairs if copy_pairs is not None else _find_duplicates(index, spec, kinds, cancelled)
        findings += duplicate_findings(present, exact, near, kinds)
    if embedding is not None:
        findings += learned(present, embedding, spec, kinds)
    return findings


def groups_of(index: Index, copy_pairs: _CopyPairs) -> dict[int, str]:
    """Groups of pictures that must stay in one split: duplicates, and bursts of one camera."""
    exact, near = copy_pairs
    pairs = [(group[0], other) for group in exact for other in group[1:]]
    pairs += [(pair.first, pair.second) for pair in near]
    pairs += bursts(index.rows("SELECT p.id, p.path, m.taken FROM pictures p JOIN measures m ON m.picture = p.id"
                               " WHERE m.taken IS NOT NULL"))
    groups = connected_groups(pairs)
    names = {picture.id: picture.path for picture in index.pictures([member for group in groups for member in group])}
    firsts = [min(names[item] for item in group) for group in groups]
    return {member: f"twins:{first}" for group, first in zip(groups, firsts, strict=True) for member in group}


def bursts(taken: Iterable[tuple[int, str, str]]) -> list[tuple[int, int]]:
    """Pairs of pictures (id, path, EXIF time) of one folder that were taken within a second of each other."""
    times: dict[str, list[tuple[float, int]]] = {}
    for identifier, path, text in taken:
        try:
            moment = datetime.strptime(text[:19], "%Y:%m:%d %H:%M:%S").timestamp()
        except (ValueError, OverflowError, OSError):
            continue
        times.setdefault(path.rpartition("/")[0], []).append((moment, identifier))
    pairs = []
    for moments in times.values():
        moments.sort()
        pairs += [(one[1], two[1]) for one, two in zip(moments, moments[1:], strict=False)
                  if two[0] - one[0] <= _BURST_SECONDS]
    return pairs


def learned(rows: list[Row], embedding: Embedding, spec: DatasetSpec, kinds: frozenset[str]) -> list[Finding]:
    """Outliers and probable mislabels, by an embedding."""
    by_path = {row.path: row for row in rows}
    findings: list[Finding] = []
    if "outlier" in kinds:
        text = Text("Unlike all other pictures: distance {score:.2f} of 1 by the features of {model}.",
                    "Distinta de todas las demás: distancia {score:.2f} de 1 según las características de {model}.")
        for place in np.flatnonzero(embedding.outlier >= spec.audit.outlier):
            row = by_path.get(embedding.paths[place])
            if row is not None:
                score = float(embedding.outlier[place])
                findings.append(Finding(kind="outlier", path=row.path, picture=row.id, score=score, severity="info",
                                     text=text.fill(score=score, model=Path(embedding.model).name)))
    if "mislabeled" in kinds and len(embedding.label_quality):
        findings += _mislabeled(by_path, embedding, spec)
    return findings


def _mislabeled(by_path: dict[str, Row], embedding: Embedding, spec: DatasetSpec) -> Iterable[Finding]:
    text = Text("The label is {label}, but a classifier that was not trained on this picture predicts {suggested}; label "
                "quality {quality:.0%}.",
                "La etiqueta es {label}, pero un clasificador no entrenado con esta imagen predice {suggested}; calidad de "
                "la etiqueta: {quality:.0%}.")
    suspect = embedding.mislabeled & (embedding.label_quality < spec.audit.mislabeled)
    for place in np.flatnonzero(suspect):
        row, suggested = by_path.get(embedding.paths[place]), embedding.suggested[place]
        # Pictures that were relabelled since are not reported.
        if row is None or row.class_name == suggested:
            continue
        quality = float(embedding.label_quality[place])
        yield Finding(kind="mislabeled", path=row.path, picture=row.id, score=1 - quality,
                      text=text.fill(label=row.class_name or "?", suggested=suggested, quality=quality),
                      data={"suggested": suggested})
