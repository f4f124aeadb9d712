"""What a confusion matrix shows: counts or shares, in an order of the classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal

import numpy as np
from PySide6.QtGui import QColor, QImage

from cnnstudio.core.text import on_one_line, tr
from cnnstudio.evaluation.confusion import column_shares, row_shares
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.formatting import format_count, format_percent, format_pictures

Mode = Literal["counts", "true", "predicted"]
_FAINTEST: Final = 0.12
"""Even a single picture must be visible: the shade starts a little above nothing."""


@dataclass(frozen=True, eq=False)
class MatrixData:
    """`counts[i][j]` pictures of class i were predicted as class j, int (classes, classes). `mode`: what stands in the cells,
    the counts, or the shares of the true or of the predicted class; `order` has the classes in the order of the lines."""

    names: tuple[str, ...] = ()
    colors: tuple[QColor, ...] = ()
    counts: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    mode: Mode = "counts"
    order: tuple[int, ...] = ()

    @staticmethod
    def of(names: Sequence[str], colors: Sequence[QColor], rows: Sequence[Sequence[int]]) -> MatrixData:
        """The counts in the order of the classes."""
        counts = np.asarray(rows, np.int64).reshape(len(names), len(names))
        return MatrixData(tuple(map(on_one_line, names)), tuple(colors), counts, order=tuple(range(len(names))))

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def shares(self) -> np.ndarray:
        """The share that shades a cell, 0 to 1, float (classes, classes): of the predicted class, or else of the true one."""
        return np.asarray(np.nan_to_num(column_shares(self.counts) if self.mode == "predicted" else row_shares(self.counts)))

    @cached_property
    def places(self) -> dict[int, int]:
        """The line of each class."""
        return {number: place for place, number in enumerate(self.order)}

    def share(self, label: int, predicted: int) -> float:
        return float(self.shares[label, predicted])

    def image(self) -> QImage:
        """The whole matrix with one pixel for each cell."""
        low, high = (np.array([color.red(), color.green(), color.blue()], float)
                     for color in (theme.color("sunk"), theme.color("accent")))
        order = np.asarray(self.order, np.int64)
        shares, counts = self.shares[np.ix_(order, order)], self.counts[np.ix_(order, order)]
        strength = np.where(counts > 0, _FAINTEST + (1 - _FAINTEST) * shares, 0.0)[..., None]
        pixels = np.ascontiguousarray(np.round(low + (high - low) * strength).astype(np.uint8))
        size = len(order)
        return QImage(pixels.data, size, size, size * 3, QImage.Format.Format_RGB888).copy()

    def text(self, label: int, predicted: int) -> str:
        """What stands in a cell."""
        value = int(self.counts[label, predicted])
        if self.mode == "counts" or not value:
            return format_count(value)
        return format_percent(self.share(label, predicted), 0)

    def below(self, label: int, predicted: int) -> str:
        """What stands small below that, where there is room."""
        value = int(self.counts[label, predicted])
        return format_percent(self.share(label, predicted), 0) if self.mode == "counts" else format_count(value)

    def describe(self, label: int, predicted: int) -> str:
        """A cell in words, for tooltip and screen reader."""
        value, share = format_pictures(int(self.counts[label, predicted])), format_percent(self.share(label, predicted))
        if self.mode == "predicted":
            return tr("{n} of {true} predicted as {predicted}: {share} of these predictions",
                      "{n} de {true} predichas como {predicted}: {share} de estas predicciones", n=value,
                      true=self.names[label], predicted=self.names[predicted], share=share)
        if label == predicted:
            return tr("{n} of {name} recognised ({share})", "{n} de {name} reconocidas ({share})", n=value,
                      name=self.names[label], share=share)
        return tr("{n} of {true} predicted as {predicted} ({share})", "{n} de {true} predichas como {predicted} ({share})",
                  n=value, true=self.names[label], predicted=self.names[predicted], share=share)
