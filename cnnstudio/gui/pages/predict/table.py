"""The table of many answers, with a thumbnail in every row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.predict.answers import Answer
from cnnstudio.gui.pages.predict.doubt import likely_classes, not_sure_text
from cnnstudio.gui.state.thumbnails import Thumbnails, Wanted
from cnnstudio.gui.widgets.formatting import format_percent
from cnnstudio.gui.widgets.ordered_rows import OrderedRows
from cnnstudio.gui.widgets.picture import draw_rounded, fit_rect
from cnnstudio.gui.widgets.rows_model import Column
from cnnstudio.gui.widgets.table import Table

_ROW = 44
_THUMBNAIL = 64
"""The width in pixels of the column of thumbnails."""


class AnswerTable(Table):
    """Picture, name, answer, probability, problem; every column sorts. Several rows can be selected.

    `selection_changed()` follows the selection; `chosen` only its current row.
    """

    selection_changed = Signal()

    def __init__(self, color_of: Callable[[str], QColor], parent: QWidget | None = None) -> None:
        def class_square(answer: Answer) -> QColor | None:
            known = answer.best is not None and (answer.corrected or not answer.not_sure)
            return color_of(answer.label) if known else None

        super().__init__([
            Column("", lambda _answer: "", key=lambda answer: answer.path),
            Column(tr("Name", "Nombre"), lambda answer: answer.name, stretch=True, help=lambda answer: str(answer.path)),
            Column(tr("Prediction", "Predicción"), _prediction, color=class_square, help=_why,
                   tone=lambda answer: "warn" if answer.not_sure and not answer.corrected else ""),
            Column(tr("Probability", "Probabilidad"), _share_text, key=probability_of, right=True),
            Column(tr("Problem", "Problema"), _reason, tone=lambda _answer: "error", stretch=True, spare=1)],
            parent=parent, proxy=OrderedRows)
        self.setAccessibleName(tr("Predictions", "Predicciones"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.verticalHeader().setDefaultSectionSize(_ROW)
        header = self.horizontalHeader()
        # The widths follow the rows in sight: a thousand would be asked for with every portion of answers.
        header.setResizeContentsPrecision(0)
        # For the borders of its sections Qt asks of every selected row whether its whole column is.
        header.setSelectionModel(QItemSelectionModel(self.model(), header))
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
        for section, width in ((2, 150), (3, 110)):
            header.setSectionResizeMode(section, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(section, width)
        self.thumbnails = Thumbnails(self, threads=2)
        self.thumbnails.arrived.connect(self.viewport().update)
        self._wanted: dict[str, Wanted | None] = {}
        self.setItemDelegateForColumn(0, _Thumbnail(self))
        self._look = QTimer(self)
        self._look.setSingleShot(True)
        self._look.setInterval(30)
        self._look.timeout.connect(self._want)
        self.verticalScrollBar().valueChanged.connect(lambda _value: self._look.start())
        for signal in (self.model().rowsInserted, self.model().layoutChanged, self.model().modelReset):
            signal.connect(lambda *_: self._look.start())
        self.selectionModel().selectionChanged.connect(lambda *_: self.selection_changed.emit())

    @property
    def ordered(self) -> OrderedRows:
        """The rows that are shown, filtered and in order."""
        assert isinstance(self._proxy, OrderedRows)
        return self._proxy

    def append(self, answers: Sequence[Answer]) -> None:
        """Append rows; they are sorted among the others unless `sort_while_filling` is off."""
        self.rows.append(answers)

    def set_filter(self, accepts: Callable[[Answer], bool] | None) -> None:
        """Show only these rows; the chosen one stays chosen as long as it is shown, else the first one is."""
        before = self.selected
        self.ordered.set_filter(accepts)
        shown = self.ordered.shown_rows()
        if before is not None and (accepts is None or accepts(before)):
            self.select(before)
        elif shown:
            self.select(shown[0])
        else:
            self.chosen.emit(None)
        self.selection_changed.emit()

    def selected_answers(self) -> list[Answer]:
        """The selected rows, from top to bottom."""
        # By ranges: an index for each of a hundred thousand cells would take seconds.
        ranges = list(self.selectionModel().selection())  # type: ignore[call-overload]
        places = sorted({place for part in ranges for place in range(part.top(), part.bottom() + 1)})
        return self.ordered.rows_at(places)

    def sort_while_filling(self, on: bool) -> None:
        """Off while many rows arrive: sorting after each of them would cost more than classifying."""
        self.ordered.set_sorted_while_filling(on)

    def thumbnail_request(self, path: str) -> Wanted | None:
        """The thumbnail request for a file, or None when the file does not exist."""
        if path not in self._wanted:
            try:
                status = Path(path).stat()
                self._wanted[path] = Wanted(path, Path(path), status.st_size, status.st_mtime_ns, 96)
            except OSError:
                self._wanted[path] = None
        return self._wanted[path]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._look.start()

    def _want(self) -> None:
        first = max(0, self.rowAt(0))
        last = self.rowAt(self.viewport().height() - 1)
        last = self.model().rowCount() - 1 if last < 0 else last
        rows = [self.row_at(self.model().index(number, 0)) for number in range(first, last + 1)]
        self.thumbnails.want([request for row in rows if (request := self.thumbnail_request(row.path)) is not None])

    def close_threads(self) -> None:
        """Stop the thumbnail threads."""
        self._look.stop()
        self.thumbnails.close()


def _prediction(answer: Answer) -> str:
    if answer.corrected:
        best = answer.best.label if answer.best is not None else "–"
        return answer.corrected if best == answer.corrected else f"{best} → {answer.corrected}"
    prediction = answer.prediction if answer.not_sure else None
    if prediction is not None:
        return f"{not_sure_text()}: {', '.join(likely_classes(prediction))}"
    return answer.label


def probability_of(answer: Answer) -> float:
    """The probability of the best class; -1 without an answer."""
    return answer.best.probability if answer.best is not None else -1.0


def _share_text(answer: Answer) -> str:
    return format_percent(answer.best.probability) if answer.best is not None else ""


def _why(answer: Answer) -> str:
    """Why the model is not sure, else its answer."""
    return answer.reason or _prediction(answer)


def _reason(answer: Answer) -> str:
    """The reason for a missing answer, without the name of the file, which stands in the same row."""
    return answer.problem.removeprefix(f"{answer.name}: ") if answer.problem_found is not None else ""


class _Thumbnail(QStyledItemDelegate):
    """Paints the thumbnail of a row."""

    def __init__(self, table: AnswerTable) -> None:
        super().__init__(table)
        self._table = table

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(_THUMBNAIL, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
              ) -> None:
        super().paint(painter, option, index)
        answer: Answer = self._table.row_at(index)  # type: ignore[arg-type]
        request = self._table.thumbnail_request(answer.path)
        image = self._table.thumbnails.get(request) if request is not None else None
        room = QRectF(option.rect).adjusted(10, 4, -10, -4)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if image is None or image.isNull():
            painter.setPen(theme.color("line"))
            painter.setBrush(theme.color("sunk"))
            side = min(room.width(), room.height())
            painter.drawRoundedRect(QRectF(room.center().x() - side / 2, room.y(), side, side), 4, 4)
        else:
            draw_rounded(painter, image, fit_rect(image.size(), room), 4)
        painter.restore()
