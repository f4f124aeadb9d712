"""What to use instead, where a network has no feature maps for a method."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.catalog.explanations import EXPLANATIONS
from cnnstudio.core.problems import Problem
from cnnstudio.gui.widgets.basics import Button
from cnnstudio.gui.widgets.flow import FlowLayout

_CODE: Final = "no_feature_maps"


class OtherMethods(QWidget):
    """`chosen(id)` for a method that needs no feature maps; hidden unless the problem is that there are none."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = FlowLayout(self, spacing=6)
        for entry in EXPLANATIONS:
            if not entry.needs_maps:
                layout.addWidget(Button(str(entry.label), "chip", tooltip=str(entry.help),
                                        on_click=partial(self.chosen.emit, entry.id)))
        self.hide()

    def show_problem(self, problem: Problem | None) -> None:
        """Offer the methods where the problem is that there are no feature maps."""
        self.setVisible(self.fit(problem))

    @staticmethod
    def fit(problem: Problem | None) -> bool:
        """Whether another method helps."""
        return problem is not None and problem.code == _CODE
