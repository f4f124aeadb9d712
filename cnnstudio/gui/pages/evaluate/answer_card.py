"""One picture of an evaluation, large, with what it is and what the model says."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import tr
from cnnstudio.datasets.index import Picture
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.evaluate.results import Answer
from cnnstudio.gui.pages.evaluate.views import EvaluationContext
from cnnstudio.gui.state.thumbnails import Thumbnails, Wanted
from cnnstudio.gui.widgets.answer_bars import AnswerBars
from cnnstudio.gui.widgets.basics import Button, Elided, column, row
from cnnstudio.gui.widgets.cards import Card, Facts
from cnnstudio.gui.widgets.formatting import format_number, format_percent
from cnnstudio.gui.widgets.picture import PictureView

_LARGE: Final = 768


_ROOMS: Final = ((760, 160, 3), (600, 88, 2), (0, 64, 0))
"""From a height of the panel on: the height of the picture, and how many classes have a bar."""


class _ClickedView(PictureView):
    clicked = Signal()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.clicked.emit()


class AnswerCard(Card):
    """`opened(answer)` to show the picture large, `data_requested(answer)` to show it on the Data page; `closed()` to look at
    the others again."""

    opened = Signal(object)
    data_requested = Signal(object)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(margins=(10, 10, 10, 10), spacing=6, parent=parent)
        self._answer: Answer | None = None
        self._thumbnails = Thumbnails(self, threads=1)
        self._thumbnails.arrived.connect(self._show_picture)
        self._colors: dict[str, QColor] = {}
        self._context: EvaluationContext | None = None
        self._state: Picture | None = None
        self._with_bars = True
        self._view = _ClickedView(follow_shape=True, most=160)
        self._view.clicked.connect(lambda: self.opened.emit(self._answer))
        self._view.setCursor(Qt.CursorShape.PointingHandCursor)
        self._view.setToolTip(tr("Large view", "Vista grande"))
        self._bars = AnswerBars(lambda name: self._colors.get(name, theme.class_color(-1)), most=3)
        self._name = Elided("", "body_strong", mode=Qt.TextElideMode.ElideMiddle)
        self._facts = Facts()
        self._data = Button(tr("Show in Data", "Ver en Datos"), "link",
                            on_click=lambda: self.data_requested.emit(self._answer))
        head = row(self._name, Button(tr("Close", "Cerrar"), "icon", "close", on_click=self.closed.emit), spacing=4)
        head.setStretch(0, 1)
        large = Button(tr("Large view", "Vista grande"), "link", on_click=lambda: self.opened.emit(self._answer))
        self.body.addLayout(column(head, self._view, self._facts, self._bars, row(large, self._data, None, spacing=14),
                                   spacing=6))
        self.hide()

    def set_room(self, height: int) -> None:
        """Leave room for the other pictures in a panel of this height in pixels."""
        picture, bars = next((picture, bars) for least, picture, bars in _ROOMS if height >= least)
        self._view.set_most(picture)
        self._bars.set_most(bars)
        if self._with_bars != (bars > 0):
            self._with_bars = bars > 0
            self._show_facts()

    def close_threads(self) -> None:
        self._thumbnails.close()

    @property
    def facts(self) -> list[tuple[str, str]]:
        """The lines below the picture."""
        return self._facts.facts

    def show_answer(self, answer: Answer | None, context: EvaluationContext | None, state: Picture | None = None, *,
                    in_data: bool) -> None:
        """Show a picture with its answer; None hides the card. `state`: what the collection knows of it now; `in_data`: it
        belongs to the project's collection."""
        self._answer = answer
        self.setVisible(answer is not None)
        if answer is None or context is None:
            return
        self._context, self._state = context, state
        self._name.setText(answer.relative.rpartition("/")[2])
        self._name.setToolTip(answer.relative)
        self._colors = {name: context.class_color(number) for number, name in enumerate(context.class_names)}
        self._show_facts()
        self._data.setVisible(in_data)
        self._thumbnails.want([self._wanted(answer)])
        self._show_picture()

    def _show_facts(self) -> None:
        """What the picture is, and what the model says of it: as bars, or in a line where there is no room for them."""
        answer, context, state = self._answer, self._context, self._state
        if answer is None or context is None:
            return
        names = context.class_names
        ranked = context.read.ranked(answer, 3) if context.read is not None and self._with_bars else ()
        predicted = () if ranked else (
            (tr("Predicted", "Predicha"), f"{names[answer.predicted]} · {format_percent(answer.probability)}"),)
        now = ((tr("Class now", "Clase ahora"), state.class_name),) if (
            state is not None and state.class_name != names[answer.label]) else ()
        self._facts.set_facts(((tr("True class", "Clase verdadera"), names[answer.label]), *now, *predicted,
                               (tr("Loss", "Pérdida"), format_number(answer.loss))))
        self._bars.show_ranked(ranked)
        self._bars.setVisible(bool(ranked))

    @staticmethod
    def _wanted(answer: Answer) -> Wanted:
        return Wanted(("answer", str(answer.file)), answer.file, answer.file_bytes, answer.modified_ns, _LARGE)

    def _show_picture(self) -> None:
        if self._answer is None:
            return
        image = self._thumbnails.get(self._wanted(self._answer))
        if image is None:
            self._view.set_message("")
        elif image.isNull():
            self._view.set_message(tr("This file cannot be read", "No se puede leer este archivo"), "warning")
        else:
            self._view.set_image(image)
