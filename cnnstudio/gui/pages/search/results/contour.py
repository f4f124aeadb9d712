"""Two keys at once: the value between the trials as a picture, computed in a thread, with the trials on it."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF

from cnnstudio.core.text import Text, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.search.results.shown import Shown
from cnnstudio.gui.pages.search.results.surface import level_lines, surface
from cnnstudio.gui.pages.search.results.view import ResultView, SnugStack, TrialPlot, value_color
from cnnstudio.gui.state.jobs import JobList, Report
from cnnstudio.gui.state.latest import Latest
from cnnstudio.gui.widgets.basics import Label, box, column, row
from cnnstudio.gui.widgets.cards import EmptyState
from cnnstudio.gui.widgets.flow import flow_row
from cnnstudio.gui.widgets.inputs import Select

_LEVELS: Final = 7
"""Lines of equal value."""


def _compute(points: Any, _report: Report) -> Any:
    """The surface with its lines, in a tuple of its own: None means no answer."""
    found = surface(points)
    return (None,) if found is None else ((found[0], level_lines(*found, _LEVELS)),)


class ContourView(ResultView):
    """A picture over two chosen keys; the better, the stronger the colour."""

    id = "contour"
    title = Text("Contour", "Curvas de nivel")

    def __init__(self, jobs: JobList) -> None:
        super().__init__()
        self._shown: Shown | None = None
        self._latest = Latest(jobs, "contour", _compute, self)
        self._latest.answered.connect(self._on_surface)
        self._points: list[tuple[float, float, float]] = []
        self.plot = TrialPlot(tr("Value over two keys", "Valor según dos claves"))
        self.plot.getPlotItem().showGrid(x=False, y=False)
        self.plot.trial_chosen.connect(self.trial_chosen)
        self.plot.trial_opened.connect(self.trial_opened)
        self.image = pg.ImageItem()
        self.image.setZValue(-10)
        self.plot.addItem(self.image)
        self._lines = pg.PlotDataItem(pen=pg.mkPen(theme.color("raised"), width=1), connect="pairs", antialias=True)
        self._lines.setZValue(5)
        self.plot.addItem(self._lines)
        self.across, self.up = Select(), Select()
        self.across.setAccessibleName(tr("Key across", "Clave en horizontal"))
        self.up.setAccessibleName(tr("Key upwards", "Clave en vertical"))
        for select in (self.across, self.up):
            select.setMinimumContentsLength(14)
            select.chosen.connect(self._on_chosen)
        self._note = Label("", "secondary", "dim", wrap=True)
        choices = flow_row(box(row(Label(tr("Across", "Horizontal"), "secondary", "dim"), self.across)),
                           box(row(Label(tr("Upwards", "Vertical"), "secondary", "dim"), self.up)), spacing=12)
        drawn = column(choices, self._note, self.plot, spacing=6)
        drawn.setStretch(2, 1)
        empty = EmptyState("layers", tr("One key has no contour", "Una sola clave no tiene curvas de nivel"),
                           tr("Vary at least two settings to see how they act together.",
                              "Varíe al menos dos ajustes para ver cómo actúan juntos."))
        self._stack = SnugStack()
        self._stack.addWidget(empty)
        self._stack.addWidget(box(drawn))
        self.setLayout(column(self._stack))

    def show_search(self, shown: Shown) -> None:
        same = self._shown is not None and self._shown.search.id == shown.search.id
        self._shown = shown
        keys = shown.keys
        self._stack.setCurrentIndex(1 if len(keys) > 1 else 0)
        if len(keys) < 2:
            return
        choices = [(key, shown.names.get(key, key)) for key in keys]
        chosen = (self.across.value, self.up.value) if same else (keys[0], keys[1])
        self.across.set_choices(choices, chosen[0])
        self.up.set_choices(choices, chosen[1])
        self._draw()

    def _on_chosen(self, value: object) -> None:
        """Two times the same key shows nothing: the other one gives way."""
        if self._shown is not None and self.across.value == self.up.value:
            other = self.up if self.sender() is self.across else self.across
            other.set_value(next(key for key in self._shown.keys if key != value))
        self._draw()

    def _draw(self) -> None:
        shown = self._shown
        if shown is None:
            return
        one, other = str(self.across.value), str(self.up.value)
        across, up = shown.scale(one), shown.scale(other)
        points, colors, texts, self._points = [], [], {}, []
        for trial, value in shown.valued():
            x = across.place(trial.params[one]) if one in trial.params else None
            y = up.place(trial.params[other]) if other in trial.params else None
            if x is not None and y is not None:
                points.append((x, y, trial.number))
                colors.append(theme.color("text"))
                texts[trial.number] = shown.read(trial)
                self._points.append((x, y, shown.share(value)))
        self.plot.set_axes(across, up)
        self.plot.show_points(points, colors, texts, {number for _x, _y, number in points})
        if any(shown.is_choice(key) for key in (one, other)):
            # Nothing lies between two choices.
            self._show_surface(None, tr("A choice has nothing between its values, so that only the trials are drawn.",
                                        "Entre los valores de una opción no hay nada, así que solo se dibujan los ensayos."))
            return
        self._latest.ask(tuple(self._points))

    def _on_surface(self, request: Any, answer: Any) -> None:
        if list(request) != self._points or self._shown is None:
            return
        values = answer[0] if isinstance(answer, tuple) else None
        if values is None:
            self._show_surface(None, tr("Too few trials for a surface yet.", "Aún hay pocos ensayos para una superficie."))
        else:
            name = str(self._shown.objective_type.label)
            self._show_surface(values, tr("The stronger the colour, the better: {name}, straight between the trials. The other "
                                          "settings differ from trial to trial.",
                                          "Cuanto más intenso el color, mejor: {name}, lineal entre los ensayos. Los demás "
                                          "ajustes cambian de un ensayo a otro.", name=name))

    def _show_surface(self, found: Any, note: str) -> None:
        self._note.setText(note)
        self.image.setVisible(found is not None)
        self._lines.setVisible(found is not None)
        if found is not None:
            values, ends = found
            self.image.setImage(_picture(values), autoLevels=False, levels=(0, 255))
            self.image.setRect(QRectF(0, 0, 1, 1))
            self._lines.setData(*ends)

    def show_marks(self, chosen: int | None, kept: frozenset[int] | None) -> None:
        self.plot.show_marks(chosen, kept)

    def close_threads(self) -> None:
        self._latest.close()


def _picture(values: Any) -> Any:
    """The values as colours, transparent where there is none."""
    steps = np.array([value_color(share / 255).getRgb() for share in range(256)], np.uint8)
    places = np.nan_to_num(np.clip(values, 0, 1) * 255, nan=0).astype(np.uint8)
    picture = steps[places]
    picture[..., 3] = np.where(np.isnan(values), 0, 255)
    return picture


