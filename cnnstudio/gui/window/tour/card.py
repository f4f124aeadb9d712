"""What the tour shows over the window: a card with its words, and a light around the control that it means."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme, tokens
from cnnstudio.gui.widgets.basics import Button, Label, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.tab_order import bring_into_sight, parents_of

_WIDTH = 380
_MARGIN = 20
_FOLLOW_MS = 120
"""How often the light follows a control that moves: pages lay themselves out while they fill."""


class Light(QWidget):
    """Dims the window but for one control. It takes no events: everything stays usable."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.target = QRect()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        hole, whole = QPainterPath(), QPainterPath()
        whole.addRect(QRectF(self.rect()))
        if not self.target.isEmpty():
            area = QRectF(self.target).adjusted(-4, -4, 4, 4).intersected(QRectF(self.rect()).adjusted(2, 2, -2, -2))
            hole.addRoundedRect(area, tokens.CARD_RADIUS, tokens.CARD_RADIUS)
        # The shade is dark in both themes: on a dark ground, the background of the dark theme would not be seen.
        painter.fillPath(whole - hole, QColor(0, 0, 0, 70))
        painter.setPen(QPen(theme.color("accent"), 3))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(hole)


class TourCard(Card):
    """The words of a step. `next_chosen` and `left`; Esc leaves."""

    next_chosen = Signal()
    left = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(edge="accent", margins=(18, 16, 18, 14), spacing=10, parent=window)
        self._window = window
        self._target: QWidget | None = None
        self.light = Light(window)
        self._place = Label("", "caption", "dim")
        self._title = Label("", "title", wrap=True)
        self._text = Label("", wrap=True)
        self._next = Button("", "primary", on_click=self.next_chosen.emit)
        self._leave = Button("", "link", on_click=self.left.emit)
        for item in (self._place, self._title, self._text):
            self.body.addWidget(item)
        self.body.addLayout(row(self._leave, None, self._next, spacing=8))
        self.setFixedWidth(_WIDTH)
        self._follow = QTimer(self)
        self._follow.setInterval(_FOLLOW_MS)
        self._follow.timeout.connect(self._lay_out)
        window.installEventFilter(self)

    def show_step(self, place: str, title: str, text: str, button: str, leave: str, target: QWidget | None) -> None:
        """Show a step; without a `button` it goes on by itself."""
        self._place.setText(place)
        self._title.setText(title)
        self._next.setText(button)
        self._next.setVisible(bool(button))
        self._leave.setText(leave)
        self._leave.setVisible(bool(leave))
        self._target = target
        if target is not None:
            bring_into_sight(target)
        self.set_text(text)
        self.setAccessibleName(title)
        self.light.show()
        self.show()
        self._follow.start()
        self._lay_out()

    def set_text(self, text: str) -> None:
        """Other words of the same step."""
        self._text.setText(text)
        self.setAccessibleDescription(text)
        self._lay_out()

    def set_ready(self, ready: bool) -> None:
        """Whether the step may be left by its button."""
        self._next.setEnabled(ready)

    def take_focus(self) -> None:
        (self._next if self._next.isVisible() else self._leave).setFocus()

    def close_tour(self) -> None:
        """Take everything off the window."""
        self._follow.stop()
        self._window.removeEventFilter(self)
        for widget in (self.light, self):
            widget.hide()
            widget.deleteLater()

    def _lay_out(self) -> None:
        area = self._window.rect()
        self.adjustSize()
        self.setFixedHeight(self.body.totalHeightForWidth(_WIDTH) + 2 * self.frameWidth())
        self.light.setGeometry(area)
        target = QRect()
        # A page that was built again has deleted it.
        if self._target is not None and isValid(self._target) and self._target.isVisible():
            target = self._seen_part(self._target)
        if target != self.light.target:
            self.light.target = target
            self.light.update()
        self.move(self._place_beside(target, area))
        self.light.raise_()
        self.raise_()

    def _seen_part(self, target: QWidget) -> QRect:
        """Where a control is in the window, without what lies outside the parts around it."""
        area = QRect(target.mapTo(self._window, QPoint(0, 0)), target.size())
        for parent in parents_of(target):
            if parent is self._window:
                break
            area = area.intersected(QRect(parent.mapTo(self._window, QPoint(0, 0)), parent.size()))
        return area

    def _place_beside(self, target: QRect, area: QRect) -> QPoint:
        """The corner of the window, or the middle without a target, where least of the target is covered."""
        if target.isEmpty():
            return QPoint((area.width() - self.width()) // 2, (area.height() - self.height()) // 2)
        right = area.width() - self.width() - _MARGIN
        below = area.height() - self.height() - tokens.STATUS_HEIGHT - _MARGIN
        above, left = tokens.HEADER_HEIGHT + _MARGIN, tokens.RAIL_WIDTH + _MARGIN
        corners = [QPoint(right, below), QPoint(left, below), QPoint(right, above), QPoint(left, above)]

        if 2 * target.width() * target.height() > area.width() * area.height():
            # It covers some of it anyway: what a page answers stands above.
            return corners[0]

        def covered(corner: QPoint) -> int:
            both = QRect(corner, self.size()).intersected(target)
            return both.width() * both.height()

        return min(corners, key=covered)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            return
        super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window and event.type() == QEvent.Type.Resize:
            self._lay_out()
        return False


def place_text(number: int, count: int) -> str:
    """Where in the tour a step is."""
    return tr("TOUR · {number} OF {count}", "RECORRIDO · {number} DE {count}", number=number, count=count)
