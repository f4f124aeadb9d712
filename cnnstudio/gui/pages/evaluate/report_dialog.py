"""The dialog that saves a report of a run: what stands in it, as which kind of file, and where."""

from __future__ import annotations

import re
import tempfile
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QCheckBox, QGridLayout, QProgressBar, QWidget

from cnnstudio.catalog.context import context_of
from cnnstudio.catalog.reports import REPORT_FORMATS, REPORT_SECTIONS, ReportFormat
from cnnstudio.core.events import Event, Failed, Finished
from cnnstudio.core.libraries import is_available
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import Text, tr
from cnnstudio.datasets.manifest import read_manifest
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.file_dialogs import ask_save_path
from cnnstudio.gui.state import libraries
from cnnstudio.gui.state.commands import ShowFile
from cnnstudio.gui.state.jobs import Job, Report, Work
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Caption, Elided, Label, box, column, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.dialog import Dialog, fit
from cnnstudio.gui.widgets.inputs import SegmentedControl
from cnnstudio.gui.widgets.progress import show_progress
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.workers.runs.folder import RunFolder

_KIND: Final = "run-report"
_COLUMNS: Final = 2
_NETWORK: Final = "network"
"""The section that needs the drawing of the network."""


class ReportDialog(Dialog):
    """Chosen sections and format are remembered."""

    def __init__(self, session: Session, run: RunFolder, split: str, title: str, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Save report", "Guardar informe"))
        self._session, self._run, self._split, self._title = session, run, split, title
        self._work: Work | None = None
        self._written: Path | None = None
        chosen = session.recall("report_sections", list(REPORT_SECTIONS.ids()))
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(6)
        self.sections: dict[str, QCheckBox] = {}
        lines = -(-len(REPORT_SECTIONS) // _COLUMNS)
        for place, entry in enumerate(REPORT_SECTIONS):
            self.sections[entry.id] = check = QCheckBox(str(entry.label).replace("&", "&&"))
            check.setChecked(entry.id in chosen)
            check.toggled.connect(self._show_state)
            grid.addWidget(check, place % lines, place // lines)
        parts = QWidget()
        parts.setLayout(grid)
        self.all = Button(tr("All", "Todas"), "link", on_click=partial(self._check_all, True))
        self.none = Button(tr("None", "Ninguna"), "link", on_click=partial(self._check_all, False))
        self.format = SegmentedControl([(entry.id, str(entry.label)) for entry in REPORT_FORMATS],
                                       session.recall("report_format", REPORT_FORMATS.ids()[0]), stretch=False)
        self.format.chosen.connect(self._show_state)
        self._missing = Label("", "secondary", "warn", wrap=True)
        self.install_button = Button("", on_click=self._install)
        self._needs = box(column(self._missing, row(self.install_button, None), spacing=6))
        self._phase, self._bar = Label("", "body"), QProgressBar()
        self._bar.setTextVisible(False)
        self._working = box(column(self._phase, self._bar, spacing=4))
        self.failure = Label("", "body", "error", wrap=True, selectable=True)
        self._path = Elided("", "body")
        self.open_button = Button(tr("Open", "Abrir"), on_click=self._open)
        self._saved = Card(Label(tr("The report is saved.", "El informe está guardado."), "body_strong"), self._path,
                           box(row(self.open_button, Button(tr("Show in its folder", "Mostrar en su carpeta"), "link",
                                                            on_click=self._show_folder), None, spacing=12)), edge="ok")
        self._close = Button(tr("Cancel", "Cancelar"), "quiet", on_click=self.reject)
        self.save_button = Button(tr("Save…", "Guardar…"), "primary", on_click=self._ask_place)
        self.failure.hide()
        self._saved.hide()
        self._show_state()
        fit(self, column(
            Label(self.windowTitle(), "title"),
            Label(tr("{run}, for people without this program.", "{run}, para quien no tiene este programa.", run=title), "body",
                  "dim", wrap=True), 4,
            row(Caption(tr("Contents", "Contenido")), None, self.all, self.none, spacing=12), parts, 8,
            Caption(tr("File", "Archivo")), row(self.format, None), self._needs, self._working, self.failure, self._saved, None,
            row(None, self._close, self.save_button, spacing=8), spacing=8, margins=(24, 24, 24, 20)), 520)
        session.jobs.changed.connect(self._show_state)
        session.jobs.ended.connect(self._on_job_ended)

    @property
    def _entry(self) -> ReportFormat:
        return REPORT_FORMATS[str(self.format.value)]

    @property
    def chosen(self) -> tuple[str, ...]:
        """The ids of the chosen sections."""
        return tuple(name for name, check in self.sections.items() if check.isChecked())

    def _check_all(self, on: bool, *_clicked: object) -> None:
        for check in self.sections.values():
            check.setChecked(on)

    def _show_state(self, *_changed: object) -> None:
        """What can be done now."""
        absent = next((library for library in self._entry.libraries if not is_available(library)), None)
        installing = None if absent is None else libraries.installation(self._session, absent.id)
        job = self._work if self._work is not None else installing
        self._needs.setVisible(absent is not None and installing is None)
        if absent is not None:
            self._missing.setText(tr("{format} needs the library {name}, which is not installed yet. {hint}",
                                     "{format} necesita la biblioteca {name}, que aún no está instalada. {hint}",
                                     format=self._entry.label, name=absent.name, hint=absent.hint))
            self.install_button.setText(tr("Install {name}", "Instalar {name}", name=absent.name))
        self._working.setVisible(job is not None)
        if job is not None:
            self._phase.setText(str(job.phase or job.label))
            show_progress(self._bar, job.progress)
        self.save_button.setEnabled(absent is None and job is None and bool(self.chosen))
        for check in self.sections.values():
            check.setEnabled(self._work is None)
        layout = self.layout()
        if layout is not None and self.isVisible():
            needed = layout.totalHeightForWidth(self.width()) if layout.hasHeightForWidth() else layout.sizeHint().height()
            if needed > self.height():
                self.resize(self.width(), needed)

    def _install(self) -> None:
        absent = next((library for library in self._entry.libraries if not is_available(library)), None)
        if absent is not None:
            self.failure.hide()
            libraries.install(self._session, absent.id, absent.name)
            self._show_state()

    def _on_job_ended(self, job: Job, last: Event) -> None:
        if isinstance(last, Failed) and any(job.kind == f"library:{library.id}" for library in self._entry.libraries):
            self._fail(str(last.problem.text))
        self._show_state()

    def _fail(self, text: str) -> None:
        self.failure.setText(text)
        self.failure.show()

    # Writing -------------------------------------------------------------------------------------

    def _ask_place(self) -> None:
        entry = self._entry
        name = re.sub(r"[^\w.() -]+", "_", self._title).strip(" .") or self._run.id
        path = ask_save_path(self._session, self, tr("Save the report as", "Guardar el informe como"), name + entry.suffix,
                             f"{entry.label} (*{entry.suffix})")
        if path is not None:
            self.write(path if path.suffix.lower() == entry.suffix else path.with_name(path.name + entry.suffix))

    def write(self, path: Path) -> None:
        """Write the report in the background."""
        from cnnstudio.workers.reports.files import write_run_report

        sections = self.chosen
        self._session.remember("report_sections", list(sections))
        self._session.remember("report_format", self._entry.id)
        self.failure.hide()
        self._saved.hide()
        try:
            drawing = draw_network(self._run) if _NETWORK in sections else ""
        except ProblemError as problem_error:
            self._fail(str(problem_error.problems[0].text))
            return
        run, split = self._run, self._split

        def work(report: Report) -> Path:
            write_run_report(path, run, split, drawing, sections, report.progress, report.is_cancelled)
            return path

        self._work = self._session.jobs.run(work, Text("Writing the report", "Escribiendo el informe"), _KIND, page="evaluate",
                                            done=self._on_written, owner=self)
        self._show_state()

    def _on_written(self, work: Work) -> None:
        self._work = None
        if isinstance(work.last, Failed):
            self._fail(str(work.last.problem.text))
        elif isinstance(work.last, Finished):
            self._written = work.result
            self._path.setText(str(work.result))
            self._saved.show()
            self._close.setText(tr("Close", "Cerrar"))
        self._show_state()

    def reject(self) -> None:
        if self._work is not None:
            self._work.cancel()
        super().reject()

    def _open(self) -> None:
        if self._written is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._written)))

    def _show_folder(self) -> None:
        if self._written is not None:
            self._session.request(ShowFile(str(self._written)))


def draw_network(run: RunFolder) -> str:
    """The network of a run as SVG, as the canvas shows it, always in the light theme: a report is printed. Raises
    ProblemError."""
    from cnnstudio.gui.pages.network.drawing import write_drawing

    project = run.spec()
    names = read_manifest(run.manifest_path).header.class_names
    context = context_of(project, max(2, len(names)), ProjectBases(run.project_folder))
    with tempfile.TemporaryDirectory(prefix="cnnstudio-report-") as folder, theme.painted_light():
        path = Path(folder) / "network.svg"
        write_drawing(project, context, path)
        text = path.read_text("utf-8")
    return text[text.index("<svg"):]
