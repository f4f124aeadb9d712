"""The Export page: a run in every format, verified before it counts as done."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFileDialog, QProgressBar, QWidget

from cnnstudio.catalog.exporters import EXPORTERS
from cnnstudio.catalog.exporters.entry import ExampleFacts
from cnnstudio.core import edits
from cnnstudio.core.events import Event, Failed, Stopped
from cnnstudio.core.export_jobs import Exported, LossesMeasured
from cnnstudio.core.problems import Fix, Problem, ProblemError, error
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.pages.base import Page
from cnnstudio.gui.pages.export.cards import EarlierExports, ResultCard
from cnnstudio.gui.pages.export.details import FormatDetails
from cnnstudio.gui.pages.export.examples_card import ExamplesCard
from cnnstudio.gui.pages.export.format_cards import FormatCards
from cnnstudio.gui.pages.export.losses import LossesCard
from cnnstudio.gui.pages.export.options import NONE, OTHER, OWN, OptionsCard
from cnnstudio.gui.pages.export.pareto_card import ParetoCard
from cnnstudio.gui.pages.export.records import default_target, earlier_exports, record_of, suffix_of, with_suffix
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.state.commands import SaveReport, ShowLibraries
from cnnstudio.gui.state.jobs import ChildJob, Job
from cnnstudio.gui.widgets.basics import Button, Label, box, clear, column, row, scroll_area
from cnnstudio.gui.widgets.cards import Banner, Card
from cnnstudio.gui.widgets.progress import show_progress
from cnnstudio.workers.export_support import engine_problems, example_facts, unsupported_problems
from cnnstudio.workers.job_setup import export_job, losses_job
from cnnstudio.workers.runs.exports import ExportRecord
from cnnstudio.workers.runs.folder import RunFolder, RunSummary, list_runs

KIND: Final = "export"
LOSSES: Final = "losses"
_WIDE: Final = 1560
_MOST: Final = 20
"""Earlier exports in the list."""


class ExportPage(Page):
    id = "export"
    title = Text("Export", "Exportar")
    icon = "export"

    def subtitle(self) -> str:
        return tr("Every export is reopened and compared with the trained model",
                  "Cada exportación se reabre y se compara con el modelo entrenado")

    def actions(self) -> Iterable[QWidget]:
        self._all = Button(tr("Export all…", "Exportar todo…"), "", "export", on_click=self._ask_all)
        self._all.setToolTip(tr("Every format that this run and this computer can write, into one folder",
                                "Todos los formatos que este entrenamiento y este equipo pueden escribir, en una carpeta"))
        self._button = Button(tr("Export", "Exportar"), "primary", on_click=self.start)
        return (self._all, self._button)

    def centre(self) -> QWidget:
        self._runs: list[RunSummary] = []
        self._reasons: dict[str, tuple[Problem, ...]] = {}
        self._facts: ExampleFacts | None = None
        self._formats = FormatCards()
        self._formats.chosen.connect(self._choose_format)
        self._formats.library_wanted.connect(lambda library: self.session.request(ShowLibraries(library)))
        self._formats.report_wanted.connect(lambda: self.session.request(SaveReport()))
        self._options = OptionsCard()
        self._options.run_chosen.connect(self._choose_run)
        self._options.target_typed.connect(self._on_target_typed)
        self._options.target_wanted.connect(self._ask_target)
        self._options.check_chosen.connect(self._choose_check)
        self._options.samples_changed.connect(self._set_samples)
        self._options.samples_settled.connect(self.session.seal)
        self._options.engine_chosen.connect(lambda engine: self._choose(engine=engine))
        self._losses = LossesCard()
        self._losses.wanted.connect(self._measure_losses)
        self._losses.kept_changed.connect(lambda names: self.state.__setitem__("kept_in_float", names))
        self._banner = column()
        self._result = ResultCard()
        self._result.hide()
        self._pareto = ParetoCard()
        self._pareto.record_chosen.connect(self._show_again)
        self._examples = ExamplesCard()
        self._earlier = EarlierExports()
        self._earlier.chosen.connect(self._show_again)
        layout = column(self._formats, self._options, self._losses, self._working(), self._banner, self._result, self._examples,
                        self._pareto, self._earlier, None, spacing=16, margins=(24, 20, 24, 24))
        inner = box(layout)
        inner.setMaximumWidth(_WIDE)
        line = row(inner)
        line.setStretch(0, 100)
        line.addStretch(1)
        self.session.jobs.changed.connect(self._show_work)
        self.session.jobs.ended.connect(self._on_job_ended)
        self._area = scroll_area(box(line))
        return self._area

    def inspector(self) -> QWidget:
        self._details = FormatDetails()
        return self._details

    def _working(self) -> QWidget:
        self._work_words = Label("", "body")
        self._work_bar = QProgressBar()
        self._work_bar.setTextVisible(False)
        line = row(self._work_words, self._work_bar, Button(tr("Cancel", "Cancelar"), "link", on_click=self._cancel),
                   spacing=16)
        line.setStretch(1, 1)
        self._work = Card(box(line), margins=(16, 8, 16, 8))
        self._work.hide()
        return self._work

    # What is chosen ------------------------------------------------------------------------------

    @property
    def format(self) -> str:
        """The chosen format; the first one where the project has an unknown one."""
        chosen = self.session.project.export.format
        return chosen if EXPORTERS.find(chosen) is not None else next(iter(EXPORTERS)).id

    def _run(self) -> RunSummary | None:
        runs = getattr(self, "_runs", [])
        return next((run for run in runs if run.id == self.session.chosen_run), runs[0] if runs else None)

    def target(self) -> Path | None:
        """The path of the export: chosen by the user, else exports/ in the project's folder."""
        run, folder = self._run(), self.session.folder
        if run is None or folder is None:
            return None
        written = str(self.state.get("target", "")).strip()
        if not written:
            return default_target(folder, self.session.project.name or folder.name, run.id, self.format)
        # A relative path is relative to the project's folder, not to the working directory.
        return with_suffix(folder / Path(written).expanduser(), self.format)

    def _choose_run(self, run: object) -> None:
        self.session.chosen_run = str(run)

    def _choose(self, **values: str) -> None:
        self.state.update(values)
        self._show()

    def _choose_format(self, format: str) -> None:
        if format == self.session.project.export.format:
            return
        old, new = suffix_of(self.format), suffix_of(format)
        written = str(self.state.get("target", ""))
        if written:
            self.state["target"] = (written.removesuffix(old) if old else written) + new
        self.session.edit(lambda project: edits.set_field(project, "export", "format", format),
                          Text("Export format", "Formato de exportación"))

    def _set_samples(self, value: Any) -> None:
        self.session.edit(lambda project: edits.set_field(project, "export", "samples", int(value)),
                          Text("Sample pictures", "Imágenes de muestra"), "export.samples")

    def _choose_check(self, value: object) -> None:
        if value == OTHER:
            path = QFileDialog.getExistingDirectory(
                self._button.window(), tr("Folder of pictures to compare on", "Carpeta de imágenes con las que comparar"),
                self.session.recall("source_folder", str(Path.home())))
            if path:
                self.state.update(check=OTHER, check_data=path)
        else:
            self.state["check"] = value
        self._show()

    def _on_target_typed(self, text: str) -> None:
        self.state["target"] = text
        self._options.show_target(self.target())

    def _ask_target(self) -> None:
        start, suffix = self.target(), suffix_of(self.format)
        kind = f"{EXPORTERS[self.format].label} (*{suffix})" if suffix else ""
        path, _ = QFileDialog.getSaveFileName(self._button.window(), tr("Save the export as", "Guardar la exportación"),
                                              str(start or Path.home()), kind,
                                              options=QFileDialog.Option.DontConfirmOverwrite)
        if path:
            self._choose(target=path)

    # The work ------------------------------------------------------------------------------------

    def start(self) -> None:
        """Export the chosen run in the chosen format."""
        target = self.target()
        if target is not None:
            self._start([(self.format, target)])

    def _ask_all(self) -> None:
        run, start = self._run(), self.target()
        if run is None or start is None:
            return
        folder = QFileDialog.getExistingDirectory(self._button.window(), tr("Folder for all formats", "Carpeta para todos los "
                                                                                                      "formatos"),
                                                  str(start.parent if start.parent.is_dir() else Path.home()))
        if folder:
            self.export_all(Path(folder))

    def export_all(self, folder: Path) -> None:
        """Export the chosen run in every format that is possible here, one after the other."""
        run = self._run()
        if run is not None:
            self._start([(entry.id, Path(folder) / run.id / f"{entry.id}{entry.suffix}") for entry in EXPORTERS
                         if not self._reasons.get(entry.id)])

    def _start(self, queue: list[tuple[str, Path]]) -> None:
        if self._run() is None or self.session.jobs.of_kind(KIND) is not None:
            return
        self._failures.clear()
        self.state.pop("result", None)
        self.state["queue"] = queue
        self._start_next()
        self._show()

    def _start_next(self) -> None:
        """Start the next export of the queue. One that cannot begin is told, and the others go on."""
        run, queue = self._run(), self.state.get("queue", [])
        while run is not None and queue:
            format, target = queue.pop(0)
            entry = EXPORTERS[format]
            check = self.state.get("check", OWN)
            try:
                job = export_job(RunFolder(run.folder), format, target, self.session.project.export.samples,
                                 data=Path(self.state["check_data"]) if check == OTHER else None,
                                 unchecked=check == NONE and not entry.calibrates,
                                 engine=str(self.state.get("engine", "")) if entry.engines else "",
                                 keep_in_float=self.state.get("kept_in_float", ()) if entry.calibrates else ())
            except ProblemError as err:
                self._failures.append(err.problems[0])
                continue
            label = Text("Export: {format}", "Exportación: {format}").fill(format=entry.label)
            child = ChildJob(job, label, KIND, page="export")
            child.event.connect(self._on_event)
            self.state["exporting"] = run.id
            self.session.jobs.start(child)
            return

    def _measure_losses(self) -> None:
        run = self._run()
        if run is None or self.session.jobs.of_kind(LOSSES) is not None:
            return
        try:
            job = losses_job(RunFolder(run.folder))
        except ProblemError as err:
            self._failures.append(err.problems[0])
        else:
            child = ChildJob(job, Text("Losses of whole numbers", "Pérdidas de los números enteros"), LOSSES, page="export")
            child.event.connect(self._on_event)
            self.session.jobs.start(child)
        self._show()

    def _cancel(self) -> None:
        self.state["queue"] = []
        for kind in (KIND, LOSSES):
            job = self.session.jobs.of_kind(kind)
            if job is not None:
                job.cancel()

    def _on_event(self, event: Event) -> None:
        if isinstance(event, Exported):
            self.state["result"] = record_of(event, str(self.state.get("exporting", "")))
        elif isinstance(event, LossesMeasured):
            self.state["losses"] = event

    def _on_job_ended(self, job: Job, last: Event) -> None:
        if job.kind not in (KIND, LOSSES):
            return
        if isinstance(last, Failed):
            self._failures.append(last.problem)
        elif isinstance(last, Stopped):
            self._failures.clear()
            self.state["queue"] = []
        if job.kind == KIND:
            self._start_next()
        self._show()
        # After the layout has placed the new card.
        QTimer.singleShot(60, self._area, self._show_end)

    def _show_end(self) -> None:
        banner = self._banner.itemAt(0)
        widget = self._result if banner is None else banner.widget()
        if widget is not None and not widget.isHidden():
            self._area.ensureWidgetVisible(widget, 0, 24)

    # What is shown -------------------------------------------------------------------------------

    def refresh(self, change: Change) -> None:
        folder = self.session.folder
        if change.of("runs", "folder"):
            self._runs = [run for run in list_runs(folder) if run.has_model] if folder is not None else []
        if change.of("libraries"):
            self._reasons = {}
            # The banner of the missing library goes, and so does a failure for want of it.
            self._failures.clear()
        if change.of("runs", "run", "folder", "libraries"):
            self._find_reasons()
        if change.of("runs", "run", "folder", "export", "name", "libraries"):
            running = self.session.jobs.of_kind(KIND)
            if change.of("folder") and running is not None:
                # The job survives a rebuild of the window: connect to it again.
                running.event.connect(self._on_event)
            self._show()
        self._show_work()

    def blocking_problems(self) -> Iterable[Problem]:
        if self.session.is_open and self._run() is None:
            text = Text("There is no trained model to export.", "No hay ningún modelo entrenado que exportar.")
            yield error("no_run", text, "run", fixes=(
                Fix(action="open_page", label=Text("Go to Train", "Ir a Entrenar"), arguments={"page": "train"}),))
        if self.session.is_open:
            entry = EXPORTERS[self.format]
            yield from self._reasons.get(entry.id) or entry.missing_libraries()
            yield from engine_problems(entry, str(self.state.get("engine", "")))

    def _find_reasons(self) -> None:
        """Why the chosen run cannot be exported in each format here."""
        run = self._run()
        self._reasons, self._facts = {}, None
        if run is None:
            return
        folder = RunFolder(run.folder)
        try:
            self._facts = example_facts(folder, Path())
            for entry in EXPORTERS:
                self._reasons[entry.id] = unsupported_problems(entry, folder)
        except ProblemError:
            # A run that cannot be read says so when it is exported.
            self._reasons = {}

    def _show(self) -> None:
        run, target = self._run(), self.target()
        entry = EXPORTERS[self.format]
        # Missing libraries have a line of their own on the card.
        self._formats.show_choice(self.format, {
            name: tuple(problem for problem in problems if not problem.code.endswith("_missing"))
            for name, problems in self._reasons.items()})
        self._options.show_run(self._runs, run, target)
        self._options.show_choices(entry, self.state, self.session.project.export.samples)
        losses = self.state.get("losses")
        measured = losses if isinstance(losses, LossesMeasured) and run is not None and losses.run == run.id else None
        self._losses.setVisible(entry.calibrates and run is not None)
        self._losses.show_losses(measured, self.state.get("kept_in_float", []),
                                 busy=self.session.jobs.of_kind(LOSSES) is not None or bool(self._reasons.get(entry.id)))
        facts = None if self._facts is None or target is None else msgspec.structs.replace(self._facts, path=str(target))
        self._details.show_format(entry)
        self._examples.show_format(entry, facts)
        self._show_result()
        self._show_work()
        self.header_changed.emit()

    def _show_again(self, record: ExportRecord) -> None:
        """Show the certificate of an earlier export."""
        self.state["result"] = record
        self._show_result()
        QTimer.singleShot(60, self._area, self._show_end)

    def _show_result(self) -> None:
        clear(self._banner)
        for failure in self._failures:
            banner = Banner(failure, closable=True)
            banner.fix_chosen.connect(self.session.apply)
            banner.closed.connect(lambda problem=failure: self._forget_failure(problem))
            self._banner.addWidget(banner)
        record = self.state.get("result")
        self._result.setVisible(isinstance(record, ExportRecord))
        if isinstance(record, ExportRecord):
            self._result.show_record(record)
        folder = self.session.folder
        records, damaged = earlier_exports(folder, [RunFolder(item.folder) for item in self._runs])
        self._pareto.show_records(records)
        self._earlier.show_records([item for item in records if record is None or item.path != record.path][:_MOST], damaged)

    @property
    def _failures(self) -> list[Problem]:
        """Why exports since the last start failed."""
        failures: list[Problem] = self.state.setdefault("failures", [])
        return failures

    def _forget_failure(self, problem: Problem) -> None:
        self._failures[:] = [failure for failure in self._failures if failure is not problem]
        self._show_result()

    def _show_work(self) -> None:
        job = self.session.jobs.of_kind(KIND) or self.session.jobs.of_kind(LOSSES)
        self._work.setVisible(job is not None)
        blockers = list(self.blocking_problems())
        idle = job is None and self._run() is not None
        self._button.setEnabled(idle and not blockers)
        self._button.setToolTip("\n".join(str(problem.text) for problem in blockers))
        self._all.setEnabled(idle)
        if job is not None:
            waiting = len(self.state.get("queue", []))
            phase = str(job.phase or job.label)
            self._work_words.setText(phase if not waiting else tr("{phase} ({format}; {n} more)", "{phase} ({format}; {n} más)",
                                                                  phase=phase, format=str(job.label), n=waiting))
            show_progress(self._work_bar, job.progress)
