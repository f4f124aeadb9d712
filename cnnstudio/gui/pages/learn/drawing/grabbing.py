"""Pictures and films of a widget, larger than on the screen, without disturbing it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from cnnstudio.gui.look import theme

MOST_FRAMES: Final = 240
_MARGIN: Final = 16


def grab(widget: QWidget, ratio: float = 1.0) -> QImage:
    """What a widget shows, on the ground of the window with a margin."""
    size = widget.size() + QSize(2 * _MARGIN, 2 * _MARGIN)
    image = QImage(size * ratio, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(theme.color("bg"))
    widget.render(image, QPoint(_MARGIN, _MARGIN), renderFlags=QWidget.RenderFlag.DrawChildren)
    return image


class Frames:
    """The frames of a film: a widget that is not on the screen is shown at `positions`, at most 240 of them, and drawn in the
    size that it was given."""

    def __init__(self, widget: QWidget, show: Callable[[int], None], positions: int) -> None:
        self._widget, self._show = widget, show
        step = -(-positions // MOST_FRAMES)
        self._positions = [*range(0, positions - 1, step), positions - 1] if positions > 1 else [0]
        self._next = 0
        # Not a window of its own: that would get the size that its wrapped texts would like to have.
        size = widget.size()
        self._holder = QWidget()
        self._holder.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        self._holder.resize(size)
        widget.setParent(self._holder)
        widget.resize(size)
        self._holder.show()

    def __iter__(self) -> Frames:
        return self

    def __length_hint__(self) -> int:
        return len(self._positions) - self._next

    def __next__(self) -> QImage:
        if self._next >= len(self._positions):
            self._holder.close()
            self._holder.deleteLater()
            raise StopIteration
        self._show(self._positions[self._next])
        self._next += 1
        return grab(self._widget)
