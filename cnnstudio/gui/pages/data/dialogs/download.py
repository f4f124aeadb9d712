"""Free collections to download: contents, size and licence; with progress, resume and checksum."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QWidget

from cnnstudio.core.events import Phase
from cnnstudio.core.places import cache_folder, free_path, projects_folder
from cnnstudio.core.problems import error
from cnnstudio.core.text import Text, tr
from cnnstudio.datasets.sources.downloads import DATASETS, FETCHING, Dataset, fetch_dataset
from cnnstudio.datasets.sources.kinds import describe
from cnnstudio.gui.pages.data.dialogs.base import JOIN, START, ModeChoice, PathField, WorkDialog, start_project
from cnnstudio.gui.pages.data.dialogs.sources import join
from cnnstudio.gui.state.jobs import Job, Report, Work
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Badge, Elided, Label, row, scroll_area
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.flow import FlowLayout
from cnnstudio.gui.widgets.formatting import format_classes, format_pictures, format_size


class DownloadDialog(WorkDialog):
    """A card for each collection; the primary button downloads the chosen one."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        session, self._scanner = workspace.session, workspace.scanner
        super().__init__(
            session, tr("Download a free collection", "Descargar una colección libre"),
            tr("Every file is compared with its published checksum. If the download is interrupted, what has "
               "arrived is kept and the next attempt continues from there.",
               "Cada archivo se compara con su suma de control publicada. Si la descarga se interrumpe, lo recibido "
               "se conserva y el siguiente intento continúa desde ahí."), tr("Download", "Descargar"), parent)
        self.resize(760, 640)
        self._chosen: Dataset | None = None
        self._cards: dict[str, Card] = {}
        holder = QWidget()
        flow = FlowLayout(holder, spacing=12, cell=320)
        for entry in DATASETS:
            flow.addWidget(self._card(entry))
        self._list = scroll_area(holder)
        self._target = PathField(tr("Save the pictures in", "Guardar las imágenes en"))
        self._mode = ModeChoice(session, START)
        self.body.addWidget(self._list, 1)
        self.body.addWidget(self._target)
        self.body.addWidget(self._mode)
        self.choose(next(iter(DATASETS)).id)

    def _card(self, entry: Dataset) -> Card:
        card = Card(clickable=True, margins=(14, 12, 14, 12), spacing=3)
        head = row(Label(str(entry.label), "body_strong"), None, spacing=8)
        if entry.keras:
            badge = Badge("keras.datasets", "accent")
            badge.setToolTip(tr("Keras offers this collection, too: keras.datasets.{name}",
                                "Keras también ofrece esta colección: keras.datasets.{name}", name=entry.id))
            head.addWidget(badge)
        card.body.addLayout(head)
        card.body.addWidget(Label(str(entry.help), "secondary", "dim", wrap=True))
        card.body.addStretch(1)
        facts = (format_pictures(entry.pictures), format_classes(entry.classes), f"{entry.side} px", format_size(entry.bytes))
        card.body.addWidget(Elided(" · ".join(facts), "secondary", "text"))
        licence = tr("Licence: {name}", "Licencia: {name}", name=entry.licence)
        card.body.addWidget(Elided(licence, "secondary", "dim"))
        card.setAccessibleName(str(entry.label))
        card.clicked.connect(lambda: self.choose(entry.id))
        self._cards[entry.id] = card
        return card

    def choose(self, identifier: str) -> None:
        """Choose a collection; the target path follows."""
        if self.is_working:
            return
        self._chosen = DATASETS[identifier]
        for item, card in self._cards.items():
            card.set_selected(item == identifier)
        self._target.set_path(free_path(projects_folder() / "pictures" / identifier))
        self.show_status(tr("{size} to download · licence: {licence}", "{size} por descargar · licencia: {licence}",
                            size=format_size(self._chosen.bytes), licence=self._chosen.licence))

    def start_work(self) -> Job | None:
        entry, target = self._chosen, self._target.path
        if entry is None or target is None:
            text = Text("Enter a full path for the pictures.", "Escriba una ruta completa para las imágenes.")
            self.show_problems((error("no_target", text, "dataset"),))
            return None

        def work(report: Report) -> tuple[Path, tuple[str, ...]]:
            unit = "bytes"

            def on_phase(phase: Text) -> None:
                nonlocal unit
                unit = "bytes" if phase is FETCHING else "pictures"
                report.event(Phase(name="download", text=phase))

            folder = fetch_dataset(entry, target, cache_folder(),
                                   lambda done, total: report.progress(done, total, unit), report.check, on_phase)
            return folder, describe(folder, report.check).classes

        return self.run(work, Text("Downloading {name}", "Descargando {name}").fill(name=entry.label), "download")

    def _on_succeeded(self, job: Job) -> None:
        assert isinstance(job, Work)
        folder, names = job.result
        joins = self._mode.value == JOIN and self.session.is_open
        self.accept()
        if joins:
            join(self.session, self._scanner, [folder], names)
        else:
            start_project(self.session, folder)

    def _on_working_changed(self, _on_working_changed: bool) -> None:
        for widget in (self._list, self._target, self._mode):
            widget.setEnabled(not _on_working_changed)


def open_download(workspace: Workspace, parent: QWidget | None = None) -> DownloadDialog:
    """Open the dialog."""
    dialog = DownloadDialog(workspace, parent)
    dialog.open()
    return dialog
