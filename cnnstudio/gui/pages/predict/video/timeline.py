"""The answers of a video over its time: the probabilities of the classes, stacked in their colours."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cnnstudio.core.jobs import Ranked
from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.formatting import format_percent
from cnnstudio.gui.widgets.picture import image_of
from cnnstudio.workers.answer_format import format_time

_KEPT: Final = 5
"""The likeliest classes of a frame that are drawn."""
_CLASSES: Final = 8
"""The most classes with a colour of their own."""
_HEIGHT: Final = 96
_AXIS: Final = 18
_REPAINT_MS: Final = 80


class Timeline(QWidget):
    """`seeked(place)` when the user points at an answered frame, by its place in the order of time."""

    seeked = Signal(int)

    def __init__(self, color_of: Callable[[str], QColor], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._color_of = color_of
        self._names: tuple[str, ...] = ()
        self._places: dict[str, int] = {}
        self._length = 0.0
        self._cursor = -1
        self.times = array("d")
        self._tops: list[tuple[Ranked, ...]] = []
        self._image: QImage | None = None
        self._repaint = QTimer(self)
        self._repaint.setSingleShot(True)
        self._repaint.setInterval(_REPAINT_MS)
        self._repaint.timeout.connect(self._draw_again)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Answers over the time of the video", "Respuestas a lo largo del vídeo"))

    def sizeHint(self) -> QSize:
        return QSize(400, _HEIGHT + _AXIS)

    def clear(self, names: Sequence[str], length: float) -> None:
        """Begin a video of that many seconds; 0 where it is unknown."""
        self._names = tuple(names)
        self._places = {name: place for place, name in enumerate(self._names)}
        self._length, self._cursor = length, -1
        self.times = array("d")
        self._tops = []
        self._draw_again()

    def add(self, seconds: float, top: Sequence[Ranked]) -> None:
        """Add the answer of the next frame in time."""
        self.times.append(seconds)
        self._tops.append(tuple(top[:_KEPT]))
        self._length = max(self._length, seconds)
        if not self._repaint.isActive():
            self._repaint.start()

    def set_cursor(self, place: int) -> None:
        """Mark the frame in sight."""
        self._cursor = place
        self.setAccessibleDescription(self._text(place) if 0 <= place < len(self.times) else "")
        self.update()

    def stop(self) -> None:
        """The page will be deleted."""
        self._repaint.stop()

    def place_at(self, seconds: float) -> int:
        """The last answered frame at or before that time, else the first; -1 without any."""
        return max(0, bisect_right(self.times, seconds + 1e-9) - 1) if self.times else -1

    # Drawing -------------------------------------------------------------------------------------

    def _draw_again(self) -> None:
        self._image = self._draw() if self.times and self._names and self.width() > 4 else None
        self.update()

    def _draw(self) -> QImage:
        """Every column has the mean of its frames; one without a frame has that of the column before."""
        width, count = self.width(), len(self._names)
        columns = np.minimum((np.asarray(self.times) / self._whole * width).astype(np.int64), width - 1)
        sums, frames = np.zeros((width, count)), np.zeros(width)
        np.add.at(frames, columns, 1)
        for column, top in zip(columns.tolist(), self._tops, strict=True):
            for item in top:
                place = self._places.get(item.label)
                if place is not None:
                    sums[column, place] += item.probability
        filled = np.flatnonzero(frames)
        source = filled[np.maximum(0, np.searchsorted(filled, np.arange(width), side="right") - 1)]
        means = sums[source] / frames[source, None]
        shown = np.sort(np.argsort(-sums.sum(axis=0), kind="stable")[:_CLASSES])
        edges = np.cumsum(means[:, shown], axis=1)
        levels = 1 - (np.arange(_HEIGHT) + 0.5) / _HEIGHT
        # The class of every pixel: the first whose upper edge is above it.
        owner = (levels[:, None, None] > edges[None]).sum(axis=2)
        colors = [self._color_of(self._names[place]) for place in shown.tolist()] + [theme.color("line")]
        palette = np.array([[color.red(), color.green(), color.blue()] for color in colors], np.uint8)
        picture = palette[owner]
        # Nothing is drawn where the answers have not come yet.
        last = int(filled[-1])
        if last + 2 < width and self._length > float(self.times[-1]) + self._step:
            ground = theme.color("sunk")
            picture[:, last + 2:] = (ground.red(), ground.green(), ground.blue())
        return image_of(picture)

    @property
    def _step(self) -> float:
        return (self.times[-1] - self.times[0]) / (len(self.times) - 1) * 1.5 if len(self.times) > 1 else 0.0

    @property
    def _whole(self) -> float:
        return max(self._length, 1e-6)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        area = QRectF(0, 0, self.width(), _HEIGHT)
        painter.fillRect(area, theme.color("sunk"))
        if self._image is not None:
            painter.drawImage(area, self._image)
        painter.setPen(theme.color("dim"))
        painter.setFont(theme.font("secondary"))
        ends = QRectF(0, _HEIGHT + 2, self.width(), _AXIS)
        painter.drawText(ends, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, "0:00")
        if self._length:
            painter.drawText(ends, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, format_time(self._length))
        if 0 <= self._cursor < len(self.times):
            x = self.times[self._cursor] / self._whole * self.width()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.color("text"), 2))
            painter.drawLine(QPointF(x, 0), QPointF(x, _HEIGHT))
            text = format_time(self.times[self._cursor])
            room = painter.fontMetrics().horizontalAdvance(text) + 8
            left = min(max(70.0, x - room / 2), max(70.0, self.width() - 70.0 - room))
            painter.drawText(QRectF(left, _HEIGHT + 2, room, _AXIS), Qt.AlignmentFlag.AlignCenter, text)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.drawRect(area.adjusted(1, 1, -1, -1))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._draw_again()

    # Pointing ------------------------------------------------------------------------------------

    def _place_of(self, x: float) -> int:
        return self.place_at(x / max(1, self.width()) * self._whole)

    def _text(self, place: int) -> str:
        top = self._tops[place]
        return f"{format_time(self.times[place])}\n" + "\n".join(
            f"{item.label} {format_percent(item.probability)}" for item in top[:3])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus()
        self._point(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = self._place_of(event.position().x())
        if place >= 0:
            QToolTip.showText(event.globalPosition().toPoint(), self._text(place), self)
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._point(event)

    def leaveEvent(self, event: QEvent) -> None:
        QToolTip.hideText()
        super().leaveEvent(event)

    def _point(self, event: QMouseEvent) -> None:
        place = self._place_of(event.position().x())
        if place >= 0 and place != self._cursor:
            self.seeked.emit(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        last = len(self.times) - 1
        page = max(1, last // 20)
        moves = {Qt.Key.Key_Left: self._cursor - 1, Qt.Key.Key_Right: self._cursor + 1, Qt.Key.Key_Home: 0,
                 Qt.Key.Key_End: last, Qt.Key.Key_PageUp: self._cursor - page, Qt.Key.Key_PageDown: self._cursor + page}
        target = moves.get(Qt.Key(event.key()))
        if target is None or last < 0:
            super().keyPressEvent(event)
        else:
            self.seeked.emit(min(max(0, target), last))
