"""The contract of the views in the centre of the Evaluate page, one of which is shown.

A view is a subclass of `EvaluationView` in a module of its own. The page makes each from its class, `View(workspace, state)`,
on the first visit: `workspace` is what the page works on, `state` a dictionary of this view alone that outlives the
rebuild of the page in another language or theme. To add a view, add its class to `VIEWS` in `page.py`.

`show_evaluation(context)` is called whenever what is shown changes, for the view in sight only: first with
`context.answers` None while they are read in a thread, then with them. It must return at once: what takes longer than some
milliseconds goes into a thread (`workspace.session.jobs.run(..., quiet=True, owner=self)`, or `state.latest.Latest`), and its
result is shown only if `self.context` still is that context. A view asks for pictures with `pictures_requested`, or for those
of a cell of the confusion matrix with `cell_chosen`, or with `answers_requested` for any others that it has answers of; the
page shows them in its right panel. With `evaluation_requested` it asks for the evaluation of other runs on the same pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from cnnstudio.core.jobs import Evaluated
from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text
from cnnstudio.evaluation.answers import Answers
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.evaluate.reading import ReadEvaluation
from cnnstudio.gui.pages.evaluate.results import Answer
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Stack, column
from cnnstudio.workers.runs.folder import RunFolder, RunSummary


@dataclass(frozen=True, eq=False)
class EvaluationContext:
    """The evaluation that is shown.

    `answers` are those of the run's present model with its calibration, with the class names and the order of `evaluated`;
    None while they are read, or with `problem` where there are none (an earlier version, a model trained further).
    `own_names` are those by which the project's collection has the classes, where some were renamed in the run.
    `colors` has the colour number of each class for `theme.class_color`. `saved`: the evaluation is in the run's folder;
    `outdated`: the model was trained further since. `read` has the table of the pictures, once it is read; `title` is that of
    the run, and `beside` the runs that are to stand beside it.
    """

    run: RunFolder
    split: str
    evaluated: Evaluated
    colors: tuple[int, ...]
    answers: Answers | None = None
    problem: Problem | None = None
    saved: bool = True
    outdated: bool = False
    read: ReadEvaluation | None = None
    title: str = ""
    beside: tuple[RunSummary, ...] = ()
    own_names: tuple[str, ...] = ()

    @property
    def class_names(self) -> tuple[str, ...]:
        return tuple(entry.name for entry in self.evaluated.classes)

    def class_color(self, number: int) -> QColor:
        return theme.class_color(self.colors[number])


RESULTS: Final = Text("Results", "Resultados")
TRUST: Final = Text("Trust", "Fiabilidad")
INSIDE: Final = Text("Look inside", "Mirar dentro")


class EvaluationView(QWidget):
    """A view of the evaluation: `title` stands in the list of views, under its `group`."""

    id: ClassVar[str]
    title: ClassVar[Text]
    group: ClassVar[Text] = RESULTS
    cell_chosen = Signal(int, int)
    """True and predicted class of the pictures to show."""
    evaluation_requested = Signal(object)
    """The ids of runs to evaluate on the same pictures."""
    large_requested = Signal(object)
    """An `Answer` to show large with its explanation."""
    pictures_requested = Signal(str, str, object)
    """A title, a note below it, and the numbers of pictures in `context.answers`, int (n,), in the order to show them."""

    answers_requested = Signal(str, str, object)
    """A title, a note below it, and `results.Answer`s of any pictures, with class numbers of the context's names."""

    def __init__(self, workspace: Workspace, state: dict[str, Any]) -> None:
        super().__init__()
        self.workspace, self.state = workspace, state
        self.context: EvaluationContext | None = None

    def show_evaluation(self, context: EvaluationContext) -> None:
        """Show an evaluation, or more of the same one."""
        raise TypeError(f"{type(self).__name__} shows no evaluation")

    def mark_cell(self, cell: tuple[int, int] | None) -> None:
        """Mark the cell of the confusion matrix whose pictures the panel shows, where the view has one."""

    def show_selection(self, answers: Sequence[Answer]) -> None:
        """These pictures of the right panel are selected; called for the view in sight."""

    def show_pictures(self, answers: Sequence[Answer]) -> None:
        """The right panel shows these pictures in this order; called for the view in sight."""

    def close_threads(self) -> None:
        """Stop the view's own threads; it will be deleted."""


class EvaluationViews(QWidget):
    """One view at a time; `view_made(view)` once for each, before it shows anything, `view_shown(id)` when another one comes
    to sight."""

    view_made = Signal(object)
    view_shown = Signal(str)

    def __init__(self, views: Sequence[type[EvaluationView]], workspace: Workspace, state: dict[str, Any]) -> None:
        super().__init__()
        self._classes = {view.id: view for view in views}
        self._workspace, self._state = workspace, state
        self._made: dict[str, EvaluationView] = {}
        self._context: EvaluationContext | None = None
        self._cell: tuple[int, int] | None = None
        self._selection: Sequence[Answer] = ()
        self._pictures: Sequence[Answer] = ()
        self._stack = Stack()
        self.setLayout(column(self._stack))

    @property
    def current_id(self) -> str:
        """The view in sight."""
        chosen = str(self._state.get("view", ""))
        return chosen if chosen in self._classes else next(iter(self._classes))

    def made(self) -> list[EvaluationView]:
        """The views that were visited."""
        return list(self._made.values())

    def show_view(self, identifier: object) -> EvaluationView:
        """Bring a view to sight."""
        self._state["view"] = identifier
        view = self._view(self.current_id)
        self._stack.setCurrentWidget(view)
        self.view_shown.emit(self.current_id)
        self._fill(view)
        return view

    def _view(self, identifier: str) -> EvaluationView:
        if identifier not in self._made:
            view = self._classes[identifier](self._workspace, self._state.setdefault(f"view-{identifier}", {}))
            self._made[identifier] = view
            self._stack.addWidget(view)
            self.view_made.emit(view)
        return self._made[identifier]

    def show_evaluation(self, context: EvaluationContext) -> None:
        """Show an evaluation in the view in sight, and in the others once they are visited."""
        self._context = context
        self.show_view(self.current_id)

    def _fill(self, view: EvaluationView) -> None:
        if self._context is not None and view.context is not self._context:
            view.context = self._context
            view.show_evaluation(self._context)
            view.mark_cell(self._cell)
        view.show_pictures(self._pictures)
        view.show_selection(self._selection)

    def mark_cell(self, cell: tuple[int, int] | None) -> None:
        """Mark the cell whose pictures the panel shows."""
        self._cell = cell
        for view in self._made.values():
            view.mark_cell(cell)

    def show_selection(self, answers: Sequence[Answer]) -> None:
        """Tell the view in sight which pictures of the panel are selected; the others once they are visited."""
        self._selection = answers
        if self.current_id in self._made:
            self._made[self.current_id].show_selection(answers)

    def show_pictures(self, answers: Sequence[Answer]) -> None:
        """Tell the view in sight which pictures the panel shows; the others once they are visited."""
        self._pictures = answers
        if self.current_id in self._made:
            self._made[self.current_id].show_pictures(answers)

    def close_threads(self) -> None:
        for view in self._made.values():
            view.close_threads()
