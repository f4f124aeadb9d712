"""The parts of the Export page that show exports: the new one, and earlier ones."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget

from cnnstudio.catalog.exporters import EXPORTERS
from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.export.certificates import certificate_facts, format_check
from cnnstudio.gui.widgets.basics import Button, Elided, Icon, Label, Rule, box, clear, column, row
from cnnstudio.gui.widgets.cards import Card, Facts
from cnnstudio.gui.widgets.flow import FlowLayout
from cnnstudio.workers.runs.exports import ExportRecord


def open_folder(path: str) -> None:
    """Show an export in the system's file manager: the folder itself, or the one that contains the file."""
    place = Path(path)
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(place if place.is_dir() else place.parent)))


def copy(text: str) -> None:
    """Copy a text to the clipboard."""
    QGuiApplication.clipboard().setText(text)


def certificate_of(record: ExportRecord) -> Path | None:
    """The file with the check of an export, where it is still there."""
    path = Path(record.path)
    certificate = path / "check.json" if path.is_dir() else path.with_name(f"{path.name}.check.json")
    return certificate if certificate.is_file() else None


def _title(record: ExportRecord) -> str:
    if record.check is None:
        return tr("Exported", "Exportado")
    return (tr("Exported, not checked", "Exportado, sin comprobar") if record.check.unchecked
            else tr("Exported and checked", "Exportado y comprobado"))


class ResultCard(Card):
    """The new export: its path, its check, and how to use it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(edge="ok", spacing=10, parent=parent)
        self._record: ExportRecord | None = None
        self._path = Elided("", "body", "text", mode=Qt.TextElideMode.ElideMiddle)
        self._facts = Facts()
        self._how = Label("", "secondary", "dim", wrap=True)
        self._command = Label("", selectable=True, wrap=True)
        self._command.setFont(theme.mono_font(12))
        copy_command = Button(tr("Copy command", "Copiar el comando"), "icon", "copy", on_click=self._copy_command)
        line = row(self._command, copy_command, spacing=8)
        line.setStretch(0, 1)
        well = box(column(self._how, line, spacing=2))
        self._certificate = Button(tr("Certificate", "Certificado"), "", "list", on_click=self._open_certificate)
        self._symbol = Icon("check", "ok", 20)
        self._title = Label("", "body_strong")
        self.body.addLayout(row(self._symbol, self._title, None, spacing=10))
        self.body.addWidget(self._path)
        self.body.addWidget(self._facts)
        self.body.addWidget(well)
        buttons = QWidget()
        flow = FlowLayout(buttons, spacing=8)
        for button in (Button(tr("Open folder", "Abrir carpeta"), "", "folder", on_click=self._open),
                       Button(tr("Copy path", "Copiar ruta"), "", "copy", on_click=self._copy), self._certificate):
            flow.addWidget(button)
        self.body.addWidget(buttons)

    @property
    def command(self) -> str:
        """The command line that uses the export."""
        return self._command.text()

    def show_record(self, record: ExportRecord) -> None:
        """Show an export."""
        self._record = record
        self._path.setText(record.path)
        unchecked = record.check is not None and record.check.unchecked
        self.set_edge("warn" if unchecked else "ok")
        self._symbol.set_icon("warning" if unchecked else "check", "warn" if unchecked else "ok")
        self._title.setText(_title(record))
        self._facts.set_facts(certificate_facts(record.check) if record.check is not None else [])
        self._certificate.setVisible(certificate_of(record) is not None)
        entry = EXPORTERS.find(record.format)
        self._how.setText(tr("Use it from a terminal:", "Úselo desde un terminal:")
                          if entry is not None and entry.usage_place == "terminal" else
                          tr("Use it in Python:", "Úselo en Python:"))
        self._command.setText(str(entry.usage(str(Path(record.path)))) if entry is not None else "")
        self.setAccessibleName(f"{record.path}. {format_check(record)}")

    def _open(self) -> None:
        if self._record is not None:
            open_folder(self._record.path)

    def _copy(self) -> None:
        if self._record is not None:
            copy(self._record.path)

    def _copy_command(self) -> None:
        copy(self.command)

    def _open_certificate(self) -> None:
        path = None if self._record is None else certificate_of(self._record)
        if path is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


class EarlierExports(Card):
    """Earlier exports, newest first; `chosen(record)` shows one again."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(title=tr("Earlier exports", "Exportaciones anteriores"), spacing=6, parent=parent)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(6)
        self.body.addLayout(self._lines)
        self.records: Sequence[ExportRecord] = ()

    def show_records(self, records: Sequence[ExportRecord], damaged: int = 0) -> None:
        """Show these records, and how many damaged lines told of others; the card is hidden without any."""
        self.records = records
        clear(self._lines)
        for record in records:
            self._lines.addWidget(Rule())
            self._lines.addWidget(self._line(record))
        if damaged:
            self._lines.addWidget(Rule())
            self._lines.addWidget(Label(tr("Damaged records of exports that were left out: {n}",
                                           "Registros dañados de exportaciones que se han omitido: {n}", n=damaged),
                                        "secondary", "dim", wrap=True))
        self.setVisible(bool(records) or damaged > 0)

    def _line(self, record: ExportRecord) -> QWidget:
        entry = EXPORTERS.find(record.format)
        written = time.strftime("%Y-%m-%d %H:%M", time.localtime(record.time)) if record.time else ""
        kind = str(entry.label) if entry is not None else record.format
        texts = column(Elided(Path(record.path).name, "body", mode=Qt.TextElideMode.ElideMiddle),
                       Elided(" · ".join(item for item in (kind, written, format_check(record)) if item), "secondary",
                              "dim"), spacing=0)

        def act(function: Callable[[str], None]) -> Callable[[], None]:
            return lambda: function(record.path)

        show = Button(tr("Show the certificate", "Mostrar el certificado"), "icon", "list",
                      on_click=lambda: self.chosen.emit(record))
        line = row(texts, show, Button(tr("Open folder", "Abrir carpeta"), "icon", "folder", on_click=act(open_folder)),
                   Button(tr("Copy path", "Copiar ruta"), "icon", "copy", on_click=act(copy)), spacing=4)
        line.setStretch(0, 1)
        return box(line)
