"""Two objectives against each other: the trials that no other one beats form the front."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt

from cnnstudio.core.text import Text, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.search.results.shown import Shown
from cnnstudio.gui.pages.search.results.view import ResultView, SnugStack, TrialPlot
from cnnstudio.gui.widgets.basics import Label, box, column, row
from cnnstudio.gui.widgets.cards import EmptyState
from cnnstudio.gui.widgets.inputs import Select
from cnnstudio.gui.widgets.plots import legend_label
from cnnstudio.workers.search.objectives import objective_type


class FrontView(ResultView):
    """The Pareto front; with more than two objectives two are chosen."""

    id = "front"
    title = Text("Pareto front", "Frente de Pareto")

    def __init__(self) -> None:
        super().__init__()
        self._shown: Shown | None = None
        self.plot = TrialPlot(tr("Pareto front", "Frente de Pareto"))
        self.plot.trial_chosen.connect(self.trial_chosen)
        self.plot.trial_opened.connect(self.trial_opened)
        self._line = self.plot.line("ok", 1.6, style=Qt.PenStyle.DashLine)
        self._across, self._up = Select(), Select()
        self._across.setAccessibleName(tr("Objective across", "Objetivo en horizontal"))
        self._up.setAccessibleName(tr("Objective upwards", "Objetivo en vertical"))
        for select in (self._across, self._up):
            select.chosen.connect(lambda _value: self._draw())
        legend = legend_label([(theme.color("ok"), "●", tr("on the front: no other trial is better in everything",
                                                           "en el frente: ningún otro ensayo es mejor en todo")),
                               (theme.color("dim"), "○", tr("beaten by another", "superado por otro"))])
        self._choices = box(row(Label(tr("Across", "Horizontal"), "secondary", "dim"), self._across, 12,
                                Label(tr("Upwards", "Vertical"), "secondary", "dim"), self._up, None, spacing=8))
        drawn = column(self._choices, legend, self.plot, spacing=6)
        drawn.setStretch(2, 1)
        self._empty = EmptyState("filter", tr("One objective has no front", "Con un solo objetivo no hay frente"),
                                 tr("Judge the trials by two objectives, such as accuracy and size: those that no other trial "
                                    "beats in both are then drawn here.",
                                    "Juzgue los ensayos por dos objetivos, por ejemplo exactitud y tamaño: aquí se dibujan los "
                                    "que ningún otro supera en ambos."))
        self._stack = SnugStack()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(box(drawn))
        self.setLayout(column(self._stack))

    def show_search(self, shown: Shown) -> None:
        self._shown = shown
        objectives = shown.search.spec.objectives
        self._stack.setCurrentIndex(1 if len(objectives) > 1 else 0)
        if len(objectives) < 2:
            return
        choices = [(place, str(objective_type(objective).label)) for place, objective in enumerate(objectives)]
        across = self._across.value if self._across.value in range(len(objectives)) else 1
        up = self._up.value if self._up.value in range(len(objectives)) else 0
        self._across.set_choices(choices, across)
        self._up.set_choices(choices, up)
        self._choices.setVisible(len(objectives) > 2)
        self._draw()

    def _draw(self) -> None:
        shown = self._shown
        if shown is None or not isinstance(self._across.value, int) or not isinstance(self._up.value, int):
            return
        x_place, y_place = self._across.value, self._up.value
        across, up = shown.objective_scale(x_place), shown.objective_scale(y_place)
        front = set(shown.search.front)
        points, colors, texts, hollow = [], [], {}, set()
        for trial in shown.search.complete:
            x, y = across.place(trial.values[x_place]), up.place(trial.values[y_place])
            if x is not None and y is not None:
                points.append((x, y, trial.number))
                colors.append(theme.color("ok" if trial.number in front else "dim"))
                texts[trial.number] = shown.read(trial)
                if trial.number not in front:
                    hollow.add(trial.number)
        self.plot.set_axes(across, up)
        self.plot.show_points(points, colors, texts, hollow)
        line = sorted((x, y) for x, y, number in points if number in front)
        self._line.setData(np.array([place[0] for place in line]), np.array([place[1] for place in line]))

    def show_marks(self, chosen: int | None, kept: frozenset[int] | None) -> None:
        self.plot.show_marks(chosen, kept)
