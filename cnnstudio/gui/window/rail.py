"""The narrow rail on the left: the pages in the order of the work."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.look import icons, theme, tokens
from cnnstudio.gui.pages import PageEntry, page_shortcut
from cnnstudio.gui.widgets.basics import column, press_by_enter

_WIDTH: Final = 68
_HEIGHT: Final = 56
_LABELLED: Final = 50
"""The height in pixels from which icon and label have room over each other."""
_LOWEST: Final = 30
_PALE: Final = 0.4
"""The opacity of a page that cannot be shown yet."""


class RailButton(QAbstractButton):
    """Icon over label; a dot marks a page with problems or running work."""

    def __init__(self, label: str, icon: str, tooltip: str = "") -> None:
        super().__init__()
        self.setText(label)
        self._icon = icon
        self._mark = ""
        self._available = True
        self.setCheckable(True)
        self.setFixedSize(_WIDTH, _HEIGHT)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(label)
        self.setToolTip(tooltip)

    def set_mark(self, token: str) -> None:
        """Show a dot in the colour of `token`, or none."""
        if token != self._mark:
            self._mark = token
            self.update()

    @property
    def available(self) -> bool:
        return self._available

    def set_available(self, available: bool) -> None:
        """A page that cannot be shown yet is pale; a click on it says what is missing."""
        if available != self._available:
            self._available = available
            self.setCursor(Qt.CursorShape.PointingHandCursor if available else Qt.CursorShape.ArrowCursor)
            self.setAccessibleDescription("" if available else tr("Needs a project", "Necesita un proyecto"))
            self.update()

    def nextCheckState(self) -> None:
        """A click does not toggle by itself: the current page is checked, also when it was clicked again."""

    def sizeHint(self) -> QSize:
        return QSize(_WIDTH, _HEIGHT)

    def enterEvent(self, event: QEvent) -> None:
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not press_by_enter(self, event):
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        on, able = self.isChecked(), self._available
        painter.setOpacity(1.0 if able else _PALE)
        if on or (able and self.underMouse()):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("accent_bg" if on else "hover"))
            painter.drawRoundedRect(QRectF(self.rect()), 8, 8)
        token = "accent" if on else "dim" if able else "faint"
        labelled = self.height() >= _LABELLED
        top = (self.height() - 42) / 2 + 1 if labelled else (self.height() - 22) / 2
        icons.paint(painter, QRectF(self.width() / 2 - 11, top, 22, 22), self._icon, token)
        font = theme.font("secondary")
        font.setPixelSize(11)
        if on:
            font.setWeight(font.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(theme.color(token))
        if labelled:
            text = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width() - 4)
            painter.drawText(QRectF(0, top + 25, self.width(), 17), Qt.AlignmentFlag.AlignCenter, text)
        if self._mark:
            painter.setPen(QPen(theme.color("surface"), 2))
            painter.setBrush(theme.color(self._mark))
            painter.drawEllipse(QPointF(self.width() / 2 + 13, top + 3), 4.5, 4.5)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 8, 8)


class Rail(QWidget):
    """`page_chosen(id)`, or `page_refused(id)` for one that needs a project; at the bottom the lower pages and the settings."""

    page_chosen = Signal(str)
    page_refused = Signal(str)
    settings_chosen = Signal()

    def __init__(self, entries: tuple[PageEntry, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("rail")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(tokens.RAIL_WIDTH)
        self.setAccessibleName(tr("Pages", "Páginas"))
        self._buttons: dict[str, RailButton] = {}
        layout = column(spacing=4, margins=(8, 12, 8, 8))
        for number, entry in enumerate(entries, start=1):
            button = RailButton(str(entry.title), entry.icon, f"{entry.title}  ({page_shortcut(entry, number)})")
            button.clicked.connect(lambda _checked=False, page=entry.id: self._choose(page))
            self._buttons[entry.id] = button
            if not entry.lower:
                layout.addWidget(button)
        layout.addStretch(1)
        for entry in entries:
            if entry.lower:
                layout.addWidget(self._buttons[entry.id])
        settings = RailButton(tr("Settings", "Ajustes"), "settings", f"{tr('Settings', 'Ajustes')}  (Ctrl+,)")
        settings.setCheckable(False)
        settings.clicked.connect(self.settings_chosen)
        layout.addWidget(settings)
        self.setLayout(layout)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        buttons, layout = self.findChildren(RailButton), self.layout()
        if layout is None or not buttons:
            return
        margins = layout.contentsMargins()
        room = self.height() - margins.top() - margins.bottom() - layout.spacing() * len(buttons)
        for button in buttons:
            button.setFixedHeight(max(_LOWEST, min(_HEIGHT, room // len(buttons))))

    def minimumSizeHint(self) -> QSize:
        """In a low window the buttons are lower, without their labels."""
        return QSize(self.width(), 0)

    def _choose(self, page: str) -> None:
        (self.page_chosen if self._buttons[page].available else self.page_refused).emit(page)

    def set_current(self, page: str) -> None:
        for identifier, button in self._buttons.items():
            button.setChecked(identifier == page)

    def set_enabled_pages(self, pages: set[str]) -> None:
        for identifier, button in self._buttons.items():
            button.set_available(identifier in pages)

    def set_mark(self, page: str, token: str) -> None:
        if page in self._buttons:
            self._buttons[page].set_mark(token)
