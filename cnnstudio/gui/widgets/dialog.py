"""Windows that fit the screen."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QBoxLayout, QDialog, QLayout, QPushButton, QWidget

from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.basics import Button

_TITLE_BAR: Final = 36
"""The height in pixels of a title bar. The real one is known only after the window is on the screen."""


def fitting_geometry(wanted: QSize, screen: QRect) -> QRect:
    """A window of the wanted size in the middle of the free part of a screen; smaller where there is no room for it."""
    size = wanted.boundedTo(screen.size() - QSize(0, _TITLE_BAR))
    left = screen.left() + (screen.width() - size.width()) // 2
    top = screen.top() + _TITLE_BAR + (screen.height() - _TITLE_BAR - size.height()) // 2
    return QRect(left, top, size.width(), size.height())


def free_screen(window: QWidget) -> QRect:
    """The screen of a window without the bars of the desktop."""
    return window.screen().availableGeometry()


def fit(dialog: QDialog, layout: QBoxLayout, width: int = 480) -> None:
    """Give a dialog its layout, and the height that its wrapped texts need at that width: Qt would reserve that of a
    narrow column."""
    layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
    dialog.setLayout(layout)
    dialog.setMinimumWidth(width)
    dialog.resize(width, layout.totalHeightForWidth(width) if layout.hasHeightForWidth() else dialog.sizeHint().height())


class Dialog(QDialog):
    """A dialog that is never larger than the screen, and whose primary button is the one that Enter presses."""

    def setVisible(self, visible: bool) -> None:
        # Qt would take the first button that Tab reaches, whatever it does.
        if visible and not any(button.isDefault() for button in self.findChildren(QPushButton)):
            primary = next((button for button in self.findChildren(Button) if button.kind == "primary"), None)
            if primary is not None:
                primary.setDefault(True)
        if visible and self.parentWidget() is None:
            theme.style(self)
        super().setVisible(visible)

    def showEvent(self, event: QShowEvent) -> None:
        room, layout = free_screen(self).size() - QSize(0, _TITLE_BAR), self.layout()
        if layout is not None and self.minimumSizeHint().height() > room.height():
            # Its buttons would lie below the screen; what scrolls inside can be lower.
            layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self.setMinimumSize(self.minimumSize().boundedTo(room))
        self.resize(self.size().boundedTo(room))
        super().showEvent(event)
