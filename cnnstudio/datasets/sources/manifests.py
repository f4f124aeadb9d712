"""Manifests: tables of pictures with their classes and splits. All problems are reported together, with their lines."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.core.dataset import Split
from cnnstudio.core.problems import Problem, ProblemError, error, warning
from cnnstudio.core.text import Text
from cnnstudio.datasets.layout import find_split, is_picture, plain
from cnnstudio.datasets.sources.tables import read_table

# In order of preference: the first name that a table has is used.
_PATHS: Final = ("path", "filepath", "imagepath", "filename", "file", "imagefile", "imagefilename", "image", "img",
                 "picture", "photo", "ruta", "archivo", "fichero", "rutaarchivo", "nombrearchivo", "imagen", "foto",
                 "relativepath", "abspath", "imageid", "imagename", "id", "name", "nombre")
_LABELS: Final = ("label", "class", "classname", "labelname", "category", "target", "tag", "species", "breed", "etiqueta",
                  "clase", "categoria", "nombreclase", "y", "labels", "classes", "especie", "classid", "labelid")
_SPLITS: Final = ("split", "subset", "set", "partition", "usage", "division", "particion", "conjunto", "subconjunto",
                  "datasplit", "reparto")
_MOST_REPORTED: Final = 5
_PROBED: Final = 50


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


class _Columns(msgspec.Struct, frozen=True, kw_only=True):
    path: int
    label: int | None
    split: int | None
    header: bool


def read_rows(path: Path) -> Reading:
    """The rows of a manifest that name a picture and a class; never raises: see `problems`.

    Files are not checked here, except to find the folder that the paths are relative to.
    """
    try:
        table = read_table(path)
        columns = _columns(table.rows, path)
    except ProblemError as problem_error:
        return Reading(rows=(), problems=problem_error.problems)
    row_problems = _RowProblems(path)
    for problem in table.problems:
        row_problems.add(problem)
    body = table.rows[1:] if columns.header else table.rows
    cells = [(line, _cell(fields, columns.path)) for line, fields in body]
    prefix, suffix = _place(path.parent, [_normal(name) for _line, name in cells[:_PROBED] if name])
    if prefix or suffix:
        row_problems.add(_found_elsewhere(path, prefix, suffix))
    rows: list[Row] = []
    seen: dict[str, tuple[int, str]] = {}
    for line, fields in body:
        name = _cell(fields, columns.path)
        if not name or "\0" in name:
            row_problems.add_row("no_path", line, "")
            continue
        place = _normal(prefix + name + suffix if prefix or suffix else name)
        label = _cell(fields, columns.label) if columns.label is not None else os.path.basename(os.path.dirname(place))
        split = _split(_cell(fields, columns.split), line, row_problems) if columns.split is not None else None
        if not label:
            row_problems.add_row("no_label", line, name)
            continue
        before = seen.get(place)
        if before is not None:
            row_problems.add_row("named_twice" if before[1] == label else "named_twice_differently", line, name)
            continue
        seen[place] = (line, label)
        rows.append(Row(path=place, label=label, split=split, line=line))
    if not rows and not any(problem.blocks for problem in row_problems.problems()):
        text = Text("{path} names no pictures.", "{path} no nombra ninguna imagen.")
        row_problems.add(error("no_pictures", text.fill(path=path), "dataset", path=path))
    return Reading(rows=tuple(rows), problems=tuple(row_problems.problems()), has_labels=columns.label is not None)


def missing_problem(path: Path, missing: Sequence[Row], total: int) -> Problem:
    """The problem of missing files of a manifest. If all are missing it blocks: a drive may be disconnected."""
    if len(missing) == total:
        text = Text("None of the {n} pictures that {path} names is there; the first is {first}. Paths are relative to "
                    "the list's own folder, or absolute.",
                    "No está ninguna de las {n} imágenes que nombra {path}; la primera es {first}. Las rutas son "
                    "relativas a la carpeta de la lista, o absolutas.")
        return error("folder_missing", text.fill(n=total, path=path, first=_short(missing[0].path)), "dataset", path=path)
    text = Text("{path}: {n} of {total} pictures are not there ({lines}).",
                "{path}: {n} de {total} imágenes no están ({lines}).")
    lines = _lines([(row.line, row.path) for row in missing[:_MOST_REPORTED]], len(missing))
    return warning("missing_files", text.fill(path=path, n=len(missing), total=total, lines=lines), "dataset", path=path)


def _cell(fields: Sequence[str], column: int | None) -> str:
    return fields[column].strip() if column is not None and column < len(fields) else ""


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", plain(name))


def _columns(rows: Sequence[tuple[int, Sequence[str]]], path: Path) -> _Columns:
    """The columns, by the names in the first line, or by their content in a table without names."""
    if not rows:
        text = Text("{path} is empty.", "{path} está vacía.")
        raise ProblemError(error("no_pictures", text.fill(path=path), "dataset", path=path))
    keys = [_key(name) for name in rows[0][1]]
    header = not any(is_picture(name.strip()) for name in rows[0][1])
    if header:
        column = _first(keys, _PATHS)
        label, split = _first(keys, _LABELS), _first(keys, _SPLITS)
        if column is None:
            column = _picture_column(rows[1:1 + _PROBED])
        if column is None:
            text = Text("{path} has no column with the files of the pictures. Call it path, file or image; the columns "
                        "are: {names}.",
                        "{path} no tiene ninguna columna con los archivos de las imágenes. Llámela ruta, archivo o "
                        "imagen; las columnas son: {names}.")
            names = ", ".join(name.strip() or "?" for name in rows[0][1][:20])
            raise ProblemError(error("no_path_column", text.fill(path=path, names=_short(names, 300)), "dataset",
                                     path=path))
        if label is None:
            rest = [number for number in range(len(keys)) if number not in (column, split)]
            label = rest[0] if len(rest) == 1 else None
        return _Columns(path=column, label=label, split=split, header=True)
    column = _picture_column(rows[:_PROBED])
    assert column is not None
    width = max(len(fields) for _line, fields in rows[:_PROBED])
    rest = [number for number in range(width) if number != column]
    cells = {number: [_cell(fields, number) for _line, fields in rows[:_PROBED]] for number in rest}
    split = next((number for number in rest if len(rest) > 1 and all(
        find_split(cell) for cell in cells[number] if cell)), None)
    labels = [number for number in rest if number != split]
    return _Columns(path=column, label=labels[0] if labels else None, split=split, header=False)


def _first(keys: Sequence[str], wanted: Iterable[str]) -> int | None:
    return next((keys.index(name) for name in wanted if name in keys), None)


def _picture_column(rows: Sequence[tuple[int, Sequence[str]]]) -> int | None:
    """The column with the most names of pictures."""
    counts: dict[int, int] = {}
    for _line, fields in rows:
        for number, field in enumerate(fields):
            counts[number] = counts.get(number, 0) + is_picture(field.strip())
    best = max(counts, key=lambda number: counts[number], default=None)
    return best if best is not None and counts[best] else None


def _split(name: str, line: int, problems: _RowProblems) -> Split | None:
    if not name:
        return None
    split = find_split(name)
    if split is None:
        problems.add_row("unknown_split", line, name)
    return split


def _normal(name: str) -> str:
    """A normalised path with "/"; paths of Windows are understood on other systems, too."""
    if name.startswith("file://"):
        from urllib.parse import unquote, urlsplit

        name = unquote(urlsplit(name).path)
    if "\\" in name:
        name = name.replace("\\", "/")
    return os.path.normpath(name).replace(os.sep, "/")


def _place(root: Path, names: Sequence[str]) -> tuple[str, str]:
    """The prefix and suffix to add to every name: nothing, a folder, or a suffix that the list omits."""

    def share(prefix: str, suffix: str) -> int:
        return sum(os.path.exists(root / (prefix + name + suffix)) for name in names[:10])

    if not names or share("", ""):
        return "", ""
    try:
        with os.scandir(root) as entries:
            folders = sorted(entry.name + "/" for entry in entries if entry.is_dir())[:30]
    except OSError:
        return "", ""
    bare = not any(is_picture(name) for name in names)
    suffixes = ("", *".jpeg", ".jpg", ".png") if bare else ("",)
    for suffix in suffixes:
        for prefix in ("", *folders):
            if share(prefix, suffix):
                return prefix, suffix
    return "", ""


def _found_elsewhere(path: Path, prefix: str, suffix: str) -> Problem:
    text = Text("{path}: the pictures were found as {place}.", "{path}: las imágenes se encontraron como {place}.")
    problem = warning("found_elsewhere", text.fill(path=path, place=f"{prefix}…{suffix}"), "dataset", path=path)
    return msgspec.structs.replace(problem, severity="info")


_TEXTS: Final[dict[str, Text]] = {
    "no_path": Text("{path}: {n} rows name no file ({lines}).", "{path}: {n} filas no nombran ningún archivo ({lines})."),
    "no_label": Text("{path}: {n} rows have no class and are left out ({lines}).",
                     "{path}: {n} filas no tienen clase y se dejan fuera ({lines})."),
    "named_twice": Text("{path}: {n} rows name a picture again ({lines}).",
                        "{path}: {n} filas nombran otra vez una imagen ({lines})."),
    "named_twice_differently": Text("{path}: {n} rows name a picture again with another class; the first one counts "
                                    "({lines}).",
                                    "{path}: {n} filas nombran otra vez una imagen con otra clase; vale la primera "
                                    "({lines})."),
    "unknown_split": Text("{path}: {n} rows have a split that is neither train, validation nor test; these pictures are "
                          "divided like those without one: {counts} ({lines}).",
                          "{path}: {n} filas tienen una división que no es train, validation ni test; esas imágenes se "
                          "dividen como las que no la tienen: {counts} ({lines})."),
}


class _RowProblems:
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
                text = Text("{path}: {n} more lines like these.", "{path}: {n} líneas más como estas.")
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
