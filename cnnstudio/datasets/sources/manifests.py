"""Manifests: tables that name pictures, their classes and splits. Every trouble is told at once, with its lines."""

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
from cnnstudio.datasets.layout import is_picture, plain, split_of_word
from cnnstudio.datasets.sources.tables import read_table

# In order of trust: the first that a table has is taken.
_PATHS: Final = ("path", "filepath", "imagepath", "filename", "file", "imagefile", "imagefilename", "image", "img",
                 "picture", "photo", "ruta", "archivo", "fichero", "rutaarchivo", "nombrearchivo", "imagen", "foto",
                 "relativepath", "abspath", "imageid", "imagename", "id", "name", "nombre")
_LABELS: Final = ("label", "class", "classname", "labelname", "category", "target", "tag", "species", "breed", "etiqueta",
                  "clase", "categoria", "nombreclase", "y", "labels", "classes", "especie", "classid", "labelid")
_SPLITS: Final = ("split", "subset", "set", "partition", "usage", "division", "particion", "conjunto", "subconjunto",
                  "datasplit", "reparto")
_SHOWN: Final = 5
_PROBED: Final = 50


class Row(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A picture that a manifest names: path relative to the manifest's folder with "/", or absolute."""

    path: str
    label: str
    split: Split | None
    line: int


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a manifest says. `has_labels` is False where the folders of the pictures stand for the classes."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]
    has_labels: bool = True


class _Columns(msgspec.Struct, frozen=True, kw_only=True):
    path: int
    label: int | None
    split: int | None
    header: bool


def read_rows(path: Path) -> Reading:
    """The rows of a manifest that name a picture and a class; never raises: trouble is in `problems`.

    Whether the files are there is not looked at here, except to find out what the paths are relative to.
    """
    try:
        table = read_table(path)
        columns = _columns(table.rows, path)
    except ProblemError as problem_error:
        return Reading(rows=(), problems=problem_error.problems)
    found = _Troubles(path)
    for problem in table.problems:
        found.add_whole(problem)
    body = table.rows[1:] if columns.header else table.rows
    named = [(line, _cell(fields, columns.path)) for line, fields in body]
    prefix, suffix = _place(path.parent, [_normal(name) for _line, name in named[:_PROBED] if name])
    if prefix or suffix:
        found.add_whole(_found_elsewhere(path, prefix, suffix))
    rows: list[Row] = []
    seen: dict[str, tuple[int, str]] = {}
    for line, fields in body:
        name = _cell(fields, columns.path)
        if not name or "\0" in name:
            found.note("no_path", line, "")
            continue
        place = _normal(prefix + name + suffix if prefix or suffix else name)
        label = _cell(fields, columns.label) if columns.label is not None else os.path.basename(os.path.dirname(place))
        split = _split(_cell(fields, columns.split), line, found) if columns.split is not None else None
        if not label:
            found.note("no_label", line, name)
            continue
        before = seen.get(place)
        if before is not None:
            found.note("named_twice" if before[1] == label else "named_twice_differently", line, name)
            continue
        seen[place] = (line, label)
        rows.append(Row(path=place, label=label, split=split, line=line))
    if not rows and not any(problem.blocks for problem in found.problems()):
        text = Text("{path} names no pictures.", "{path} no nombra ninguna imagen.")
        found.add_whole(error("no_pictures", text.fill(path=path), "dataset", path=path))
    return Reading(rows=tuple(rows), problems=tuple(found.problems()), has_labels=columns.label is not None)


def missing_problem(path: Path, missing: Sequence[Row], total: int) -> Problem:
    """Of the files that a manifest names some, or all, are not there. All: it blocks, a drive may be away."""
    if len(missing) == total:
        text = Text("None of the {n} pictures that {path} names is there; the first is {first}. Paths are relative to "
                    "the list's own folder, or absolute.",
                    "No está ninguna de las {n} imágenes que nombra {path}; la primera es {first}. Las rutas son "
                    "relativas a la carpeta de la lista, o absolutas.")
        return error("folder_missing", text.fill(n=total, path=path, first=_short(missing[0].path)), "dataset", path=path)
    text = Text("{path}: {n} of {total} pictures are not there ({lines}).",
                "{path}: {n} de {total} imágenes no están ({lines}).")
    lines = _lines([(row.line, row.path) for row in missing[:_SHOWN]], len(missing))
    return warning("missing_files", text.fill(path=path, n=len(missing), total=total, lines=lines), "dataset", path=path)


def _cell(fields: Sequence[str], column: int | None) -> str:
    return fields[column].strip() if column is not None and column < len(fields) else ""


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", plain(name))


def _columns(rows: Sequence[tuple[int, Sequence[str]]], path: Path) -> _Columns:
    """Which column is which, by the names of the first line, or by what a table without names holds."""
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
    words = {number: [_cell(fields, number) for _line, fields in rows[:_PROBED]] for number in rest}
    split = next((number for number in rest if len(rest) > 1 and all(
        split_of_word(word) for word in words[number] if word)), None)
    labels = [number for number in rest if number != split]
    return _Columns(path=column, label=labels[0] if labels else None, split=split, header=False)


def _first(keys: Sequence[str], wanted: Iterable[str]) -> int | None:
    return next((keys.index(name) for name in wanted if name in keys), None)


def _picture_column(rows: Sequence[tuple[int, Sequence[str]]]) -> int | None:
    """The column that holds most names of pictures."""
    counts: dict[int, int] = {}
    for _line, fields in rows:
        for number, field in enumerate(fields):
            counts[number] = counts.get(number, 0) + is_picture(field.strip())
    best = max(counts, key=lambda number: counts[number], default=None)
    return best if best is not None and counts[best] else None


def _split(word: str, line: int, problems: _Troubles) -> Split | None:
    if not word:
        return None
    split = split_of_word(word)
    if split is None:
        problems.note("unknown_split", line, word)
    return split


def _normal(name: str) -> str:
    """A path with "/" and without detours; what Windows wrote is read elsewhere, too."""
    if name.startswith("file://"):
        from urllib.parse import unquote, urlsplit

        name = unquote(urlsplit(name).path)
    if "\\" in name:
        name = name.replace("\\", "/")
    return os.path.normpath(name).replace(os.sep, "/")


def _place(root: Path, names: Sequence[str]) -> tuple[str, str]:
    """What stands before and behind every name: nothing, or one folder, or an ending that the list leaves away."""

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
    found = warning("found_elsewhere", text.fill(path=path, place=f"{prefix}…{suffix}"), "dataset", path=path)
    return msgspec.structs.replace(found, severity="info")


_WORDS: Final[dict[str, Text]] = {
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


class _Troubles:
    """Gathers the troubles of single lines, so that each kind is told once with its first lines."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._whole: list[Problem] = []
        self._lines: dict[str, list[tuple[int, str]]] = {}
        self._counts: dict[str, int] = {}
        self._splits: dict[str, int] = {}

    def add_whole(self, problem: Problem) -> None:
        self._whole.append(problem)

    def note(self, code: str, line: int, word: str) -> None:
        self._counts[code] = self._counts.get(code, 0) + 1
        lines = self._lines.setdefault(code, [])
        if len(lines) < _SHOWN:
            lines.append((line, word))
        if code == "unknown_split":
            self._splits[word] = self._splits.get(word, 0) + 1

    def problems(self) -> list[Problem]:
        return [*self._thinned(), *(self._problem(code) for code in _WORDS if code in self._counts)]

    def _thinned(self) -> list[Problem]:
        """Of many problems of one kind the first few, and how many more there are."""
        kept: list[Problem] = []
        counts: dict[str, int] = {}
        for problem in self._whole:
            counts[problem.code] = counts.get(problem.code, 0) + 1
            if counts[problem.code] <= _SHOWN:
                kept.append(problem)
        for code, number in counts.items():
            if number > _SHOWN:
                text = Text("{path}: {n} more lines like these.", "{path}: {n} líneas más como estas.")
                kept.append(warning(code, text.fill(path=self._path, n=number - _SHOWN), "dataset", path=self._path))
        return kept

    def _problem(self, code: str) -> Problem:
        shown = sorted(self._splits.items(), key=lambda item: -item[1])[:_SHOWN]
        counts = ", ".join(f"“{_short(word)}” × {number}" for word, number in shown)
        text = _WORDS[code].fill(path=self._path, n=self._counts[code], counts=counts,
                                 lines=_lines(self._lines[code], self._counts[code]))
        return warning(code, text, "dataset", path=self._path)


def _lines(shown: Sequence[tuple[int, str]], total: int) -> Text:
    def words(line: str, more: str) -> str:
        parts = ", ".join(f"{number}: {_short(word)}" if word else str(number) for number, word in shown)
        return f"{line} {parts}" + (f"; {total - len(shown)} {more}" if total > len(shown) else "")

    return Text(words("lines" if total > 1 else "line", "more"), words("líneas" if total > 1 else "línea", "más"))


def _short(word: str, most: int = 80) -> str:
    return word if len(word) <= most else "…" + word[-most:]
