"""Bar charts that filter on a click: classes by split, and the distribution of a quantity."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cnnstudio.core.dataset import SPLIT_NAMES, SPLITS
from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme, tokens
from cnnstudio.gui.widgets.formatting import format_count, format_pictures

_ROW = 26
_NAMES_WIDTH = 132


class BalanceChart(QWidget):
    """One bar per class, in its colour, divided by split; `chosen(class, split or "")` on a click."""

    chosen = Signal(str, str)

    def __init__(self, color_of: Callable[[str], QColor], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._color_of = color_of
        self._rows: list[tuple[str, Mapping[str, int]]] = []
        self._most = 1
        self._filter: tuple[frozenset[str], frozenset[str]] = frozenset(), frozenset()
        self._hover: tuple[int, str] = (-1, "")
        self._current = 0
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Pictures of each class", "Imágenes de cada clase"))

    def show_counts(self, names: Sequence[str], counts: Mapping[str, Mapping[str, int]],
                    classes: Sequence[str] = (), splits: Sequence[str] = ()) -> None:
        """Show the classes in their order; `classes` and `splits` are those of the filter in force."""
        self._rows = [(name, counts.get(name, {})) for name in names]
        self._most = max([1, *(sum(splits.values()) for _name, splits in self._rows)])
        self._filter = frozenset(classes), frozenset(splits)
        self.setFixedHeight(max(1, len(self._rows)) * _ROW)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(360, max(1, len(self._rows)) * _ROW)

    def _parts(self, row: int) -> list[tuple[str, QRectF]]:
        """The rectangle of each split of a row."""
        _name, counts = self._rows[row]
        left, room = float(_NAMES_WIDTH), self.width() - _NAMES_WIDTH - 64.0
        parts: list[tuple[str, QRectF]] = []
        for split in SPLITS:
            width = room * counts.get(split, 0) / self._most
            if width > 0:
                parts.append((split, QRectF(left, row * _ROW + 5, width, _ROW - 10)))
            left += width
        return parts

    def _part_at(self, point: QPointF) -> tuple[int, str]:
        row = int(point.y() // _ROW)
        if not 0 <= row < len(self._rows):
            return -1, ""
        split = next((split for split, rect in self._parts(row) if rect.left() <= point.x() < rect.right()), "")
        return row, split

    def paintEvent(self, event: QEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("body"))
        metrics = painter.fontMetrics()
        exposed = event.rect()  # type: ignore[attr-defined]
        for row in range(max(0, exposed.top() // _ROW), min(len(self._rows), exposed.bottom() // _ROW + 1)):
            name, counts = self._rows[row]
            line = QRect(0, row * _ROW, self.width(), _ROW)
            if row == self._hover[0] or name in self._filter[0] or (self.hasFocus() and row == self._current):
                painter.setPen(QPen(theme.color("accent"), 2) if self.hasFocus() and row == self._current
                               else Qt.PenStyle.NoPen)
                painter.setBrush(theme.color("accent_bg" if name in self._filter[0] else "hover"))
                painter.drawRoundedRect(QRectF(line).adjusted(1, 1, -1, -1), 6, 6)
            painter.setPen(theme.color("text"))
            painter.drawText(line.adjusted(8, 0, -(line.width() - _NAMES_WIDTH + 8), 0),
                             Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine,
                             metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, _NAMES_WIDTH - 16))
            self._paint_bar(painter, row)
            painter.setPen(theme.color("dim"))
            painter.drawText(line.adjusted(0, 0, -8, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight,
                             format_count(sum(counts.values())))

    def _paint_bar(self, painter: QPainter, row: int) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        for split, rect in self._parts(row):
            color = QColor(self._color_of(self._rows[row][0]))
            dimmed = self._filter[1] and split not in self._filter[1]
            color.setAlphaF(tokens.SPLIT_SHADES[split] * (0.35 if dimmed else 1.0))
            painter.setBrush(color)
            painter.drawRect(rect.adjusted(0, 0, -1 if rect.width() > 3 else 0, 0))
            if (row, split) == self._hover:
                painter.setPen(QPen(theme.color("text"), 1))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(rect.adjusted(0.5, 0.5, -1.5, -0.5))
                painter.setPen(Qt.PenStyle.NoPen)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        hit = self._part_at(event.position())
        if hit != self._hover:
            self._hover = hit
            row, split = hit
            text = ""
            if row >= 0:
                name, counts = self._rows[row]
                total = sum(counts.values())
                text = (f"{name} · {SPLIT_NAMES[split]}: {format_pictures(counts.get(split, 0))}"
                        if split else f"{name}: {format_pictures(total)}")
            self.setToolTip(text)
            self.setCursor(Qt.CursorShape.PointingHandCursor if row >= 0 else Qt.CursorShape.ArrowCursor)
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = (-1, "")
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row, split = self._part_at(event.position())
        if row >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(self._rows[row][0], split)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if event.key() in steps and self._rows:
            self._current = max(0, min(len(self._rows) - 1, self._current + steps[Qt.Key(event.key())]))
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Space) and self._rows:
            self.chosen.emit(self._rows[self._current][0], "")
        else:
            super().keyPressEvent(event)


class SplitLegend(QWidget):
    """The legend of the three shades of a bar."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(20)

    def paintEvent(self, event: QEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("secondary"))
        left = float(_NAMES_WIDTH)
        for split in SPLITS:
            color = QColor(theme.color("text"))
            color.setAlphaF(tokens.SPLIT_SHADES[split] * 0.8)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color)
            painter.drawRoundedRect(QRectF(left, 5, 10, 10), 2, 2)
            painter.setPen(theme.color("dim"))
            text = str(SPLIT_NAMES[split])
            painter.drawText(QPointF(left + 16, 14), text)
            left += 16 + painter.fontMetrics().horizontalAdvance(text) + 18


