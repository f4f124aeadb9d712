"""The columns of the lists of a collection beside path, class and split, as properties of the pictures."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.problems import Problem, ProblemError
from cnnstudio.datasets.layout import is_manifest, root_of
from cnnstudio.datasets.sources.columns import ColumnChoice, cell, choose_columns
from cnnstudio.datasets.sources.manifests import read_rows
from cnnstudio.datasets.sources.tables import read_table

_FEW: Final = 12
"""Numbers of a column that are no more than so many different ones are categories."""


class ListColumn(msgspec.Struct, frozen=True, kw_only=True):
    """A column by its name; `values` are those of the pictures by their absolute paths, without empty ones. It is numeric where
    all of its values are numbers, and many."""

    name: str
    values: dict[str, str]
    numeric: bool


def source_lists(spec: DatasetSpec, folder: Path) -> list[Path]:
    """The lists among the sources of a collection in the project's folder."""
    paths = [(folder / source).resolve() for source in (spec.source, *spec.joined) if source]
    return [path for path in paths if is_manifest(path)]


def read_list_columns(lists: Sequence[Path], spec: DatasetSpec) -> tuple[list[ListColumn], tuple[Problem, ...]]:
    """The columns of these lists, those of the same name together, and the problems of lists that cannot be read. Columns of
    paths, classes and splits are left out."""
    values: dict[str, dict[str, str]] = {}
    problems: list[Problem] = []
    for path in lists:
        choice = ColumnChoice(paths=spec.path_columns, labels=spec.label_columns, required=len(lists) == 1)
        try:
            table = read_table(path)
            if not table.rows:
                continue
            columns = choose_columns(table.rows, path, choice)
        except ProblemError as problem_error:
            problems += problem_error.problems
            continue
        if not columns.header:
            continue
        known = {columns.path, columns.split, *columns.labels}
        others = [number for number in range(len(columns.names)) if number not in known]
        fields = dict(table.rows[1:])
        for row in read_rows(path, choice).rows:
            place = os.path.normpath(root_of(path) / row.path)
            for number in others:
                if text := cell(fields.get(row.line, ()), number):
                    values.setdefault(columns.names[number].strip() or str(number + 1), {})[place] = text
    return [ListColumn(name=name, values=found, numeric=_is_numeric(found)) for name, found in values.items()], tuple(problems)


def to_number(text: str) -> float:
    """A number, also with a decimal comma; NaN for any other text."""
    try:
        return float(text)
    except ValueError:
        try:
            return float(text.replace(",", ".")) if text.count(",") == 1 else math.nan
        except ValueError:
            return math.nan


def _is_numeric(values: dict[str, str]) -> bool:
    different = set(values.values())
    return len(different) > _FEW and all(math.isfinite(to_number(text)) for text in different)
