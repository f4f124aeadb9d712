"""The Export page: a run as a bundle or a .keras file, verified before it counts as done."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFileDialog, QGridLayout, QLineEdit, QProgressBar, QWidget

from cnnstudio.catalog.exporters import EXPORTERS
from cnnstudio.core import edits
from cnnstudio.core.events import Event, Failed, Stopped
from cnnstudio.core.export_jobs import Exported
from cnnstudio.core.problems import Fix, Problem, ProblemError, error
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.pages.base import Page
from cnnstudio.gui.pages.export.cards import EarlierExports, FormatCard, ResultCard
from cnnstudio.gui.pages.export.records import (
    ExportRecord,
    default_target,
    earlier_exports,
    record_of,
    suffix_of,
    with_record,
    with_suffix,
)
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.state.commands import ShowLibraries
from cnnstudio.gui.state.jobs import ChildJob, Job
from cnnstudio.gui.widgets.basics import Button, Label, box, column, row, scroll_area
from cnnstudio.gui.widgets.cards import Banner, Card
from cnnstudio.gui.widgets.flow import FlowLayout
from cnnstudio.gui.widgets.inputs import Select
from cnnstudio.gui.widgets.number_box import NumberBox
from cnnstudio.gui.widgets.progress import show_progress
from cnnstudio.workers.job_setup import export_job
from cnnstudio.workers.runs.folder import RunFolder, RunSummary, list_runs

KIND: Final = "export"
_WIDE: Final = 1560
OWN, OTHER, NONE = "own", "other", "none"
"""The pictures on which an export is compared: the run's, those of a folder, or none."""


