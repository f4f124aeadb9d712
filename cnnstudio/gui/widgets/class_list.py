"""The list of classes: colour, name, count and a bar; pictures can be dropped on a class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QApplication, QScrollArea, QSizePolicy, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.look import icons, theme
from cnnstudio.gui.widgets.cards import paths_of
from cnnstudio.gui.widgets.drag import CLASS_MIME, MIME, drag_class, dragged_class, dragged_ids
from cnnstudio.gui.widgets.formatting import format_count

_ROW = 46


class ClassList(QWidget):
    """`chosen(name, add)` on a click (add with Ctrl), `dropped(name, ids)` and `paths_dropped(name, paths)` on a class,
    `menu_requested(name, point)`, `rename_requested(name)` with F2, `moved(name, position)` when a class was dragged to
    another position (or moved with Ctrl+Up and Ctrl+Down)."""

    chosen = Signal(str, bool)
    dropped = Signal(str, list)
    paths_dropped = Signal(str, list)
    menu_requested = Signal(str, QPoint)
    rename_requested = Signal(str)
    moved = Signal(str, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: list[str] = []
        self._colors: dict[str, int] = {}
        self._counts: Mapping[str, int] = {}
        self._keys: Mapping[str, str] = {}
        self._filter: frozenset[str] = frozenset()
        self._most = 1
        self._hover = self._over = -1
        self._current = 0
        self._hidden: frozenset[str] = frozenset()
        self._pressed: QPoint | None = None
        self._gap = -1
        self._searched = False
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(tr("Classes", "Clases"))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def show_classes(self, names: Sequence[str], counts: Mapping[str, int], chosen: Sequence[str],
                     search: str = "", hidden: Sequence[str] = (), keys: Mapping[str, str] | None = None) -> None:
        """Show classes in their order (those that contain `search`); `chosen` are the filtered ones, `hidden` the
        hidden ones, `keys` the keys that give a picture the class."""
        self._keys = keys or {}
        self._hidden = frozenset(hidden)
        self._searched = bool(search)
        self._colors = {name: index for index, name in enumerate(names)}
        self._names = [name for name in names if search.casefold() in name.casefold()]
        self._current = max(0, min(len(self._names) - 1, self._current))
        self._counts = counts
        self._filter = frozenset(chosen)
        self._most = max([1, *counts.values()])
        self.setFixedHeight(max(1, len(self._names)) * _ROW)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, max(1, len(self._names)) * _ROW)

    def _row(self, y: float) -> int:
        row = int(y // _ROW)
        return row if 0 <= row < len(self._names) else -1

    def paintEvent(self, event: QEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        exposed = event.rect()  # type: ignore[attr-defined]
        for row in range(max(0, exposed.top() // _ROW), min(len(self._names), exposed.bottom() // _ROW + 1)):
            self._paint_row(painter, row)

    def _paint_row(self, painter: QPainter, row: int) -> None:
        name = self._names[row]
        rect = QRect(0, row * _ROW, self.width(), _ROW - 4)
        color = theme.class_color(self._colors[name])
        if name in self._filter or row in (self._hover, self._over):
            painter.setPen(QPen(theme.color("accent"), 2) if row == self._over else Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("accent_bg" if name in self._filter or row == self._over else "hover"))
            painter.drawRoundedRect(QRectF(rect).adjusted(1, 1, -1, -1), 6, 6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.setOpacity(0.45 if name in self._hidden else 1.0)
        if name in self._hidden:
            icons.paint(painter, QRectF(rect.left() + 5, rect.top() + 7, 16, 16), "eye-off", "text")
        else:
            painter.drawRoundedRect(QRectF(rect.left() + 8, rect.top() + 10, 10, 10), 3, 3)
        number = format_count(self._counts.get(name, 0))
        painter.setFont(theme.font("body"))
        metrics = painter.fontMetrics()
        room = metrics.horizontalAdvance(number)
        left = rect.left() + 26
        key = self._keys.get(name, "").upper()
        badge = self._paint_key(painter, key, rect.right() - room - 14, rect.top() + 7) if key else 0
        width = rect.width() - 26 - room - 18 - badge
        painter.setPen(theme.color("text" if self._counts.get(name) else "dim"))
        painter.drawText(QRect(left, rect.top() + 4, width, 22),
                         Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine,
                         metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, width))
        painter.setPen(theme.color("dim"))
        painter.drawText(QRect(rect.right() - room - 8, rect.top() + 4, room + 2, 22),
                         Qt.AlignmentFlag.AlignVCenter, number)
        bar = QRectF(left, rect.bottom() - 9, rect.width() - 34, 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("sunk"))
        painter.drawRoundedRect(bar, 2, 2)
        bar.setWidth(bar.width() * self._counts.get(name, 0) / self._most)
        painter.setBrush(color)
        painter.drawRoundedRect(bar, 2, 2)
        painter.setOpacity(1.0)
        if row == self._gap or (row == len(self._names) - 1 and self._gap == len(self._names)):
            painter.setPen(QPen(theme.color("accent"), 2))
            y = rect.top() - 1 if row == self._gap else rect.bottom() + 2
            painter.drawLine(rect.left() + 4, max(1, y), rect.right() - 4, max(1, y))
        if self.hasFocus() and row == self._current:
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(rect).adjusted(1, 1, -1, -1), 6, 6)

    def _paint_key(self, painter: QPainter, key: str, right: int, top: int) -> int:
        """The key as it stands on a keyboard, left of `right`; returns the room it takes."""
        font = painter.font()
        painter.setFont(theme.font("caption"))
        width = max(16, painter.fontMetrics().horizontalAdvance(key) + 8)
        box = QRectF(right - width, top, width, 16)
        painter.setPen(QPen(theme.color("line"), 1))
        painter.setBrush(theme.color("raised"))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setPen(theme.color("dim"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, key)
        painter.setFont(font)
        return width + 6

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self._row(event.position().y())
        if row < 0:
            return
        self._current = row
        if event.button() == Qt.MouseButton.RightButton:
            self.menu_requested.emit(self._names[row], event.globalPosition().toPoint())
        elif event.button() == Qt.MouseButton.LeftButton:
            self._pressed = event.position().toPoint()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        row = self._row(event.position().y())
        if self._pressed is not None and row == self._row(self._pressed.y()) and row >= 0:
            self.chosen.emit(self._names[row], bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))
        self._pressed = None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is not None:
            far = (event.position().toPoint() - self._pressed).manhattanLength() >= QApplication.startDragDistance()
            if far and (row := self._row(self._pressed.y())) >= 0:
                self._pressed = None
                drag_class(self, self._names[row])
            return
        row = self._row(event.position().y())
        if row != self._hover:
            self._hover = row
            self.setToolTip(self._tooltip(self._names[row]) if row >= 0 else "")
            self.setCursor(Qt.CursorShape.PointingHandCursor if row >= 0 else Qt.CursorShape.ArrowCursor)
            self.update()

    def _tooltip(self, name: str) -> str:
        key = self._keys.get(name, "").upper()
        return tr("{name}: press {key} to assign it to the selected pictures",
                  "{name}: pulse {key} para asignarla a las imágenes elegidas", name=name, key=key) if key else name

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = -1
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if control and event.key() in steps and self._names and not self._searched:
            place = self._current + steps[Qt.Key(event.key())]
            if 0 <= place < len(self._names):
                name = self._names[self._current]
                self._go(place)
                self.moved.emit(name, place)
        elif event.key() in steps and self._names:
            self._go(self._current + steps[Qt.Key(event.key())])
        elif event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End) and self._names:
            self._go(0 if event.key() == Qt.Key.Key_Home else len(self._names) - 1)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._names:
            self.chosen.emit(self._names[self._current], control)
        elif event.key() == Qt.Key.Key_F2 and self._names:
            self.rename_requested.emit(self._names[self._current])
        elif self._names and (event.key() == Qt.Key.Key_Menu or (
                event.key() == Qt.Key.Key_F10 and event.modifiers() & Qt.KeyboardModifier.ShiftModifier)):
            point = self.mapToGlobal(QPoint(30, self._current * _ROW + _ROW // 2))
            self.menu_requested.emit(self._names[self._current], point)
        else:
            super().keyPressEvent(event)

    def _go(self, row: int) -> None:
        """Move the keyboard to a row, and scroll to it."""
        self._current = max(0, min(len(self._names) - 1, row))
        self.update()
        area = self.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        inside = area.widget() if area is not None else None
        if area is not None and inside is not None:
            middle = self.mapTo(inside, QPoint(0, self._current * _ROW + _ROW // 2))
            area.ensureVisible(middle.x(), middle.y(), 0, _ROW)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        mime = event.mimeData()
        if mime.hasFormat(MIME) or paths_of(mime) or (mime.hasFormat(CLASS_MIME) and not self._searched):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        row = self._row(event.position().y())
        if event.mimeData().hasFormat(CLASS_MIME):
            self._gap = max(0, min(len(self._names), round(event.position().y() / _ROW)))
            event.accept()
        else:
            self._over = row
            event.setAccepted(row >= 0)
        self.update()

    def dragLeaveEvent(self, event: QEvent) -> None:
        self._over = self._gap = -1
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:
        row, gap = self._row(event.position().y()), self._gap
        self._over = self._gap = -1
        self.update()
        name = dragged_class(event.mimeData())
        if name in self._names and gap >= 0:
            event.acceptProposedAction()
            self.moved.emit(name, gap - (self._names.index(name) < gap))
            return
        ids = dragged_ids(event.mimeData())
        if row >= 0 and ids:
            event.acceptProposedAction()
            self.dropped.emit(self._names[row], ids)
        elif row >= 0 and (paths := paths_of(event.mimeData())):
            event.acceptProposedAction()
            self.paths_dropped.emit(self._names[row], paths)
