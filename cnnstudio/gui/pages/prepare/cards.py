"""The cards of the Prepare page: fields of the recipe and of its steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import msgspec
from PySide6.QtCore import Qt, Signal

from cnnstudio.core import edits
from cnnstudio.core.params import Param
from cnnstudio.core.problems import Fix, Problem
from cnnstudio.core.recipe import RECIPE_PARAMS
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Elided, Label, box, clear, column, row
from cnnstudio.gui.widgets.cards import Card, Facts, fix_row
from cnnstudio.gui.widgets.form import Form
from cnnstudio.gui.widgets.formatting import format_number

STEP_MIME = "application/x-cnnstudio-step"


class ProblemCard(Card):
    """A card that shows its problems: at the fields they name, else below, always with their fixes."""

    fix_chosen = Signal(object)

    def __init__(self, title: str, note: str = "") -> None:
        super().__init__(spacing=10)
        self.setAccessibleName(title)
        self.heading = Elided(title, "body_strong")
        self.heading.setMinimumHeight(24)
        self.head = row(self.heading, spacing=2)
        self.head.setStretch(0, 1)
        self.body.addLayout(self.head)
        if note:
            self.body.addWidget(Label(note, "secondary", "dim", wrap=True))
        self.forms: list[Form] = []
        self._messages = column(spacing=4)
        self._problems: tuple[Problem, ...] = ()
        self._problem_box = box(self._messages)
        self._problem_box.hide()

    def finish(self) -> None:
        """Add the problems below the fields."""
        self.body.addWidget(self._problem_box)

    def set_problems(self, problems: Sequence[Problem]) -> None:
        for form in self.forms:
            form.set_problems(problems)
        if tuple(problems) == self._problems:
            return
        self._problems = tuple(problems)
        self.set_edge("" if not problems else "error" if any(problem.blocks for problem in problems) else "warn")
        clear(self._messages)
        fields = {name for form in self.forms for name in form.values}
        for problem in problems:
            if problem.where.field not in fields:
                self._messages.addWidget(Label(str(problem.text), "secondary",
                                               "error" if problem.blocks else "warn", wrap=True))
            if problem.fixes:
                self._messages.addWidget(fix_row(problem.fixes, self._take_fix))
        self._problem_box.setVisible(bool(problems))

    def _take_fix(self, fix: Fix) -> None:
        self.fix_chosen.emit(fix)


class FieldsCard(ProblemCard):
    """Fields of the recipe. `lines` are rows of forms side by side; each form is given by the names of its fields."""

    def __init__(self, session: Session, title: str, note: str, *lines: Sequence[Sequence[str]]) -> None:
        super().__init__(title, note)
        self._session = session
        for forms in lines:
            holder = row(spacing=12)
            for names in forms:
                form = self._form([param for param in RECIPE_PARAMS if param.name in names])
                holder.addWidget(form, 1, Qt.AlignmentFlag.AlignTop)
            self.body.addLayout(holder)
        self.finish()

    def _form(self, params: Sequence[Param]) -> Form:
        form = Form(params, self._values(params))
        form.value_changed.connect(partial(self._edit, {param.name: param.label for param in params}))
        form.settled.connect(lambda _name: self._session.seal())
        self.forms.append(form)
        return form

    def _values(self, params: Iterable[Param]) -> dict[str, Any]:
        return {param.name: getattr(self._session.project.recipe, param.name) for param in params}

    def _edit(self, labels: dict[str, Text], name: str, value: Any) -> None:
        self._session.edit(lambda project: edits.set_field(project, "recipe", name, value), labels[name],
                           f"recipe.{name}")

    def refresh(self) -> None:
        """Show the values of the project."""
        for form in self.forms:
            form.set_values({name: getattr(self._session.project.recipe, name) for name in form.values})


class NormalizationCard(FieldsCard):
    """The normalisation and its measured values; `measure_requested` when the user wants to measure them."""

    measure_requested = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session, tr("Normalisation", "Normalización"),
                         tr("Part of the model: a saved model takes pixels from 0 to 255.",
                            "Forma parte del modelo: un modelo guardado recibe píxeles de 0 a 255."),
                         [("normalization",)])
        self.facts = Facts()
        self.measure = Button(tr("Measure", "Medir"), "", "refresh", on_click=self.measure_requested.emit,
                              tooltip=tr("Mean and standard deviation of the training pictures after the recipe",
                                         "Media y desviación estándar de las imágenes de entrenamiento tras la "
                                         "receta"))
        self._status = Label("", "secondary", "dim", wrap=True)
        line = row(self.measure, self._status, spacing=10)
        line.setStretch(1, 1)
        self._measured = box(column(self.facts, line, spacing=8))
        self.body.insertWidget(self.body.count() - 2, self._measured)

    def refresh(self) -> None:
        super().refresh()
        recipe = self._session.project.recipe
        self._measured.setVisible(recipe.normalization == "standardize")
        names = {1: ("",), 3: ("R", "G", "B"), 4: ("R", "G", "B", "A")}.get(len(recipe.mean), ())
        self.facts.setVisible(bool(names))
        self.facts.set_facts((tr("Mean {name}, deviation", "Media {name}, desviación", name=name).replace(" ,", ","),
                              f"{format_number(mean, 2)} ± {format_number(deviation, 2)}")
                             for name, mean, deviation in zip(names, recipe.mean, recipe.deviation, strict=False))

    def set_problems(self, problems: Sequence[Problem]) -> None:
        # The button above does the same as the fix.
        super().set_problems([msgspec.structs.replace(problem, fixes=tuple(
            fix for fix in problem.fixes if fix.action != "measure_statistics")) for problem in problems])

    def show_progress(self, text: str, *, running: bool) -> None:
        """Show the progress of the measurement."""
        self._status.setText(text)
        self.measure.setEnabled(not running)
