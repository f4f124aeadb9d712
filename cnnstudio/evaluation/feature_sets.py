"""Features of pictures in a file that is mapped into memory, and the pictures of a set that are nearest to one.

A file has a line of JSON with the pictures, then the rows. What is damaged counts as missing: it can be computed again.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from cnnstudio.core.atomic import atomic_path
from cnnstudio.core.foreign_files import LARGEST, decode_json, open_regular

FORMAT: Final = 1
_ALIGN: Final = 64
_PAIRS: Final = 1 << 22
"""Distances in one block: 16 MB."""
_TYPICAL: Final = 2000
"""So many pictures tell how far the nearest one usually is."""


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    """What a file of features says of its rows, which begin at `offset`; `checksum` is theirs."""

    format: int
    dtype: str
    size: int
    offset: int
    checksum: str
    layer: str
    classifier: str
    pooled: bool
    class_names: tuple[str, ...]
    paths: tuple[str, ...]
    labels: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class FeatureSet:
    """Features (n, size), float32 or float16, of n pictures: `paths` are absolute, `labels` int64 (n,) numbers of
    `class_names`, -1 where the class is unknown.

    `layer` is the layer whose output they are, `classifier` the one that takes them; `pooled`: their mean over the positions.
    """

    features: np.ndarray
    paths: tuple[str, ...]
    labels: np.ndarray
    class_names: tuple[str, ...]
    layer: str
    classifier: str
    pooled: bool = False

    def __len__(self) -> int:
        return len(self.paths)

    def class_name(self, number: int) -> str:
        """The class of picture `number` of the set, "" where it is unknown."""
        label = int(self.labels[number])
        return self.class_names[label] if label >= 0 else ""

    def nearest(self, vector: Sequence[float] | np.ndarray, count: int = 10, without: str = "") -> tuple[Neighbour, ...]:
        """The `count` pictures of the set nearest to a feature vector (size,), nearest first. `without` is left out, so that
        a picture is not its own neighbour."""
        query = np.asarray(vector, np.float32).reshape(1, -1)
        rows, distances = nearest(self.features, query, count + 1)
        found = [Neighbour(path=self.paths[row], class_name=self.class_name(row), distance=float(distance))
                 for row, distance in zip(rows[0].tolist(), distances[0], strict=True) if row >= 0]
        return tuple(item for item in found if item.path != without)[:count]


class Neighbour(msgspec.Struct, frozen=True, kw_only=True):
    """A near picture; `distance` is the cosine distance (0: same direction, 1: nothing in common, 2: opposite)."""

    path: str
    class_name: str
    distance: float


def unit_rows(features: np.ndarray) -> np.ndarray:
    """float32 rows of length 1; what is zero, or no number, becomes 0."""
    wide = np.nan_to_num(np.asarray(features, np.float32), nan=0.0, posinf=65504.0, neginf=-65504.0)
    length = np.linalg.norm(wide, axis=1, keepdims=True)
    return np.asarray(wide / np.where(length > 0, length, 1), np.float32)


def nearest(features: np.ndarray, queries: np.ndarray, count: int, without_self: bool = False,
            progress: Callable[[int, int], None] = lambda _done, _total: None) -> tuple[np.ndarray, np.ndarray]:
    """(int64 (q, count) rows, float32 (q, count) cosine distances) of the rows of `features` (n, d) nearest to each of
    `queries` (q, d), nearest first, of equal ones the first; -1 and NaN where there are too few.

    Exact: all pairs are compared, in blocks. `without_self`: the queries are the features themselves, and none is its own
    neighbour. `progress(done, total)` counts rows, and may raise to cancel.
    """
    asked = unit_rows(queries)
    best = np.full((len(asked), count), np.inf, np.float32)
    rows = np.full((len(asked), count), -1, np.int64)
    step = max(1, _PAIRS // max(1, len(asked)))
    for begin in range(0, len(features), step):
        block = unit_rows(features[begin:begin + step])
        apart = np.clip(1 - asked @ block.T, 0, 2)
        numbers = np.broadcast_to(np.arange(begin, begin + len(block)), apart.shape)
        if without_self:
            apart[numbers == np.arange(len(asked))[:, None]] = np.inf
        joined, places = np.concatenate([best, apart], axis=1), np.concatenate([rows, numbers], axis=1)
        if joined.shape[1] > 4 * count:
            # Beyond the distance of the last that can be among them nothing needs to be sorted.
            edge = np.partition(joined, count - 1, axis=1)[:, count - 1:count]
            few = int((joined <= edge).sum(axis=1).max())
            near = np.sort(np.argpartition(np.where(joined <= edge, joined, np.inf), few - 1, axis=1)[:, :few], axis=1)
            joined, places = np.take_along_axis(joined, near, axis=1), np.take_along_axis(places, near, axis=1)
        order = np.lexsort((places, joined), axis=1)[:, :count]
        best, rows = np.take_along_axis(joined, order, axis=1), np.take_along_axis(places, order, axis=1)
        progress(begin + len(block), len(features))
    missing = ~np.isfinite(best)
    return np.where(missing, -1, rows), np.where(missing, np.nan, best).astype(np.float32)


def typical_distances(features: np.ndarray) -> np.ndarray:
    """float32 (at most 2,000,), ascending: how far the nearest other picture of the set is, of pictures spread over it. What
    is farther than nearly all of these is like nothing in the set."""
    numbers = np.unique(np.linspace(0, len(features) - 1, min(len(features), _TYPICAL)).astype(np.int64))
    if len(features) < 2:
        return np.empty(0, np.float32)
    rows, distances = nearest(features, features[numbers], 2)
    own = rows[:, 0] == numbers
    # Of several equal pictures another one may come first; then its distance is the one that counts.
    return np.sort(np.where(own, distances[:, 1], distances[:, 0])).astype(np.float32)


def write_feature_set(path: Path, found: FeatureSet) -> None:
    """Write a set atomically; raises ProblemError."""
    features = np.ascontiguousarray(found.features)
    head = _Head(format=FORMAT, dtype=str(features.dtype), size=features.shape[1], offset=0,
                 checksum=_checksum(features), layer=found.layer, classifier=found.classifier, pooled=found.pooled,
                 class_names=found.class_names, paths=found.paths, labels=tuple(found.labels.tolist()))
    length = len(msgspec.json.encode(head)) + 16
    offset = -(-length // _ALIGN) * _ALIGN
    line = msgspec.json.encode(msgspec.structs.replace(head, offset=offset))
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        file.write(line.ljust(offset - 1) + b"\n")
        file.write(features.data)


def find_feature_set(path: Path) -> FeatureSet | None:
    """The set in a file, its rows mapped into memory and read-only; None where it is missing or damaged."""
    try:
        with open_regular(path, LARGEST) as file:
            head = decode_json(file.readline(), _Head)
        shape = (len(head.paths), head.size)
        if head.format != FORMAT or head.dtype not in ("float32", "float16") or len(head.labels) != len(head.paths):
            return None
        features = np.memmap(path, head.dtype, "r", offset=head.offset, shape=shape)
        labels = np.asarray(head.labels, np.int64)
        if _checksum(features) != head.checksum or (len(labels) and labels.max() >= len(head.class_names)):
            return None
        os.utime(path)
    except (OSError, ValueError, TypeError, OverflowError):
        return None
    return FeatureSet(features, head.paths, labels, head.class_names, head.layer, head.classifier, head.pooled)


def _checksum(features: np.ndarray) -> str:
    return hashlib.blake2b(np.ascontiguousarray(features).data, digest_size=16).hexdigest()
