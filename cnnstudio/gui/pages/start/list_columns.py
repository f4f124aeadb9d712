"""The columns of a list that a new project starts from: shown where they are known, asked for where they are not."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.problems import Fix
from cnnstudio.core.text import tr
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.state.jobs import Report
from cnnstudio.gui.state.latest import Failure, Latest
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Label, row


class ListColumns(QWidget):
    """`changed` when it is known whether the list can be used. Hidden for other sources."""

    changed = Signal()

    def __init__(self, session: Session, state: dict[str, Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._state = session, state
        self._path: Path | None = None
        self._blocked = False
        self._text = Label("", "secondary", "dim", wrap=True)
        self._choose_button = Button(tr("Choose columns…", "Elegir columnas…"), "link", on_click=self._choose)
        self._mend_button = Button("", "link", on_click=self._mend)
        self._mend_button.hide()
        self._fix: Fix | None = None
        line = row(self._text, self._mend_button, self._choose_button, spacing=12)
        line.setStretch(0, 1)
        self.setLayout(line)
        self._trying = Latest(session.jobs, "columns", _try, self)
        self._trying.answered.connect(self._show_result)
        session.changed.connect(self._on_session_changed)
        self.hide()

    @property
    def reading(self) -> DatasetSpec:
        """How the list is read, for the new project."""
        paths, labels = self._state.get("columns", ((), ()))
        return DatasetSpec(path_columns=tuple(paths), label_columns=tuple(labels))

    @property
    def blocked(self) -> bool:
        """Whether the columns of the list must be chosen first."""
        return self._blocked

    def set_source(self, source: Path) -> None:
        """Look at the source where it is a list."""
        from cnnstudio.datasets.layout import is_manifest

        if self._path is not None and source != self._path:
            self._state.pop("columns", None)
        self._path, self._blocked = source, False
        self.setVisible(is_manifest(source))
        if is_manifest(source):
            self._text.setText(tr("Reading the list…", "Leyendo la lista…"))
            self._trying.ask((source, self._state.get("columns", ((), ()))))

    def _choose(self) -> None:
        from cnnstudio.gui.pages.data.dialogs.columns import open_columns

        if self._path is not None:
            dialog = open_columns(self._session.jobs, self._path, self.window())
            dialog.columns_chosen.connect(partial(self._on_chosen, self._path))

    def _on_chosen(self, path: Path, paths: tuple[str, ...], labels: tuple[str, ...]) -> None:
        if path == self._path:
            self._state["columns"] = (paths, labels)
            self.set_source(path)

    def _show_result(self, request: Any, result: Any) -> None:
        if request[0] != self._path:
            return
        from cnnstudio.gui.pages.data.dialogs.columns import format_result

        problem = None if isinstance(result, Failure) else result.problem
        self._blocked = problem is not None
        self._fix = next((fix for fix in problem.fixes if fix.action == "install_library"), None) if problem else None
        self._mend_button.setVisible(self._fix is not None)
        self._choose_button.setVisible(self._fix is None)
        self._mend_button.setText("" if self._fix is None else str(self._fix.label))
        self._text.set_tone("warn" if self._blocked else "dim")
        self._text.setText(result.text if isinstance(result, Failure) else format_result(result))
        self.changed.emit()

    def _mend(self) -> None:
        if self._fix is not None:
            self._session.apply(self._fix)

    def _on_session_changed(self, change: Change) -> None:
        if change.of("libraries") and self._fix is not None and self._path is not None:
            self.set_source(self._path)

    def close_threads(self) -> None:
        self._trying.close()


def _try(request: Any, _report: Report) -> Any:
    from cnnstudio.datasets.sources.columns import ColumnChoice
    from cnnstudio.datasets.sources.preview import try_columns

    path, (paths, labels) = request
    return try_columns(path, ColumnChoice(paths=tuple(paths), labels=tuple(labels)))
