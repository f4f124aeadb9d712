"""The view of the confusion matrix."""

from __future__ import annotations

from typing import Any

from cnnstudio.core.text import Text, tr
from cnnstudio.gui.pages.evaluate.matrix import ConfusionMatrix
from cnnstudio.gui.pages.evaluate.views import EvaluationContext, EvaluationView
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Label, box, column, scroll_area
from cnnstudio.gui.widgets.cards import Card


class ConfusionView(EvaluationView):
    id = "confusion"
    title = Text("Confusion", "Confusión")

    def __init__(self, workspace: Workspace, state: dict[str, Any]) -> None:
        super().__init__(workspace, state)
        self.matrix = ConfusionMatrix()
        self.matrix.chosen.connect(self.cell_chosen)
        hint = Label(tr("Shade: share of the true class. Click a cell to see its pictures.",
                        "Tono: proporción de la clase verdadera. Haga clic en una celda para ver sus imágenes."),
                     "secondary", "dim", wrap=True)
        matrix = Card(self.matrix, spacing=8)
        matrix.body.insertLayout(0, column(Label(tr("Confusion matrix", "Matriz de confusión"), "body_strong"), hint,
                                           spacing=2))
        self.setLayout(column(scroll_area(box(column(matrix, None, margins=(24, 16, 24, 24))))))

    def show_evaluation(self, context: EvaluationContext) -> None:
        names = context.class_names
        self.matrix.show_matrix(names, [context.class_color(number) for number in range(len(names))],
                                context.evaluated.confusion)

    def mark_cell(self, cell: tuple[int, int] | None) -> None:
        self.matrix.select(cell)
