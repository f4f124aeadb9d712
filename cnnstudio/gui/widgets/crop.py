"""A picture with its crop box, to be drawn, moved and resized with the mouse or the keyboard."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme, tokens
from cnnstudio.gui.widgets.picture import fit_rect

Box = tuple[int, int, int, int]
"""Top, left, height, width in pixels of the picture."""
_HIGHEST: Final = 288
_MARGIN: Final = 5
"""Room for the handles around the picture."""
_REACH: Final = 9.0
"""The mouse grabs an edge within so many pixels of the screen."""
_HANDLE: Final = 8.0
_LEAST_SHARE: Final = 0.01
_FAR: Final = 10
"""Pixels of a step with Ctrl."""
_ARROWS: Final = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
_SIDES: Final = {frozenset({"left"}): Qt.CursorShape.SizeHorCursor, frozenset({"right"}): Qt.CursorShape.SizeHorCursor,
                 frozenset({"top"}): Qt.CursorShape.SizeVerCursor, frozenset({"bottom"}): Qt.CursorShape.SizeVerCursor,
                 frozenset({"top", "left"}): Qt.CursorShape.SizeFDiagCursor,
                 frozenset({"bottom", "right"}): Qt.CursorShape.SizeFDiagCursor,
                 frozenset({"top", "right"}): Qt.CursorShape.SizeBDiagCursor,
                 frozenset({"bottom", "left"}): Qt.CursorShape.SizeBDiagCursor}


class CropView(QWidget):
    """`box_changed(box)` and `share_changed(share)` follow every move of the user, `settled` its end.

    A side of a box that touches the far edge of the picture reaches to the end of every other picture, too: its length
    is 0, as in the recipe.
    """

    box_changed = Signal(object)
    share_changed = Signal(float)
    settled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._high = self._wide = 1
        self._kind, self._box = "none", (0, 0, 1, 1)
        self._sides: frozenset[str] | None = None
        self._from = QPointF()
        self._before: Box = (0, 0, 1, 1)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Part to keep", "Parte que conservar"))

    def show_picture(self, image: QImage, height: int, width: int) -> None:
        """Show a picture of that size (`image` may be a smaller copy)."""
        self._image, self._high, self._wide = image, height, width
        self._follow_shape()
        self.update()

    def show_box(self, kind: str, box: Box) -> None:
        """Show the box of a crop "share" or "box"."""
        self._kind, self._box = kind, box
        top, left, rows, columns = box
        self.setToolTip(tr("{width} × {height} pixels from ({left}, {top}). Drag the edges or the inside, or draw a "
                           "new part; arrow keys move it, and with Shift they resize it.",
                           "{width} × {height} píxeles desde ({left}, {top}). Arrastre los bordes, el interior o una "
                           "parte nueva; las flechas la mueven y con Mayús cambian su tamaño.",
                           width=columns, height=rows, left=left, top=top)
                        if kind == "box" else
                        tr("{width} × {height} pixels in the centre. Drag an edge.",
                           "{width} × {height} píxeles del centro. Arrastre un borde.", width=columns, height=rows))
        self.update()

    def _follow_shape(self) -> None:
        """As high as the picture at this width. By hand: a scrolled column does not use height for width."""
        room = self.width() - 2 * _MARGIN
        self.setFixedHeight(max(48, min(_HIGHEST, round(room * self._high / max(1, self._wide)) + 2 * _MARGIN)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._follow_shape()

    def minimumSizeHint(self) -> QSize:
        return QSize(96, 48)

    # Geometry ------------------------------------------------------------------------------------

    def _target(self) -> QRectF:
        """The rectangle of the picture in the widget."""
        return fit_rect(QSize(self._wide, self._high), QRectF(self.rect()).adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN))

    def part(self) -> QRectF:
        """The rectangle of the crop box in the widget."""
        target, (top, left, rows, columns) = self._target(), self._box
        scale = target.width() / self._wide
        return QRectF(target.x() + left * scale, target.y() + top * scale, columns * scale, rows * scale)

    def _pixel(self, point: QPointF) -> tuple[int, int]:
        """Row and column of the corner between pixels that is nearest to a point of the widget."""
        target = self._target()
        scale = self._wide / target.width()
        return (max(0, min(self._high, round((point.y() - target.y()) * scale))),
                max(0, min(self._wide, round((point.x() - target.x()) * scale))))

    def _sides_at(self, point: QPointF) -> frozenset[str] | None:
        """The sides under the mouse; none of them to move the box, None to draw a new one."""
        part = self.part()
        if not part.adjusted(-_REACH, -_REACH, _REACH, _REACH).contains(point):
            return None if self._kind == "box" else frozenset()
        near = {"left": abs(point.x() - part.left()), "right": abs(point.x() - part.right()),
                "top": abs(point.y() - part.top()), "bottom": abs(point.y() - part.bottom())}
        reach = min(_REACH, part.width() / 3, part.height() / 3) if part.contains(point) else _REACH
        sides = {side for side, distance in near.items() if distance <= reach}
        for one, other in (("left", "right"), ("top", "bottom")):
            if {one, other} <= sides:
                sides.discard(one if near[one] > near[other] else other)
        return frozenset(sides)

    # Mouse and keyboard --------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._image is None:
            return
        self._sides = self._sides_at(event.position())
        self._from, self._before = event.position(), self._box
        if self._sides is None:
            row, column = self._pixel(event.position())
            self._before = (min(row, self._high - 1), min(column, self._wide - 1), 1, 1)
            self._sides = frozenset({"bottom", "right"})

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not event.buttons() & Qt.MouseButton.LeftButton or self._sides is None:
            sides = self._sides_at(event.position())
            self.setCursor(Qt.CursorShape.CrossCursor if sides is None else _SIDES.get(sides) or (
                Qt.CursorShape.SizeAllCursor if self._kind == "box" else Qt.CursorShape.ArrowCursor))
            return
        if self._kind == "share":
            if self._sides:
                self._take_share(event.position())
        elif self._sides:
            self._take(self._resized_box(event.position()))
        else:
            row, column = self._pixel(event.position())
            first_row, first_column = self._pixel(self._from)
            self._take(self._moved_box(self._before, row - first_row, column - first_column))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._sides is not None:
            self._sides = None
            self.settled.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _ARROWS.get(Qt.Key(event.key()))
        if step is None or self._image is None:
            super().keyPressEvent(event)
            return
        far = _FAR if event.modifiers() & Qt.KeyboardModifier.ControlModifier else 1
        down, across = step[0] * far, step[1] * far
        top, left, rows, columns = self._box
        if self._kind == "share":
            self._announce_share(max(rows / self._high, columns / self._wide)
                                 + 2 * (across - down) / max(self._high, self._wide))
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._take((top, left, max(1, min(self._high - top, rows + down)),
                        max(1, min(self._wide - left, columns + across))))
        else:
            self._take(self._moved_box(self._box, down, across))
        self.settled.emit()

    def _moved_box(self, box: Box, down: int, across: int) -> Box:
        top, left, rows, columns = box
        return (max(0, min(self._high - rows, top + down)), max(0, min(self._wide - columns, left + across)),
                rows, columns)

    def _resized_box(self, point: QPointF) -> Box:
        """The box with the grabbed sides moved to that point; a side dragged past the other one changes roles."""
        assert self._sides is not None
        row, column = self._pixel(point)
        top, left, rows, columns = self._before
        bottom, right = top + rows, left + columns
        if "top" in self._sides:
            top = row
        elif "bottom" in self._sides:
            bottom = row
        if "left" in self._sides:
            left = column
        elif "right" in self._sides:
            right = column
        top, bottom = min(top, bottom), max(top, bottom)
        left, right = min(left, right), max(left, right)
        top, left = min(top, self._high - 1), min(left, self._wide - 1)
        return top, left, max(1, bottom - top), max(1, right - left)

    def _take(self, box: Box) -> None:
        if box == self._box:
            return
        self.show_box(self._kind, box)
        top, left, rows, columns = box
        self.box_changed.emit((top, left, 0 if top + rows >= self._high else rows,
                               0 if left + columns >= self._wide else columns))

    def _take_share(self, point: QPointF) -> None:
        assert self._sides is not None
        target = self._target()
        across = 2 * abs(point.x() - target.center().x()) / target.width()
        down = 2 * abs(point.y() - target.center().y()) / target.height()
        self._announce_share(max([across] * bool(self._sides & {"left", "right"})
                                 + [down] * bool(self._sides & {"top", "bottom"})))

    def _announce_share(self, share: float) -> None:
        self.share_changed.emit(max(_LEAST_SHARE, min(1.0, round(share, 3))))

    # Painting ------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._image is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        target, part = self._target(), self.part()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, target.width() < 2 * self._image.width())
        painter.drawImage(target, self._image)
        veil = QColor(theme.color("bg"))
        veil.setAlpha(178)
        left_out = QPainterPath()
        left_out.addRect(target)
        left_out.addRect(part)
        painter.fillPath(left_out, veil)
        accent = theme.color("accent")
        painter.setBrush(Qt.BrushStyle.NoBrush)
        # A light line below the accent is visible on any picture.
        for width, ink in ((3.0, theme.color("surface")), (1.5, accent)):
            painter.setPen(QPen(ink, width))
            painter.drawRect(part)
        painter.setPen(QPen(theme.color("surface"), 1.5))
        painter.setBrush(accent)
        for point in (part.topLeft(), part.topRight(), part.bottomLeft(), part.bottomRight()):
            painter.drawRoundedRect(QRectF(point.x() - _HANDLE / 2, point.y() - _HANDLE / 2, _HANDLE, _HANDLE), 2, 2)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(accent, 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), tokens.RADIUS, tokens.RADIUS)

    def focusInEvent(self, event: QEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QEvent) -> None:
        self.update()
