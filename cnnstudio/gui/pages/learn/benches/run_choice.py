"""The choice of a run with a model, for benches that look into a trained network."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Label, column
from cnnstudio.gui.widgets.inputs import Select
from cnnstudio.workers.runs.folder import RunFolder, list_runs


class RunChoice(QWidget):
    """`chosen(RunFolder)` when the user takes another run."""

    chosen = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._select = Select()
        self._select.setAccessibleName(tr("Run", "Entrenamiento"))
        self._select.chosen.connect(lambda _value: self.chosen.emit(self.run))
        self._none = Label("", "secondary", "dim", wrap=True)
        self.setLayout(column(self._select, self._none, spacing=4))
        self.refresh()

    @property
    def run(self) -> RunFolder | None:
        """The chosen run, None without one."""
        value = self._select.value
        return value if isinstance(value, RunFolder) else None

    def refresh(self) -> None:
        """Read the runs of the open project again; the chosen one stays."""
        folder = self._session.folder
        runs = [run for run in list_runs(folder) if run.has_model] if folder is not None else []
        wanted = self.run.id if self.run is not None else self._session.chosen_run
        folders = {run.id: RunFolder(run.folder) for run in runs}
        self._select.set_choices([(folders[run.id], run.title) for run in runs], folders.get(wanted) or next(
            iter(folders.values()), None))
        self._select.setVisible(bool(runs))
        self._none.setVisible(not runs)
        self._none.setText(tr("Train a network in a project first.", "Entrene antes una red en un proyecto.")
                           if folder is not None else tr("Open a project with a trained network.",
                                                         "Abra un proyecto con una red entrenada."))
