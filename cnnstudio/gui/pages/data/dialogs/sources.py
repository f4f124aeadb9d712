"""The sources of the open project: joining and removing them, and the list that shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.problems import warning
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text, tr
from cnnstudio.datasets.layout import is_manifest
from cnnstudio.datasets.sources.columns import ColumnChoice
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.state.scanner import Scanner
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Caption, Elided, Icon, Label, clear, column, row
from cnnstudio.gui.widgets.formatting import format_pictures

if TYPE_CHECKING:
    from cnnstudio.datasets.index import Index

replace = msgspec.structs.replace


def join(session: Session, scanner: Scanner, places: Sequence[Path], classes: Iterable[str] = (),
         labels: Mapping[Path, str] | None = None, columns: Sequence[ColumnChoice] = ()) -> bool:
    """Append sources to those of the project, as one undo step; sources that are joined already are read again.

    `classes` of the sources are added where the project lists its classes explicitly. `labels` gives each folder of loose
    pictures its class, `columns` are those that the user named of lists.
    """
    from cnnstudio.datasets.source_folders import source_text

    folder = session.folder
    if folder is None or not places:
        return False
    texts = list(dict.fromkeys(source_text(place, folder) for place in places))
    loose = {source_text(place, folder): label for place, label in (labels or {}).items()}

    def append_sources(project: Project) -> Project:
        spec = project.dataset
        new = tuple(text for text in texts if text not in (spec.source, *spec.joined))
        source, rest = (spec.source, new) if spec.source else (new[0], new[1:])
        names = spec.class_names and tuple(dict.fromkeys((*spec.class_names, *classes, *loose.values())))
        changed = replace(spec, source=source, joined=(*spec.joined, *rest), class_names=names,
                          source_classes=spec.source_classes | loose,
                          path_columns=_with(spec.path_columns, (choice.paths for choice in columns)),
                          label_columns=_with(spec.label_columns, (choice.labels for choice in columns)))
        return replace(project, dataset=changed)

    spec = session.project.dataset
    if all(text in (spec.source, *spec.joined) for text in texts) and loose.items() <= spec.source_classes.items():
        scanner.scan()
        return True
    name = places[0].name if len(texts) == 1 else str(len(texts))
    return session.edit(append_sources, Text("Add pictures from {name}", "Añadir imágenes de {name}").fill(name=name))


def _with(known: tuple[str, ...], added: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*chain.from_iterable(added), *known)))


def is_loose(place: Path) -> bool:
    """Whether a dropped folder has pictures directly in it and no folders of classes."""
    from cnnstudio.datasets.audit.flat import is_flat

    return place.is_dir() and is_flat(place)


def add_to_class(session: Session, scanner: Scanner, class_name: str, places: Sequence[Path]) -> bool:
    """Join folders as sources whose pictures all have this class. What is no folder is named and left."""
    folders = [place for place in places if place.is_dir()]
    if len(folders) < len(places):
        other = next(place for place in places if place not in folders)
        text = Text("{name} is not a folder: to add single pictures to a class, put them into a folder and drop that here.",
                    "{name} no es una carpeta: para añadir imágenes sueltas a una clase, póngalas en una carpeta y suéltela "
                    "aquí.")
        session.report(warning("not_a_folder", text.fill(name=other.name), "dataset", path=other))
    if not folders:
        return False
    return join(session, scanner, folders, labels=dict.fromkeys(folders, class_name))


def remove(session: Session, source: str) -> bool:
    """Remove a joined source, as one undo step; the files stay, and so do decisions about them."""

    def remove_source(project: Project) -> Project:
        spec = project.dataset
        return replace(project, dataset=replace(spec, joined=tuple(item for item in spec.joined if item != source),
                                                source_classes={name: label for name, label in spec.source_classes.items()
                                                                if name != source}))

    name = Path(source).name or source
    return session.edit(remove_source, Text("Remove {name}", "Quitar {name}").fill(name=name))


def sources_summary(project: Project, folder: Path, index: Index | None = None) -> list[tuple[str, int]]:
    """The sources as the project writes them, the main one first, with their numbers of pictures."""
    from cnnstudio.datasets.index import Index
    from cnnstudio.datasets.scan import sources_of
    from cnnstudio.datasets.source_folders import source_folder

    spec: DatasetSpec = project.dataset
    if not spec.source:
        return []
    own = index or Index(folder / "dataset.sqlite")
    try:
        sources = sources_of(source_folder(project, folder), spec, folder)
        total = own.rows("SELECT COUNT(*) FROM pictures")[0][0]
        counts: list[int] = []
        seen: set[str] = set()
        for source in sources[1:]:
            # The path is a unique, ordered column: a range query is fast even with a million rows.
            number = 0 if source.prefix in seen or not source.prefix else own.rows(
                "SELECT COUNT(*) FROM pictures WHERE path >= ? AND path < ?",
                (source.prefix, source.prefix[:-1] + "0"))[0][0]
            seen.add(source.prefix)
            counts.append(number)
        texts = (spec.source, *spec.joined)
        return list(zip(texts, (total - sum(counts), *counts), strict=True))
    finally:
        if index is None:
            own.close()


class SourcesList(QWidget):
    """The sources in the order in which they are joined; joined ones can be removed."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        session = self._session = workspace.session
        self._collection = workspace.collection
        self._summary: list[tuple[str, int]] | None = None
        self._texts: tuple[str, ...] = ()
        self._rows = column(spacing=2)
        self._caption = Caption(tr("Sources", "Orígenes"))
        self._note = Label("", "secondary", "dim", wrap=True)
        self.setLayout(column(self._caption, self._rows, self._note, spacing=4))
        session.changed.connect(self.refresh)
        self.refresh(None)

    def refresh(self, change: Change | None) -> None:
        """Show the present sources and their numbers of pictures."""
        dataset = self._session.project.dataset
        texts, before = (dataset.source, *dataset.joined), self._texts
        self._texts = texts
        if change is not None and not change.of("pictures", "folder") and texts == before:
            return
        index, folder = self._collection.index, self._session.folder
        summary = sources_summary(self._session.project, folder, index) if index is not None and folder is not None else []
        if summary == self._summary:
            return
        self._summary = summary
        clear(self._rows)
        for number, (text, amount) in enumerate(summary):
            self._rows.addLayout(self._row(number, text, amount))
        self._note.setText(tr("The sources are read one after the other.",
                              "Los orígenes se leen uno tras otro."))
        self._note.setVisible(len(summary) > 1)

    def _row(self, number: int, text: str, amount: int) -> QHBoxLayout:
        icon = "list" if is_manifest(Path(text)) else "folder"
        name = Elided(Path(text).name or text, "body", "text", mode=Qt.TextElideMode.ElideMiddle)
        label = self._session.project.dataset.source_classes.get(text)
        name.setToolTip(text if label is None else f"{text} → {label}")
        line = row(Icon(icon, "dim", 16), spacing=8)
        line.addWidget(name, 1)
        if label is not None:
            line.addWidget(Elided(f"→ {label}", "secondary", "accent"))
        line.addWidget(Label(format_pictures(amount), "secondary", "dim"))
        if number:
            label = tr("Remove {name}; its files stay where they are",
                       "Quitar {name}; sus archivos se quedan donde están", name=Path(text).name)
            take = Button(label, "icon", "close", on_click=partial(remove, self._session, text))
            take.setFixedSize(24, 24)
            line.addWidget(take)
        return line
