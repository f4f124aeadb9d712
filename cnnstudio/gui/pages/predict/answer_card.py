"""The card of an answer: the class, the bars of all likely classes, doubt, and what took how long."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from cnnstudio.core.jobs import Ranked
from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.predict.answers import Answer
from cnnstudio.gui.pages.predict.doubt import likely_text, not_sure_text
from cnnstudio.gui.widgets.answer_bars import AnswerBars
from cnnstudio.gui.widgets.basics import Caption, Label, box, row
from cnnstudio.gui.widgets.cards import Card


class AnswerCard(Card):
    """`buttons` stand at the right of its caption."""

    def __init__(self, color_of: Callable[[str], QColor], *buttons: QWidget, parent: QWidget | None = None) -> None:
        self._label = Label("", "figure", wrap=True)
        self._likely = Label("", "body", wrap=True)
        self._reason = Label("", "secondary", "dim", wrap=True)
        self.bars = AnswerBars(color_of)
        self._problem = Label("", "body", "error", wrap=True, selectable=True)
        self._note = Label("", "secondary", "dim", wrap=True)
        head = box(row(Caption(tr("Prediction", "Predicción")), None, *buttons))
        super().__init__(head, self._label, self._likely, self._reason, self.bars, self._problem, self._note, spacing=8,
                         parent=parent)
        # A card that is given more room than its lines need keeps them together at its top.
        self.body.addStretch(1)

    def show_answer(self, answer: Answer | None, waiting: str) -> None:
        """Show the answer; `waiting` is the text while there is none."""
        best = answer.best if answer is not None else None
        problem = answer.problem if answer is not None else ""
        self._show_doubt(answer)
        doubtful = answer is not None and answer.not_sure
        self._label.setText(not_sure_text() if doubtful else best.label if best is not None else "" if problem else waiting)
        self._label.set_tone("warn" if doubtful else "")
        self._label.setFont(theme.font("figure" if best is not None else "body"))
        self._label.setVisible(not problem)
        self.bars.setVisible(best is not None)
        prediction = answer.prediction if best is not None and answer is not None else None
        self.bars.show_ranked(prediction.top if prediction is not None else ())
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))

    def show_ranked(self, ranked: tuple[Ranked, ...]) -> None:
        """Show classes with their probability, the best first, without doubt."""
        self._show_doubt(None)
        self._label.setText(ranked[0].label if ranked else "")
        self._label.set_tone("")
        self._label.setFont(theme.font("figure"))
        self._label.setVisible(bool(ranked))
        self.bars.setVisible(bool(ranked))
        self.bars.show_ranked(ranked)
        self._problem.hide()

    def _show_doubt(self, answer: Answer | None) -> None:
        """Which classes it may be, and why that is not certain."""
        doubtful = answer is not None and answer.not_sure
        for label in (self._likely, self._reason):
            label.setVisible(doubtful)
        prediction = answer.prediction if answer is not None and doubtful else None
        if answer is None or prediction is None:
            self.setToolTip("")
            return
        self._likely.setText(likely_text(prediction))
        self._reason.setText(answer.reason)
        self._reason.setVisible(bool(answer.reason))
        self.setToolTip(answer.reason)

    def show_note(self, text: str, tooltip: str = "") -> None:
        """Show time and engine, below the bars."""
        self._note.setText(text)
        self._note.setToolTip(tooltip)
        self._note.setVisible(bool(text))
