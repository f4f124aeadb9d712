"""The properties of the pictures of an evaluation: those of their files, and the columns of their lists."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cnnstudio.catalog.properties import COLUMN, PROPERTIES, PictureFacts, PictureProperty, column_property
from cnnstudio.core.files import read_project
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.datasets.index import FILE, Index
from cnnstudio.datasets.layout import is_manifest
from cnnstudio.datasets.list_columns import ListColumn, read_list_columns, source_lists, to_number
from cnnstudio.datasets.manifest import read_manifest
from cnnstudio.datasets.picture_facts import read_facts
from cnnstudio.datasets.refresh import Cancelled, OnProgress, never
from cnnstudio.datasets.run_pictures import picture_files
from cnnstudio.datasets.source_folders import source_folder
from cnnstudio.evaluation.answers import Answers
from cnnstudio.evaluation.by_property import Values
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.runs.pictures import DATA, evaluated_manifest


@dataclass(frozen=True, eq=False)
class PropertyValues:
    """The properties of the pictures of an evaluation, with their values in the order of its answers. `problems` are those of
    lists whose columns cannot be read, `gone` is the number of pictures whose file is not there any more."""

    properties: tuple[PictureProperty, ...]
    values: tuple[Values, ...]
    problems: tuple[Problem, ...] = ()
    gone: int = 0

    def find(self, identifier: str) -> PictureProperty:
        return next(entry for entry in self.properties if entry.id == identifier)


def property_values(run: RunFolder, answers: Answers, wanted: str = "", on_progress: OnProgress | None = None,
                    cancelled: Cancelled = never) -> PropertyValues:
    """The values of all properties, or of the one `wanted` by its id or the name of a column, for the answers of a split of a
    run. What the audit did not measure is measured now, and kept in the cache. Raises ProblemError (unknown_property, or that
    the list of the pictures cannot be read)."""
    columns, problems = _columns(run, answers.split)
    offered = (*PROPERTIES, *(column_property(column.name, "numeric" if column.numeric else "categorical")
                              for column in columns))
    chosen = tuple(entry for entry in offered if not wanted or wanted in (entry.id, entry.id.removeprefix(COLUMN)))
    if not chosen:
        raise ProblemError(_unknown(wanted, offered), *problems)
    files, folders = _files(run, answers)
    facts = _facts(run, files, folders, any(entry.decodes for entry in chosen), on_progress, cancelled)
    of_lists = {COLUMN + column.name: column for column in columns}
    places = [os.path.normpath(file) for file in files]
    values = tuple(_column_values(entry, of_lists[entry.id], places) if entry.id in of_lists else _fact_values(entry, facts)
                   for entry in chosen)
    return PropertyValues(chosen, values, problems, sum(item.file_bytes is None for item in facts))


def _files(run: RunFolder, answers: Answers) -> tuple[list[Path], list[str]]:
    """The file of each answer, and the folder in its collection."""
    manifest = evaluated_manifest(run, answers.split)
    known, root = picture_files(manifest, run.project_folder), Path(read_manifest(manifest).header.root)
    files = [known[path][1] if path in known else root / path for path in answers.paths]
    return files, [(known[path][0].path if path in known else path).rpartition("/")[0] for path in answers.paths]


def _facts(run: RunFolder, files: Sequence[Path], folders: Sequence[str], decodes: bool, on_progress: OnProgress | None,
           cancelled: Cancelled) -> list[PictureFacts]:
    index: Index | None = None
    try:
        root = source_folder(read_project(run.project_folder), run.project_folder)
        index = Index(run.project_folder / FILE)
    except ProblemError:
        # Without an index, or in a folder that cannot be written, everything is measured.
        root = None
    try:
        return read_facts(files, folders, index, root, decodes=decodes, on_progress=on_progress, cancelled=cancelled)
    finally:
        if index is not None:
            index.close()


def _columns(run: RunFolder, split: str) -> tuple[list[ListColumn], tuple[Problem, ...]]:
    """The columns of the list that was evaluated, else of the project's lists as they are now."""
    if split == DATA:
        source = Path(read_manifest(evaluated_manifest(run, split)).header.source)
        return read_list_columns([source], run.spec().dataset) if is_manifest(source) else ([], ())
    try:
        spec = read_project(run.project_folder).dataset
    except ProblemError:
        spec = run.spec().dataset
    return read_list_columns(source_lists(spec, run.project_folder), spec)


def _fact_values(entry: PictureProperty, facts: Sequence[PictureFacts]) -> Values:
    found = [entry.value(item) for item in facts]
    if entry.kind == "numeric":
        return Values(entry.id, True, np.asarray([np.nan if value is None else value for value in found], np.float64))
    return Values(entry.id, False, np.asarray(["" if value is None else value for value in found], object))


def _column_values(entry: PictureProperty, column: ListColumn, places: Sequence[str]) -> Values:
    found = [column.values.get(place, "") for place in places]
    if entry.kind == "numeric":
        return Values(entry.id, True, np.asarray([to_number(text) for text in found], np.float64))
    return Values(entry.id, False, np.asarray(found, object))


def _unknown(wanted: str, offered: Sequence[PictureProperty]) -> Problem:
    text = Text("There is no property, and no column of the list, called {name}. Available: {names}.",
                "No hay ninguna propiedad ni columna de la lista llamada {name}. Disponibles: {names}.")
    return error("unknown_property", text.fill(name=wanted, names=", ".join(
        entry.id.removeprefix(COLUMN) for entry in offered)), "dataset")
