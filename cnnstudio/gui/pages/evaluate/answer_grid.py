"""The pictures of an evaluation as thumbnails with their classes."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QHelpEvent, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QToolTip, QWidget

from cnnstudio.core.text import on_one_line, tr
from cnnstudio.datasets.index import Picture
from cnnstudio.gui.look import icons, theme
from cnnstudio.gui.pages.evaluate.results import Answer
from cnnstudio.gui.state.thumbnails import Thumbnails, Wanted, size_for
from cnnstudio.gui.widgets.formatting import format_number, format_percent
from cnnstudio.gui.widgets.grid_marks import paint_frame, paint_state
from cnnstudio.gui.widgets.picture import thumbnail_face
from cnnstudio.gui.widgets.selecting_grid import SelectingGrid

_CAPTION: Final = 40
_GAP: Final = 10

States = Callable[[Sequence[Answer]], dict[str, Picture]]
"""What the project's collection knows now of pictures, by the path of their answers; those of elsewhere are missing."""


class AnswerGrid(SelectingGrid):
    """Thumbnails with true class, predicted class and probability; only visible ones are decoded. A picture whose class was
    changed, or that was excluded, since the evaluation says so. `opened(row)` on Enter or a double click."""

    opened = Signal(int)
    cell: ClassVar[int] = 118
    """The width in pixels that a picture has at least."""

    def __init__(self, states: States, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._states_of = states
        self._states: dict[str, Picture] | None = None
        self._asked: range = range(0)
        self._answers: list[Answer] = []
        self._names: Sequence[str] = ()
        self._colors: Sequence[int] = ()
        self._thumbnails = Thumbnails(self, threads=2)
        self._thumbnails.arrived.connect(self.viewport().update)
        self.setAccessibleName(tr("Pictures", "Imágenes"))
        self.verticalScrollBar().setSingleStep(40)
        self.selection_changed.connect(self._describe)

    @property
    def answers(self) -> list[Answer]:
        return self._answers

    @property
    def count(self) -> int:
        return len(self._answers)

    def selected(self) -> list[Answer]:
        """The selected pictures in their order."""
        return [self._answers[row] for row in self.selection.rows()]

    def close_threads(self) -> None:
        self._thumbnails.close()

    def show_answers(self, answers: Sequence[Answer], names: Sequence[str], colors: Sequence[int]) -> None:
        """Show answers in their order; `colors` are the colour numbers of the classes."""
        before = [answer.relative for answer in self._answers]
        self._answers, self._names, self._colors = list(answers), names, colors
        if before != [answer.relative for answer in self._answers]:
            for count in (0, len(self._answers)):
                self.selection.reset((), array("q", range(count)))
            self.verticalScrollBar().setValue(0)
            self.selection_changed.emit()
        self.forget()
        self._measure()

    def forget(self) -> None:
        """The user's decisions about pictures changed: look them up again."""
        self._states = None
        self.viewport().update()

    def state_of(self, answer: Answer) -> Picture | None:
        """What the collection knows now of a picture."""
        return self._states_of([answer]).get(answer.relative)

    def _columns(self) -> int:
        return max(1, (self.viewport().width() + _GAP) // (self.cell + _GAP))

    def _side(self) -> int:
        return max(32, (self.viewport().width() - _GAP * (self.columns - 1)) // self.columns)

    def _measure(self) -> None:
        self.columns = self._columns()
        step = self._side() + _CAPTION + _GAP
        lines = -(-len(self._answers) // self.columns)
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
        step = self._side() + _CAPTION + _GAP
        first = self.verticalScrollBar().value() // step
        last = (self.verticalScrollBar().value() + self.viewport().height()) // step
        return range(min(first * self.columns, len(self._answers)), min(len(self._answers), (last + 1) * self.columns))

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

    def rect_of(self, row: int) -> QRect:
        """The rectangle of a picture with its caption, in the viewport."""
        line, across = divmod(row, self.columns)
        side = self._side()
        return QRect(across * (side + _GAP), line * (side + _CAPTION + _GAP) - self.verticalScrollBar().value(), side,
                     side + _CAPTION)

    def row_at(self, point: QPoint) -> int:
        return next((place for place in self._visible() if self.rect_of(place).contains(point)), -1)

    def reveal(self, row: int) -> None:
        box, bar = self.rect_of(row), self.verticalScrollBar()
        if box.top() < 0 or box.height() > self.viewport().height():
            bar.setValue(bar.value() + box.top())
        elif box.bottom() > self.viewport().height():
            bar.setValue(bar.value() + box.bottom() - self.viewport().height())

    def open_row(self, row: int) -> None:
        self.opened.emit(row)

    # Painting ------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        visible = self._visible()
        if self._states is None or visible != self._asked:
            self._asked = visible
            self._states = self._states_of([self._answers[place] for place in visible])
        for place in visible:
            self._paint(painter, place, self._states.get(self._answers[place].relative))

    def _paint(self, painter: QPainter, place: int, state: Picture | None) -> None:
        answer, box, side = self._answers[place], self.rect_of(place), self._side()
        image = self._thumbnails.get(self._wanted(place))
        broken = image is not None and image.isNull()
        square = QRect(box.x(), box.y(), side, side)
        painter.setOpacity(0.35 if state is not None and state.excluded else 1.0)
        self._paint_face(painter, answer, None if broken else image, square)
        painter.setOpacity(1.0)
        if broken:
            icons.paint(painter, QRectF(box.x() + side / 2 - 12, box.y() + side / 2 - 12, 24, 24), "warning", "faint")
        elif state is not None:
            paint_state(painter, square, state, lambda _findings: ("", ""), theme.font("secondary"))
        paint_frame(painter, square.adjusted(1, 1, -1, -1), selected=place in self.selection, pointed=False,
                    current=place == self.selection.current and self.hasFocus())
        painter.setFont(theme.font("secondary"))
        metrics = painter.fontMetrics()
        painter.setPen(theme.color("text"))
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRect(box.x(), box.y() + side + 3, side, 17), middle,
                         metrics.elidedText(on_one_line(self._caption(answer)), Qt.TextElideMode.ElideRight, side))
        below = QRect(box.x(), box.y() + side + 20, side, 17)
        changed = self._changed_class(answer, state)
        painter.setPen(theme.color("accent" if changed else "ok" if answer.right else "error"))
        painter.drawText(below, middle, metrics.elidedText(
            tr("now {name}", "ahora {name}", name=changed) if changed else format_percent(answer.probability),
            Qt.TextElideMode.ElideRight, side))

    def _paint_face(self, painter: QPainter, answer: Answer, image: QImage | None, square: QRect) -> None:
        color = theme.class_color(self._colors[answer.label])
        painter.drawPixmap(square.topLeft(), thumbnail_face(image, color, square.width(), self.devicePixelRatioF()))

    def _caption(self, answer: Answer) -> str:
        true, predicted = self._names[answer.label], self._names[answer.predicted]
        return true if answer.right else f"{true} → {predicted}"

    def _changed_class(self, answer: Answer, state: Picture | None) -> str:
        """The present class, where it is another than in the evaluation."""
        return state.class_name if state is not None and state.class_name != self._names[answer.label] else ""

    # Texts ---------------------------------------------------------------------------------------

    def answer_text(self, answer: Answer) -> str:
        """The text of a picture for tooltip and screen reader."""
        text = tr("{file}\nTrue class: {true}\nPredicted: {predicted}, {share}\nLoss: {loss}",
                  "{file}\nClase verdadera: {true}\nPredicha: {predicted}, {share}\nPérdida: {loss}",
                  file=answer.relative, true=self._names[answer.label], predicted=self._names[answer.predicted],
                  share=format_percent(answer.probability), loss=format_number(answer.loss))
        state = self.state_of(answer)
        if changed := self._changed_class(answer, state):
            text += "\n" + tr("Class now: {name}", "Clase ahora: {name}", name=changed)
        if state is not None and state.excluded:
            text += "\n" + tr("Excluded", "Excluida")
        return text

    def _describe(self) -> None:
        row = self.selection.current
        self.setAccessibleDescription(self.answer_text(self._answers[row]) if 0 <= row < self.count else "")

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = self.row_at(event.pos())
            if place < 0:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), self.answer_text(self._answers[place]), self.viewport())
            return True
        return super().viewportEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self.selection.current < 0 and self._answers and event.reason() != Qt.FocusReason.MouseFocusReason:
            self.selection.current = 0
            self._describe()
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()
