"""What the time machine shows: the kept epochs with the positions of the pictures. Painted by `painting`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtGui import QColor

from cnnstudio.core.dataset import SPLIT_NAMES
from cnnstudio.core.display import format_percent
from cnnstudio.core.text import format_number, tr
from cnnstudio.evaluation.replays import EpochReplay, align


@dataclass(frozen=True, eq=False)
class Scene:
    """`positions` of every replay, float32 (n, 2) within -1 to 1. `split` names the pictures."""

    replays: tuple[EpochReplay, ...]
    positions: tuple[np.ndarray, ...]
    colors: tuple[QColor, ...]
    split: str

    def __len__(self) -> int:
        return len(self.replays)

    @property
    def class_names(self) -> tuple[str, ...]:
        return self.replays[-1].class_names

    @cached_property
    def epochs(self) -> tuple[int, ...]:
        return tuple(replay.epoch for replay in self.replays)

    def title(self, index: int) -> str:
        """The epoch, as a headline."""
        return tr("Epoch {n} of {all}", "Época {n} de {all}", n=self.epochs[index], all=self.epochs[-1])

    def figures(self, index: int) -> str:
        """Its figures, and on which pictures they were measured."""
        replay = self.replays[index]
        split = str(SPLIT_NAMES.get(self.split, tr("other pictures", "otras imágenes"))).lower()
        return tr("accuracy {accuracy}   loss {loss}   {n} pictures ({split})",
                  "exactitud {accuracy}   pérdida {loss}   {n} imágenes ({split})",
                  accuracy=format_percent(replay.accuracy), loss=format_number(replay.loss, ".3f"),
                  n=format_number(len(replay.paths), ","), split=split)


def make_scene(replays: Sequence[EpochReplay], colors: Sequence[QColor], split: str) -> Scene:
    """The scene of replays of the same pictures, which takes a moment: it aligns the maps."""
    return Scene(tuple(replays), tuple(align(list(replays))), tuple(colors), split)
