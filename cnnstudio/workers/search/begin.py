"""A new search: checked as a whole, with the pictures that all its trials share."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from cnnstudio.core.problems import Problem, ProblemError, blocking
from cnnstudio.core.project import Project
from cnnstudio.core.search import SearchSpec
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.manifest import Entry, Header, entries_of, write_manifest
from cnnstudio.datasets.source_folders import source_folder
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.network.checks import check_dataset
from cnnstudio.workers.job_setup import count_entries
from cnnstudio.workers.search.folder import SearchFolder, held, make_search, write_spec
from cnnstudio.workers.search.space import checked_space
from cnnstudio.workers.search.spec_checks import spec_problems

replace = msgspec.structs.replace


def begin_search(folder: Path, project: Project, index: Index, spec: SearchSpec, noticed: Sequence[Problem] = ()
                 ) -> SearchFolder:
    """A new search that has no study yet: a driver makes it. Raises ProblemError with every fault of the pictures, of what is
    varied and of the search itself, and then leaves nothing.

    The network of the project need not be whole: a choice may be what mends it, and a trial whose network cannot be built
    fails alone.
    """
    classes = index.class_names(project.dataset)
    entries = entries_of(index.usable(classes), classes)
    problems = list(blocking((*noticed, *check_dataset(project, classes, index.counts()))))
    try:
        spec = replace(spec, varied=checked_space(project, spec.varied, classes, ProjectBases(folder)).varied)
    except ProblemError as problem_error:
        problems += problem_error.problems
    problems += spec_problems(project, spec)
    folded = [] if problems or not spec.folds else [_of_fold(project, index, entries, spec.folds, number)
                                                   for number in range(spec.folds)]
    for number, part in enumerate(folded):
        own = fold_project(project, spec.folds, number)
        problems += blocking(check_dataset(own, classes, count_entries(part, classes)))
    if problems:
        raise ProblemError(*problems)
    search = make_search(folder, project, spec)
    header = Header(root=str(source_folder(project, folder)), class_names=classes, label_mode=project.dataset.label_mode)
    try:
        write_manifest(search.manifest_path(), header, entries)
        for number, part in enumerate(folded):
            write_manifest(search.manifest_path(number), header, part)
    except BaseException:
        shutil.rmtree(search.folder, ignore_errors=True)
        raise
    return search


def fold_project(project: Project, folds: int, number: int) -> Project:
    """The project on one fold (from 0) of a cross-validation."""
    splits = replace(project.dataset.splits, folds=folds, fold=number)
    return replace(project, dataset=replace(project.dataset, splits=splits))


def _of_fold(project: Project, index: Index, entries: Sequence[Entry], folds: int, number: int) -> list[Entry]:
    """The pictures with the division of a fold: test pictures stay what they are, each other one is validated once."""
    drawn: Mapping[str, str] = index.draw(fold_project(project, folds, number).dataset, unpinned=("validation",))
    return [replace(entry, split=drawn.get(entry.path, entry.split)) for entry in entries]


def extend_search(search: SearchFolder, worked: float, *, trials: int | None = None, seconds: float | None = None,
                  parallel: int | None = None) -> SearchSpec:
    """Let a search go on: up to so many trials, for so many more seconds (it has `worked` for some), so many at once; what is
    None stays. Raises ProblemError (bad_number, search_in_use...)."""
    spec = search.spec()
    changes: dict[str, Any] = {"trials": trials, "parallel": parallel,
                               "seconds": None if seconds is None else worked + seconds}
    longer = replace(spec, **{name: value for name, value in changes.items() if value is not None})
    if longer == spec:
        return spec
    problems = spec_problems(search.project(), longer)
    if seconds is not None and not seconds > 0:
        problems = spec_problems(search.project(), replace(longer, seconds=seconds))
    if problems:
        raise ProblemError(*problems)
    with held(search):
        write_spec(search, longer)
    return longer
