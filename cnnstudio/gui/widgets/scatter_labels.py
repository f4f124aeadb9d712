"""Where the labels of a scatter plot stand."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSizeF

_AWAY: Final = 9.5
"""Between a point and its label."""
NEAR: Final = 7
_FARTHEST: Final = 1.3
"""How far a label is moved up or down at most, in heights of a label: farther away it is taken for another point's."""
_LINE: Final = 5.0
"""Between a label and the line through the best points."""


def around(place: QPointF, size: QSizeF, away: float = _AWAY) -> list[QRectF]:
    """Places of a label around a point, the nearest first; behind the first `NEAR` it needs a line to its point."""
    width, height = size.width(), size.height()
    x, y = place.x(), place.y()
    near = [(x + away, y - height / 2), (x - width / 2, y - height - away), (x - width - away, y - height / 2),
            (x + 2, y - height - away + 2), (x - width / 2, y + away), (x + 2, y + away - 2),
            (x - width - 2, y + away - 2)]
    far = [(left, y - height / 2 + up) for distance in (16, 28, 42, 58) for up in (0, 10, -10, 20, -20, 32, -32)
           for left in (x + distance, x - width - distance)]
    return [QRectF(left, top, width, height) for left, top in (*near, *far)]


def beside_front(front: Sequence[QPointF], points: Sequence[tuple[QPointF, QSizeF]], bounds: QRectF) -> list[QRectF | None]:
    """Places of the labels of some points of a front (from the lower left to the upper right), on its upper left, where
    no other point can be.

    The labels keep the order of their points, so that the lines to them do not cross, and move up and down as little as
    possible. None for a label that has no room: where points are crowded, only some of them have one.
    """
    result: list[QRectF | None] = [None] * len(points)
    chosen = [number for number, (place, size) in enumerate(points) if place.x() - _AWAY - size.width() >= bounds.left()]
    while chosen:
        height = max(points[number][1].height() for number in chosen)
        if len(chosen) * height > bounds.height():
            chosen.remove(_most_crowded(chosen, points))
            continue
        # From the top on; the front rises to the right.
        ordered = sorted(chosen, key=lambda number: points[number][0].y())
        wanted = [points[number][0].y() - height / 2 for number in ordered]
        tops = _spread(wanted, height, bounds.top())
        if any(abs(top - want) > _FARTHEST * height for top, want in zip(tops, wanted, strict=True)):
            chosen.remove(_most_crowded(chosen, points))
            continue
        rects = {number: _left_of(front, points[number], top) for number, top in zip(ordered, tops, strict=True)}
        outside = [number for number, rect in rects.items() if not bounds.contains(rect)]
        if not outside:
            for number, rect in rects.items():
                result[number] = rect
            break
        chosen = [number for number in chosen if number not in outside]
    return result


def _most_crowded(chosen: Sequence[int], points: Sequence[tuple[QPointF, QSizeF]]) -> int:
    """The point with the nearest neighbours; the ends stay."""
    if len(chosen) < 3:
        return chosen[-1]
    return min(chosen[1:-1], key=lambda number: abs(points[chosen[chosen.index(number) + 1]][0].y()
                                                    - points[chosen[chosen.index(number) - 1]][0].y()))


def _spread(tops: Sequence[float], height: float, least: float) -> list[float]:
    """These tops, in order and moved as little as possible (by squares), so that labels of that height do not overlap."""
    runs: list[tuple[float, int]] = []
    for number, top in enumerate(tops):
        runs.append((max(top - number * height, least), 1))
        while len(runs) > 1 and runs[-2][0] > runs[-1][0]:
            (first, many), (second, few) = runs[-2:]
            runs[-2:] = [((first * many + second * few) / (many + few), many + few)]
    flat = [mean for mean, count in runs for _ in range(count)]
    return [mean + number * height for number, mean in enumerate(flat)]


def _left_of(front: Sequence[QPointF], point: tuple[QPointF, QSizeF], top: float) -> QRectF:
    """A label at that height, left of its point and of the front."""
    place, size = point
    right = min(place.x() - _AWAY, _front_x(front, top + size.height()) - _LINE)
    return QRectF(right - size.width(), top, size.width(), size.height())


def _front_x(front: Sequence[QPointF], y: float) -> float:
    """Where the front is at the height y."""
    if y >= front[0].y():
        return front[0].x()
    for low, high in pairwise(front):
        if high.y() <= y <= low.y():
            return low.x() + (high.x() - low.x()) * (low.y() - y) / max(1e-6, low.y() - high.y())
    return front[-1].x()
