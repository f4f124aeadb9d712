"""The classes of a run: their names, which may be changed after the training, and their pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import msgspec

from cnnstudio.core.renamed_classes import RenamedClasses, names_in, present_names, read_renamed, renamed, write_renamed
from cnnstudio.datasets.manifest import read_manifest
from cnnstudio.workers.runs.folder import RunFolder


class RunClass(msgspec.Struct, frozen=True, kw_only=True):
    """A class of a run: its present name, the one that it was `trained` with, and its pictures by split."""

    name: str
    trained: str
    pictures: dict[str, int]


def run_classes(run: RunFolder) -> tuple[RunClass, ...]:
    """The classes in the order of the model's outputs. Raises ProblemError."""
    manifest = read_manifest(run.manifest_path, as_trained=True)
    trained = manifest.header.class_names
    names = present_names(run.folder, trained)
    counts = [Counter[str]() for _name in trained]
    for entry in manifest.entries:
        if 0 <= entry.label < len(counts):
            counts[entry.label][entry.split] += 1
    return tuple(RunClass(name=name, trained=before, pictures=dict(count))
                 for name, before, count in zip(names, trained, counts, strict=True))


def names_in_collection(run: RunFolder, names: Sequence[str], known: Collection[str]) -> tuple[str, ...]:
    """The names by which a collection with the classes `known` has those of a run, which are called `names` now."""
    found = read_renamed(run.folder)
    trained = found.trained if found is not None and len(found.trained) == len(names) else names
    return names_in(known, trained, names)


def rename_classes(run: RunFolder, changes: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give classes of a run other names, from the present ones to new ones, all at once; returns all names before and after.

    The model, its calibration and its evaluations stay as they are. Raises ProblemError with every problem, and then changes
    nothing.
    """
    before = tuple(item.name for item in run_classes(run))
    after = renamed(before, changes)
    set_class_names(run, after)
    return before, after


def set_class_names(run: RunFolder, names: Sequence[str]) -> None:
    """Call the classes of a run so, in the order of the model's outputs. Raises ProblemError."""
    trained = read_manifest(run.manifest_path, as_trained=True).header.class_names
    present = read_renamed(run.folder) or RenamedClasses(trained=trained, names=trained)
    if tuple(names) == present.names:
        return
    run.check_links()
    earlier = (*(item for item in present.earlier if item != tuple(names)), present.names)
    write_renamed(run.folder, RenamedClasses(trained=trained, names=tuple(names), earlier=earlier))
