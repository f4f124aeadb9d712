"""The most confused pairs of classes, with the pictures of both directions beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.core.text import on_one_line, tr
from cnnstudio.evaluation.confusion import ConfusedPair, confused_pairs
from cnnstudio.gui.look import icons, theme, tokens
from cnnstudio.gui.pages.evaluate.results import Answer
from cnnstudio.gui.pages.evaluate.views import EvaluationContext
from cnnstudio.gui.state.thumbnails import Thumbnails, Wanted, size_for
from cnnstudio.gui.widgets.basics import Button, Label, Rule, box, clear, column, row
from cnnstudio.gui.widgets.formatting import format_count, format_percent, format_pictures
from cnnstudio.gui.widgets.picture import thumbnail_face

_SIDE: Final = 64
_GAP: Final = 6
_MOST: Final = 8
"""Pictures of a direction; more have no room."""
_AT_ONCE: Final = 8
"""Pairs that are shown at first, and added by each "more"."""
_PAIRS: Final = 400


class Direction(QWidget):
    """The pictures of one class that were predicted as the other; `chosen(label, predicted)` on a click or Enter."""

    chosen = Signal(int, int)

    def __init__(self, label: int, predicted: int, count: int, share: float, answers: Sequence[Answer],
                 context: EvaluationContext, thumbnails: Thumbnails) -> None:
        super().__init__()
        self._cell, self._answers, self._thumbnails = (label, predicted), answers, thumbnails
        self._color = context.class_color(label)
        names = context.class_names
        self._text = on_one_line(f"{names[label]} → {names[predicted]}")
        self._number = format_count(count) + (f" · {format_percent(share)}" if count else "")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setAccessibleName(tr("{n} of {true} predicted as {predicted}", "{n} de {true} predichas como {predicted}",
                                  n=format_pictures(count), true=names[label], predicted=names[predicted]))
        if count:
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.setCursor(Qt.CursorShape.PointingHandCursor)
            self.setToolTip(self.accessibleName())

    def sizeHint(self) -> QSize:
        return QSize(240, 24 + _SIDE + 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(_SIDE, 24 + _SIDE + 4)

    def wanted(self) -> list[Wanted]:
        """The thumbnails that it shows."""
        return [self._wanted(answer) for answer in self._answers]

    def _wanted(self, answer: Answer) -> Wanted:
        return Wanted(str(answer.file), answer.file, answer.file_bytes, answer.modified_ns,
                      size_for(_SIDE * self.devicePixelRatioF()))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("secondary"))
        metrics = painter.fontMetrics()
        marked = bool(self._answers) and (self.underMouse() or self.hasFocus())
        painter.setPen(theme.color("accent" if marked else "text" if self._answers else "dim"))
        room = max(30, self.width() - metrics.horizontalAdvance(self._number) - 14)
        middle = Qt.AlignmentFlag.AlignVCenter
        text = metrics.elidedText(self._text, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(QRect(2, 0, room, 20), middle, text)
        painter.setPen(theme.color("dim"))
        painter.drawText(QRect(2 + metrics.horizontalAdvance(text) + 10, 0, self.width(), 20), middle, self._number)
        for place, answer in enumerate(self._answers[:max(1, (self.width() + _GAP - 4) // (_SIDE + _GAP))]):
            box = QRect(2 + place * (_SIDE + _GAP), 24, _SIDE, _SIDE)
            image = self._thumbnails.get(self._wanted(answer))
            broken = image is not None and image.isNull()
            painter.drawPixmap(box.topLeft(), thumbnail_face(None if broken else image, self._color, _SIDE,
                                                             self.devicePixelRatioF()))
            if broken:
                icons.paint(painter, QRectF(box.center().x() - 10, box.center().y() - 10, 20, 20), "warning", "faint")
        if not self._answers:
            painter.setPen(theme.color("faint"))
            painter.drawText(QRect(2, 24, self.width() - 2, 20), middle, tr("none", "ninguna"))
        if self.hasFocus():
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), tokens.RADIUS, tokens.RADIUS)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._answers and self.rect().contains(event.position().toPoint()):
            self.chosen.emit(*self._cell)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._answers and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(*self._cell)
        else:
            super().keyPressEvent(event)


class ConfusedPairs(QWidget):
    """A line for each pair of classes, the most confused one first; `chosen(label, predicted)` for one direction."""

    chosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._thumbnails = Thumbnails(self, threads=2)
        self._thumbnails.arrived.connect(self._repaint)
        self._pairs: list[ConfusedPair] = []
        self._context: EvaluationContext | None = None
        self._directions: list[Direction] = []
        self._lines = column(spacing=8)
        self._more = Button("", "link", on_click=self._show_more)
        self._nothing = Label(tr("No picture was taken for one of another class.",
                                 "Ninguna imagen se tomó por una de otra clase."), "body", "dim", wrap=True)
        self.setLayout(column(self._nothing, box(self._lines), row(self._more, None), spacing=8))

    def close_threads(self) -> None:
        self._thumbnails.close()

    @property
    def pairs(self) -> list[ConfusedPair]:
        """The pairs, each once, by the pictures confused in both directions."""
        return list(self._pairs)

    def show_pairs(self, context: EvaluationContext) -> None:
        """Show the confusions of an evaluation; the pictures follow once its table is read."""
        self._context = context
        found: dict[frozenset[int], ConfusedPair] = {}
        for pair in confused_pairs(np.asarray(context.evaluated.confusion, np.int64), _PAIRS):
            found.setdefault(frozenset((pair.label, pair.predicted)), pair)
        self._pairs = sorted(found.values(), key=lambda pair: -(pair.count + pair.back))
        self._directions.clear()
        clear(self._lines)
        self._nothing.setVisible(not self._pairs)
        self._show_more()

    def _show_more(self) -> None:
        shown = len(self._directions) // 2
        for pair in self._pairs[shown:shown + _AT_ONCE]:
            if self._directions:
                self._lines.addWidget(Rule())
            support = self._context.evaluated.classes[pair.predicted].support if self._context is not None else 0
            sides = [self._direction(pair.label, pair.predicted, pair.count, pair.share),
                     self._direction(pair.predicted, pair.label, pair.back, pair.back / max(1, support))]
            line = row(*sides, spacing=16)
            for place in range(2):
                line.setStretch(place, 1)
            self._lines.addWidget(box(line))
            self._directions += sides
        left = len(self._pairs) - len(self._directions) // 2
        self._more.setText(tr("{n} more pairs", "{n} pares más", n=format_count(left)))
        self._more.setVisible(left > 0)
        self._want()

    def _direction(self, label: int, predicted: int, count: int, share: float) -> Direction:
        assert self._context is not None
        read = self._context.read
        answers = read.results.cell(label, predicted, _MOST) if read is not None else []
        direction = Direction(label, predicted, count, share, answers, self._context, self._thumbnails)
        direction.chosen.connect(self.chosen)
        return direction

    def _want(self) -> None:
        if self.isVisible():
            self._thumbnails.want([wanted for direction in self._directions for wanted in direction.wanted()])

    def showEvent(self, event: QEvent) -> None:
        self._want()

    def _repaint(self) -> None:
        for direction in self._directions:
            direction.update()
