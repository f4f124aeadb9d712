"""Parallel coordinates: every trial a line over the axes of all varied keys and objectives, coloured by how good it is.

An axis is dragged by its title, flipped by a click on it, and brushed by dragging along it; several brushes count together.
With the keyboard: Left and Right choose an axis, with Ctrl they move it, F flips it, Up and Down move the brush, with Shift
they make it longer or shorter, Escape removes it.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.search.results.brushes import Arrangement, Axis
from cnnstudio.gui.pages.search.results.shown import Shown
from cnnstudio.gui.pages.search.results.view import value_color

_TOP: Final = 56
_BOTTOM: Final = 14
_SIDE: Final = 70
_GRAB: Final = 14.0
"""How many pixels from an axis a brush may begin."""
_NEAR: Final = 7.0
_STEP: Final = 0.05
OBJECTIVE: Final = "objective:"
"""Begins the key of the axis of an objective; its place follows."""


class ParallelBoard(QWidget):
    """`kept_changed(numbers or None)` when the brushes keep other trials, `arranged` when the user moved, flipped or brushed an
    axis."""

    kept_changed = Signal(object)
    arranged = Signal()
    trial_chosen = Signal(int)
    trial_opened = Signal(int)

    def __init__(self, arrangement: Arrangement) -> None:
        super().__init__()
        self.arrangement = arrangement
        self.axes: dict[str, Axis] = {}
        self._lines: list[tuple[int, QColor]] = []
        """The trials from the worst to the best, so that good ones lie above."""
        self._texts: dict[int, str] = {}
        self._chosen: int | None = None
        self._best: int | None = None
        self._kept: frozenset[int] | None = None
        self._current = ""
        self._drag: tuple[str, str, QPointF] | None = None
        """What is dragged ("title" or "brush"), its axis, and where that began."""
        self._moved = False
        self.setMinimumHeight(260)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName(tr("Parallel coordinates", "Coordenadas paralelas"))

    def sizeHint(self) -> QSize:
        return QSize(640, 320)

    def minimumSizeHint(self) -> QSize:
        # Below this the titles cannot be told apart: the board scrolls sideways.
        return QSize(92 * max(3, len(self.axes)), 260)

    # What is shown -------------------------------------------------------------------------------

    def show_search(self, shown: Shown) -> None:
        """Show the complete trials of a search."""
        axes = {}
        for key in shown.keys:
            axis = Axis(key, shown.scale(key))
            for trial, _value in shown.valued():
                if key in trial.params and (place := axis.scale.place(trial.params[key])) is not None:
                    axis.values[trial.number] = place
            axes[key] = axis
        for number in range(len(shown.search.spec.objectives)):
            axis = Axis(f"{OBJECTIVE}{number}", shown.objective_scale(number))
            for trial, _value in shown.valued():
                if (place := axis.scale.place(trial.values[number])) is not None:
                    axis.values[trial.number] = place
            axes[axis.key] = axis
        self.axes = axes
        self.arrangement.follow(list(axes))
        ranked = sorted(shown.valued(), key=lambda item: shown.share(item[1]))
        self._lines = [(trial.number, value_color(shown.share(value))) for trial, value in ranked]
        self._texts = {trial.number: shown.read(trial) for trial, _value in ranked}
        self._best = shown.best
        self.updateGeometry()
        self._follow_brushes()

    def show_marks(self, chosen: int | None) -> None:
        """Mark the chosen trial."""
        if chosen != self._chosen:
            self._chosen = chosen
            self.update()

    def clear_brushes(self) -> None:
        """Keep every trial again."""
        self.arrangement.brushes.clear()
        self._follow_brushes()
        self.arranged.emit()

    def _follow_brushes(self) -> None:
        kept = self.arrangement.keeps(list(self.axes.values()), [number for number, _color in self._lines])
        if kept != self._kept:
            self._kept = kept
            self.kept_changed.emit(kept)
        self._describe()
        self.update()

    def _describe(self) -> None:
        words = tr("{n} axes, {lines} trials", "{n} ejes, {lines} ensayos", n=len(self.axes), lines=len(self._lines))
        if self._kept is not None:
            words += tr(", {n} inside the brushes", ", {n} dentro de las selecciones", n=len(self._kept))
        if self._current in self.axes:
            words += tr("; axis {name}", "; eje {name}", name=self.axes[self._current].scale.title)
        self.setAccessibleDescription(words)

    # Places --------------------------------------------------------------------------------------

    @property
    def _area(self) -> QRectF:
        return QRectF(_SIDE, _TOP, max(10, self.width() - 2 * _SIDE), max(10, self.height() - _TOP - _BOTTOM))

    def axis_x(self, key: str) -> float:
        """Where an axis stands, in pixels."""
        order, area = self.arrangement.order, self._area
        return area.left() + area.width() * order.index(key) / max(1, len(order) - 1)

    def point(self, key: str, place: float) -> QPointF:
        """A place of the scale of an axis, in pixels."""
        area = self._area
        return QPointF(self.axis_x(key), area.bottom() - area.height() * self.arrangement.shown(key, place))

    def title_box(self, key: str) -> QRectF:
        """Where the title of an axis is."""
        gap = self._area.width() / max(1, len(self.arrangement.order) - 1)
        width = min(170.0, gap - 10 if len(self.arrangement.order) > 1 else 170.0)
        left = min(max(0.0, self.axis_x(key) - width / 2), self.width() - width)
        return QRectF(left, 2, width, 36)

    def _line(self, number: int) -> QPolygonF:
        return QPolygonF([self.point(key, self.axes[key].values[number]) for key in self.arrangement.order
                          if number in self.axes[key].values])

    def _place_at(self, y: float) -> float:
        area = self._area
        return min(1.0, max(0.0, (area.bottom() - y) / area.height()))

    def _axis_at(self, x: float) -> str | None:
        far = [(abs(self.axis_x(key) - x), key) for key in self.arrangement.order]
        distance, key = min(far, default=(_GRAB + 1, ""))
        return key if distance <= _GRAB else None

    def _title_at(self, place: QPointF) -> str | None:
        return next((key for key in self.arrangement.order if self.title_box(key).contains(place)), None)

    def _trial_at(self, place: QPointF) -> int | None:
        """The line under the cursor, among those that the brushes keep."""
        order, best, found = self.arrangement.order, _NEAR, None
        for number, _color in reversed(self._lines):
            if self._kept is not None and number not in self._kept:
                continue
            points = [self.point(key, self.axes[key].values[number]) for key in order if number in self.axes[key].values]
            for one, other in zip(points, points[1:], strict=False):
                if one.x() - 2 <= place.x() <= other.x() + 2 and other.x() > one.x():
                    share = min(1.0, max(0.0, (place.x() - one.x()) / (other.x() - one.x())))
                    distance = abs(one.y() + share * (other.y() - one.y()) - place.y())
                    if distance < best:
                        best, found = distance, number
        return found

    # The mouse -----------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        place = event.position()
        self._moved = False
        title, axis = self._title_at(place), self._axis_at(place.x())
        if title is not None:
            self._drag, self._current = ("title", title, place), title
        elif axis is not None and place.y() > _TOP - 8:
            self._drag, self._current = ("brush", axis, place), axis
        elif (number := self._trial_at(place)) is not None:
            self.trial_chosen.emit(number)
        self._describe()
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = event.position()
        if self._drag is None:
            self._hover(place, event)
            return
        what, key, began = self._drag
        if (place - began).manhattanLength() < 5 and not self._moved:
            return
        self._moved = True
        if what == "title":
            area, count = self._area, len(self.arrangement.order)
            if self.arrangement.move(key, round((place.x() - area.left()) / area.width() * (count - 1))):
                self.update()
        else:
            self.arrangement.brush(key, self._place_at(began.y()), self._place_at(place.y()))
            self._follow_brushes()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._drag is None:
            return
        (what, key, _began), self._drag = self._drag, None
        if not self._moved:
            if what == "title":
                self.arrangement.flip(key)
            elif (number := self._trial_at(event.position())) is not None and key not in self.arrangement.brushes:
                self.trial_chosen.emit(number)
            else:
                self.arrangement.brushes.pop(key, None)
        self._follow_brushes()
        self.arranged.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        number = self._trial_at(event.position())
        if number is not None:
            self.trial_opened.emit(number)

    def _hover(self, place: QPointF, event: QMouseEvent) -> None:
        title = self._title_at(place)
        number = None if title is not None else self._trial_at(place)
        if title is not None:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        elif self._axis_at(place.x()) is not None and place.y() > _TOP - 8:
            self.setCursor(Qt.CursorShape.SizeVerCursor)
        else:
            self.setCursor(Qt.CursorShape.PointingHandCursor if number is not None else Qt.CursorShape.ArrowCursor)
        text = self._texts.get(number, "") if number is not None else "" if title is None else tr(
            "{name}: drag to move the axis, click to flip it", "{name}: arrastre para mover el eje, haga clic para invertirlo",
            name=self.axes[title].scale.title)
        if text:
            QToolTip.showText(event.globalPosition().toPoint(), text, self)
        else:
            QToolTip.hideText()

    # Keys ----------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        order, key = self.arrangement.order, Qt.Key(event.key())
        if not order:
            super().keyPressEvent(event)
            return
        if self._current not in order:
            self._current = order[0]
        place, control = order.index(self._current), bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        sideways = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(key)
        upwards = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(key)
        if sideways is not None and control:
            self.arrangement.move(self._current, place + sideways)
        elif sideways is not None:
            self._current = order[min(max(0, place + sideways), len(order) - 1)]
        elif upwards is not None:
            self._move_brush(upwards * _STEP, longer=shift)
        elif key == Qt.Key.Key_F:
            self.arrangement.flip(self._current)
        elif key == Qt.Key.Key_Escape and self._current in self.arrangement.brushes:
            del self.arrangement.brushes[self._current]
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._chosen is not None:
            self.trial_opened.emit(self._chosen)
        else:
            super().keyPressEvent(event)
            return
        self._follow_brushes()
        self.arranged.emit()

    def _move_brush(self, step: float, *, longer: bool) -> None:
        """Move the brush of the current axis, or its upper end; the first step makes one over the upper half."""
        key = self._current
        if key not in self.arrangement.brushes:
            self.arrangement.brush(key, 0.5, 1.0)
            return
        ends = sorted(self.arrangement.shown(key, end) for end in self.arrangement.brushes[key])
        low, high = ends if longer else (ends[0] + step, ends[1])
        high += step
        if low >= -1e-9 and high <= 1 + 1e-9:
            self.arrangement.brush(key, low, high)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    # Painting ------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number, color in self._lines:
            self._paint_line(painter, number, color)
        for marked, token in ((self._best, "ok"), (self._chosen, "text")):
            if marked is not None and any(marked == own for own, _color in self._lines):
                painter.setPen(QPen(theme.color(token), 2.4))
                painter.drawPolyline(self._line(marked))
        for key in self.arrangement.order:
            self._paint_axis(painter, self.axes[key])

    def _paint_line(self, painter: QPainter, number: int, color: QColor) -> None:
        own = QColor(color)
        if self._kept is not None and number not in self._kept:
            own = QColor(theme.color("line"))
            own.setAlpha(110)
        painter.setPen(QPen(own, 1.5))
        painter.drawPolyline(self._line(number))

    def _paint_axis(self, painter: QPainter, axis: Axis) -> None:
        area, x = self._area, self.axis_x(axis.key)
        painter.setPen(QPen(theme.color("dim"), 1.2))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        span = self.arrangement.brushes.get(axis.key)
        if span is not None:
            ends = [self.point(axis.key, end).y() for end in span]
            fill = QColor(theme.color("accent"))
            fill.setAlpha(70)
            painter.setBrush(fill)
            painter.setPen(QPen(theme.color("accent"), 1.2))
            painter.drawRect(QRectF(x - 7, min(ends), 14, abs(ends[0] - ends[1])))
        painter.setFont(theme.font("secondary"))
        metrics = painter.fontMetrics()
        for place, text in axis.scale.ticks(5):
            self._paint_tick(painter, metrics, self.point(axis.key, place), text)
        box = self.title_box(axis.key)
        if self.hasFocus() and axis.key == self._current:
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 5, 5)
        painter.setFont(theme.font("body_strong" if axis.key.startswith(OBJECTIVE) else "secondary"))
        painter.setPen(theme.color("text"))
        arrow = "↓" if axis.key in self.arrangement.flipped else "↑"
        metrics = painter.fontMetrics()
        room = round(box.width() - 8)
        lines = _two_lines(axis.scale.title, arrow, metrics, room)
        for place, words in enumerate(lines):
            line = QRectF(box.left(), box.center().y() + (place - len(lines) / 2) * 16, box.width(), 16)
            painter.drawText(line, Qt.AlignmentFlag.AlignCenter, words)

    def _paint_tick(self, painter: QPainter, metrics: QFontMetrics, place: QPointF, text: str) -> None:
        """A number on a ground of its own, so that the lines behind do not strike it through."""
        gap = self._area.width() / max(1, len(self.arrangement.order) - 1)
        words = metrics.elidedText(text, Qt.TextElideMode.ElideRight, round(min(gap - 14, 110)))
        box = QRectF(place.x() + 5, place.y() - 8, metrics.horizontalAdvance(words) + 6, 16)
        if box.right() > self.width():
            box.moveRight(place.x() - 5)
        ground = QColor(theme.color("raised"))
        ground.setAlpha(215)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(box, 3, 3)
        painter.setPen(theme.color("dim"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)
        painter.drawLine(QPointF(place.x() - 3, place.y()), QPointF(place.x() + 3, place.y()))


def _two_lines(title: str, arrow: str, metrics: QFontMetrics, room: int) -> list[str]:
    """A title with its arrow in at most two lines, broken between words."""
    whole = f"{title} {arrow}"
    words = whole.split(" ")
    breaks = [(" ".join(words[:place]), " ".join(words[place:])) for place in range(1, len(words) - 1)]
    if metrics.horizontalAdvance(whole) <= room or not breaks:
        short = metrics.elidedText(title, Qt.TextElideMode.ElideMiddle, room - metrics.horizontalAdvance(f" {arrow}"))
        return [f"{short} {arrow}"]
    first, second = min(breaks, key=lambda pair: max(map(metrics.horizontalAdvance, pair)))
    tail = metrics.elidedText(second.removesuffix(f" {arrow}"), Qt.TextElideMode.ElideMiddle,
                              room - metrics.horizontalAdvance(f" {arrow}"))
    return [metrics.elidedText(first, Qt.TextElideMode.ElideMiddle, room), f"{tail} {arrow}"]
