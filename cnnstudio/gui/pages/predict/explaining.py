"""The explanation of the picture that is in sight on the Predict page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from cnnstudio.core.jobs import Ranked
from cnnstudio.gui.pages.explanation.panel import ExplanationPanel
from cnnstudio.gui.pages.predict.answers import Answer
from cnnstudio.gui.pages.predict.views import AnswerView
from cnnstudio.gui.state.prediction_server import Model
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import box, column, scroll_area

_PANEL: Final = 292


class Explaining(QObject):
    """Explains the answers of `view` while it is switched on, which `state` remembers; `side` is the panel. The keys work
    while `area` is in sight."""

    def __init__(self, session: Session, view: AnswerView, model: Callable[[], Model | None],
                 state: Callable[[], dict[str, Any]], area: QWidget) -> None:
        super().__init__(area)
        self._view, self._model, self._state = view, model, state
        self._answer: Answer | None = None
        self._explained: tuple[Model, Answer, Ranked] | None = None
        self.panel = ExplanationPanel(session)
        self.panel.changed.connect(self._show_maps)
        self.panel.closed.connect(self.toggle)
        self.side = scroll_area(box(column(self.panel, margins=(0, 0, 8, 0))))
        self.side.setFixedWidth(_PANEL)
        view.explain_button.clicked.connect(self.toggle)
        for keys, action in (("E", self.toggle), ("Ctrl+E", self.toggle), ("M", self._toggle_map)):
            shortcut = QShortcut(QKeySequence(keys), area)
            shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
            shortcut.activated.connect(action)
        self._show_side()

    @property
    def on(self) -> bool:
        return bool(self._state().get("explaining", False))

    def show_answer(self, answer: Answer | None) -> None:
        """Explain the answer that is in sight now, as soon as it has come."""
        self._answer = answer
        # The page of another project has a state of its own.
        self._show_side()
        self._explain()

    def follow_model(self) -> None:
        """The model is known, or it is another one."""
        self._explain()

    def toggle(self) -> None:
        """Explain the pictures from now on, or no longer."""
        self._state()["explaining"] = not self.on
        self._show_side()
        self._explain()

    def switch_on(self) -> None:
        """Explain the pictures from now on."""
        if not self.on:
            self.toggle()

    def close(self) -> None:
        """The page will be deleted."""
        self.panel.clear()

    def _toggle_map(self) -> None:
        if self.on:
            self.panel.toggle_map()

    def _show_side(self) -> None:
        self.side.setVisible(self.on)
        self._view.explain_button.setVisible(not self.on)

    def _explain(self) -> None:
        answer, model = self._answer, self._model()
        best = answer.best if answer is not None else None
        if not self.on or answer is None or best is None or model is None:
            self._explained = None
            self.panel.clear()
        elif self._explained is None or self._explained[0] != model or self._explained[1] is not answer \
                or self._explained[2] is not best:
            self._explained = model, answer, best
            prediction = answer.prediction
            assert prediction is not None
            self.panel.show_picture(model, Path(answer.path), prediction.top)
        self._show_maps()

    def _show_maps(self) -> None:
        two = self.panel.comparing and self.on
        self._view.show_maps(*((self.panel.overlay(number), self.panel.caption(number)) if self.on else (None, "")
                               for number in range(1 + two)))
