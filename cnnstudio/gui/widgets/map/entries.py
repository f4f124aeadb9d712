"""Colours of the dots by a value of each, with the lines of the legend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor


class Entry(NamedTuple):
    """A line of the legend: its label and colour, and the rows it covers."""

    label: str
    color: QColor
    rows: NDArray[np.intp]


def color_by(values: Sequence[Any], entries: Sequence[tuple[Any, str, QColor]],
             otherwise: QColor) -> tuple[NDArray[np.uint8], list[Entry]]:
    """(RGBA (n, 4) of dots with these values, the legend with the entries that occur). An entry is a value, its label and its
    colour; `otherwise` is the colour of all other values."""
    number = {entry[0]: position for position, entry in enumerate(entries)}
    which = np.fromiter((number.get(value, len(entries)) for value in values), np.intp, len(values))
    table = np.asarray([entry[2].getRgb() for entry in entries] + [otherwise.getRgb()], np.uint8)
    legend = []
    for position, (_value, label, color) in enumerate(entries):
        members = np.flatnonzero(which == position)
        if len(members):
            legend.append(Entry(label, color, members))
    return table[which], legend
