"""A table over a list of rows, in the style of the tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QColor, QIcon, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from cnnstudio.gui.look import theme

_Index = QModelIndex | QPersistentModelIndex
_LEAST = 72
"""The width in pixels at which some letters of a shortened text are left."""


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


class Table(QTableView):
    """`set_rows(list)`; `chosen(row)` when the selection moves, `opened(row)` on double click or Enter."""

    chosen = Signal(object)
    opened = Signal(object)

    def __init__(self, columns: Sequence[Column], *, sortable: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = RowsModel(columns)
        self._proxy = QSortFilterProxyModel(self)
        self._proxy.setSourceModel(self.rows)
        self._proxy.setSortRole(Qt.ItemDataRole.UserRole)
        self.setModel(self._proxy)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        # Tab moves to the next widget; between the cells it would never leave the table.
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(32)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setMinimumSectionSize(24)
        # Rows come in small portions: the widths follow once, after all of them.
        self._widths = QTimer(self)
        self._widths.setSingleShot(True)
        self._widths.setInterval(0)
        self._widths.timeout.connect(self._make_room)
        self.rows.rowsInserted.connect(self._widths.start)
        if sortable:
            self.setSortingEnabled(True)
            header.setSortIndicatorClearable(True)
            header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
            header.sortIndicatorChanged.connect(self.rows.show_order)
            header.sortIndicatorChanged.connect(lambda _section, _order: self._widths.start())
        self.activated.connect(lambda index: self.opened.emit(self.row_at(index)))
        self.selectionModel().currentRowChanged.connect(self._on_current_changed)

    def row_at(self, index: QModelIndex) -> Any:
        """The row of an index of the shown (sorted) model."""
        return self.rows.rows[self._proxy.mapToSource(index).row()]

    def _on_current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        self.chosen.emit(self.row_at(current) if current.isValid() else None)

    def set_rows(self, rows: Sequence[Any]) -> None:
        """Set the rows; the selection is cleared."""
        self.rows.set_rows(rows)
        self._make_room()

    def set_columns(self, columns: Sequence[Column], rows: Sequence[Any] | None = None) -> None:
        """Show other columns of the same rows, or with other rows if the columns cannot read those that are shown; the
        selection is cleared."""
        self.rows.set_columns(columns, rows)
        self._make_room()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """Give every column its width. Without enough room spare columns are hidden, then the texts that are no numbers
        are shortened, so that the last column is never cut off."""
        columns = self.rows.columns
        header, room = self.horizontalHeader(), self.viewport().width()
        widths = {}
        for place, column in enumerate(columns):
            # The width of a hidden column is unknown.
            self.setColumnHidden(place, False)
            widths[place] = column.least if column.stretch else max(self.sizeHintForColumn(place),
                                                                    header.sectionSizeHint(place))
        for place in sorted((place for place, column in enumerate(columns) if column.spare),
                            key=lambda place: -columns[place].spare):
            if sum(widths.values()) <= room:
                break
            self.setColumnHidden(place, True)
            del widths[place]
        _shorten([place for place in widths if not columns[place].right and not columns[place].stretch], widths, room)
        stretching = [place for place in widths if columns[place].stretch]
        for place in stretching:
            widths[place] += max(0, room - sum(widths.values())) // (len(stretching) - stretching.index(place))
        for place, width in widths.items():
            self.setColumnWidth(place, width)

    @property
    def selected(self) -> Any:
        """The selected row, or None."""
        index = self.currentIndex()
        return self.row_at(index) if index.isValid() else None

    def select(self, row: Any) -> None:
        """Select a row without moving the keyboard."""
        if row in self.rows.rows:
            index = self._proxy.mapFromSource(self.rows.index(self.rows.rows.index(row), 0))
            self.setCurrentIndex(index)


def _shorten(places: Sequence[int], widths: dict[int, int], room: int) -> None:
    """Take what is missing from the widest of these columns first, as long as some letters are left."""
    missing = sum(widths.values()) - room
    while missing > 0 and places:
        widest = max(places, key=lambda place: widths[place])
        second = max((widths[place] for place in places if widths[place] < widths[widest]), default=0)
        least = max(_LEAST, second)
        if widths[widest] <= _LEAST:
            return
        step = min(missing, max(1, widths[widest] - least))
        widths[widest] -= step
        missing -= step
