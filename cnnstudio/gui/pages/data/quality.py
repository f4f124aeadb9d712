"""The quality part of the left panel: findings of the audit by kind, each a filter, and its thresholds."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QProgressBar, QWidget

from cnnstudio.catalog.findings import GROUPS, KINDS
from cnnstudio.core.dataset import SPLIT_NAMES
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.pages.data.thresholds import ThresholdPanel
from cnnstudio.gui.pages.file_dialogs import ask_save_path, report_saved
from cnnstudio.gui.state.jobs import Job, Report, Work
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Caption, Label, column, row
from cnnstudio.gui.widgets.cards import Expander, FilterLine
from cnnstudio.gui.widgets.formatting import format_count, format_percent, format_pictures, format_time_left
from cnnstudio.gui.widgets.progress import show_progress

_FILES: Final = ("unreadable", "truncated")
"""Kinds that the scan reports without an audit."""


class QualityPanel(QWidget):
    """`filter_chosen(name, value)`: a kind of finding, unreadable or excluded pictures, or a class."""

    filter_chosen = Signal(str, object)

    def __init__(self, workspace: Workspace, state: dict[str, Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._state = workspace.session, state
        self._collection, self._counts = workspace.collection, workspace.counts
        self._audit, self._leaks = workspace.audit, workspace.leaks
        session = self._session
        self._start = Button(tr("Audit the pictures", "Auditar las imágenes"), "", "search", on_click=self._start_audit)
        self._cancel = Button(tr("Cancel", "Cancelar"), "link", on_click=workspace.audit.cancel)
        self._text = Label("", "secondary", "dim", wrap=True)
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setRange(0, 1000)
        self._busy = QWidget()
        line = row(self._progress, self._cancel, spacing=8)
        line.setStretch(0, 1)
        self._busy.setLayout(column(self._text, line, spacing=4))
        self._unreadable = FilterLine(tr("Unreadable", "Ilegibles"), "warn")
        self._unreadable.clicked.connect(lambda: self.filter_chosen.emit("problem", "any"))
        self._excluded = FilterLine(tr("Excluded", "Excluidas"))
        self._excluded.clicked.connect(lambda: self.filter_chosen.emit("excluded", "only"))
        self._lines: dict[str, FilterLine] = {}
        lines: list[QWidget] = []
        for group in GROUPS:
            for kind in KINDS:
                if kind.group == group and kind.id not in _FILES:
                    token = {"error": "error", "warning": "warn", "info": "dim"}[kind.severity]
                    self._lines[kind.id] = filter_line = FilterLine(str(kind.label), token)
                    filter_line.setToolTip(str(kind.help))
                    filter_line.clicked.connect(lambda _=False, kind=kind.id: self._on_line_clicked(kind))
                    filter_line.hide()
                    lines.append(filter_line)
        self._clean = Label(tr("There are no other findings.", "No hay más hallazgos."), "secondary", "dim", wrap=True)
        self._leak = Label("", "secondary", "error", wrap=True)
        self.thresholds = ThresholdPanel(workspace)
        self.thresholds.threshold_changed.connect(self._on_threshold_changed)
        self._report = Button(tr("Report (HTML)…", "Informe (HTML)…"), "link", on_click=self._write_report)
        self.setLayout(column(Caption(tr("Quality", "Calidad")), self._busy, self._start, self._unreadable, self._excluded,
                              *lines, self._clean, self._leak, self._report,
                              Expander(tr("Thresholds", "Umbrales"), self.thresholds), spacing=4))
        session.jobs.changed.connect(self._show_job)
        workspace.leaks.changed.connect(self._show_leaks)

    def _start_audit(self) -> None:
        self._audit.start()
        self._show_job()

    def _on_line_clicked(self, kind: str) -> None:
        if KINDS[kind].group == "balance":
            names = tuple(item.path for item in self._collection.findings_of_kind(kind))
            self.filter_chosen.emit("classes", names)
        else:
            self.filter_chosen.emit("findings", (kind,))

    def _on_threshold_changed(self, name: str) -> None:
        """Show the pictures that it decides about."""
        kinds = tuple(kind.id for kind in KINDS if kind.threshold == name and kind.group != "balance")
        shown = self._counts.findings or self.thresholds.found(name)
        if kinds and tuple(self._state.get("findings", ())) != kinds[:1] and shown:
            self.filter_chosen.emit("findings", kinds[:1])

    def show_numbers(self) -> None:
        """Show the counts, and mark the lines that filter."""
        numbers = self._counts
        counts, state = numbers.findings, self._state
        unreadable = sum(numbers.unreadable.values())
        self._unreadable.show_value(format_count(unreadable), on=bool(state.get("problem")), warn=unreadable > 0)
        self._excluded.show_value(format_count(numbers.excluded), on=state.get("excluded") == "only")
        for kind, line in self._lines.items():
            number = counts.get(kind, 0)
            on = tuple(state.get("findings", ())) == (kind,)
            line.setVisible(number > 0 or on)
            line.show_value(format_count(number), on=on, warn=number > 0)
        audited = numbers.total > 0 and numbers.unmeasured < numbers.total
        self._clean.setVisible(audited and not any(counts.get(kind) for kind in self._lines))
        self._report.setVisible(audited)
        self._show_leaks()
        waiting = numbers.unmeasured
        self._start.setText(tr("Audit the pictures", "Auditar las imágenes") if not audited else
                            (tr("Audit {n} more", "Auditar {n} más", n=format_count(waiting)) if waiting
                             else tr("Audit again", "Auditar de nuevo")))
        self._start.setEnabled(numbers.total > 0)
        self._show_job()

    def _write_report(self) -> None:
        session, index, root = self._session, self._collection.index, self._collection.root
        if index is None or root is None or session.folder is None:
            return
        name = session.project.name or session.folder.name
        path = ask_save_path(session, self.window(), tr("Report of the audit", "Informe de la auditoría"),
                             tr("audit", "auditoria") + ".html", "HTML (*.html)")
        if path is None:
            return

        def work(_report: Report) -> None:
            from cnnstudio.datasets.audit.report import write_report
            from cnnstudio.datasets.findings import all_findings

            write_report(path, index, root, all_findings(index), name)

        def done(job: Work) -> None:
            if (problem := getattr(job.last, "problem", None)) is not None:
                session.report(problem)
            else:
                report_saved(session, path)
                QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))

        session.jobs.run(work, Text("Writing the report", "Escribiendo el informe"), "report", page="data", done=done,
                         owner=self)

    def _show_leaks(self) -> None:
        parts = [tr("{share} of the {split} pictures have a duplicate among the training pictures.",
                    "El {share} de las imágenes de {split} tiene una copia entre las de entrenamiento.",
                    share=format_percent(leaked / total), split=str(SPLIT_NAMES[split]).lower())
                 for split, (leaked, total) in self._leaks.shares.items() if leaked]
        self._leak.setText("\n".join(parts))
        self._leak.setVisible(bool(parts))

    def _show_job(self) -> None:
        job: Job | None = self._audit.running
        self._busy.setVisible(job is not None)
        self._start.setVisible(job is None)
        if job is None:
            return
        text = str(job.phase or job.label)
        if job.seconds_left is not None:
            text += " · " + tr("{time} left", "quedan {time}", time=format_time_left(job.seconds_left))
        self._text.setText(text)
        show_progress(self._progress, job.progress)
        self._progress.setToolTip(format_pictures(self._counts.total))
