"""Adding pictures: choose or drop sources, check what they contain, join them or start a project with them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QWidget

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.events import Finished
from cnnstudio.core.places import projects_folder
from cnnstudio.core.problems import Problem, error
from cnnstudio.core.text import Text, tr
from cnnstudio.datasets.sources.columns import ColumnChoice
from cnnstudio.datasets.sources.kinds import SourceKind, as_sources, describe, kind_of, takes
from cnnstudio.gui.pages.data.dialogs.base import (
    JOIN,
    START,
    ModeChoice,
    PathField,
    WorkDialog,
    make_progress,
    start_project,
)
from cnnstudio.gui.pages.data.dialogs.columns import open_columns
from cnnstudio.gui.pages.data.dialogs.sources import join
from cnnstudio.gui.state.jobs import Job, Report, Work
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Elided, Icon, Label, clear, column, row, scroll_area
from cnnstudio.gui.widgets.cards import Card, DropArea
from cnnstudio.gui.widgets.formatting import format_classes, format_count, format_pictures, format_size
from cnnstudio.gui.widgets.inputs import Select

_ICONS: Final = {"folder": "folder", "loose": "image", "manifest": "list", "arrays": "grid", "archive": "layers",
                 "project": "open", "unknown": "help"}
__all__ = ["AddPicturesDialog", "format_kind", "open_add_pictures", "takes"]


class AddPicturesDialog(WorkDialog):
    """One card for each chosen or dropped source; the primary button unpacks and joins them all."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        session, self._scanner = workspace.session, workspace.scanner
        super().__init__(
            session, tr("Add pictures", "Añadir imágenes"),
            tr("Folders with class folders or with pictures of one class, lists (.csv, .tsv, .parquet), arrays (.npz, "
               ".npy, MNIST) and archives (.zip, .tar). Your files stay as they are.",
               "Carpetas con carpetas de clase o con imágenes de una sola clase, listas (.csv, .tsv, .parquet), matrices "
               "(.npz, .npy, MNIST) y archivos comprimidos (.zip, .tar). Sus archivos no cambian."),
            tr("Add", "Añadir"), parent)
        self.resize(640, 560)
        self._kinds: dict[Path, SourceKind | None] = {}
        self._labels: dict[Path, str] = {}
        self._columns: dict[Path, ColumnChoice] = {}
        self._names = workspace.counts.all_class_names
        self._reading: dict[Path, Work] = {}
        choose = row(None, Button(tr("Choose a folder…", "Elegir carpeta…"), "", "folder", on_click=self._choose_folder),
                     Button(tr("Choose files…", "Elegir archivos…"), "", "open", on_click=self._choose_files), None)
        label = Label(tr("Drop files or folders here", "Suelte aquí archivos o carpetas"), "body_strong")
        label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        area = DropArea()
        area.body.setContentsMargins(16, 14, 16, 14)
        area.body.addStretch(1)
        area.body.addWidget(label)
        area.body.addLayout(choose)
        area.body.addStretch(1)
        area.dropped.connect(self.add)
        self._cards = column(spacing=8)
        self._cards.addStretch(1)
        holder = QWidget()
        holder.setLayout(self._cards)
        self._list = scroll_area(holder)
        self._target = PathField(tr("Unpack into", "Extraer en"))
        self._target.set_path((session.folder or projects_folder()) / "pictures")
        self._target.hide()
        self._mode = ModeChoice(session, JOIN)
        self._mode.chosen.connect(lambda _value: self._show())
        self._area = area
        self.body.addWidget(area)
        self.body.addWidget(self._list, 1)
        self.body.addWidget(self._target)
        self.body.addWidget(self._mode)
        self.setAcceptDrops(True)
        self._show()

    # What was chosen -----------------------------------------------------------------------------

    def add(self, paths: Sequence[str | Path]) -> None:
        """Add paths to the list; they are examined in the background."""
        for item in paths:
            path = Path(item).absolute()
            if path in self._kinds:
                continue
            self._kinds[path] = None
            self._describe(path)
        self._show()

    def _describe(self, path: Path) -> None:
        """Examine a source in the background."""
        choice = self._columns.get(path, ColumnChoice())
        spec = replace(self.session.project.dataset, path_columns=choice.paths, label_columns=choice.labels)
        self._reading[path] = self.session.jobs.run(
            partial(_describe_source, path, spec), Text("Reading {name}", "Leyendo {name}").fill(name=path.name),
            "describe", page="data", quiet=True, done=partial(self._on_described, path))

    def _on_described(self, path: Path, job: Work) -> None:
        if self._gone or path not in self._kinds:
            return
        self._reading.pop(path, None)
        if isinstance(job.last, Finished):
            self._kinds[path] = job.result
        else:
            problem = getattr(job.last, "problem", None)
            self._kinds[path] = SourceKind(path=path, kind=kind_of(path), problems=(problem,) if problem else ())
        self._show()

    def _drop(self, path: Path) -> None:
        self._kinds.pop(path, None)
        job = self._reading.pop(path, None)
        if job is not None:
            job.cancel()
        self._show()

    def _show(self) -> None:
        if self._gone:
            return
        self._list.setVisible(bool(self._kinds))
        self.body.setStretch(0, 0 if self._kinds else 1)
        clear(self._cards)
        for path, kind in self._kinds.items():
            self._cards.addWidget(self._card(path, kind))
        self._cards.addStretch(1)
        read_kinds = [kind for kind in self._kinds.values() if kind is not None]
        self._target.setVisible(any(kind.unpacked and kind.usable for kind in read_kinds))
        usable = [kind for kind in read_kinds if kind.usable]
        total = sum(kind.pictures for kind in usable)
        if not self.is_working:
            self.primary.setEnabled(bool(usable) and len(usable) == len(self._kinds))
            bad = len(usable) < len(read_kinds)
            self.show_status(tr("Remove the sources that cannot be used", "Quite los orígenes que no se pueden usar") if bad
                             else (format_pictures(total) if usable else ""))

    def _card(self, path: Path, kind: SourceKind | None) -> Card:
        bad = kind is not None and not kind.usable
        card = Card(edge="error" if bad else "", margins=(14, 10, 8, 10), spacing=2)
        line = row(Icon(_ICONS[kind.kind if kind is not None else kind_of(path)], "error" if bad else "accent", 20),
                   spacing=12)
        texts = column(Elided(path.name, "body_strong", mode=Qt.TextElideMode.ElideMiddle), spacing=2)
        if kind is None:
            texts.addWidget(Label(tr("Reading…", "Leyendo…"), "secondary", "dim"))
        elif bad:
            texts.addWidget(Label(" ".join(_short_text(problem, path) for problem in kind.problems if problem.blocks)[:500],
                                  "secondary", "error", wrap=True))
        else:
            texts.addWidget(Elided(format_kind(kind), "secondary", "dim"))
            for problem in [problem for problem in (*kind.problems, *kind.notes) if not problem.blocks][:4]:
                texts.addWidget(Label(_short_text(problem, path), "secondary",
                                      "warn" if problem.severity == "warning" else "dim", wrap=True))
        if kind is not None and kind.kind == "loose":
            texts.addLayout(self._label_row(path))
        if kind is not None and kind.kind == "manifest" and (
                path in self._columns or any(_asks_for_columns(problem) for problem in kind.problems)):
            texts.addWidget(Button(tr("Choose columns…", "Elegir columnas…"), "link",
                                   on_click=partial(self._choose_columns, path)), alignment=Qt.AlignmentFlag.AlignLeft)
        line.addLayout(texts, 1)
        line.addWidget(Button(tr("Remove", "Quitar"), "icon", "close", on_click=partial(self._drop, path)),
                       alignment=Qt.AlignmentFlag.AlignTop)
        card.body.addLayout(line)
        card.setAccessibleName(path.name)
        return card

    def _label_row(self, path: Path) -> QHBoxLayout:
        """The class that a folder of loose pictures is added to."""
        chosen = tuple(self.session.view.get("data", {}).get("classes", ()))
        known = next((name for name in self._names if name.casefold() == path.name.casefold()), path.name)
        label = self._labels.setdefault(path, chosen[0] if len(chosen) == 1 else known)
        choices = [(name, name) for name in self._names]
        if path.name not in self._names:
            choices.append((path.name, tr("New class: {name}", "Clase nueva: {name}", name=path.name)))
        select = Select(choices, label)
        select.setAccessibleName(tr("Class", "Clase"))
        select.setMinimumContentsLength(18)
        select.chosen.connect(lambda value: self._labels.__setitem__(path, str(value)))
        return row(Label(tr("Add to the class", "Añadir a la clase"), "secondary", "dim"), select, None, spacing=8)

    def _choose_columns(self, path: Path) -> None:
        dialog = open_columns(self.session.jobs, path, self)
        dialog.columns_chosen.connect(partial(self._on_columns_chosen, path))

    def _on_columns_chosen(self, path: Path, paths: tuple[str, ...], labels: tuple[str, ...]) -> None:
        if self._gone or path not in self._kinds:
            return
        self._columns[path] = ColumnChoice(paths=paths, labels=labels)
        self._kinds[path] = None
        self._describe(path)
        self._show()

    def _choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(
            self, tr("Folder whose subfolders are the classes", "Carpeta cuyas subcarpetas son las clases"),
            self.session.recall("source_folder", str(Path.home())))
        if folder:
            self.session.remember("source_folder", str(Path(folder).parent))
            self.add([folder])

    def _choose_files(self) -> None:
        kinds = tr("Lists, arrays, archives", "Listas, matrices, archivos comprimidos")
        files, _kind = QFileDialog.getOpenFileNames(
            self, tr("Choose files", "Elegir archivos"), self.session.recall("source_folder", str(Path.home())),
            f"{kinds} (*.csv *.tsv *.parquet *.npz *.npy *-ubyte *-ubyte.gz *.zip *.tar *.tar.gz *.tgz *.tar.bz2 *.tar.xz);;"
            + tr("All files", "Todos los archivos") + " (*)")
        self.add(files)

    # The work ------------------------------------------------------------------------------------

    def start_work(self) -> Job | None:
        paths = list(self._kinds)
        into = self._target.path
        if into is None:
            self.show_problems((_no_place_problem(),))
            return None
        if self._mode.value == START and len(paths) > 1:
            text = Text("A new project takes one source. Keep one here and add the others afterwards.",
                        "Un proyecto nuevo lleva un solo origen. Deje uno aquí y añada los demás después.")
            self.show_problems((error("one_source", text, "dataset"),))
            return None
        loose = [path for path, kind in self._kinds.items() if kind is not None and kind.kind == "loose"]
        if self._mode.value == START and loose:
            text = Text("A new project needs a folder with one subfolder for each class, but {name} holds pictures "
                        "without a class. Add it to the open project instead.",
                        "Un proyecto nuevo necesita una carpeta con una subcarpeta por clase, pero {name} contiene "
                        "imágenes sin clase. Añádala al proyecto abierto.")
            self.show_problems((error("loose_source", text.fill(name=loose[0].name), "dataset"),))
            return None

        names = {name for kind in self._kinds.values() if kind is not None for name in kind.classes}

        def work(report: Report) -> tuple[list[Path], list[str]]:
            progress = make_progress(report, Text("Unpacking", "Extrayendo"))
            places = as_sources(paths, into, progress, report.check)
            for place in places:
                if place not in paths:
                    names.update(describe(place, report.check).classes)
            return places, sorted(names)

        return self.run(work, Text("Adding pictures", "Añadiendo imágenes"), "unpack")

    def _on_succeeded(self, job: Job) -> None:
        assert isinstance(job, Work)
        places, names = job.result
        starts = self._mode.value == START
        self.accept()
        if starts:
            start_project(self.session, places[0])
        else:
            loose = {path: self._labels[path] for path, kind in self._kinds.items()
                     if kind is not None and kind.kind == "loose"}
            join(self.session, self._scanner, places, names, loose, tuple(self._columns.values()))

    def _on_working_changed(self, _on_working_changed: bool) -> None:
        for widget in (self._area, self._list, self._target, self._mode):
            widget.setEnabled(not _on_working_changed)

    def _release(self) -> None:
        for job in self._reading.values():
            job.cancel()
        self._reading.clear()
        super()._release()


