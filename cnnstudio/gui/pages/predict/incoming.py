"""What comes into the Predict page: files and folders that are dropped, pasted or chosen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QMimeData, QObject, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from cnnstudio.core.events import Failed
from cnnstudio.core.problems import warning
from cnnstudio.core.text import Text, tr
from cnnstudio.datasets.scan_problems import summary_of
from cnnstudio.gui.pages.file_dialogs import ask_files, ask_folder
from cnnstudio.gui.pages.predict.files import list_files, save_content, save_image
from cnnstudio.gui.pages.predict.web import fetch_picture, web_picture_message
from cnnstudio.gui.state.jobs import Report
from cnnstudio.gui.state.latest import Failure, Latest
from cnnstudio.gui.state.prediction_server import PredictionServer
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.brought import brought_by
from cnnstudio.gui.widgets.cards import paths_of
from cnnstudio.imaging.video_names import is_video


def is_model_file(path: str) -> bool:
    """Whether a path is a trained model that answers pictures: by its ending, or a folder that was exported."""
    from cnnstudio.catalog.runtime_files import is_model

    return is_model(Path(path))


class Incoming(QObject):
    """`pictures_listed(paths)` for pictures to classify, `model_taken(path)` for a file that is a model, `video_taken(path)`
    for a video."""

    pictures_listed = Signal(list)
    model_taken = Signal(str)
    video_taken = Signal(str)

    def __init__(self, session: Session, server: PredictionServer, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._server = session, server
        self._expanding = Latest(session.jobs, "predict-paths", list_files, self)
        self._expanding.answered.connect(self._on_listed)

    def close(self) -> None:
        """Stop the thread."""
        self._expanding.close()

    def take_paths(self, paths: list[str]) -> None:
        """Take files and folders; a model among them answers from now on."""
        models = [path for path in paths if is_model_file(path)]
        if len(models) > 1:
            text = Text("Several models came at once: {names}. Drop the one that should answer; “Compare with another model…” "
                        "sets a second one beside it.",
                        "Llegaron varios modelos a la vez: {names}. Suelte el que deba responder; «Comparar con otro modelo…» "
                        "pone otro a su lado.")
            names = ", ".join(Path(path).name for path in models)
            self._session.report(warning("several_models", text.fill(names=names), "file"))
        elif models:
            self.model_taken.emit(models[0])
        paths = [path for path in paths if path not in models]
        if models and not paths:
            return
        if len(paths) == 1 and is_video(paths[0]):
            self.video_taken.emit(paths[0])
        elif any(Path(path).is_dir() for path in paths):
            self._expanding.ask(tuple(paths))
        else:
            self._give(paths)

    def _give(self, paths: list[str]) -> None:
        if paths:
            self.pictures_listed.emit(list(paths))
        else:
            self._session.report(warning("no_pictures", Text("There are no pictures to classify.",
                                                             "No hay imágenes que clasificar."), "file"))

    def _on_listed(self, _paths: Any, listed: Any) -> None:
        files, left_out = ([], []) if isinstance(listed, Failure) else listed
        if left_out:
            self._session.report(summary_of(left_out))
        self._give(files)

    def paste(self) -> None:
        """Take the contents of the clipboard: files, a picture, or the address of one."""
        mime = QGuiApplication.clipboard().mimeData()
        paths = paths_of(mime) if mime is not None else []
        if paths:
            self.take_paths(paths)
        elif mime is None or not self.take_mime(mime):
            self._session.report(warning("nothing_to_paste", Text("There is no picture on the clipboard.",
                                                                  "No hay ninguna imagen en el portapapeles."), "file"))

    def take_mime(self, mime: QMimeData) -> bool:
        """Take a picture that is no file, such as one from a browser; of one on the web its address is told. False where there
        is none."""
        brought = brought_by(mime)
        if brought is None:
            return False
        if brought.url:
            self._session.report(web_picture_message(brought.url))
            return True
        folder = self._server.paste_folder
        number = len(list(folder.iterdir())) + 1
        if brought.image is not None:
            image, path = brought.image, folder / f"pasted-{number}.png"
            self._take_saved(lambda _report: save_image(image, path), Text("Pasting", "Pegando"), quiet=True)
        else:
            data, path = brought.data, folder / f"pasted-{number}{brought.suffix}"
            self._take_saved(lambda _report: save_content(data, path), Text("Pasting", "Pegando"), quiet=True)
        return True

    def download(self, url: str) -> None:
        """Fetch a picture from the web, as the user wants, and classify it."""
        folder = self._server.paste_folder
        self._take_saved(lambda report: fetch_picture(url, folder, report),
                         Text("Downloading a picture", "Descargando una imagen"), quiet=False)

    def _take_saved(self, work: Callable[[Report], str], label: Text, quiet: bool) -> None:
        self._saving = self._session.jobs.run(work, label, "paste", page="predict", quiet=quiet)
        self._saving.ended.connect(self._on_pasted)

    def _on_pasted(self, last: Any) -> None:
        if isinstance(last, Failed):
            self._session.report(last.problem)
        elif self._saving.result is not None:
            self._give([self._saving.result])

    def ask_files(self, parent: QWidget) -> None:
        """Ask the user for files."""
        paths = ask_files(self._session, parent.window(), tr("Choose files", "Elegir archivos"))
        if paths:
            self.take_paths(paths)

    def ask_folder(self, parent: QWidget) -> None:
        """Ask the user for a folder."""
        path = ask_folder(self._session, parent.window(), tr("Choose folder", "Elegir carpeta"))
        if path:
            self.take_paths([path])
