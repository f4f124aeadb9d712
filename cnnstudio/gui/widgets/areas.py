"""Scroll areas without a frame, and one that scrolls sideways alone."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget


def bare_area(content: QWidget) -> QScrollArea:
    """A scroll area without a frame and a ground of its own."""
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    content.setObjectName("scrolled")
    # A viewport of our own: to wrap the one that Qt made, PySide first prepares most classes of widgets (17 ms at the start).
    viewport = QWidget()
    area.setViewport(viewport)
    area.setWidget(content)
    viewport.setAutoFillBackground(False)
    content.setAutoFillBackground(False)
    return area


def sideways_area(widget: QWidget) -> QScrollArea:
    """`widget` in an area without a frame that scrolls sideways where it would be cut off; it is as high as the area."""
    area = bare_area(_Content(widget))
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
    area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area


class _Content(QWidget):
    """Gives one widget all its room. It has no layout: the area would ask that for a height of its own."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__()
        self._widget = widget
        widget.setParent(self)
        widget.show()

    def minimumSizeHint(self) -> QSize:
        return QSize(max(self._widget.minimumSizeHint().width(), self._widget.minimumWidth()), 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._widget.setGeometry(self.rect())
        super().resizeEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().event(event)