class ExportPage(Page):
    id = "export"
    title = Text("Export", "Exportar")
    icon = "export"

    def subtitle(self) -> str:
        return tr("Every export is reopened and compared with the trained model",
                  "Cada exportación se reabre y se compara con el modelo entrenado")

    def actions(self) -> Iterable[QWidget]:
        self._button = Button(tr("Export", "Exportar"), "primary", on_click=self.start)
        return (self._button,)

    def centre(self) -> QWidget:
        self._runs: list[RunSummary] = []
        self._cards = [FormatCard(exporter) for exporter in EXPORTERS]
        holder = QWidget()
        flow = FlowLayout(holder, spacing=16, cell=300)
        for card in self._cards:
            flow.addWidget(card)
            card.clicked.connect(lambda format=card.exporter.id: self._choose_format(format))
            card.library_wanted.connect(lambda library: self.session.request(ShowLibraries(library)))
        self._banner = column()
        self._result = ResultCard()
        self._result.hide()
        self._earlier = EarlierExports()
        layout = column(holder, self._settings(), self._working(), self._banner, self._result, self._earlier, None,
                        spacing=16, margins=(24, 20, 24, 24))
        inner = box(layout)
        inner.setMaximumWidth(_WIDE)
        line = row(inner)
        line.setStretch(0, 100)
        line.addStretch(1)
        self.session.jobs.changed.connect(self._show_work)
        self.session.jobs.ended.connect(self._on_job_ended)
        self._area = scroll_area(box(line))
        return self._area

    def _settings(self) -> QWidget:
        self._run_box = Select()
        self._run_box.setMinimumContentsLength(24)
        self._run_box.chosen.connect(self._choose_run)
        self._target = QLineEdit()
        self._target.textEdited.connect(self._on_target_typed)
        self._samples = NumberBox(3, minimum=1, maximum=64, integer=True)
        self._samples.setMaximumWidth(120)
        self._samples.value_changed.connect(self._set_samples)
        self._samples.settled.connect(self.session.seal)
        self._samples_words = Label(tr("Sample pictures", "Imágenes de muestra"), tone="dim")
        self._note = Label("", "secondary", "dim", wrap=True)
        self._check = Select()
        self._check.setMinimumContentsLength(24)
        self._check.chosen.connect(self._choose_check)
        self._check_note = Label("", "secondary", "warn", wrap=True)
        names = (tr("Run", "Entrenamiento"), tr("Save to", "Guardar en"), tr("Compare on", "Comparar con"))
        for widget, name in ((self._run_box, names[0]), (self._target, names[1]), (self._check, names[2]),
                             (self._samples, self._samples_words.text())):
            widget.setAccessibleName(name)
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(10)
        grid.setColumnStretch(1, 1)
        grid.addWidget(Label(names[0], tone="dim"), 0, 0)
        grid.addWidget(self._run_box, 0, 1, 1, 2)
        grid.addWidget(Label(names[1], tone="dim"), 1, 0)
        grid.addWidget(self._target, 1, 1)
        grid.addWidget(Button(tr("Choose…", "Elegir…"), "", "folder", on_click=self._ask_target), 1, 2)
        grid.addWidget(self._note, 2, 1, 1, 2)
        grid.addWidget(Label(names[2], tone="dim"), 3, 0)
        grid.addWidget(self._check, 3, 1)
        grid.addWidget(self._check_note, 4, 1, 1, 2)
        grid.addWidget(self._samples_words, 5, 0)
        grid.addWidget(self._samples, 5, 1)
        holder = QWidget()
        holder.setLayout(grid)
        return Card(holder, title=tr("What to export", "Qué exportar"), spacing=12)

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
        self._show_check()

    def _show_check(self) -> None:
        """The choice of pictures to compare the export on, with a warning where there are none."""
        chosen, data = self.state.get("check", OWN), str(self.state.get("check_data", ""))
        other = tr("Other pictures: {path}", "Otras imágenes: {path}", path=data) if chosen == OTHER else tr(
            "Other pictures…", "Otras imágenes…")
        self._check.set_choices((
            (OWN, tr("The pictures of the run", "Las imágenes del entrenamiento")), (OTHER, other),
            (NONE, tr("Nothing (export without a check)", "Nada (exportar sin comprobar)"))), chosen)
        self._check_note.setVisible(chosen == NONE)
        has_samples = EXPORTERS[self.format].has_samples and chosen != NONE
        self._samples.setVisible(has_samples)
        self._samples_words.setVisible(has_samples)
        self._check_note.setText(tr("The export will state that it was not checked on real pictures.",
                                    "La exportación indicará que no se comprobó con imágenes reales."))

    def _on_target_typed(self, text: str) -> None:
        self.state["target"] = text
        self._show_note()

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
        """Export the chosen run."""
        run, target = self._run(), self.target()
        if run is None or target is None or self.session.jobs.of_kind(KIND) is not None:
            return
        for name in ("failure", "result"):
            self.state.pop(name, None)
        try:
            check = self.state.get("check", OWN)
            job = export_job(RunFolder(run.folder), self.format, target, self.session.project.export.samples,
                             data=Path(self.state["check_data"]) if check == OTHER else None, unchecked=check == NONE)
        except ProblemError as err:
            self.state["failure"] = err.problems[0]
        else:
            child = ChildJob(job, Text("Export", "Exportación"), KIND, page="export")
            child.event.connect(self._on_event)
            self.state["exporting"] = run.id
            self.session.jobs.start(child)
        self._show()

    def _cancel(self) -> None:
        job = self.session.jobs.of_kind(KIND)
        if job is not None:
            job.cancel()

    def _on_event(self, event: Event) -> None:
        if isinstance(event, Exported):
            record = record_of(event, str(self.state.get("exporting", "")))
            self.state["result"] = record
            exports = dict(self.session.recall("exports") or {})
            exports[str(self.session.folder)] = with_record(self._entries(), record)
            self.session.remember("exports", exports)

    def _on_job_ended(self, job: Job, last: Event) -> None:
        if job.kind != KIND:
            return
        if isinstance(last, Failed):
            self.state["failure"] = last.problem
        elif isinstance(last, Stopped):
            self.state.pop("failure", None)
        self._show()
        # After the layout has placed the new card.
        QTimer.singleShot(60, self._area, self._show_end)

    def _show_end(self) -> None:
        banner = self._banner.itemAt(0)
        widget = self._result if banner is None else banner.widget()
        if widget is not None and not widget.isHidden():
            self._area.ensureWidgetVisible(widget, 0, 24)

    # What is shown -------------------------------------------------------------------------------

    def _entries(self) -> list[Any]:
        entries = (self.session.recall("exports") or {}).get(str(self.session.folder), [])
        return list(entries) if isinstance(entries, list) else []

    def refresh(self, change: Change) -> None:
        folder = self.session.folder
        if change.of("runs", "folder"):
            self._runs = [run for run in list_runs(folder) if run.has_model] if folder is not None else []
        if change.of("libraries"):
            for card in self._cards:
                card.update_libraries()
            # The banner of the missing library goes, and so does a failure for want of it.
            self.state.pop("failure", None)
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
            yield from EXPORTERS[self.format].missing_libraries()

    def _show(self) -> None:
        run, target = self._run(), self.target()
        for card in self._cards:
            card.set_selected(card.exporter.id == self.format)
        self._run_box.set_choices([(run.id, run.title) for run in self._runs], run.id if run is not None else None)
        self._run_box.setEnabled(run is not None)
        text = str(target) if target is not None else ""
        if self._target.text() != text and not self._target.hasFocus():
            self._target.setText(text)
            self._target.setCursorPosition(0)
        self._target.setToolTip(text)
        self._target.setEnabled(run is not None)
        self._samples.set_value(self.session.project.export.samples)
        self._show_note()
        self._show_check()
        self._show_result()
        self._show_work()
        self.header_changed.emit()

    def _show_note(self) -> None:
        target = self.target()
        there = target is not None and target.exists()
        self._note.setVisible(there)
        self._note.setText(tr("This name is already taken. An earlier export is replaced; anything else is left "
                              "untouched.",
                              "Este nombre ya existe. Una exportación anterior se reemplaza; cualquier otra cosa "
                              "queda intacta."))

    def _show_result(self) -> None:
        from cnnstudio.gui.widgets.basics import clear

        clear(self._banner)
        failure = self.state.get("failure")
        if isinstance(failure, Problem):
            banner = Banner(failure, closable=True)
            banner.fix_chosen.connect(self.session.apply)
            banner.closed.connect(self._forget_failure)
            self._banner.addWidget(banner)
        record = self.state.get("result")
        self._result.setVisible(isinstance(record, ExportRecord))
        if isinstance(record, ExportRecord):
            self._result.show_record(record)
        folder = self.session.folder
        records = earlier_exports(folder, self._entries()) if folder is not None else []
        self._earlier.show_records([item for item in records if record is None or item.path != record.path])

    def _forget_failure(self) -> None:
        self.state.pop("failure", None)
        self._show_result()

    def _show_work(self) -> None:
        job = self.session.jobs.of_kind(KIND)
        self._work.setVisible(job is not None)
        blockers = list(self.blocking_problems())
        self._button.setEnabled(job is None and self._run() is not None and not blockers)
        self._button.setToolTip("\n".join(str(problem.text) for problem in blockers))
        if job is not None:
            self._work_words.setText(str(job.phase or job.label))
            show_progress(self._work_bar, job.progress)
