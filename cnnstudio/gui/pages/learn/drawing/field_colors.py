"""The colour of a layer by its depth: from the first to the last, so that frames inside one another can be told apart."""

from __future__ import annotations

from PySide6.QtGui import QColor

_FIRST, _LAST = (0.14, 0.62)
"""Hues from yellow to blue."""


def depth_color(place: int, count: int) -> QColor:
    """The colour of layer number `place` of `count`; a picture lies below it in both themes."""
    share = place / max(1, count - 1)
    return QColor.fromHslF(_FIRST + (_LAST - _FIRST) * share, 0.85, 0.58)
