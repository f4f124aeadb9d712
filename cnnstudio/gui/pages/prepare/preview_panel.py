"""The right half of the Prepare page: a picture stage by stage, and sixteen pictures of the training input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.pages.prepare.preview import GRID, GridCell, GridRequest, StageRow
from cnnstudio.gui.pages.prepare.views import Mosaic, StageStrip
from cnnstudio.gui.widgets.basics import Button, Caption, Elided, Label, MenuButton, box, column, row
from cnnstudio.gui.widgets.cards import EmptyState
from cnnstudio.gui.widgets.flow import FlowLayout
from cnnstudio.gui.widgets.inputs import SegmentedControl


class PreviewPanel(QStackedWidget):
    """Shows the previews, and emits the user's choices. `state`: where they are remembered."""

    stepped = Signal(int)
    """Show the next (1) or the previous (-1) picture."""
    random_requested = Signal()
    class_chosen = Signal(object)
    stages_changed = Signal()
    """Other pictures were chosen for the stages."""
    grid_changed = Signal()
    """Another grid was chosen."""
    data_requested = Signal()

    def __init__(self, state: dict[str, Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        previous = Button(tr("Previous picture", "Imagen anterior"), "icon", "chevron-left",
                          on_click=lambda: self.stepped.emit(-1))
        following = Button(tr("Next picture", "Imagen siguiente"), "icon", "chevron-right",
                           on_click=lambda: self.stepped.emit(1))
        chance = Button(tr("Random", "Al azar"), "chip", "refresh", on_click=self.random_requested.emit)
        self.classes = MenuButton(tr("Class: ", "Clase: "))
        self.classes.chosen.connect(self.class_chosen)
        self._name = Elided("", "body", "dim", mode=Qt.TextElideMode.ElideMiddle)
        self._side = SegmentedControl([("one", tr("One picture", "Una imagen")),
                                       ("classes", tr("One of each class", "Una de cada clase"))],
                                      state.get("side", "one"), stretch=False)
        self._side.chosen.connect(self._choose_side)
        # In a narrow window, or with longer labels, the lines of buttons wrap.
        bar, grid_bar = QWidget(), QWidget()
        lines = FlowLayout(bar, spacing=6)
        for widget in (box(row(previous, following, chance, self.classes, self._name, spacing=6)), self._side):
            lines.addWidget(widget)
        self.strip = StageStrip()
        self.problem = Label("", "body", "error", wrap=True, selectable=True)
        self.problem.hide()
        self.mosaic = Mosaic()
        self.grid_problem = Label("", "body", "error", wrap=True)
        self.grid_problem.hide()
        self._which = SegmentedControl([("many", tr("16 pictures", "16 imágenes")),
                                        ("one", tr("This picture", "Esta imagen"))], state.get("which", "many"),
                                       stretch=False)
        self._which.chosen.connect(self._choose_which)
        self.epoch = Label("", "secondary", "dim")
        shuffle = Button(tr("Shuffle", "Barajar"), "", "refresh",
                         tooltip=tr("What another epoch will see", "Lo que verá otra época"), on_click=self.shuffle)
        lines = FlowLayout(grid_bar, spacing=10)
        for widget in (self._which, shuffle, self.epoch):
            lines.addWidget(widget)
        layout = column(Caption(tr("Step by step", "Paso a paso")), bar, self.problem,
                        self.strip, 12, Caption(tr("What training will see", "Lo que verá el entrenamiento")),
                        grid_bar, self.grid_problem, self.mosaic, spacing=10, margins=(12, 14, 24, 24))
        layout.setStretch(layout.count() - 1, 1)
        self.addWidget(box(layout))
        self.addWidget(EmptyState("image", tr("No pictures to show", "No hay imágenes que mostrar"),
                                  tr("Choose a folder of pictures on the Data page.",
                                     "Elija una carpeta de imágenes en la página Datos."),
                                  tr("Go to Data", "Ir a Datos"), on_click=self.data_requested.emit))

    # What is chosen ------------------------------------------------------------------------------

    @property
    def side_by_side(self) -> bool:
        """Whether one picture of each class is chosen."""
        return self._side.value == "classes"

    @property
    def one_picture(self) -> bool:
        """Whether the grid shows one picture in sixteen epochs."""
        return self._which.value == "one"

    def _choose_side(self, side: object) -> None:
        self._state["side"] = side
        self.stages_changed.emit()

    def _choose_which(self, which: object) -> None:
        self._state["which"] = which
        self.grid_changed.emit()

    def shuffle(self) -> None:
        """Show the augmentation of the next epoch, or of the next sixteen."""
        self._state["epoch"] = self._state.get("epoch", 0) + (GRID if self.one_picture else 1)
        self.grid_changed.emit()

    # What is shown -------------------------------------------------------------------------------

    def show_pictures(self, there: bool) -> None:
        """Show or hide the pictures."""
        self.setCurrentIndex(0 if there else 1)

    def show_name(self, class_name: str, path: str) -> None:
        """Show the name of the picture in view."""
        self.classes.set_value(class_name)
        self._name.setText(path)

    def show_stages(self, stages: Sequence[tuple[str, StageRow]], captions: Sequence[str]) -> None:
        """Show the stages with their titles."""
        self._show_problem(self.problem, self.strip, "")
        self.strip.show_stages(stages, captions)

    def show_stages_problem(self, text: str) -> None:
        """Show why there are no stages."""
        self._show_problem(self.problem, self.strip, text)

    def show_grid(self, request: GridRequest, cells: Sequence[GridCell], captions: Sequence[str]) -> None:
        """Show the grid of training input."""
        self._show_problem(self.grid_problem, self.mosaic, "")
        self.mosaic.show_cells(cells, captions)
        if request.position is None:
            self.epoch.setText(tr("epoch {n}, first batch", "época {n}, primer lote", n=request.epoch))
        else:
            self.epoch.setText(tr("epochs {n} to {m}", "épocas {n} a {m}", n=request.epoch, m=request.epoch + GRID - 1))

    def show_grid_problem(self, text: str) -> None:
        """Show why there is no grid."""
        self._show_problem(self.grid_problem, self.mosaic, text)

    @staticmethod
    def _show_problem(label: Label, instead_of: QWidget, text: str) -> None:
        if text:
            label.setText(text)
        label.setVisible(bool(text))
        instead_of.setVisible(not text)
