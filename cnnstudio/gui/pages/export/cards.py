"""The parts of the Export page: a card for each format, the result, and earlier exports."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget

from cnnstudio.catalog.exporters import EXPORTERS
from cnnstudio.catalog.exporters.entry import Exporter
from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.export.records import ExportRecord
from cnnstudio.gui.widgets.basics import Badge, Button, Elided, Icon, Label, Rule, box, clear, column, row
from cnnstudio.gui.widgets.cards import Card, Facts
from cnnstudio.gui.widgets.formatting import format_percent, format_pictures


class FormatCard(Card):
    """One export format; `clicked` chooses it, `library_wanted(id)` asks for a library that it needs."""

    library_wanted = Signal(str)

    def __init__(self, exporter: Exporter, parent: QWidget | None = None) -> None:
        super().__init__(clickable=True, spacing=6, parent=parent)
        self.exporter = exporter
        self._mark = Icon("check", "accent", 18)
        kind = Badge(exporter.suffix or tr("folder", "carpeta"), "")
        symbol = Icon("folder" if exporter.folder else "layers", "accent", 18)
        self.body.addLayout(row(symbol, Label(str(exporter.label), "body_strong"), kind, None, self._mark, spacing=10))
        self._missing = Badge("", "warn")
        self._install = Button(tr("Install", "Instalar"), "link", on_click=self._choose_library)
        self.body.addLayout(row(self._missing, self._install, None, spacing=8))
        self.update_libraries()
        self.body.addWidget(Label(str(exporter.help), "secondary", "dim", wrap=True))
        for content in exporter.contents:
            title = Elided(content.name)
            title.setFont(theme.mono_font(12))
            self.body.addLayout(column(2, title, Label(str(content.text), "secondary", "dim", wrap=True), spacing=1))
        self.body.addStretch(1)
        self.setAccessibleName(str(exporter.label))
        self.setAccessibleDescription(str(exporter.help))

    def update_libraries(self) -> None:
        """Show which libraries the format still needs."""
        absent = self.exporter.absent_libraries()
        names = ", ".join(library.name for library in absent)
        self._missing.setText(tr("needs {names}", "necesita {names}", names=names))
        self._missing.setToolTip("\n".join(str(problem.text) for problem in self.exporter.missing_libraries()))
        self._install.setAccessibleName(tr("Install {names}", "Instalar {names}", names=names))
        for widget in (self._missing, self._install):
            widget.setVisible(bool(absent))

    def _choose_library(self) -> None:
        absent = self.exporter.absent_libraries()
        if absent:
            self.library_wanted.emit(absent[0].id)

    def set_selected(self, selected: bool) -> None:
        super().set_selected(selected)
        self._mark.set_icon("check" if selected else "", "accent")
        self._mark.setVisible(selected)


def format_check(record: ExportRecord) -> str:
    """The result of the check in one line."""
    if record.check.unchecked:
        return tr("not checked on real pictures", "sin comprobar con imágenes reales")
    return tr("{n} compared, {share} the same class, largest difference {difference}",
              "{n} comparadas, {share} la misma clase, mayor diferencia {difference}",
              n=format_pictures(record.check.images), share=format_percent(record.check.top1_agreement),
              difference=format_scientific(record.check.max_abs_difference))


def format_scientific(value: float) -> str:
    """A small number as 1.2e-07, zero as 0."""
    return f"{value:.1e}" if value else "0"


def open_folder(path: str) -> None:
    """Show an export in the system's file manager: the folder itself, or the one that contains the file."""
    place = Path(path)
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(place if place.is_dir() else place.parent)))


def copy(text: str) -> None:
    """Copy a text to the clipboard."""
    QGuiApplication.clipboard().setText(text)


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
        self._symbol = Icon("check", "ok", 20)
        self._title = Label("", "body_strong")
        self.body.addLayout(row(self._symbol, self._title, None, spacing=10))
        self.body.addWidget(self._path)
        self.body.addWidget(self._facts)
        self.body.addWidget(well)
        self.body.addLayout(row(Button(tr("Open folder", "Abrir carpeta"), "", "folder", on_click=self._open),
                                Button(tr("Copy path", "Copiar ruta"), "", "copy", on_click=self._copy), None,
                                spacing=8))

    @property
    def command(self) -> str:
        """The command line that uses the export."""
        return self._command.text()

    def show_record(self, record: ExportRecord) -> None:
        """Show an export."""
        self._record = record
        self._path.setText(record.path)
        unchecked = record.check.unchecked
        self.set_edge("warn" if unchecked else "ok")
        self._symbol.set_icon("warning" if unchecked else "check", "warn" if unchecked else "ok")
        self._title.setText(tr("Exported, not checked", "Exportado, sin comprobar") if unchecked
                            else tr("Exported and checked", "Exportado y comprobado"))
        facts = [(tr("Pictures compared", "Imágenes comparadas"), str(record.check.images))]
        if not unchecked:
            facts += [(tr("Same class", "Misma clase"), format_percent(record.check.top1_agreement)),
                      (tr("Largest difference", "Mayor diferencia"), format_scientific(record.check.max_abs_difference))]
        if record.check.data:
            facts.append((tr("Compared on", "Comparado con"), Path(record.check.data).name))
        self._facts.set_facts(facts)
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


class EarlierExports(Card):
    """Earlier exports, newest first; `use(record)` shows one again."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(title=tr("Earlier exports", "Exportaciones anteriores"), spacing=6, parent=parent)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(6)
        self.body.addLayout(self._lines)
        self.records: Sequence[ExportRecord] = ()

    def show_records(self, records: Sequence[ExportRecord]) -> None:
        """Show these records; the card is hidden without any."""
        self.records = records
        clear(self._lines)
        for record in records:
            self._lines.addWidget(Rule())
            self._lines.addWidget(self._line(record))
        self.setVisible(bool(records))

    def _line(self, record: ExportRecord) -> QWidget:
        entry = EXPORTERS.find(record.format)
        written = time.strftime("%Y-%m-%d %H:%M", time.localtime(record.time)) if record.time else ""
        kind = str(entry.label) if entry is not None else record.format
        texts = column(Elided(Path(record.path).name, "body", mode=Qt.TextElideMode.ElideMiddle),
                       Elided(" · ".join(item for item in (kind, written, format_check(record)) if item), "secondary",
                              "dim"), spacing=0)

        def act(function: Callable[[str], None]) -> Callable[[], None]:
            return lambda: function(record.path)

        line = row(texts, Button(tr("Open folder", "Abrir carpeta"), "icon", "folder", on_click=act(open_folder)),
                   Button(tr("Copy path", "Copiar ruta"), "icon", "copy", on_click=act(copy)), spacing=4)
        line.setStretch(0, 1)
        return box(line)
