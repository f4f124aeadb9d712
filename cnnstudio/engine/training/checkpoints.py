"""Checkpoints of a training: written atomically, the last two are kept, damaged ones are skipped."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from cnnstudio.core.atomic import write_problem
from cnnstudio.core.problems import ProblemError

MOST_KEPT: Final = 2
_POSITION: Final = "place"


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """The position of a training: `epoch` epochs are done, `before` of them in earlier stages, and `batch` batches of
    the next one; `stage` is the number of the stage, from 0.

    `logs` are the metrics of the epochs done, `metrics` those of what the stage before kept; `callbacks` the state of
    each callback by its id; `finished`: the stage needs no further epoch. `totals` are sums of metrics within
    an epoch, which an earlier version kept. `settings`: the plain specs of training and augmentation it was made with.
    """

    epoch: int = 0
    batch: int = 0
    stage: int = 0
    before: int = 0
    logs: tuple[dict[str, float], ...] = ()
    metrics: dict[str, float] = {}
    callbacks: dict[str, dict[str, Any]] = {}
    shapes: dict[str, list[tuple[int, ...]]] = {}
    totals: dict[str, float] = {}
    finished: bool = False
    settings: dict[str, Any] = {}


Arrays = Mapping[str, list[np.ndarray]]


def write_checkpoint(folder: Path, position: Position, arrays: Arrays) -> Path:
    """Write the groups of arrays and the position; then drop all but the last two. Raises ProblemError."""
    path = folder / f"epoch-{position.epoch:05}-{position.batch:06}.ckpt"
    flat = {f"{group}/{number}": array for group, members in arrays.items()
            for number, array in enumerate(members)}
    position = msgspec.structs.replace(
        position, shapes={group: [tuple(array.shape) for array in members] for group, members in arrays.items()})
    flat[_POSITION] = np.frombuffer(msgspec.json.encode(position), np.uint8)
    temporary = None
    try:
        folder.mkdir(exist_ok=True)  # not its parent: a run that was removed does not come back without its specs
        descriptor, name = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=folder)
        temporary = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            np.savez(file, allow_pickle=False, **flat)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as os_error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()
        raise ProblemError(write_problem(os_error, path)) from os_error
    for old in _paths(folder)[MOST_KEPT:]:
        with contextlib.suppress(OSError):
            old.unlink()
    return path


def read_checkpoint(folder: Path) -> tuple[Position, dict[str, list[np.ndarray]]] | None:
    """The newest complete checkpoint, or None. Truncated and foreign files are skipped."""
    return next(read_checkpoints(folder), None)


def read_checkpoints(folder: Path) -> Iterator[tuple[Position, dict[str, list[np.ndarray]]]]:
    """The complete checkpoints, newest first. Damaged, truncated and foreign files are skipped."""
    for path in _paths(folder):
        # NumPy and zipfile raise errors of many kinds for a damaged header; whatever it is, an older file may be whole.
        try:
            checkpoint = _read(path)
        except Exception:  # noqa: BLE001
            continue
        yield checkpoint


def _read(path: Path) -> tuple[Position, dict[str, list[np.ndarray]]]:
    with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as archive:
        position = msgspec.json.decode(archive[_POSITION].tobytes(), type=Position)
        return position, {group: [archive[f"{group}/{number}"] for number in range(len(shapes))]
                       for group, shapes in position.shapes.items()}


def _paths(folder: Path) -> list[Path]:
    """Newest first."""
    return sorted(folder.glob("epoch-*.ckpt"), reverse=True)
