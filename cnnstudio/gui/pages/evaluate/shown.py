"""Which pictures of an evaluation the right panel shows: the worst mistakes and the like, a cell, or those a view asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from cnnstudio.core.text import tr
from cnnstudio.gui.pages.evaluate.orders import ORDERS
from cnnstudio.gui.pages.evaluate.pictures import PicturesPanel
from cnnstudio.gui.pages.evaluate.reading import ReadEvaluation
from cnnstudio.gui.pages.evaluate.results import Answer
from cnnstudio.gui.pages.evaluate.views import EvaluationContext
from cnnstudio.gui.widgets.formatting import format_pictures

MOST = 2000
"""Pictures of an order that are shown; nobody looks at more."""


class ShownPictures(QObject):
    """Fills the panel. `cell_marked(cell or None)`: the cell whose pictures are shown. `state` remembers "cell" and "order";
    `is_own(answer)` says whether a picture belongs to the project's collection."""

    cell_marked = Signal(object)

    def __init__(self, panel: PicturesPanel, state: Callable[[], dict[str, Any]], is_own: Callable[[Answer], bool],
                 parent: QObject) -> None:
        super().__init__(parent)
        self._panel, self._state, self._is_own = panel, state, is_own
        self._context: EvaluationContext | None = None
        panel.order_chosen.connect(self.show_order)

    def show_nothing(self, text: str) -> None:
        """Show why there are no pictures."""
        self._context = None
        self._panel.show_answers(tr("Pictures", "Imágenes"), text, (), None)

    def forget(self) -> None:
        """Another evaluation is to be shown."""
        self._context = None

    def show_evaluation(self, context: EvaluationContext) -> None:
        """Show what was shown last of this evaluation, whose table has been read."""
        self._context = context
        cell = self._state().get("cell")
        if cell is not None and max(cell) < len(context.class_names):
            self.open_cell(cell)
        else:
            self.show_order(str(self._state().get("order", "worst")))

    @property
    def _read(self) -> ReadEvaluation | None:
        return None if self._context is None else self._context.read

    def _fill(self, title: str, note: str, answers: Sequence[Answer], order: str = "") -> None:
        assert self._context is not None
        self._panel.show_answers(title, note, answers, self._context, order=order,
                                 in_data=bool(answers) and self._is_own(answers[0]))

    def show_order(self, name: str) -> None:
        """Show the worst mistakes, or another order of `ORDERS`."""
        read = self._read
        if read is None:
            return
        order = next((order for order in ORDERS if order.id == name), ORDERS[0])
        self._state().pop("cell", None)
        self._state()["order"] = order.id
        self.cell_marked.emit(None)
        answers = read.results.ordered(order, MOST)
        number = format_pictures(len(answers))
        self._fill(str(order.label), f"{number}, {order.note}" if answers else str(order.nothing), answers, order.id)

    def open_cell(self, cell: tuple[int, int]) -> None:
        """Show the pictures of a cell of the confusion matrix."""
        self._state()["cell"] = cell
        self.cell_marked.emit(cell)
        read = self._read
        if read is None:
            return
        answers = read.results.cell(*cell)
        note = tr("{n}, most probable first", "{n}, más probables primero", n=format_pictures(len(answers))) if answers else tr(
            "No picture.", "Ninguna imagen.")
        self._fill(self._cell_title(cell), note, answers)

    def show_numbers(self, title: str, note: str, numbers: np.ndarray) -> None:
        """Show pictures that a view requests by their numbers in the answers."""
        read = self._read
        if read is not None and read.answers is not None:
            self._state().pop("cell", None)
            self.cell_marked.emit(None)
            self._fill(title, note, read.pictures(numbers))

    def show_answers(self, title: str, note: str, answers: Sequence[Answer]) -> None:
        """Show any pictures that a view requests."""
        if self._context is not None:
            self._state().pop("cell", None)
            self.cell_marked.emit(None)
            self._fill(title, note, answers)

    def _cell_title(self, cell: tuple[int, int]) -> str:
        assert self._context is not None
        true, predicted = (self._context.class_names[item] for item in cell)
        if cell[0] == cell[1]:
            return tr("{name}, recognised", "{name}, reconocidas", name=true)
        return tr("{true} predicted as {predicted}", "{true} predichas como {predicted}", true=true, predicted=predicted)
