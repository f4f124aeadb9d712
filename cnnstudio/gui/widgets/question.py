"""A question that stops everything until it is answered."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLayout, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.widgets.basics import Button, Label, column
from cnnstudio.gui.widgets.dialog import Dialog


class Question(Dialog):
    """A question with a few answers: `ask` gives the chosen value, or None for Cancel and Escape.

    Enter takes the first answer, unless it destroys something: then it cancels.
    """

    def __init__(self, title: str, text: str, answers: Sequence[tuple[str, str, str]],
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(460)
        self.answer: str | None = None
        buttons = column(spacing=8)
        for value, label, kind in answers:
            button = Button(label, kind, on_click=partial(self._take, value))
            # Enter and Space reach a destructive answer only after a Tab to it.
            button.setAutoDefault(kind != "danger")
            buttons.addWidget(button)
        cancel = Button(tr("Cancel", "Cancelar"), "quiet", on_click=self.reject)
        buttons.addWidget(cancel)
        safe = next((kind != "danger" for _value, _label, kind in answers), False)
        if not safe:
            cancel.setDefault(True)
            cancel.setFocus()
        self._layout = column(Label(title, "title", wrap=True), Label(text, "body", "dim", wrap=True), 8, buttons,
                              spacing=8, margins=(24, 24, 24, 20))
        self._layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self.setLayout(self._layout)

    def _take(self, value: str) -> None:
        self.answer = value
        self.accept()

    def showEvent(self, event: QShowEvent) -> None:
        # By default a dialog is as high as if its text were wrapped into short lines.
        self.resize(self.width(), self._layout.totalHeightForWidth(self.width()))
        super().showEvent(event)

    def ask(self) -> str | None:
        self.exec()
        return self.answer
