"""Which classes of two runs are the same, where classes of one of them were renamed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from cnnstudio.core.renamed_classes import read_renamed
from cnnstudio.datasets.manifest import read_manifest
from cnnstudio.workers.runs.folder import RunFolder


def class_translations(first: RunFolder, second: RunFolder) -> Iterator[list[int]]:
    """The number that each class of `second` has in `first`: by the present names of both, else by a name that one of them was
    trained with. None where the classes differ; several where names have changed places. Raises ProblemError."""
    seen: list[list[int]] = []
    for own, other in product(_names(first), _names(second)):
        if set(own) == set(other):
            numbers = [own.index(name) for name in other]
            if numbers not in seen:
                seen.append(numbers)
                yield numbers


def names_as_in(first: RunFolder, names: Sequence[str], second: RunFolder, others: Sequence[str]) -> tuple[str, ...]:
    """The classes `others` of `second` by the `names` that they have in `first`; as they are where the classes differ. Raises
    ProblemError."""
    if set(names) == set(others):
        return tuple(others)
    numbers = next(class_translations(first, second), None)
    return tuple(others) if numbers is None or len(numbers) != len(names) else tuple(names[number] for number in numbers)


def _names(run: RunFolder) -> list[tuple[str, ...]]:
    """The present names of its classes, and those that it was trained with."""
    present = read_manifest(run.manifest_path).header.class_names
    renamed = read_renamed(run.folder)
    return [present] if renamed is None or renamed.trained == present else [present, renamed.trained]
