"""What a run's model of one epoch answered for the same pictures as those of the other epochs, kept in files."""

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
    epoch: int
    accuracy: float
    loss: float
    class_names: tuple[str, ...]
    paths: tuple[str, ...]
    fixed: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class EpochReplay:
    """One epoch (counted from 1) on n pictures: `labels` int64 (n,), `probabilities` float32 (n, classes), `features` float16
    (n, d), accuracy (0 to 1) and mean crossentropy `loss`.

    Of the m fixed pictures, of which `fixed` are the paths: `fixed_labels` int64 (m,), `fixed_probabilities` float32
    (m, classes), `fixed_pixels` uint8 (m, height, width, 3) as the network sees them, and `overlays` of that shape with the
    Grad-CAM map of the true class over them; (0, ...) where the network has no feature maps.
    """

    epoch: int
    accuracy: float
    loss: float
    class_names: tuple[str, ...]
    paths: tuple[str, ...]
    labels: np.ndarray
    probabilities: np.ndarray
    features: np.ndarray
    fixed: tuple[str, ...]
    fixed_labels: np.ndarray
    fixed_probabilities: np.ndarray
    fixed_pixels: np.ndarray
    overlays: np.ndarray

    @property
    def confusion(self) -> np.ndarray:
        """int64 (classes, classes): how many pictures of class i were predicted as class j."""
        count = len(self.class_names)
        return np.bincount(self.labels * count + self.probabilities.argmax(axis=1), minlength=count * count).reshape(
            count, count)


_ARRAYS: Final = ("labels", "probabilities", "features", "fixed_labels", "fixed_probabilities", "fixed_pixels", "overlays")


def write_replay(path: Path, replay: EpochReplay) -> None:
    """Write atomically, without pickle; raises ProblemError."""
    head = _Head(format=FORMAT, **{name: getattr(replay, name) for name in _Head.__struct_fields__ if name != "format"})
    buffer = io.BytesIO()
    np.savez_compressed(buffer, head=np.frombuffer(msgspec.json.encode(head), np.uint8),
                        **{name: getattr(replay, name) for name in _ARRAYS})
    write_atomically(path, buffer.getvalue())


def find_replay(path: Path) -> EpochReplay | None:
    """The replay in a file; None where it is missing or damaged."""
    try:
        with np.load(io.BytesIO(read_bytes(path, LARGEST)), allow_pickle=False) as arrays:
            head = decode_json(bytes(arrays["head"]), _Head)
            replay = EpochReplay(**{name: getattr(head, name) for name in _Head.__struct_fields__ if name != "format"},
                                 **{name: arrays[name] for name in _ARRAYS})
        count, classes, fixed = len(replay.paths), len(replay.class_names), len(replay.fixed)
        if (head.format != FORMAT or replay.probabilities.shape != (count, classes) or len(replay.features) != count
                or replay.fixed_probabilities.shape != (fixed, classes) or len(replay.fixed_pixels) != fixed
                or replay.labels.shape != (count,) or replay.labels.max(initial=0) >= classes
                or replay.labels.min(initial=0) < 0 or len(replay.overlays) not in (0, fixed)):
            return None
        os.utime(path)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return None
    return replay


def align(replays: list[EpochReplay]) -> list[np.ndarray]:
    """Positions float32 (n, 2) within -1 to 1 for the pictures in every epoch.

    The two principal components of the features of the last epoch, of rows of length 1, are the axes for all epochs: nothing
    is fitted to an epoch by itself, so that a point moves only where its features changed.
    """
    from cnnstudio.evaluation.feature_sets import unit_rows

    last = unit_rows(replays[-1].features)
    middle = last.mean(axis=0)
    _left, _values, axes = np.linalg.svd(last - middle, full_matrices=False)
    plane = np.zeros((2, last.shape[1]), np.float32)
    plane[:min(2, len(axes))] = axes[:2]
    positions = [(unit_rows(replay.features) - middle) @ plane.T for replay in replays]
    most = max(1e-9, *(float(np.abs(position).max(initial=0)) for position in positions))
    return [np.asarray(position / most, np.float32) for position in positions]
