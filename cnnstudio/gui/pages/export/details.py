"""The inspector of the Export page: what the chosen format is, and a minimal program that uses it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget

from cnnstudio.catalog.exporters.entry import Example, ExampleFacts, Exporter
from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.basics import Badge, Button, Elided, Label, Rule, box, clear, column, row, scroll_area
from cnnstudio.gui.widgets.code_editor import CodeEditor, Python
from cnnstudio.gui.widgets.inputs import Select


class FormatDetails(QWidget):
    """What an export of a format holds, and its examples."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._format = ""
        self._facts: ExampleFacts | None = None
        self._examples: Sequence[Example] = ()
        self._title, self._kind = Label("", "body_strong"), Badge("", "")
        self._help = Label("", "secondary", "dim", wrap=True)
        self._contents = QVBoxLayout()
        self._contents.setSpacing(8)
        self._choice = Select()
        self._choice.setAccessibleName(tr("Example", "Ejemplo"))
        self._choice.chosen.connect(self._show_example)
        self._editor = CodeEditor(tr("Example", "Ejemplo"))
        self._editor.set_editing(False)
        self._editor.setMinimumHeight(260)
        self._highlighter = Python(self._editor.document())
        copy = Button(tr("Copy", "Copiar"), "link", "copy", on_click=self._copy)
        self._example = box(column(
            Rule(), row(Label(tr("Minimal example", "Ejemplo mínimo"), "body_strong"), None, copy, spacing=8),
            self._choice, self._editor, spacing=8))
        inner = box(column(row(self._title, self._kind, None, spacing=8), self._help, box(self._contents), self._example, None,
                           spacing=10, margins=(16, 16, 16, 16)))
        self.setLayout(column(scroll_area(inner), spacing=0))

    def show_format(self, entry: Exporter, facts: ExampleFacts | None) -> None:
        """Show a format; the examples need the facts of a run."""
        if self._format == entry.id and self._facts == facts:
            return
        self._facts = facts
        self._title.setText(str(entry.label))
        self._kind.setText(entry.suffix or tr("folder", "carpeta"))
        self._help.setText(str(entry.help))
        if self._format != entry.id:
            clear(self._contents)
            for content in entry.contents:
                title = Elided(content.name)
                title.setFont(theme.mono_font(12))
                self._contents.addLayout(column(title, Label(str(content.text), "secondary", "dim", wrap=True), spacing=1))
        self._format = entry.id
        self._examples = entry.examples if facts is not None else ()
        self._example.setVisible(bool(self._examples))
        if self._examples:
            chosen = self._choice.value if self._choice.value in [example.id for example in self._examples] else None
            self._choice.set_choices([(example.id, str(example.label)) for example in self._examples],
                                     chosen or self._examples[0].id)
            self._choice.setVisible(len(self._examples) > 1)
            self._show_example()

    def _show_example(self, _value: object = None) -> None:
        example = next((item for item in self._examples if item.id == self._choice.value), None)
        if example is None or self._facts is None:
            return
        self._highlighter.setDocument(self._editor.document() if example.language == "python" else None)
        self._editor.show_text(example.source(self._facts))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._editor.toPlainText())
