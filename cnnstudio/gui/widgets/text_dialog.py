"""A dialog that asks for one line of text."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QLineEdit, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.widgets.basics import Button, Label, column, row
from cnnstudio.gui.widgets.dialog import Dialog, fit


class TextDialog(Dialog):
    """`text` is what was typed. `empty` stands in the field while it is empty, and says what that means."""

    def __init__(self, title: str, name: str, text: str = "", *, subject: str = "", empty: str = "", longest: int = 200,
                 button: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.field = QLineEdit(text)
        self.field.setMaxLength(longest)
        self.field.setAccessibleName(name)
        self.field.setPlaceholderText(empty)
        self.field.selectAll()
        about = (Label(subject, "body", "dim", wrap=True),) if subject else ()
        fit(self, column(
            Label(title, "title", wrap=True), *about, Label(name), self.field, 4,
            row(None, Button(tr("Cancel", "Cancelar"), "quiet", on_click=self.reject),
                Button(button or tr("Save", "Guardar"), "primary", on_click=self.accept), spacing=8),
            spacing=8, margins=(24, 24, 24, 20)))
        self.field.setFocus()

    @property
    def text(self) -> str:
        """What was typed."""
        return self.field.text()


def ask_text(dialog: TextDialog, done: Callable[[str], object]) -> TextDialog:
    """Show the dialog without blocking the window; `done(text)` where the text was accepted."""
    dialog.accepted.connect(lambda: done(dialog.text))
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog
