"""Models of the user's own as bases: taken from a file or a run into the project, and chosen again when they are gone."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QDialog, QFileDialog, QLayout, QMenu, QWidget

from cnnstudio.core import edits
from cnnstudio.core.events import Failed, Finished
from cnnstudio.core.problems import ProblemError, warning
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.look import icons
from cnnstudio.gui.state.jobs import Report, Work
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Label, column, row
from cnnstudio.gui.widgets.table import Column, Table
from cnnstudio.gui.widgets.words import percent
from cnnstudio.interchange.own_base.copying import copy_into_project
from cnnstudio.interchange.own_base.files import SUFFIXES
from cnnstudio.network.starting import with_base
from cnnstudio.workers.own_bases import Source, model_of, trained_runs

if TYPE_CHECKING:
    from cnnstudio.gui.pages.network.page import NetworkPage

KIND: Final = "own_base"
_LABEL: Final = Text("Taking the model into the project", "Copiando el modelo en el proyecto")


class OwnBases(QObject):
    """What the Network page does with models of the user's own."""

    def __init__(self, page: NetworkPage) -> None:
        super().__init__(page)
        self._page = page
        self._session = page.session

    def choose_file(self, node: str = "") -> None:
        """Ask for a `.keras` or `.h5` file to start from, or for that of the base `node`."""
        path = ask_for_model(self._session, self._page.canvas)
        if path is not None:
            self.take(path, node=node)

    def choose_run(self) -> RunsDialog:
        """Ask for a run of this project or of another one."""
        dialog = RunsDialog(self._session, self._page.canvas.window())
        dialog.taken.connect(self.take)
        dialog.open()
        return dialog

    def dropped(self, paths: list[str]) -> bool:
        """A file was dropped on the page: as what it is meant is asked beside the mouse."""
        path = Path(paths[0])
        if len(paths) != 1 or path.suffix.lower() not in SUFFIXES or not path.is_file():
            return False
        menu = QMenu(self._page.canvas)
        menu.addAction(icons.icon("snow", "dim"), tr("Start from it as a base", "Partir de él como base"),
                       partial(self.take, path))
        menu.addAction(icons.icon("network", "dim"), tr("Open its network", "Abrir su red"),
                       partial(self._page.files.open, path))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(QCursor.pos())
        return True

    def take(self, path: Path, name: str = "", node: str = "") -> None:
        """Copy the model into the project in the background, and start from it; or put it where `node` misses it."""
        session, folder = self._session, self._session.folder
        if folder is None or session.jobs.of_kind(KIND) is not None:
            return
        missing = session.project.network.node(node) if node else None
        if missing is not None:
            # Under the name that the network knows, so that the same content is found again.
            name = str(missing.params.get("file") or "").removeprefix("bases/").rpartition("-")[0] or name

        def work(report: Report) -> str:
            return copy_into_project(path, folder, name, report.progress, report.check)

        session.jobs.run(work, _LABEL, KIND, page="network", done=lambda job: self._taken(job, folder, node), owner=self)

    def _taken(self, job: Work, folder: Path, node: str) -> None:
        session = self._session
        if isinstance(job.last, Failed):
            session.notice(job.last.problem)
        # Another project may be open by now: the copy lies in the one it was asked for.
        if not isinstance(job.last, Finished) or session.folder != folder:
            return
        file = str(job.result)
        try:
            base = session.bases.require_own(file)
        except ProblemError as trouble:
            session.notice(*trouble.problems)
            return
        found = session.project.network.node(node) if node else None
        if found is None:
            session.edit(lambda project: with_base(project, base),
                         Text("Start from {name}", "Partir de {name}").fill(name=base.label))
            session.notice(*(warning("own_base", note, "network") for note in base.own.notes) if base.own else ())
            self._page.started()
        elif found.params.get("file") == file:
            session.announce("network")
        else:
            session.edit(partial(_with_file, node=node, file=file), Text("Choose the base's model", "Elegir el modelo de la "
                                                                         "base"))


def _with_file(project: Project, node: str, file: str) -> Project:
    """Another model in place of the one that is gone: its blocks are called otherwise."""
    for name, value in (("base", "own"), ("file", file), ("trainable_from", "none"), ("ends_at", "all")):
        project = edits.set_node_param(project, node, name, value)
    return project


