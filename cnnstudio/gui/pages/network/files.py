"""Network files: chosen or dropped, read in the background, opened in place of the network on the canvas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from cnnstudio.core.events import Failed, Finished
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.pages.file_dialogs import ask_save_path, report_saved
from cnnstudio.gui.pages.network.editor import NetworkEditor
from cnnstudio.gui.state.jobs import Report, Work
from cnnstudio.interchange.foreign import (
    ForeignNetwork,
    notes_problem,
    recipe_notice,
    unknown_problem,
    with_foreign_network,
)
from cnnstudio.interchange.keras_file.h5 import H5_SUFFIXES
from cnnstudio.interchange.open import SOURCE_SUFFIXES, SUFFIXES, read_network

KIND = "network_file"


class NetworkFiles:
    """Opens files in place of the editor's network; `parent` is the parent of dialogs."""

    def __init__(self, editor: NetworkEditor, parent: QWidget) -> None:
        self._editor, self._parent = editor, parent
        self._session = editor.session

    def choose(self) -> None:
        """Ask for a file and open it."""
        folder = self._session.recall("network_folder", str(Path.home()))
        patterns = " ".join(f"*{suffix}" for suffix in SUFFIXES)
        name, _kind = QFileDialog.getOpenFileName(
            self._parent, tr("Open a network", "Abrir una red"), folder,
            tr("Networks and code of Keras and PyTorch, ONNX", "Redes y código de Keras y PyTorch, ONNX") + f" ({patterns})")
        if name:
            self._session.remember("network_folder", str(Path(name).parent))
            self.open(Path(name))

    def take_paths(self, paths: Sequence[str]) -> bool:
        """Open a network file that was dropped on the page."""
        if len(paths) != 1 or Path(paths[0]).suffix.lower() not in SUFFIXES:
            return False
        self.open(Path(paths[0]))
        return True

    def open(self, path: Path) -> bool:
        """Open the network of a file in place of this one; False, with a message, where it is none.

        An ONNX model may be hundreds of megabytes, HDF5 needs its library, and code may be endless: they are read in a
        thread, and True means that reading has started.
        """
        if path.suffix.lower() in (".onnx", *H5_SUFFIXES, *SOURCE_SUFFIXES):
            self._read_beside(path)
            return True
        try:
            foreign = read_network(path)
        except ProblemError as err:
            self._session.report(*err.problems)
            return False
        self._take(foreign, path)
        return True

    def _read_beside(self, path: Path) -> None:
        before = self._session.jobs.of_kind(KIND)
        if before is not None:
            before.cancel()
        project, recipe = self._session.folder, self._session.project.recipe

        def work(report: Report) -> ForeignNetwork:
            return read_network(path, check=report.check, size=(recipe.height, recipe.width))

        def ended(job: Work) -> None:
            if isinstance(job.last, Failed):
                self._session.report(job.last.problem)
            elif isinstance(job.last, Finished) and self._session.folder == project:
                self._take(job.result, path)

        self._session.jobs.run(work, Text("Reading {name}", "Leyendo {name}").fill(name=path.name), KIND, page="network",
                               done=ended, owner=self._parent)

    def save_code(self, name: str, write: Callable[[Path], bool]) -> None:
        """Ask where to save code called `name`, and `write` it there; False is a problem that was reported."""
        path = ask_save_path(self._session, self._parent.window(), tr("Save the code as", "Guardar el código como"), name,
                             "Python (*.py)")
        if path is not None and write(path):
            report_saved(self._session, path)

    def _take(self, foreign: ForeignNetwork, path: Path) -> None:
        context = self._editor.context
        before = self._session.project.recipe
        self._session.edit(lambda project: with_foreign_network(project, foreign, context),
                           Text("Open {name}", "Abrir {name}").fill(name=path.name))
        problems = (unknown_problem(foreign, path), notes_problem(foreign, 4),
                    recipe_notice(before, self._session.project.recipe, foreign))
        self._session.report(*(problem for problem in problems if problem is not None))
        self._editor.network_replaced.emit()
