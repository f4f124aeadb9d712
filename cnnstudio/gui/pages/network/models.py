"""Choosing a trained model: a file of Keras, or a run of this project or another one."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QLayout, QWidget

from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.state.jobs import Work
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Label, column, row
from cnnstudio.gui.widgets.dialog import Dialog
from cnnstudio.gui.widgets.formatting import format_percent
from cnnstudio.gui.widgets.table import Column, Table
from cnnstudio.interchange.open import SOURCE_SUFFIXES
from cnnstudio.interchange.own_base.files import SUFFIXES
from cnnstudio.workers.own_bases import Source, model_of, trained_runs


def ask_for_model(session: Session, parent: QWidget, *, code: bool = False) -> Path | None:
    """A `.keras` or `.h5` file that the user chose, or with `code` PyTorch source; None where there is none."""
    folder = session.recall("network_folder", str(Path.home()))
    kinds: list[tuple[str, tuple[str, ...]]] = [(tr("Models of Keras", "Modelos de Keras"), SUFFIXES)]
    if code:
        kinds.append((tr("PyTorch code, with its weights next", "Código de PyTorch, y a continuación sus pesos"),
                      SOURCE_SUFFIXES))
    name, _kind = QFileDialog.getOpenFileName(
        parent, tr("A model of your own as a base", "Un modelo propio como base"), folder,
        ";;".join(f"{name} ({' '.join(f'*{suffix}' for suffix in suffixes)})" for name, suffixes in kinds))
    if not name:
        return None
    session.remember("network_folder", str(Path(name).parent))
    return Path(name)


class RunsDialog(Dialog):
    """`taken(model, name)` when the user chose a run with a model, of the open project or a recent one, or a folder
    that contains a model; `name` is the name for its copy."""

    taken = Signal(Path, str)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Start from a run", "Partir de un entrenamiento"))
        self._session = session
        self.resize(760, 460)
        self.table = Table((
            Column(tr("Project", "Proyecto"), lambda source: source.project, stretch=True),
            Column(tr("Network", "Red"), lambda source: source.run.network),
            Column(tr("Val. accuracy", "Exactitud val."), _format_accuracy,
                   lambda source: source.run.metrics.get("val_accuracy", -1.0), right=True),
            Column(tr("Trained", "Entrenada"), _format_start, lambda source: source.run.started, right=True),
        ))
        self.table.setAccessibleName(tr("Runs with a model", "Entrenamientos con modelo"))
        self.table.opened.connect(self._take)
        self.table.chosen.connect(self._on_selection_moved)
        self.note = Label(tr("Looking for runs…", "Buscando entrenamientos…"), "secondary", "dim", wrap=True)
        self.take = Button(tr("Use as a base", "Usar como base"), "primary", on_click=lambda: self._take(self.table.selected))
        self.take.setEnabled(False)
        close = Button(tr("Close", "Cerrar"), on_click=self.reject)
        close.setAutoDefault(False)
        folder = Button(tr("A folder…", "Una carpeta…"), icon="folder", on_click=self._ask_folder,
                        tooltip=tr("The folder of a run, of an exported bundle or of a project",
                                   "La carpeta de un entrenamiento, de un paquete exportado o de un proyecto"))
        folder.setAutoDefault(False)
        foot = row(self.note, folder, close, self.take, spacing=12)
        foot.setStretch(0, 1)
        about = Label(tr("The network of the run becomes the base, with its weights and without its classifier; its "
                         "recipe is used, too. Runs of this project and of recent projects are listed.",
                         "La red del entrenamiento pasa a ser la base, con sus pesos y sin su clasificador; también "
                         "se usa su receta. Se muestran los entrenamientos de este proyecto y de los recientes."),
                      "secondary", "dim", wrap=True)
        layout = column(Label(self.windowTitle(), "title"), about, self.table, foot, spacing=10, margins=(24, 22, 24, 18))
        # A wrapped long note would make the dialog as high as for its narrowest width.
        layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self.setLayout(layout)
        self.setMinimumSize(560, 320)
        folders = [*([session.folder] if session.folder is not None else []), *map(Path, session.settings.recent)]
        session.jobs.run(lambda _report: trained_runs(folders), Text("Looking for runs", "Buscando entrenamientos"),
                         "own_base_runs", page="network", quiet=True, done=self._on_listed, owner=self)

    def _on_listed(self, job: Work) -> None:
        sources: list[Source] = list(job.result or [])
        self.table.set_rows(sources)
        self.note.setText("" if sources else tr("There is no trained run yet.", "Aún no hay ningún entrenamiento terminado."))
        if sources:
            self.table.select(sources[0])

    def _on_selection_moved(self, source: Source | None) -> None:
        self.take.setEnabled(source is not None)

    def _take(self, source: Source | None) -> None:
        if source is not None:
            self.taken.emit(source.model, source.name)
            self.accept()

    def _ask_folder(self) -> None:
        session = self._session
        chosen = QFileDialog.getExistingDirectory(self, tr("A run, a bundle or a project",
                                                           "Un entrenamiento, un paquete o un proyecto"),
                                                  session.recall("network_folder", str(Path.home())))
        if not chosen:
            return
        session.remember("network_folder", str(Path(chosen).parent))
        try:
            model, name = model_of(Path(chosen))
        except ProblemError as err:
            self.note.set_tone("error")
            self.note.setText(str(err.problems[0].text))
            return
        self.taken.emit(model, name)
        self.accept()


def _format_accuracy(source: Source) -> str:
    value = source.run.metrics.get("val_accuracy")
    return "–" if value is None else format_percent(value)


def _format_start(source: Source) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(source.run.started))
