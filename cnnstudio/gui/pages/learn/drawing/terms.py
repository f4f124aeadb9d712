"""A sum written out."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QSizePolicy, QWidget

from cnnstudio.gui.look import theme


class TermsView(QPlainTextEdit):
    """A calculation in words and numbers; a long one scrolls. Cheap to change sixty times a second."""

    def __init__(self, name: str, lines: int = 3, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFont(theme.font("body"))
        self.setAccessibleName(name)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._lines = lines
        self.setFixedHeight(round(self.fontMetrics().lineSpacing() * lines + 26))

    def show_terms(self, text: str) -> None:
        """Show a calculation."""
        if text != self.toPlainText():
            self.setPlainText(text)

    def sizeHint(self) -> QSize:
        return QSize(300, self.height())
