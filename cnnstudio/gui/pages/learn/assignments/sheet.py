"""An assignment as a student reads it."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import Text, language, tr
from cnnstudio.evaluation.figures import FIGURES
from cnnstudio.gui.widgets.basics import Caption, Label, clear, column, row
from cnnstudio.gui.widgets.cards import Facts
from cnnstudio.gui.widgets.formatting import format_count, format_number, format_percent
from cnnstudio.learning.assignments.facts import limit_texts
from cnnstudio.learning.assignments.model import Assignment


class AssignmentSheet(QWidget):
    """Title, goal, what must be reached, limits and questions."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines = column(spacing=10)
        self.setLayout(self._lines)

    def show_assignment(self, assignment: Assignment, code: str = "") -> None:
        """Show an assignment, in that language or in the window's."""
        clear(self._lines)
        code = code or language()

        def told(text: Text) -> str:
            return text.in_language(code)

        self._lines.addWidget(Label(told(assignment.title) or "–", "title", wrap=True))
        if told(assignment.goal):
            self._lines.addWidget(Label(told(assignment.goal), wrap=True, selectable=True))
        facts = Facts()
        facts.set_facts([
            (str(FIGURES[assignment.metric].label), goal_text(assignment)),
            (tr("Hidden pictures", "Imágenes ocultas"), format_count(assignment.hidden_pictures)),
            *((str(label), str(limit)) for label, limit in limit_texts(assignment)),
            (tr("Other pictures", "Otras imágenes"),
             tr("may be added", "se pueden añadir") if assignment.limits.own_pictures else
             tr("may not be added", "no se pueden añadir"))])
        self._lines.addWidget(facts)
        if not assignment.inside:
            self._lines.addWidget(Caption(tr("Pictures", "Imágenes")))
            self._lines.addWidget(Label(told(assignment.source), wrap=True, selectable=True))
        if assignment.questions:
            self._lines.addWidget(Caption(tr("Questions", "Preguntas")))
            for number, question in enumerate(assignment.questions, start=1):
                line = row(Label(f"{number}.", tone="dim"), Label(told(question.text), wrap=True), spacing=8)
                line.setStretch(1, 1)
                self._lines.addLayout(line)
        self._lines.addStretch(1)


def goal_text(assignment: Assignment) -> str:
    """"at least 95%": what the metric must reach."""
    figure = FIGURES[assignment.metric]
    value = figure_text(assignment.metric, assignment.threshold)
    return tr("at least {value}", "al menos {value}", value=value) if figure.higher_is_better else tr(
        "at most {value}", "como máximo {value}", value=value)


def figure_text(metric: str, value: float | None, interval: tuple[float, float] | None = None) -> str:
    """A value of a figure with its interval."""
    if value is None:
        return "–"
    percent = metric in FIGURES and FIGURES[metric].percent

    def told(number: float) -> str:
        return format_percent(number) if percent else format_number(number, 3)

    return told(value) if interval is None else f"{told(value)} ({told(interval[0])} – {told(interval[1])})"
