"""The first rows of a list and what a choice of its columns gives, for the dialog that asks for them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec

from cnnstudio.core.problems import Problem, ProblemError
from cnnstudio.datasets.sources.column_content import count_indicators, make_profiles
from cnnstudio.datasets.sources.columns import ColumnChoice, column_names, guess_path_column, has_header
from cnnstudio.datasets.sources.manifests import read_rows
from cnnstudio.datasets.sources.tables import read_table

_SHOWN = 8


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """`names` are the columns', `rows` the first rows. `path` is the column that probably names the pictures; `indicators`
    are columns of zeros and ones of which each row names one."""

    names: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    path: str = ""
    indicators: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """Pictures and classes by a choice of columns, or the problem with it."""

    pictures: int
    classes: tuple[tuple[str, int], ...]
    problem: Problem | None = None


def preview_list(path: Path) -> Preview:
    """Never raises: see `problems`."""
    try:
        table = read_table(path)
    except ProblemError as problem_error:
        return Preview(problems=problem_error.problems)
    if not table.rows:
        return Preview()
    header = has_header(table.rows)
    body = table.rows[1:] if header else table.rows
    names = column_names(table.rows)
    width = len(names)
    guess = guess_path_column(table.rows)
    profiles = [profile for profile in make_profiles(body, names, range(width)) if profile.binary]
    one_hot = len(profiles) > 1 and count_indicators(body, [profile.index for profile in profiles]).one_hot
    rows = tuple(tuple(fields[index] if index < len(fields) else "" for index in range(width))
                 for _line, fields in body[:_SHOWN])
    return Preview(names=names, rows=rows, path="" if guess is None else names[guess],
                   indicators=tuple(profile.name for profile in profiles) if one_hot else ())


def try_columns(path: Path, choice: ColumnChoice) -> Chosen:
    """What the list gives with these columns."""
    reading = read_rows(path, choice)
    counts = Counter(row.label for row in reading.rows)
    problem = next((problem for problem in reading.problems if problem.blocks), None)
    return Chosen(pictures=len(reading.rows), classes=tuple(counts.most_common()), problem=problem)
