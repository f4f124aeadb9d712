"""Panels side by side, or over each other, with a grip between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSplitter, QSplitterHandle, QWidget

from cnnstudio.gui.look import theme

GRIP: Final = 9
"""The width of a grip in pixels: wide enough to be hit with the mouse."""


class Splitter(QSplitter):
    """One panel, `flexible`, takes the room that the others leave; they become narrower before it has less than `roomy`.

    A window that is too narrow for the wanted widths squeezes the panels; they get them back when it grows.
    """

    widths_changed = Signal(list)
    """The user dragged a grip: the wanted widths of all panels."""

    def __init__(self, flexible: int, widths: Sequence[int], parent: QWidget | None = None, *, roomy: int = 0) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._flexible, self._roomy = flexible, roomy
        self._wanted = list(widths)
        self.setHandleWidth(GRIP)
        self.setChildrenCollapsible(False)
        self.splitterMoved.connect(self._on_moved)

    def createHandle(self) -> QSplitterHandle:
        return _Grip(self.orientation(), self)

    def restore_widths(self) -> None:
        """Give every visible panel the width that is wanted, as far as there is room."""
        panels = [panel for place in range(self.count()) if (panel := self.widget(place)) is not None]
        if len(panels) != len(self._wanted) or not self.width():
            return
        shown = [place for place, panel in enumerate(panels) if not panel.isHidden()]
        least = [max(panel.minimumWidth(), panel.minimumSizeHint().width()) for panel in panels]
        widths = [0] * len(panels)
        room = self.width() - GRIP * max(0, len(shown) - 1)
        fixed = [place for place in shown if place != self._flexible]
        for place in fixed:
            widths[place] = max(least[place], self._wanted[place])
        missing = sum(widths) + (max(least[self._flexible], self._roomy) if self._flexible in shown else 0) - room
        for place in reversed(fixed):
            give = min(max(0, missing), widths[place] - least[place])
            widths[place] -= give
            missing -= give
        if self._flexible in shown:
            widths[self._flexible] = max(least[self._flexible], room - sum(widths))
        # A panel that was just hidden or shown counts from now on.
        self.refresh()
        self.setSizes(widths)

    def _on_moved(self) -> None:
        for place, width in enumerate(self.sizes()):
            if width:
                self._wanted[place] = width
        self.widths_changed.emit(list(self._wanted))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.restore_widths()


class Stacked(QSplitter):
    """Two panels over each other with the same grip; `height_changed` with that of the lower one when the user dragged it. The
    upper one takes the room that the lower one leaves."""

    height_changed = Signal(int)

    def __init__(self, upper: QWidget, lower: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self.setHandleWidth(GRIP)
        self.addWidget(upper)
        self.addWidget(lower)
        self.setStretchFactor(0, 1)
        self.setChildrenCollapsible(False)
        self.splitterMoved.connect(lambda *_: self.height_changed.emit(lower.height()))

    def createHandle(self) -> QSplitterHandle:
        return _Grip(self.orientation(), self)


class _Grip(QSplitterHandle):
    """Three dots; a bar in the accent colour while the mouse is on it."""

    def __init__(self, orientation: Qt.Orientation, parent: QSplitter) -> None:
        super().__init__(orientation, parent)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.HoverEnter, QEvent.Type.HoverLeave):
            self.update()
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        middle = QRectF(self.rect()).center()
        upright = self.orientation() == Qt.Orientation.Horizontal
        if self.underMouse():
            painter.setBrush(theme.color("accent"))
            bar = (QRectF(middle.x() - 1.5, 0, 3, self.height()) if upright
                   else QRectF(0, middle.y() - 1.5, self.width(), 3))
            painter.drawRoundedRect(bar, 1.5, 1.5)
            return
        painter.setBrush(theme.color("faint"))
        for step in (-6, 0, 6):
            painter.drawEllipse(middle + (QPointF(0, step) if upright else QPointF(step, 0)), 1.4, 1.4)
