"""The devices of this computer and the backends of Keras: what is there, why a card is not used, and how quick all are."""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QGridLayout, QProgressBar, QWidget

from cnnstudio.catalog.backends import BACKENDS
from cnnstudio.core.events import Event, Failed, Stopped
from cnnstudio.core.jobs import Benchmark, Benchmarked
from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text, format_number, tr
from cnnstudio.gui.state.jobs import ChildJob
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Label, clear, column, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.formatting import format_device, format_size
from cnnstudio.gui.widgets.progress import show_progress
from cnnstudio.workers.benchmarking import Compared, benchmark_jobs, compare, on_processor
from cnnstudio.workers.devices import Machine, cpu_count, this_machine, why_unused

_KIND: Final = "benchmark"
_LABEL: Final = Text("Benchmark of devices and backends", "Prueba de rendimiento de dispositivos y motores")


class DevicesCard(Card):
    """Lists processor, graphics cards and backends, and measures them on demand, one after the other."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(spacing=8, margins=(16, 12, 12, 12))
        if parent is not None:
            self.setParent(parent)
        self._session = session
        self._waiting: list[Benchmark] = []
        self._measured: list[Benchmarked] = []
        self._total = 0
        self._job: ChildJob | None = None
        self._failed: list[Problem] = []
        self._measure = Button(tr("Measure", "Medir"), on_click=self._toggle, tooltip=tr(
            "A small network is trained on every installed backend and device: about a minute in all.",
            "Se entrena una red pequeña con cada motor instalado y cada dispositivo: cerca de un minuto en total."))
        self._lines = column(spacing=4)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.hide()
        self._results = QGridLayout()
        self._results.setHorizontalSpacing(16)
        self._results.setVerticalSpacing(4)
        self._results.setColumnStretch(3, 1)
        self._verdicts = Label("", "secondary", "dim", wrap=True)
        self._verdicts.hide()
        self._failures = Label("", "secondary", "error", wrap=True, selectable=True)
        self._failures.hide()
        title = Label(tr("Devices and backends", "Dispositivos y motores"), "body_strong")
        self.body.addLayout(row(title, None, self._measure))
        self.body.addLayout(self._lines)
        self.body.addWidget(self._bar)
        self.body.addLayout(self._results)
        self.body.addWidget(self._verdicts)
        self.body.addWidget(self._failures)
        self.update_state()

    def update_state(self) -> None:
        """Look again what is there."""
        self._machine = this_machine()
        clear(self._lines)
        for title, words, tone in _lines(self._machine):
            line = row(Label(title, "secondary"), None, Label(words, "secondary", tone), spacing=8)
            self._lines.addLayout(line)
        for backend in BACKENDS:
            problem = why_unused(self._machine, backend)
            if problem is not None:
                self._lines.addWidget(Label(str(problem.text), "secondary", "warn", wrap=True, selectable=True))

    # The benchmark -------------------------------------------------------------------------------

    def _toggle(self) -> None:
        if self._job is not None:
            self._waiting = []
            self._job.cancel()
            self._measure.setEnabled(False)
            return
        self._waiting = list(benchmark_jobs(self._machine))
        self._measured, self._failed = [], []
        self._total = len(self._waiting)
        self._show_results()
        self._next()

    def _next(self) -> None:
        """Start the next one, or show what was measured."""
        self._job = None
        self._measure.setEnabled(True)
        self._measure.setText(tr("Cancel", "Cancelar") if self._waiting else tr("Measure", "Medir"))
        self._bar.setVisible(bool(self._waiting))
        if not self._waiting:
            return
        show_progress(self._bar, (self._total - len(self._waiting)) / max(1, self._total))
        job = self._waiting.pop(0)
        self._job = ChildJob(job, _LABEL, _KIND, quiet=True)
        self._job.event.connect(self._on_event)
        self._job.ended.connect(self._on_ended)
        self._session.jobs.start(self._job)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, Benchmarked):
            self._measured.append(event)
            more = on_processor(event)
            if more is not None:
                self._waiting.insert(0, more)
                self._total += 1
            self._show_results()

    def _on_ended(self, last: Event) -> None:
        if isinstance(last, Failed):
            self._failed.append(last.problem)
        if isinstance(last, Stopped):
            self._waiting = []
        self._show_results()
        self._next()

    def _show_results(self) -> None:
        clear(self._results)
        rows = compare(self._measured)
        if rows:
            titles = ("", tr("Training", "Entrenamiento"), tr("Prediction", "Predicción"),
                      tr("Largest difference", "Mayor diferencia"))
            for place, title in enumerate(titles):
                self._results.addWidget(Label(title, "caption", "dim"), 0, place)
        for number, compared in enumerate(rows, 1):
            for place, text in enumerate(_cells(compared)):
                self._results.addWidget(Label(text, "secondary"), number, place)
        verdicts = [f"{_name(item.measured)}: {item.verdict}" for item in rows[1:]]
        self._verdicts.setText("\n".join([*verdicts, tr(
            "Pictures of 32 × 32 a second. The first line is what the others are compared with: the same weights and pictures, "
            "the outputs and one step of gradient descent.",
            "Imágenes de 32 × 32 por segundo. Los demás se comparan con la primera línea: los mismos pesos e imágenes, las "
            "salidas y un paso de descenso de gradiente.")]) if rows else "")
        self._verdicts.setVisible(bool(rows))
        self._failures.setText("\n".join(str(problem.text) for problem in self._failed))
        self._failures.setVisible(bool(self._failed))


def _lines(machine: Machine) -> list[tuple[str, str, str]]:
    """(title, words, tone) of processor, cards and backends."""
    lines = [(tr("Processor", "Procesador"), tr("{n} cores", "{n} núcleos", n=cpu_count()), "dim")]
    for card in machine.cards:
        memory = format_size(round(card.memory_mb * 1e6)) if card.memory_mb else ""
        lines.append((tr("Graphics card", "Tarjeta gráfica"), " · ".join(part for part in (card.title, memory) if part), "dim"))
    if not machine.cards:
        lines.append((tr("Graphics card", "Tarjeta gráfica"), tr("none found", "no se encontró ninguna"), "dim"))
    for backend in BACKENDS:
        version = machine.backends.get(backend.id, "")
        words = version or tr("not installed", "no instalado")
        if version and machine.cards and why_unused(machine, backend) is None:
            words += " · " + tr("uses the graphics card", "usa la tarjeta gráfica")
        lines.append((str(backend.label), words, "dim" if version else "faint"))
    return lines


def _name(measured: Benchmarked) -> str:
    return f"{BACKENDS[measured.backend].label}, {format_device(measured.device)}"


def _cells(compared: Compared) -> tuple[str, ...]:
    measured = compared.measured
    difference = "–" if compared.outputs is None or compared.step is None else format_number(
        max(compared.outputs, compared.step), ".1e")
    return (_name(measured), f"{format_number(measured.training, ',.0f')}/s", f"{format_number(measured.prediction, ',.0f')}/s",
            difference)
