"""Leakage: duplicates of training pictures in other splits, and how much accuracy they add."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from cnnstudio.datasets.findings import all_findings
from cnnstudio.datasets.index import Index

DUPLICATE_KINDS: Final = ("exact_duplicate", "near_duplicate", "leakage", "cross_class_duplicate")
"""The kinds of findings about duplicates."""


class LeakageCost(msgspec.Struct, frozen=True, kw_only=True):
    """`leaked` of the `pictures` that were measured have a duplicate among the training pictures.

    `accuracy` is that of all, `without` that of the others alone (None if there are none), 0 to 1.
    """

    pictures: int
    leaked: int
    accuracy: float
    without: float | None

    @property
    def share(self) -> float:
        return self.leaked / self.pictures if self.pictures else 0.0


def duplicates_of(index: Index) -> dict[str, set[str]]:
    """The duplicates of every picture, by the findings of the audit, accepted ones included."""
    duplicates: dict[str, set[str]] = defaultdict(set)
    for finding in all_findings(index, DUPLICATE_KINDS, accepted=True):
        for other in finding.others:
            duplicates[finding.path].add(other)
            duplicates[other].add(finding.path)
    return dict(duplicates)


def leaked_paths(duplicates: Mapping[str, set[str]], measured: Iterable[str], learned: Iterable[str]) -> set[str]:
    """The paths of `measured` that have a duplicate in `learned`."""
    learned_paths = set(learned)
    return {path for path in measured if not learned_paths.isdisjoint(duplicates.get(path, ()))}


def leakage_cost(right: Mapping[str, bool], gone: set[str]) -> LeakageCost:
    """How much accuracy the leaked pictures `gone` add; `right` maps paths to whether the prediction is right."""
    others = [correct for path, correct in right.items() if path not in gone]
    return LeakageCost(pictures=len(right), leaked=sum(1 for path in right if path in gone),
                       accuracy=sum(right.values()) / max(1, len(right)),
                       without=sum(others) / len(others) if others else None)


def split_shares(index: Index) -> dict[str, tuple[int, int]]:
    """For validation and test: (pictures with a duplicate in training, pictures), by the current splits."""
    duplicates = duplicates_of(index)
    places: dict[str, set[str]] = {"train": set(), "validation": set(), "test": set()}
    for path, split in index.iterate("SELECT path, split FROM pictures WHERE NOT excluded AND problem IS NULL"):
        places.setdefault(split, set()).add(path)
    return {split: (len(leaked_paths(duplicates, places[split], places["train"])), len(places[split]))
            for split in ("validation", "test")}
