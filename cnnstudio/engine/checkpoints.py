"""Checkpoints of a training: written whole or not at all, the last two kept, a damaged one passed over."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from cnnstudio.core.atomic import write_problem
from cnnstudio.core.problems import ProblemError

KEPT: Final = 2


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a training stands: `epoch` epochs are done, and `batch` batches of the next one.

    `logs` are the metrics of the epochs done; `callbacks` the state of each callback by its id;
    `totals` are the sums of metrics within an epoch; `finished` tells that no further epoch is wanted.
    """

    epoch: int = 0
    batch: int = 0
    logs: tuple[dict[str, float], ...] = ()
    callbacks: dict[str, dict[str, Any]] = {}
    shapes: dict[str, list[tuple[int, ...]]] = {}
    totals: dict[str, float] = {}
    finished: bool = False


Arrays = Mapping[str, list[np.ndarray]]


def write_checkpoint(folder: Path, place: Place, arrays: Arrays) -> Path:
    """Write the groups of arrays and the place; then drop all but the last two. Raises ProblemError."""
    path = folder / f"epoch-{place.epoch:05}-{place.batch:06}.ckpt"
    flat = {f"{group}/{number}": array for group, each in arrays.items() for number, array in enumerate(each)}
    place = msgspec.structs.replace(
        place, shapes={group: [tuple(array.shape) for array in each] for group, each in arrays.items()})
    flat["place"] = np.frombuffer(msgspec.json.encode(place), np.uint8)
    temporary = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=folder)
        temporary = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            np.savez(file, allow_pickle=False, **flat)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as trouble:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()
        raise ProblemError(write_problem(trouble, path)) from trouble
    for old in _paths(folder)[KEPT:]:
        with contextlib.suppress(OSError):
            old.unlink()
    return path


def read_checkpoint(folder: Path) -> tuple[Place, dict[str, list[np.ndarray]]] | None:
    """The newest checkpoint that is whole, or None. What is truncated or foreign is passed over."""
    for path in _paths(folder):
        try:
            return _read(path)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, msgspec.MsgspecError):
            continue
    return None


def _read(path: Path) -> tuple[Place, dict[str, list[np.ndarray]]]:
    with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as archive:
        place = msgspec.json.decode(archive["place"].tobytes(), type=Place)
        return place, {group: [archive[f"{group}/{number}"] for number in range(len(shapes))]
                       for group, shapes in place.shapes.items()}


def _paths(folder: Path) -> list[Path]:
    """Newest first."""
    return sorted(folder.glob("epoch-*.ckpt"), reverse=True)
