"""The left panel of the Data page: classes, splits and results of the scan."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QInputDialog, QLayout, QMenu, QWidget

from cnnstudio.core import edits
from cnnstudio.core.class_keys import is_key
from cnnstudio.core.dataset import DATASET_PARAMS, SPLIT_NAMES, SPLIT_PARAMS, SPLITS
from cnnstudio.core.problems import warning
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.pages.data.dialogs.sources import SourcesList
from cnnstudio.gui.pages.data.left_out import LeftOutPanel
from cnnstudio.gui.pages.data.quality import QualityPanel
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Caption, Label, column
from cnnstudio.gui.widgets.cards import Expander, FilterLine
from cnnstudio.gui.widgets.class_list import ClassList
from cnnstudio.gui.widgets.form import Form
from cnnstudio.gui.widgets.formatting import format_count, format_percent
from cnnstudio.gui.widgets.inputs import SearchBox
from cnnstudio.gui.widgets.split_bar import SplitBar
from cnnstudio.network.checks import spec_fields

_MANY = 12


class DataSide(QWidget):
    """`filter_toggled(name, value, add)`: show a class, a split or a problem; `pictures_dropped(class, ids)`: give them
    that class; `paths_dropped(class, paths)`: add these folders to the class."""

    filter_toggled = Signal(str, object, bool)
    pictures_dropped = Signal(str, list)
    paths_dropped = Signal(str, list)

    def __init__(self, workspace: Workspace, state: dict[str, Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace, self._session, self._state = workspace, workspace.session, state
        self._counts, self._classes = workspace.counts, workspace.classes
        session = self._session
        self._search = SearchBox(tr("Search classes…", "Buscar clases…"))
        self._search.textChanged.connect(lambda _text: self._show_classes())
        self.classes = ClassList()
        self.classes.chosen.connect(lambda name, add: self.filter_toggled.emit("class", name, add))
        self.classes.dropped.connect(self.pictures_dropped)
        self.classes.paths_dropped.connect(self.paths_dropped)
        self.classes.menu_requested.connect(self._class_menu)
        self.classes.rename_requested.connect(self._rename)
        self.classes.moved.connect(workspace.classes.move)
        self._none = Label(tr("No classes yet.", "Aún no hay clases."), tone="dim", wrap=True)
        self._splits = {split: FilterLine(str(SPLIT_NAMES[split]), split=split) for split in SPLITS}
        for split, line in self._splits.items():
            line.show_alike(self._splits.values())
            line.clicked.connect(lambda _=False, split=split: self.filter_toggled.emit("split", split, False))
        self.split_bar = SplitBar()
        self.split_bar.shares_changed.connect(self._set_shares)
        self.split_bar.settled.connect(session.seal)
        self._form = Form(SPLIT_PARAMS, spec_fields(session.project.dataset.splits, SPLIT_PARAMS))
        self._form.value_changed.connect(self._set_split)
        self._form.settled.connect(lambda _name: session.seal())
        self._labels = Form(DATASET_PARAMS[1:], spec_fields(session.project.dataset, DATASET_PARAMS[1:]))
        self._labels.value_changed.connect(self._set_dataset)
        self._labels.settled.connect(lambda _name: session.seal())
        self.quality = QualityPanel(workspace, state)
        self.left_out = LeftOutPanel(workspace)
        self.quality.filter_chosen.connect(lambda name, value: self.filter_toggled.emit(name, value, False))
        note = Label(tr("Used where folders do not define the split.",
                        "Se usan donde las carpetas no definen la división."), "secondary", "dim",
                     wrap=True)
        splits = column(note, self._form, spacing=8, margins=(8, 0, 0, 8))
        labels = column(self._labels, margins=(8, 0, 0, 8))
        new = Button(tr("New class…", "Nueva clase…"), "row", "plus", on_click=self._new_class)
        self.setLayout(column(
            Caption(tr("Classes", "Clases")), self._search, self._none, self.classes, new, 12,
            Caption(tr("Splits", "Divisiones")), self.split_bar, *self._splits.values(),
            Expander(tr("Split settings", "Ajustes de división"), _holder(splits)), 12,
            self.quality, 12,
            Caption(tr("Labels", "Etiquetas")),
            Expander(tr("Label settings", "Ajustes de etiquetas"), _holder(labels)), 12, SourcesList(workspace), 12,
            self.left_out, None,
            spacing=4, margins=(16, 16, 16, 16)))

    def close_threads(self) -> None:
        """Stop the threads; the panel will be deleted."""
        self.quality.thresholds.close_threads()

    def refresh(self, change: Change) -> None:
        if change.of("dataset", "folder"):
            dataset = self._session.project.dataset
            self._form.set_values(spec_fields(dataset.splits, SPLIT_PARAMS))
            self._labels.set_values(spec_fields(dataset, DATASET_PARAMS[1:]))
        self.quality.thresholds.refresh(change)
        if change.of("problems", "folder"):
            problems = [problem for problem in self._session.problems if problem.where.area == "dataset"]
            self._form.set_problems(item for item in problems if item.where.node == "splits")
            self._labels.set_problems(item for item in problems if item.where.node is None)
        if change.of("dataset", "pictures", "folder"):
            self.show_numbers()
            self.left_out.refresh(change)

    def show_numbers(self) -> None:
        """Show the counts, and mark the lines that filter."""
        self._show_classes()
        counts = self._counts.split_counts()
        total = max(1, sum(counts.values()))
        for split, line in self._splits.items():
            line.show_value(format_count(counts[split]), share=format_percent(counts[split] / total, 0),
                            on=split in self._state.get("splits", ()))
        spec = self._session.project.dataset.splits
        self.split_bar.show_shares({split: getattr(spec, split) for split in SPLITS}, counts,
                                   self._counts.folder_splits, spec.folds)
        self.quality.show_numbers()

    def _show_classes(self) -> None:
        names = self._counts.all_class_names
        self._search.setVisible(len(names) > _MANY)
        self._none.setVisible(not names)
        search = self._search.text() if len(names) > _MANY else ""
        self.classes.show_classes(names, self._counts.class_counts(), self._state.get("classes", ()), search,
                                  self._session.project.dataset.hidden_classes, self._classes.keys())

    # Edits ---------------------------------------------------------------------------------------

    def _set_split(self, name: str, value: Any) -> None:
        label = next(param.label for param in SPLIT_PARAMS if param.name == name)
        self._session.edit(lambda project: edits.set_field(project, "dataset.splits", name, value), label,
                           f"dataset.splits.{name}")

    def _set_shares(self, train: float, validation: float, test: float) -> None:
        self._session.edit(lambda project: edits.set_splits(project, train, validation, test),
                           Text("Shares of the splits", "Proporciones de las divisiones"), "dataset.splits.shares")

    def _set_dataset(self, name: str, value: Any) -> None:
        label = next(param.label for param in DATASET_PARAMS if param.name == name)
        self._session.edit(lambda project: edits.set_field(project, "dataset", name, value), label, f"dataset.{name}")

    def _new_class(self) -> None:
        name, done = QInputDialog.getText(self.window(), tr("New class", "Nueva clase"),
                                          tr("Name of the class:", "Nombre de la clase:"))
        name = name.strip()
        if done and name in self._counts.all_class_names:
            self._session.report(warning("class_exists", Text("There is already a class {name}.",
                                                              "Ya existe una clase {name}.").fill(name=name), "dataset"))
        elif done and name:
            self._classes.set_order((*self._counts.all_class_names, name), Text("New class", "Nueva clase"))

    def _class_menu(self, name: str, point: QPoint) -> None:
        session = self._session
        names = self._counts.all_class_names
        place, hidden = names.index(name), name in session.project.dataset.hidden_classes
        menu = QMenu(self)
        menu.addAction(tr("Show only this class", "Mostrar solo esta clase"),
                       lambda: self.filter_toggled.emit("class", name, False))
        menu.addAction(tr("Rename…", "Cambiar nombre…") + "\tF2", lambda: self._rename(name))
        menu.addAction(tr("Key…", "Tecla…"), lambda: self._ask_key(name))
        merge = menu.addMenu(tr("Merge into", "Fusionar con"))
        for other in names:
            if other != name:
                merge.addAction(other.replace("&", "&&"), partial(self._give_name, name, other))
        merge.setEnabled(len(names) > 1)
        menu.addAction(tr("Show again", "Volver a mostrar") if hidden else tr("Hide: leave out everywhere",
                                                                              "Ocultar: omitir en todas partes"),
                       lambda: self._classes.hide(name, not hidden))
        menu.addSeparator()
        up = menu.addAction(tr("Move up", "Subir") + "\t" + _keys("Ctrl+Up"), lambda: self._classes.move(name, place - 1))
        up.setEnabled(place > 0)
        down = menu.addAction(tr("Move down", "Bajar") + "\t" + _keys("Ctrl+Down"),
                              lambda: self._classes.move(name, place + 1))
        down.setEnabled(place < len(names) - 1)
        alphabet = menu.addAction(tr("Alphabetical order", "Orden alfabético"), lambda: self._classes.set_order(
            (), Text("Order of classes", "Orden de las clases")))
        alphabet.setEnabled(bool(session.project.dataset.class_names))
        if not self._counts.class_counts().get(name):
            menu.addAction(tr("Remove this empty class", "Quitar esta clase vacía"), lambda: self._classes.set_order(
                tuple(item for item in names if item != name), Text("Remove class", "Quitar clase")))
        menu.popup(point)

    def _ask_key(self, name: str) -> None:
        key, done = QInputDialog.getText(
            self.window(), tr("Key of the class {name}", "Tecla de la clase {name}", name=name),
            tr("A letter, or up to three digits; empty for its number:",
               "Una letra o hasta tres dígitos; vacío para su número:"), text=self._classes.keys().get(name, ""))
        key = key.strip()
        if done and (not key or is_key(key)):
            self._classes.set_key(name, key.casefold())
        elif done:
            self._session.report(warning("no_class_key", Text(
                "{key} cannot be the key of a class: take one letter, or up to three digits.",
                "{key} no puede ser la tecla de una clase: use una letra o hasta tres dígitos.").fill(key=key), "dataset"))

    def _rename(self, name: str) -> None:
        new, done = QInputDialog.getText(self.window(), tr("Rename class", "Cambiar nombre de clase"),
                                         tr("New name (the name of an existing class merges the two):",
                                            "Nombre nuevo (el de una clase existente fusiona ambas):"), text=name)
        if done:
            self._give_name(name, new.strip())

    def _give_name(self, old: str, new: str) -> None:
        """Rename or merge a class; a filter by the old name becomes one by the new name."""
        chosen = tuple(self._state.get("classes", ()))
        wanted = tuple(dict.fromkeys(new if item == old else item for item in chosen))
        # The old name is no filter any more by then; toggling the same filter would lift it.
        if self._classes.rename(old, new) and wanted != tuple(self._state.get("classes", ())):
            self.filter_toggled.emit("classes", wanted, False)


def _keys(sequence: str) -> str:
    """Key names as their menu shows them, in the language of the program."""
    return QKeySequence(sequence).toString(QKeySequence.SequenceFormat.NativeText)


def _holder(layout: QLayout) -> QWidget:
    widget = QWidget()
    widget.setLayout(layout)
    return widget
