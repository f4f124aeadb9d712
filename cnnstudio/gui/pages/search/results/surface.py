"""A surface through scattered trials: the value between them, over two keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

CELLS: Final = 180
"""Cells of the picture in each direction."""
LEAST_POINTS: Final = 4
_Floats = npt.NDArray[np.float64]


def surface(points: Sequence[tuple[float, float, float]], cells: int = CELLS) -> tuple[_Floats, _Floats] | None:
    """The value at the middle of each cell [column, row] of the unit square by linear interpolation between (x, y, value):
    with NaN outside the trials, and with the value of the nearest trial there. None where there are too few, or all lie on a
    line. Of trials at one place the mean counts."""
    from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator
    from scipy.spatial import QhullError

    places: dict[tuple[float, float], list[float]] = {}
    for x, y, value in points:
        places.setdefault((round(x, 6), round(y, 6)), []).append(value)
    if len(places) < LEAST_POINTS:
        return None
    middles = (np.arange(cells) + 0.5) / cells
    across, up = np.meshgrid(middles, middles, indexing="ij")
    try:
        known, values = np.asarray(list(places)), np.asarray([float(np.mean(own)) for own in places.values()])
        inside = np.asarray(LinearNDInterpolator(known, values)(across, up), np.float64)
        nearest = np.asarray(NearestNDInterpolator(known, values)(across, up), np.float64)
        return inside, np.where(np.isnan(inside), nearest, inside)
    except QhullError:
        return None


def level_lines(inside: _Floats, filled: _Floats, levels: int) -> tuple[_Floats, _Floats]:
    """Lines of equal value inside the trials, as pairs of ends: x and y in the unit square."""
    from pyqtgraph.functions import isocurve

    ends: list[tuple[float, float]] = []
    low, high = float(np.nanmin(inside)), float(np.nanmax(inside))
    for level in np.linspace(low, high, levels + 2)[1:-1]:
        for one, other in isocurve(filled, level):
            if not np.isnan(inside[int(one[0]), int(one[1])]) and not np.isnan(inside[int(other[0]), int(other[1])]):
                ends += [one, other]
    places = (np.asarray(ends, np.float64).reshape(-1, 2) + 0.5) / inside.shape[0]
    return places[:, 0], places[:, 1]
