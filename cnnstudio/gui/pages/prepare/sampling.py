"""Samples of the project's augmentations, and of all that can be added, for the picture in view."""

from __future__ import annotations

from pathlib import Path

import msgspec
from PySide6.QtCore import QObject

from cnnstudio.catalog.steps import AUGMENTATIONS
from cnnstudio.gui.pages.prepare.recipe_panel import RecipePanel
from cnnstudio.gui.pages.prepare.samples import PARTNERS, SampleMaker, SamplesRequest
from cnnstudio.gui.state.latest import Failure, Latest
from cnnstudio.gui.state.session import Session


class AugmentationSamples(QObject):
    """Requests the samples and brings them to the cards and to the gallery."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._files: tuple[Path, ...] = ()
        self._panel: RecipePanel | None = None
        # Two makers, as each works in a thread of its own.
        self._cards = Latest(session.jobs, "step-samples", SampleMaker().make, self)
        self._cards.answered.connect(self._show_cards)
        self._all = Latest(session.jobs, "gallery-samples", SampleMaker().make, self)
        self._all.answered.connect(self._show_gallery)

    def show_on(self, panel: RecipePanel) -> None:
        """The panel with the cards and the gallery."""
        self._panel = panel
        if panel.augmentation.gallery is not None:
            panel.augmentation.gallery.opened.connect(self._ask_gallery)

    def show_picture(self, files: tuple[Path, ...]) -> None:
        """Show the samples of the first of these files; the others are mixed with it."""
        self._files = files[:PARTNERS + 1]
        project = self._session.project
        # By their values: a step that is switched off has no strip.
        steps = tuple(msgspec.to_builtins(step) for step in project.augmentation.steps
                      if step.enabled and step.type in AUGMENTATIONS.ids())
        if not self._files and self._panel is not None:
            self._panel.show_samples({})
        elif steps:
            self._cards.ask(SamplesRequest(self._files, project.recipe.as_dictionary(), steps, project.training.seed))

    def _ask_gallery(self) -> None:
        if self._files:
            project = self._session.project
            steps = tuple({"id": entry.id, "type": entry.id, "params": {}} for entry in AUGMENTATIONS)
            self._all.ask(SamplesRequest(self._files, project.recipe.as_dictionary(), steps, project.training.seed))

    def _show_cards(self, _request: SamplesRequest, result: object) -> None:
        if self._panel is not None and isinstance(result, dict):
            self._panel.show_samples(result)

    def _show_gallery(self, _request: SamplesRequest, result: object) -> None:
        if self._panel is not None and self._panel.augmentation.gallery is not None and not isinstance(result, Failure):
            assert isinstance(result, dict)
            self._panel.augmentation.gallery.show_samples(result)

    def close(self) -> None:
        """Stop computing."""
        self._cards.close()
        self._all.close()
