"""The network and its training as source, in step with the canvas: Keras or PyTorch, copied or saved as a file.

It can be edited or replaced, and applied to the canvas; it is parsed, never run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.catalog.context import Context
from cnnstudio.core.atomic import write_atomically, write_problem
from cnnstudio.core.problems import Problem, ProblemError
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.widgets.basics import Button, Icon, Label, box, clear, column, row, scroll_area
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.code_editor import CodeEditor
from cnnstudio.gui.widgets.flow import flow_row
from cnnstudio.gui.widgets.inputs import SegmentedControl
from cnnstudio.interchange.apply_code import read_edited_code
from cnnstudio.interchange.printing.keras.network import keras_code
from cnnstudio.interchange.printing.torch.script import torch_code
from cnnstudio.interchange.python_source.source import SourceNetwork
from cnnstudio.interchange.source_code import framework_of as framework_of_code
from cnnstudio.workers.printed_scripts import Framework, script_text, write_script

_SAVED: Final = Text("The same pixels and settings as here. Save as… writes the list of the pictures beside it, and the "
                     "weights that it reads.",
                     "Los mismos píxeles y ajustes que aquí. Guardar como… escribe a su lado la lista de las imágenes y los "
                     "pesos que lee.")
NOTES: Final = {
    "keras": Text("The same calls as in training. The model takes pixels from 0 to 255.",
                  "Las mismas llamadas que en el entrenamiento. El modelo recibe píxeles de 0 a 255."),
    "keras_script": _SAVED,
    "torch": Text("Takes pixels from 0 to 255, channels first; load_weights loads the weights of a trained run.",
                  "Recibe píxeles de 0 a 255, canales primero; load_weights carga los pesos de un entrenamiento."),
    "torch_script": _SAVED,
}
EDITING: Final = Text(
    "Change the code or paste your own Keras or PyTorch code. It is read, not run; Apply draws it on the canvas, and can be "
    "undone.",
    "Cambie el código o pegue el suyo de Keras o PyTorch. Se lee, no se ejecuta; Aplicar lo dibuja en el lienzo y se puede "
    "deshacer.")
PAUSE: Final = 500
"""Milliseconds without a key before edited code is read."""
_KEEPING: Final = 1000
"""Milliseconds without a key before edited code is saved as a draft."""
QUICK: Final = 0.15
"""Seconds: code that takes longer to read is read on apply only, not while typing."""


def make_code(form: str, project: Project, context: Context, pictures: int) -> str:
    """The source in one of the forms of `NOTES`."""
    if form == "keras":
        return keras_code(project.network, context)
    if form == "torch":
        return torch_code(project.network, context)
    return script_text(framework_of(form), project, context, pictures)


def framework_of(form: str) -> Framework:
    """The framework of a form of `NOTES`."""
    return "torch" if form.startswith("torch") else "keras"


class CodeView(QWidget):
    """The source of the project's network, to show and to edit."""

    problem_found = Signal(object)
    """The Problem of a file that could not be written."""
    save_requested = Signal(str)
    """Ask where to `write` the code; the suggested name."""
    applied = Signal(object)
    """The network of the edited code (`Written`) should replace the one on the canvas."""
    drafted = Signal(object)
    """Edited code to save as a draft; None removes the draft."""

    def __init__(self, write_list: Callable[[Path], object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._write_list = write_list
        """Writes the list of the pictures that a script reads."""
        self._content: tuple[Project, Context, int] | None = None
        self._quick = True
        self.form = SegmentedControl(
            [("keras", tr("Keras network", "Red Keras")), ("keras_script", tr("Keras script", "Script Keras")),
             ("torch", tr("PyTorch network", "Red PyTorch")), ("torch_script", tr("PyTorch script", "Script PyTorch"))],
            "keras", stretch=False)
        self.form.chosen.connect(lambda _form: self._on_form_chosen())
        self.text = CodeEditor(tr("Code", "Código"))
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE)
        self._pause.timeout.connect(self._read_while_typing)
        self.text.textChanged.connect(self._on_text_changed)
        self._keeping = QTimer(self)
        self._keeping.setSingleShot(True)
        self._keeping.setInterval(_KEEPING)
        self._keeping.timeout.connect(self.keep)
        self._note = Label("", "secondary", "dim", wrap=True)
        self.remarks = Remarks()
        self.remarks.wanted.connect(self.text.go_to)
        reading = row(Button(tr("Copy", "Copiar"), icon="copy",
                             on_click=lambda: QGuiApplication.clipboard().setText(self.text.toPlainText())),
                      Button(tr("Save as…", "Guardar como…"), on_click=self._save), spacing=12)
        self._edit = Button(tr("Edit", "Editar"), icon="edit", on_click=self.edit,
                            tooltip=tr("Change the code, or paste other code, and apply it to the canvas",
                                       "Cambiar el código, o pegar otro, y aplicarlo al lienzo"))
        reading.addWidget(self._edit)
        editing = row(Button(tr("Paste code", "Pegar código"), on_click=self.paste,
                             tooltip=tr("Replace this code with the code on the clipboard",
                                        "Sustituir este código por el del portapapeles")),
                      Button(tr("Discard", "Descartar"), on_click=self.discard),
                      Button(tr("Apply to the canvas", "Aplicar al lienzo"), "primary", on_click=self.apply), spacing=12)
        self._reading, self._editing = box(reading), box(editing)
        head = flow_row(self.form, self._reading, self._editing, spacing=12, apart=1)
        self._editing.hide()
        layout = column(head, self._note, self.text, self.remarks, spacing=12, margins=(12, 20, 12, 20))
        layout.setStretchFactor(self.text, 1)
        self.setLayout(layout)

    @property
    def is_editing(self) -> bool:
        return not self.text.isReadOnly()

    def show_code(self, project: Project, context: Context, pictures: int) -> None:
        """Show the project's network for that context; `pictures` is the number of training pictures. Edited code
        stays."""
        unread = self.is_editing and self._content is None
        self._content = (project, context, pictures)
        if unread:
            self._pause.start()
        self._write()

    def _on_form_chosen(self) -> None:
        self.remarks.show_problems(())
        self._write()

    def _write(self) -> None:
        if self._content is None or self.is_editing:
            return
        form = str(self.form.value)
        self._note.setText(str(NOTES[form]))
        self.text.show_text(make_code(form, *self._content))

    # Editing --------------------------------------------------------------------------------------

    def edit(self) -> None:
        """Start editing."""
        self._set_editing(True)
        self._quick = True
        self.text.setFocus()

    def discard(self) -> None:
        """Discard the edited code and show that of the canvas again."""
        self.show_draft(None)
        self.drafted.emit(None)

    def show_draft(self, draft: str | None) -> None:
        """Continue with a saved draft; None shows the code of the canvas."""
        self._set_editing(draft is not None)
        if draft is None:
            self._write()
        else:
            self.form.set_value(framework_of_code(draft))
            self.text.show_text(draft)
            self._pause.start()

    def keep(self) -> None:
        """Save the edited code as a draft, if anything was changed."""
        self._keeping.stop()
        if self.is_editing and self._content is not None:
            text = self.text.toPlainText()
            self.drafted.emit(text if text != make_code(str(self.form.value), *self._content) else None)

    def paste(self) -> None:
        """Replace the code by the clipboard's text."""
        text = QGuiApplication.clipboard().text()
        if text.strip():
            self.text.put(text)
            self._read_while_typing()

    def apply(self) -> bool:
        """Read the code and request to apply it to the canvas; False, with the problems shown, where that fails."""
        if self._content is not None and self.text.toPlainText() == make_code(str(self.form.value), *self._content):
            # Nothing was changed: PyTorch code does not say everything of the canvas.
            self.discard()
            return True
        result = self._read()
        if result is None:
            return False
        self._set_editing(False)
        self.drafted.emit(None)
        self.applied.emit(result)
        self._write()
        self.remarks.show_problems(result.problems, before=True)
        return True

    def _set_editing(self, editing: bool) -> None:
        self._pause.stop()
        self._keeping.stop()
        self.text.set_editing(editing)
        self.form.setVisible(not editing)
        self._reading.setVisible(not editing)
        self._editing.setVisible(editing)
        self.text.mark_lines({})
        self.remarks.show_problems(())
        if editing:
            self._note.setText(str(EDITING))

    def _on_text_changed(self) -> None:
        if self.is_editing:
            self._keeping.start()
        if self.is_editing and self._quick:
            self._pause.start()

    def _read_while_typing(self) -> None:
        if self.is_editing:
            self._read()

    def _read(self) -> SourceNetwork | None:
        """Read the code; its problems and remarks are shown and their lines marked. None where it cannot be read."""
        if self._content is None:
            return None
        project, context, _pictures = self._content
        started = time.perf_counter()
        result: SourceNetwork | None = None
        try:
            result = read_edited_code(self.text.toPlainText(), project, context)
            problems: Sequence[Problem] = result.problems
        except ProblemError as err:
            problems = err.problems
        self._quick = time.perf_counter() - started < QUICK
        self.text.mark_lines({problem.where.line: problem.severity for problem in reversed(problems)
                              if problem.where.line is not None and problem.severity != "info"})
        self.remarks.show_problems(problems)
        return result

    def _save(self) -> None:
        name = "train.py" if str(self.form.value).endswith("script") else "network.py"
        self.save_requested.emit(name)

    def write(self, path: Path) -> bool:
        """Write the code, a script with the list of its pictures; False, with a message, where that failed."""
        form = str(self.form.value)
        try:
            if form.endswith("script") and self._content is not None:
                written = write_script(path, framework_of(form), *self._content, self._write_list)
                for problem in written.problems:
                    self.problem_found.emit(problem)
            else:
                write_atomically(path, self.text.toPlainText().encode())
        except OSError as err:
            self.problem_found.emit(write_problem(err, path))
        except ProblemError as err:
            self.problem_found.emit(err.problems[0])
        else:
            return True
        return False


class Remarks(QWidget):
    """Problems of the code and remarks, one line each; `wanted(line)` when one with a line number is clicked."""

    wanted = Signal(int)
    HIGHEST: Final = 168

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines = column(spacing=6)
        self._area = scroll_area(box(self._lines))
        self._before = Label(tr("Of the code that was applied", "Del código aplicado"), "secondary", "dim")
        self.problems: tuple[Problem, ...] = ()
        self.setLayout(column(self._before, self._area, spacing=6))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.hide()

    def show_problems(self, problems: Sequence[Problem], before: bool = False) -> None:
        """Show problems, errors first; `before` where their lines belong to code that is no longer shown."""
        ranks = {"error": 0, "warning": 1, "info": 2}
        ranked = tuple(sorted(problems, key=lambda problem: ranks[problem.severity]))
        self.problems = ranked
        clear(self._lines)
        for problem in ranked:
            self._lines.addWidget(self._card(problem, not before))
        self._before.setVisible(before)
        self.setVisible(bool(ranked))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """As high as its lines, up to a limit; the code gets the rest."""
        width = max(200, self.width() - 16)
        high = self._lines.totalHeightForWidth(width) if self._lines.hasHeightForWidth() else self._lines.sizeHint().height()
        self._area.setFixedHeight(max(0, min(self.HIGHEST, high)))

    def _card(self, problem: Problem, located: bool) -> Card:
        edge = {"error": "error", "warning": "warn"}.get(problem.severity, "accent")
        line = problem.where.line if located else None
        card = Card(edge=edge, clickable=line is not None, margins=(12, 8, 12, 8))
        content = row(spacing=10)
        content.addWidget(Icon({"error": "error", "warning": "warning"}.get(problem.severity, "info"), edge, 16))
        content.addWidget(Label(str(problem.text), "secondary", wrap=True), 1)
        card.body.addLayout(content)
        card.setAccessibleName(str(problem.text))
        if line is not None:
            card.clicked.connect(lambda line=line: self.wanted.emit(line))
        return card
