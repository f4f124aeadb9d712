"""One picture of an evaluation, large, with what it is and what the model says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.pages.evaluate.results import Answer
from cnnstudio.gui.state.thumbnails import Thumbnails, Wanted
from cnnstudio.gui.widgets.basics import Button, Elided, column, row
from cnnstudio.gui.widgets.cards import Card, Facts
from cnnstudio.gui.widgets.formatting import format_number, format_percent
from cnnstudio.gui.widgets.picture import PictureView

_LARGE: Final = 768


class AnswerCard(Card):
    """`data_requested(answer)` to show the picture on the Data page; `closed()` to look at the others again."""

    data_requested = Signal(object)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(margins=(10, 10, 10, 10), spacing=6, parent=parent)
        self._answer: Answer | None = None
        self._thumbnails = Thumbnails(self, threads=1)
        self._thumbnails.arrived.connect(self._show_picture)
        self._view = PictureView(follow_shape=True, most=260)
        self._name = Elided("", "body_strong", mode=Qt.TextElideMode.ElideMiddle)
        self._facts = Facts()
        self._data = Button(tr("Show in Data", "Ver en Datos"), "link",
                            on_click=lambda: self.data_requested.emit(self._answer))
        head = row(self._name, Button(tr("Close", "Cerrar"), "icon", "close", on_click=self.closed.emit), spacing=4)
        head.setStretch(0, 1)
        opened = Button(tr("Open in the viewer", "Abrir en el visor"), "link", on_click=self.open_file)
        self.body.addLayout(column(head, self._view, self._facts, row(self._data, opened, None, spacing=14), spacing=6))
        self.hide()

    def close_threads(self) -> None:
        self._thumbnails.close()

    @property
    def facts(self) -> list[tuple[str, str]]:
        """The lines below the picture."""
        return self._facts.facts

    def show_answer(self, answer: Answer | None, names: Sequence[str], *, in_data: bool) -> None:
        """Show a picture with its answer; None hides the card. `in_data`: it belongs to the project's collection."""
        self._answer = answer
        self.setVisible(answer is not None)
        if answer is None:
            return
        self._name.setText(answer.relative.rpartition("/")[2])
        self._facts.set_facts((
            (tr("True class", "Clase verdadera"), names[answer.label]),
            (tr("Predicted", "Predicha"), f"{names[answer.predicted]} · {format_percent(answer.probability)}"),
            (tr("Loss", "Pérdida"), format_number(answer.loss)),
            (tr("File", "Archivo"), answer.relative)))
        self._data.setVisible(in_data)
        self._thumbnails.want([self._wanted(answer)])
        self._show_picture()

    def open_file(self) -> None:
        """Open the picture in the system's viewer."""
        if self._answer is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._answer.file)))

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