def ask_for_model(session: Session, parent: QWidget) -> Path | None:
    """A `.keras` or `.h5` file that the user chose; None where it was none."""
    folder = session.remembered("network_folder", str(Path.home()))
    name, _kind = QFileDialog.getOpenFileName(
        parent, tr("A model of your own as a base", "Un modelo propio como base"), folder,
        tr("Models of Keras", "Modelos de Keras") + f" ({' '.join(f'*{suffix}' for suffix in SUFFIXES)})")
    if not name:
        return None
    session.remember("network_folder", str(Path(name).parent))
    return Path(name)


class RunsDialog(QDialog):
    """`taken(model, name)` when the user chose a run with a model, of the open project or a recent one, or a folder
    that holds a model; `name` is what its copy is to be called."""

    taken = Signal(Path, str)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Start from a run", "Partir de un entrenamiento"))
        self._session = session
        self.resize(760, 460)
        self.table = Table((
            Column(tr("Project", "Proyecto"), lambda source: source.project, stretch=True),
            Column(tr("Network", "Red"), lambda source: source.run.network),
            Column(tr("Val. accuracy", "Exactitud val."), _accuracy,
                   lambda source: source.run.metrics.get("val_accuracy", -1.0), right=True),
            Column(tr("Trained", "Entrenada"), _when, lambda source: source.run.started, right=True),
        ))
        self.table.setAccessibleName(tr("Runs with a model", "Entrenamientos con modelo"))
        self.table.opened.connect(self._take)
        self.table.chosen.connect(self._moved)
        self.note = Label(tr("Looking for runs…", "Buscando entrenamientos…"), "secondary", "dim", wrap=True)
        self.take = Button(tr("Start from it", "Partir de él"), "primary", on_click=lambda: self._take(self.table.selected))
        self.take.setEnabled(False)
        close = Button(tr("Close", "Cerrar"), on_click=self.reject)
        close.setAutoDefault(False)
        folder = Button(tr("A folder…", "Una carpeta…"), icon="folder", on_click=self._ask_folder,
                        tooltip=tr("The folder of a run, of an exported bundle or of a project",
                                   "La carpeta de un entrenamiento, de un paquete exportado o de un proyecto"))
        folder.setAutoDefault(False)
        foot = row(self.note, folder, close, self.take, spacing=12)
        foot.setStretch(0, 1)
        about = Label(tr("The network of a run, without its classifier and with its weights, becomes the base; its recipe "
                         "comes along. Runs of this project and of recent ones.",
                         "La red de un entrenamiento, sin su clasificador y con sus pesos, pasa a ser la base; su receta la "
                         "acompaña. Entrenamientos de este proyecto y de los recientes."), "secondary", "dim", wrap=True)
        layout = column(Label(self.windowTitle(), "title"), about, self.table, foot, spacing=10, margins=(24, 22, 24, 18))
        # A long note would make the dialog as high as if its words stood below each other.
        layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self.setLayout(layout)
        self.setMinimumSize(560, 320)
        folders = [*([session.folder] if session.folder is not None else []), *map(Path, session.settings.recent)]
        session.jobs.run(lambda _report: trained_runs(folders), Text("Looking for runs", "Buscando entrenamientos"),
                         "own_base_runs", page="network", quiet=True, done=self._listed, owner=self)

    def _listed(self, job: Work) -> None:
        found: list[Source] = list(job.result or [])
        self.table.set_rows(found)
        self.note.setText("" if found else tr("There is no trained run yet.", "Aún no hay ningún entrenamiento terminado."))
        if found:
            self.table.select(found[0])

    def _moved(self, source: Source | None) -> None:
        self.take.setEnabled(source is not None)

    def _take(self, source: Source | None) -> None:
        if source is not None:
            self.taken.emit(source.model, source.name)
            self.accept()

    def _ask_folder(self) -> None:
        session = self._session
        chosen = QFileDialog.getExistingDirectory(self, tr("A run, a bundle or a project",
                                                           "Un entrenamiento, un paquete o un proyecto"),
                                                  session.remembered("network_folder", str(Path.home())))
        if not chosen:
            return
        session.remember("network_folder", str(Path(chosen).parent))
        try:
            model, name = model_of(Path(chosen))
        except ProblemError as trouble:
            self.note.set_tone("error")
            self.note.setText(str(trouble.problems[0].text))
            return
        self.taken.emit(model, name)
        self.accept()


def _accuracy(source: Source) -> str:
    value = source.run.metrics.get("val_accuracy")
    return "–" if value is None else percent(value)


def _when(source: Source) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(source.run.started))
