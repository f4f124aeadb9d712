"""The plots of the Train page: which ones, in which order, and what is common to all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QMenu, QWidget

from cnnstudio.core.text import localize_number, tr
from cnnstudio.gui.pages.train.plots.curve_plot import CurvePlot, OtherRun
from cnnstudio.gui.pages.train.plots.history import Curves
from cnnstudio.gui.pages.train.plots.quantities import USUAL, quantities_of, quantity, usual_of
from cnnstudio.gui.pages.train.plots.saving import copy_plot, save_plot
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, MenuButton, column
from cnnstudio.gui.widgets.flow import flow_row

_GAP: Final = 14
_LAYOUT: Final = "train_plots"
"""The name under which the choice is remembered."""
_WEIGHTS: Final = (None, 0.0, 0.6, 0.9, 0.99, 0.999)
"""The smoothings to choose from; None: the means of epochs."""


class PlotBoard(QWidget):
    """All plots, two beside each other where there is room. The choice, its order, smoothing and scale are remembered."""

    run_clicked = Signal(str)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._curves = Curves()
        self._others: Mapping[str, OtherRun] = {}
        self._plots: list[CurvePlot] = []
        self._turn = 0
        kept = session.recall(_LAYOUT, {})
        kept = kept if isinstance(kept, dict) else {}
        self._smoothing = MenuButton(tr("Smoothing: ", "Suavizado: "))
        self._smoothing.set_choices([(weight, _weight_name(weight)) for weight in _WEIGHTS],
                                    kept.get("smoothing") if kept.get("smoothing") in _WEIGHTS else None)
        self._smoothing.chosen.connect(self._set_smoothing)
        self._scale = Button(tr("Log scale", "Escala logarítmica"), "chip", checkable=True, on_click=self._set_scale)
        self._scale.setChecked(bool(kept.get("logarithmic")))
        self._add = Button(tr("Add plot", "Añadir gráfico"), "link", "plus", on_click=self._open_choice)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(_GAP)
        lines = column(flow_row(self._smoothing, self._scale, self._add, spacing=8, apart=2), spacing=8)
        lines.addLayout(self._grid, 1)
        self.setLayout(lines)
        shown = kept.get("shown")
        names = [name for name in shown if isinstance(name, str)] if isinstance(shown, list | tuple) else []
        self._chosen = bool(names)
        self._set_shown(names or list(USUAL))

    # What is shown -------------------------------------------------------------------------------

    @property
    def shown(self) -> list[str]:
        """The ids of the quantities that are plotted, in their order."""
        return [plot.quantity.id for plot in self._plots]

    def show_curves(self, curves: Curves) -> None:
        """Draw a run in all plots."""
        self._curves = curves
        self._follow()
        for plot in self._plots:
            plot.show_curves(curves)

    def draw_next(self, curves: Curves) -> bool:
        """Draw a run in one plot, the next in turn; whether there are more in this round. One at a time never blocks the
        window."""
        self._curves = curves
        self._follow()
        if self._plots:
            self._plots[self._turn % len(self._plots)].show_curves(curves)
            self._turn = (self._turn + 1) % len(self._plots)
        return bool(self._turn)

    def show_others(self, others: Mapping[str, OtherRun]) -> None:
        """Draw other runs, by their ids, behind."""
        self._others = others
        for plot in self._plots:
            plot.show_others(others)

    def _follow(self) -> None:
        """Plot what is usual for the run, as long as the user did not choose."""
        usual = list(usual_of(self._curves))
        if not self._chosen and usual != self.shown:
            self._set_shown(usual)

    def _set_shown(self, names: list[str]) -> None:
        """Plot these quantities; plots that stay keep their zoom."""
        present = {plot.quantity.id: plot for plot in self._plots}
        self._plots = [present.pop(name) if name in present else self._make(name) for name in dict.fromkeys(names)]
        for plot in present.values():
            plot.hide()
            plot.deleteLater()
        self._turn = 0
        self._arrange()

    def _make(self, name: str) -> CurvePlot:
        plot = CurvePlot(quantity(name), self)
        more = Button(tr("Move, hide or save this plot", "Mover, ocultar o guardar este gráfico"), "icon", "more")
        more.clicked.connect(lambda: self._open_menu(plot, more))
        plot.head.addWidget(more)
        plot.set_smoothing(self._smoothing.value)  # type: ignore[arg-type]
        plot.set_logarithmic(self._scale.isChecked())
        plot.run_clicked.connect(self.run_clicked)
        plot.zoomed.connect(partial(self._spread, plot, CurvePlot.zoom_to))
        plot.hovered.connect(partial(self._spread, plot, CurvePlot.show_cursor))
        plot.show_curves(self._curves)
        plot.show_others(self._others)
        return plot

    def _spread(self, source: CurvePlot, act: Callable[[CurvePlot, Any], None], value: object) -> None:
        """Do what one plot did in all others."""
        for plot in self._plots:
            if plot is not source:
                act(plot, value)

    # The room ------------------------------------------------------------------------------------

    @property
    def _least(self) -> int:
        return max((plot.minimumSizeHint().width() for plot in self._plots), default=0)

    def _arrange(self) -> None:
        columns = 2 if self.width() >= 2 * self._least + _GAP and len(self._plots) > 1 else 1
        for number in range(2):
            self._grid.setColumnStretch(number, int(number < columns))
        for number, plot in enumerate(self._plots):
            self._grid.addWidget(plot, number // columns, number % columns)
            plot.show()
        # Set here: the layout would require the width of both.
        self.setMinimumWidth(self._least)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    # What the user chooses -----------------------------------------------------------------------

    def _remember(self) -> None:
        self._session.remember(_LAYOUT, {"shown": self.shown if self._chosen else [], "smoothing": self._smoothing.value,
                                         "logarithmic": self._scale.isChecked()})

    def _set_smoothing(self, weight: object) -> None:
        self._smoothing.set_value(weight)
        for plot in self._plots:
            plot.set_smoothing(weight)  # type: ignore[arg-type]
        self._remember()

    def _set_scale(self) -> None:
        for plot in self._plots:
            plot.set_logarithmic(self._scale.isChecked())
        self._remember()

    def _open_choice(self) -> None:
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        absent = [item for item in quantities_of(self._curves) if item.id not in self.shown]
        for item in absent:
            menu.addAction(str(item.title), partial(self._show_too, item.id))
        if not absent:
            menu.addAction(tr("This run has no other values", "Este entrenamiento no tiene otros valores")).setEnabled(False)
        menu.addSeparator()
        menu.addAction(tr("The usual plots", "Los gráficos habituales"), self._choose_usual)
        menu.popup(self._add.mapToGlobal(self._add.rect().bottomLeft()))

    def _open_menu(self, plot: CurvePlot, button: Button) -> None:
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        name = plot.quantity.id
        place = self.shown.index(name)
        menu.addAction(tr("Move before", "Mover antes"), partial(self._move, name, -1)).setEnabled(place > 0)
        menu.addAction(tr("Move after", "Mover después"), partial(self._move, name, 1)).setEnabled(
            place + 1 < len(self._plots))
        menu.addAction(tr("Show all epochs", "Mostrar todas las épocas"), self._show_all)
        menu.addSeparator()
        menu.addAction(tr("Save as picture, drawing or numbers…", "Guardar como imagen, dibujo o números…"),
                       lambda: save_plot(self._session, self, plot))
        menu.addAction(tr("Copy picture", "Copiar imagen"), lambda: copy_plot(plot))
        menu.addSeparator()
        menu.addAction(tr("Hide", "Ocultar"), partial(self._hide, name)).setEnabled(len(self._plots) > 1)
        menu.popup(button.mapToGlobal(button.rect().bottomLeft()))

    def _show_all(self) -> None:
        for plot in self._plots:
            plot.zoom_to(None)

    def _choose(self, names: list[str]) -> None:
        self._chosen = True
        self._set_shown(names)
        self._remember()

    def _choose_usual(self) -> None:
        self._chosen = False
        self._set_shown(list(usual_of(self._curves)))
        self._remember()

    def _show_too(self, name: str) -> None:
        self._choose([*self.shown, name])

    def _hide(self, name: str) -> None:
        self._choose([other for other in self.shown if other != name])

    def _move(self, name: str, by: int) -> None:
        names = self.shown
        place = names.index(name)
        names.insert(place + by, names.pop(place))
        self._choose(names)


def _weight_name(weight: float | None) -> str:
    if weight is None:
        return tr("epoch means", "medias por época")
    return tr("none", "ninguno") if not weight else localize_number(f"{weight:g}")
