"""Counts of the collection: pictures by class and split, findings by kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, Signal

from cnnstudio.core.dataset import SPLITS, DatasetSpec
from cnnstudio.core.problems import ProblemError

if TYPE_CHECKING:
    from cnnstudio.datasets.index import Index
    from cnnstudio.datasets.sample_ranges import SampleGroup
    from cnnstudio.gui.state.collection import Collection
    from cnnstudio.gui.state.session import Session


class PictureCounts(msgspec.Struct, frozen=True, kw_only=True):
    """`usable`: pictures by class and split; `unreadable`: pictures by the code of their problem; `findings`: by kind;
    `unmeasured`: pictures that the audit has not measured yet; `pinned`: see `Index.pinned_classes`;
    `folder_splits`: see `Index.folder_splits`; `deep`: see `datasets.sample_ranges.sample_groups`."""

    classes: tuple[str, ...] = ()
    all_classes: tuple[str, ...] = ()
    usable: dict[str, dict[str, int]] = {}
    unreadable: dict[str, int] = {}
    total: int = 0
    excluded: int = 0
    findings: dict[str, int] = {}
    unmeasured: int = 0
    pinned: tuple[str, ...] = ()
    folder_splits: tuple[str, ...] = ()
    deep: tuple[SampleGroup, ...] = ()


def count_pictures(index: Index, spec: DatasetSpec) -> PictureCounts:
    """Query all counts of the index, in any thread; raises ProblemError."""
    # Imported here: the window opens before the modules that these need are loaded.
    from cnnstudio.datasets import findings
    from cnnstudio.datasets.audit.measuring import waiting
    from cnnstudio.datasets.index import Filter
    from cnnstudio.datasets.sample_ranges import sample_groups

    names = index.all_class_names(spec)
    return PictureCounts(
        classes=tuple(name for name in names if name not in spec.hidden_classes), all_classes=names,
        usable=index.counts(), unreadable=index.problem_counts(), total=index.count(),
        excluded=index.count(Filter(excluded="only")), findings=findings.counts(index), unmeasured=waiting(index),
        pinned=index.pinned_classes(), folder_splits=index.folder_splits(), deep=sample_groups(index))


class Counts(QObject):
    """The last counts. `counted` follows every count, before the session announces it."""

    counted = Signal()

    def __init__(self, session: Session, collection: Collection) -> None:
        super().__init__(session)
        self._session, self._collection = session, collection
        self._numbers = PictureCounts()
        self._stamp = 0

    # Counting ------------------------------------------------------------------------------------

    def recount(self) -> None:
        """Count again; the caller that changed the pictures announces it."""
        index = self._collection.index
        if index is None:
            return
        try:
            self._take(count_pictures(index, self._session.project.dataset))
        except ProblemError as err:
            self._session.report(*err.problems)

    def refresh(self) -> None:
        """Count again and announce it."""
        if self._collection.index is not None:
            self.recount()
            self._session.announce("pictures")

    def background_count(self) -> Callable[[], Callable[[], None]]:
        """A function that counts in any thread; its result, called in the window's thread, announces the counts."""
        index, spec, stamp = self._collection.index, self._session.project.dataset, self._stamp

        def count() -> Callable[[], None]:
            numbers = count_pictures(index, spec) if index is not None else None

            def announce() -> None:
                # Counts made in the meantime are newer.
                if numbers is None or stamp != self._stamp or index is not self._collection.index:
                    self.refresh()
                else:
                    self._take(numbers)
                    self._session.announce("pictures")

            return announce

        return count

    def clear(self) -> None:
        """Reset; the index was closed."""
        self._numbers = PictureCounts()

    def _take(self, numbers: PictureCounts) -> None:
        self._stamp += 1
        self._numbers = numbers
        self.counted.emit()

    # Numbers -------------------------------------------------------------------------------------

    @property
    def class_names(self) -> tuple[str, ...]:
        """The visible classes in their order; empty while no project is open."""
        return self._numbers.classes or self._session.project.dataset.class_names

    @property
    def all_class_names(self) -> tuple[str, ...]:
        """All classes in their order, including hidden ones."""
        return self._numbers.all_classes or self.class_names

    def color_index(self, class_name: str) -> int:
        """The number that gives a class its colour; -1 for an unknown class."""
        names = self.all_class_names
        return names.index(class_name) if class_name in names else -1

    @property
    def total(self) -> int:
        """All pictures of the index, including unreadable and excluded ones."""
        return self._numbers.total

    @property
    def excluded(self) -> int:
        """The number of excluded pictures."""
        return self._numbers.excluded

    @property
    def unreadable(self) -> dict[str, int]:
        """Unreadable pictures, by the code of the problem."""
        return self._numbers.unreadable

    @property
    def findings(self) -> dict[str, int]:
        """Findings that are not accepted, by kind."""
        return self._numbers.findings

    @property
    def unmeasured(self) -> int:
        """The number of pictures that the audit has not measured yet."""
        return self._numbers.unmeasured

    @property
    def deep(self) -> tuple[SampleGroup, ...]:
        """The pictures of more than 8 bits, by the type of their samples."""
        return self._numbers.deep

    @property
    def pinned(self) -> tuple[str, ...]:
        """Classes with pictures that the user pinned to validation or test, where the draw might not put any."""
        return self._numbers.pinned

    @property
    def folder_splits(self) -> tuple[str, ...]:
        """The splits that folders name."""
        return self._numbers.folder_splits

    def usable_counts(self) -> dict[str, dict[str, int]]:
        """Usable pictures by class and split."""
        return self._numbers.usable

    def class_counts(self) -> dict[str, int]:
        """Usable pictures of each class, including hidden ones."""
        return {name: sum(self._numbers.usable.get(name, {}).values()) for name in self.all_class_names}

    def split_counts(self) -> dict[str, int]:
        """Usable pictures of each split, without hidden classes."""
        names, usable = self.class_names, self._numbers.usable
        return {split: sum(usable.get(name, {}).get(split, 0) for name in names) for split in SPLITS}
