"""The answers of the Predict page: bars of the likeliest classes, and the picture with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QBoxLayout, QSizePolicy, QWidget

from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import tr
from cnnstudio.gui.pages.predict.answer_card import AnswerCard
from cnnstudio.gui.pages.predict.answers import Answer
from cnnstudio.gui.state.jobs import Report
from cnnstudio.gui.state.latest import Failure
from cnnstudio.gui.widgets.basics import Button, Elided, Icon, Label, box, column, row
from cnnstudio.gui.widgets.cards import DropArea
from cnnstudio.gui.widgets.picture import Overlay, PictureView, image_of

_LARGEST = 1024


def load_picture(path: str, _report: Report) -> QImage | Failure:
    """The file, as large as the page may show it."""
    from cnnstudio.imaging.errors import PictureError
    from cnnstudio.imaging.problems import picture_problem
    from cnnstudio.imaging.thumbnails import thumbnail

    try:
        return image_of(thumbnail(path, _LARGEST))
    except PictureError as err:
        return Failure(str(picture_problem(err, path).text))
    except OSError as err:
        return Failure(tr("{name} cannot be read: {reason}", "No se puede leer {name}: {reason}",
                          name=Path(path).name, reason=reason_of(err)))


class AnswerView(QWidget):
    """One picture and its answer: side by side when it is alone, one above the other beside a table."""

    def __init__(self, color_of: Callable[[str], QColor], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture = PictureView()
        self.picture.setMinimumSize(160, 160)
        self.other_picture = PictureView()
        self.other_picture.setMinimumSize(160, 160)
        self.other_picture.setAccessibleName(tr("The same picture with another map", "La misma imagen con otro mapa"))
        self._captions = [Elided("", "secondary", "dim") for _ in range(2)]
        self._name = Elided("", "secondary", "dim", mode=Qt.TextElideMode.ElideMiddle)
        self.explain_button = Button(tr("Explain", "Explicar"), "", "eye", tooltip=tr(
            "Which parts of the picture decided (E, Ctrl+E)", "Qué partes de la imagen decidieron (E, Ctrl+E)"))
        self.neighbours_button = Button(tr("Neighbours", "Vecinas"), "", "grid", tooltip=tr(
            "The nearest training pictures (N, Ctrl+Shift+N)",
            "Las imágenes de entrenamiento más cercanas (N, Ctrl+Mayús+N)"))
        self.card = AnswerCard(color_of, self.neighbours_button, self.explain_button)
        self.bars = self.card.bars
        self._pair = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._pair.setSpacing(12)
        self._others = box(_picture_column(self.other_picture, self._captions[1]))
        self._pair.addWidget(box(_picture_column(self.picture, self._captions[0])), 1)
        self._pair.addWidget(self._others, 1)
        left = column(self._pair, self._name, spacing=8)
        left.setStretch(0, 1)
        self.show_maps((None, ""))
        self._layout = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(20)
        self._layout.addLayout(left, 1)
        self._cards = column(self.card, spacing=12)
        self._side = box(self._cards)
        self._layout.addWidget(self._side)
        self.setLayout(self._layout)
        self.set_alone(True)

    def set_alone(self, alone: bool) -> None:
        """Lay out for a single picture, or beside a table."""
        self._pair.setDirection(QBoxLayout.Direction.LeftToRight if alone else QBoxLayout.Direction.TopToBottom)
        self._layout.setDirection(QBoxLayout.Direction.LeftToRight if alone else QBoxLayout.Direction.TopToBottom)
        self._layout.setSpacing(20 if alone else 12)
        self._layout.setAlignment(self._side, Qt.AlignmentFlag.AlignTop if alone else Qt.AlignmentFlag(0))
        self._side.setMinimumWidth(340 if alone else 0)
        self._side.setMaximumWidth(380 if alone else 16777215)
        self._side.setSizePolicy(QSizePolicy.Policy.Preferred,
                                QSizePolicy.Policy.Preferred if alone else QSizePolicy.Policy.Maximum)

    def add_card(self, card: QWidget) -> None:
        """Put a card below that of the answer."""
        self._cards.addWidget(card)

    def show_answer(self, answer: Answer | None, waiting: str) -> None:
        """Show the file's name and answer; `waiting` is the text while there is none."""
        self._name.setText(answer.path if answer is not None else "")
        self.card.show_answer(answer, waiting)

    def show_note(self, text: str, tooltip: str = "") -> None:
        """Show time and engine, below the bars."""
        self.card.show_note(text, tooltip)

    def show_picture(self, result: Any) -> None:
        """Show a QImage, or the text of a Failure."""
        for view in (self.picture, self.other_picture):
            if isinstance(result, Failure):
                view.set_message(result.text, "error")
            else:
                view.set_image(result)

    def show_maps(self, *maps: tuple[Overlay | None, str]) -> None:
        """Show what is drawn over the picture with its caption; of two, the second over the picture once more."""
        self._others.setVisible(len(maps) > 1)
        for view, caption, (overlay, text) in zip((self.picture, self.other_picture), self._captions, maps, strict=False):
            view.set_overlay(overlay)
            caption.setText(text)
            caption.setVisible(bool(text))


def _picture_column(view: PictureView, caption: Elided) -> QBoxLayout:
    layout = column(view, caption, spacing=4)
    layout.setStretch(0, 1)
    return layout


def drop_area(on_folder: Callable[[], object], on_paste: Callable[[], object]) -> DropArea:
    """The large drop area of an empty page."""
    middle = Qt.AlignmentFlag.AlignHCenter
    heading = Label(tr("Drop pictures or a folder here", "Suelte aquí imágenes o una carpeta"), "title", wrap=True)
    heading.setAlignment(middle)
    hint = Label(tr("The selected model classifies them at once. Nothing leaves this computer.",
                    "El modelo elegido las clasifica al momento. Nada sale de este equipo."), "body", "dim",
                 wrap=True)
    hint.setAlignment(middle)
    area = DropArea()
    area.body.addStretch(2)
    area.body.addWidget(Icon("predict", "faint", 48), alignment=middle)
    area.body.addWidget(heading)
    area.body.addWidget(hint)
    area.body.addSpacing(8)
    area.body.addLayout(row(None, Button(tr("Choose folder…", "Elegir carpeta…"), "", "folder", on_click=on_folder),
                            Button(tr("Paste", "Pegar"), "", "copy", tooltip="Ctrl+V", on_click=on_paste), None))
    area.body.addStretch(3)
    return area
