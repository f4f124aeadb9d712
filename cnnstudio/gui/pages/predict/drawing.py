"""Drawing on the Predict page: the model answers while the pen moves."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from cnnstudio.core.jobs import Prediction
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.pages.predict.answer_card import AnswerCard
from cnnstudio.gui.pages.predict.answers import Answer, answer_of_frame
from cnnstudio.gui.pages.predict.drawing_pad import PENS, SIDE, DrawingPad
from cnnstudio.gui.pages.predict.files import save_frame
from cnnstudio.gui.state.jobs import Report, Work
from cnnstudio.gui.state.latest import Failure, Latest
from cnnstudio.gui.state.prediction_server import PredictionServer
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Label, box, column, row, scroll_area
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.inputs import Select, Switch

_SIDE: Final = 360
_LOOKED_AT: Final = 24
"""So many pictures of the project tell which paper they have."""
_THUMBNAIL: Final = 48


class DrawingMode(QObject):
    """`kept(Answer)` when a drawing goes to the pictures, `explanation_wanted(Answer)` when it is explained there.

    `answered()` when the drawing in sight has another answer.
    """

    kept = Signal(object)
    explanation_wanted = Signal(object)
    answered = Signal()

    def __init__(self, workspace: Workspace, server: PredictionServer, state: Callable[[], dict[str, Any]],
                 color_of: Callable[[str], QColor], parent: QObject) -> None:
        super().__init__(parent)
        self._workspace, self._session, self._server, self._state = workspace, workspace.session, server, state
        self._request = 0
        self._asking = self._stale = False
        self.answer: Prediction | None = None
        """The answer to the drawing in sight; None until it has come."""
        self._asked_pixels: NDArray[np.uint8] | None = None
        self._answered_pixels: NDArray[np.uint8] | None = None
        self._paper = Latest(self._session.jobs, "paper", _find_paper, self)
        self._paper.answered.connect(self._on_paper_found)
        server.predicted.connect(self._on_predicted)
        server.dropped.connect(self._on_dropped)
        self.widget = self._make_widget(color_of)
        self._next = QTimer(self)
        self._next.setSingleShot(True)
        self._next.setInterval(0)
        self._next.timeout.connect(self._ask)
        self._show_buttons()

    def _make_widget(self, color_of: Callable[[str], QColor]) -> QWidget:
        self.pad = DrawingPad()
        self.pad.changed.connect(self._on_drawn)
        self.card = AnswerCard(color_of)
        self._clear = Button(tr("Clear", "Borrar"), "", "trash", tooltip=tr("Delete", "Supr"), on_click=self.clear)
        self._back = Button(tr("Take a stroke back", "Quitar un trazo"), "", "undo", tooltip=tr("Backspace", "Retroceso"),
                            on_click=self.pad.take_back)
        self._pen = Select([(PENS[0], tr("Thin", "Fino")), (PENS[1], tr("Medium", "Medio")), (PENS[2], tr("Thick", "Grueso"))],
                           PENS[1])
        self._pen.setAccessibleName(tr("Pen", "Lápiz"))
        self._pen.chosen.connect(lambda share: self.pad.set_pen(float(share)))
        self._dark = Switch(False, tr("Dark paper", "Papel oscuro"))
        self._dark.switched.connect(self._choose_paper)
        self._centre = Switch(True, tr("Centre the drawing", "Centrar el dibujo"))
        self._centre.setToolTip(tr(
            "The model gets the drawing in the middle and in the usual size, as collections of handwritten signs have it.",
            "El modelo recibe el dibujo en el centro y con el tamaño habitual, como lo tienen las colecciones de signos "
            "manuscritos."))
        self._centre.switched.connect(lambda _on: self._on_drawn())
        self.explain_button = Button(tr("Explain", "Explicar"), "primary", "eye", tooltip=tr(
            "Which strokes decided", "Qué trazos decidieron"), on_click=self.explain)
        self._add = Button(tr("Add to the pictures", "Añadir a las imágenes"), "", "plus", on_click=self._keep)
        controls = Card(
            box(row(Label(tr("Pen", "Lápiz"), "body"), None, self._pen)),
            box(row(Label(tr("Dark paper", "Papel oscuro"), "body"), None, self._dark)),
            box(row(Label(tr("Centre the drawing", "Centrar el dibujo"), "body"), None, self._centre)), spacing=10)
        self._keeping = box(column(row(self.explain_button, self._add, None, spacing=8)))
        side = scroll_area(box(column(self.card, self._keeping, controls, None, spacing=12, margins=(0, 0, 8, 0))))
        side.setFixedWidth(_SIDE)
        left = column(self.pad, row(self._clear, self._back, None, spacing=8), spacing=10)
        left.setStretch(0, 1)
        layout = row(spacing=20, margins=(24, 8, 24, 20))
        layout.addLayout(left, 1)
        layout.addWidget(side)
        return box(layout)

    # Life ------------------------------------------------------------------------------------------

    def enter(self) -> None:
        """The mode is in sight: the paper is like that of the project's pictures, unless the user chose it."""
        chosen = self._state().get("dark_paper")
        if chosen is not None:
            self._set_paper(bool(chosen))
        else:
            index, root = self._workspace.collection.index, self._workspace.collection.root
            paths = []
            if index is not None and root is not None:
                ids = index.ids()
                rows = index.pictures(ids[::max(1, len(ids) // _LOOKED_AT)][:_LOOKED_AT])
                paths = [str(self._workspace.collection.path(picture)) for picture in rows]
            self._paper.ask(tuple(paths))
        self.pad.setFocus()
        self._on_drawn()

    def restore(self) -> None:
        """Show the drawing that the state holds: the page was built again, or the project is another one."""
        self.pad.set_strokes(self._state().get("strokes", ()))

    def close(self) -> None:
        """The page will be deleted."""
        self._next.stop()
        self._paper.close()

    def clear(self) -> None:
        """An empty sheet; the pen stays at hand."""
        self.pad.clear()
        self.pad.setFocus()

    def follow_model(self) -> None:
        """The model is known, or it is another one."""
        self._asking = False
        self._on_drawn()

    # The paper -------------------------------------------------------------------------------------

    def _choose_paper(self, dark: bool) -> None:
        self._state()["dark_paper"] = dark
        self._set_paper(dark)

    def _on_paper_found(self, _paths: object, dark: bool | Failure) -> None:
        if isinstance(dark, bool) and self._state().get("dark_paper") is None:
            self._set_paper(dark)

    def _set_paper(self, dark: bool) -> None:
        self._dark.set_value(dark)
        self.pad.set_dark(dark)

    # Answers ---------------------------------------------------------------------------------------

    def pixels(self) -> NDArray[np.uint8]:
        """The drawing as the model gets it, before the recipe."""
        from cnnstudio.imaging.drawings import centred, on_paper

        ink = self.pad.ink(SIDE)
        return on_paper(centred(ink) if self._centre.isChecked() else ink, self._dark.isChecked())

    def _on_drawn(self) -> None:
        self._stale = True
        self._state()["strokes"] = self.pad.strokes
        if self.pad.empty:
            self.answer = None
            self._stale = False
            self.card.show_answer(None, tr("Draw, and the model answers at once.", "Dibuje, y el modelo responde al momento."))
        else:
            self._next.start()
        self._show_buttons()

    def _ask(self) -> None:
        """Ask for the newest drawing; while one is asked for, the strokes that come are collected."""
        if self._asking or not self._stale or self.pad.empty:
            return
        if not self._server.running:
            self.card.show_answer(None, tr("No prediction", "Sin predicción"))
            return
        if self._server.ready is None:
            self.card.show_answer(None, tr("Loading the model…", "Cargando el modelo…"))
        elif self.answer is None:
            # An explanation or a video may be before it.
            self.card.show_answer(None, tr("Classifying…", "Clasificando…"))
        pixels = self.pixels()
        store = self._server.paste_folder / "drawing"
        store.write_bytes(pixels.tobytes())
        self._asking, self._stale, self._asked_pixels = True, False, pixels
        self._request = self._server.ask_frame(str(store), pixels.shape, 0, time.monotonic())

    def _on_predicted(self, event: Prediction) -> None:
        if event.request != self._request or not self._asking:
            return
        self._asking = False
        if not self.pad.empty:
            self.answer, self._answered_pixels = event, self._asked_pixels
            self.card.show_answer(Answer("", event, self._server.rejection), "")
            self.answered.emit()
        self._show_buttons()
        self._ask()

    def _on_dropped(self, number: int) -> None:
        if number == self._request and self._asking:
            self._asking, self._stale = False, True
            self._next.start()

    def _show_buttons(self) -> None:
        for button in (self._clear, self._back):
            button.setEnabled(not self.pad.empty)
        for button in (self.explain_button, self._add):
            button.setEnabled(not self.pad.empty and self.answer is not None)

    # Keeping ---------------------------------------------------------------------------------------

    def explain(self) -> None:
        """Put the drawing among the pictures, with the explanation switched on."""
        self._save(self.explanation_wanted.emit)

    def _keep(self) -> None:
        self._save(self.kept.emit)

    def _save(self, emit: Callable[[Answer], object]) -> None:
        answer, pixels = self.answer, self._answered_pixels
        if answer is None or pixels is None:
            return
        folder = self._server.paste_folder
        path = folder / f"{tr('drawing', 'dibujo')}-{len(list(folder.glob('*.png'))) + 1}.png"

        def ended(job: Work) -> None:
            if (problem := getattr(job.last, "problem", None)) is not None:
                self._session.report(problem)
            else:
                emit(answer_of_frame(path, answer, self._server))

        self._session.jobs.run(lambda _report: save_frame(pixels, path), Text("Saving", "Guardando"), "drawing", quiet=True,
                               done=ended, owner=self)


def _find_paper(paths: tuple[str, ...], report: Report) -> bool:
    """Whether these pictures have dark paper; those that cannot be read do not count."""
    from cnnstudio.imaging.drawings import has_dark_paper
    from cnnstudio.imaging.errors import PictureError
    from cnnstudio.imaging.thumbnails import thumbnail

    pictures = []
    for path in paths:
        report.check()
        try:
            pictures.append(thumbnail(Path(path), _THUMBNAIL))
        except (PictureError, OSError):
            continue
    return has_dark_paper(pictures)
