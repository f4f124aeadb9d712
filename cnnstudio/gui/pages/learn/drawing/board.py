"""The frame of a bench: the board at the left, its controls at the right, in a narrow place one below the other."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QSizePolicy, QWidget

from cnnstudio.gui.pages.learn.drawing.snug import needed_height
from cnnstudio.gui.widgets.basics import Caption, Label, box, column, row, scroll_area
from cnnstudio.gui.widgets.tab_order import tab_through

CONTROLS_WIDTH: Final = 272
_WIDE: Final = 760
"""The width in pixels from which the controls stand beside the board."""


class Board(QWidget):
    """A board with its controls. `board` is what a picture of the bench shows.

    Beside each other the controls scroll by themselves; below each other everything is as high as it needs to be.
    """

    def __init__(self, board: QWidget, controls: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.board = board
        self._controls, self._wide = controls, True
        self._scrolled = scroll_area(controls)
        self._scrolled.setFixedWidth(CONTROLS_WIDTH)
        self._layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(20)
        self._layout.addWidget(board, 1)
        self._layout.addWidget(self._scrolled)
        board.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        tab_through(board, self._scrolled)

    def hasHeightForWidth(self) -> bool:
        # It shrinks before the page scrolls: its wrapped texts would ask for the height of all that it would like to have.
        return False

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()

    def minimumSizeHint(self) -> QSize:
        """As high as the board needs to be at its width."""
        height = needed_height(self.board, self.width() - (CONTROLS_WIDTH + self._layout.spacing() if self._wide else 0))
        if self._wide:
            return QSize(320, height)
        return QSize(320, height + self._controls.sizeHint().height() + self._layout.spacing())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = event.size().width() >= _WIDE
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()
        if wide == self._wide:
            return
        self._wide = wide
        self._layout.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        if wide:
            self._scrolled.setFixedWidth(CONTROLS_WIDTH)
            self._scrolled.setMinimumHeight(0)
        else:
            self._scrolled.setMinimumWidth(0)
            self._scrolled.setMaximumWidth(16_777_215)
            self._scrolled.setMinimumHeight(self._controls.sizeHint().height())
        self.updateGeometry()


def controls(*groups: QWidget) -> QWidget:
    """The controls of a bench, one group below the other."""
    return box(column(*groups, None, spacing=16, margins=(0, 0, 8, 8)))


def group(title: str, *items: QWidget) -> QWidget:
    """A group of controls below a caption."""
    return box(column(Caption(title), *items, spacing=8))


def labelled(label: str, field: QWidget, *, tooltip: str = "") -> QWidget:
    """A field at the right of its label."""
    text = Label(label)
    text.setToolTip(tooltip or label)
    text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    if not field.accessibleName():
        field.setAccessibleName(label)
    if tooltip:
        field.setToolTip(tooltip)
    line = row(text, field, spacing=8)
    line.setStretch(0, 1)
    line.setAlignment(field, Qt.AlignmentFlag.AlignVCenter)
    return box(line)


def titled(title: str, widget: QWidget, *beside: QWidget) -> QWidget:
    """A part of the board below its title; `beside` stands at the right of the title."""
    heading = row(Label(title, "body_strong", wrap=True), *beside, spacing=8)
    heading.setStretch(0, 1)
    layout = column(heading, widget, spacing=6)
    layout.setStretch(1, 1)
    return box(layout)
