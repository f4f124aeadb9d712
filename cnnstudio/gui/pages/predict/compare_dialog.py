"""A second model on the pictures of the page: where it differs from the first, and by how much."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from cnnstudio.core.commands import Predict, Stop
from cnnstudio.core.events import Event, Failed
from cnnstudio.core.jobs import Answered, Prediction, Ready
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import Text, tr
from cnnstudio.evaluation.model_comparison import Comparer, ModelComparison, PictureDifference
from cnnstudio.gui.pages.data.dialogs.base import WorkDialog
from cnnstudio.gui.pages.predict.answers import Answer
from cnnstudio.gui.pages.predict.views import load_picture
from cnnstudio.gui.state.jobs import ChildJob, Job
from cnnstudio.gui.state.latest import Failure, Latest
from cnnstudio.gui.state.prediction_server import Model
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Elided, Label, Stack, box, column, row
from cnnstudio.gui.widgets.cards import EmptyState, KeyFigure, KeyFigures
from cnnstudio.gui.widgets.formatting import format_count, format_number, format_percent, format_pictures
from cnnstudio.gui.widgets.inputs import Select, Switch
from cnnstudio.gui.widgets.ordered_rows import OrderedRows
from cnnstudio.gui.widgets.picture import PictureView
from cnnstudio.gui.widgets.rows_model import Column
from cnnstudio.gui.widgets.table import Table
from cnnstudio.workers.compact_answers import AnswerPacker, as_array

_KIND: Final = "compare-models"
Pair = tuple[str, str, int]
"""A class of the first model, one of the second, and how many pictures they call so."""


class CompareDialog(WorkDialog):
    """`models` are those that can be chosen, with their names; `ask_model(button, take)` asks the user for another one, and
    calls `take` with its path. `make_room()` is called before the second model is loaded, and `come_back()` after it has
    gone. `target` is another entry point of the child process, for tests."""

    def __init__(self, session: Session, answers: Sequence[Answer], names: Sequence[str],
                 models: Sequence[tuple[Model, str]], ask_model: Callable[[QWidget, Callable[[str], object]], object],
                 make_room: Callable[[], object], come_back: Callable[[], object], parent: QWidget | None = None,
                 target: str = "") -> None:
        super().__init__(session, tr("Compare with another model", "Comparar con otro modelo"), "",
                         tr("Compare", "Comparar"), parent)
        self.resize(1040, 680)
        self._answers = [answer for answer in answers if answer.answered]
        self._names, self._models, self._ask_model = tuple(names), list(models), ask_model
        self._make_room, self._come_back, self._target = make_room, come_back, target
        self._place = 0
        self._other: AnswerPacker | None = None
        self._comparer: Comparer | None = None
        self.result_found: ModelComparison | None = None
        self._select = Select([(model, name) for model, name in self._models], self._models[0][0] if self._models else None)
        self._select.setMinimumContentsLength(32)
        self._select.setAccessibleName(tr("Second model", "Segundo modelo"))
        self._select.chosen.connect(lambda _model: self._show_ready())
        other = Button(tr("Other model…", "Otro modelo…"), on_click=lambda: self._ask_model(other, self.take))
        self.body.addLayout(row(Label(tr("Second model", "Segundo modelo"), "secondary", "dim"), self._select, other, None,
                                spacing=10))
        self.body.addWidget(self._make_results(), 1)
        self._loading = Latest(session.jobs, "compare-picture", load_picture, self)
        self._loading.answered.connect(self._on_loaded)
        self._show_ready()

    def _make_results(self) -> QWidget:
        self._agreement = KeyFigure(tr("Same answer", "Misma respuesta"))
        self._changes = KeyFigure(tr("Another answer", "Otra respuesta"))
        self._mean = KeyFigure(tr("Mean difference", "Diferencia media"))
        self._largest = KeyFigure(tr("Largest difference", "Diferencia máxima"))
        difference = tr("Largest difference of the probabilities of a class", "La mayor diferencia entre las probabilidades de "
                        "una clase")
        self.pictures = Table((
            Column(tr("Name", "Nombre"), lambda item: Path(item.path).name, stretch=True, help=lambda item: item.path),
            Column(tr("First model", "Primer modelo"), lambda item: _answer(item.first, item.first_probability)),
            Column(tr("Second model", "Segundo modelo"), lambda item: _answer(item.second, item.second_probability),
                   tone=lambda item: "" if item.agrees else "warn"),
            Column(tr("Difference", "Diferencia"), lambda item: format_number(item.difference, 3),
                   key=lambda item: item.difference, right=True, about=difference)), proxy=OrderedRows)
        self.pictures.setAccessibleName(tr("Pictures by difference", "Imágenes por diferencia"))
        self.pictures.chosen.connect(self._on_picture_chosen)
        self.pairs = Table((
            Column(tr("First model", "Primer modelo"), lambda pair: pair[0], stretch=True),
            Column(tr("Second model", "Segundo modelo"), lambda pair: pair[1], stretch=True,
                   tone=lambda pair: "dim" if pair[0] == pair[1] else ""),
            Column(tr("Pictures", "Imágenes"), lambda pair: format_count(pair[2]), key=lambda pair: pair[2], right=True)))
        self.pairs.setAccessibleName(tr("Answers of both models", "Respuestas de ambos modelos"))
        self.pairs.chosen.connect(lambda _pair: self._show_pictures())
        self._only = Switch(True, tr("Only other answers", "Solo respuestas distintas"))
        self._only.switched.connect(lambda _on: self._show_pictures())
        self._every = Button(tr("All pairs", "Todos los pares"), "link", on_click=self._drop_pair)
        self._picture = PictureView()
        self._picture.setMinimumSize(200, 160)
        self._path = Elided("", "secondary", "dim", mode=Qt.TextElideMode.ElideMiddle)
        filters = row(Label(tr("Only other answers", "Solo respuestas distintas"), "secondary", "dim"), self._only, None,
                      self._every, spacing=10)
        left = column(filters, self.pictures, spacing=8)
        right = column(self._picture, self._path, self.pairs, spacing=8)
        for layout, place in ((left, 1), (right, 0), (right, 2)):
            layout.setStretch(place, 1)
        below = row(box(left), box(right), spacing=16)
        below.setStretch(0, 3)
        below.setStretch(1, 2)
        results = column(KeyFigures(self._agreement, self._changes, self._mean, self._largest), below, spacing=12)
        results.setStretch(1, 1)
        self._stack = Stack()
        self._stack.addWidget(EmptyState(
            "predict", tr("Choose the second model", "Elija el segundo modelo"),
            tr("It answers the same pictures; the answers of the first model are those of the page.",
               "Responde a las mismas imágenes; las respuestas del primer modelo son las de la página.")))
        self._stack.addWidget(box(results))
        return self._stack

    # The second model ----------------------------------------------------------------------------

    def take(self, path: str) -> None:
        """Choose a bundle or a file as the second model."""
        model: Model = (path, "")
        if model not in [known for known, _name in self._models]:
            self._models.append((model, Path(path).name))
        self._select.set_choices([(known, name) for known, name in self._models], model)
        self._show_ready()

    def _show_ready(self) -> None:
        self.primary.setEnabled(self._select.value is not None and bool(self._answers) and not self.is_working)
        self.show_status(format_pictures(len(self._answers)))

    def start_work(self) -> Job | None:
        from cnnstudio.workers.job_setup import serving_job

        model = self._select.value
        assert isinstance(model, tuple)
        try:
            job = serving_job(Path(model[0]), model[1] or None)
        except ProblemError as err:
            self.show_problems(err.problems)
            return None
        self._make_room()
        self._place, self._comparer = 0, None
        child = ChildJob(job, Text("Second model", "Segundo modelo"), _KIND, page="predict", target=self._target)
        child.event.connect(lambda event: self._on_answer(child, event))
        child.ended.connect(self._on_over)
        self.session.jobs.start(child)
        return child

    def _on_answer(self, child: ChildJob, event: Event) -> None:
        if isinstance(event, Ready):
            self._other = AnswerPacker(event.class_names)
            self._comparer = Comparer(self._names, event.class_names)
            child.send(Predict(request=1, paths=tuple(answer.path for answer in self._answers), top=0))
        elif isinstance(event, Prediction) and self._comparer is not None and self._other is not None:
            answer = self._answers[self._place]
            self._place += 1
            self._comparer.add(answer.path, answer.probabilities(self._names), as_array(event, self._other))
        elif isinstance(event, Answered):
            child.send(Stop(keep=False))

    def _on_over(self, last: Event) -> None:
        self._come_back()
        if self._gone:
            return
        done = self._comparer.result() if self._comparer is not None else None
        if done is not None and not isinstance(last, Failed):
            self.result_found = done
            self._show_result(done)
        self._show_ready()

    def _on_working_changed(self, working: bool) -> None:
        self._select.setEnabled(not working)

    # The result ----------------------------------------------------------------------------------

    def _show_result(self, done: ModelComparison) -> None:
        self._stack.setCurrentIndex(1)
        largest = done.largest_difference
        self._agreement.set("–" if done.agreement is None else format_percent(done.agreement),
                            tr("of {n}", "de {n}", n=format_pictures(len(done.pictures))))
        self._changes.set(format_count(done.changes), "" if not done.unanswered else
                          tr("without an answer of both: {n}", "sin respuesta de ambos: {n}", n=format_count(done.unanswered)))
        self._mean.set("–" if done.mean_difference is None else format_number(done.mean_difference, 4),
                       tr("of the probabilities", "de las probabilidades"))
        self._largest.set("–" if largest is None else format_number(largest.difference, 3),
                          "" if largest is None else Path(largest.path).name)
        pairs: list[Pair] = [(done.first_names[i], done.second_names[j], count)
                             for i, counts in enumerate(done.counts) for j, count in enumerate(counts) if count]
        self.pairs.set_rows(sorted(pairs, key=lambda pair: (pair[0] == pair[1], -pair[2])))
        self._only.set_value(done.changes > 0)
        self._show_pictures()

    def _show_pictures(self) -> None:
        done = self.result_found
        if done is None:
            return
        pair: Pair | None = self.pairs.selected
        chosen = [item for item in done.by_difference(self._only.isChecked() and pair is None)
                  if pair is None or (item.first, item.second) == pair[:2]]
        self._every.setVisible(pair is not None)
        self.pictures.set_rows(chosen)
        if chosen:
            self.pictures.select(chosen[0])
        else:
            self._picture.set_message(tr("Both models answer alike.", "Ambos modelos responden lo mismo."))
            self._path.setText("")

    def _drop_pair(self) -> None:
        self.pairs.setCurrentIndex(self.pairs.model().index(-1, -1))
        self.pairs.clearSelection()

    def _on_picture_chosen(self, item: PictureDifference | None) -> None:
        if item is not None:
            self._path.setText(item.path)
            self._loading.ask(item.path)

    def _on_loaded(self, _path: str, result: QImage | Failure) -> None:
        if isinstance(result, Failure):
            self._picture.set_message(result.text, "error")
        else:
            self._picture.set_image(result)

    def _release(self) -> None:
        if not self._gone:
            self._loading.close()
        super()._release()


def _answer(label: str, probability: float) -> str:
    return f"{label} {format_percent(probability)}"