def _describe_source(path: Path, spec: DatasetSpec, report: Report) -> SourceKind:
    return describe(path, report.check, spec)


def _asks_for_columns(problem: Problem) -> bool:
    return any(fix.action == "choose_columns" for fix in problem.fixes)


def _short_text(problem: Problem, path: Path) -> str:
    """The text of a problem on the card of its file, without the long path that the card shows already."""
    text = str(problem.text).replace(f"{path}: ", "").replace(str(path), path.name)
    return text if text.startswith(path.name) else text[:1].upper() + text[1:]


def format_kind(kind: SourceKind) -> str:
    """The kind of a source and its size as text."""
    parts = [str(kind.label)]
    if kind.more:
        parts.append(tr("more than {n} pictures", "más de {n} imágenes", n=format_count(kind.pictures)))
    elif kind.pictures:
        parts.append(format_pictures(kind.pictures))
    if kind.classes:
        parts.append(format_classes(len(kind.classes)))
    if kind.unpacked and kind.bytes:
        parts.append(tr("{size} unpacked", "{size} al extraer", size=format_size(kind.bytes)))
    return " · ".join(parts)


def _no_place_problem() -> Problem:
    text = Text("Enter the full path of the folder to unpack into.", "Escriba la ruta completa de la carpeta en la que "
                                                            "extraer.")
    return error("no_target", text, "dataset")


def open_add_pictures(workspace: Workspace, parent: QWidget | None = None, paths: Sequence[str | Path] = ()
                      ) -> AddPicturesDialog:
    """Open the dialog, with the dropped paths."""
    dialog = AddPicturesDialog(workspace, parent)
    dialog.add(paths)
    dialog.open()
    return dialog
