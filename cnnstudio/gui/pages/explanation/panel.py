"""Everything about the explanation of the picture in sight: what is asked, how it is drawn, checks, comparison, saving."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QWidget

from cnnstudio.catalog.explanations import EXPLANATIONS
from cnnstudio.core.jobs import Ranked
from cnnstudio.core.text import tr
from cnnstudio.gui.pages.explanation.checks import ChecksView
from cnnstudio.gui.pages.explanation.look_form import LookForm
from cnnstudio.gui.pages.explanation.memory import ExplanationMemory
from cnnstudio.gui.pages.explanation.other_methods import OtherMethods
from cnnstudio.gui.pages.explanation.question_form import QuestionForm
from cnnstudio.gui.pages.explanation.saving import ToDraw, copy_explained, save_explained
from cnnstudio.gui.pages.explanation.slot import Slot, Subject
from cnnstudio.gui.state.prediction_server import Model
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Caption, Elided, Label, Rule, box, column, row
from cnnstudio.gui.widgets.formatting import format_time_left
from cnnstudio.gui.widgets.inputs import Switch
from cnnstudio.gui.widgets.picture import Overlay


class ExplanationPanel(QWidget):
    """`changed()` when the overlays, their captions or the comparison changed. The first slot is the picture's own map, the
    second what it is compared with."""

    changed = Signal()
    closed = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._subject: Subject | None = None
        memory = ExplanationMemory(session)
        self.form = QuestionForm(memory)
        self.form.changed.connect(self._explain_again)
        other = next(entry.id for entry in EXPLANATIONS if entry.id != memory.method)
        self.other_form = QuestionForm(memory, simple=True, method=other)
        self.other_form.changed.connect(self._explain_other)
        self.look_form = LookForm(memory)
        self.look_form.changed.connect(self.changed)
        self.slots = (Slot(session, lambda: self.form.question, self), Slot(session, lambda: self.other_form.question, self))
        for slot in self.slots:
            slot.changed.connect(self._show)
        self._server = self.slots[0].explainer.server
        self._server.changed.connect(self._show_model)
        self._server.answered.connect(self._show_cost)
        self._status = Label("", "secondary", "dim", wrap=True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(tr("Progress of the explanation", "Progreso de la explicación"))
        self.cancel_button = Button(tr("Cancel", "Cancelar"), "link", on_click=self.cancel)
        self.again_button = Button(tr("Explain", "Explicar"), "", on_click=self._explain_again)
        self._again = box(row(self.again_button, None))
        self._working = Elided("", "secondary", "dim")
        work = row(self._working, self._bar, self.cancel_button, spacing=10)
        work.setStretch(0, 1)
        self._bar.setFixedWidth(56)
        self._work = box(work)
        self._others = OtherMethods()
        self._others.chosen.connect(self.form.choose_method)
        # Most maps come at once: what is below must not move down and up for them.
        policy = self._work.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._work.setSizePolicy(policy)
        self.note = Label("", "secondary", "warn", wrap=True)
        self.check_button = Button(tr("Check this map", "Comprobar este mapa"), "", "check", on_click=self.check)
        self.check_button.setToolTip(tr("Does the map depend on what was learned, and do the pixels it names matter?",
                                        "¿Depende el mapa de lo aprendido? ¿Importan los píxeles que señala?"))
        self.checks = ChecksView()
        self.compare = Switch(False, tr("Compare two maps", "Comparar dos mapas"))
        self.compare.switched.connect(self._on_compare)
        self._copy = Button(tr("Copy", "Copiar"), "link", "copy", on_click=self.copy)
        self._save = Button(tr("Save as PNG…", "Guardar como PNG…"), "link", "save", on_click=self.save)
        head = row(Caption(tr("Explanation", "Explicación")), None,
                   Button(tr("Close the explanation", "Cerrar la explicación"), "icon", "close", on_click=self.closed.emit))
        compare_line = row(Label(tr("Compare with", "Comparar con"), "body"), self.compare, spacing=8)
        compare_line.setStretch(0, 1)
        self.setLayout(column(
            head, self._work, self._status, self._others, self._again, self.form, self.note, Rule(),
            self.look_form, Rule(), box(row(self.check_button, None)), self.checks, Rule(), box(compare_line), self.other_form,
            Rule(), box(row(self._copy, self._save, None, spacing=14)), None, spacing=8))
        self._show_model()
        self._show()

    # What is explained ---------------------------------------------------------------------------

    def show_picture(self, model: Model, file: Path, ranked: Sequence[Ranked]) -> None:
        """Explain a picture; `ranked` are all classes with their probabilities, the likeliest first."""
        self.form.recall()
        self.look_form.recall()
        for form in (self.form, self.other_form):
            form.show_classes(ranked)
        subject = Subject(model, file)
        if subject == self._subject and (self.slots[0].busy or self.slots[0].explained is not None):
            return
        self._subject = subject
        self._explain_again()
        self._explain_other()

    def clear(self) -> None:
        """Nothing is explained any more; what is being computed stops."""
        self._subject = None
        for slot in self.slots:
            slot.clear()

    def overlay(self, number: int = 0) -> Overlay | None:
        """What is drawn over the picture; 1 for the second map of a comparison."""
        found = self.slots[number].map
        return found.overlay(self.look_form.look) if found is not None else None

    def caption(self, number: int = 0) -> str:
        """What a map shows, or why there is none."""
        return self.slots[number].caption() or self.slots[number].status()

    @property
    def comparing(self) -> bool:
        """Whether two maps stand side by side."""
        return self.compare.isChecked()

    def cancel(self) -> None:
        """Stop what is being computed; the model stays loaded."""
        for slot in self.slots:
            slot.cancel()

    def check(self) -> None:
        """Check the map that is shown."""
        if self._subject is not None:
            self.slots[0].explain(self._subject, check=True)

    def toggle_map(self) -> None:
        """The map, or the picture alone."""
        self.look_form.toggle_map()

    def _explain_again(self) -> None:
        self._show_cost()
        if self._subject is not None:
            self.slots[0].explain(self._subject)

    def _explain_other(self) -> None:
        if self.comparing and self._subject is not None:
            self.slots[1].explain(self._subject)

    def _on_compare(self, on: bool) -> None:
        if on:
            self._explain_other()
        else:
            self.slots[1].clear()
        self._show()

    # What is seen --------------------------------------------------------------------------------

    def _show_model(self) -> None:
        self.form.show_layers(self._server.layers)
        self._show_cost()
        self._show()

    def _show_cost(self, _event: object = None) -> None:
        self.form.show_cost(self._server.seconds_per_pass)

    def _show(self) -> None:
        slot, other = self.slots
        working = next((item for item in self.slots if item.busy), None)
        self._work.setVisible(working is not None)
        if working is not None:
            progress = working.progress
            self._bar.setRange(0, progress.total if progress is not None else 0)
            self._bar.setValue(progress.done if progress is not None else 0)
        text = working.status() if working is not None else ""
        if working is not None and working.progress is not None and working.progress.seconds_left is not None \
                and working.progress.seconds_left >= 1:
            text += " · " + format_time_left(working.progress.seconds_left)
        self._working.setText(text)
        self._status.setText(slot.status() if working is None else "")
        self._status.set_tone("error" if slot.problem is not None else "dim")
        self._status.setVisible(bool(self._status.text()))
        self._others.show_problem(slot.problem if working is None else None)
        self._again.setVisible(working is None and slot.explained is None and self._subject is not None)
        found = slot.explained
        self.note.setText(str(found.note) if found is not None and found.note is not None else "")
        self.note.setVisible(bool(self.note.text()))
        self.checks.show_checks(found.checks if found is not None else None)
        self.check_button.setVisible(found is None or found.checks is None)
        self.check_button.setEnabled(found is not None and not slot.busy)
        self.other_form.setVisible(self.comparing)
        self.look_form.show_signed(any(item.map is not None and item.map.signed for item in (slot, other))
                                   or self.form.question.entry.signed)
        for button in (self._copy, self._save):
            button.setEnabled(slot.map is not None)
        self.changed.emit()

    # Copying and saving --------------------------------------------------------------------------

    def _drawn(self) -> list[ToDraw]:
        used = self.slots if self.comparing else self.slots[:1]
        return [ToDraw(slot.subject.file, slot.map) for slot in used if slot.subject is not None and slot.map is not None]

    def copy(self) -> None:
        """Put the picture with its map on the clipboard."""
        if drawn := self._drawn():
            copy_explained(self._session, self, drawn, self.look_form.look)

    def save(self) -> None:
        """Write the picture with its map into a file."""
        if (drawn := self._drawn()) and self.slots[0].explained is not None:
            name = f"{drawn[0].file.stem} {self.slots[0].explained.method}.png"
            save_explained(self._session, self, drawn, self.look_form.look, name)


