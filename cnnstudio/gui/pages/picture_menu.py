"""The menu of actions on selected pictures of the collection, on every page that shows them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from cnnstudio.core.dataset import SPLIT_NAMES, SPLITS
from cnnstudio.core.text import tr
from cnnstudio.gui.pages.scenario_dialogs import add_scenario_menu
from cnnstudio.gui.state.collection import Collection
from cnnstudio.gui.state.workspace import Workspace


def picture_menu(workspace: Workspace, parent: QWidget, ids: list[int], open_large: Callable[[int], object]) -> QMenu:
    """The menu of actions on these pictures."""
    decisions = workspace.decisions
    menu = QMenu(parent)
    if len(ids) == 1:
        menu.addAction(tr("Large view", "Vista grande") + "\t" + tr("Enter", "Intro"), lambda: open_large(ids[0]))
    label = menu.addMenu(tr("Class", "Clase"))
    class_keys = workspace.classes.keys()
    for name in workspace.counts.class_names:
        keys = f"\t{class_keys[name].upper()}" if name in class_keys else ""
        label.addAction(name.replace("&", "&&") + keys, partial(decisions.relabel, ids, name))
    label.addSeparator()
    label.addAction(tr("New class…", "Nueva clase…"), lambda: relabel_to_new(workspace, parent, ids))
    split = menu.addMenu(tr("Split", "División"))
    for name in SPLITS:
        split.addAction(str(SPLIT_NAMES[name]), partial(decisions.assign_split, ids, name))
    split.addAction(tr("Automatic", "Automática"), lambda: decisions.assign_split(ids, None))
    menu.addAction(tr("Exclude", "Excluir") + "\t" + tr("Del", "Supr"), lambda: decisions.exclude(ids, True))
    menu.addAction(tr("Include again", "Volver a incluir"), lambda: decisions.exclude(ids, False))
    add_scenario_menu(menu, workspace.scenarios, parent, ids)
    menu.addSeparator()
    if len(ids) == 1:
        menu.addAction(tr("Open in the system's viewer", "Abrir en el visor del sistema"),
                       lambda: _show_file(workspace.collection, ids[0], folder=False))
        menu.addAction(tr("Show its folder", "Mostrar su carpeta"),
                       lambda: _show_file(workspace.collection, ids[0], folder=True))
    menu.addAction(tr("Move the files to the trash", "Mover los archivos a la papelera"),
                   lambda: workspace.trash.delete(ids))
    return menu


def relabel_to_new(workspace: Workspace, parent: QWidget, ids: list[int]) -> None:
    """Ask for a name, and give the pictures that class."""
    name, done = QInputDialog.getText(parent.window(), tr("New class", "Nueva clase"),
                                      tr("Name of the class:", "Nombre de la clase:"))
    if done and name.strip():
        workspace.decisions.relabel(ids, name.strip())


def _show_file(collection: Collection, identifier: int, *, folder: bool) -> None:
    for picture in collection.rows([identifier]):
        path = collection.path(picture)
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent if folder else path)))
