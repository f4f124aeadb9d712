"""The cards of the pipeline from top to bottom, and the elements on their way through them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.look import icons, theme, tokens
from cnnstudio.learning.benches.pipeline.moments import State
from cnnstudio.learning.benches.pipeline.pipeline import Card, Outcome

_ROW: Final = 44
_GAP: Final = 14
_CARD: Final = 236
_CHIP: Final = 24
_DRAG: Final = 6


class FlowBoard(QWidget):
    """`chosen(place)`; `moved(place, to)` by dragging or with Alt and the arrow keys; `removed(place)` with Delete.

    The source stays first. The board is as high as its cards and its output need.
    """

    chosen = Signal(int)
    moved = Signal(int, int)
    removed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cards: Sequence[Card] = ()
        self._texts: Sequence[str] = ()
        self._chosen = 0
        self._outcome = Outcome(elements=(), moments=())
        self._state = State((), 0, None)
        self._pressed: tuple[int, QPointF] | None = None
        self._drag_y: float | None = None
        self.setAccessibleName(tr("Cards of the pipeline", "Tarjetas del flujo"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(_CARD + 120)

    def show_cards(self, cards: Sequence[Card], texts: Sequence[str], chosen: int, outcome: Outcome) -> None:
        """Show cards with their calls, one of them chosen, and what the pipeline does."""
        self._cards, self._texts, self._chosen, self._outcome = cards, texts, chosen, outcome
        self._describe()
        self._fit()
        self.update()

    def show_state(self, state: State) -> None:
        """Show a moment."""
        self._state = state
        self.update()

    def _describe(self) -> None:
        if 0 <= self._chosen < len(self._cards):
            self.setAccessibleDescription(tr("card {n} of {all}: {text}", "tarjeta {n} de {all}: {text}", n=self._chosen + 1,
                                             all=len(self._cards), text=self._texts[self._chosen]))

    def _fit(self) -> None:
        lines = self._output_lines(self._outcome.elements, max(200.0, self.width() - 20.0))
        height = len(self._cards) * (_ROW + _GAP) + 24 + max(1, lines) * (_CHIP + 6) + 8
        self.setFixedHeight(height)

    def resizeEvent(self, event: object) -> None:
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(480, self.height())

    # Places --------------------------------------------------------------------------------------

    def card_rect(self, place: int) -> QRectF:
        """Where a card stands."""
        return QRectF(2, 2 + place * (_ROW + _GAP), _CARD, _ROW)

    def _place_at(self, at: QPointF) -> int:
        place = int((at.y() - 2) // (_ROW + _GAP))
        return place if 0 <= place < len(self._cards) and self.card_rect(place).contains(at) else -1

    def _drop_place(self) -> int:
        """Before which card the dragged one would stand; the source stays first."""
        assert self._drag_y is not None
        place = round((self._drag_y - 2) / (_ROW + _GAP))
        return min(max(place, 1), len(self._cards))

    # Drawing -------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for place in range(len(self._cards)):
            self._paint_card(painter, place)
            self._paint_held(painter, place)
        self._paint_output(painter)
        if self._drag_y is not None and self._pressed is not None:
            y = self.card_rect(self._drop_place()).top() - _GAP / 2
            painter.setPen(QPen(theme.color("accent"), 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawLine(QPointF(4, y), QPointF(_CARD, y))

    def _paint_card(self, painter: QPainter, place: int) -> None:
        rect, card = self.card_rect(place), self._cards[place]
        now = self._state.moment is not None and self._state.moment.card == place
        failed = self._outcome.card == place
        painter.setBrush(theme.color("accent_bg" if place == self._chosen else "raised"))
        token = "error" if failed else "accent" if now or (place == self._chosen and self.hasFocus()) else "line"
        painter.setPen(QPen(theme.color(token), 2 if token != "line" else 1))
        if self._pressed is not None and self._drag_y is not None and self._pressed[0] == place:
            painter.setOpacity(0.5)
        painter.drawRoundedRect(rect, tokens.RADIUS, tokens.RADIUS)
        icons.paint(painter, QRectF(rect.x() + 12, rect.center().y() - 9, 18, 18), card.type.icon, "accent" if now else "dim")
        painter.setPen(theme.color("text"))
        painter.setFont(theme.mono_font(12))
        metrics = QFontMetricsF(painter.font())
        text = metrics.elidedText(self._texts[place], Qt.TextElideMode.ElideRight, rect.width() - 50)
        painter.drawText(rect.adjusted(40, 0, -8, 0), Qt.AlignmentFlag.AlignVCenter, text)
        painter.setOpacity(1)
        # The arrow to the next card, or to the output; lit while an element goes there.
        leaves = now and self._state.moment is not None and self._state.moment.action == "leave"
        x, top = rect.x() + 21, rect.bottom() + 2
        painter.setPen(QPen(theme.color("accent" if leaves else "faint"), 2 if leaves else 1.4))
        painter.drawLine(QPointF(x, top), QPointF(x, top + _GAP - 5))
        path = QPainterPath(QPointF(x - 4, top + _GAP - 8))
        path.lineTo(x, top + _GAP - 4)
        path.lineTo(x + 4, top + _GAP - 8)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)

    def _paint_held(self, painter: QPainter, place: int) -> None:
        """What a card holds beside it, and what just left or was dropped."""
        moment = self._state.moment
        left, middle = self.card_rect(place).right() + 12, self.card_rect(place).center().y()
        entries: list[tuple[str, str]] = []
        if place < len(self._state.held):
            entries = [(text, "held") for text in self._state.held[place]]
        if moment is not None and moment.card == place:
            if moment.action == "enter" and entries:
                entries[-1] = entries[-1][0], "now"
            elif moment.action == "leave":
                entries.append((moment.element, "leave"))
            elif moment.action == "drop":
                entries.append((moment.element, "drop"))
        for number, (text, kind) in enumerate(entries):
            width = self._chip_width(text)
            if left + width > self.width() - 26 and number < len(entries) - 1:
                painter.setPen(theme.color("dim"))
                painter.drawText(QRectF(left, middle - 12, 60, 24), Qt.AlignmentFlag.AlignVCenter,
                                 f"+ {len(entries) - number}")
                break
            self._paint_chip(painter, QRectF(left, middle - _CHIP / 2, width, _CHIP), text, kind)
            left += width + 6

    def _paint_chip(self, painter: QPainter, rect: QRectF, text: str, kind: str) -> None:
        ground, ink = {"held": ("sunk", "text"), "now": ("accent", "on_accent"), "leave": ("ok", "on_accent"),
                       "drop": ("error", "on_accent"), "out": ("accent_bg", "text")}[kind]
        painter.setPen(QPen(theme.color("line"), 1) if kind in ("held", "out") else Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(ground))
        painter.drawRoundedRect(rect, _CHIP / 2, _CHIP / 2)
        painter.setPen(theme.color(ink))
        painter.setFont(theme.mono_font(12))
        mark = {"leave": "↓ ", "drop": "✗ "}.get(kind, "")
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, mark + text)

    def _chip_width(self, text: str) -> float:
        return QFontMetricsF(theme.mono_font(12)).horizontalAdvance(text) + 34

    def _output_lines(self, elements: Sequence[str], room: float) -> int:
        lines, left = 1, 0.0
        for text in elements:
            width = self._chip_width(text)
            if left and left + width > room:
                lines, left = lines + 1, 0.0
            left += width + 6
        return lines

    def _paint_output(self, painter: QPainter) -> None:
        top = len(self._cards) * (_ROW + _GAP) + 2.0
        painter.setFont(theme.font("body_strong"))
        painter.setPen(theme.color("text"))
        shown = self._outcome.elements[:self._state.out]
        painter.drawText(QRectF(4, top, self.width() - 8, 20), Qt.AlignmentFlag.AlignVCenter,
                         tr("Output: {n} of {all}", "Salida: {n} de {all}", n=len(shown), all=len(self._outcome.elements)))
        left, y, room = 4.0, top + 24, self.width() - 20.0
        for number, text in enumerate(shown):
            width = self._chip_width(text)
            if left > 4 and left - 4 + width > room:
                left, y = 4.0, y + _CHIP + 6
            last = number == len(shown) - 1 and self._state.moment is not None and self._state.moment.action == "leave"
            self._paint_chip(painter, QRectF(left, y, width, _CHIP), text, "now" if last else "out")
            left += width + 6

    # Mouse and keyboard --------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self._place_at(event.position())
        if place >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._pressed = place, event.position()
            self.chosen.emit(place)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None or self._pressed[0] == 0:
            return
        if self._drag_y is not None or (event.position() - self._pressed[1]).manhattanLength() > _DRAG:
            self._drag_y = event.position().y()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, dragged = self._pressed, self._drag_y is not None
        to = self._drop_place() if dragged else 0
        self._pressed, self._drag_y = None, None
        self.unsetCursor()
        self.update()
        if pressed is not None and dragged:
            # Behind itself the cards have moved up by one.
            target = to - 1 if to > pressed[0] else to
            if target != pressed[0]:
                self.moved.emit(pressed[0], target)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, last = event.key(), len(self._cards) - 1
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(key), 0)
        if step and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            to = self._chosen + step
            if self._chosen > 0 and 1 <= to <= last:
                self.moved.emit(self._chosen, to)
        elif step:
            self.chosen.emit(min(max(self._chosen + step, 0), last))
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            if self._chosen > 0:
                self.removed.emit(self._chosen)
        else:
            super().keyPressEvent(event)
