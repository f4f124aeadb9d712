"""Find duplicates: pictures with the same bytes, and pictures with nearly the same signature."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from cnnstudio.datasets.index import Index
from cnnstudio.imaging.signature import BYTES, descriptors, differences, turned_signatures

_ALL_PAIRS: Final = 20_000
"""Up to this number of pictures every pair is compared: exact, and seconds of matrix products."""
_ROWS: Final = 1024
_TABLES: Final = 20
_NEIGHBOURS: Final = 24
_CROWD: Final = 64
_PAIRS: Final = 1 << 20

Cancelled = Callable[[], bool]


class NearDuplicate(msgspec.Struct, frozen=True, kw_only=True):
    """Two pictures (ids) that are nearly the same; `difference` 0 to 1; `turn`: index in `turned_signatures`, -1 if not
    rotated."""

    first: int
    second: int
    difference: float
    turn: int = -1


def exact_groups(index: Index) -> list[list[int]]:
    """Ids of the pictures that have the same bytes, in groups of two and more, each in the order of the ids."""
    groups: dict[str, list[int]] = defaultdict(list)
    for digest, identifier in index.iterate(
            "SELECT hash, id FROM pictures WHERE hash IN (SELECT hash FROM pictures WHERE hash IS NOT NULL"
            " GROUP BY hash HAVING COUNT(*) > 1) ORDER BY id"):
        groups[digest].append(identifier)
    return list(groups.values())


def read_signatures(index: Index) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """(ids, signatures (n, BYTES)), one for every content: of exact copies only the first."""
    ids: list[int] = []
    parts: list[bytes] = []
    for identifier, likeness in index.iterate(
            "SELECT m.picture, m.signature FROM measures m JOIN pictures p ON p.id = m.picture WHERE m.signature IS NOT"
            " NULL AND NOT EXISTS (SELECT 1 FROM pictures q WHERE q.hash = p.hash AND q.id < p.id) ORDER BY m.picture"):
        ids.append(identifier)
        parts.append(likeness)
    signatures = np.frombuffer(b"".join(parts), np.uint8).reshape(-1, BYTES) if parts else np.empty((0, BYTES), np.uint8)
    return np.asarray(ids, np.int64), signatures


def near_duplicates(index: Index, largest: float, *, flips: bool = False,
                    cancelled: Cancelled = lambda: False) -> list[NearDuplicate]:
    """All pairs of pictures whose signatures differ by at most `largest`, without exact copies."""
    ids, likenesses = read_signatures(index)
    result: dict[tuple[int, int], NearDuplicate] = {}
    for turn, second in enumerate([likenesses, *(turned_signatures(likenesses) if flips else [])], start=-1):
        if cancelled():
            break
        for one, two, difference in _pairs(likenesses, second, largest, same=turn < 0):
            key = (int(ids[one]), int(ids[two]))
            if key not in result or difference < result[key].difference:
                result[key] = NearDuplicate(first=key[0], second=key[1], difference=difference, turn=turn)
    return sorted(result.values(), key=lambda pair: (pair.first, pair.second))


def near_pairs(signatures: NDArray[np.uint8], largest: float) -> Iterable[tuple[int, int, float]]:
    """(row, row, difference) of all pairs of these signatures (n, BYTES) that differ by at most `largest`."""
    return _pairs(signatures, signatures, largest, same=True)


def _pairs(first: NDArray[np.uint8], second: NDArray[np.uint8], largest: float, *, same: bool
           ) -> Iterable[tuple[int, int, float]]:
    """(row, row, difference) with the first row smaller. `same`: both arrays are the same."""
    if len(first) < 2:
        return
    # The cosine of the angle between two signatures that differ by d is 1 - d * d / 2; that of the descriptors is near
    # it.
    least = max(0.3, 1.0 - 2.0 * largest * largest - 0.02)
    search = _compare_all if len(first) <= _ALL_PAIRS else _compare_buckets
    one, two = descriptors(first), descriptors(second)
    # The pair (picture, other picture rotated) equals (other picture, picture rotated back), which is compared as well:
    # pairs with the first id smaller are enough.
    for all_rows, all_columns in search(one, one if same else two, least):
        ordered = all_rows < all_columns
        rows, columns = all_rows[ordered], all_columns[ordered]
        for start in range(0, len(rows), _PAIRS // 8):
            left, right = rows[start:start + _PAIRS // 8], columns[start:start + _PAIRS // 8]
            measured = differences(first[left], second[right])
            for place in np.flatnonzero(measured <= largest):
                yield int(left[place]), int(right[place]), float(measured[place])


_Places = tuple[NDArray[np.int64], NDArray[np.int64]]


def _compare_all(one: NDArray[np.float32], two: NDArray[np.float32], least: float) -> Iterable[_Places]:
    """Exact, unless hundreds are similar (plain pictures, a fixed camera): then the most similar of each."""
    for start in range(0, len(one), _ROWS):
        alike = one[start:start + _ROWS] @ two[start:].T
        near = alike >= least
        crowded = np.flatnonzero(near.sum(axis=1) > _CROWD)
        for row in crowded:
            # Also the next ones in the order of the ids, so that a large group stays connected.
            following = row + 1 + np.flatnonzero(near[row, row + 1:])[:_NEIGHBOURS]
            most = np.argpartition(alike[row], -_CROWD)[-_CROWD:]
            near[row] = False
            near[row, most[alike[row, most] >= least]] = True
            near[row, following] = True
        rows, columns = np.nonzero(near)
        yield rows.astype(np.int64) + start, columns.astype(np.int64) + start


def _compare_buckets(one: NDArray[np.float32], two: NDArray[np.float32], least: float) -> Iterable[_Places]:
    """Compare signatures in the same bucket (the same side of many random planes) with their neighbours there.

    Duplicates of cosine 0.99 share a bucket of one table with probability 0.45, and of one of 20 tables with 0.99999.
    """
    random = np.random.default_rng(0)
    bits = max(12, int(np.ceil(np.log2(len(one)))))
    both = one if two is one else np.concatenate([one, two])
    seen = np.empty(0, np.int64)
    for _table in range(_TABLES):
        planes = random.standard_normal((bits + 1, one.shape[1])).astype(np.float32)
        sides = both @ planes.T
        codes = (sides[:, :bits] > 0) @ (1 << np.arange(bits, dtype=np.int64))
        order = np.lexsort((sides[:, bits], codes))
        sorted_codes = codes[order]
        for step in range(1, _NEIGHBOURS + 1):
            together = np.flatnonzero(sorted_codes[step:] == sorted_codes[:-step])
            if not len(together):
                break
            rows, columns = order[together], order[together + step]
            rows, columns = np.minimum(rows, columns), np.maximum(rows, columns)
            if two is not one:
                mixed = (rows < len(one)) & (columns >= len(one))
                rows, columns = rows[mixed], columns[mixed] - len(one)
            for start in range(0, len(rows), _PAIRS):
                left, right = rows[start:start + _PAIRS], columns[start:start + _PAIRS]
                alike = np.flatnonzero(np.einsum("ij,ij->i", one[left], two[right]) >= least)
                keys = left[alike].astype(np.int64) * len(one) + right[alike]
                fresh = alike[~np.isin(keys, seen)]
                seen = np.union1d(seen, keys)
                yield left[fresh].astype(np.int64), right[fresh].astype(np.int64)


def connected_groups(pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Connected components of the pairs, each sorted."""
    above: dict[int, int] = {}

    def top(item: int) -> int:
        while above.setdefault(item, item) != item:
            above[item] = above[above[item]]
            item = above[item]
        return item

    for one, two in pairs:
        above[top(one)] = top(two)
    groups: dict[int, list[int]] = defaultdict(list)
    for item in list(above):
        groups[top(item)].append(item)
    return sorted(sorted(group) for group in groups.values())
