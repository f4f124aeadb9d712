"""The card of the crop: its numbers, and the crop box on the picture."""

from __future__ import annotations

from typing import Any

from cnnstudio.core.text import Text, tr
from cnnstudio.gui.pages.prepare.cards import FieldsCard
from cnnstudio.gui.pages.prepare.preview import StageLook
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.crop import CropView

_LABEL = Text("Crop", "Recorte")


class CropCard(FieldsCard):
    """Numbers and picture show the same values; either edits the recipe."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, tr("Crop", "Recorte"), "", [("crop", "crop_share", "crop_box")])
        self.view = CropView()
        self.view.hide()
        self.body.insertWidget(self.body.indexOf(self._problem_box), self.view)
        self.view.box_changed.connect(lambda box: self._take("crop_box", box))
        self.view.share_changed.connect(lambda share: self._take("crop_share", share))
        self.view.settled.connect(session.seal)
        self._look: StageLook | None = None

    def show_whole(self, look: StageLook | None) -> None:
        """Show the picture before the crop; None where there is none."""
        self._look = look
        if look is not None:
            self.view.show_picture(look.image, look.height, look.width)
        self._show_box()

    def refresh(self) -> None:
        super().refresh()
        self._show_box()

    def _take(self, name: str, value: Any) -> None:
        self._edit({name: _LABEL}, name, value)

    def _show_box(self) -> None:
        recipe, look = self._session.project.recipe, self._look
        self.view.setVisible(look is not None and recipe.crop != "none")
        if look is not None and recipe.crop != "none":
            from cnnstudio.imaging.operations import crop_box_pixels

            box = crop_box_pixels(look.height, look.width, recipe.crop, recipe.crop_share, recipe.crop_box)
            self.view.show_box(recipe.crop, box)
