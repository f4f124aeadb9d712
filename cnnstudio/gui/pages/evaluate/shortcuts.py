"""The view of the shortcuts: from how little of a picture its class can be told."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtWidgets import QProgressBar

from cnnstudio.catalog.shortcuts import SHORTCUTS
from cnnstudio.core.dataset import SPLIT_NAMES
from cnnstudio.core.events import Event, Failed
from cnnstudio.core.text import Text, tr
from cnnstudio.core.trial_jobs import FindShortcuts, ShortcutProbed
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.evaluate.shortcut_data import ShortcutData, read_shortcut_data
from cnnstudio.gui.pages.evaluate.shortcut_rows import ShortcutRow
from cnnstudio.gui.pages.evaluate.start import SHORTCUTS_KIND, start_shortcuts
from cnnstudio.gui.pages.evaluate.views import TRUST, EvaluationContext, EvaluationView
from cnnstudio.gui.state.jobs import ChildJob, Job
from cnnstudio.gui.state.latest import Failure, Latest
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Label, Rule, box, column, row, scroll_area
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.formatting import format_count
from cnnstudio.gui.widgets.picture import image_of
from cnnstudio.gui.widgets.plots import legend_label
from cnnstudio.gui.widgets.progress import show_progress
from cnnstudio.workers.runs.folder import RunFolder

_MEASURED = ("test", "validation")
"""The splits that shortcuts are measured on."""


class ShortcutsView(EvaluationView):
    id = "shortcuts"
    title = Text("Shortcuts", "Atajos")
    group = TRUST

    def __init__(self, workspace: Workspace, state: dict[str, Any]) -> None:
        super().__init__(workspace, state)
        self._jobs = workspace.session.jobs
        self._results: dict[str, ShortcutProbed] = {}
        self._outdated = False
        self._run: RunFolder | None = None
        self._reader = Latest(self._jobs, "evaluation-shortcuts", lambda run, _report: read_shortcut_data(run), self)
        self._reader.answered.connect(self._on_read)
        self._jobs.changed.connect(self._show_work)
        self._jobs.ended.connect(self._on_job_ended)
        about = Label(tr(
            "A network takes whatever tells the classes apart, also what has nothing to do with them: the background, the "
            "camera, the compression. Such shortcuts work on these pictures and nowhere else. Here classifiers try with only "
            "one kind of information left: the less of the picture a high bar needs, the more you should mistrust it.",
            "Una red usa todo lo que distingue las clases, también lo que nada tiene que ver con ellas: el fondo, la cámara o "
            "la compresión. Esos atajos sirven con estas imágenes y con ninguna otra. Aquí unos clasificadores prueban con un "
            "solo tipo de información: cuanto menos de la imagen necesite una barra alta, más motivo hay para desconfiar."),
            "body", "dim", wrap=True)
        self.start_button = Button(tr("Look for shortcuts", "Buscar atajos"), on_click=self.start)
        self._cancel = Button(tr("Cancel", "Cancelar"), "link", on_click=self._stop)
        self._phase = Label("", "body")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        work = row(self._phase, self._bar, self._cancel, spacing=14)
        work.setStretch(1, 1)
        self._work = box(work)
        self._work.hide()
        self.verdict = Label("", "body_strong", wrap=True)
        self.failure = Label("", "body", "error", wrap=True)
        self.failure.hide()
        head = Card(about, box(row(self.start_button, None)), self._work, self.verdict, self.failure, spacing=10)
        legend = legend_label(((theme.color("accent"), "▮", tr("from this alone", "solo con esto")),
                               (theme.color("text"), "┊", tr("chance", "azar")),
                               (theme.color("ok"), "┃", tr("whole pictures", "imágenes enteras")),
                               (theme.color("text"), "◆", tr("the run's model", "el modelo del entrenamiento"))))
        self.rows = {"": ShortcutRow(None)} | {probe.id: ShortcutRow(probe) for probe in SHORTCUTS}
        self._list = Card(legend, spacing=12)
        for place, line in enumerate(self.rows.values()):
            if place:
                self._list.body.addWidget(Rule())
            self._list.body.addWidget(line)
        self.setLayout(column(scroll_area(box(column(head, self._list, None, spacing=16, margins=(24, 16, 24, 24))))))

    def close_threads(self) -> None:
        self._reader.close()

    # What is shown -------------------------------------------------------------------------------

    def show_evaluation(self, context: EvaluationContext) -> None:
        if self._run is None or self._run.folder != context.run.folder:
            self._results, self._outdated = {}, False
            self.failure.hide()
            self._show_results()
        self._run = context.run
        self._reader.ask(context.run)
        self._show_work()

    def _on_read(self, run: RunFolder, data: ShortcutData | Failure) -> None:
        if self._run is None or run.folder != self._run.folder or isinstance(data, Failure):
            return
        for name, line in self.rows.items():
            picture: np.ndarray | None = data.examples.get(name)
            line.show_example(None if picture is None else image_of(picture))
        if self._own_job() is None:
            self._results = {result.probe: result for result in data.results}
            self._outdated = data.outdated
        self._show_results()

    def _show_results(self) -> None:
        first = next(iter(self._results.values()), None)
        for name, line in self.rows.items():
            line.show_result(first if name == "" else self._results.get(name))
        self.verdict.setText(self._verdict())
        self.verdict.setVisible(bool(self.verdict.text()))
        self.start_button.setText(tr("Look again", "Buscar de nuevo") if self._results or self._outdated
                                  else tr("Look for shortcuts", "Buscar atajos"))

    def _verdict(self) -> str:
        if self._outdated:
            return tr("The model was trained further since the last audit. Look again for current results.",
                      "El modelo se ha seguido entrenando desde la última auditoría. Busque de nuevo para ver resultados "
                      "actuales.")
        if len(self._results) < len(SHORTCUTS):
            return ""
        first = next(iter(self._results.values()))
        split = str(SPLIT_NAMES[first.split]).lower()
        count = sum(result.suspicious for result in self._results.values())
        where = tr("Measured on {n} pictures ({split}).", "Medido con {n} imágenes ({split}).", n=format_count(first.pictures),
                   split=split)
        if not count:
            return tr("Nothing suspicious. {where}", "Nada sospechoso. {where}", where=where)
        return tr("{n} of {all} are suspicious. {where}", "{n} de {all} son sospechosos. {where}", n=count, all=len(SHORTCUTS),
                  where=where)

    # The work ------------------------------------------------------------------------------------

    def start(self) -> None:
        """Look for shortcuts in the run that is shown."""
        if self.context is None or self._jobs.of_kind(SHORTCUTS_KIND) is not None:
            return
        self.failure.hide()
        self._results, self._outdated = {}, False
        self._show_results()
        split = self.context.split if self.context.split in _MEASURED else ""
        start_shortcuts(self.workspace.session, self.context.run, split, self._on_event)
        self._show_work()

    def _stop(self) -> None:
        job = self._jobs.of_kind(SHORTCUTS_KIND)
        if job is not None:
            job.cancel()

    def _own_job(self) -> Job | None:
        """The audit of the run that is shown, while it works; its preparation counts for every run."""
        job = self._jobs.of_kind(SHORTCUTS_KIND)
        if isinstance(job, ChildJob) and isinstance(job.job, FindShortcuts) and self._run is not None:
            return job if job.job.run_folder == str(self._run.folder) else None
        return job

    def _on_event(self, event: Event) -> None:
        if isinstance(event, ShortcutProbed) and self._run is not None and event.run == self._run.id:
            self._results[event.probe] = event
            self._show_results()

    def _show_work(self) -> None:
        job, own = self._jobs.of_kind(SHORTCUTS_KIND), self._own_job()
        self._work.setVisible(own is not None)
        self.start_button.setEnabled(job is None)
        self.start_button.setToolTip("" if job is None or own is not None else tr(
            "The pictures of another run are being looked at.", "Se están revisando las imágenes de otro entrenamiento."))
        if own is not None:
            self._phase.setText(str(own.phase or own.label))
            show_progress(self._bar, own.progress)

    def _on_job_ended(self, job: Job, last: Event) -> None:
        if job.kind != SHORTCUTS_KIND:
            return
        if isinstance(last, Failed):
            self.failure.setText(str(last.problem.text))
            self.failure.show()
        if self._run is not None and (isinstance(job, ChildJob) or isinstance(last, Failed)):
            self._reader.ask(self._run)
        self._show_work()
