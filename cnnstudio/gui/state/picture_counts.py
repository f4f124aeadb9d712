"""What the window counts of a collection, asked in one go in whatever thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cnnstudio.core.dataset import DatasetSpec

if TYPE_CHECKING:
    from cnnstudio.datasets.index import Index


class PictureCounts(msgspec.Struct, frozen=True, kw_only=True):
    """`usable`: pictures by class and split; `troubles`: unreadable ones by the code of the problem; `found`:
    findings by kind; `waiting`: pictures that were not measured yet; `pinned`: see `Index.pinned_classes`."""

    classes: tuple[str, ...]
    all_classes: tuple[str, ...]
    usable: dict[str, dict[str, int]]
    troubles: dict[str, int]
    total: int
    excluded: int
    found: dict[str, int]
    waiting: int
    pinned: tuple[str, ...]


def count_pictures(index: Index, spec: DatasetSpec) -> PictureCounts:
    """Ask the index for all numbers; raises ProblemError."""
    # The window comes up before what these need is loaded.
    from cnnstudio.datasets import findings
    from cnnstudio.datasets.audit.measuring import waiting
    from cnnstudio.datasets.index import Filter

    names = index.all_class_names(spec)
    return PictureCounts(
        classes=tuple(name for name in names if name not in spec.hidden_classes), all_classes=names,
        usable=index.counts(), troubles=index.problem_counts(), total=index.count(),
        excluded=index.count(Filter(excluded="only")), found=findings.counts(index), waiting=waiting(index),
        pinned=index.pinned_classes())
