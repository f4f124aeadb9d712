"""What a class more cost the earlier classes of a model: the accuracy before and after, with intervals."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from cnnstudio.core.jobs import ClassesAdded
from cnnstudio.core.text import tr
from cnnstudio.gui.widgets.basics import Label
from cnnstudio.gui.widgets.cards import Card, Facts
from cnnstudio.workers.runs.class_change import change_lines, change_verdict


class ClassChangeCard(Card):
    """Takes no room for a run that added no class."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._title = Label("", "body_strong", wrap=True)
        self._facts = Facts()
        self._verdict = Label("", "body", "dim", wrap=True)
        super().__init__(self._title, self._facts, self._verdict, parent=parent)
        self.hide()

    def show_change(self, change: ClassesAdded | None) -> None:
        """Show a change; None shows nothing."""
        self.setVisible(change is not None)
        if change is None:
            return
        self._title.setText(tr("The model now also knows {names}", "El modelo ahora también conoce {names}",
                               names=", ".join(change.names)))
        self._facts.set_facts([(str(what), str(figure)) for what, figure in change_lines(change)])
        self._verdict.setText(str(change_verdict(change)))