_ONE_BAR: Final = 48
"""The width in pixels of the bar where all pictures have the same value."""


class HistogramChart(QWidget):
    """Vertical bars; click one, or drag over several: `chosen(first, last)`, or `(-1, -1)` to lift the filter."""

    chosen = Signal(int, int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts: tuple[int, ...] = ()
        self._edges: tuple[str, ...] = ()
        self._chosen: tuple[int, int] = (-1, -1)
        self._drag: int | None = None
        self._hover = -1
        self.setMouseTracking(True)
        self.setFixedHeight(132)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(name)

    def show_bins(self, counts: Sequence[int], edges: Sequence[str], chosen: tuple[int, int] = (-1, -1)) -> None:
        """`edges` are the labels at the bins' borders, one more than bins; `chosen` the bins of the filter."""
        self._counts, self._edges, self._chosen = tuple(counts), tuple(edges), chosen
        self.update()

    def _bin(self, x: float) -> int:
        number = int(x * len(self._counts) / max(1, self.width())) if self._counts else -1
        return max(0, min(len(self._counts) - 1, number)) if self._counts else -1

    @property
    def _constant(self) -> bool:
        """Whether all pictures have the same value: one bar without a range."""
        return len(self._counts) == 1 and self._edges[0] == self._edges[1]

    def _rect(self, number: int) -> QRectF:
        width = self.width() / len(self._counts)
        room = self.height() - 34.0
        high = room * self._counts[number] / max(1, *self._counts)
        high = max(high, 2.0) if self._counts[number] else 0.0
        if self._constant:
            return QRectF((self.width() - _ONE_BAR) / 2, room - high + 8, _ONE_BAR, high)
        return QRectF(number * width + 1, room - high + 8, max(1.0, width - 2), high)

    def paintEvent(self, event: QEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("secondary"))
        if not self._counts:
            painter.setPen(theme.color("dim"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter,
                             tr("Not measured yet: run the audit.", "Sin medir aún: ejecute la auditoría."))
            return
        first, last = sorted(self._chosen)
        painter.setPen(Qt.PenStyle.NoPen)
        for number in range(len(self._counts)):
            within = first < 0 or first <= number <= last
            color = QColor(theme.color("accent" if within else "faint"))
            if number != self._hover:
                color.setAlphaF(0.82 if within else 0.5)
            painter.setBrush(color)
            painter.drawRect(self._rect(number))
        base = self.height() - 26.0
        painter.setPen(QPen(theme.color("line"), 1))
        painter.drawLine(QPointF(0, base + 0.5), QPointF(self.width(), base + 0.5))
        painter.setPen(theme.color("dim"))
        self._paint_edges(painter, base)
        if self.hasFocus():
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)

    def _paint_edges(self, painter: QPainter, base: float) -> None:
        """Draw labels at the ends and at quarters, where they fit."""
        bins = len(self._counts)
        metrics = painter.fontMetrics()
        if self._constant:
            painter.drawText(QRectF(0, base + 4, self.width(), metrics.height()), Qt.AlignmentFlag.AlignHCenter,
                             self._edges[0])
            return
        end = -1.0
        for place in sorted({0, bins // 4, bins // 2, 3 * bins // 4, bins}):
            text = self._edges[place]
            width = metrics.horizontalAdvance(text)
            left = min(max(0.0, place * self.width() / bins - width / 2), self.width() - width)
            if left > end + 8 or end < 0:
                painter.drawText(QPointF(left, base + 17), text)
                end = left + width

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._counts:
            self._drag = self._bin(event.position().x())
            self._before, self._chosen = self._chosen, (self._drag, self._drag)
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        number = self._bin(event.position().x())
        if self._drag is not None:
            self._chosen = (self._drag, number)
        if number >= 0:
            low, high = self._edges[number], self._edges[number + 1]
            text = f"{low if low == high else f'{low} – {high}'}: {format_pictures(self._counts[number])}"
            QToolTip.showText(event.globalPosition().toPoint(), text, self)
        self._hover = number
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._drag is None:
            return
        first, last = sorted(self._chosen)
        self._drag = None
        if (first, last) == tuple(sorted(self._before)) or not sum(self._counts[first:last + 1]):
            first = last = -1
        self._chosen = (first, last)
        self.chosen.emit(first, last)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if event.key() in steps and self._counts:
            at = max(0, min(len(self._counts) - 1, self._chosen[1] + steps[Qt.Key(event.key())]))
            start = self._chosen[0] if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else at
            self._chosen = (start, at)
            self.chosen.emit(*sorted(self._chosen))
            self.update()
        elif event.key() == Qt.Key.Key_Escape and self._chosen != (-1, -1):
            self._chosen = (-1, -1)
            self.chosen.emit(-1, -1)
            self.update()
        else:
            super().keyPressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = -1
        self.update()
