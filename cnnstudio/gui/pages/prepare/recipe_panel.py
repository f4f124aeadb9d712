"""The left half of the Prepare page: the recipe and the augmentation as cards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.catalog.steps import AUGMENTATIONS, RECIPE_STEPS
from cnnstudio.core.problems import Problem
from cnnstudio.core.text import tr
from cnnstudio.gui.pages.prepare.augmentation_evidence import MeasuredCard, format_evidence
from cnnstudio.gui.pages.prepare.cards import FieldsCard, NormalizationCard
from cnnstudio.gui.pages.prepare.crop import CropCard
from cnnstudio.gui.pages.prepare.presets import PresetChoice
from cnnstudio.gui.pages.prepare.sample_range import SampleRangeCard
from cnnstudio.gui.pages.prepare.steps import StepList
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.state.counts import Counts
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Caption, Label, column

if TYPE_CHECKING:
    from cnnstudio.gui.pages.prepare.preview import StageRow
    from cnnstudio.gui.pages.prepare.samples import StepSamples


class RecipePanel(QWidget):
    """Edits the recipe and the augmentation of the session's project."""

    measure_requested = Signal()

    def __init__(self, session: Session, counts: Counts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.normalization = NormalizationCard(session)
        self.normalization.measure_requested.connect(self.measure_requested)
        self.sample_range = SampleRangeCard(session)
        self.sample_range.measure_requested.connect(self.measure_requested)
        self.crop = CropCard(session)
        self.color_mode = FieldsCard(session, tr("Colour mode", "Modo de color"),
                                     tr("Files are first read in full and rotated upright.",
                                        "Los archivos primero se leen enteros y se giran según su orientación."),
                                     [("color_mode", "background")])
        self.resize_card = FieldsCard(session, tr("Resize", "Redimensionar"), "",
                                      [("width",), ("height",)], [("fit", "interpolation")])
        self._fields: list[FieldsCard] = [self.sample_range, self.color_mode, self.crop, self.resize_card, self.normalization]
        self.steps = StepList(session, "recipe", RECIPE_STEPS, tr("Add step", "Añadir paso"))
        self.augmentation = StepList(session, "augmentation", AUGMENTATIONS,
                                     tr("Add augmentation", "Añadir aumento"), gallery=True)
        self.presets = PresetChoice(session, counts)
        for card in self._fields:
            card.fix_chosen.connect(session.apply)
        note = Label(tr("Random changes to the training pictures only, new in every epoch.",
                        "Cambios aleatorios solo en las imágenes de entrenamiento, nuevos en cada época."),
                     "secondary", "dim", wrap=True)
        self.measured = MeasuredCard(session)
        self.setLayout(column(
            Caption(tr("Recipe", "Receta")), self.sample_range, self.color_mode, self.crop, self.resize_card, self.steps,
            self.normalization, 8, Caption(tr("Augmentation", "Aumento")), note, self.presets,
            self.augmentation, self.measured, None,
            spacing=10, margins=(24, 14, 12, 24)))

    def refresh(self, change: Change) -> None:
        """Show what changed."""
        if change.of("recipe", "folder"):
            for card in self._fields:
                card.refresh()
            self.steps.refresh()
        if change.of("augmentation", "folder"):
            self.augmentation.refresh()
        if change.of("augmentation", "recipe", "pictures", "dataset", "folder"):
            self.presets.refresh()
        if change.of("runs", "folder"):
            self.measured.refresh()
        if change.of("runs", "augmentation", "folder"):
            evidence = self.measured.evidence(self._session.project.augmentation.steps)
            for identifier, step in self.augmentation.cards.items():
                step.show_evidence(format_evidence(evidence.get(identifier, ())))
        if change.of("problems", "recipe", "augmentation", "folder"):
            self._mark_problems()

    def show_measuring(self, text: str, *, running: bool) -> None:
        """Show the progress of a measurement of the training pictures."""
        self.normalization.show_progress(text, running=running)
        self.sample_range.show_progress(text, running=running)

    def has_card(self, step: str | None) -> bool:
        """Whether a step has a card that shows its problems."""
        return step in self.steps.cards or step in self.augmentation.cards

    def show_looks(self, rows: Mapping[str, StageRow]) -> None:
        """Show the picture of which the crop is a part; `rows` are the stages by their ids."""
        self.crop.show_whole(rows["color_mode"].looks[0] if "color_mode" in rows else None)

    def show_samples(self, samples: Mapping[str, StepSamples]) -> None:
        """Show what each augmentation makes of the picture in view, by the ids of the steps."""
        for identifier, card in self.augmentation.cards.items():
            if card.strip is not None:
                card.strip.show_samples(samples.get(identifier))

    def _mark_problems(self) -> None:
        problems: list[Problem] = [problem for problem in self._session.problems
                                   if problem.where.area in ("recipe", "augmentation")]
        for fields in self._fields:
            names = {name for form in fields.forms for name in form.values}
            fields.set_problems([problem for problem in problems if problem.where.area == "recipe"
                                 and problem.where.node is None and problem.where.field in names])
        for area, steps in (("recipe", self.steps), ("augmentation", self.augmentation)):
            for identifier, card in steps.cards.items():
                card.set_problems([problem for problem in problems
                                   if problem.where.area == area and problem.where.node == identifier])
