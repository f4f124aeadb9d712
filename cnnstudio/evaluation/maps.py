"""The map of an evaluated split: where its pictures lie by their features, and which pictures are nearest to each."""

from __future__ import annotations

import io
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.foreign_files import LARGEST, decode_json, read_bytes

FORMAT: Final = 1


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    format: int
    split: str
    layout: str
    layer: str
    classifier: str
    pooled: bool
    far: float
    class_names: tuple[str, ...]
    paths: tuple[str, ...]
    train_paths: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class EvaluationMap:
    """The n pictures of a split and the m training pictures, absolute paths with labels (numbers of `class_names`).

    `position` float32 (n, 2) and `train_position` (m, 2) are within -1 to 1; NaN where a training picture is not laid out.
    `near_train` and `near_split` int32 (n, k) are rows of the nearest ones, nearest first, -1 where there are none, with
    their cosine distances float32 (n, k). 99 % of the training pictures have another one within `far`.
    """

    split: str
    layout: str
    layer: str
    classifier: str
    pooled: bool
    far: float
    class_names: tuple[str, ...]
    paths: tuple[str, ...]
    labels: np.ndarray
    position: np.ndarray
    train_paths: tuple[str, ...]
    train_labels: np.ndarray
    train_position: np.ndarray
    near_train: np.ndarray
    near_train_distance: np.ndarray
    near_split: np.ndarray
    near_split_distance: np.ndarray


_ARRAYS: Final = ("labels", "position", "train_labels", "train_position", "near_train", "near_train_distance", "near_split",
                  "near_split_distance")


def write_evaluation_map(path: Path, found: EvaluationMap) -> None:
    """Write atomically, without pickle; raises ProblemError."""
    head = _Head(format=FORMAT, **{name: getattr(found, name) for name in _Head.__struct_fields__ if name != "format"})
    buffer = io.BytesIO()
    np.savez(buffer, head=np.frombuffer(msgspec.json.encode(head), np.uint8),
             **{name: getattr(found, name) for name in _ARRAYS})
    write_atomically(path, buffer.getvalue())


def find_evaluation_map(path: Path) -> EvaluationMap | None:
    """The map in a file; None where it is missing or damaged."""
    try:
        with np.load(io.BytesIO(read_bytes(path, LARGEST)), allow_pickle=False) as arrays:
            head = decode_json(bytes(arrays["head"]), _Head)
            found = EvaluationMap(**{name: getattr(head, name) for name in _Head.__struct_fields__ if name != "format"},
                                  **{name: arrays[name] for name in _ARRAYS})
        if head.format != FORMAT or not _fits(found):
            return None
        os.utime(path)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return None
    return found


def _fits(found: EvaluationMap) -> bool:
    count, trained = len(found.paths), len(found.train_paths)
    shapes = {"labels": (count,), "position": (count, 2), "train_labels": (trained,), "train_position": (trained, 2)}
    near = (found.near_train, found.near_train_distance, found.near_split, found.near_split_distance)
    return (all(getattr(found, name).shape == shape for name, shape in shapes.items())
            and all(item.ndim == 2 and len(item) == count for item in near)
            and found.near_train.max(initial=-1) < trained and found.near_split.max(initial=-1) < count
            and max(found.labels.max(initial=-1), found.train_labels.max(initial=-1)) < len(found.class_names))
