"""The freeze line on the drawn base: dragged or moved with the arrow keys from block to block."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QFontMetricsF, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.look import icons, theme
from cnnstudio.gui.widgets.basics import Label, column
from cnnstudio.gui.widgets.diagram import Picture, lay_out, paint
from cnnstudio.gui.widgets.formatting import format_count, format_percent
from cnnstudio.network.freeze_line import FreezeLine

_DRAWING: Final = 78
_CAPTION: Final = 20
"""Heights of the drawing and of the row below, which says what is frozen and what learns."""
_GAP: Final = 4.0
"""Between two blocks of the base: where the line can stand."""
_INSET: Final = 4
_GRIP: Final = QSize(7, 20)


class FreezeControl(QWidget):
    """The strip and, below it, how many weights learn.

    `line_moved(value)` with a value of `trainable_from`; `settled` before and after a drag or a key.
    """

    line_moved = Signal(str)
    settled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.strip = FreezeStrip()
        self.strip.line_moved.connect(self.line_moved)
        self.strip.settled.connect(self.settled)
        self.amount = Label("", "secondary", "dim", wrap=True)
        self.setLayout(column(self.strip, self.amount, spacing=4))

    def show_line(self, line: FreezeLine, trainable_from: str) -> None:
        """Show the blocks of a base and where the line stands."""
        self.strip.show_line(line, trainable_from)
        learning = line.weights(trainable_from)
        self.amount.setText(tr("Weights of the base that learn: {n} of {all} ({share}).",
                               "Pesos de la base que aprenden: {n} de {all} ({share}).", n=format_count(learning),
                               all=format_count(line.parameters),
                               share=format_percent(learning / max(1, line.parameters), 0)))


class FreezeStrip(QWidget):
    """The drawing with the line."""

    line_moved = Signal(str)
    settled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._line: FreezeLine | None = None
        self._index = 0
        self._picture: Picture | None = None
        self._dragging = False
        self._hover = False
        self.setFixedHeight(_DRAWING + _CAPTION)
        self.setMinimumWidth(160)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setAccessibleName(tr("Freeze line", "Línea de congelación"))

    def sizeHint(self) -> QSize:
        return QSize(248, _DRAWING + _CAPTION)

    def show_line(self, line: FreezeLine, trainable_from: str) -> None:
        """Show the blocks of a base and where the line stands."""
        if line is not self._line:
            self._line, self._picture = line, None
        self._index = line.index(trainable_from)
        self.setAccessibleDescription(self._describe())
        self.update()

    @property
    def frozen(self) -> int:
        """The number of frozen blocks."""
        return self._index

    def _describe(self) -> str:
        assert self._line is not None
        if self._index == 0:
            return tr("The whole base learns.", "Aprende toda la base.")
        if self._index == len(self._line.blocks):
            return tr("The whole base is frozen.", "Toda la base está congelada.")
        return tr("Learns from {block} on.", "Aprende desde {block}.", block=self._line.blocks[self._index])

    # Geometry -----------------------------------------------------------------------------------

    @property
    def picture(self) -> Picture | None:
        if self._picture is None and self._line is not None:
            self._picture = lay_out(self._line.diagram, self.width() - 2 * _INSET, _DRAWING, _GAP, fill=True)
        return self._picture

    def stops(self) -> list[float]:
        """Where the line can stand, from left to right."""
        picture = self.picture
        if picture is None or not picture.spans:
            return []
        return [_INSET + picture.spans[0][0], *(_INSET + end for _start, end in picture.spans)]

    def _stop_at(self, x: float) -> int:
        stops = self.stops()
        return min(range(len(stops)), key=lambda number: abs(stops[number] - x))

    def resizeEvent(self, event: QEvent) -> None:
        self._picture = None

    # Painting -----------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        picture, stops = self.picture, self.stops()
        if picture is None or not stops:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        x = stops[self._index]
        ground = QRectF(1, 1, self.width() - 2, _DRAWING - 2)
        border = 0.0 if self._index == 0 else float(self.width()) if self._index == len(stops) - 1 else x
        self._paint_side(painter, QRectF(0, 0, border, _DRAWING), ground, learns=False)
        self._paint_side(painter, QRectF(border, 0, self.width() - border, _DRAWING), ground, learns=True)
        self._paint_line(painter, x)
        self._paint_captions(painter, x)
        if self.hasFocus():
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(ground, 6, 6)

    def _paint_side(self, painter: QPainter, side: QRectF, ground: QRectF, learns: bool) -> None:
        """The blocks on one side of the line: those that learn on a ground with the accent, the frozen ones dimmed and
        hatched."""
        assert self.picture is not None
        painter.save()
        painter.setClipRect(side)
        painter.setPen(QPen(theme.color("accent" if learns else "line"), 1))
        painter.setBrush(theme.color("raised" if learns else "sunk"))
        painter.drawRoundedRect(ground.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.setOpacity(1.0 if learns else 0.4)
        painter.translate(_INSET, 0)
        paint(painter, self.picture, _DRAWING)
        painter.translate(-_INSET, 0)
        if not learns:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QBrush(theme.color("faint"), Qt.BrushStyle.BDiagPattern))
            painter.drawRoundedRect(ground, 6, 6)
        painter.restore()

    def _paint_line(self, painter: QPainter, x: float) -> None:
        painter.setPen(QPen(theme.color("accent"), 2))
        painter.drawLine(QPointF(x, 0), QPointF(x, _DRAWING))
        wide = 2 if self._dragging or self._hover else 0
        grip = QRectF(0, 0, _GRIP.width() + wide, _GRIP.height() + wide)
        grip.moveCenter(QPointF(min(max(x, grip.width() / 2), self.width() - grip.width() / 2), _DRAWING / 2 - 3))
        painter.setPen(QPen(theme.color("raised"), 1))
        painter.setBrush(theme.color("accent"))
        painter.drawRoundedRect(grip, 3, 3)

    def _paint_captions(self, painter: QPainter, x: float) -> None:
        """A lock and a word below each side, as far as there is room."""
        painter.setFont(theme.font("secondary", 11 / 12))
        metrics = QFontMetricsF(painter.font())
        top = float(_DRAWING + 2)
        frozen, learns = tr("frozen", "congelada"), tr("learns", "aprende")
        frozen_width = 14 + 4 + metrics.horizontalAdvance(frozen)
        if self._index > 0:
            left = 4.0
            icons.paint(painter, QRectF(left, top + 1, 14, 14), "lock", "dim")
            if frozen_width + 8 <= x or self._index == len(self.stops()) - 1:
                painter.setPen(theme.color("dim"))
                painter.drawText(QRectF(left + 18, top, frozen_width, 16), Qt.AlignmentFlag.AlignVCenter, frozen)
        if self._index < len(self.stops()) - 1:
            painter.setPen(theme.color("accent"))
            painter.drawText(QRectF(0, top, self.width() - 4, 16),
                             Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, learns)

    # Mouse and keys -----------------------------------------------------------------------------

    def _move_to(self, index: int) -> None:
        if self._line is not None and index != self._index and 0 <= index <= len(self._line.blocks):
            self._index = index
            self.setAccessibleDescription(self._describe())
            self.update()
            self.line_moved.emit(self._line.value(index))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.stops():
            self._dragging = True
            self.settled.emit()
            self._move_to(self._stop_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragging:
            self._move_to(self._stop_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._dragging:
            self._dragging = False
            self.settled.emit()
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        last = len(self.stops()) - 1
        wanted = {Qt.Key.Key_Left: self._index - 1, Qt.Key.Key_Right: self._index + 1, Qt.Key.Key_Home: 0,
                  Qt.Key.Key_End: last}.get(Qt.Key(event.key()))
        if wanted is None:
            super().keyPressEvent(event)
            return
        if not event.isAutoRepeat():
            self.settled.emit()
        self._move_to(wanted)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if not event.isAutoRepeat():
            self.settled.emit()
        super().keyReleaseEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.HoverEnter, QEvent.Type.HoverLeave):
            self._hover = event.type() == QEvent.Type.HoverEnter
            self.update()
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self._tooltip(event.pos().x()), self)
            return True
        return super().event(event)

    def _tooltip(self, x: float) -> str:
        """The block below the mouse, its weights, and whether it learns."""
        line, stops = self._line, self.stops()
        number = next((number for number, end in enumerate(stops[1:]) if x < end), None)
        if line is None or number is None:
            return self.accessibleDescription()
        weights = format_count(line.learning[number] - line.learning[number + 1])
        return (tr("{block}: frozen · {n} weights could learn", "{block}: congelado · podrían aprender {n} pesos",
                   block=line.blocks[number], n=weights) if number < self._index else
                tr("{block}: learns · {n} weights", "{block}: aprende · {n} pesos", block=line.blocks[number], n=weights))
