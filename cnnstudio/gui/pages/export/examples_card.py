"""A minimal program that uses an export, in each of its languages."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from cnnstudio.catalog.exporters.entry import Example, ExampleFacts, Exporter
from cnnstudio.core.text import tr
from cnnstudio.gui.widgets.basics import Button, Label, box, column, row
from cnnstudio.gui.widgets.cards import Card, Expander
from cnnstudio.gui.widgets.code_editor import CodeEditor, Python
from cnnstudio.gui.widgets.inputs import Select


class ExamplesCard(Card):
    """The examples of a format; hidden where it has none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(spacing=8, parent=parent)
        self._format = ""
        self._facts: ExampleFacts | None = None
        self._examples: Sequence[Example] = ()
        self._choice = Select()
        self._choice.setAccessibleName(tr("Language of the example", "Lenguaje del ejemplo"))
        self._choice.chosen.connect(self._show)
        self._editor = CodeEditor(tr("Minimal example", "Ejemplo mínimo"))
        self._editor.set_editing(False)
        self._editor.setMinimumHeight(320)
        self._highlighter = Python(self._editor.document())
        note = Label(tr("Complete as it stands; the path is that of this export.",
                        "Completo tal cual; la ruta es la de esta exportación."), "secondary", "dim", wrap=True)
        copy = Button(tr("Copy", "Copiar"), "link", "copy", on_click=self._copy)
        self.body.addWidget(Expander(tr("Minimal example", "Ejemplo mínimo"), box(column(
            row(self._choice, None, copy, spacing=12), note, self._editor, spacing=8))))

    @property
    def text(self) -> str:
        """The program that is shown."""
        return self._editor.toPlainText()

    def show_format(self, entry: Exporter, facts: ExampleFacts | None) -> None:
        """Show the examples of a format; they need the facts of a run."""
        if self._format == entry.id and self._facts == facts:
            return
        self._format, self._facts = entry.id, facts
        self._examples = entry.examples if facts is not None else ()
        self.setVisible(bool(self._examples))
        if self._examples:
            known = [example.id for example in self._examples]
            self._choice.set_choices([(example.id, str(example.label)) for example in self._examples],
                                     self._choice.value if self._choice.value in known else known[0])
            self._choice.setVisible(len(known) > 1)
            self._show()

    def _show(self, _value: object = None) -> None:
        example = next((item for item in self._examples if item.id == self._choice.value), None)
        if example is not None and self._facts is not None:
            self._highlighter.setDocument(self._editor.document() if example.language == "python" else None)
            self._editor.show_text(example.source(self._facts))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text)
