"""Filtered and sorted rows of a table with a hundred thousand of them: Qt's own proxy asks for every cell one by one."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from typing import Any

from PySide6.QtCore import QAbstractProxyModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from cnnstudio.gui.widgets.rows_model import RowsModel

_Index = QModelIndex | QPersistentModelIndex
Accepts = Callable[[Any], bool]


class OrderedRows(QAbstractProxyModel):
    """The rows of a `RowsModel` that `accepts` takes, in the order of a column; rows are only ever appended there.

    With `set_sorted_while_filling(False)` new rows stand at the end until it is on again.
    """

    def __init__(self, source: RowsModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows = source
        self._accepts: Accepts | None = None
        self._sorted_by = (-1, Qt.SortOrder.AscendingOrder)
        self._while_filling = True
        self._shown = array("q")
        self._places: dict[int, int] | None = None
        """By the row of the source: the row here; made when it is needed."""
        self.setSourceModel(source)
        source.modelReset.connect(self._on_reset)
        source.rowsInserted.connect(self._on_inserted)
        source.dataChanged.connect(self._on_changed)
        source.headerDataChanged.connect(self.headerDataChanged)
        self._fill()

    # Rows ----------------------------------------------------------------------------------------

    def shown_rows(self) -> list[Any]:
        """The rows in the order in which they are shown."""
        rows = self._rows.rows
        return [rows[place] for place in self._shown]

    def rows_at(self, places: Iterable[int]) -> list[Any]:
        """The rows at these places of what is shown."""
        rows = self._rows.rows
        return [rows[self._shown[place]] for place in places]

    def set_filter(self, accepts: Accepts | None) -> None:
        """Show only these rows; None: all."""
        self.beginResetModel()
        self._accepts = accepts
        self._fill()
        self.endResetModel()

    def set_sorted_while_filling(self, on: bool) -> None:
        """Off while many rows come: sorting after each of them would cost more than what makes them."""
        self._while_filling = on
        if on:
            self._sort_again()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._sorted_by = column, order
        self._sort_again()

    def _sort_again(self) -> None:
        self.layoutAboutToBeChanged.emit()
        held = self.persistentIndexList()
        before = [(self._shown[index.row()], index.column()) for index in held]
        self._shown = self._in_order(self._shown)
        self._places = None
        self.changePersistentIndexList(held, [self.index(self._place_of(row), column) for row, column in before])
        self.layoutChanged.emit()

    def _in_order(self, places: array[int]) -> array[int]:
        column, order = self._sorted_by
        if not 0 <= column < len(self._rows.columns):
            return array("q", sorted(places))
        rows, entry = self._rows.rows, self._rows.columns[column]
        key = entry.key or entry.text
        return array("q", sorted(places, key=lambda place: key(rows[place]),
                                 reverse=order == Qt.SortOrder.DescendingOrder))

    def _fill(self) -> None:
        accepts, rows = self._accepts, self._rows.rows
        places = array("q", range(len(rows)) if accepts is None
                       else [place for place, row in enumerate(rows) if accepts(row)])
        self._shown = self._in_order(places) if self._sorted_by[0] >= 0 else places
        self._places = None

    def _on_reset(self) -> None:
        self.beginResetModel()
        self._fill()
        self.endResetModel()

    def _on_inserted(self, _parent: QModelIndex, first: int, last: int) -> None:
        rows, accepts = self._rows.rows, self._accepts
        new = [place for place in range(first, last + 1) if accepts is None or accepts(rows[place])]
        if not new:
            return
        count = len(self._shown)
        self.beginInsertRows(QModelIndex(), count, count + len(new) - 1)
        self._shown.extend(new)
        self._places = None
        self.endInsertRows()
        if self._while_filling and self._sorted_by[0] >= 0:
            self._sort_again()

    def _on_changed(self, first: QModelIndex, last: QModelIndex, roles: list[int]) -> None:
        for row in range(first.row(), last.row() + 1):
            place = self._place_of(row)
            if place >= 0:
                self.dataChanged.emit(self.index(place, 0), self.index(place, self.columnCount() - 1), roles)

    def _place_of(self, row: int) -> int:
        if self._places is None:
            self._places = {source: place for place, source in enumerate(self._shown)}
        return self._places.get(row, -1)

    # As a model ----------------------------------------------------------------------------------

    def mapToSource(self, index: _Index) -> QModelIndex:
        if not index.isValid() or index.row() >= len(self._shown):
            return QModelIndex()
        return self._rows.index(self._shown[index.row()], index.column())

    def mapFromSource(self, index: _Index) -> QModelIndex:
        place = self._place_of(index.row()) if index.isValid() else -1
        return self.index(place, index.column()) if place >= 0 else QModelIndex()

    def index(self, row: int, column: int, parent: _Index = QModelIndex()) -> QModelIndex:
        inside = 0 <= row < len(self._shown) and 0 <= column < self.columnCount() and not parent.isValid()
        return self.createIndex(row, column) if inside else QModelIndex()

    def parent(self, _index: _Index = QModelIndex()) -> QModelIndex:  # type: ignore[override]
        return QModelIndex()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:
        return self._rows.columnCount(parent)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        return self._rows.headerData(section, orientation, role)
