"""A user's own model as the starting point of a new project: chosen, read, and shown with its problems."""

from __future__ import annotations

from pathlib import Path

import msgspec
from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QMenu, QWidget

from cnnstudio.catalog.bases import Base
from cnnstudio.catalog.bases.resolver import choose_model_fix
from cnnstudio.core.events import Failed
from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.look import icons
from cnnstudio.gui.pages.network.base_table import format_own_base
from cnnstudio.gui.pages.network.models import RunsDialog, ask_for_model
from cnnstudio.gui.state.jobs import Work
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Elided, Label, clear, column
from cnnstudio.gui.widgets.cards import Banner, Card
from cnnstudio.interchange.own_base.files import SUFFIXES
from cnnstudio.interchange.own_base.reader import preview_base

replace = msgspec.structs.replace


class OwnModel(QWidget):
    """The card that asks for a model, and the problem below it; `taken` when one was chosen, `model_read` when it was read.
    `base` is None until then, and where the model cannot be a base."""

    taken = Signal()
    model_read = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.base: Base | None = None
        self.model: Path | None = None
        self.name = ""
        self.card = Card(clickable=True, margins=(14, 12, 14, 12), spacing=4)
        self.card.setAccessibleName(tr("A model of your own…", "Un modelo propio…"))
        self.card.clicked.connect(self.ask)
        self._about = Label("", "secondary", "dim", wrap=True)
        self._title = Elided("", "body_strong")
        for item in (Label(self.card.accessibleName(), "body_strong", wrap=True), self._about, self._title):
            self.card.body.addWidget(item)
        self._description = Label("", "secondary", "dim", wrap=True)
        self.card.body.addWidget(self._description)
        self._problem = column(spacing=0)
        self.setLayout(column(self.card, self._problem, spacing=8))
        self._show()

    def ask(self) -> None:
        """Ask for the model: a file, or a run or folder."""
        menu = QMenu(self)
        if self.base is not None and self.model is not None:
            menu.addAction(icons.icon("check", "dim"), self.model.name, self.taken.emit)
        menu.addAction(icons.icon("folder", "dim"), tr("A file of Keras…", "Un archivo de Keras…"), self._choose_file)
        menu.addAction(icons.icon("train", "dim"), tr("A run or a folder…", "Un entrenamiento o una carpeta…"),
                       self._choose_run)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.card.mapToGlobal(QPoint(14, self.card.height())))

    def _choose_file(self) -> None:
        path = ask_for_model(self._session, self)
        if path is not None:
            self.take(path)

    def _choose_run(self) -> None:
        dialog = RunsDialog(self._session, self.window())
        dialog.taken.connect(self.take)
        dialog.open()

    def forget(self) -> None:
        """Reset the choice."""
        self.base = self.model = None
        self.name = ""
        self._show()

    def take(self, path: Path, name: str = "") -> None:
        """Read a model in the background."""
        self.base, self.model, self.name = None, path, name
        self._show()
        self._about.setText(tr("Reading {name}…", "Leyendo {name}…", name=path.name))

        self._session.jobs.run(lambda _report: preview_base(path, name),
                               Text("Reading the model", "Leyendo el modelo"), "own_base_look", page="start", quiet=True,
                               done=lambda job: self._on_model_read(job, path), owner=self)
        self.taken.emit()

    def _on_model_read(self, job: Work, path: Path) -> None:
        # Another one may have been chosen meanwhile.
        if path != self.model:
            return
        self.base = job.result
        self._show(job.last.problem if isinstance(job.last, Failed) else None)
        self.model_read.emit()

    def _show(self, problem: Problem | None = None) -> None:
        base = self.base
        self._about.setText(tr("A .keras or .h5 file, a run, an exported bundle or a project: its classifier is "
                               "removed and the rest becomes the base.",
                               "Un archivo .keras o .h5, un entrenamiento, un paquete exportado o un proyecto: se le quita "
                               "el clasificador y el resto pasa a ser la base."))
        self._about.setVisible(base is None)
        self._title.setText(str(base.label) if base is not None else "")
        self._title.setVisible(base is not None)
        self._description.setText(
            f"{base.help}\n{format_own_base(base, self.model)}" if base is not None and self.model else "")
        self._description.setVisible(base is not None)
        clear(self._problem)
        if problem is not None:
            banner = Banner(replace(problem, fixes=(choose_model_fix(),)))
            banner.fix_chosen.connect(lambda _fix: self.ask())
            self._problem.addWidget(banner)

    def blocker(self) -> str:
        """Why no project can start from the model yet; "" when one can."""
        if self.base is not None:
            return ""
        if self._session.jobs.of_kind("own_base_look") is not None:
            return tr("The model is still being read.", "Aún se está leyendo el modelo.")
        return tr("This model cannot serve as a base. Choose another model or another starting point.",
                  "Este modelo no puede servir de base. Elija otro modelo u otro punto de partida.")


def is_model(path: str) -> bool:
    """Whether a dropped file can be a user's own model."""
    return Path(path).suffix.lower() in SUFFIXES and Path(path).is_file()
