"""The view of the confusion matrix, and of the most confused pairs with their pictures."""

from __future__ import annotations

from typing import Any, Final, cast

import numpy as np

from cnnstudio.core.jobs import Evaluated
from cnnstudio.core.text import Text, tr
from cnnstudio.evaluation.confusion import confusion_order
from cnnstudio.gui.pages.evaluate.matrix import LARGEST, MANY, SMALLEST, ConfusionMatrix
from cnnstudio.gui.pages.evaluate.matrix_data import Mode
from cnnstudio.gui.pages.evaluate.pairs import ConfusedPairs
from cnnstudio.gui.pages.evaluate.views import EvaluationContext, EvaluationView
from cnnstudio.gui.state.jobs import Work
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Elided, Label, box, column, scroll_area
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.flow import flow_row
from cnnstudio.gui.widgets.inputs import SegmentedControl
from cnnstudio.gui.widgets.wheel import Slider

_HINTS: Final[dict[str, Text]] = {
    "counts": Text("Shade: share of the true class. Click a cell to see its pictures.",
                   "Tono: proporción de la clase verdadera. Haga clic en una celda para ver sus imágenes."),
    "true": Text("Of the pictures of a class (line), the share that was predicted as each. Click a cell to see its pictures.",
                 "De las imágenes de una clase (fila), la proporción predicha como cada una. Haga clic en una celda para ver "
                 "sus imágenes."),
    "predicted": Text("Of the predictions of a class (column), the share that belongs to each. Click a cell to see its "
                      "pictures.",
                      "De las predicciones de una clase (columna), la proporción que pertenece a cada una. Haga clic en una "
                      "celda para ver sus imágenes."),
}


class ConfusionView(EvaluationView):
    id = "confusion"
    title = Text("Confusion", "Confusión")

    def __init__(self, workspace: Workspace, state: dict[str, Any]) -> None:
        super().__init__(workspace, state)
        self._shown: Evaluated | None = None
        self.matrix = ConfusionMatrix()
        self.matrix.chosen.connect(self.cell_chosen)
        self._mode = SegmentedControl([("counts", tr("Pictures", "Imágenes")), ("true", tr("% of true", "% verdadera")),
                                       ("predicted", tr("% of predicted", "% predicha"))],
                                      state.get("mode", "counts"), stretch=False)
        self._mode.chosen.connect(self._choose_mode)
        self._order = SegmentedControl([("classes", tr("In order", "En orden")),
                                        ("confusion", tr("By confusion", "Por confusión"))],
                                       state.get("order", "classes"), stretch=False)
        self._order.set_tooltips((tr("The classes in their order", "Las clases en su orden"),
                                  tr("Classes that are confused with each other stand side by side",
                                     "Las clases que se confunden entre sí quedan juntas")))
        self._order.chosen.connect(self._choose_order)
        self._slider = Slider()
        self._slider.setRange(SMALLEST, LARGEST)
        self._slider.setFixedWidth(96)
        self._slider.setAccessibleName(tr("Size of the cells", "Tamaño de las celdas"))
        self._slider.setToolTip(tr("Size of the cells (Ctrl+wheel, Ctrl+0 shows all)",
                                   "Tamaño de las celdas (Ctrl+rueda, Ctrl+0 las muestra todas)"))
        self._slider.valueChanged.connect(self.matrix.zoom_to)
        self.matrix.zoomed.connect(self._on_zoomed)
        self._hint = Label("", "secondary", "dim", wrap=True)
        self._pointed = Elided("", "secondary", "text")
        self.matrix.pointed.connect(self._pointed.setText)
        self._pointed.setFixedHeight(18)
        card = Card(box(column(Label(tr("Confusion matrix", "Matriz de confusión"), "body_strong"), self._hint, spacing=2)),
                    flow_row(self._mode, self._order, self._slider), self.matrix, self._pointed, spacing=8)
        self.pairs = ConfusedPairs()
        self.pairs.chosen.connect(self.cell_chosen)
        pairs = Card(Label(tr("Each pair in both directions, with its pictures; click them to see all.",
                              "Cada par en ambos sentidos, con sus imágenes; haga clic en ellas para verlas todas."),
                           "secondary", "dim", wrap=True), self.pairs,
                     title=tr("Most confused pairs", "Pares más confundidos"), spacing=8)
        self.setLayout(column(scroll_area(box(column(card, pairs, None, spacing=16, margins=(24, 16, 24, 24))))))

    def close_threads(self) -> None:
        self.pairs.close_threads()

    def show_evaluation(self, context: EvaluationContext) -> None:
        names = context.class_names
        if self._shown is not context.evaluated:
            self._shown = context.evaluated
            self.matrix.show_matrix(names, [context.class_color(number) for number in range(len(names))],
                                    context.evaluated.confusion)
            self._slider.setVisible(len(names) > MANY)
            self._order.setVisible(len(names) > 2)
            self._choose_mode(self._mode.value)
            self._choose_order(self._order.value)
        self.pairs.show_pairs(context)

    def mark_cell(self, cell: tuple[int, int] | None) -> None:
        self.matrix.select(cell)

    def _choose_mode(self, mode: object) -> None:
        self.state["mode"] = mode
        self._hint.setText(str(_HINTS[str(mode)]))
        self.matrix.set_mode(cast(Mode, mode))

    def _choose_order(self, order: object) -> None:
        self.state["order"] = order
        evaluated = self._shown
        if evaluated is None:
            return
        if order != "confusion":
            self.matrix.set_order(range(len(evaluated.classes)))
            return

        def done(job: Work) -> None:
            if job.result is not None and self._shown is evaluated and self._order.value == "confusion":
                self.matrix.set_order(job.result)

        # With hundreds of classes the clustering takes its time, as does the first import of SciPy.
        self.workspace.session.jobs.run(lambda _report: confusion_order(np.asarray(evaluated.confusion, np.int64)),
                                        Text("Ordering the classes", "Ordenando las clases"), "class order", quiet=True,
                                        done=done, owner=self)

    def _on_zoomed(self, size: int) -> None:
        self._slider.blockSignals(True)
        self._slider.setValue(size)
        self._slider.blockSignals(False)
