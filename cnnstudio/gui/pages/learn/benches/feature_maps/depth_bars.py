"""The layers along the depth: how much of the picture one value of each sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cnnstudio.core.explain_jobs import FeaturesShown
from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.learn.drawing.field_colors import depth_color
from cnnstudio.gui.widgets.formatting import format_percent
from cnnstudio.learning.benches.feature_maps.depth import Sight, share_of

_NAME: Final = 18
_WIDEST: Final = 72.0


class DepthBar(NamedTuple):
    """A layer: its name and type, the text of what it sees, and the share of the picture (None: not known yet)."""

    layer: str
    type: str
    seen: str
    share: float | None


class DepthBars(QWidget):
    """`chosen(place)` on a click or with the arrow keys."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bars: Sequence[DepthBar] = ()
        self._chosen = 0
        self.setAccessibleName(tr("Layers by depth", "Capas según la profundidad"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(104)

    def sizeHint(self) -> QSize:
        return QSize(480, 104)

    def show_bars(self, bars: Sequence[DepthBar], chosen: int) -> None:
        """Show the layers, one of them chosen."""
        self._bars, self._chosen = bars, chosen
        if 0 <= chosen < len(bars):
            self.setAccessibleDescription(f"{bars[chosen].layer}, {bars[chosen].type}: {bars[chosen].seen}")
        self.update()

    @property
    def bars(self) -> Sequence[DepthBar]:
        return self._bars

    def _column(self, place: int) -> QRectF:
        wide = min(_WIDEST, (self.width() - 8) / max(1, len(self._bars)))
        return QRectF(4 + place * wide, 4, wide, self.height() - _NAME - 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for place, bar in enumerate(self._bars):
            column = self._column(place)
            gap = min(6.0, column.width() / 5)
            whole = column.adjusted(gap / 2, 0, -gap / 2, 0)
            if place == self._chosen:
                painter.setPen(QPen(theme.color("accent"), 2) if self.hasFocus() else Qt.PenStyle.NoPen)
                painter.setBrush(theme.color("accent_bg"))
                painter.drawRoundedRect(whole.adjusted(-1, -1, 1, 1), 4, 4)
            # A frame that is the picture, and its filled part is what the layer sees.
            painter.setPen(QPen(theme.color("line"), 1))
            painter.setBrush(theme.color("sunk"))
            painter.drawRoundedRect(whole, 3, 3)
            if bar.share is not None:
                high = max(2.0, whole.height() * bar.share ** 0.5)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(depth_color(place, len(self._bars)))
                painter.drawRoundedRect(QRectF(whole.x(), whole.bottom() - high, whole.width(), high), 3, 3)
        if 0 <= self._chosen < len(self._bars):
            self._paint_name(painter)

    def _paint_name(self, painter: QPainter) -> None:
        bar, column = self._bars[self._chosen], self._column(self._chosen)
        painter.setFont(theme.font("secondary"))
        painter.setPen(theme.color("text"))
        text = f"{bar.layer} · {bar.seen}"
        width = min(QFontMetricsF(painter.font()).horizontalAdvance(text) + 4, self.width() - 8.0)
        left = min(max(4.0, column.center().x() - width / 2), self.width() - width - 4)
        painter.drawText(QRectF(left, self.height() - _NAME, width, _NAME), Qt.AlignmentFlag.AlignCenter, text)

    def _place_at(self, at: QPointF) -> int:
        return next((place for place in range(len(self._bars))
                     if self._column(place).left() <= at.x() < self._column(place).right()), -1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._choose(self._place_at(event.position()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._choose(self._place_at(event.position()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        last = len(self._bars) - 1
        places = {Qt.Key.Key_Left: self._chosen - 1, Qt.Key.Key_Right: self._chosen + 1, Qt.Key.Key_Home: 0,
                  Qt.Key.Key_End: last}
        place = places.get(Qt.Key(event.key()))
        if place is None:
            super().keyPressEvent(event)
            return
        self._choose(min(max(place, 0), last))

    def _choose(self, place: int) -> None:
        if 0 <= place < len(self._bars) and place != self._chosen:
            self.chosen.emit(place)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = self._place_at(QPointF(event.pos()))
            if place >= 0:
                bar = self._bars[place]
                share = "" if bar.share is None else f", {format_percent(bar.share, 0)}"
                QToolTip.showText(event.globalPos(), f"{bar.layer} ({bar.type}): {bar.seen}{share}", self)
            return True
        return super().event(event)


def make_bar(event: FeaturesShown, sight: Sight | None, field: tuple[tuple[int, int, int, int], Any, float] | None,
             size: tuple[int, int]) -> DepthBar:
    """How far a layer sees in pictures of `size` (height, width): by its sight, else by the field that was measured (box first,
    as top, left, height, width)."""
    if sight is not None:
        seen = tr("sees all", "ve todo") if sight.everywhere else tr(
            "sees {h} × {w}", "ve {h} × {w}", h=sight.size[0], w=sight.size[1])
        return DepthBar(event.layer, event.type, seen, share_of(sight, size))
    if field is not None:
        share = field[0][2] * field[0][3] / (size[0] * size[1])
        return DepthBar(event.layer, event.type, tr("sees {h} × {w}", "ve {h} × {w}", h=field[0][2], w=field[0][3]), share)
    return DepthBar(event.layer, event.type, "…", None)
