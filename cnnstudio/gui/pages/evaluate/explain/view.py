"""The view that explains several pictures at once, and the mean of a class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from PySide6.QtCore import QSize
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QProgressBar, QWidget

from cnnstudio.core.jobs import Ranked
from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text, on_one_line, tr
from cnnstudio.gui.pages.evaluate.explain.choice import COUNTS, MEAN_COUNTS, chosen_pictures, class_pictures
from cnnstudio.gui.pages.evaluate.explain.grid import OverlayGrid
from cnnstudio.gui.pages.evaluate.results import Answer
from cnnstudio.gui.pages.evaluate.views import INSIDE, EvaluationContext, EvaluationView
from cnnstudio.gui.pages.explanation.batch import Batch, Task
from cnnstudio.gui.pages.explanation.look_form import LookForm
from cnnstudio.gui.pages.explanation.memory import ExplanationMemory
from cnnstudio.gui.pages.explanation.other_methods import OtherMethods
from cnnstudio.gui.pages.explanation.question_form import QuestionForm
from cnnstudio.gui.pages.explanation.saving import ToDraw, draw_mean, draw_sheet, save_drawn
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import (
    Button,
    Elided,
    Label,
    MenuButton,
    Rule,
    Stack,
    box,
    clear,
    column,
    row,
    scroll_area,
)
from cnnstudio.gui.widgets.cards import Banner, EmptyState
from cnnstudio.gui.widgets.flow import FlowLayout
from cnnstudio.gui.widgets.formatting import format_percent, format_pictures, format_time_left
from cnnstudio.gui.widgets.inputs import SegmentedControl
from cnnstudio.gui.widgets.picture import PictureView, image_of
from cnnstudio.gui.widgets.room import Room

_PANEL: Final = 264
_LEAST: Final = QSize(620, 320)
_PICTURES, _MEAN = "pictures", "mean"
_READING, _UNREAD, _NOTHING, _NO_CLASS, _GRID, _MEAN_PICTURE = range(6)
_NAMED: Final = 3
"""Pictures that are named as not explained; the others are counted."""


class ExplainView(EvaluationView):
    id = "explain"
    title = Text("Explain", "Explicar")
    group = INSIDE

    def __init__(self, workspace: Workspace, state: dict[str, Any]) -> None:
        super().__init__(workspace, state)
        self._session = workspace.session
        self._shown: Sequence[Answer] = ()
        self._selected: Sequence[Answer] = ()
        self._answers: list[Answer] = []
        self._interrupted = False
        memory = ExplanationMemory(self._session)
        self.form, self.look_form = QuestionForm(memory), LookForm(memory)
        self.form.changed.connect(self._refresh)
        self.look_form.changed.connect(self._draw)
        self.batch = Batch(self._session, self)
        self.batch.changed.connect(self._show_batch)
        self._server = self.batch.explainer.server
        self._server.changed.connect(self._on_server_changed)
        self._make()
        self._show_mode()

    def _make(self) -> None:
        self.mode = SegmentedControl([(_PICTURES, tr("Pictures", "Imágenes")),
                                      (_MEAN, tr("Mean of a class", "Media de una clase"))], self._mode, stretch=False)
        self.mode.chosen.connect(lambda mode: self._choose(mode=mode))
        self._count = MenuButton()
        self._count.chosen.connect(lambda count: self._choose(**{f"count-{self._mode}": count}))
        self._class = MenuButton(tr("Class: ", "Clase: "))
        self._class.chosen.connect(lambda name: self._choose(name=name))
        self._by = SegmentedControl([(False, tr("True", "Verdadera")), (True, tr("Predicted", "Predicha"))],
                                    bool(self.state.get("predicted", False)), stretch=False)
        self._by.set_tooltips((tr("Pictures that are of the class", "Imágenes que son de la clase"),
                               tr("Pictures that were predicted as the class", "Imágenes predichas como la clase")))
        self._by.chosen.connect(lambda predicted: self._choose(predicted=bool(predicted)))
        self._save = Button(tr("Save sheet…", "Guardar hoja…"), "chip", "save", on_click=self.save,
                            tooltip=tr("All pictures with their maps and captions as one PNG",
                                       "Todas las imágenes con sus mapas y leyendas en un PNG"))
        bar = QWidget()
        flow = FlowLayout(bar, spacing=6)
        for item in (self.mode, self._class, self._by, self._count, self._save):
            flow.addWidget(item)
        self._note = Elided("", "secondary", "dim")
        self._status = Label("", "secondary", "dim")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setMinimumWidth(80)
        self._bar.setAccessibleName(tr("Progress of the explanation", "Progreso de la explicación"))
        self.cancel_button = Button(tr("Cancel", "Cancelar"), "link", on_click=self.batch.cancel)
        self.start_button = Button(tr("Explain", "Explicar"), "", "eye", on_click=self.batch.start)
        work = row(self._status, self._bar, self.cancel_button, spacing=10)
        work.setStretch(1, 1)
        self._work = box(work)
        self._problem = column(spacing=0)
        self._problem_box = box(self._problem)
        self._others = OtherMethods()
        self._others.chosen.connect(self.form.choose_method)
        self._left_out = Label("", "secondary", "warn", wrap=True)
        self.grid = OverlayGrid()
        self.grid.opened.connect(lambda place: self._open(self.grid.answers[place]))
        self.grid.map_key.connect(self.look_form.toggle_map)
        self._mean_view = PictureView()
        self._mean_view.setAccessibleName(tr("Mean picture with the mean map", "Imagen media con el mapa medio"))
        self._mean_caption = Label("", "secondary", "dim", wrap=True)
        mean = column(self._mean_view, self._mean_caption, spacing=6)
        mean.setStretch(0, 1)
        self._stack = Stack()
        for page in (
                EmptyState("eye", tr("Reading the evaluation…", "Leyendo la evaluación…")),
                EmptyState("eye", tr("There are no pictures to explain", "No hay imágenes que explicar"),
                           tr("The table of this evaluation was not kept. Evaluate again.",
                              "La tabla de esta evaluación no se conservó. Evalúe de nuevo.")),
                EmptyState("eye", tr("No picture at the right", "Ninguna imagen a la derecha"),
                           tr("The pictures of the right panel are explained here. Choose another list there, or a cell of the "
                              "confusion matrix.",
                              "Aquí se explican las imágenes del panel derecho. Elija allí otra lista o una celda de la matriz "
                              "de confusión.")),
                EmptyState("eye", tr("No picture of this class", "Ninguna imagen de esta clase"),
                           tr("Choose another class, or true instead of predicted.",
                              "Elija otra clase, o la verdadera en lugar de la predicha.")),
                self.grid, box(mean)):
            self._stack.addWidget(page)
        centre = column(bar, self._note, self._problem_box, self._others, self._work, self._left_out,
                        self._stack, spacing=8)
        centre.setStretch(6, 1)
        side = scroll_area(box(column(self.form, box(row(self.start_button, None)), Rule(), self.look_form, None, spacing=10,
                                      margins=(0, 0, 8, 0))))
        side.setFixedWidth(_PANEL)
        layout = row(centre, side, spacing=16, margins=(24, 14, 8, 12))
        layout.setStretch(0, 1)
        # On a small screen, or with large text, nothing is cut off.
        self.setLayout(column(scroll_area(Room(layout, _LEAST), sideways=True)))
        self._problem_box.hide()

    def close_threads(self) -> None:
        self.batch.close()
        self.grid.close_threads()

    # What is chosen ------------------------------------------------------------------------------

    @property
    def _mode(self) -> str:
        return _MEAN if self.state.get("mode") == _MEAN else _PICTURES

    @property
    def _number(self) -> int:
        """How many pictures are explained at most."""
        counts, default = (MEAN_COUNTS, 50) if self._mode == _MEAN else (COUNTS, 12)
        value = self.state.get(f"count-{self._mode}", default)
        return int(value) if value in counts else default

    @property
    def _class_name(self) -> str:
        names = self.context.class_names if self.context is not None else ()
        name = str(self.state.get("name", ""))
        return name if name in names else names[0] if names else ""

    def _choose(self, **values: object) -> None:
        self.state.update(values)
        self._show_mode()
        self._refresh()

    def _show_mode(self) -> None:
        mean = self._mode == _MEAN
        for item in (self._class, self._by):
            item.setVisible(mean)
        counts = MEAN_COUNTS if mean else COUNTS
        text = tr("At most {n}", "Como mucho {n}") if mean else tr("First {n}", "Primeras {n}")
        self._count.set_choices([(count, text.format(n=count)) for count in counts], self._number)
        names = self.context.class_names if self.context is not None else ()
        self._class.set_choices([(name, name) for name in names], self._class_name)
        self._save.setText(tr("Save picture…", "Guardar imagen…") if mean else tr("Save sheet…", "Guardar hoja…"))
        first = tr("The class itself", "La propia clase") if mean else tr("Each one's predicted class",
                                                                          "La predicha de cada una")
        # Without probabilities: they are of one picture each.
        self.form.show_classes([Ranked(label=name, probability=-1.0) for name in names], first)

    # What is shown -------------------------------------------------------------------------------

    def show_evaluation(self, context: EvaluationContext) -> None:
        self._show_mode()
        self._refresh()

    def show_pictures(self, answers: Sequence[Answer]) -> None:
        self._shown = tuple(answers)
        self._refresh()

    def show_selection(self, answers: Sequence[Answer]) -> None:
        self._selected = tuple(answers)
        self._refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.form.recall()
        self.look_form.recall()
        self._refresh()
        if self._interrupted:
            self._interrupted = False
            self.batch.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        # One picture large comes first; what came of the others stays, and the rest follows later.
        if not event.spontaneous():
            self._interrupted = self.batch.busy
            self.batch.cancel()

    def _refresh(self) -> None:
        """Ask for the maps of what is chosen now. Nothing is computed while the view is out of sight."""
        context = self.context
        if not self.isVisible() or context is None:
            return
        if context.read is None:
            self._answers = []
            self._show_empty(_READING if context.saved and context.problem is None else _UNREAD)
            return
        mean = self._mode == _MEAN
        if mean:
            self._answers, count = class_pictures(
                context.read.results, context.class_names.index(self._class_name), predicted=bool(self._by.value),
                count=self._number)
            self._note.setText(tr("{n} of {all}, spread evenly", "{n} de {all}, repartidas por igual",
                                  n=len(self._answers), all=format_pictures(count)) if len(self._answers) < count else
                               format_pictures(count))
        else:
            self._answers, note = chosen_pictures(self._shown, self._selected, self._number)
            self._note.setText(note)
        if not self._answers:
            self._show_empty(_NO_CLASS if mean else _NOTHING)
            return
        question = self.form.question
        if mean and not question.class_name:
            question = replace(question, class_name=self._class_name)
        self.grid.show_answers([] if mean else self._answers, context.class_names, context.colors)
        self.batch.show(Task((str(context.run.project_folder), context.run.id),
                             tuple(answer.file for answer in self._answers), question, mean))
        self._show_batch()

    def _show_empty(self, page: int) -> None:
        self.batch.show(None)
        self._note.setText("")
        self._stack.setCurrentIndex(page)
        self._show_batch()

    def _on_server_changed(self) -> None:
        if self.isVisible():
            self.form.show_layers(self._server.layers)
            self._show_batch()

    def _show_batch(self) -> None:
        batch = self.batch
        task = batch.task
        self._work.setVisible(batch.busy)
        if batch.busy:
            progress = batch.progress
            self._bar.setRange(0, progress.total if progress is not None else 0)
            self._bar.setValue(progress.done if progress is not None else 0)
            left = progress.seconds_left if progress is not None else None
            loading = self._server.ready is None
            text = tr("Loading the model…", "Cargando el modelo…") if loading else tr("Explaining…", "Explicando…")
            self._status.setText(text + (f" · {format_time_left(left)}" if left is not None and left >= 1 else ""))
        self.start_button.setVisible(task is not None and not batch.busy and batch.missing > 0
                                       and not OtherMethods.fit(batch.problem))
        self.form.show_cost(self._server.seconds_per_pass, max(1, batch.missing))
        self._show_problem(batch.problem)
        if task is not None:
            # A mean has no sign: each map is divided by its greatest value first.
            self.look_form.show_signed(not task.mean and task.question.entry.signed)
            self._stack.setCurrentIndex(_MEAN_PICTURE if task.mean else _GRID)
        names = [answer.relative for answer in self._answers if answer.file in batch.problems] if task is not None else []
        self._left_out.setVisible(bool(names))
        if names:
            reason = next(str(batch.problems[answer.file].text) for answer in self._answers if answer.file in batch.problems)
            named = ", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else "")
            self._left_out.setText(tr("Not explained ({n}): {names}. {reason}", "Sin explicar ({n}): {names}. {reason}",
                                      n=len(names), names=named, reason=reason))
        self._save.setEnabled(task is not None and bool(batch.mean is not None if task.mean else batch.maps))
        self._draw()

    def _show_problem(self, problem: Problem | None) -> None:
        shown = self._problem_box.property("problem")
        if shown is problem:
            return
        self._problem_box.setProperty("problem", problem)
        clear(self._problem)
        self._problem_box.setVisible(problem is not None)
        self._others.show_problem(problem)
        if problem is not None:
            self._problem.addWidget(Banner(problem))

    def _draw(self) -> None:
        look = self.look_form.look
        self.grid.show_maps(self.batch.maps, self.batch.problems, look)
        mean = self.batch.mean
        if mean is not None:
            self._mean_view.set_image(image_of(mean.picture))
            self._mean_view.set_overlay(mean.map.overlay(look))
            self._mean_caption.setText(self._mean_text(mean.pictures))
        elif self.batch.task is not None and self.batch.task.mean:
            self._mean_view.set_overlay(None)
            self._mean_view.set_message("" if self.batch.busy else tr("Not computed yet", "Aún sin calcular"), "eye")
            self._mean_caption.setText("")

    def _mean_text(self, pictures: int) -> str:
        task = self.batch.task
        assert task is not None
        kind = tr("predicted as {name}", "predichas como {name}") if self._by.value else tr("of {name}", "de {name}")
        return tr("Mean of {n} {which}: what speaks for {name} ({method})",
                  "Media de {n} {which}: lo que habla a favor de {name} ({method})", n=format_pictures(pictures),
                  which=kind.format(name=self._class_name), name=task.question.class_name, method=task.question.entry.label)

    # Opening and saving --------------------------------------------------------------------------

    def _open(self, answer: Answer) -> None:
        self.large_requested.emit(answer)

    def _caption(self, answer: Answer) -> str:
        assert self.context is not None
        names = self.context.class_names
        true, predicted = on_one_line(names[answer.label]), on_one_line(names[answer.predicted])
        return (f"{on_one_line(answer.file.name)}\n" + (true if answer.right else f"{true} → {predicted}")
                + f" {format_percent(answer.probability)}")

    def save(self) -> None:
        """Write what is shown into a PNG, with its captions."""
        look, task, mean = self.look_form.look, self.batch.task, self.batch.mean
        if task is None:
            return
        if task.mean and mean is not None:
            text = self._mean_text(mean.pictures).replace(": ", ":\n", 1)
            save_drawn(self._session, self, f"mean {self._class_name} {task.question.method}.png",
                       lambda _report: draw_mean(mean.picture, mean.map, look, text))
        elif not task.mean:
            pictures = [ToDraw(answer.file, self.batch.maps[answer.file], self._caption(answer)) for answer in self._answers
                        if answer.file in self.batch.maps]
            save_drawn(self._session, self, f"explained {task.question.method}.png",
                       lambda report: draw_sheet(pictures, look, report))
