"""What every varied key by itself does to the value: one small plot for each."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QWidget

from cnnstudio.core.text import Text, tr
from cnnstudio.gui.pages.search.results.shown import Shown
from cnnstudio.gui.pages.search.results.view import ResultView, TrialPlot, value_color
from cnnstudio.gui.widgets.basics import Label, column

_NARROWEST = 300
"""The width in pixels that a plot needs beside others."""


class SlicesView(ResultView):
    """A grid of plots, as many side by side as there is room for."""

    id = "slices"
    title = Text("Slices", "Cortes")

    def __init__(self) -> None:
        super().__init__()
        self._keys: tuple[str, ...] = ()
        self.plots: dict[str, TrialPlot] = {}
        self._columns = 0
        self._marks: tuple[int | None, frozenset[int] | None] = (None, None)
        self._holder = QWidget()
        self._grid = QGridLayout(self._holder)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(12)
        note = Label(tr("Every point is a complete trial; later trials are stronger. A search tries good regions more often, "
                        "so that a cloud also shows where it looked.",
                        "Cada punto es un ensayo completo; los posteriores son más intensos. La búsqueda prueba más a menudo "
                        "las regiones buenas, así que la nube también muestra dónde ha mirado."), "secondary", "dim", wrap=True)
        self.setLayout(column(note, self._holder, None, spacing=8))

    def show_search(self, shown: Shown) -> None:
        if tuple(shown.keys) != self._keys:
            self._make(tuple(shown.keys), shown)
        up = shown.objective_scale()
        count = max(1, len(shown.search.trials) - 1)
        for key, plot in self.plots.items():
            across = shown.scale(key)
            points, colors, texts = [], [], {}
            for trial, value in shown.valued():
                x, y = across.place(trial.params[key]) if key in trial.params else None, up.place(value)
                if x is not None and y is not None:
                    points.append((x, y, trial.number))
                    colors.append(value_color(0.35 + 0.65 * trial.number / count))
                    texts[trial.number] = shown.read(trial)
            plot.set_axes(across, up)
            plot.show_points(points, colors, texts)
            plot.show_marks(*self._marks)

    def _make(self, keys: tuple[str, ...], shown: Shown) -> None:
        for plot in self.plots.values():
            plot.close()
            plot.deleteLater()
        self._keys, self.plots, self._columns = keys, {}, 0
        for key in keys:
            plot = TrialPlot(tr("Values by {key}", "Valores según {key}", key=shown.names.get(key, key)), 190)
            plot.trial_chosen.connect(self.trial_chosen)
            plot.trial_opened.connect(self.trial_opened)
            self.plots[key] = plot
        self._arrange()

    def _arrange(self) -> None:
        columns = max(1, min(3, len(self.plots), self.width() // _NARROWEST))
        if columns != self._columns:
            self._columns = columns
            for place, plot in enumerate(self.plots.values()):
                self._grid.addWidget(plot, place // columns, place % columns)
            for place in range(3):
                self._grid.setColumnStretch(place, 1 if place < columns else 0)

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._arrange()

    def show_marks(self, chosen: int | None, kept: frozenset[int] | None) -> None:
        self._marks = chosen, kept
        for plot in self.plots.values():
            plot.show_marks(chosen, kept)
