"""The drawing on a card: the module of `cards` that is called as the bench, else its icon, large."""

from __future__ import annotations

import functools
import importlib
import importlib.util
from collections.abc import Callable

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from cnnstudio.gui.look import icons
from cnnstudio.learning.benches.entry import Bench

_PACKAGE = "cnnstudio.gui.pages.learn.cards"


@functools.cache
def _painter_of(bench: str) -> Callable[[QPainter, QRectF], None] | None:
    name = f"{_PACKAGE}.{bench}"
    if importlib.util.find_spec(name) is None:
        return None
    paint: Callable[[QPainter, QRectF], None] = importlib.import_module(name).paint
    return paint


def paint_card(painter: QPainter, room: QRectF, bench: Bench) -> None:
    """Draw what a bench is about."""
    paint = _painter_of(bench.id)
    if paint is not None:
        painter.save()
        paint(painter, room)
        painter.restore()
        return
    side = min(48.0, room.height())
    icons.paint(painter, QRectF(room.center().x() - side / 2, room.center().y() - side / 2, side, side), bench.icon, "accent")
