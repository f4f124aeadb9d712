"""The nearest training pictures of the picture that is in sight on the Predict page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QColor, QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from cnnstudio.gui.pages.neighbours.card import NeighboursCard
from cnnstudio.gui.pages.predict.answers import Answer
from cnnstudio.gui.pages.predict.views import AnswerView
from cnnstudio.gui.state.prediction_server import Model
from cnnstudio.gui.state.workspace import Workspace


class Neighbours(QObject):
    """Shows those of the answers of `view` while it is switched on, which `state` remembers. The keys work while `area` is
    in sight."""

    def __init__(self, workspace: Workspace, view: AnswerView, color_of: Callable[[str], QColor],
                 model: Callable[[], Model | None], state: Callable[[], dict[str, Any]], area: QWidget) -> None:
        super().__init__(area)
        self._view, self._model, self._state = view, model, state
        self._answer: Answer | None = None
        self.card = NeighboursCard(workspace, "predict", color_of)
        self.card.closed.connect(self.toggle)
        view.add_card(self.card)
        view.neighbours_button.clicked.connect(self.toggle)
        for keys in ("N", "Ctrl+Shift+N"):
            shortcut = QShortcut(QKeySequence(keys), area)
            shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
            shortcut.activated.connect(self.toggle)
        self._show()

    @property
    def on(self) -> bool:
        return bool(self._state().get("neighbours", False))

    def show_answer(self, answer: Answer | None) -> None:
        """Look for the neighbours of the answer that is in sight now, as soon as it has come."""
        self._answer = answer
        self._show()

    def follow_model(self) -> None:
        """The model is known, or it is another one."""
        self._show()

    def toggle(self) -> None:
        """Show the neighbours from now on, or no longer."""
        self._state()["neighbours"] = not self.on
        self._show()

    def close(self) -> None:
        """The page will be deleted."""
        self.card.close_threads()

    def _show(self) -> None:
        answer, model = self._answer, self._model()
        self._view.neighbours_button.setVisible(not self.on)
        best = answer.best if answer is not None else None
        there = self.on and answer is not None and best is not None and model is not None
        self.card.setVisible(there)
        if there:
            assert answer is not None and best is not None and model is not None
            self.card.show_picture(model, Path(answer.path), best.label)
        else:
            self.card.clear()
