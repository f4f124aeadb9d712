"""The camera with the answers of the model beside it, as fast as both go."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from cnnstudio.core.jobs import Prediction
from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.pages.file_dialogs import ask_save_path, report_saved
from cnnstudio.gui.pages.predict.answer_card import AnswerCard
from cnnstudio.gui.pages.predict.answers import Answer, answer_of_frame
from cnnstudio.gui.pages.predict.camera.feed import Feed, Stored
from cnnstudio.gui.pages.predict.camera.rhythm import Rhythm, Smoother
from cnnstudio.gui.pages.predict.files import save_frame
from cnnstudio.gui.state.jobs import Work
from cnnstudio.gui.state.prediction_server import PredictionServer
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Caption, Label, box, column, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.formatting import format_number
from cnnstudio.gui.widgets.inputs import Select, Switch
from cnnstudio.gui.widgets.picture import PictureView

if TYPE_CHECKING:
    from cnnstudio.imaging.frames import FrameSource

Opener = Callable[[int], "FrameSource"]
_SMOOTH: Final = (1, 3, 5, 10, 25)
_SIDE: Final = 360


def open_camera(number: int) -> FrameSource:
    """The camera of that number, in a thread."""
    from cnnstudio.imaging.frames import CameraSource

    return CameraSource(number)


def list_cameras() -> list[tuple[int, str]]:
    """The cameras with their names; none is opened."""
    from cnnstudio.imaging.frames import cameras

    return cameras()


class CameraMode(QObject):
    """The camera opens on a click alone, and is closed when the page or the mode is left.

    `kept(Answer)` when a frozen frame goes to the pictures. `opener` and `lister` are replaced in tests.
    """

    kept = Signal(object)

    def __init__(self, session: Session, server: PredictionServer, state: Callable[[], dict[str, Any]],
                 color_of: Callable[[str], QColor], parent: QObject, opener: Opener = open_camera,
                 lister: Callable[[], list[tuple[int, str]]] = list_cameras) -> None:
        super().__init__(parent)
        self._session, self._server, self._state = session, server, state
        self.opener, self.lister = opener, lister
        self._feed: Feed | None = None
        self._ending: list[Feed] = []
        """Feeds whose driver has not let go yet."""
        self._wanted: int | None = None
        """The camera to open as soon as the driver has let go of the one before."""
        self._request = 0
        self._asked: Stored | None = None
        self._rhythm = Rhythm()
        self._smoother: Smoother | None = None
        self.frozen = False
        self._frozen_answer: Prediction | None = None
        server.predicted.connect(self._on_predicted)
        server.dropped.connect(self._on_dropped)
        self.widget = self._make_widget(color_of)
        self._show_stopped(tr("The camera is off. It is switched on by the button alone, and nothing leaves this computer.",
                              "La cámara está apagada. Solo se enciende con el botón, y nada sale de este equipo."))

    # Widgets -------------------------------------------------------------------------------------

    def _make_widget(self, color_of: Callable[[str], QColor]) -> QWidget:
        self.picture = PictureView()
        self.picture.setMinimumSize(240, 180)
        self.picture.setAccessibleName(tr("Picture of the camera", "Imagen de la cámara"))
        self.card = AnswerCard(color_of)
        self._toggle = Button("", "primary", on_click=self._on_toggle)
        self._which = Select()
        self._which.setAccessibleName(tr("Camera", "Cámara"))
        self._which.setMinimumContentsLength(14)
        self._which.chosen.connect(lambda _number: self._restart())
        self._mirror = Switch(bool(self._state().get("mirror", True)), tr("Mirror the view", "Reflejar la vista"))
        self._mirror.setToolTip(tr("Only what you see is mirrored: the model gets the picture as it is.",
                                   "Solo se refleja lo que usted ve: el modelo recibe la imagen tal cual."))
        self._mirror.switched.connect(self._set_mirror)
        self._smooth = Select([(count, tr("No mean", "Sin media") if count == 1 else
                                tr("Mean of {n} answers", "Media de {n} respuestas", n=count)) for count in _SMOOTH],
                              self._state().get("smooth", 1))
        self._smooth.setAccessibleName(tr("Smoothing", "Suavizado"))
        self._smooth.setMinimumContentsLength(16)
        self._smooth.chosen.connect(self._set_smooth)
        self._freeze = Button("", "", "pause", tooltip=tr("Space", "Espacio"), on_click=self.toggle_freeze)
        self._save = Button(tr("Save picture…", "Guardar imagen…"), "", "save", on_click=self._ask_save)
        self._add = Button(tr("Add to the pictures", "Añadir a las imágenes"), "", "plus", on_click=self._keep)
        self._keeping = box(row(self._save, self._add, None, spacing=8))
        self._rate = Label("", "secondary", "dim", wrap=True)
        controls = Card(
            box(row(Caption(tr("Camera", "Cámara")), None, self._which, spacing=10)),
            box(row(Label(tr("Mirror the view", "Reflejar la vista"), "body"), None, self._mirror)),
            box(row(Label(tr("Smoothing", "Suavizado"), "body"), None, self._smooth)),
            box(row(self._toggle, self._freeze, None, spacing=8)), self._keeping, spacing=10)
        side = box(column(self.card, controls, self._rate, None, spacing=12))
        side.setFixedWidth(_SIDE)
        layout = row(self.picture, side, spacing=20, margins=(24, 8, 24, 20))
        layout.setStretch(0, 1)
        widget = box(layout)
        space = QShortcut(QKeySequence(Qt.Key.Key_Space), widget)
        space.setContext(Qt.ShortcutContext.WindowShortcut)
        space.activated.connect(self.toggle_freeze)
        return widget

    # Life ----------------------------------------------------------------------------------------

    def enter(self) -> None:
        """The mode is in sight: list the cameras, and open none."""
        found = self.lister()
        if not found:
            self.stop()
        chosen = self._state().get("camera")
        numbers = [number for number, _name in found]
        self._which.set_choices(found or [(None, tr("None found", "Ninguna"))],
                                chosen if chosen in numbers else numbers[0] if found else None)
        self._which.setEnabled(bool(found))
        if not found:
            from cnnstudio.imaging.frames import no_camera_problem

            self._show_stopped(str(no_camera_problem().text), "warning")
        self._show_buttons()

    def leave(self) -> None:
        """The mode or the page is left: the camera is off."""
        if self.running:
            self.stop()

    def close(self) -> None:
        """The page will be deleted."""
        self.leave()
        for feed in self._ending:
            feed.wait(5000)

    @property
    def running(self) -> bool:
        """Whether the camera is on, or will be as soon as the driver lets go of it."""
        return self._feed is not None or self._wanted is not None

    def start(self) -> None:
        """Switch the camera on, as soon as the driver has let go of it where it was on."""
        from cnnstudio.imaging.frames import no_camera_problem

        self.stop()
        value = self._which.value
        if value is None:
            self._show_stopped(str(no_camera_problem().text), "warning")
            return
        number = self._state()["camera"] = int(str(value))
        self.picture.set_message(tr("Starting the camera…", "Iniciando la cámara…"))
        self._wanted = number
        self._begin()
        self._show_buttons()

    def _begin(self) -> None:
        opener, which = self.opener, self._wanted
        if self._ending or which is None:
            return
        self._wanted = None
        feed = self._feed = Feed(lambda: opener(which), self)
        feed.set_mirror(self._mirror.isChecked())
        feed.pictured.connect(self._on_pictured)
        feed.stored.connect(self._on_stored)
        feed.failed.connect(self._on_failed)
        feed.finished.connect(lambda: self._on_finished(feed))
        self._rhythm, self._smoother = Rhythm(), None
        feed.start()

    def stop(self) -> None:
        """Switch the camera off."""
        feed, self._feed = self._feed, None
        was_on = feed is not None or self._wanted is not None
        self._wanted = None
        self.frozen, self._asked, self._frozen_answer = False, None, None
        if feed is not None:
            self._ending.append(feed)
            feed.end()
        if was_on:
            self._show_stopped(tr("The camera is off.", "La cámara está apagada."))
        self._show_buttons()

    def _on_finished(self, feed: Feed) -> None:
        if feed in self._ending:
            self._ending.remove(feed)
        feed.deleteLater()
        self._begin()

    def follow_model(self) -> None:
        """The model is known, or it is another one."""
        if self._feed is not None and self._asked is None and self._server.running:
            self._feed.ask_next()

    def _restart(self) -> None:
        if self.running:
            self.start()

    def _on_toggle(self) -> None:
        if self.running:
            self.stop()
        else:
            self.start()

    # Frames and answers --------------------------------------------------------------------------

    def _on_pictured(self, image: QImage) -> None:
        if self._feed is not None and self.sender() is self._feed:
            self.picture.set_image(image)
            if not self.frozen:
                self._feed.take_next()

    def _on_stored(self, stored: Stored) -> None:
        if self._feed is None or self.sender() is not self._feed:
            return
        if not self._server.running:
            self.card.show_answer(None, tr("No prediction", "Sin predicción"))
            return
        if self._server.ready is None:
            self.card.show_answer(None, tr("Loading the model…", "Cargando el modelo…"))
        self._asked = stored
        self._request = self._server.ask_frame(stored.store, stored.shape, stored.number, stored.came)

    def _on_dropped(self, number: int) -> None:
        """Another model answers from now on, or none."""
        if number == self._request and self._asked is not None:
            self._asked, self._smoother = None, None
            if self._feed is not None and self._server.running:
                self._feed.ask_next()

    def _on_predicted(self, event: Prediction) -> None:
        asked = self._asked
        if event.request != self._request or self._feed is None or asked is None:
            return
        self._asked = None
        self._rhythm.add(asked.came, time.monotonic())
        if self.frozen and asked.held:
            self._frozen_answer = event
            self.card.show_answer(Answer("", event, self._server.rejection), "")
            self._rate.setText(tr("The frame in sight, answered alone.", "El fotograma a la vista, respondido por sí solo."))
            self._show_buttons()
            return
        if event.problem is not None:
            self.card.show_answer(Answer("", event), "")
        elif not self.frozen:
            self._show_live(event)
        self._feed.ask_next()

    def _show_live(self, event: Prediction) -> None:
        if self._smoother is None and self._server.ready is not None:
            self._smoother = Smoother(self._server.ready.class_names)
            self._smoother.set_count(int(str(self._smooth.value or 1)))
        count = int(str(self._smooth.value or 1))
        if count > 1 and self._smoother is not None:
            self.card.show_ranked(self._smoother.add(event))
        else:
            self.card.show_answer(Answer("", event, self._server.rejection), "")
        parts = [tr("{rate} answers a second", "{rate} respuestas por segundo", rate=format_number(self._rhythm.rate, 1)),
                 tr("{late} ms from frame to answer", "{late} ms del fotograma a la respuesta",
                    late=format_number(self._rhythm.latency * 1000, 0))]
        if count > 1:
            parts.append(tr("mean of the last {n} answers", "media de las últimas {n} respuestas", n=count))
        self._rate.setText(" · ".join(parts))

    def _on_failed(self, problem: Problem) -> None:
        if self.sender() is not self._feed:
            return
        self.stop()
        self._show_stopped(str(problem.text), "warning")

    def _show_stopped(self, text: str, icon: str = "image") -> None:
        self.picture.set_message(text, icon)
        self.card.show_answer(None, "")
        self._rate.setText("")

    def _show_buttons(self) -> None:
        on = self.running
        self.card.setVisible(on)
        self._toggle.setText(tr("Stop the camera", "Apagar la cámara") if on else tr("Start the camera", "Encender la cámara"))
        self._toggle.set_kind("" if on else "primary")
        self._toggle.setEnabled(on or self._which.value is not None)
        self._freeze.setVisible(on)
        self._freeze.setText(tr("Go on", "Seguir") if self.frozen else tr("Freeze", "Congelar"))
        self._freeze.set_icon("play" if self.frozen else "pause")
        self._keeping.setVisible(on and self.frozen)
        for button in (self._save, self._add):
            button.setEnabled(self._frozen_answer is not None)

    # Choices -------------------------------------------------------------------------------------

    def _set_mirror(self, on: bool) -> None:
        self._state()["mirror"] = on
        if self._feed is not None:
            self._feed.set_mirror(on)

    def _set_smooth(self, count: object) -> None:
        self._state()["smooth"] = count
        if self._smoother is not None:
            self._smoother.set_count(int(str(count)))

    # A frozen frame ------------------------------------------------------------------------------

    def toggle_freeze(self) -> None:
        """Hold the frame in sight, or go on."""
        if self._feed is None:
            return
        self.frozen = not self.frozen
        self._feed.freeze(self.frozen)
        if not self.frozen and self._asked is None:
            self._feed.ask_next()
        self._frozen_answer = None
        self._show_buttons()

    def _ask_save(self) -> None:
        path = ask_save_path(self._session, self.widget.window(), tr("Save picture", "Guardar imagen"),
                             f"{tr('frame', 'fotograma')}-{time.strftime('%Y%m%d-%H%M%S')}.png", "PNG (*.png)", ["png"])
        if path is not None:
            self.save_frame(path, lambda: report_saved(self._session, path, opens=True))

    def save_frame(self, path: Path, done: Callable[[], object]) -> None:
        """Write the frozen frame as a PNG, in a thread: its pixels are those that were answered."""
        pixels = self._feed.held_pixels() if self._feed is not None else None
        if pixels is None:
            return

        def ended(job: Work) -> None:
            if (problem := getattr(job.last, "problem", None)) is not None:
                self._session.report(problem)
            else:
                done()

        self._session.jobs.run(lambda _report: save_frame(pixels, path), Text("Saving", "Guardando"), "frame", quiet=True,
                               done=ended, owner=self)

    def _keep(self) -> None:
        folder, answer = self._server.paste_folder, self._frozen_answer
        if answer is None:
            return
        path = folder / f"{tr('frame', 'fotograma')}-{len(list(folder.iterdir())) + 1}.png"
        self.save_frame(path, lambda: self.kept.emit(answer_of_frame(path, answer, self._server)))
