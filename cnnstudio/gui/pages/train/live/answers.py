"""What the network answers while it learns: for a few validation pictures, and for pictures of the user."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QImage,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.core.commands import Observe
from cnnstudio.core.events import Observed, ObservedPicture
from cnnstudio.core.text import tr
from cnnstudio.gui.look import icons, theme
from cnnstudio.gui.pages.file_dialogs import ask_files
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.state.thumbnails import Thumbnails, Wanted
from cnnstudio.gui.widgets.basics import Button, Label, clear, column, row
from cnnstudio.gui.widgets.flow import FlowLayout
from cnnstudio.gui.widgets.formatting import format_percent
from cnnstudio.gui.widgets.inputs import Switch
from cnnstudio.gui.widgets.picture import draw_rounded

_FIXED: Final = 6
"""Validation pictures that are observed."""
_MOST: Final = 24
"""Pictures of the user at most: each is computed after every epoch."""
_SIZE: Final = 64
_SWITCH: Final = "train_observe"
"""The name under which the switch is remembered."""


class AnswerCard(QWidget):
    """A picture, its present answer, and the answers of all epochs as a strip: the colour is the class, the height the
    confidence."""

    def __init__(self, path: str, color_of: Callable[[str], QColor], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.path = path
        self._color_of = color_of
        self._image: QImage | None = None
        self._told: list[ObservedPicture] = []
        self.setFixedHeight(_SIZE + 16)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(240, _SIZE + 16)

    def set_image(self, image: QImage | None) -> None:
        self._image = image
        self.update()

    def show_answers(self, told: Sequence[ObservedPicture]) -> None:
        """The answers for this picture, oldest first."""
        self._told = list(told)
        self.setToolTip(f"{self.path}\n{self.words}")
        self.setAccessibleName(f"{Path(self.path).name}: {self.words}")
        self.update()

    @property
    def words(self) -> str:
        """The present answer in words."""
        if not self._told:
            return ""
        last = self._told[-1]
        if last.problem is not None:
            return str(last.problem.text)
        answer = f"{last.answer} {format_percent(last.confidence)}"
        if not last.label or last.label == last.answer:
            return answer
        return tr("{answer}, actually {label} ({share})", "{answer}; en realidad, {label} ({share})", answer=answer,
                  label=last.label, share=format_percent(last.probability or 0.0))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(theme.color("line"))
        painter.setBrush(theme.color("raised"))
        painter.drawRoundedRect(frame, 8, 8)
        self._paint_picture(painter, QRectF(8, 8, _SIZE, _SIZE))
        left = _SIZE + 18
        width = self.width() - left - 10
        if self._told and width > 20:
            self._paint_words(painter, left, width)
            self._paint_strip(painter, QRectF(left, 46, width, 24))

    def _paint_picture(self, painter: QPainter, target: QRectF) -> None:
        if self._image is not None and not self._image.isNull():
            size = self._image.size().scaled(QSize(_SIZE, _SIZE), Qt.AspectRatioMode.KeepAspectRatio)
            place = QRectF(0, 0, size.width(), size.height())
            place.moveCenter(target.center())
            draw_rounded(painter, self._image, place, 6)
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("sunk"))
        painter.drawRoundedRect(target, 6, 6)
        if self._image is not None:
            painter.drawPixmap(target.center().toPoint() - QRectF(0, 0, 16, 16).center().toPoint(),
                               icons.pixmap("warning", "warn", 16, self.devicePixelRatioF()))

    def _paint_words(self, painter: QPainter, left: float, width: float) -> None:
        last = self._told[-1]
        lines = [(Path(self.path).name if not last.label else last.label, "secondary", "dim")]
        if last.problem is not None:
            lines.append((tr("cannot be read", "no se puede leer"), "body_strong", "warn"))
        else:
            right = not last.label or last.answer == last.label
            lines.append((f"{last.answer} {format_percent(last.confidence)}", "body_strong", "text" if right else "error"))
        for number, (text, font, tone) in enumerate(lines):
            painter.setFont(theme.font(font))
            painter.setPen(theme.color(tone))
            elided = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, int(width))
            painter.drawText(QRectF(left, 7 + 18 * number, width, 18), Qt.AlignmentFlag.AlignVCenter, elided)

    def _paint_strip(self, painter: QPainter, room: QRectF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("sunk"))
        painter.drawRoundedRect(room, 3, 3)
        told = [answer for answer in self._told if answer.problem is None]
        if not told:
            return
        most = max(1, int(room.width() // 2))
        told = told[-most:]
        step = min(10.0, room.width() / len(told))
        gap = 1.0 if step >= 4 else 0.0
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        for number, answer in enumerate(told):
            height = max(2.0, room.height() * answer.confidence)
            painter.fillRect(QRectF(room.left() + number * step, room.bottom() - height, max(1.0, step - gap), height),
                             self._color_of(answer.answer))


class LearningAnswers(QWidget):
    """The cards, a switch, and a place to drop pictures. `wished(Observe)` when other pictures are to be observed."""

    wished = Signal(object)

    def __init__(self, session: Session, color_of: Callable[[str], QColor], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._color_of = color_of
        self._own: list[str] = []
        self._cards: list[AnswerCard] = []
        self._told: list[Observed] = []
        self._live = False
        self._thumbnails = Thumbnails(self, threads=1)
        self._thumbnails.arrived.connect(self._show_images)
        self._switch = Switch(session.recall(_SWITCH) is True,
                              tr("Answers for validation pictures", "Respuestas para imágenes de validación"))
        self._switch.switched.connect(self._on_switch)
        self._add = Button(tr("Try a picture…", "Probar una imagen…"), "link", "plus", on_click=self._ask)
        self._hint = Label("", "secondary", "dim", wrap=True)
        self._area = QWidget()
        self._flow = FlowLayout(self._area, spacing=10, cell=220)
        head = row(self._switch, Label(tr("Answers for validation pictures after every epoch",
                                          "Respuestas para imágenes de validación tras cada época"), "secondary", wrap=True),
                   self._add, spacing=8)
        head.setStretch(1, 1)
        self.setLayout(column(head, self._area, self._hint, spacing=8, margins=(4, 0, 4, 4)))
        self.setAcceptDrops(True)
        self._update()

    # What is wished ------------------------------------------------------------------------------

    @property
    def wish(self) -> Observe:
        """What the training is asked for."""
        return Observe(count=_FIXED if self._switch.isChecked() else 0, paths=tuple(self._own))

    @property
    def wishes_anything(self) -> bool:
        return self._switch.isChecked() or bool(self._own)

    def set_live(self, live: bool) -> None:
        """Whether the run on screen is being trained: only then can pictures be tried."""
        if live != self._live:
            self._live = live
            self._update()

    def forget(self) -> None:
        """Another run is shown: the pictures of the user were for the one before."""
        self._own = []

    def try_pictures(self, paths: Sequence[str]) -> None:
        """Ask for the answers for these files, too."""
        self._own = list(dict.fromkeys([*self._own, *paths]))[-_MOST:]
        self.wished.emit(self.wish)

    def _ask(self) -> None:
        paths = ask_files(self._session, self, tr("Pictures to try", "Imágenes que probar"))
        if paths:
            self.try_pictures(paths)

    def _on_switch(self, on: bool) -> None:
        self._session.remember(_SWITCH, on)
        self.wished.emit(self.wish)
        self._update()

    # What is shown -------------------------------------------------------------------------------

    def show_answers(self, observed: Sequence[Observed]) -> None:
        """The answers of the run on screen, oldest first."""
        if len(observed) == len(self._told) and (not observed or observed[-1] is self._told[-1]):
            return
        self._told = list(observed)
        paths = [picture.path for picture in observed[-1].pictures] if observed else []
        if paths != [card.path for card in self._cards]:
            self._make_cards(paths)
        by_path: dict[str, list[ObservedPicture]] = {path: [] for path in paths}
        for event in observed:
            for picture in event.pictures:
                if picture.path in by_path:
                    by_path[picture.path].append(picture)
        for card in self._cards:
            card.show_answers(by_path[card.path])
        self._update()

    def _make_cards(self, paths: Sequence[str]) -> None:
        clear(self._flow)
        self._cards = [AnswerCard(path, self._color_of) for path in paths]
        for card in self._cards:
            self._flow.addWidget(card)
        self._thumbnails.want([_wanted(path) for path in paths])
        self._show_images()

    def _show_images(self) -> None:
        for card in self._cards:
            card.set_image(self._thumbnails.get(_wanted(card.path)))

    def _update(self) -> None:
        self._add.setVisible(self._live)
        self._area.setVisible(bool(self._cards))
        if self._live:
            hint = tr("Drop a picture here to see what the network answers at this moment.",
                      "Suelte aquí una imagen para ver qué responde la red en este momento.")
        elif self._cards:
            hint = tr("Each bar is an epoch: its colour is the class answered, its height how sure the network was.",
                      "Cada barra es una época: su color es la clase respondida y su altura, la seguridad de la red.")
        else:
            hint = tr("This run kept no answers. Switch them on for the next one.",
                      "Este entrenamiento no guardó respuestas. Actívelas para el siguiente.")
        self._hint.setText(hint)

    # Dropped pictures ----------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._live and event.mimeData().hasUrls():
            event.acceptProposedAction()
            self._hint.set_tone("accent")

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        self._hint.set_tone("dim")

    def dropEvent(self, event: QDropEvent) -> None:
        self._hint.set_tone("dim")
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        paths = [path for path in paths if Path(path).is_file()]
        if paths:
            event.acceptProposedAction()
            self.try_pictures(paths)

    def close_threads(self) -> None:
        self._thumbnails.close()


def _wanted(path: str) -> Wanted:
    try:
        status = Path(path).stat()
    except OSError:
        return Wanted(("answers", path), Path(path), 0, 0, 192)
    return Wanted(("answers", path), Path(path), status.st_size, status.st_mtime_ns, 192)
