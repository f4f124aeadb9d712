"""Parts of a board that are as high as their wrapped texts need at their real width."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QSizePolicy, QWidget

from cnnstudio.gui.widgets.basics import column


def needed_height(widget: QWidget, width: int) -> int:
    """The least height of a widget with a layout, at a width. Qt's own is that of a narrow column of text."""
    layout = widget.layout()
    if isinstance(layout, QBoxLayout) and layout.hasHeightForWidth():
        return layout.minimumHeightForWidth(max(1, width))
    return widget.minimumSizeHint().height()


class Snug(QWidget):
    """A part of a board around a layout with texts."""

    def __init__(self, layout: QBoxLayout, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setLayout(layout)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)

    def fill(self, *items: QWidget | QBoxLayout) -> None:
        """Add these at the end."""
        layout = self.layout()
        assert isinstance(layout, QBoxLayout)
        for item in items:
            if isinstance(item, QWidget):
                layout.addWidget(item)
            else:
                layout.addLayout(item)

    def hasHeightForWidth(self) -> bool:
        return False

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()

    def minimumSizeHint(self) -> QSize:
        layout = self.layout()
        assert layout is not None
        return QSize(layout.minimumSize().width(), needed_height(self, self.width()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()


class OneOf(QWidget):
    """Parts of which one is shown, as high as that one."""

    def __init__(self, *parts: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self.setLayout(column(*parts, spacing=0))
        self.show_part(0)

    @property
    def current(self) -> int:
        """The number of the part on screen."""
        return next(number for number, part in enumerate(self._parts) if not part.isHidden())

    def show_part(self, number: int) -> None:
        """Show one part in place of the others."""
        for place, part in enumerate(self._parts):
            part.setVisible(place == number)
