"""A scatter plot with a logarithmic axis below: points are chosen by click or key, and labels never overlap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Final

from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.scatter_labels import NEAR, around, beside_front

_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 14.0, 12.0, 42.0
_RADIUS: Final = 4.5
_REACH: Final = 14.0
"""How far from a point, in pixels, the mouse still means it."""
_STEPS: Final = (1, 2, 5, 10, 20, 50)
_DIRECTIONS: Final = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}


@dataclass(frozen=True)
class Point:
    """One point: its id, its place, a name and a tooltip. A filled one is at hand, another is a ring."""

    id: str
    x: float
    y: float
    name: str
    tooltip: str
    filled: bool = True
    faded: bool = False


def best_points(points: Sequence[Point]) -> list[Point]:
    """The points that no other one surpasses: each has more y than all with as much x or less."""
    result: list[Point] = []
    for point in sorted(points, key=lambda point: (point.x, -point.y)):
        if not result or point.y > result[-1].y:
            result.append(point)
    return result


class ScatterChart(QWidget):
    """`chosen(id)` on a click or an arrow key, `opened(id)` on a double click or Enter."""

    chosen = Signal(str)
    opened = Signal(str)

    def __init__(self, name: str, x_title: str, y_title: str, format_x: Callable[[float], str],
                 format_y: Callable[[float], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._titles = x_title, y_title
        self._format_x, self._format_y = format_x, format_y
        self._points: tuple[Point, ...] = ()
        self._best: list[Point] = []
        self._selected = ""
        self._hover = ""
        self._ranges = (0.0, 1.0, 0.0, 1.0)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 160)
        self.setAccessibleName(name)

    def sizeHint(self) -> QSize:
        return QSize(460, 320)

    @property
    def selected(self) -> str:
        """The id of the selected point, "" for none."""
        return self._selected

    def show_points(self, points: Sequence[Point]) -> None:
        """Show these points; the axes hold all of them, also the faded ones."""
        self._points = tuple(points)
        self._best = best_points(points)
        if points:
            logs = [log10(point.x) for point in points]
            margin = max(0.05, (max(logs) - min(logs)) * 0.06)
            ys = [point.y for point in points]
            room = max(0.5, (max(ys) - min(ys)) * 0.08)
            self._ranges = min(logs) - margin, max(logs) + margin, min(ys) - room, max(ys) + room
        self._describe()
        self.update()

    def select(self, identifier: str) -> None:
        """Mark a point; "" or an id that has no point marks none."""
        if identifier != self._selected:
            self._selected = identifier
            self._describe()
            self.update()

    def _describe(self) -> None:
        point = self._point(self._selected)
        self.setAccessibleDescription(point.tooltip if point is not None else "")

    def _point(self, identifier: str) -> Point | None:
        return next((point for point in self._points if point.id == identifier), None)

    # Geometry -----------------------------------------------------------------------------------

    @property
    def _area(self) -> QRectF:
        return QRectF(_LEFT, _TOP, max(1.0, self.width() - _LEFT - _RIGHT), max(1.0, self.height() - _TOP - _BOTTOM))

    def _place(self, x: float, y: float) -> QPointF:
        area, (left, right, low, high) = self._area, self._ranges
        return QPointF(area.left() + (log10(x) - left) / (right - left) * area.width(),
                       area.bottom() - (y - low) / (high - low) * area.height())

    def place_of(self, identifier: str) -> QPointF | None:
        """Where a point is drawn."""
        point = self._point(identifier)
        return None if point is None else self._place(point.x, point.y)

    def _nearest(self, position: QPointF) -> Point | None:
        def distance(point: Point) -> float:
            delta = self._place(point.x, point.y) - position
            return delta.x() ** 2 + delta.y() ** 2

        point = min((point for point in self._points if not point.faded), key=distance, default=None)
        return point if point is not None and distance(point) <= _REACH**2 else None

    def labels(self) -> list[tuple[Point, QRectF]]:
        """The labels that are shown, with their places: of the best points, of the selected one, and of the one below the
        mouse. None covers a point or another label."""
        metrics = QFontMetricsF(theme.font("secondary", 11 / 12))
        bounds = QRectF(self._area.left() - 2, 1, self.width() - self._area.left() + 1, self._area.bottom() - 1)
        places = {point.id: self._place(point.x, point.y) for point in self._points}
        dots = [QRectF(place.x() - _RADIUS, place.y() - _RADIUS, 2 * _RADIUS, 2 * _RADIUS) for place in places.values()]

        def size_of(point: Point) -> QSizeF:
            return QSizeF(metrics.horizontalAdvance(point.name) + 2, metrics.height())

        best = [point for point in self._best if not point.faded]
        rects = beside_front([places[point.id] for point in self._best],
                             [(places[point.id], size_of(point)) for point in best], bounds)
        result = [(point, rect) for point, rect in zip(best, rects, strict=True) if rect is not None]
        marked = [point for identifier in dict.fromkeys((self._hover, self._selected))
                  if (point := self._point(identifier)) is not None]
        labelled = {point.id for point, _rect in result}
        for point in [*marked, *best]:
            if point.id in labelled:
                continue
            labelled.add(point.id)
            place = places[point.id]
            candidates = (around(place, size_of(point), _RADIUS + 9) if point in marked else
                          around(place, size_of(point))[:NEAR])
            free = [rect for rect in candidates if bounds.contains(rect)
                    and not any(rect.intersects(other) for _point, other in result)]
            clear = [rect for rect in free if not any(rect.adjusted(-2, -2, 2, 2).intersects(dot) for dot in dots)]
            if clear or (free and point in marked):
                result.append((point, (clear or free)[0]))
        return result

    # Painting -----------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("secondary", 11 / 12))
        self._paint_axes(painter)
        if len(self._best) > 1:
            pen = QPen(theme.color("accent"), 1.2, Qt.PenStyle.DashLine)
            painter.setPen(pen)
            painter.setOpacity(0.55)
            painter.drawPolyline([self._place(point.x, point.y) for point in self._best])
            painter.setOpacity(1)
        for point in sorted(self._points, key=lambda point: (point.id == self._hover, point.id == self._selected)):
            self._paint_point(painter, point)
        for point, rect in self.labels():
            self._paint_leader(painter, point, rect)
            marked = point.id in (self._selected, self._hover)
            if marked:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.color("raised"))
                painter.setOpacity(0.85)
                painter.drawRoundedRect(rect, 3, 3)
                painter.setOpacity(1)
            painter.setPen(theme.color("text" if marked else "dim"))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, point.name)
        if self.hasFocus():
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)

    def _paint_point(self, painter: QPainter, point: Point) -> None:
        place = self._place(point.x, point.y)
        selected, hovered = point.id == self._selected, point.id == self._hover
        color = theme.color("line" if point.faded else "accent" if point in self._best or selected else "dim")
        if selected or hovered:
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.setBrush(theme.color("accent_bg"))
            painter.drawEllipse(place, _RADIUS + 4, _RADIUS + 4)
        painter.setPen(QPen(color, 1.6))
        painter.setBrush(color if point.filled else theme.color("raised"))
        painter.drawEllipse(place, _RADIUS, _RADIUS)

    def _paint_leader(self, painter: QPainter, point: Point, rect: QRectF) -> None:
        """A thin line to a label that is not beside its point."""
        place = self._place(point.x, point.y)
        x = min(max(place.x(), rect.left()), rect.right())
        y = min(max(place.y(), rect.top() + 3), rect.bottom() - 3)
        end = QPointF(x + (2 if x < place.x() else -2), y)
        if (end - place).manhattanLength() > 2.5 * _RADIUS + 4:
            painter.setPen(QPen(theme.color("faint"), 1))
            start = place + (end - place) * (_RADIUS / max(1.0, QLineF(place, end).length()))
            painter.drawLine(start, end)

    def _paint_axes(self, painter: QPainter) -> None:
        area, (left, right, low, high) = self._area, self._ranges
        height = painter.fontMetrics().height()
        step = next((step for step in _STEPS if (high - low) / step * (height + 10) <= area.height()), _STEPS[-1])
        for number in range(ceil(low / step), floor(high / step) + 1):
            y = self._place(1, number * step).y()
            painter.setPen(QPen(theme.color("line"), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(theme.color("dim"))
            painter.drawText(QRectF(0, y - height / 2, area.left() - 6, height),
                             Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._format_y(number * step))
        taken: list[tuple[float, float]] = []
        # Powers of ten have the first right to a number.
        for x in (factor * 10.0**power for factor in (1, 2, 5) for power in range(floor(left), ceil(right) + 1)):
            if not left <= log10(x) <= right:
                continue
            center = self._place(x, low).x()
            painter.setPen(QPen(theme.color("line"), 1))
            painter.drawLine(QPointF(center, area.top()), QPointF(center, area.bottom()))
            text = self._format_x(x)
            half = painter.fontMetrics().horizontalAdvance(text) / 2 + 2
            if center + half <= self.width() and not any(center - half < end and start < center + half for start, end in taken):
                painter.setPen(theme.color("dim"))
                painter.drawText(QRectF(center - half, area.bottom() + 4, 2 * half, height),
                                 Qt.AlignmentFlag.AlignCenter, text)
                taken.append((center - half, center + half))
        painter.setPen(theme.color("dim"))
        painter.drawText(QRectF(area.left(), area.bottom() + 6 + height, area.width(), height),
                         Qt.AlignmentFlag.AlignCenter, self._titles[0])
        # The title of the upright axis lies along the axis.
        painter.save()
        painter.translate(2, area.center().y())
        painter.rotate(-90)
        title = painter.fontMetrics().elidedText(self._titles[1], Qt.TextElideMode.ElideRight, int(area.height()))
        painter.drawText(QRectF(-area.height() / 2, 0, area.height(), height), Qt.AlignmentFlag.AlignCenter, title)
        painter.restore()

    # Mouse and keys -----------------------------------------------------------------------------

    def _set_hover(self, identifier: str) -> None:
        if identifier != self._hover:
            self._hover = identifier
            self.setCursor(Qt.CursorShape.PointingHandCursor if identifier else Qt.CursorShape.ArrowCursor)
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = self._nearest(event.position())
        self._set_hover(point.id if point is not None else "")

    def leaveEvent(self, event: QEvent) -> None:
        self._set_hover("")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        point = self._nearest(event.position())
        if point is not None and event.button() == Qt.MouseButton.LeftButton:
            self._choose(point)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        point = self._nearest(event.position())
        if point is not None and event.button() == Qt.MouseButton.LeftButton:
            self.opened.emit(point.id)

    def _choose(self, point: Point) -> None:
        self.select(point.id)
        self.chosen.emit(point.id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        direction = _DIRECTIONS.get(Qt.Key(event.key()))
        present = self._point(self._selected)
        if direction is not None:
            point = self._neighbour(present, direction)
            if point is not None:
                self._choose(point)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and present is not None:
            self.opened.emit(present.id)
        else:
            super().keyPressEvent(event)

    def _neighbour(self, present: Point | None, direction: tuple[int, int]) -> Point | None:
        """The next point in a direction: sideways in the order of x, up and down in that of y, so that every one is
        reached."""
        points = [point for point in self._points if not point.faded]
        if present is None or present not in points:
            return min(points, key=lambda point: point.x, default=None)
        sideways, down = direction
        ordered = sorted(points, key=lambda point: (point.x, point.y, point.id) if sideways else
                         (-point.y, point.x, point.id))
        index = ordered.index(present) + (sideways or down)
        return ordered[index] if 0 <= index < len(ordered) else None

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            point = self._nearest(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), point.tooltip if point is not None else "", self)
            return True
        return super().event(event)
