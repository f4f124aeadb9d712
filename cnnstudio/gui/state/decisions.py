"""The user's decisions about pictures: labels, splits, exclusions, accepted findings; each one is an undo step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from cnnstudio.core import edits
from cnnstudio.core.dataset import SPLIT_NAMES
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import Text

if TYPE_CHECKING:
    from cnnstudio.core.project import Project
    from cnnstudio.datasets.index import Index
    from cnnstudio.gui.state.collection import Collection
    from cnnstudio.gui.state.session import Session


class Decisions(QObject):
    """Every method returns whether anything changed."""

    def __init__(self, session: Session, collection: Collection) -> None:
        super().__init__(session)
        self._session, self._collection = session, collection

    def relabel(self, ids: Iterable[int], class_name: str) -> bool:
        """Move pictures to another class, which may be a new one."""
        return self._decide(lambda index, chosen: index.relabel(chosen, class_name), ids,
                            Text("Change class to {name}", "Cambiar clase a {name}").fill(name=class_name),
                            self._with_class(class_name))

    def _with_class(self, name: str) -> Project | None:
        """The project with a new class at the end, where it lists its classes; else None."""
        names = self._session.project.dataset.class_names
        if not names or name in names:
            return None
        return edits.set_field(self._session.project, "dataset", "class_names", (*names, name))

    def relabel_each(self, classes: Mapping[int, str]) -> bool:
        """Move each picture, by its id, to its own class."""
        return self._decide(lambda index, _chosen: index.relabel_each(classes), classes,
                            Text("Change classes", "Cambiar clases"))

    def exclude(self, ids: Iterable[int], excluded: bool) -> bool:
        """Exclude pictures, or include them again."""
        label = Text("Exclude pictures", "Excluir imágenes") if excluded else Text("Include pictures",
                                                                                   "Incluir imágenes")
        return self._decide(lambda index, chosen: index.exclude(chosen, excluded), ids, label)

    def assign_split(self, ids: Iterable[int], split: str | None) -> bool:
        """Pin pictures to a split; None lets the draw decide."""
        name = SPLIT_NAMES[split] if split in SPLIT_NAMES else Text("automatic", "automática")
        return self._decide(lambda index, chosen: index.assign_split(chosen, split), ids,
                            Text("Change split to {name}", "Cambiar división a {name}").fill(name=name))

    def assign_splits(self, splits: Mapping[int, str]) -> bool:
        """Pin each picture, by its id, to its own split."""
        def change(index: Index, _chosen: list[int]) -> Any:
            from cnnstudio.datasets.decisions import Effects

            return Effects(*(index.assign_split([picture for picture, split in splits.items() if split == wanted], wanted)
                             for wanted in sorted(set(splits.values()))))

        return self._decide(change, splits, Text("Change splits", "Cambiar divisiones"))

    def draw_splits(self, classes: Sequence[str]) -> bool:
        """Draw the splits of these classes' pictures again."""
        from cnnstudio.datasets.index import Filter

        return self.assign_split(self._collection.ids(Filter(classes=tuple(classes))), None)

    def accept(self, kind: str, paths: Sequence[str], label: Text | None = None, project: Project | None = None) -> bool:
        """Accept the findings of this kind about these pictures (or classes); `project`: the project of the same undo
        step."""
        return self._decide(lambda index, chosen: index.accept(kind, chosen), list(paths),
                            label or Text("Accept findings", "Aceptar hallazgos"), project)

    def _decide(self, change: Callable[[Index, list[Any]], Any], ids: Iterable[Any], label: Text,
                project: Project | None = None) -> bool:
        chosen, index = list(ids), self._collection.index
        if index is None or not chosen:
            return False
        try:
            effect = change(index, chosen)
        except ProblemError as err:
            self._session.report(*err.problems)
            return False
        self._session.record(effect, label, project)
        return True
