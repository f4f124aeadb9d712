"""How the search went: each trial a point, the best so far a line."""

from __future__ import annotations

import numpy as np

from cnnstudio.core.text import Text, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.search.results.scales import NumberScale
from cnnstudio.gui.pages.search.results.shown import Shown
from cnnstudio.gui.pages.search.results.view import ResultView, TrialPlot
from cnnstudio.gui.widgets.basics import column
from cnnstudio.gui.widgets.plots import legend_label


class HistoryView(ResultView):
    """Trials in their order."""

    id = "history"
    title = Text("History", "Historial")

    def __init__(self) -> None:
        super().__init__()
        self.plot = TrialPlot(tr("Value of every trial", "Valor de cada ensayo"))
        self.plot.trial_chosen.connect(self.trial_chosen)
        self.plot.trial_opened.connect(self.trial_opened)
        self._line = self.plot.line("ok", 1.8)
        legend = legend_label([(theme.color("accent"), "●", tr("complete", "completo")),
                               (theme.color("dim"), "○", tr("ended early", "terminado antes")),
                               (theme.color("ok"), "━", tr("best so far", "el mejor hasta entonces"))])
        layout = column(legend, self.plot, spacing=6)
        layout.setStretch(1, 1)
        self.setLayout(layout)

    def show_search(self, shown: Shown) -> None:
        trials = [trial for trial in shown.search.trials if shown.value(trial) is not None]
        across = NumberScale(tr("Trial", "Ensayo"), 0.5, max(2.5, len(shown.search.trials) + 0.5), form=",.0f")
        up = shown.objective_scale(pruned=True)
        points, colors, texts, hollow = [], [], {}, set()
        for trial in trials:
            value = shown.value(trial)
            assert value is not None
            x, y = across.place(trial.number + 1), up.place(value)
            if x is None or y is None:
                continue
            points.append((x, y, trial.number))
            colors.append(theme.color("accent" if trial.state == "complete" else "dim"))
            texts[trial.number] = shown.read(trial)
            if trial.state != "complete":
                hollow.add(trial.number)
        self.plot.set_axes(across, up)
        self.plot.show_points(points, colors, texts, hollow)
        self._draw_line(shown, across, up)

    def _draw_line(self, shown: Shown, across: NumberScale, up: NumberScale) -> None:
        """The best value after every trial, as steps to the last trial."""
        line: list[tuple[float, float]] = []
        best: float | None = None
        for trial, value in shown.valued():
            place = across.place(trial.number + 1) or 0.0
            if best is None or shown.better(value, best):
                if best is not None:
                    line.append((place, up.place(best) or 0.0))
                best = value
                line.append((place, up.place(best) or 0.0))
        if best is not None:
            line.append((across.place(len(shown.search.trials)) or 1.0, up.place(best) or 0.0))
        self._line.setData(np.array([place[0] for place in line]), np.array([place[1] for place in line]))

    def show_marks(self, chosen: int | None, kept: frozenset[int] | None) -> None:
        self.plot.show_marks(chosen, kept)
