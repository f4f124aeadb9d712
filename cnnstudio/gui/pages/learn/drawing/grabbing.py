"""Pictures and films of a widget, larger than on the screen, without disturbing it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from cnnstudio.gui.look import theme

MOST_FRAMES: Final = 240


def grab(widget: QWidget, ratio: float = 1.0) -> QImage:
    """What a widget shows, on the ground of the window."""
    image = QImage(widget.size() * ratio, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(theme.color("bg"))
    widget.render(image, QPoint(), renderFlags=QWidget.RenderFlag.DrawChildren)
    return image


class Frames:
    """The frames of a film: a widget of its own is shown at `positions`, at most 240 of them, and drawn off the screen."""

    def __init__(self, widget: QWidget, show: Callable[[int], None], positions: int) -> None:
        self._widget, self._show = widget, show
        step = -(-positions // MOST_FRAMES)
        self._positions = [*range(0, positions - 1, step), positions - 1] if positions > 1 else [0]
        self._next = 0
        widget.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        widget.show()

    def __iter__(self) -> Frames:
        return self

    def __length_hint__(self) -> int:
        return len(self._positions) - self._next

    def __next__(self) -> QImage:
        if self._next >= len(self._positions):
            self._widget.close()
            self._widget.deleteLater()
            raise StopIteration
        self._show(self._positions[self._next])
        self._next += 1
        return grab(self._widget)
