"""Edits of classes: rename, merge, reorder, hide; each one is an undo step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject

from cnnstudio.core import edits
from cnnstudio.core.class_keys import class_keys, with_key
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import Text

if TYPE_CHECKING:
    from cnnstudio.core.project import Project
    from cnnstudio.gui.state.collection import Collection
    from cnnstudio.gui.state.counts import Counts
    from cnnstudio.gui.state.session import Session


class ClassEdits(QObject):
    """Every method returns whether anything changed."""

    def __init__(self, session: Session, collection: Collection, counts: Counts) -> None:
        super().__init__(session)
        self._session, self._collection, self._counts = session, collection, counts

    def rename(self, old: str, new: str) -> bool:
        """Rename a class everywhere; an existing name merges the two classes."""
        session, index = self._session, self._collection.index
        if index is None or old == new or not new.strip():
            return False
        merged = new in self._counts.all_class_names
        label = Text("Merge classes", "Fusionar clases") if merged else Text("Rename class", "Cambiar nombre de clase")
        try:
            effect = index.rename_class(old, new)
        except ProblemError as err:
            session.report(*err.problems)
            return False
        dataset = session.project.dataset

        def rename_class(names: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(dict.fromkeys(new if name == old else name for name in names))

        changed = msgspec.structs.replace(dataset, class_names=rename_class(dataset.class_names),
                                          hidden_classes=tuple(name for name in dataset.hidden_classes if name != old),
                                          class_keys=tuple((new if name == old else name, key)
                                                           for name, key in dataset.class_keys
                                                           if name == old or name != new))
        project = None
        if changed != dataset:
            project = msgspec.structs.replace(session.project, dataset=changed)
        session.record(effect, label, project)
        return True

    def set_order(self, names: tuple[str, ...], label: Text) -> bool:
        """Set the order of the classes; empty means alphabetical."""
        return self._session.edit(lambda project: edits.set_field(project, "dataset", "class_names", names), label)

    def move(self, name: str, position: int) -> bool:
        """Move a class to `position` among all classes, including hidden ones."""
        names = [other for other in self._counts.all_class_names if other != name]
        names.insert(max(0, min(position, len(names))), name)
        return self.set_order(tuple(names), Text("Order of classes", "Orden de las clases"))

    def keys(self) -> dict[str, str]:
        """The key of each visible class."""
        return class_keys(self._counts.class_names, self._session.project.dataset.class_keys)

    def set_key(self, name: str, key: str) -> bool:
        """Choose the key of a class; an empty one is that of its number again."""
        return self._session.edit(
            lambda project: edits.set_field(project, "dataset", "class_keys",
                                            with_key(project.dataset.class_keys, name, key)),
            Text("Key of a class", "Tecla de una clase"))

    def hide(self, name: str, hidden: bool) -> bool:
        """Hide a class: it is left out of the grid, the splits, trainings and exports."""
        def change(project: Project) -> Project:
            names = tuple(other for other in project.dataset.hidden_classes if other != name)
            return edits.set_field(project, "dataset", "hidden_classes", (*names, name) if hidden else names)

        return self._session.edit(change, Text("Hide class", "Ocultar clase") if hidden
                                  else Text("Show class", "Mostrar clase"))
