"""Lists: tables of pictures with their classes and splits. All problems are reported together, with their lines."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.core.dataset import Split
from cnnstudio.core.problems import Problem, ProblemError, error, warning
from cnnstudio.core.text import Text
from cnnstudio.datasets.layout import find_split
from cnnstudio.datasets.sources.columns import ColumnChoice, Columns, cell, choose_columns
from cnnstudio.datasets.sources.picture_names import NameIndex
from cnnstudio.datasets.sources.tables import read_table

_MOST_REPORTED: Final = 5
_PROBED: Final = 50
_AS_THEY_ARE: Final = ColumnChoice()


class Row(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A picture that a manifest names: path relative to the manifest's folder with "/", or absolute."""

    path: str
    label: str
    split: Split | None
    line: int


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """The content of a manifest. `has_labels` is False if the folders of the pictures are the classes."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]
    has_labels: bool = True


def read_rows(path: Path, choice: ColumnChoice = _AS_THEY_ARE) -> Reading:
    """The rows of a list that name a picture and a class; never raises: see `problems`.

    Files are not checked here, except to find out what the paths are relative to. Where none of the first is there, the
    pictures are looked for by their names in the folders below the list.
    """
    try:
        table = read_table(path)
        if not table.rows:
            text = Text("{path} is empty. Choose another list.", "{path} está vacía. Elija otra lista.")
            raise ProblemError(error("no_pictures", text.fill(path=path), "dataset", path=path))
        columns = choose_columns(table.rows, path, choice)
    except ProblemError as problem_error:
        return Reading(rows=(), problems=problem_error.problems)
    row_problems = RowProblems(path)
    for problem in (*table.problems, *columns.problems):
        row_problems.add(problem)
    body = table.rows[1:] if columns.header else table.rows
    names = _find_names(path, body, columns, row_problems)
    rows: list[Row] = []
    seen: dict[str, tuple[int, str]] = {}
    for line, fields in body:
        name = cell(fields, columns.path)
        if not name or "\0" in name:
            row_problems.add_row("no_path", line, "")
            continue
        place = normal_name(name)
        if names is not None:
            matches = names.find(place)
            if len(matches) > 1:
                row_problems.add_row("ambiguous", line, f"{name}: {', '.join(matches[:3])}")
                continue
            place = matches[0] if matches else place
        labels = columns.label_of(fields) if columns.labels else (os.path.basename(os.path.dirname(place)),)
        split = _split(cell(fields, columns.split), line, row_problems) if columns.split is not None else None
        label = labels[0] if len(labels) == 1 else ""
        if not label:
            row_problems.add_row("several_labels" if labels[1:] else "no_label", line, name)
            continue
        before = seen.get(place)
        if before is not None:
            row_problems.add_row("named_twice" if before[1] == label else "named_twice_differently", line, name)
            continue
        seen[place] = (line, label)
        rows.append(Row(path=place, label=label, split=split, line=line))
    if not rows and not any(problem.blocks for problem in row_problems.problems()):
        text = Text("{path} does not list any pictures. Choose another list.",
                    "{path} no enumera ninguna imagen. Elija otra lista.")
        row_problems.add(error("no_pictures", text.fill(path=path), "dataset", path=path))
    return Reading(rows=tuple(rows), problems=tuple(row_problems.problems()), has_labels=bool(columns.labels))


def _find_names(path: Path, body: Sequence[tuple[int, Sequence[str]]], columns: Columns, problems: RowProblems
                ) -> NameIndex | None:
    """The names of the files below a list whose own paths lead nowhere; None where they are right."""
    probed = [normal_name(name) for _line, fields in body[:_PROBED]
              if (name := cell(fields, columns.path)) and "\0" not in name]
    if not probed or any(_exists(path.parent / name) for name in probed):
        return None
    names = NameIndex(path.parent)
    matches = [match for name in probed for match in names.find(name)[:1]]
    if not matches:
        return None
    text = Text("{path}: the pictures were found by name in the folder of the list, for example {example}.",
                "{path}: las imágenes se encontraron por su nombre dentro de la carpeta de la lista, por ejemplo {example}.")
    problem = warning("found_elsewhere", text.fill(path=path, example=matches[0]), "dataset", path=path)
    problems.add(msgspec.structs.replace(problem, severity="info"))
    return names


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def missing_problem(path: Path, missing: Sequence[Row], total: int) -> Problem:
    """The problem of missing files of a manifest. If all are missing it blocks: a drive may be disconnected."""
    if len(missing) == total:
        text = Text("None of the pictures listed in {path} ({n}) was found; the first is {first}. Paths must be absolute, or "
                    "relative to the folder of the list.",
                    "No se encontró ninguna de las imágenes que enumera {path} ({n}); la primera es {first}. Las rutas deben "
                    "ser absolutas o relativas a la carpeta de la lista.")
        return error("folder_missing", text.fill(n=total, path=path, first=_short(missing[0].path)), "dataset", path=path)
    text = Text("{path}: pictures not found: {n} of {total} ({lines}).",
                "{path}: imágenes no encontradas: {n} de {total} ({lines}).")
    lines = _lines([(row.line, row.path) for row in missing[:_MOST_REPORTED]], len(missing))
    return warning("missing_files", text.fill(path=path, n=len(missing), total=total, lines=lines), "dataset", path=path)


def _split(name: str, line: int, problems: RowProblems) -> Split | None:
    if not name:
        return None
    split = find_split(name)
    if split is None:
        problems.add_row("unknown_split", line, name)
    return split


def normal_name(name: str) -> str:
    """A normalised path with "/"; paths of Windows are understood on other systems, too."""
    if name.startswith("file://"):
        from urllib.parse import unquote, urlsplit

        name = unquote(urlsplit(name).path)
    if "\\" in name:
        name = name.replace("\\", "/")
    return os.path.normpath(name).replace(os.sep, "/")


_TEXTS: Final[dict[str, Text]] = {
    "no_path": Text("{path}: rows without a file: {n} ({lines}).", "{path}: filas sin archivo: {n} ({lines})."),
    "no_label": Text("{path}: rows without a class, left out: {n} ({lines}).",
                     "{path}: filas sin clase, omitidas: {n} ({lines})."),
    "several_labels": Text("{path}: rows with several classes, left out: {n} ({lines}).",
                           "{path}: filas con varias clases, omitidas: {n} ({lines})."),
    "ambiguous": Text("{path}: rows with a file name that exists in several folders, left out: {n}. Add the folder to the "
                      "name ({lines}).",
                      "{path}: filas con un nombre de archivo que existe en varias carpetas, omitidas: {n}. Añada la carpeta "
                      "al nombre ({lines})."),
    "named_twice": Text("{path}: rows that repeat a picture: {n} ({lines}).",
                        "{path}: filas que repiten una imagen: {n} ({lines})."),
    "named_twice_differently": Text("{path}: rows that repeat a picture with another class: {n}; the first class counts "
                                    "({lines}).",
                                    "{path}: filas que repiten una imagen con otra clase: {n}; vale la primera clase "
                                    "({lines})."),
    "unknown_split": Text("{path}: rows whose split is neither train, validation nor test: {n}; these pictures are divided "
                          "like those without a split: {counts} ({lines}).",
                          "{path}: filas cuya división no es train, validation ni test: {n}; esas imágenes se reparten como "
                          "las que no tienen división: {counts} ({lines})."),
}


class RowProblems:
    """Collects problems of rows, so that each kind is reported once with its first lines."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._general: list[Problem] = []
        self._lines: dict[str, list[tuple[int, str]]] = {}
        self._counts: dict[str, int] = {}
        self._splits: dict[str, int] = {}

    def add(self, problem: Problem) -> None:
        self._general.append(problem)

    def add_row(self, code: str, line: int, text: str) -> None:
        self._counts[code] = self._counts.get(code, 0) + 1
        lines = self._lines.setdefault(code, [])
        if len(lines) < _MOST_REPORTED:
            lines.append((line, text))
        if code == "unknown_split":
            self._splits[text] = self._splits.get(text, 0) + 1

    def problems(self) -> list[Problem]:
        return [*self._limited(), *(self._problem(code) for code in _TEXTS if code in self._counts)]

    def _limited(self) -> list[Problem]:
        """Of many problems of one kind the first few, and the number of the others."""
        problems: list[Problem] = []
        counts: dict[str, int] = {}
        for problem in self._general:
            counts[problem.code] = counts.get(problem.code, 0) + 1
            if counts[problem.code] <= _MOST_REPORTED:
                problems.append(problem)
        for code, number in counts.items():
            if number > _MOST_REPORTED:
                text = Text("{path}: further lines like these: {n}.", "{path}: otras líneas como estas: {n}.")
                text = text.fill(path=self._path, n=number - _MOST_REPORTED)
                problems.append(warning(code, text, "dataset", path=self._path))
        return problems

    def _problem(self, code: str) -> Problem:
        splits = sorted(self._splits.items(), key=lambda item: -item[1])[:_MOST_REPORTED]
        counts = ", ".join(f"“{_short(name)}” × {number}" for name, number in splits)
        text = _TEXTS[code].fill(path=self._path, n=self._counts[code], counts=counts,
                                 lines=_lines(self._lines[code], self._counts[code]))
        return warning(code, text, "dataset", path=self._path)


def _lines(rows: Sequence[tuple[int, str]], total: int) -> Text:
    def format_lines(line: str, more: str) -> str:
        parts = ", ".join(f"{number}: {_short(text)}" if text else str(number) for number, text in rows)
        return f"{line} {parts}" + (f"; {total - len(rows)} {more}" if total > len(rows) else "")

    return Text(format_lines("lines" if total > 1 else "line", "more"), format_lines("líneas" if total > 1 else "línea", "más"))


def _short(text: str, most: int = 80) -> str:
    return text if len(text) <= most else "…" + text[-most:]
