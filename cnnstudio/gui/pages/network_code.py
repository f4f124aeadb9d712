"""The network and its training as source, in step with the canvas: Keras or PyTorch, copied or saved as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QPlainTextEdit, QWidget

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.keras_code import keras_code
from cnnstudio.catalog.script import keras_script
from cnnstudio.catalog.torch_code.script import torch_code, torch_script
from cnnstudio.core.files import write_atomically, write_problem
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text, tr
from cnnstudio.gui import theme
from cnnstudio.gui.pages.network_views import Python
from cnnstudio.gui.widgets.basics import Button, Label, column, row
from cnnstudio.gui.widgets.inputs import SegmentedControl

NOTES: Final = {
    "keras": Text("The same calls that training evaluates. The model takes plain 0-255 pixels.",
                  "Las mismas llamadas que evalúa el entrenamiento. El modelo recibe píxeles 0-255."),
    "keras_script": Text("Runs beside the manifest.jsonl of a run: pictures, recipe, augmentation, model, training.",
                         "Funciona junto al manifest.jsonl de un entrenamiento: imágenes, receta, aumento, modelo y "
                         "entrenamiento."),
    "torch": Text("Takes 0-255 pixels, channels first; load_weights sets the weights of a trained run.",
                  "Recibe píxeles 0-255, canales primero; load_weights pone los pesos de un entrenamiento."),
    "torch_script": Text("Runs beside the manifest.jsonl of a run. What it leaves out is written in it.",
                         "Funciona junto al manifest.jsonl de un entrenamiento. Lo que omite está escrito en él."),
}


def written(form: str, project: Project, context: Context, pictures: int) -> str:
    """The source in one of the forms of `NOTES`."""
    if form == "keras":
        return keras_code(project.network, context)
    if form == "torch":
        return torch_code(project.network, context)
    if form == "torch_script":
        return torch_script(project, context.class_count)
    return keras_script(project, context.class_count, pictures)


class CodeView(QWidget):
    """The source of the project's network."""

    trouble = Signal(object)
    """The Problem of a file that could not be written."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[Project, Context, int] | None = None
        self.form = SegmentedControl(
            [("keras", tr("Keras network", "Red Keras")), ("keras_script", tr("Keras script", "Script Keras")),
             ("torch", tr("PyTorch network", "Red PyTorch")), ("torch_script", tr("PyTorch script", "Script PyTorch"))],
            "keras", stretch=False)
        self.form.chosen.connect(lambda _form: self._write())
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setFont(theme.mono_font())
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setAccessibleName(tr("Code", "Código"))
        self._highlighter = Python(self.text.document())
        self._note = Label("", "secondary", "dim", wrap=True)
        copy = Button(tr("Copy", "Copiar"), icon="copy",
                      on_click=lambda: QGuiApplication.clipboard().setText(self.text.toPlainText()))
        save = Button(tr("Save as…", "Guardar como…"), on_click=self._save)
        head = row(self.form, copy, save, spacing=12)
        head.insertStretch(1, 1)
        self.setLayout(column(head, self._note, self.text, spacing=12, margins=(24, 20, 24, 20)))

    def show_code(self, project: Project, context: Context, pictures: int) -> None:
        """Show the project's network for that context; `pictures` is how many train."""
        self._shown = (project, context, pictures)
        self._write()

    def _write(self) -> None:
        if self._shown is None:
            return
        form = str(self.form.value)
        self._note.setText(str(NOTES[form]))
        code = written(form, *self._shown)
        if code != self.text.toPlainText():
            place = self.text.verticalScrollBar().value()
            self.text.setPlainText(code)
            self.text.verticalScrollBar().setValue(place)

    def _save(self) -> None:
        name = "train.py" if str(self.form.value).endswith("script") else "network.py"
        path, _kind = QFileDialog.getSaveFileName(self.window(), tr("Save the code as", "Guardar el código como"), name,
                                                  "Python (*.py)")
        if not path:
            return
        try:
            write_atomically(Path(path), self.text.toPlainText().encode())
        except OSError as trouble:
            self.trouble.emit(write_problem(trouble, path))
