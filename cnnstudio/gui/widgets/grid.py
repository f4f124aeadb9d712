"""A grid of pictures that scrolls a million: only visible ones are fetched, decoded and drawn."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QToolTip, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme, tokens
from cnnstudio.gui.widgets.drag import start_drag
from cnnstudio.gui.widgets.grid_faces import GridFaces
from cnnstudio.gui.widgets.grid_marks import paint_frame, paint_state
from cnnstudio.gui.widgets.selecting_grid import SelectingGrid

if TYPE_CHECKING:
    from cnnstudio.datasets.index import Picture

SMALLEST, LARGEST = 48, 512
_PAGE: Final = 128
_PAGES: Final = 96


class PictureGrid(SelectingGrid):
    """`fetch(ids)` returns the pictures, `path_of` their files, `color_of` the colour of their class, `badge_of` the
    (text, token of the theme) of a finding.

    `opened(id)`, `zoomed(size)`.
    """

    opened = Signal(int)
    zoomed = Signal(int)

    def __init__(self, fetch: Callable[[list[int]], list[Picture]], path_of: Callable[[Picture], Path],
                 color_of: Callable[[Picture], QColor], *, cell: int = 118,
                 badge_of: Callable[[tuple[str, ...]], tuple[str, str]] = lambda _findings: ("", ""),
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._badge_of = badge_of
        self._badge_font = theme.font("secondary")
        self._badge_font.setPixelSize(11)
        self._badge_font.setWeight(QFont.Weight.DemiBold)
        self._fetch = fetch
        self._ids: array[int] = array("q")
        self._pages: OrderedDict[int, dict[int, Picture]] = OrderedDict()
        self._size = 0
        self._nominal = cell
        self._hover = -1
        self._by_key = False
        self._next = QTimer(self)
        self._next.setSingleShot(True)
        self._next.setInterval(4)
        self._next.timeout.connect(self.viewport().update)
        self._faces = GridFaces(path_of, color_of, self)
        self._faces.arrived.connect(self.viewport().update)
        self.viewport().setMouseTracking(True)
        self.setAccessibleName(tr("Pictures", "Imágenes"))
        self._arrange()

    # Content -------------------------------------------------------------------------------------

    @property
    def ids(self) -> array[int]:
        return self._ids

    def set_ids(self, ids: array[int], *, follow: bool = False) -> None:
        """Show these pictures in this order; the selection is kept by id. `follow`: where it left the list, the next
        picture is selected."""
        if ids != self._ids:
            self.selection.reset(self._ids, ids, follow=follow)
            self._ids = ids
            self._arrange()
            self.selection_changed.emit()
        self.forget()

    def empty(self) -> None:
        """Clear for other pictures, whose ids may be the same: the selection and the data of the pictures are
        dropped."""
        self._faces.clear()
        self._ids = array("q")
        self.selection.reset((), self._ids)
        self._arrange()
        self.forget()
        self.selection_changed.emit()

    def forget(self) -> None:
        """The pictures' data changed: fetch them again (their pixels are kept)."""
        self._pages.clear()
        self.viewport().update()

    def selected_ids(self) -> list[int]:
        return [self._ids[row] for row in self.selection.rows()]

    def select_ids(self, ids: Sequence[int]) -> None:
        """Select these pictures, as far as they are in the list, and scroll to the first."""
        wanted = set(ids)
        rows = [row for row, identifier in enumerate(self._ids) if identifier in wanted]
        self.selection.select_rows(rows)
        if rows:
            self.reveal(rows[0])
        self.viewport().update()
        self.selection_changed.emit()

    @property
    def count(self) -> int:
        return len(self._ids)

    def open_row(self, row: int) -> None:
        self.opened.emit(self._ids[row])

    def close_threads(self) -> None:
        """Stop the decoding threads; the grid will be deleted."""
        self._next.stop()
        self._faces.close_threads()

    def _picture(self, row: int) -> Picture | None:
        if not 0 <= row < len(self._ids):
            return None
        page = row // _PAGE
        page_pictures = self._pages.get(page)
        if page_pictures is None:
            ids = list(self._ids[page * _PAGE:(page + 1) * _PAGE])
            page_pictures = {picture.id: picture for picture in self._fetch(ids)}
            self._pages[page] = page_pictures
            while len(self._pages) > _PAGES:
                self._pages.popitem(last=False)
        return page_pictures.get(self._ids[row])

    # Geometry ------------------------------------------------------------------------------------

    @property
    def cell(self) -> int:
        """The preferred size of a thumbnail in pixels; the grid stretches it to fill the width."""
        return self._nominal

    def set_cell(self, size: int) -> None:
        """Set the size of the thumbnails; the picture at the top stays at the top."""
        size = max(SMALLEST, min(LARGEST, size))
        if size == self._nominal:
            return
        top = self.verticalScrollBar().value() // self._pitch * self.columns
        if self.selection.current >= 0 and self.selection.current in self.visible_rows():
            top = self.selection.current
        self._nominal = size
        self._arrange()
        self.verticalScrollBar().setValue(top // self.columns * self._pitch)
        self.zoomed.emit(size)

    def _arrange(self) -> None:
        gap = tokens.THUMBNAIL_GAP
        width = max(1, self.viewport().width() - 4)
        self.columns = max(1, (width + gap) // (self._nominal + gap))
        size = max(SMALLEST, (width - gap * (self.columns - 1)) // self.columns)
        size = min(size, self._nominal * 2)
        self._size, self._pitch = size, size + gap
        rows = -(-len(self._ids) // self.columns)
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, rows * self._pitch + 4 - self.viewport().height()))
        bar.setPageStep(max(self._pitch, self.viewport().height() - self._pitch))
        bar.setSingleStep(max(16, self._pitch // 3))
        self.viewport().update()

    def resizeEvent(self, event: QEvent) -> None:
        row = self.visible_rows().start
        self._arrange()
        self.verticalScrollBar().setValue(row // self.columns * self._pitch)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().update()

    def visible_rows(self) -> range:
        """The rows of pictures that are visible, wholly or in part."""
        top = self.verticalScrollBar().value()
        first = top // self._pitch * self.columns
        last = (top + self.viewport().height()) // self._pitch * self.columns + self.columns
        return range(min(first, len(self._ids)), min(last, len(self._ids)))

    def rect_of(self, row: int) -> QRect:
        """The rectangle of a row's picture, in pixels of the viewport."""
        line, column = divmod(row, self.columns)
        return QRect(2 + column * self._pitch, 2 + line * self._pitch - self.verticalScrollBar().value(),
                     self._size, self._size)

    def row_at(self, point: QPoint) -> int:
        column = (point.x() - 2) // self._pitch
        row = (point.y() - 2 + self.verticalScrollBar().value()) // self._pitch * self.columns + column
        inside = 0 <= column < self.columns and 0 <= row < len(self._ids)
        return row if inside and self.rect_of(row).contains(point) else -1

    def reveal(self, row: int) -> None:
        """Scroll until the picture is wholly visible."""
        top = row // self.columns * self._pitch
        bar = self.verticalScrollBar()
        if top < bar.value():
            bar.setValue(top)
        elif top + self._pitch > bar.value() + self.viewport().height():
            bar.setValue(top + self._pitch + 4 - self.viewport().height())

    # Drawing -------------------------------------------------------------------------------------

    def paintEvent(self, event: QEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rows = self.visible_rows()
        self._faces.begin_frame(self._size, self.devicePixelRatioF())
        for row in rows:
            picture = self._picture(row)
            if picture is None:
                continue
            rect = self.rect_of(row)
            face = self._faces.face(picture)
            if picture.excluded:
                painter.setOpacity(0.35)
                painter.drawPixmap(rect.topLeft(), face)
                painter.setOpacity(1.0)
            else:
                painter.drawPixmap(rect.topLeft(), face)
            paint_state(painter, rect, picture, self._badge_of, self._badge_font)
            current = row == self.selection.current and self.hasFocus()
            paint_frame(painter, rect, selected=row in self.selection, pointed=row == self._hover, current=current)
        if self._by_key and self.hasFocus() and self.selection.current not in rows:
            # No picture has the keyboard focus yet, or it was scrolled away: the grid itself shows the focus.
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.drawRoundedRect(QRectF(self.viewport().rect()).adjusted(1, 1, -1, -1), tokens.THUMBNAIL_RADIUS,
                                    tokens.THUMBNAIL_RADIUS)
        centre = (rows.start + rows.stop) / 2
        order = {self._ids[row]: abs(row - centre) for row in rows}
        if self._faces.end_frame(lambda identifier: order.get(identifier, 0)):
            self._next.start()

    # Keyboard and mouse --------------------------------------------------------------------------

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._by_key = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def lines_in_view(self) -> int:
        return max(1, self.viewport().height() // self._pitch)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if control and event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self.set_cell(round(self._nominal * (1 / 1.2 if event.key() == Qt.Key.Key_Minus else 1.2)))
        else:
            super().keyPressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        if event.buttons() & Qt.MouseButton.LeftButton and self._pressed is not None and self._pressed_row >= 0:
            if (point - self._pressed).manhattanLength() >= QApplication.startDragDistance():
                self._drag()
            return
        row = self.row_at(point)
        if row != self._hover:
            self._hover = row
            self.viewport().update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = -1
        self.viewport().update()

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip:
            picture = self._picture(self.row_at(event.pos()))  # type: ignore[attr-defined]
            QToolTip.showText(event.globalPos(), picture.path if picture else "", self)  # type: ignore[attr-defined]
            return True
        return super().viewportEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.set_cell(round(self._nominal * (1.15 if event.angleDelta().y() > 0 else 1 / 1.15)))
            event.accept()
            return
        super().wheelEvent(event)

    def _drag(self) -> None:
        ids = self.selected_ids()
        self._pressed = None
        if not ids:
            return
        start_drag(self, ids)
