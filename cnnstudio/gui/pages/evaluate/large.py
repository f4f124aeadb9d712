"""A picture of an evaluation large, with its answers below."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import tr
from cnnstudio.datasets.index import Picture
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.evaluate.results import Answer
from cnnstudio.gui.pages.evaluate.views import EvaluationContext
from cnnstudio.gui.pages.picture_viewer import PictureViewer
from cnnstudio.gui.state.jobs import JobList
from cnnstudio.gui.widgets.answer_bars import AnswerBars
from cnnstudio.gui.widgets.basics import Label, box, column
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.formatting import format_percent

_MOST, _FEW = 5, 3
"""Classes with a bar, also where there is little room."""
_HIGH = 760
"""From this height in pixels there is room for all of them."""


class LargeView(QWidget):
    """`left` to go back to the figures, `stepped(-1 or 1)` for the previous or the next picture of the panel; the keys of
    classes and Delete act as on the panel."""

    left = Signal()
    stepped = Signal(int)
    label_key = Signal(str)
    exclude_key = Signal()

    def __init__(self, jobs: JobList, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._most = _MOST
        self._files: dict[int, Path] = {}
        self._colors: dict[str, QColor] = {}
        self._viewer = PictureViewer(jobs, lambda picture: self._files[picture.id], tr("Figures", "Cifras"))
        self._viewer.left.connect(self.left)
        self._viewer.stepped.connect(self.stepped)
        self._viewer.label_key.connect(self.label_key)
        self._viewer.exclude_key.connect(self.exclude_key)
        self.view = self._viewer.view
        self._words = Label("", "body_strong", wrap=True)
        self._bars = AnswerBars(lambda name: self._colors.get(name, theme.class_color(-1)), most=_MOST)
        answers = Card(box(column(self._words, self._bars, spacing=8)))
        layout = column(self._viewer, answers, spacing=12, margins=(24, 14, 24, 16))
        layout.setStretch(0, 1)
        self.setLayout(layout)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        most = _MOST if event.size().height() >= _HIGH else _FEW
        if most != self._most:
            self._most = most
            self._bars.set_most(most)

    def show_answer(self, answer: Answer, context: EvaluationContext) -> None:
        """Show a picture of the evaluation."""
        names = context.class_names
        self._colors = {name: context.class_color(number) for number, name in enumerate(names)}
        true, predicted = names[answer.label], names[answer.predicted]
        share = format_percent(answer.probability)
        self._words.setText(
            tr("{true}, recognised with {share}", "{true}, reconocida con {share}", true=true, share=share) if answer.right else
            tr("{true}, predicted as {predicted} with {share}", "{true}, predicha como {predicted} con {share}", true=true,
               predicted=predicted, share=share))
        ranked = context.read.ranked(answer, _MOST) if context.read is not None else ()
        self._bars.show_ranked(ranked)
        self._bars.setVisible(bool(ranked))
        # The viewer shows pictures of an index by their number: a path has one here as well.
        number = hash(str(answer.file))
        self._files = {number: answer.file}
        self._viewer.show_picture(Picture(
            id=number, path=answer.relative, class_name=true, split=context.split, size=answer.file_bytes,
            modified_ns=answer.modified_ns, width=None, height=None, hash=None, problem=None, problem_text=None, excluded=False,
            folder_class=true))
