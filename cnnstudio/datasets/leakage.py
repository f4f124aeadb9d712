"""What twins between the splits cost: how many test pictures were as good as learned, and what they add."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from cnnstudio.datasets.findings import all_findings
from cnnstudio.datasets.index import Index

DUPLICATE_KINDS: Final = ("exact_duplicate", "near_duplicate", "leakage", "cross_class_duplicate")
"""The findings that name twins."""


class LeakageCost(msgspec.Struct, frozen=True, kw_only=True):
    """`leaked` of `pictures` measured ones have a twin among the training pictures.

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
    """Every picture that has twins, with them, as the audit found them; accepted ones too, for they are twins."""
    twins: dict[str, set[str]] = defaultdict(set)
    for finding in all_findings(index, DUPLICATE_KINDS, accepted=True):
        for other in finding.others:
            twins[finding.path].add(other)
            twins[other].add(finding.path)
    return dict(twins)


def leaked_paths(twins: Mapping[str, set[str]], measured: Iterable[str], learned: Iterable[str]) -> set[str]:
    """Those of `measured` that have a twin in `learned` (paths)."""
    learned_paths = set(learned)
    return {path for path in measured if not learned_paths.isdisjoint(twins.get(path, ()))}


def leakage_cost(right: Mapping[str, bool], gone: set[str]) -> LeakageCost:
    """What the leaked pictures `gone` add to the accuracy over `right` (path: answered right)."""
    others = [correct for path, correct in right.items() if path not in gone]
    return LeakageCost(pictures=len(right), leaked=sum(1 for path in right if path in gone),
                       accuracy=sum(right.values()) / max(1, len(right)),
                       without=sum(others) / len(others) if others else None)


def split_shares(index: Index) -> dict[str, tuple[int, int]]:
    """For validation and test: (pictures with a twin in training, pictures), by the splits in force."""
    twins = duplicates_of(index)
    places: dict[str, set[str]] = {"train": set(), "validation": set(), "test": set()}
    for path, split in index.iterate("SELECT path, split FROM pictures WHERE NOT excluded AND problem IS NULL"):
        places.setdefault(split, set()).add(path)
    return {split: (len(leaked_paths(twins, places[split], places["train"])), len(places[split]))
            for split in ("validation", "test")}
