"""The user's own models as bases: copied from a file or a run into the project, and chosen again when they are
missing."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QMenu, QWidget

from cnnstudio.core import edits
from cnnstudio.core.events import Failed, Finished
from cnnstudio.core.problems import ProblemError, warning
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.look import icons
from cnnstudio.gui.pages.network.editor import NetworkEditor
from cnnstudio.gui.pages.network.files import NetworkFiles
from cnnstudio.gui.pages.network.models import RunsDialog, ask_for_model
from cnnstudio.gui.pages.network.torch_base import TorchBase, ask_for_weights, code_and_weights
from cnnstudio.gui.state.jobs import Report, Work
from cnnstudio.interchange.open import SOURCE_SUFFIXES
from cnnstudio.interchange.own_base.files import SUFFIXES
from cnnstudio.interchange.own_base.project_copy import copy_into_project
from cnnstudio.network.new_project import with_base

KIND: Final = "own_base"
_LABEL: Final = Text("Copying the model into the project", "Copiando el modelo en el proyecto")


class OwnBases(QObject):
    """Actions of the Network page on the user's own models."""

    def __init__(self, editor: NetworkEditor, files: NetworkFiles, parent: QWidget) -> None:
        super().__init__(editor)
        self._editor, self._files, self._parent = editor, files, parent
        self._session = editor.session
        self._torch = TorchBase(self._session, self)
        self._torch.joined.connect(self.take)

    def choose_file(self, node: str = "") -> None:
        """Ask for a `.keras` or `.h5` file to start from, or to replace that of the base `node`; or for PyTorch code and its
        weights to start from."""
        path = ask_for_model(self._session, self._parent, code=not node)
        if path is not None and path.suffix.lower() in SOURCE_SUFFIXES:
            weights = ask_for_weights(self._session, self._parent, path)
            if weights is not None:
                self._torch.join(path, weights)
        elif path is not None:
            self.take(path, node=node)

    def choose_run(self) -> RunsDialog:
        """Ask for a run of this project or of another one."""
        dialog = RunsDialog(self._session, self._parent.window())
        dialog.taken.connect(self.take)
        dialog.open()
        return dialog

    def take_paths(self, paths: list[str]) -> bool:
        """A file was dropped on the page: a menu at the mouse asks what to do with it. PyTorch code with its weights can only
        be a base."""
        both = code_and_weights(paths)
        if both is not None:
            self._torch.join(*both)
            return True
        path = Path(paths[0])
        if len(paths) != 1 or path.suffix.lower() not in SUFFIXES or not path.is_file():
            return False
        menu = QMenu(self._parent)
        menu.addAction(icons.icon("snow", "dim"), tr("Use as a base", "Usar como base"),
                       partial(self.take, path))
        menu.addAction(icons.icon("network", "dim"), tr("Open its network", "Abrir su red"),
                       partial(self._files.open, path))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(QCursor.pos())
        return True

    def take(self, path: Path, name: str = "", node: str = "") -> None:
        """Copy the model into the project in the background, and start from it; or set it where `node` misses it."""
        session, folder = self._session, self._session.folder
        if folder is None or session.jobs.of_kind(KIND) is not None:
            return
        missing = session.project.network.node(node) if node else None
        if missing is not None:
            # Under the name in the network, so that the same content is found again.
            name = str(missing.params.get("file") or "").removeprefix("bases/").rpartition("-")[0] or name

        def work(report: Report) -> str:
            return copy_into_project(path, folder, name, report.progress, report.check)

        session.jobs.run(work, _LABEL, KIND, page="network", done=lambda job: self._on_copied(job, folder, node), owner=self)

    def _on_copied(self, job: Work, folder: Path, node: str) -> None:
        session = self._session
        if isinstance(job.last, Failed):
            session.report(job.last.problem)
        # Another project may be open by now: the copy is in the one that it was requested for.
        if not isinstance(job.last, Finished) or session.folder != folder:
            return
        file = str(job.result)
        try:
            base = session.bases.require_own(file)
        except ProblemError as err:
            session.report(*err.problems)
            return
        current = session.project.network.node(node) if node else None
        if current is None:
            session.edit(lambda project: with_base(project, base),
                         Text("Start from {name}", "Partir de {name}").fill(name=base.label))
            session.report(*(warning("own_base", note, "network") for note in base.own.notes) if base.own else ())
            self._editor.network_replaced.emit()
        elif current.params.get("file") == file:
            session.announce("network")
        else:
            label = Text("Choose the base's model", "Elegir el modelo de la base")
            session.edit(partial(_replace_model, node=node, file=file), label)


def _replace_model(project: Project, node: str, file: str) -> Project:
    """Replace a missing model by another one, whose blocks have other names."""
    for name, value in (("base", "own"), ("file", file), ("trainable_from", "none"), ("ends_at", "all")):
        project = edits.set_node_param(project, node, name, value)
    return project
