"""What the thresholds of the audit divide: the measured values of the pictures and classes, each in its threshold's unit."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.datasets.audit.duplicate_rules import present_pairs
from cnnstudio.datasets.audit.duplicates import Cancelled, exact_groups, near_duplicates
from cnnstudio.datasets.audit.rules import FEW_COLORS, Row, are_gray, judged, limit_scale, odd_distances, read_rows
from cnnstudio.datasets.embedding import Embedding
from cnnstudio.datasets.index import Index

FARTHEST: Final = 0.3
"""Up to this difference near duplicates are looked for, whatever the threshold."""

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """`values` in rising order, and the `pictures` (ids) they belong to; those of classes have none.

    Found are the values above the threshold, or below it; with `inclusive` also those on it. Below `floor` a threshold
    finds no more than at it. `logarithmic`: the axis that suits, from 0 to `reach` where values are looked for up to there
    only. `scale` is the threshold in force over the one that was
    set, below 1 where the collection as a whole has small values.
    """

    values: Values
    pictures: tuple[int, ...] = ()
    above: bool = False
    inclusive: bool = False
    floor: float = 0.0
    logarithmic: bool = False
    reach: float = 0.0
    scale: float = 1.0

    def count(self, threshold: float) -> int:
        """How many are found."""
        limit = max(threshold, self.floor)
        if self.above:
            return len(self.values) - int(np.searchsorted(self.values, limit, "left" if self.inclusive else "right"))
        return int(np.searchsorted(self.values, limit, "right" if self.inclusive else "left"))


@dataclass(frozen=True)
class _Collection:
    """The rows of pictures that are not excluded, those that could be measured, and what else values follow from."""

    index: Index
    spec: DatasetSpec
    rows: list[Row]
    good: list[Row]
    embedding: Embedding | None


def _sorted(values: Values, pictures: list[int], **more: bool | float) -> Measured:
    order = np.argsort(values, kind="stable")
    return Measured(values[order], tuple(pictures[place] for place in order), **more)  # type: ignore[arg-type]


def _quality(kind: str, field: str, *, logarithmic: bool = False) -> Callable[[_Collection], Measured | None]:
    """A measure below which pictures are found, by the scale of the collection."""
    def measure(collection: _Collection) -> Measured | None:
        good = collection.good
        if not good:
            return None
        values = np.array([getattr(row, field) for row in good], np.float64)
        scale = limit_scale(kind, values)
        kept = np.flatnonzero(judged(kind, good, collection.spec.audit))
        shown = values[kept] / scale if scale > 0 else np.empty(0)
        return _sorted(shown, [good[place].id for place in kept] if scale > 0 else [],
                       logarithmic=logarithmic, scale=scale)

    return measure


def _bright(collection: _Collection) -> Measured | None:
    good = collection.good
    if not good:
        return None
    values = np.array([row.bright for row in good], np.float64)
    scale = limit_scale("bright", values)
    if scale <= 0:
        return Measured(np.empty(0), above=True, scale=scale)
    shown = values if scale == 1.0 else 1 - (1 - values) / scale
    return _sorted(shown, [row.id for row in good], above=True, scale=scale)


def _odd(measure: Callable[[Row], float]) -> Callable[[_Collection], Measured | None]:
    def factors(collection: _Collection) -> Measured | None:
        sized = [row for row in collection.good if row.width and row.height]
        if not sized:
            return None
        away, floor = odd_distances(sized, measure)
        return _sorted(np.exp(np.abs(away)), [row.id for row in sized], above=True, floor=math.exp(floor), logarithmic=True)

    return factors


def _color_mismatch(collection: _Collection) -> Measured | None:
    """The share of the grey or the coloured pictures, whichever are fewer, for each of them."""
    good = collection.good
    if not good:
        return None
    gray = are_gray(good)
    shares = np.where(gray, gray.mean(), (~gray).mean())
    fewer = np.flatnonzero(shares <= 0.5) if len(good) >= FEW_COLORS else np.empty(0, np.int64)
    return _sorted(shares[fewer], [good[place].id for place in fewer], inclusive=True)


def _class_sizes(collection: _Collection) -> Values:
    totals = {name: sum(splits.values()) for name, splits in collection.index.counts().items()}
    return np.array([totals.get(name, 0) for name in collection.index.class_names(collection.spec) if name], np.float64)


def _tiny_class(collection: _Collection) -> Measured | None:
    sizes = _class_sizes(collection)
    return Measured(np.sort(sizes), logarithmic=True) if len(sizes) else None


def _imbalance(collection: _Collection) -> Measured | None:
    sizes = _class_sizes(collection)
    present = sizes[sizes > 0]
    if len(sizes) < 2 or not len(present):
        return None
    return Measured(np.sort(sizes.max() / present), above=True, logarithmic=True)


def _outlier(collection: _Collection) -> Measured | None:
    embedding = collection.embedding
    if embedding is None:
        return None
    ids = {row.path: row.id for row in collection.rows}
    kept = [place for place, path in enumerate(embedding.paths) if path in ids]
    return _sorted(embedding.outlier[kept].astype(np.float64), [ids[embedding.paths[place]] for place in kept],
                   above=True, inclusive=True)


def _mislabeled(collection: _Collection) -> Measured | None:
    """Only pictures of which the classifier names another class than they have."""
    embedding = collection.embedding
    if embedding is None or not len(embedding.label_quality):
        return None
    rows = {row.path: row for row in collection.rows}
    kept = [int(place) for place in np.flatnonzero(embedding.mislabeled)
            if (row := rows.get(embedding.paths[place])) is not None and row.class_name != embedding.suggested[place]]
    return _sorted(embedding.label_quality[kept].astype(np.float64), [rows[embedding.paths[place]].id for place in kept])


_MEASURES: Final[dict[str, Callable[[_Collection], Measured | None]]] = {
    "blurry": _quality("blurry", "sharpness", logarithmic=True),
    "dark": _quality("dark", "dark"),
    "bright": _bright,
    "low_contrast": _quality("low_contrast", "contrast"),
    "low_information": _quality("low_information", "entropy"),
    "odd_size": _odd(lambda row: math.sqrt((row.width or 1) * (row.height or 1))),
    "odd_ratio": _odd(lambda row: (row.width or 1) / (row.height or 1)),
    "color_mismatch": _color_mismatch,
    "imbalance": _imbalance,
    "tiny_class": _tiny_class,
    "outlier": _outlier,
    "mislabeled": _mislabeled,
}
NEAR: Final = "near_duplicate"
MEASURED: Final = (NEAR, *_MEASURES)
"""The thresholds that divide measured values, by their fields in the AuditSpec."""


def threshold_values(index: Index, spec: DatasetSpec, embedding: Embedding | None = None) -> dict[str, Measured | None]:
    """What every threshold divides, but for near duplicates (`near_values`); None where nothing is measured yet."""
    rows = [row for row in read_rows(index) if not row.excluded]
    collection = _Collection(index, spec, rows, [row for row in rows if row.brightness is not None], embedding)
    return {name: measure(collection) for name, measure in _MEASURES.items()}


def near_values(index: Index, spec: DatasetSpec, cancelled: Cancelled = lambda: False) -> Measured | None:
    """The differences at which one more picture becomes a near duplicate of others; None where nothing is measured.

    Pictures are joined pair by pair, the most similar first, as the groups of near duplicates are: each joining makes
    one picture superfluous.
    """
    rows = {row.id: row for row in read_rows(index) if not row.excluded}
    if not any(row.brightness is not None for row in rows.values()):
        return None
    reach = max(FARTHEST, spec.audit.near_duplicate)
    near = near_duplicates(index, reach, flips=spec.audit.flips, cancelled=cancelled)
    parents: dict[int, int] = {}

    def root(item: int) -> int:
        while (parent := parents.get(item, item)) != item:
            parents[item] = parents.get(parent, parent)
            item = parent
        return item

    values, pictures = [], []
    for pair in sorted(present_pairs(exact_groups(index), near, rows), key=lambda item: item.difference):
        first, second = root(pair.first), root(pair.second)
        if first != second:
            parents[second] = first
            values.append(pair.difference)
            pictures.append(pair.second)
    return Measured(np.array(values, np.float64), tuple(pictures), inclusive=True, reach=reach)
