"""A layout that puts widgets in a line and wraps it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class FlowLayout(QLayout):
    """Left to right, then the next line; with `cell` every item gets an equal share of at least that width, and lines
    have nearly the same number of items, unless `columns_alike`: then several layouts below one another have the same columns.
    Items from number `apart` on stand at the right as long as all are in one line."""

    def __init__(self, parent: QWidget | None = None, *, spacing: int = 8, cell: int = 0, apart: int | None = None,
                 columns_alike: bool = False) -> None:
        super().__init__(parent)
        self._columns_alike = columns_alike
        self._apart = apart
        self._items: list[QLayoutItem] = []
        self._cell = cell
        self.setSpacing(spacing)
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(QRect(0, 0, width, 0), place=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, place=True)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        return size

    def _arrange(self, rect: QRect, *, place: bool) -> int:
        gap = self.spacing()
        visible = [item for item in self._items if not item.isEmpty()]
        width = max(1, rect.width())
        cell = 0
        if self._cell:
            columns = max(1, (width + gap) // (self._cell + gap))
            lines_needed = -(-len(visible) // columns) - 1
            if lines_needed > 0 and not self._columns_alike:
                # Lines of nearly the same number: four cards are two and two, not three and one.
                columns = -(-len(visible) // (lines_needed + 1))
            cell = (width - gap * (columns - 1)) // columns
        lines: list[list[tuple[QLayoutItem, QSize]]] = [[]]
        used = 0
        for item in visible:
            size = item.sizeHint()
            if cell:
                size = QSize(cell, item.heightForWidth(cell) if item.hasHeightForWidth() else size.height())
            else:
                size = QSize(min(size.width(), width), size.height())
            if lines[-1] and used + size.width() > width:
                lines.append([])
                used = 0
            lines[-1].append((item, size))
            used += size.width() + gap
        top = rect.y()
        for line in lines:
            height = max((size.height() for _, size in line), default=0)
            left = rect.x()
            for number, (item, size) in enumerate(line):
                if number == self._apart and len(lines) == 1:
                    left += max(0, width - sum(item.width() for _, item in line) - gap * (len(line) - 1))
                if place:
                    down = 0 if cell else (height - size.height()) // 2
                    item.setGeometry(QRect(QPoint(left, top + down), QSize(size.width(), height if cell
                                                                           else size.height())))
                left += size.width() + gap
            top += height + gap
        return max(0, top - gap - rect.y())


def flow_row(*widgets: QWidget, spacing: int = 8, apart: int | None = None) -> QWidget:
    """Widgets in a wrapping line; those from number `apart` on at the right."""
    holder = QWidget()
    layout = FlowLayout(holder, spacing=spacing, apart=apart)
    for widget in widgets:
        layout.addWidget(widget)
    return holder
