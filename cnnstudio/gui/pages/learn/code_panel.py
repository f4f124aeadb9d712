"""The code of a bench: one tab for each library, to copy and to save."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import tr
from cnnstudio.gui.pages.file_dialogs import ask_save_path, report_saved
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Elided, column, row
from cnnstudio.gui.widgets.code_editor import CodeEditor
from cnnstudio.gui.widgets.inputs import SegmentedControl
from cnnstudio.learning.benches.entry import Code


class CodePanel(QWidget):
    """Follows the bench while it is open. `closed` when the user closes it."""

    closed = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._name = "bench"
        self._codes: tuple[Code, ...] = ()
        self._label = ""
        self._labels: list[str] = []
        self._tabs: SegmentedControl | None = None
        self._needs = Elided("", "secondary", "dim")
        self._editor = CodeEditor(tr("Code of what is shown", "Código de lo que se muestra"))
        self._copy = Button(tr("Copy", "Copiar"), "", "copy", on_click=self.copy)
        self._save_button = Button(tr("Save as .py…", "Guardar como .py…"), "", "save", on_click=self._save)
        close = Button(tr("Close the code", "Cerrar el código"), "icon", "close", on_click=self.closed.emit)
        self._line = row(self._needs, self._copy, self._save_button, close, spacing=8)
        self._line.setStretch(0, 1)
        layout = column(self._line, self._editor, spacing=8, margins=(24, 10, 24, 12))
        layout.setStretch(1, 1)
        self.setLayout(layout)
        self.setMinimumHeight(160)

    @property
    def text(self) -> str:
        """The code on screen."""
        return self._editor.toPlainText()

    def show_code(self, name: str, codes: tuple[Code, ...], reason: str = "") -> None:
        """Show the programs of a bench; `name` is that of the file in which one is saved. Without any, say the reason."""
        labels = [code.label for code in codes]
        if labels and labels != self._labels:
            self._make_tabs(labels)
        self._editor.setPlaceholderText(reason)
        self._editor.setAccessibleDescription("" if codes else reason)
        for widget in (self._copy, self._save_button, *([self._tabs] if self._tabs is not None else [])):
            widget.setEnabled(bool(codes))
        self._name, self._codes = name, codes
        self._show()

    def _make_tabs(self, labels: list[str]) -> None:
        self._labels = labels
        if self._tabs is not None:
            self._tabs.hide()
            self._tabs.deleteLater()
        self._label = self._label if self._label in labels else next(iter(labels), "")
        self._tabs = SegmentedControl([(label, label) for label in labels], self._label, stretch=False)
        self._tabs.setAccessibleName(tr("Library of the code", "Biblioteca del código"))
        self._tabs.chosen.connect(self._on_tab_chosen)
        self._line.insertWidget(0, self._tabs)

    def _on_tab_chosen(self, label: object) -> None:
        self._label = str(label)
        self._show()

    def _shown(self) -> Code | None:
        return next((code for code in self._codes if code.label == self._label), None)

    def _show(self) -> None:
        code = self._shown()
        self._editor.show_text(code.source if code is not None else "")
        needs = ", ".join((*code.needs, *(name for name, _content in code.files))) if code is not None else ""
        self._needs.setText(tr("Needs {names}", "Necesita {names}", names=needs) if needs else "")
        self._copy.setText(tr("Copy", "Copiar"))

    def copy(self) -> None:
        """Copy the code on screen."""
        QGuiApplication.clipboard().setText(self.text)
        self._copy.setText(tr("Copied", "Copiado"))

    def _save(self) -> None:
        path = ask_save_path(self._session, self.window(), tr("Save the code", "Guardar el código"), f"{self._name}.py",
                             "Python (*.py)", ("py",))
        if path is None:
            return
        path = path if path.suffix else path.with_suffix(".py")
        try:
            write_atomically(path, self.text.encode())
            code = self._shown()
            for name, content in code.files if code is not None else ():
                write_atomically(path.parent / name, content)
        except ProblemError as err:
            self._session.report(*err.problems)
        else:
            report_saved(self._session, Path(path))
