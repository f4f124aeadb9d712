"""The card of the sample range: which numbers of deep pictures are black and white."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import Signal

from cnnstudio.core.problems import Problem
from cnnstudio.core.text import format_number, tr
from cnnstudio.gui.pages.prepare.cards import FieldsCard
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Label, box, column, row
from cnnstudio.gui.widgets.cards import Facts

if TYPE_CHECKING:
    from cnnstudio.datasets.sample_ranges import SampleGroup


class SampleRangeCard(FieldsCard):
    """Shown only where there are pictures of more than 8 bits or the recipe says something about them;
    `measure_requested` when the user wants to measure the range of the training pictures."""

    measure_requested = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session, tr("Black and white", "Negro y blanco"),
                         tr("For pictures with more than 8 bits: which of their numbers are black and white.",
                            "Para imágenes de más de 8 bits: cuáles de sus números son negro y blanco."),
                         [("sample_range", "significant_bits", "low_percentile", "high_percentile", "sample_low",
                           "sample_high")])
        self.facts = Facts()
        self.measure = Button(tr("Measure", "Medir"), "", "refresh", on_click=self.measure_requested.emit,
                              tooltip=tr("The percentiles of all training pictures together",
                                         "Los percentiles de todas las imágenes de entrenamiento juntas"))
        self._status = Label("", "secondary", "dim", wrap=True)
        line = row(self.measure, self._status, spacing=10)
        line.setStretch(1, 1)
        self._measuring = box(line)
        self._deep: tuple[SampleGroup, ...] = ()
        self.body.insertWidget(self.body.count() - 2, box(column(self.facts, self._measuring, spacing=8)))

    def show_groups(self, groups: Iterable[SampleGroup]) -> None:
        """Show which deep pictures the collection has."""
        self._deep = tuple(groups)
        self.refresh()

    def refresh(self) -> None:
        super().refresh()
        recipe = self._session.project.recipe
        self.setVisible(bool(self._deep) or recipe.sample_range != "type")
        facts = [(tr("{n} pictures", "{n} imágenes", n=group.pictures),
                  f"{group.type}, {format_number(group.low)} … {format_number(group.high)}") for group in self._deep]
        if recipe.sample_range == "collection" and recipe.samples_measured:
            facts += [(tr("Black", "Negro"), format_number(recipe.sample_low)),
                      (tr("White", "Blanco"), format_number(recipe.sample_high))]
        self.facts.set_facts(facts)
        self.facts.setVisible(bool(facts))
        self._measuring.setVisible(recipe.sample_range == "collection")

    def set_problems(self, problems: Sequence[Problem]) -> None:
        # The button above does the same as the fix.
        super().set_problems([msgspec.structs.replace(problem, fixes=tuple(
            fix for fix in problem.fixes if fix.action != "measure_statistics")) for problem in problems])

    def show_progress(self, text: str, *, running: bool) -> None:
        """Show the progress of the measurement."""
        self._status.setText(text)
        self.measure.setEnabled(not running)
