"""The bench of optimisation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from cnnstudio.catalog.schedules import SCHEDULES
from cnnstudio.core.events import Event
from cnnstudio.core.learning_jobs import LossSliced, SliceLoss
from cnnstudio.core.places import cache_folder
from cnnstudio.core.text import Text, format_number, language, tr
from cnnstudio.gui.pages.learn.bench_view import BenchView
from cnnstudio.gui.pages.learn.benches.optimisation.loss_plot import LossPlot, RatePlot
from cnnstudio.gui.pages.learn.benches.optimisation.map_view import SurfaceMap
from cnnstudio.gui.pages.learn.benches.optimisation.runners import RunnerRows, rule_color
from cnnstudio.gui.pages.learn.benches.run_choice import RunChoice
from cnnstudio.gui.pages.learn.drawing.beside import Beside
from cnnstudio.gui.pages.learn.drawing.board import Board, controls, group, titled
from cnnstudio.gui.pages.learn.drawing.child_bar import ChildBar
from cnnstudio.gui.pages.learn.drawing.grabbing import Frames
from cnnstudio.gui.pages.learn.drawing.playback import Playback
from cnnstudio.gui.pages.learn.drawing.signs import sign_html
from cnnstudio.gui.pages.learn.drawing.slider_field import SliderField
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Label, box, column
from cnnstudio.gui.widgets.formatting import format_count
from cnnstudio.gui.widgets.inputs import SegmentedControl, Select
from cnnstudio.learning.benches.entry import Code
from cnnstudio.learning.benches.optimisation.code import codes
from cnnstudio.learning.benches.optimisation.race import (
    Race,
    Run,
    preset_rate,
    run_all,
    to_race,
)
from cnnstudio.learning.benches.optimisation.rules import RULES
from cnnstudio.learning.benches.optimisation.slices import SLICE, slice_surface
from cnnstudio.learning.benches.optimisation.surfaces import BOWL, SURFACES, Surface

KIND: Final = "loss slice"
_PLOT_MS: Final = 60
"""Milliseconds until the plots follow a drag, which the paths follow at once."""
_FACTORS: Final = tuple(round(10 ** (place / 10), 4) for place in range(-20, 21))
_STEPS: Final = (10, 20, 30, 40, 60, 80, 100, 150, 200, 300, 500)


class OptimisationView(BenchView):
    """A surface, the runners, and their losses."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(workspace, parent)
        self._race = Race()
        self._slice: Surface | None = None
        self._slice_note = ""
        self._runs: tuple[Run, ...] = ()
        self._map = SurfaceMap()
        self._map.start_moved.connect(self._move_start)
        self._losses, self._rates = LossPlot(), RatePlot()
        self._rates_box = titled(tr("Schedule: the rate as a share of the highest",
                                    "Plan: la tasa como parte de la más alta"), self._rates)
        self._legend = Label("", "body", wrap=True)
        self._legend.setMinimumWidth(200)
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        self._about = Label("", "secondary", "dim", wrap=True)
        self._about.setMinimumWidth(260)
        self._playback = Playback(tr("Step", "Paso"))
        self._playback.set_speed(16)
        self._playback.moved.connect(self._show_step)
        self._plotting = QTimer(self)
        self._plotting.setSingleShot(True)
        self._plotting.setInterval(_PLOT_MS)
        self._plotting.timeout.connect(self._show_losses)
        self.setLayout(column(Board(self._make_board(), self._make_controls())))
        self.session.changed.connect(self._on_session_changed)
        self._refresh()
        self._playback.show_position(self._race.steps)
        self._show_step(self._race.steps)

    def _on_session_changed(self, _change: Change) -> None:
        # A method: what is connected to a lambda would outlive the bench.
        self._choice.refresh()

    # Building ------------------------------------------------------------------------------------

    def _make_board(self) -> QWidget:
        right = column(titled(tr("Loss", "Pérdida"), self._losses), self._legend, self._rates_box, spacing=10)
        right.setStretch(0, 3)
        right.setStretch(2, 2)
        beside = box(right)
        beside.setMinimumWidth(240)
        upper = Beside(box(column(self._map)), beside, (3, 2))
        layout = column(upper, self._about, self._playback, spacing=10)
        layout.setStretch(0, 1)
        return box(layout)

    def _make_controls(self) -> QWidget:
        self._surface = Select()
        self._surface.setAccessibleName(tr("Loss surface", "Superficie de pérdida"))
        self._surface.chosen.connect(self._choose_surface)
        self._choice = RunChoice(self.session)
        self._bar = ChildBar(self.workspace.bench_jobs, tr("Measure the slice", "Medir el corte"), "network", KIND,
                             Text("Slice through the loss", "Corte de la pérdida"))
        self._bar.requested.connect(self._measure)
        self._bar.event_arrived.connect(self._on_event)
        self._measured = Label("", "secondary", "dim", wrap=True)
        self._slicing = box(column(self._choice, self._bar, self._measured, spacing=8))
        self._preset = SegmentedControl([("small", tr("Too small", "Muy baja")), ("right", tr("Right", "Buena")),
                                         ("large", tr("Too large", "Muy alta"))], "right")
        self._preset.setAccessibleName(tr("Learning rate", "Tasa de aprendizaje"))
        self._preset.chosen.connect(lambda preset: self._set(rates={}, preset=preset, factor=1.0))
        self._factor = SliderField(tr("All rates, times", "Todas las tasas, por"), _FACTORS, 1.0,
                                   text=lambda factor: f"× {factor:.3g}")
        self._factor.chosen.connect(lambda factor: self._set(factor=float(factor)))
        self._rows = RunnerRows()
        self._rows.toggled.connect(self._toggle)
        self._rows.rate_changed.connect(self._change_rate)
        self._schedule = Select([("", tr("Constant", "Constante")), *((entry.id, str(entry.label)) for entry in SCHEDULES)], "")
        self._schedule.setAccessibleName(tr("Schedule of the learning rate", "Plan de la tasa de aprendizaje"))
        self._schedule.chosen.connect(lambda schedule: self._set(schedule=schedule))
        self._steps = SliderField(tr("Steps", "Pasos"), _STEPS, 60)
        self._steps.chosen.connect(lambda steps: self._set(steps=int(steps)))
        return controls(
            group(tr("Loss surface", "Superficie de pérdida"), self._surface, self._slicing),
            group(tr("Learning rate", "Tasa de aprendizaje"), self._preset, self._factor),
            group(tr("Optimizers", "Optimizadores"), self._rows),
            group(tr("Schedule", "Plan"), self._schedule, self._steps))

    # Settings ------------------------------------------------------------------------------------

    def settings(self) -> dict[str, Any]:
        position = self._playback.position
        return {**msgspec.to_builtins(self._race), "step": position if position < self._race.steps else None}

    def restore(self, settings: dict[str, Any]) -> None:
        self._race = to_race(settings)
        if self._race.surface not in SURFACES and (self._race.surface != SLICE):
            self._race = msgspec.structs.replace(self._race, surface=BOWL.id)
        self._refresh()
        step = settings.get("step")
        self._playback.show_position(step if isinstance(step, int) else self._race.steps)
        self._show_step(self._playback.position)
        self.changed.emit()

    def code(self) -> tuple[Code, ...]:
        return codes(self._race, self.surface)

    def _set(self, **values: Any) -> None:
        self._race = msgspec.structs.replace(self._race, **values)
        self._refresh()
        self.changed.emit()

    def _choose_surface(self, identifier: object) -> None:
        self._set(surface=str(identifier), start=None, rates={})

    def _toggle(self, rule: str, on: bool) -> None:
        chosen = {*self._race.rules, rule} if on else {*self._race.rules} - {rule}
        self._set(rules=tuple(name for name in RULES.ids() if name in chosen))

    def _change_rate(self, rule: str, rate: float) -> None:
        self._set(rates=self._race.rates | {rule: rate / self._race.factor})

    def _move_start(self, x: float, y: float) -> None:
        """A drag changes no control: the runners follow at once, the plots a moment later."""
        self._race = msgspec.structs.replace(self._race, start=(x, y))
        self._run()
        if not self._plotting.isActive():
            self._plotting.start()
        self.changed.emit()

    # What is shown -------------------------------------------------------------------------------

    @property
    def surface(self) -> Surface:
        """The surface that is shown: the slice only once it is measured."""
        if self._race.surface == SLICE and self._slice is not None:
            return self._slice
        return SURFACES.find(self._race.surface) or BOWL

    @property
    def runs(self) -> tuple[Run, ...]:
        """The runners with their paths."""
        return self._runs

    def _refresh(self) -> None:
        race, surface = self._race, self.surface
        slicing = race.surface == SLICE
        self._surface.set_choices([*((entry.id, str(entry.title)) for entry in SURFACES),
                                   (SLICE, tr("A trained network", "Una red entrenada"))], race.surface)
        self._slicing.setVisible(slicing)
        self._bar.button.setEnabled(self._choice.run is not None)
        self._preset.set_value(race.preset if not race.rates else None)
        self._factor.set_value(race.factor)
        self._schedule.set_value(race.schedule)
        self._steps.set_value(race.steps)
        rates = {rule.id: race.rates.get(rule.id, preset_rate(rule, surface, race.preset)) * race.factor for rule in RULES}
        self._rows.show_runners(race.rules, rates)
        at_end = self._playback.position >= self._playback.count - 1
        self._playback.set_count(race.steps + 1, race.steps if at_end else min(self._playback.position, race.steps))
        waiting = slicing and self._slice is None
        self._about.setText(tr("Choose a run and measure the slice; until then the bowl is shown.",
                               "Elija un entrenamiento y mida el corte; hasta entonces se muestra el cuenco.")
                            if waiting else str(surface.help))
        self._measured.setText(self._slice_note)
        self._measured.setVisible(bool(self._slice_note))
        self._map.show_surface(surface)
        self._rates_box.setVisible(bool(race.schedule))
        self._run()
        self._show_losses()

    def _run(self) -> None:
        """Let the runners run, and show their paths."""
        race, surface = self._race, self.surface
        self._runs = run_all(race, surface)
        start = race.start if race.start is not None else surface.start
        self._map.show_runs(self._runs, start, self._playback.position)

    def _show_losses(self) -> None:
        """Plot the losses of the runs, and the rates of a schedule."""
        race, surface = self._race, self.surface
        lowest = min(float(surface.loss(*place)) for place in surface.minima)
        self._losses.show_runs(self._runs, race.steps, lowest)
        if race.schedule:
            self._rates.show_runs(self._runs[:1], race.steps)
        self._show_step(self._playback.position)

    def _show_step(self, step: int) -> None:
        self._map.show_step(step)
        self._losses.show_step(step)
        self._rates.show_step(step)
        entries = []
        for run in self._runs:
            lost = step > run.taken
            loss = "∞" if lost else _format_loss(float(run.losses[step]))
            entries.append((rule_color(run.rule), f"{RULES[run.rule].label} {loss}"))
        self._legend.setText(sign_html(entries))

    # The slice -----------------------------------------------------------------------------------

    def _measure(self) -> None:
        run = self._choice.run
        if run is None:
            return
        training = run.spec().training
        self._bar.start(SliceLoss(run_folder=str(run.folder), backend=training.backend, device=training.device,
                                  cache=str(cache_folder()), language=language()))

    def _on_event(self, event: Event) -> None:
        if not isinstance(event, LossSliced):
            return
        self._slice = slice_surface(event.losses, event.span)
        self._slice_note = tr("Run {run}: {points} points, {n} training pictures, {weights} weights",
                              "Entrenamiento {run}: {points} puntos, {n} imágenes de entrenamiento, {weights} pesos",
                              run=event.run, points=f"{len(event.losses)} × {len(event.losses)}", n=event.pictures,
                              weights=format_count(event.weights))
        self._set(start=None, rates={})

    # The frame -----------------------------------------------------------------------------------

    def frames(self) -> Iterator[QImage]:
        shown = SurfaceMap()
        shown.resize(self._map.size())
        shown.show_surface(self.surface)
        start = self._race.start if self._race.start is not None else self.surface.start
        shown.show_runs(self._runs, start, 0)
        return Frames(shown, shown.show_step, self._race.steps + 1)

    def leave(self) -> None:
        self._playback.pause()
        self._plotting.stop()

    def resume(self, owner: str) -> None:
        self._bar.resume(owner)

    def close_bench(self) -> None:
        self.leave()
        self._bar.leave_child()


def _format_loss(loss: float) -> str:
    return format_number(loss, ".3g")
