"""Prepared pictures as shards: files named by the SHA-256 of their content, each with the pixels of some hundred pictures.

Pictures are put in order by their own hashes and cut where a hash says so, so that a picture more or less changes one shard,
not all that follow. A catalogue says which row of which shard belongs to which picture of a run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from cnnstudio.core.foreign_files import LARGEST, read_json
from cnnstudio.core.problems import ProblemError
from cnnstudio.workers.cluster.cluster_problems import shard_damaged, shard_missing
from cnnstudio.workers.cluster.storage import Storage

CATALOGUE: Final = "pictures.json"
FOLDER: Final = "shards"
SHARD_BYTES: Final = 16 << 20
"""What a shard has about."""


class Shard(msgspec.Struct, frozen=True, kw_only=True):
    """`name` is the SHA-256 of its bytes, which are uint8 of (rows, *shape)."""

    name: str
    rows: int


class Row(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One picture: its shard, its row there, the number of its class, its content hash."""

    shard: int
    row: int
    label: int
    hash: str


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """The prepared pictures of a run, in the order of its manifest; `shape` is (height, width, channels)."""

    shape: tuple[int, int, int]
    shards: tuple[Shard, ...]
    train: tuple[Row, ...]
    validation: tuple[Row, ...] = ()
    class_names: tuple[str, ...] = ()

    @property
    def row_bytes(self) -> int:
        return int(np.prod(self.shape))


def read_catalogue(run_folder: Path) -> Catalogue:
    """The catalogue of a run; raises ProblemError."""
    return read_json(run_folder / CATALOGUE, Catalogue, LARGEST, "run")


def cut_in_shards(hashes: Sequence[str], rows_each: int) -> list[list[str]]:
    """The hashes in order, in groups of about `rows_each`, at most four times as many. The same hash always begins a group,
    whatever else there is."""
    groups: list[list[str]] = []
    for name in sorted(set(hashes)):
        begins = int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) % max(1, rows_each) == 0
        if not groups or begins or len(groups[-1]) >= 4 * rows_each:
            groups.append([])
        groups[-1].append(name)
    return groups


def rows_for(row_bytes: int) -> int:
    """How many pictures a shard has about."""
    return max(1, SHARD_BYTES // max(1, row_bytes))


def send_shards(storage: Storage, groups: Sequence[Sequence[str]], rows: Callable[[Sequence[str]], np.ndarray],
                progress: Callable[[int, int], None], check: Callable[[], None]) -> tuple[list[Shard], int]:
    """Put every shard that is not there yet into the storage; returns all, and how many bytes were sent.

    `rows(hashes)` gives their pixels. A shard that is there with another size was cut off: it is sent again.
    """
    there = storage.sizes(FOLDER)
    shards, sent = [], 0
    total = sum(map(len, groups))
    done = 0
    for group in groups:
        check()
        data = np.ascontiguousarray(rows(group)).tobytes()
        name = hashlib.sha256(data).hexdigest()
        if there.get(name) != len(data):
            storage.write(f"{FOLDER}/{name}", data)
            if storage.size(f"{FOLDER}/{name}") != len(data):
                raise ProblemError(shard_damaged(name))
            sent += len(data)
        shards.append(Shard(name=name, rows=len(group)))
        done += len(group)
        progress(done, total)
    return shards, sent


def share_of(rows: Sequence[Row], rank: int, world: int) -> list[int]:
    """The places in `rows` of one rank's share: whole shards, but for those at the ends. Shares differ by one picture at
    most; within a share the order is that of the manifest."""
    order = sorted(range(len(rows)), key=lambda place: (rows[place].shard, rows[place].row, place))
    begin, end = rank * len(rows) // world, (rank + 1) * len(rows) // world
    return sorted(order[begin:end])


def read_rows(storage: Storage, catalogue: Catalogue, rows: Sequence[Row], target: np.ndarray,
              progress: Callable[[int, int], None], check: Callable[[], None]) -> None:
    """Fill `target` with the pixels of these rows. Raises ProblemError (shard_missing, shard_damaged)."""
    by_shard: dict[int, list[int]] = {}
    for place, row in enumerate(rows):
        by_shard.setdefault(row.shard, []).append(place)
    done = 0
    for number, places in sorted(by_shard.items()):
        check()
        pixels = _read_shard(storage, catalogue, catalogue.shards[number])
        target[places] = pixels[[rows[place].row for place in places]]
        done += len(places)
        progress(done, len(rows))


def _read_shard(storage: Storage, catalogue: Catalogue, shard: Shard) -> np.ndarray:
    data = storage.read(f"{FOLDER}/{shard.name}")
    if data is None:
        raise ProblemError(shard_missing(shard.name))
    if hashlib.sha256(data).hexdigest() != shard.name or len(data) != shard.rows * catalogue.row_bytes:
        raise ProblemError(shard_damaged(shard.name))
    return np.frombuffer(data, np.uint8).reshape(shard.rows, *catalogue.shape)


def missing_shards(storage: Storage, catalogue: Catalogue) -> Iterator[Shard]:
    """The shards that are not in the storage, or have another size."""
    there = storage.sizes(FOLDER)
    for shard in catalogue.shards:
        if there.get(shard.name) != shard.rows * catalogue.row_bytes:
            yield shard
