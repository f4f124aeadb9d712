"""The model of the Predict page: a run of the project, an exported bundle, or the file of a model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.pages.file_dialogs import ask_files, ask_folder
from cnnstudio.gui.state.jobs import Report
from cnnstudio.gui.state.latest import Failure, Latest
from cnnstudio.gui.state.prediction_server import Model, PredictionServer
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.inputs import Select
from cnnstudio.workers.runs.folder import RunSummary
from cnnstudio.workers.runs.standing import standing_text


class Models(QObject):
    """The list of models and the choice among them; `state` keeps the choice over rebuilds.

    `runs_listed` is False until a thread has read the runs of the project; then `listed` is emitted.
    """

    listed = Signal()
    chosen = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._state: dict[str, Any] = {}
        self.runs: list[RunSummary] = []
        self.runs_listed = False
        self.select = Select()
        self.select.setMinimumContentsLength(28)
        self.select.setMinimumWidth(120)
        self.select.setMaximumWidth(264)
        self.select.setAccessibleName(tr("Model", "Modelo"))
        self.select.chosen.connect(self.choose)
        self._listing = Latest(session.jobs, "runs-list", _list_runs, self)
        self._listing.answered.connect(self._on_runs_listed)

    def refresh(self, state: dict[str, Any], other_project: bool) -> None:
        """Read the runs again; `state` is the page's state."""
        self._state = state
        if other_project:
            self.runs, self.runs_listed = [], False
        if self._session.folder is not None:
            self._listing.ask(self._session.folder)

    def close(self) -> None:
        """Stop the thread."""
        self._listing.close()

    @property
    def model(self) -> Model | None:
        """The model that classifies: the other model that was chosen here, the chosen run, else the newest run."""
        other: Model | None = self._state.get("model")
        if other is not None:
            return other
        if self.runs and self._session.folder is not None:
            chosen = next((run for run in self.runs if run.id == self._session.chosen_run), self.runs[0])
            return str(self._session.folder), chosen.id
        return None

    def serve(self, server: PredictionServer) -> None:
        """Let the server load the model, unless that has just failed."""
        model = self.model
        if model is not None and not (server.problem is not None and server.model == model):
            server.serve(model)

    @property
    def standing(self) -> str:
        """How far the run of the model came; "" for a model that is no run of this project."""
        _path, identifier = self.model or ("", "")
        run = next((run for run in self.runs if run.id == identifier), None)
        return str(standing_text(run)) if run is not None else ""

    def choose(self, model: object) -> None:
        """Choose a model, as (folder, id of a run) or (path, "")."""
        folder, run = model if isinstance(model, tuple) else ("", "")
        self._state["model"] = None if run or not folder else (folder, "")
        if run and run != self._session.chosen_run:
            # The pages follow by the change that this announces, this one too.
            self._session.chosen_run = run
        else:
            self.follow_run()

    def follow_run(self) -> None:
        """Show the model of the present choice, which may have been made on another page."""
        self._show()
        self.chosen.emit()

    def take(self, path: str) -> None:
        """Choose an exported bundle, or the file of a model."""
        others = self._state.setdefault("others", [])
        if path not in others:
            others.append(path)
        self.choose((path, ""))

    def ask(self) -> None:
        """Ask the user for another model."""
        self.ask_for(self.select, self.take)

    def ask_for(self, anchor: QWidget, take: Callable[[str], object]) -> None:
        """Ask the user for a model's file or folder, by a menu at `anchor`."""
        menu = QMenu(anchor)

        def take_file() -> None:
            from cnnstudio.catalog.runtime_files import MODEL_SUFFIXES

            kinds = tr("Models", "Modelos") + f" ({' '.join(f'*{suffix}' for suffix in MODEL_SUFFIXES)})"
            for path in ask_files(self._session, anchor.window(), tr("Other model", "Otro modelo"), kinds)[:1]:
                take(path)

        def take_folder() -> None:
            path = ask_folder(self._session, anchor.window(), tr("Other model", "Otro modelo"))
            if path:
                take(path)

        menu.addAction(tr("A model file…", "Un archivo de modelo…"), take_file)
        menu.addAction(tr("An exported bundle (folder)…", "Un paquete exportado (carpeta)…"), take_folder)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(anchor.mapToGlobal(anchor.rect().bottomRight()))

    def choices(self) -> list[tuple[Model, str]]:
        """All models that can be chosen, with their names."""
        runs: list[tuple[Model, str]] = [((str(self._session.folder), run.id), run.title) for run in self.runs]
        return runs + [((path, ""), Path(path).name) for path in self._state.get("others", [])]

    def _on_runs_listed(self, folder: Path, result: Any) -> None:
        if folder == self._session.folder and not isinstance(result, Failure):
            self.runs, self.runs_listed = result, True
            self._show()
            self.listed.emit()

    def _show(self) -> None:
        model, choices = self.model, self.choices()
        self.select.set_choices(choices or [(None, tr("No model yet", "Aún sin modelo"))], model)
        self.select.setEnabled(bool(choices))
        self.select.setToolTip((model[1] or model[0]) if model is not None else "")


def _list_runs(folder: Path, _report: Report) -> list[RunSummary]:
    # Import here, in a thread, rather than when the first picture is dropped.
    import cnnstudio.imaging.thumbnails  # noqa: F401
    from cnnstudio.workers.runs.folder import list_runs

    return [run for run in list_runs(folder) if run.has_model]
