"""Predict: pictures, folders, videos, the camera and drawings, answered by a resident server."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from PySide6.QtCore import QMimeData
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from cnnstudio.core.problems import Fix, Problem
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.base import Page
from cnnstudio.gui.pages.predict.answers import Answer
from cnnstudio.gui.pages.predict.camera.mode import CameraMode
from cnnstudio.gui.pages.predict.drawing import DrawingMode
from cnnstudio.gui.pages.predict.incoming import is_model_file
from cnnstudio.gui.pages.predict.models import Models
from cnnstudio.gui.pages.predict.pictures import PicturesMode
from cnnstudio.gui.pages.predict.video.mode import VideoMode
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.state.commands import ChooseModel, Command, DownloadPicture, RestartServer, ShowPage
from cnnstudio.gui.state.jobs import Work
from cnnstudio.gui.state.prediction_server import server_of
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Stack, box, column, row
from cnnstudio.gui.widgets.brought import brought_by
from cnnstudio.gui.widgets.cards import EmptyState
from cnnstudio.gui.widgets.formatting import capitalize, format_engine
from cnnstudio.gui.widgets.inputs import SegmentedControl
from cnnstudio.imaging.video_names import is_video

PICTURES: Final = "pictures"
CAMERA: Final = "camera"
VIDEO: Final = "video"
DRAWING: Final = "drawing"
MODES: Final = (PICTURES, CAMERA, VIDEO, DRAWING)


class PredictPage(Page):
    id = "predict"
    title = Text("Predict", "Predecir")
    icon = "predict"

    def __init__(self, workspace: Workspace, parent: Any = None) -> None:
        super().__init__(workspace, parent)
        self.server = server_of(self.session)
        self.server.changed.connect(self._on_server_changed)
        self.models = Models(self.session, self)
        self.models.listed.connect(self._on_models_listed)
        self.models.chosen.connect(self._on_model_chosen)

    # Widgets -------------------------------------------------------------------------------------

    def subtitle(self) -> str:
        if self.server.ready is not None:
            # The name stands in the list beside it.
            parts = (capitalize(self.models.standing), tr("{n} classes", "{n} clases", n=len(self.server.ready.class_names)),
                     format_engine(self.server.ready.engine))
            return " · ".join(part for part in parts if part)
        return tr("Loading the model…", "Cargando el modelo…") if self.server.running else ""

    def actions(self) -> Iterable[QWidget]:
        other = Button(tr("Other model…", "Otro modelo…"), compact_icon="network", tooltip=tr(
            "An exported bundle, or a Keras, ONNX, LiteRT or OpenVINO file",
            "Un paquete exportado, o un archivo de Keras, ONNX, LiteRT u OpenVINO"),
                       on_click=self.models.ask)
        self._choose = Button(tr("Choose files…", "Elegir archivos…"), "primary", compact_icon="open",
                              on_click=self._ask_files)
        return self.models.select, other, self._choose

    def centre(self) -> QWidget:
        self._stack = Stack()
        self._stack.addWidget(EmptyState("predict", tr("No trained model yet", "Aún no hay un modelo entrenado"),
                                         tr("Train the network first, or choose an exported model.",
                                            "Entrene primero la red o elija un modelo exportado."),
                                         tr("Go to Train", "Ir a Entrenar"),
                                         on_click=lambda: self.session.request(ShowPage("train"))))
        self._stack.addWidget(EmptyState("search", tr("Looking for trained models…", "Buscando modelos entrenados…")))
        self._stack.addWidget(self._make_modes())
        self._stack.setCurrentIndex(1)
        return self._stack

    def _make_modes(self) -> QWidget:
        self._pictures = PicturesMode(self.workspace, self.server, self.models, lambda: self.state, self._color, self)
        self._pictures.incoming.model_taken.connect(self.models.take)
        self._pictures.incoming.video_taken.connect(self._open_video)
        self._pictures.changed.connect(self._show_state)
        self.camera = CameraMode(self.session, self.server, lambda: self.state, self._color, self)
        self.video = VideoMode(self.session, self.server, self.models, lambda: self.state, self._color, self)
        self.drawing = DrawingMode(self.workspace, self.server, lambda: self.state, self._color, self)
        for part in (self.camera, self.video, self.drawing):
            part.kept.connect(self._keep_frame)
        self.drawing.explanation_wanted.connect(self._explain_frame)
        self._modes = Stack()
        for widget in (self._pictures.widget, self.camera.widget, self.video.widget, self.drawing.widget):
            self._modes.addWidget(widget)
        self._switch = SegmentedControl([
            (PICTURES, tr("Pictures", "Imágenes")), (CAMERA, tr("Camera", "Cámara")), (VIDEO, tr("Video", "Vídeo")),
            (DRAWING, tr("Draw", "Dibujar"))],
            PICTURES, stretch=False)
        self._switch.setAccessibleName(tr("What is classified", "Qué se clasifica"))
        self._switch.chosen.connect(lambda mode: self.show_mode(str(mode)))
        layout = column(row(self._switch, None, margins=(24, 12, 24, 0)), self._modes, spacing=4)
        layout.setStretch(1, 1)
        return box(layout)

    def show_mode(self, mode: str) -> None:
        """Bring a mode in front; the camera is switched off where it is left."""
        self.state["mode"] = mode
        self._switch.set_value(mode)
        self._modes.setCurrentIndex(MODES.index(mode))
        # A mode has one primary button: the camera's own switches it on, that of a drawing explains it.
        self._choose.setVisible(mode not in (CAMERA, DRAWING))
        self._choose.setText(tr("Open a video…", "Abrir un vídeo…") if mode == VIDEO else tr("Choose files…",
                                                                                            "Elegir archivos…"))
        if mode == CAMERA:
            self.camera.enter()
        else:
            self.camera.leave()
        if mode == DRAWING:
            self.drawing.enter()

    def _open_video(self, path: str) -> None:
        self.show_mode(VIDEO)
        self.video.open(path)

    def _keep_frame(self, answer: Answer) -> None:
        """A frame goes to the pictures."""
        self.show_mode(PICTURES)
        self._pictures.add_answer(answer)

    def _explain_frame(self, answer: Answer) -> None:
        """A frame goes to the pictures, and is explained there."""
        self._keep_frame(answer)
        self._pictures.results.explaining.switch_on()

    @property
    def picture_in_sight(self) -> QWidget:
        """The picture among the answers that is shown large, with its map."""
        return self._pictures.results.view.picture

    def enter(self) -> None:
        self.models.serve(self.server)
        self.show_mode(self.state.get("mode", PICTURES))

    def leave(self) -> None:
        self.camera.leave()

    def close(self) -> None:
        self.models.close()
        for part in (self._pictures, self.camera, self.video, self.drawing):
            part.close()

    def _color(self, class_name: str) -> QColor:
        index = self.workspace.counts.color_index(class_name)
        if index < 0:
            names: Sequence[str] = self.state.get("names", ())
            index = names.index(class_name) if class_name in names else -1
        return theme.class_color(index)

    # The model -----------------------------------------------------------------------------------

    def refresh(self, change: Change) -> None:
        if change.of("runs", "folder"):
            self.models.refresh(self.state, change.of("folder"))
            if change.of("folder"):
                self._pictures.restore()
                self._restore_modes()
        elif change.of("run") and self.models.model != self.server.model:
            self.models.follow_run()
        elif change.of("calibration"):
            self._on_model_chosen()
        self._pictures.show_state()

    def _restore_modes(self) -> None:
        """Another project, or none, is open: nothing of the camera or the video of the one before stays."""
        self.camera.leave()
        self.video.clear()
        self.drawing.restore()
        self.show_mode(self.state.get("mode", PICTURES))

    def _on_models_listed(self) -> None:
        self.models.serve(self.server)
        self._pictures.follow_model()
        self._pictures.classify_pending()
        self._pictures.show_state()
        self.header_changed.emit()

    def _on_model_chosen(self) -> None:
        self.server.problem = None
        self.models.serve(self.server)
        self._pictures.classify_again()
        self.video.follow_model()
        self._pictures.show_state()

    def _on_server_changed(self) -> None:
        if self.server.ready is not None:
            self.state["names"] = self.server.ready.class_names
        self.camera.follow_model()
        self.drawing.follow_model()
        self._pictures.show_state()
        self.header_changed.emit()

    def blocking_problems(self) -> Iterable[Problem]:
        if self.server.problem is not None:
            again = Fix(action="restart_server", label=Text("Try again", "Reintentar"))
            return (msgspec.structs.replace(self.server.problem, fixes=(*self.server.problem.fixes, again)),)
        return ()

    def handle(self, command: Command) -> None:
        match command:
            case ChooseModel():
                self.models.ask()
            case DownloadPicture(url=url):
                self.show_mode(PICTURES)
                self._pictures.incoming.download(url)
            case RestartServer():
                self.models.choose(self.models.model)
            case _:
                super().handle(command)

    def _show_state(self) -> None:
        """Bring the view in front that fits."""
        if self.models.model is not None or self.answers:
            self._stack.setCurrentIndex(2)
        else:
            self._stack.setCurrentIndex(0 if self.models.runs_listed else 1)
        self._choose.setEnabled(self.models.model is not None)

    # What comes in -------------------------------------------------------------------------------

    def drop_text(self, paths: list[str]) -> str:
        if len(paths) == 1 and is_model_file(paths[0]):
            return tr("Predict with this model", "Predecir con este modelo")
        if len(paths) == 1 and is_video(paths[0]):
            return tr("Classify the frames", "Clasificar los fotogramas")
        return tr("Classify", "Clasificar")

    def take_paths(self, paths: list[str]) -> bool:
        self.show_mode(PICTURES)
        self._pictures.incoming.take_paths(paths)
        return True

    def mime_text(self, mime: QMimeData) -> str:
        brought = brought_by(mime)
        if brought is None:
            return ""
        return tr("A picture on the web", "Una imagen de la web") if brought.url else tr("Classify", "Clasificar")

    def take_mime(self, mime: QMimeData) -> bool:
        self.show_mode(PICTURES)
        return self._pictures.incoming.take_mime(mime)

    def _ask_files(self) -> None:
        if self.state.get("mode") == VIDEO:
            self.video.ask_video()
        else:
            self._pictures.ask_files()

    def paste(self) -> None:
        """Classify the contents of the clipboard."""
        self.show_mode(PICTURES)
        self._pictures.incoming.paste()

    # Answers -------------------------------------------------------------------------------------

    @property
    def answers(self) -> list[Answer]:
        """The answers on screen, in the order of arrival."""
        return self._pictures.answers.rows

    @property
    def busy(self) -> bool:
        """Whether answers are still expected."""
        return self._pictures.busy

    def clear(self) -> None:
        """Remove the pictures and their answers."""
        self._pictures.clear()

    def save_table(self, path: Path, rows: Sequence[Answer] | None = None) -> Work:
        """Write answers as a table; a problem is reported."""
        return self._pictures.save_table(path, rows)
