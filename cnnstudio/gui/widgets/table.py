"""A table over a list of rows, in the style of the tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from PySide6.QtCore import QAbstractProxyModel, QModelIndex, QSortFilterProxyModel, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from cnnstudio.gui.widgets.rows_model import Column, RowsModel

__all__ = ["Column", "RowsModel", "Table"]

_LEAST: Final = 72
"""The width in pixels at which some letters of a shortened text are left."""


def sort_by_key(source: RowsModel, parent: QWidget) -> QAbstractProxyModel:
    """Qt's own proxy, which sorts by the keys of the columns."""
    proxy = QSortFilterProxyModel(parent)
    proxy.setSourceModel(source)
    proxy.setSortRole(Qt.ItemDataRole.UserRole)
    return proxy


class Table(QTableView):
    """`set_rows(list)`; `chosen(row)` when the selection moves, `opened(row)` on double click or Enter.

    `proxy` makes the model that sorts the rows.
    """

    chosen = Signal(object)
    opened = Signal(object)

    def __init__(self, columns: Sequence[Column], *, sortable: bool = True, parent: QWidget | None = None,
                 proxy: Callable[[RowsModel, QWidget], QAbstractProxyModel] = sort_by_key) -> None:
        super().__init__(parent)
        self.rows = RowsModel(columns)
        self._proxy = proxy(self.rows, self)
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
