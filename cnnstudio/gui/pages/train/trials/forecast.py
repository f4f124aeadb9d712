"""The dialog of the forecast: time, memory and disk of the training that Start would begin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtWidgets import QWidget

from cnnstudio.core.events import Event
from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text, tr
from cnnstudio.core.trial_jobs import Forecasted
from cnnstudio.gui.pages.train.trials.trial import Prepare, Trial, Waiting, free_height, stopped_label
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Caption, Label, Stack, box, clear, column, row
from cnnstudio.gui.widgets.cards import Banner, Facts, KeyFigure, KeyFigures
from cnnstudio.gui.widgets.dialog import Dialog
from cnnstudio.gui.widgets.formatting import format_device, format_number
from cnnstudio.workers.forecasts import keep_forecast, seconds_text

KIND: Final = "forecast"


class ForecastDialog(Dialog):
    """Takes some real steps and shows what the whole training will take; it is kept for the run that follows.

    `start()` begins the training, `find_batch()` looks for the largest batch.
    """

    def __init__(self, session: Session, prepare: Prepare, start: Callable[[], object], find_batch: Callable[[], object],
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._start = session, start
        self.forecast: Forecasted | None = None
        self.setWindowTitle(tr("Estimate the training", "Estimar el entrenamiento"))
        self.setMinimumWidth(560)
        self.resize(720, 520)
        self._waiting = Waiting()
        self._trial = Trial(session, prepare, Text("Estimate of the training", "Estimación del entrenamiento"), KIND, self)
        self._trial.told.connect(self._on_told)
        self._trial.progressed.connect(lambda: self._waiting.follow(self._trial.job))
        self._trial.ended.connect(self._on_ended)
        self._trial.stopped.connect(self._show_stopped)
        self._problem = column()
        self._epoch = KeyFigure(tr("Per epoch", "Por época"))
        self._total = KeyFigure(tr("In all", "En total"))
        self._memory = KeyFigure(tr("Memory", "Memoria"))
        self._disk = KeyFigure(tr("Disk", "Disco"))
        self._facts = Facts()
        self._note = Label("", "secondary", "dim", wrap=True)
        self._go = Button(tr("Start training", "Empezar a entrenar"), "primary", "play", on_click=self._begin)
        self._close = Button(tr("Close", "Cerrar"), "quiet", on_click=self.reject)
        self._again = Button(tr("Try again", "Volver a probar"), on_click=self.start)
        self._stack = Stack()
        figures = KeyFigures(self._epoch, self._total, self._memory, self._disk, wide=620)
        result = column(figures, Caption(tr("In detail", "En detalle")), self._facts, self._note, None, spacing=10)
        for part in (self._waiting, box(column(box(self._problem), None)), box(result)):
            self._stack.addWidget(part)
        batch = Button(tr("Largest batch…", "Lote más grande…"), "link", on_click=lambda: self._leave_for(find_batch))
        batch.setToolTip(tr("Find the largest batch that fits into memory", "Buscar el lote más grande que cabe en la memoria"))
        layout = column(
            Label(self.windowTitle(), "title"),
            Label(tr("A few real steps with your pictures and settings, in a process of its own. Nothing of this training is "
                     "kept; prepared pictures are.",
                     "Unos pocos pasos reales con sus imágenes y ajustes, en un proceso aparte. De este entrenamiento no se "
                     "guarda nada; las imágenes preparadas, sí."), "body", "dim", wrap=True),
            self._stack,
            row(self._again, batch, None, self._close, self._go, spacing=8),
            spacing=12, margins=(24, 24, 24, 20))
        self.setLayout(free_height(layout))
        self.start()

    def start(self) -> None:
        """Take the steps, in a child process."""
        self.forecast = None
        self._show(0)
        self._waiting.begin()
        self._trial.start()

    def _show(self, place: int) -> None:
        self._stack.setCurrentIndex(place)
        self._go.setVisible(place == 2)
        self._again.setVisible(place != 0)
        (self._go if place == 2 else self._close).setFocus()

    def _on_told(self, event: Event) -> None:
        if isinstance(event, Forecasted):
            self.forecast = event
            if self._session.folder is not None:
                keep_forecast(self._session.folder, event)

    def _on_ended(self, problem: Problem | None) -> None:
        if problem is not None:
            clear(self._problem)
            banner = Banner(problem)
            banner.fix_chosen.connect(self._session.apply)
            self._problem.addWidget(banner)
            self._show(1)
        elif self.forecast is not None:
            self._show_forecast(self.forecast)
            self._show(2)

    def _show_stopped(self) -> None:
        clear(self._problem)
        self._problem.addWidget(stopped_label())
        self._show(1)

    def _show_forecast(self, told: Forecasted) -> None:
        self._epoch.set(seconds_text(told.seconds_per_epoch), format_device(told.device))
        self._total.set(seconds_text(told.total_seconds), tr("if it is not stopped early", "si no se detiene antes"))
        card = "" if told.gpu_memory_mb is None else tr("{n} on the graphics card", "{n} en la tarjeta gráfica",
                                                        n=format_megabytes(told.gpu_memory_mb))
        self._memory.set(format_megabytes(told.memory_mb), card)
        self._disk.set(format_megabytes(told.disk_mb), tr("still to be written", "por escribir"))
        facts = []
        for number, stage in enumerate(told.stages, 1):
            name = tr("Stage {n}", "Etapa {n}", n=number) if len(told.stages) > 1 else tr("Epochs", "Épocas")
            text = f"{stage.epochs} × {seconds_text(stage.seconds_per_epoch + stage.validation_seconds)}"
            if stage.kept_features:
                text += tr(", kept features", ", características guardadas")
            facts.append((name, text))
        waiting = sum(stage.feature_seconds for stage in told.stages)
        if waiting >= 0.1:
            facts.append((tr("Features of the base, once", "Características de la base, una vez"), seconds_text(waiting)))
        facts += [
            (tr("Before the first epoch", "Antes de la primera época"), seconds_text(told.start_seconds + sum(
                stage.start_seconds for stage in told.stages[:1]))),
            (tr("Checkpoints", "Puntos de control"), format_megabytes(told.checkpoints_mb)),
            (tr("Model", "Modelo"), format_megabytes(told.model_mb)),
            (tr("Prepared pictures and features", "Imágenes preparadas y características"), format_megabytes(told.cache_mb)),
        ]
        self._facts.set_facts(facts)
        self._note.setText(tr("When the run has ended, the page tells what it took.",
                              "Cuando termine el entrenamiento, la página dirá lo que tardó."))

    def _begin(self) -> None:
        self.accept()
        self._start()

    def _leave_for(self, other: Callable[[], object]) -> None:
        self.reject()
        other()

    def done(self, code: int) -> None:
        """Closing the dialog ends what it started."""
        self._trial.cancel()
        super().done(code)


def format_megabytes(value: float) -> str:
    """Megabytes as people read them: "45 kB", "8.8 MB", "850 MB", "1.46 GB"."""
    if value >= 1000:
        return f"{format_number(value / 1000, 2)} GB"
    if value < 1:
        return f"{format_number(value * 1000, 0)} kB"
    return f"{format_number(value, 0 if value >= 100 else 1)} MB"


