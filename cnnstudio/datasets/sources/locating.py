"""The files that the rows of a list mean."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import msgspec

from cnnstudio.core.dataset import Split
from cnnstudio.core.problems import Problem, warning
from cnnstudio.core.text import Text
from cnnstudio.datasets.layout import root_of
from cnnstudio.datasets.sources.manifests import Reading, Row, RowProblems, missing_problem
from cnnstudio.datasets.sources.picture_names import NameIndex


class ListedPicture(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A picture of a list that is there: path relative to the list's folder with "/", or absolute."""

    path: str
    label: str
    split: Split | None
    size: int
    modified_ns: int


class Located(msgspec.Struct, frozen=True, kw_only=True):
    """The pictures that are there, the problems, and files that cannot be looked at."""

    pictures: list[ListedPicture]
    problems: list[Problem]
    unreadable: list[tuple[Path, OSError]]


def locate_rows(path: Path, reading: Reading) -> Located:
    """Look for every picture of a list; those that are not where it says are looked for by their names in the folders
    below it."""
    root = root_of(path)
    located = Located(pictures=[], problems=[], unreadable=[])
    rows: list[Row] = []
    for row in reading.rows:
        if not _take(row, root, located):
            rows.append(row)
    missing: list[Row] = []
    if rows:
        missing = _look_elsewhere(path, rows, reading, located)
    if missing:
        located.problems.append(missing_problem(path, missing, len(reading.rows)))
    return located


def _take(row: Row, root: Path, located: Located) -> bool:
    """Take a row whose file is there; True also for one that cannot be looked at."""
    place = root / row.path
    try:
        facts = os.stat(place)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError as os_error:
        located.unreadable.append((place, os_error))
        return True
    if not stat.S_ISREG(facts.st_mode):
        return False
    located.pictures.append(ListedPicture(path=row.path, label=row.label, split=row.split, size=facts.st_size,
                                          modified_ns=facts.st_mtime_ns))
    return True


def _look_elsewhere(path: Path, rows: list[Row], reading: Reading, located: Located) -> list[Row]:
    """Take rows by the names of their files; returns those that are nowhere."""
    names = NameIndex(root_of(path))
    taken = {picture.path for picture in located.pictures}
    problems = RowProblems(path)
    missing: list[Row] = []
    before = len(located.pictures)
    for row in rows:
        matches = names.find(row.path)
        if len(matches) > 1:
            problems.add_row("ambiguous", row.line, f"{row.path}: {', '.join(matches[:3])}")
            continue
        place = matches[0] if matches else ""
        if not place:
            missing.append(row)
        elif place in taken:
            problems.add_row("named_twice", row.line, row.path)
        else:
            label = row.label if reading.has_labels else os.path.basename(os.path.dirname(place))
            if _take(msgspec.structs.replace(row, path=place, label=label), root_of(path), located):
                taken.add(place)
            else:
                missing.append(row)
    if len(located.pictures) > before:
        text = Text("{path}: pictures found by name in other folders: {n}, for example {example}.",
                    "{path}: imágenes encontradas por su nombre en otras carpetas: {n}, por ejemplo {example}.")
        number, example = len(located.pictures) - before, located.pictures[before].path
        located.problems.append(msgspec.structs.replace(
            warning("found_elsewhere", text.fill(path=path, n=number, example=example), "dataset", path=path),
            severity="info"))
    located.problems.extend(problems.problems())
    return missing
