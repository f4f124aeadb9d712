"""What grids of pictures have in common: choosing pictures by mouse and keyboard, and the keys that act on them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from cnnstudio.gui.widgets.selection import Selection


class SelectingGrid(QAbstractScrollArea):
    """A grid of `count` pictures in `columns`, which a subclass arranges and paints.

    `label_key(text)` for digits and letters, `exclude_key` for Delete, `menu_requested(point)`.
    """

    selection_changed = Signal()
    label_key = Signal(str)
    exclude_key = Signal()
    menu_requested = Signal(QPoint)
    columns = 1

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.selection = Selection()
        self._pressed: QPoint | None = None
        self._pressed_row = -1
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setAutoFillBackground(False)

    @property
    def count(self) -> int:
        """How many pictures there are."""
        raise TypeError(f"{type(self).__name__} has no count")

    def rect_of(self, row: int) -> QRect:
        """The rectangle of a picture in the viewport."""
        raise TypeError(f"{type(self).__name__} has no places")

    def row_at(self, point: QPoint) -> int:
        """The picture under a point of the viewport, or -1."""
        raise TypeError(f"{type(self).__name__} has no places")

    def reveal(self, row: int) -> None:
        """Scroll until the picture is wholly visible."""
        raise TypeError(f"{type(self).__name__} does not scroll")

    def open_row(self, row: int) -> None:
        """Show a picture large."""
        raise TypeError(f"{type(self).__name__} opens nothing")

    def lines_in_view(self) -> int:
        """The lines of pictures that the page keys go on."""
        return max(1, self.viewport().height() // max(1, self.rect_of(self.columns).top() - self.rect_of(0).top()))

    def step(self, by: int) -> None:
        """Select only the picture before or after the current one."""
        row = max(0, min(self.count - 1, self.selection.current + by))
        if self.count:
            self._select(lambda: self.selection.select_only(row))
            self.reveal(row)

    def _select(self, change: Callable[[], None]) -> None:
        change()
        self.viewport().update()
        self.selection_changed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, modifiers = event.key(), event.modifiers()
        lines, last, now = self.lines_in_view(), self.count - 1, self.selection.current
        moves = {Qt.Key.Key_Left: now - 1, Qt.Key.Key_Right: now + 1, Qt.Key.Key_Up: now - self.columns,
                 Qt.Key.Key_Down: now + self.columns, Qt.Key.Key_PageUp: now - lines * self.columns,
                 Qt.Key.Key_PageDown: now + lines * self.columns, Qt.Key.Key_Home: 0, Qt.Key.Key_End: last}
        control = bool(modifiers & Qt.KeyboardModifier.ControlModifier)
        if key in moves and last >= 0:
            row = max(0, min(last, moves[Qt.Key(key)])) if now >= 0 else 0
            if modifiers & Qt.KeyboardModifier.ShiftModifier:
                self._select(lambda: self.selection.extend(row))
            elif control:
                self.selection.current = row
                self.viewport().update()
            else:
                self._select(lambda: self.selection.select_only(row))
            self.reveal(row)
        elif control and key == Qt.Key.Key_A:
            self._select(self.selection.select_all)
        elif key == Qt.Key.Key_Escape and len(self.selection):
            self._select(self.selection.clear)
        elif key == Qt.Key.Key_Space:
            self._select(lambda: self.selection.toggle(max(0, now)))
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.exclude_key.emit()
        elif event.text().isalnum() and not control:
            self.label_key.emit(event.text())
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and 0 <= now <= last:
            self.open_row(now)
        elif key == Qt.Key.Key_F10 and modifiers & Qt.KeyboardModifier.ShiftModifier:
            # Not every keyboard has the menu key, and not every system maps these keys to it.
            self._menu_by_key()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        row = self.row_at(point)
        self._pressed, self._pressed_row = point, row
        if event.button() == Qt.MouseButton.RightButton:
            if row >= 0 and row not in self.selection:
                self._select(lambda: self.selection.select_only(row))
            if row >= 0:
                self.menu_requested.emit(event.globalPosition().toPoint())
            return
        modifiers = event.modifiers()
        if row < 0:
            self._select(self.selection.clear)
        elif modifiers & Qt.KeyboardModifier.ShiftModifier:
            self._select(lambda: self.selection.extend(
                row, add=bool(modifiers & Qt.KeyboardModifier.ControlModifier)))
        elif modifiers & Qt.KeyboardModifier.ControlModifier:
            self._select(lambda: self.selection.toggle(row))
        elif row not in self.selection:
            self._select(lambda: self.selection.select_only(row))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        # The right button is handled when it is pressed; this is the menu key.
        if event.reason() != QContextMenuEvent.Reason.Mouse:
            self._menu_by_key()

    def _menu_by_key(self) -> None:
        if len(self.selection):
            row = self.selection.current if self.selection.current in self.selection else next(iter(self.selection.rows()))
            self.reveal(row)
            self.menu_requested.emit(self.viewport().mapToGlobal(self.rect_of(row).center()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        # A click into a larger selection selects the one picture, but only if nothing was dragged.
        plain = not event.modifiers() and event.button() == Qt.MouseButton.LeftButton
        if plain and self._pressed is not None and self._pressed_row >= 0 and len(self.selection) > 1:
            self._select(lambda: self.selection.select_only(self._pressed_row))
        self._pressed = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        row = self.row_at(event.position().toPoint())
        if row >= 0:
            self.open_row(row)
