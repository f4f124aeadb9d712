"""Rows of any kind as a table model, described by columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QIcon, QPixmap

from cnnstudio.gui.look import theme

_Index = QModelIndex | QPersistentModelIndex

@dataclass(frozen=True)
class Column:
    """A column: its title, the text of a row, and its sort key (the text by default)."""

    title: str
    text: Callable[[Any], str]
    key: Callable[[Any], Any] | None = None
    right: bool = False
    color: Callable[[Any], QColor | None] | None = None
    """The class colour, shown as a small square before the text."""
    tone: Callable[[Any], str] | None = None
    stretch: bool = False
    spare: int = 0
    """Hidden where there is not enough room to read the others, the highest number first; 0 is never hidden."""
    help: Callable[[Any], str] | None = None
    """What the tooltip says; the text of the cell by default."""
    about: str = ""
    """The tooltip of the title."""
    least: int = 112
    """Below this width in pixels the text of a stretching column is unreadable."""


def _square(color: QColor) -> QIcon:
    square = QPixmap(10, 10)
    square.fill(color)
    icon = QIcon(square)
    # Qt would tint the square of a selected row: it would not be the colour of the class or curve any more.
    icon.addPixmap(square, QIcon.Mode.Selected)
    return icon


class RowsModel(QAbstractTableModel):
    """Rows of any kind, described by columns."""

    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__()
        self.columns = list(columns)
        self._order: tuple[int, str] = (-1, "")
        """The sorted column and the arrow of its direction."""
        self.rows: list[Any] = []

    def set_rows(self, rows: Sequence[Any]) -> None:
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()

    def set_columns(self, columns: Sequence[Column], rows: Sequence[Any] | None = None) -> None:
        self.beginResetModel()
        self.columns = list(columns)
        if rows is not None:
            self.rows = list(rows)
        self.endResetModel()

    def append(self, rows: Sequence[Any]) -> None:
        if rows:
            self.beginInsertRows(QModelIndex(), len(self.rows), len(self.rows) + len(rows) - 1)
            self.rows += rows
            self.endInsertRows()

    def update_rows(self, rows: Sequence[Any]) -> None:
        """Show these rows anew: something about them changed."""
        wanted = set(map(id, rows))
        for place, row in enumerate(self.rows):
            if id(row) in wanted:
                self.dataChanged.emit(self.index(place, 0), self.index(place, len(self.columns) - 1))

    def show_order(self, section: int, order: Qt.SortOrder) -> None:
        """Mark the sorted column in its title; Qt would draw its arrow over the letters."""
        self._order = section, "▴" if order == Qt.SortOrder.AscendingOrder else "▾"
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self.columns) - 1)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:
        return len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                title, (place, arrow) = self.columns[section].title, self._order
                return f"{title} {arrow}" if section == place else title
            if role == Qt.ItemDataRole.ToolTipRole:
                return self.columns[section].about
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return self._alignment(section)
        return None

    def _alignment(self, section: int) -> Qt.AlignmentFlag:
        side = Qt.AlignmentFlag.AlignRight if self.columns[section].right else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter

    def data(self, index: _Index, role: int = 0) -> Any:
        column, row = self.columns[index.column()], self.rows[index.row()]
        if role == Qt.ItemDataRole.ToolTipRole and column.help is not None:
            return column.help(row)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return column.text(row)
        if role == Qt.ItemDataRole.UserRole:
            key = column.key(row) if column.key is not None else column.text(row)
            # Qt compares two numbers by the type of the first: 3 before 0.5, and 3 000 000 000 before 1.
            return float(key) if isinstance(key, int | float) else key
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(index.column())
        if role == Qt.ItemDataRole.ForegroundRole and column.tone is not None and column.tone(row):
            return theme.color(column.tone(row))
        if role == Qt.ItemDataRole.DecorationRole and column.color is not None:
            color = column.color(row)
            if color is not None:
                return _square(color)
        return None
