"""The right panel of the Evaluate page: the pictures of a cell, or the worst mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.look import icons, theme, tokens
from cnnstudio.gui.pages.evaluate.answer_card import AnswerCard
from cnnstudio.gui.pages.evaluate.results import Answer
from cnnstudio.gui.state.thumbnails import Thumbnails, Wanted, size_for
from cnnstudio.gui.widgets.basics import Button, Elided, Label, column, row
from cnnstudio.gui.widgets.formatting import format_number, format_percent
from cnnstudio.gui.widgets.picture import thumbnail_face

_CELL: Final = 118
_CAPTION: Final = 40
_GAP: Final = 10


class AnswerGrid(QAbstractScrollArea):
    """Thumbnails with true class, predicted class and probability; only visible ones are decoded.

    A click or the arrow keys choose a picture; Enter or a double click opens it in the system's viewer.
    """

    chosen = Signal(object)
    """Another answer was chosen by mouse or keyboard."""
    opened = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._answers: list[Answer] = []
        self._names: Sequence[str] = ()
        self._colors: Sequence[int] = ()
        self.current = -1
        self._thumbnails = Thumbnails(self, threads=2)
        self._thumbnails.arrived.connect(self.viewport().update)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("Pictures", "Imágenes"))
        self.viewport().setAutoFillBackground(False)
        self.verticalScrollBar().setSingleStep(40)

    @property
    def answers(self) -> list[Answer]:
        return self._answers

    def close_threads(self) -> None:
        self._thumbnails.close()

    def show_answers(self, answers: Sequence[Answer], names: Sequence[str], colors: Sequence[int]) -> None:
        """Show answers in their order; `colors` are the colour numbers of the classes."""
        self._answers, self._names, self._colors = list(answers), names, colors
        self.current = -1
        self.verticalScrollBar().setValue(0)
        self._measure()

    def _columns(self) -> int:
        return max(1, (self.viewport().width() + _GAP) // (_CELL + _GAP))

    def _side(self) -> int:
        columns = self._columns()
        return max(32, (self.viewport().width() - _GAP * (columns - 1)) // columns)

    def _measure(self) -> None:
        step = self._side() + _CAPTION + _GAP
        lines = -(-len(self._answers) // self._columns())
        self.verticalScrollBar().setRange(0, max(0, lines * step - _GAP - self.viewport().height()))
        self.verticalScrollBar().setPageStep(max(1, self.viewport().height()))
        self._want()
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._measure()

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        self._want()
        self.viewport().update()

    def _visible(self) -> range:
        step, columns = self._side() + _CAPTION + _GAP, self._columns()
        first = self.verticalScrollBar().value() // step
        last = (self.verticalScrollBar().value() + self.viewport().height()) // step
        return range(first * columns, min(len(self._answers), (last + 1) * columns))

    def _wanted(self, place: int) -> Wanted:
        answer = self._answers[place]
        return Wanted(str(answer.file), answer.file, answer.file_bytes, answer.modified_ns,
                      size_for(self._side() * self.devicePixelRatioF()))

    def _want(self) -> None:
        # Before the first layout the viewport is a few pixels wide: nothing is visible yet.
        if self.isVisible():
            self._thumbnails.want([self._wanted(place) for place in self._visible()])

    def showEvent(self, event: QEvent) -> None:
        self._measure()

    def rect_of(self, place: int) -> QRect:
        """The rectangle of a picture with its caption, in the viewport."""
        line, across = divmod(place, self._columns())
        side = self._side()
        return QRect(across * (side + _GAP), line * (side + _CAPTION + _GAP) - self.verticalScrollBar().value(), side,
                     side + _CAPTION)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for place in self._visible():
            self._paint(painter, place)

    def _paint(self, painter: QPainter, place: int) -> None:
        answer, box, side = self._answers[place], self.rect_of(place), self._side()
        image = self._thumbnails.get(self._wanted(place))
        broken = image is not None and image.isNull()
        face = thumbnail_face(None if broken else image, theme.class_color(self._colors[answer.label]), side,
                              self.devicePixelRatioF())
        painter.drawPixmap(box.topLeft(), face)
        if broken:
            icons.paint(painter, QRectF(box.x() + side / 2 - 12, box.y() + side / 2 - 12, 24, 24), "warning", "faint")
        if place == self.current:
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(box.x() + 1, box.y() + 1, side - 2, side - 2), tokens.THUMBNAIL_RADIUS,
                                    tokens.THUMBNAIL_RADIUS)
        painter.setFont(theme.font("secondary"))
        metrics = painter.fontMetrics()
        painter.setPen(theme.color("text"))
        true, predicted = self._names[answer.label], self._names[answer.predicted]
        text = true if answer.right else f"{true} → {predicted}"
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRect(box.x(), box.y() + side + 3, side, 17), middle,
                         metrics.elidedText(text, Qt.TextElideMode.ElideRight, side))
        painter.setPen(theme.color("ok" if answer.right else "error"))
        painter.drawText(QRect(box.x(), box.y() + side + 20, side, 17), middle, format_percent(answer.probability))

    def index_at(self, point: QPoint) -> int:
        return next((place for place in self._visible() if self.rect_of(place).contains(point)), -1)

    def answer_text(self, answer: Answer) -> str:
        """The text of a picture for tooltip and screen reader."""
        return tr("{file}\nTrue class: {true}\nPredicted: {predicted}, {share}\nLoss: {loss}",
                  "{file}\nClase verdadera: {true}\nPredicha: {predicted}, {share}\nPérdida: {loss}",
                  file=answer.relative, true=self._names[answer.label], predicted=self._names[answer.predicted],
                  share=format_percent(answer.probability), loss=format_number(answer.loss))

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = self.index_at(event.pos())
            if place < 0:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), self.answer_text(self._answers[place]), self.viewport())
            return True
        return super().viewportEvent(event)

    def _go(self, place: int) -> None:
        """Choose a picture."""
        if self._answers:
            self._move_to(place)
            self.chosen.emit(self._answers[self.current])

    def _move_to(self, place: int) -> None:
        """Bring the frame of the keyboard to a picture."""
        self.current = min(max(place, 0), len(self._answers) - 1)
        box, bar = self.rect_of(self.current), self.verticalScrollBar()
        if box.top() < 0:
            bar.setValue(bar.value() + box.top())
        elif box.bottom() > self.viewport().height():
            bar.setValue(bar.value() + box.bottom() - self.viewport().height())
        self.setAccessibleDescription(self.answer_text(self._answers[self.current]))
        self.viewport().update()

    def clear_choice(self) -> None:
        """Choose no picture."""
        self.current = -1
        self.viewport().update()

    def reveal_current(self) -> None:
        """Scroll to the chosen picture."""
        if self.current >= 0:
            box, bar = self.rect_of(self.current), self.verticalScrollBar()
            if box.top() < 0 or box.bottom() > self.viewport().height():
                bar.setValue(bar.value() + box.top())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self.index_at(event.position().toPoint())
        if place >= 0:
            self._go(place)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.opened.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -self._columns(),
                 Qt.Key.Key_Down: self._columns(), Qt.Key.Key_Home: -len(self._answers),
                 Qt.Key.Key_End: len(self._answers)}
        if event.key() in steps:
            self._go(0 if self.current < 0 else self.current + steps[Qt.Key(event.key())])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit()
        elif event.key() == Qt.Key.Key_Escape and self.current >= 0:
            self.clear_choice()
            self.chosen.emit(None)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self.current < 0 and self._answers and event.reason() != Qt.FocusReason.MouseFocusReason:
            self._move_to(0)


class PicturesPanel(QWidget):
    """`worst_requested()` to show the mistakes again, `data_requested(answers)` to show pictures on the Data page."""

    worst_requested = Signal()
    data_requested = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("scrolls", True)
        self._title = Elided("", "body_strong")
        self._note = Label("", "secondary", "dim", wrap=True)
        self._worst = Button(tr("Worst mistakes", "Peores errores"), "link", on_click=self.worst_requested.emit)
        self._data = Button(tr("Show in Data", "Ver en Datos"), "link",
                            on_click=lambda: self.data_requested.emit(self.grid.answers))
        self.grid = AnswerGrid()
        self.card = AnswerCard()
        self.grid.chosen.connect(self._show_chosen)
        self.grid.opened.connect(self.card.open_file)
        self.card.closed.connect(self._close_card)
        self.card.data_requested.connect(lambda answer: self.data_requested.emit([answer]))
        self._names: Sequence[str] = ()
        self._in_data = False
        links = row(self._data, self._worst, None, spacing=16)
        layout = column(self._title, self._note, links, 2, self.card, self.grid, spacing=4, margins=(16, 16, 10, 8))
        layout.setStretch(5, 1)
        self.setLayout(layout)

    def close_threads(self) -> None:
        """Stop the threads; the page will be deleted."""
        self.grid.close_threads()
        self.card.close_threads()

    def _show_chosen(self, answer: Answer | None) -> None:
        self.card.show_answer(answer, self._names, in_data=self._in_data)
        # The card takes room from the grid: the picture would be out of sight.
        QTimer.singleShot(0, self.grid, self.grid.reveal_current)

    def _close_card(self) -> None:
        self.grid.clear_choice()
        self.card.show_answer(None, (), in_data=False)
        self.grid.setFocus()

    @property
    def title(self) -> str:
        return self._title.text()

    def show_answers(self, title: str, note: str, answers: Sequence[Answer], names: Sequence[str],
                     colors: Sequence[int], *, worst: bool, in_data: bool) -> None:
        """Show pictures under a title; `worst`: these are the mistakes; `in_data`: they belong to the project's
        collection."""
        self._title.setText(title)
        self._note.setText(note)
        self._note.setVisible(bool(note))
        self._worst.setVisible(not worst and bool(names))
        self._data.setVisible(in_data and bool(answers))
        self._names, self._in_data = names, in_data
        self.card.show_answer(None, names, in_data=in_data)
        self.grid.show_answers(answers, names, colors)
