"""A laser pointer: a dot at the mouse with a short trail."""

from __future__ import annotations

import time
from collections import deque
from typing import Final

from PySide6.QtCore import QPoint, QPointF, QRect, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from cnnstudio.gui.look import theme

RADIUS: Final = 7
_HALO: Final = 2.4
_TRAIL_SECONDS: Final = 0.35
_FRAME: Final = 16


class LaserPointer(QWidget):
    """Covers its parent and takes no events: what is under it works as before."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._trail: deque[tuple[float, QPointF]] = deque(maxlen=64)
        self._timer = QTimer(self)
        self._timer.setInterval(_FRAME)
        self._timer.timeout.connect(self._fade)
        self.setGeometry(parent.rect())

    @property
    def place(self) -> QPointF | None:
        """Where the dot is; None before the mouse has moved."""
        return self._trail[-1][1] if self._trail else None

    def move_to(self, place: QPoint) -> None:
        """Show the dot there, in the coordinates of the parent."""
        before = self._area()
        self._trail.append((time.monotonic(), QPointF(place)))
        self.update(self._area().united(before))
        if not self._timer.isActive():
            self._timer.start()

    def _fade(self) -> None:
        """Let the trail end; the dot stays."""
        before, old = self._area(), time.monotonic() - _TRAIL_SECONDS
        while len(self._trail) > 1 and self._trail[0][0] < old:
            self._trail.popleft()
        self.update(before)
        if len(self._trail) <= 1:
            self._timer.stop()

    def _area(self) -> QRect:
        if not self._trail:
            return QRect()
        reach = round(RADIUS * _HALO) + 2
        xs, ys = [place.x() for _time, place in self._trail], [place.y() for _time, place in self._trail]
        return QRect(round(min(xs)), round(min(ys)), round(max(xs) - min(xs)) + 1, round(max(ys) - min(ys)) + 1).adjusted(
            -reach, -reach, reach, reach)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._trail:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        color, places = QColor(theme.color("error")), [place for _time, place in self._trail]
        for number, (one, other) in enumerate(zip(places, places[1:], strict=False), start=1):
            share = number / len(places)
            color.setAlphaF(0.55 * share)
            painter.setPen(QPen(color, 1 + RADIUS * share, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
            painter.drawLine(one, other)
        painter.setPen(Qt.PenStyle.NoPen)
        color.setAlphaF(0.22)
        painter.setBrush(color)
        painter.drawEllipse(places[-1], RADIUS * _HALO, RADIUS * _HALO)
        color.setAlphaF(1.0)
        painter.setBrush(color)
        painter.drawEllipse(places[-1], RADIUS, RADIUS)
