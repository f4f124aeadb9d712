"""The widgets of a video: the frame and its answer, the answers over time, and the segments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QHBoxLayout, QMenu, QProgressBar, QWidget

from cnnstudio.core.text import format_number, tr
from cnnstudio.evaluation.segments import Segment
from cnnstudio.gui.pages.predict.answer_card import AnswerCard
from cnnstudio.gui.pages.predict.answers import Answer
from cnnstudio.gui.pages.predict.doubt import not_sure_text
from cnnstudio.gui.pages.predict.video.reading import STEPS, Opened
from cnnstudio.gui.pages.predict.video.timeline import Timeline
from cnnstudio.gui.state.latest import Failure
from cnnstudio.gui.widgets.basics import Button, Elided, Icon, Label, Stack, box, column, row, scroll_area
from cnnstudio.gui.widgets.cards import DropArea
from cnnstudio.gui.widgets.formatting import format_count, format_percent
from cnnstudio.gui.widgets.inputs import Select
from cnnstudio.gui.widgets.picture import PictureView
from cnnstudio.gui.widgets.rows_model import Column
from cnnstudio.gui.widgets.table import Table
from cnnstudio.workers.answer_format import format_time

_SIDE = 400


class VideoView(Stack):
    """Nothing yet, or a video."""

    open_requested = Signal()
    dropped = Signal(list)
    every_chosen = Signal(float)
    cancel_requested = Signal()
    clear_requested = Signal()
    frames_requested = Signal()
    segments_requested = Signal()
    keep_requested = Signal()
    segment_chosen = Signal(object)

    def __init__(self, color_of: Callable[[str], QColor], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._color_of = color_of
        self.addWidget(box(column(self._make_drop_area(), margins=(24, 8, 24, 24))))
        self.addWidget(self._make_video())

    def _make_drop_area(self) -> DropArea:
        middle = Qt.AlignmentFlag.AlignHCenter
        heading = Label(tr("Drop a video here", "Suelte aquí un vídeo"), "title", wrap=True)
        heading.setAlignment(middle)
        hint = Label(tr("The selected model classifies its frames, and shows where the answer changes. Nothing leaves this "
                        "computer.",
                        "El modelo elegido clasifica sus fotogramas y muestra dónde cambia la respuesta. Nada sale de este "
                        "equipo."), "body", "dim", wrap=True)
        hint.setAlignment(middle)
        self._failure = Label("", "body", "error", wrap=True, selectable=True)
        self._failure.setAlignment(middle)
        self._failure.hide()
        area = DropArea()
        area.body.addStretch(2)
        area.body.addWidget(Icon("play", "faint", 48), alignment=middle)
        for label in (heading, hint, self._failure):
            area.body.addWidget(label)
        area.body.addSpacing(8)
        area.body.addLayout(row(None, Button(tr("Open a video…", "Abrir un vídeo…"), "", "open",
                                             on_click=self.open_requested.emit), None))
        area.body.addStretch(3)
        area.dropped.connect(self.dropped)
        return area

    def _make_video(self) -> QWidget:
        self.picture = PictureView()
        self.picture.setMinimumSize(200, 140)
        self.picture.setAccessibleName(tr("Frame of the video", "Fotograma del vídeo"))
        self.timeline = Timeline(self._color_of)
        self._keep = Button(tr("Add to the pictures", "Añadir a las imágenes"), "", "plus", tooltip=tr(
            "This frame as a picture, with its answer: to correct or explain it",
            "Este fotograma como imagen, con su respuesta: para corregirla o explicarla"), on_click=self.keep_requested.emit)
        self.card = AnswerCard(self._color_of, self._keep)
        self.table = Table((
            Column(tr("From", "Desde"), lambda item: format_time(item.begin), key=lambda item: item.begin, right=True),
            Column(tr("To", "Hasta"), lambda item: format_time(item.end), key=lambda item: item.end, right=True),
            Column(tr("Prediction", "Predicción"), _segment_text, color=self._segment_color, stretch=True,
                   tone=lambda item: "warn" if item.not_sure else ""),
            Column(tr("Mean", "Media"), lambda item: format_percent(item.probability), key=lambda item: item.probability,
                   right=True, about=tr("Mean probability of the class", "Probabilidad media de la clase"))))
        self.table.setAccessibleName(tr("Segments of the video", "Segmentos del vídeo"))
        self.table.chosen.connect(lambda item: self.segment_chosen.emit(item) if item is not None else None)
        left = column(self.picture, self.timeline, spacing=12)
        left.setStretch(0, 1)
        right = column(scroll_area(self.card), self.table, spacing=12)
        right.setStretch(0, 2)
        right.setStretch(1, 3)
        side = box(right)
        side.setFixedWidth(_SIDE)
        below = row(box(left), side, spacing=20)
        below.setStretch(0, 1)
        layout = column(self._make_bar(), below, spacing=14, margins=(24, 8, 24, 20))
        layout.setStretch(1, 1)
        return box(layout)

    def _make_bar(self) -> QHBoxLayout:
        self._summary = Elided("", "body_strong", mode=Qt.TextElideMode.ElideMiddle)
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setFixedWidth(140)
        self._cancel = Button(tr("Cancel", "Cancelar"), "link", on_click=self.cancel_requested.emit)
        self._every = Select([(0.0, tr("Every frame", "Todos los fotogramas")), *(
            (step, tr("Every {n} s", "Cada {n} s", n=format_number(step, "g"))) for step in STEPS)], 0.0)
        self._every.setMinimumContentsLength(18)
        self._every.setAccessibleName(tr("Frames that are answered", "Fotogramas que se responden"))
        self._every.chosen.connect(lambda value: self.every_chosen.emit(float(str(value))))
        self._use = Button(tr("Save", "Guardar") + "  ▾", "", on_click=self._open_menu)
        bar: QHBoxLayout = row(self._summary, self._progress, self._cancel, self._every, self._use,
                               Button(tr("Clear", "Vaciar"), "", on_click=self.clear_requested.emit), spacing=10)
        bar.setStretch(0, 1)
        return bar

    def _open_menu(self) -> None:
        menu = QMenu(self)
        menu.addAction(tr("Answers of the frames as a table…", "Respuestas de los fotogramas como tabla…"),
                       self.frames_requested.emit)
        menu.addAction(tr("Segments as a table…", "Segmentos como tabla…"), self.segments_requested.emit)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self._use.mapToGlobal(self._use.rect().bottomLeft()))

    # What is shown -------------------------------------------------------------------------------

    def show_nothing(self) -> None:
        """Wait for a video."""
        self._failure.hide()
        self.setCurrentIndex(0)

    def show_opening(self, path: str) -> None:
        """A video is being opened."""
        self.show_nothing()
        self._path = path

    def show_failure(self, path: str, text: str) -> None:
        """A video cannot be read."""
        self._failure.setText(text if path in text else f"{Path(path).name}: {text}")
        self._failure.show()
        self.setCurrentIndex(0)

    def show_video(self, opened: Opened, every: float, names: Sequence[str]) -> None:
        """Show a video that is about to be answered."""
        assert opened.info is not None
        self._path = opened.path
        self._every.set_value(every)
        self.timeline.clear(names, opened.info.seconds or 0.0)
        self.table.set_rows([])
        self.card.show_answer(None, tr("Classifying…", "Clasificando…"))
        self.card.show_note("")
        self._keep.setEnabled(False)
        self.setCurrentIndex(1)

    def show_progress(self, done: int, total: int, *, busy: bool, note: str = "", tooltip: str = "") -> None:
        """Show how many frames were answered."""
        count = tr("{n} frames", "{n} fotogramas", n=format_count(done)) if not busy or not total else \
            tr("{done} of about {total} frames", "{done} de unos {total} fotogramas", done=format_count(done),
               total=format_count(total))
        self._summary.setText(" · ".join(part for part in (Path(self._path).name, count, note) if part))
        self._summary.setToolTip(tooltip or self._path)
        for widget in (self._progress, self._cancel):
            widget.setVisible(busy)
        self._progress.setRange(0, total)
        self._progress.setValue(min(done, total))
        self._use.setEnabled(done > 0)

    def show_segments(self, segments: Sequence[Segment]) -> None:
        """Show the stretches with the same answer."""
        self.table.set_rows(segments)

    def show_answer(self, answer: Answer, seconds: float, frame: int) -> None:
        """Show the answer of a frame."""
        self.card.show_answer(answer, "")
        self.card.show_note(tr("Frame {frame} at {time}", "Fotograma {frame} en {time}", frame=format_count(frame),
                               time=format_time(seconds)))
        self._keep.setEnabled(answer.best is not None)

    def show_picture(self, result: QImage | Failure) -> None:
        """Show a frame, or why there is none."""
        if isinstance(result, Failure):
            self.picture.set_message(result.text, "error")
        else:
            self.picture.set_image(result)

    def _segment_color(self, item: Segment) -> QColor | None:
        return None if item.not_sure else self._color_of(item.label)


def _segment_text(item: Segment) -> str:
    return f"{not_sure_text()}: {item.label}" if item.not_sure else item.label
