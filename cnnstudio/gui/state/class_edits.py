"""Edits of classes: rename, merge, reorder, hide; each one step to undo."""

from __future__ import annotations

import msgspec

from cnnstudio.core import edits
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text
from cnnstudio.gui.state.session import Session


def rename_class(session: Session, old: str, new: str) -> bool:
    """Rename a class everywhere; an existing name takes its pictures in (the two are merged)."""
    index = session.index
    if index is None or old == new or not new.strip():
        return False
    merged = new in session.pictures.all_class_names
    label = Text("Merge classes", "Fusionar clases") if merged else Text("Rename class", "Cambiar nombre de clase")
    try:
        effect = index.rename_class(old, new)
    except ProblemError as trouble:
        session.notice(*trouble.problems)
        return False
    dataset = session.project.dataset

    def renamed(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(new if each == old else each for each in names))

    changed = msgspec.structs.replace(dataset, class_names=renamed(dataset.class_names),
                                      hidden_classes=tuple(each for each in dataset.hidden_classes if each != old))
    project = None
    if changed != dataset:
        project = msgspec.structs.replace(session.project, dataset=changed)
    session.record(effect, label, project)
    return True


def set_order(session: Session, names: tuple[str, ...], label: Text) -> bool:
    """Another order of the classes; empty means alphabetical."""
    return session.edit(lambda project: edits.set_field(project, "dataset", "class_names", names), label)


def move_class(session: Session, name: str, place: int) -> bool:
    """Bring a class to `place` among all classes, hidden ones counted."""
    names = [each for each in session.pictures.all_class_names if each != name]
    names.insert(max(0, min(place, len(names))), name)
    return set_order(session, tuple(names), Text("Order of classes", "Orden de las clases"))


def hide_class(session: Session, name: str, hidden: bool) -> bool:
    """A hidden class takes part in nothing: not in the grid, the splits, a training or an export."""
    def change(project: Project) -> Project:
        names = tuple(each for each in project.dataset.hidden_classes if each != name)
        return edits.set_field(project, "dataset", "hidden_classes", (*names, name) if hidden else names)

    return session.edit(change, Text("Hide class", "Ocultar clase") if hidden else Text("Show class", "Mostrar clase"))
