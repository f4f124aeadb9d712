"""Exporting the curated collection: its form, its target, its contents, and the check of the written files."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from cnnstudio.catalog.collections import FORMS
from cnnstudio.core.dataset import SPLIT_NAMES
from cnnstudio.core.events import Finished
from cnnstudio.core.places import free_path, projects_folder
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text, tr
from cnnstudio.datasets.sources.collect import Collected, collect, target_of
from cnnstudio.datasets.sources.staging import refuse_existing
from cnnstudio.gui.pages.data.dialogs.base import PathField, WorkDialog, make_progress
from cnnstudio.gui.state.jobs import ChildJob, Job, Report, Work
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Elided, Icon, Label, box, column, row, scroll_area
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.flow import FlowLayout
from cnnstudio.gui.widgets.formatting import format_classes, format_count, format_pictures, format_size
from cnnstudio.gui.widgets.inputs import Switch


class ExportCollectionDialog(WorkDialog):
    """A card for each form; the originals are only read."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        self._collection, self._counts = workspace.collection, workspace.counts
        super().__init__(
            workspace.session, tr("Export the collection", "Exportar la colección"),
            tr("Your corrections are applied: excluded and unreadable pictures and hidden classes are left out, and "
               "relabelled pictures go to their new class. The originals are only read, and nothing is overwritten.",
               "Se aplican sus correcciones: se omiten las imágenes excluidas o ilegibles y las clases ocultas, y "
               "las reetiquetadas pasan a su nueva clase. Los originales solo se leen y no se sobrescribe nada."),
            tr("Export", "Exportar"), parent)
        self.resize(680, 540)
        self._form = "folders"
        self._last = ""
        self._cards: dict[str, Card] = {}
        self._forms = QWidget()
        flow = FlowLayout(self._forms, spacing=12, cell=280)
        for form in FORMS.values():
            flow.addWidget(self._card(form.id, str(form.label), str(form.help)))
        splits = self._counts.split_counts()
        parts = [format_pictures(sum(splits.values())), format_classes(len(self._counts.class_names))]
        parts += [f"{SPLIT_NAMES[name]} {format_count(number)}" for name, number in splits.items()]
        summary = row(Icon("image", "dim", 16), Elided(" · ".join(parts), "secondary", "dim"), spacing=8)
        summary.setStretch(1, 1)
        self._target = PathField(tr("Write to", "Escribir en"), save=True)
        links = tr("Hard links instead of copies", "Enlaces duros en lugar de copias")
        self._links = Switch(False, links)
        hint = Label(tr("Hard links take no extra space, but a change to a file then shows in both places.",
                        "Los enlaces duros no ocupan espacio, pero un cambio en un archivo se ve entonces en ambos sitios."),
                     "secondary", "dim", wrap=True)
        line = row(self._links, spacing=8)
        line.addLayout(column(Label(links), hint, spacing=0), 1)
        self._links_row = box(line)
        self._result = Card(edge="ok", margins=(14, 10, 14, 10))
        self._result_text = Elided("", "body_strong")
        self._result_folder = Elided("", "secondary", "dim", mode=Qt.TextElideMode.ElideMiddle)
        line_of_result = row(Icon("check", "ok", 18), spacing=10)
        line_of_result.addLayout(column(self._result_text, self._result_folder, spacing=0), 1)
        line_of_result.addWidget(Button(tr("Show", "Mostrar"), "link", on_click=self._reveal))
        self._result.body.addLayout(line_of_result)
        self._result.hide()
        # In a scroll area, so that cards with long texts never make the window grow beyond the screen.
        inner = column(summary, self._forms, self._target, self._links_row, self._result, None, spacing=10)
        self.body.addWidget(scroll_area(box(inner)), 1)
        self.choose("folders")

    def _card(self, form: str, title: str, text: str) -> Card:
        card = Card(Label(title, "body_strong"), Label(text, "secondary", "dim", wrap=True), clickable=True,
                    margins=(14, 12, 14, 12), spacing=3)
        card.body.addStretch(1)
        card.setAccessibleName(title)
        card.clicked.connect(lambda: self.choose(form))
        self._cards[form] = card
        return card

    def choose(self, form: str) -> None:
        """Choose a form; the target path follows."""
        if self.is_working:
            return
        self._form = form
        for item, card in self._cards.items():
            card.set_selected(item == form)
        self._links_row.setVisible(form == "folders")
        name = self.session.project.name or "collection"
        beside = self.session.folder.parent if self.session.folder is not None else projects_folder()
        kind = FORMS[form]
        stem = f"{name} {tr('curated', 'curada')}" if form != "tfrecord" else f"{name} tfrecord"
        self._target.set_path(free_path(beside / f"{stem}{kind.suffix}", kind.suffix))

    def start_work(self) -> Job | None:
        session, target = self.session, self._target.path
        self._result.hide()
        if target is None or self._collection.index is None or self._collection.root is None or session.folder is None:
            text = Text("Enter a full path for the export.", "Escriba una ruta completa para la exportación.")
            self.show_problems((error("no_target", text, "dataset"),))
            return None
        index, root, names, form = self._collection.index, self._collection.root, self._counts.class_names, self._form
        links = self._links.isChecked() and form == "folders"
        label = Text("Exporting the collection", "Exportando la colección")
        try:
            place = target_of(target, form)
            refuse_existing(place)
            self._last = str(place)
            if form == "tfrecord":
                from cnnstudio.workers.job_setup import records_job

                job = records_job(session.folder, session.project, index, place)
                return session.jobs.start(ChildJob(job, label, "collect", page="data"))
        except ProblemError as err:
            self.show_problems(err.problems)
            return None

        def work(report: Report) -> Collected:
            progress = make_progress(report, Text("Writing", "Escribiendo"))
            return collect(index, root, names, place, form, links=links, on_progress=progress, check=report.check)

        return self.run(work, label, "collect")

    def _on_succeeded(self, job: Job) -> None:
        if isinstance(job, Work):
            done: Collected = job.result
            images, detail = done.images, format_size(done.bytes)
            self.show_problems(done.problems)
        else:
            assert isinstance(job.last, Finished)
            images = int(job.last.metrics.get("images", 0))
            detail = tr("{n} files", "{n} archivos", n=int(job.last.metrics.get("shards", 0)))
        self._result_text.setText(tr("{pictures} written and verified ({detail})",
                                     "{pictures} escritas y verificadas ({detail})",
                                     pictures=format_pictures(images), detail=detail))
        self._result_folder.setText(self._last)
        self._result.show()
        self.primary.setEnabled(True)

    def _reveal(self) -> None:
        place = Path(self._last)
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(place if place.is_dir() else place.parent)))

    def _on_working_changed(self, _on_working_changed: bool) -> None:
        for widget in (self._forms, self._target, self._links_row):
            widget.setEnabled(not _on_working_changed)


def open_export_collection(workspace: Workspace, parent: QWidget | None = None) -> ExportCollectionDialog:
    """Open the dialog."""
    dialog = ExportCollectionDialog(workspace, parent)
    dialog.open()
    return dialog
