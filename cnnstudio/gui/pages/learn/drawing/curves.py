"""Curves of functions and measurements, with their values at the cursor. What moves is drawn over what stays."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final, NamedTuple

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.learn.drawing.axes import format_tick, nice_ticks
from cnnstudio.gui.pages.learn.drawing.numbers import format_exact
from cnnstudio.gui.widgets.basics import Label, column

_LEFT, _BOTTOM, _TOP, _RIGHT = 50, 40, 8, 12
_PAD: Final = 0.04
_CENTER: Final = Qt.AlignmentFlag.AlignHCenter


class Curve(NamedTuple):
    """A curve: its name, its colour and its values; `marked` shows the points themselves."""

    name: str
    color: QColor
    x: np.ndarray
    y: np.ndarray
    dashed: bool = False
    marked: bool = False


class CurvePlot(QWidget):
    """Curves over one axis, with a legend above them."""

    def __init__(self, name: str, x_title: str, y_title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._legend = Label("", "secondary", wrap=True)
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        self._area = _Area(name, x_title, y_title)
        layout = column(self._legend, self._area, spacing=4)
        layout.setStretch(1, 1)
        self.setLayout(layout)
        self._still: tuple[Curve, ...] = ()
        self._names: list[tuple[str, str]] = []

    def set_ticks(self, ticks: Sequence[tuple[float, str]]) -> None:
        """Write these texts at these places of the axis, instead of round numbers."""
        self._area.ticks = tuple(ticks)

    def show_curves(self, curves: Sequence[Curve], marker: float | None = None, y_range: tuple[float, float] | None = None
                    ) -> None:
        """Show these curves; `marker` is a line at one place of the axis."""
        self._still = tuple(curves)
        self._area.show_still(self._still, y_range)
        self.show_moving((), marker)

    def show_moving(self, curves: Sequence[Curve], marker: float | None) -> None:
        """Show these over the others; they may change sixty times a second."""
        self._area.show_moving(tuple(curves), marker)
        names = [(curve.color.name(), curve.name) for curve in (*self._still, *curves)]
        if names != self._names:
            self._names = names
            self._legend.setText(" &nbsp; ".join(
                f'<span style="color:{color}">●</span>&nbsp;{escape(name).replace(" ", "&nbsp;")}' for color, name in names))
            self._area.setAccessibleDescription(", ".join(name for _color, name in names))

    def sizeHint(self) -> QSize:
        return QSize(360, 240)


class _Area(QWidget):
    def __init__(self, name: str, x_title: str, y_title: str) -> None:
        super().__init__()
        self._x_title, self._y_title = x_title, y_title
        self._still: tuple[Curve, ...] = ()
        self._moving: tuple[Curve, ...] = ()
        self._marker: float | None = None
        self._x, self._y = (0.0, 1.0), (0.0, 1.0)
        self._drawn: QPixmap | None = None
        self._pointer: QPointF | None = None
        self.ticks: tuple[tuple[float, str], ...] = ()
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setMinimumSize(200, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_still(self, curves: tuple[Curve, ...], y_range: tuple[float, float] | None) -> None:
        self._still, self._drawn = curves, None
        known = [curve for curve in curves if len(curve.x)]
        if known:
            self._x = min(float(curve.x[0]) for curve in known), max(float(curve.x[-1]) for curve in known)
            low, high = y_range or (min(float(np.nanmin(curve.y)) for curve in known),
                                    max(float(np.nanmax(curve.y)) for curve in known))
            self._y = low, high if high > low else low + 1
        self.update()

    def show_moving(self, curves: tuple[Curve, ...], marker: float | None) -> None:
        self._moving, self._marker = curves, marker
        self.update()

    # Geometry ------------------------------------------------------------------------------------

    def _room(self) -> QRectF:
        left = _LEFT + (16 if self._y_title else 0)
        return QRectF(left, _TOP, max(1, self.width() - left - _RIGHT), max(1, self.height() - _TOP - _BOTTOM))

    def _across(self, x: np.ndarray | float) -> np.ndarray | float:
        room, (low, high) = self._room(), self._x
        return room.x() + room.width() * ((x - low) / ((high - low) or 1) * (1 - 2 * _PAD) + _PAD)

    def _up(self, y: np.ndarray | float) -> np.ndarray | float:
        room, (low, high) = self._room(), self._y
        return room.bottom() - room.height() * ((y - low) / (high - low) * (1 - 2 * _PAD) + _PAD)

    # Painting ------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        ratio = painter.device().devicePixelRatioF()
        if self._drawn is None or self._drawn.devicePixelRatio() != ratio:
            self._drawn = QPixmap(self.size() * ratio)
            self._drawn.setDevicePixelRatio(ratio)
            self._drawn.fill(theme.color("raised"))
            inner = QPainter(self._drawn)
            self._paint_still(inner)
            inner.end()
        painter.drawPixmap(0, 0, self._drawn)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = self._room()
        painter.setClipRect(room)
        if self._marker is not None:
            x = float(self._across(self._marker))
            painter.setPen(QPen(theme.color("dim"), 1, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))
        for curve in self._moving:
            self._paint_curve(painter, curve)
        if self._pointer is not None:
            self._paint_readout(painter, self._pointer)

    def _paint_still(self, painter: QPainter) -> None:
        room = self._room()
        painter.setFont(theme.font("secondary", 11 / 12))
        line, dim = QPen(theme.color("line"), 1), theme.color("dim")
        for value in nice_ticks(*self._y, max(2, int(room.height() // 34))):
            y = float(self._up(value))
            painter.setPen(line)
            painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
            painter.setPen(dim)
            painter.drawText(QRectF(0, y - 8, room.left() - 6, 16), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                             format_tick(value))
        for value, text in self.ticks or [(value, format_tick(value)) for value in
                                          nice_ticks(*self._x, max(2, int(room.width() // 44)))]:
            x = float(self._across(value))
            painter.setPen(dim)
            painter.drawText(QRectF(x - 30, room.bottom() + 4, 60, 16), _CENTER, text)
        painter.setPen(QPen(theme.color("line"), 1))
        painter.drawLine(room.bottomLeft(), room.bottomRight())
        painter.setPen(dim)
        painter.drawText(QRectF(room.left(), room.bottom() + 20, room.width(), 18), _CENTER, self._x_title)
        if self._y_title:
            painter.save()
            painter.translate(12, room.center().y())
            painter.rotate(-90)
            painter.drawText(QRectF(-room.height() / 2, -9, room.height(), 18), Qt.AlignmentFlag.AlignCenter, self._y_title)
            painter.restore()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(room)
        for curve in self._still:
            self._paint_curve(painter, curve)

    def _paint_curve(self, painter: QPainter, curve: Curve) -> None:
        across, up = np.asarray(self._across(curve.x)).tolist(), np.asarray(self._up(curve.y)).tolist()
        points = [QPointF(x, y) for x, y in zip(across, up, strict=True)]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(curve.color, 2, Qt.PenStyle.DashLine if curve.dashed else Qt.PenStyle.SolidLine))
        painter.drawPolyline(QPolygonF(points))
        if curve.marked:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(curve.color)
            for point in points:
                painter.drawEllipse(point, 3, 3)

    def _paint_readout(self, painter: QPainter, pointer: QPointF) -> None:
        """The values of the curves at the pointer."""
        room, (low, high) = self._room(), self._x
        x = low + ((pointer.x() - room.x()) / room.width() - _PAD) / (1 - 2 * _PAD) * (high - low)
        inside = [curve for curve in (*self._still, *self._moving) if len(curve.x) and curve.x[0] <= x <= curve.x[-1]]
        if not room.contains(pointer) or not inside:
            return
        lines = [f"{curve.name}: {format_exact(round(float(np.interp(x, curve.x, curve.y)), 4))}" for curve in inside]
        painter.setFont(theme.font("secondary"))
        metrics = painter.fontMetrics()
        width = max(metrics.horizontalAdvance(text) for text in lines) + 30
        box = QRectF(pointer.x() + 12, pointer.y() + 12, width, len(lines) * 16 + 10)
        box.moveLeft(min(box.x(), room.right() - box.width()))
        box.moveTop(min(box.y(), room.bottom() - box.height()))
        painter.setPen(QPen(theme.color("line"), 1))
        painter.setBrush(theme.color("surface"))
        painter.drawRoundedRect(box, 4, 4)
        for number, (curve, text) in enumerate(zip(inside, lines, strict=True)):
            top = box.y() + 5 + number * 16
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(curve.color)
            painter.drawEllipse(QPointF(box.x() + 12, top + 8), 4, 4)
            painter.setPen(theme.color("text"))
            painter.drawText(QRectF(box.x() + 22, top, width, 16), Qt.AlignmentFlag.AlignVCenter, text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._drawn = None
        super().resizeEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointer = event.position()
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self.update()
