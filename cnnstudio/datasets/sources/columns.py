"""Which columns of a list are the pictures, the classes and the splits: by their names, then by what they hold.

Where that is not clear the list is refused with its candidates, and the user names the columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.core.problems import Fix, Problem, ProblemError, error, warning
from cnnstudio.core.text import Text
from cnnstudio.datasets.layout import find_split, is_picture, plain
from cnnstudio.datasets.sources.column_content import (
    Profile,
    count_indicators,
    is_yes,
    make_profiles,
    several_example,
)
from cnnstudio.datasets.sources.picture_names import NameIndex

# In order of preference: the first name that a table has is used.
_PATHS: Final = ("path", "filepath", "imagepath", "filename", "file", "imagefile", "imagefilename", "image", "img",
                 "picture", "photo", "ruta", "archivo", "fichero", "rutaarchivo", "nombrearchivo", "imagen", "foto",
                 "rutaimagen", "archivoimagen", "nombreimagen", "fotografia", "relativepath", "abspath", "imageid",
                 "imageindex", "imagename", "imageurl", "idimagen", "isicid", "imgname", "imgpath", "imgfile",
                 "imgid", "fname", "filenames", "images", "imagenes", "archivos", "id", "name", "nombre")
_LABELS: Final = ("label", "class", "classname", "labelname", "category", "categoryname", "target", "tag", "species",
                  "breed", "etiqueta", "clase", "categoria", "nombreclase", "y", "labels", "classes", "especie", "raza",
                  "dx", "diagnosis", "diagnostico", "disease", "enfermedad", "finding", "findings", "findinglabel",
                  "findinglabels", "hallazgo", "hallazgos", "pathology", "patologia", "groundtruth", "classlabel",
                  "imagelabel", "annotation", "anotacion", "tags", "etiquetas", "clases", "classid", "labelid",
                  "categoryid", "idclase")
_SPLITS: Final = ("split", "subset", "set", "partition", "usage", "division", "particion", "conjunto", "subconjunto",
                  "datasplit", "reparto")
FOLDER: Final = "."
"""The name for: the class is the folder of the picture."""
_PROBED: Final = 50


class ColumnChoice(msgspec.Struct, frozen=True, kw_only=True):
    """The columns that the user named. `required`: a list without any of them is refused; otherwise (of several joined
    lists) its columns are recognised."""

    paths: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    required: bool = True


class Columns(msgspec.Struct, frozen=True, kw_only=True):
    """The columns of a list by number. `labels`: one column, several of zeros and ones, or none where the folders of the
    pictures are the classes. `header`: the first row has their names."""

    path: int
    labels: tuple[int, ...]
    split: int | None
    header: bool
    names: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    def label_of(self, fields: Sequence[str]) -> tuple[str, ...]:
        """The classes that a row names; without a label column the empty tuple."""
        if len(self.labels) == 1:
            label = cell(fields, self.labels[0])
            return (label,) if label else ()
        return tuple(self.names[index].strip() for index in self.labels if is_yes(cell(fields, index)))


Rows = Sequence[tuple[int, Sequence[str]]]


def cell(fields: Sequence[str], column: int | None) -> str:
    return fields[column].strip() if column is not None and column < len(fields) else ""


def choose_columns(rows: Rows, path: Path, choice: ColumnChoice) -> Columns:
    """The columns of a table that is not empty; raises ProblemError with the candidates where they are not clear."""
    header = has_header(rows)
    names = column_names(rows)
    body = rows[1:] if header else rows
    reader = _Reader(path, names, body, header, choice)
    column = reader.path_column()
    split = reader.split_column(column)
    labels = reader.label_columns(column, split)
    return Columns(path=column, labels=labels, split=split, header=header, names=names, problems=tuple(reader.problems))


def has_header(rows: Rows) -> bool:
    """Whether the first row has names of columns: none of its cells names a picture."""
    return not any(is_picture(name.strip()) for name in rows[0][1])


def column_names(rows: Rows) -> tuple[str, ...]:
    """The names of the columns; those without one are called by their numbers."""
    first = rows[0][1] if has_header(rows) else ()
    width = max(len(fields) for _line, fields in rows[:_PROBED])
    return tuple(cell(first, number) or f"#{number + 1}" for number in range(width))


def guess_path_column(rows: Rows) -> int | None:
    """The column that probably names the pictures; None where none does."""
    try:
        return choose_columns(rows, Path(), ColumnChoice(labels=(FOLDER,))).path
    except ProblemError:
        return None


class _Reader:
    def __init__(self, path: Path, names: Sequence[str], body: Rows, header: bool, choice: ColumnChoice) -> None:
        self._path, self._names, self._body, self._header, self._choice = path, names, body, header, choice
        self._keys = [_key(name) for name in names]
        self.problems: list[Problem] = []

    def _named(self, wanted: Iterable[str], kind: str) -> list[int]:
        """The columns that the user named. Of a list without any of them none, with a problem where one is needed."""
        wanted = [name for name in wanted if name != FOLDER]
        result: list[int] = []
        for name in wanted:
            index = next((number for number, own in enumerate(self._names) if own.strip() == name.strip()), None)
            if index is None and (key := _key(name)) in self._keys:
                index = self._keys.index(key)
            if index is not None and index not in result:
                result.append(index)
        if wanted and not result and self._choice.required:
            text = Text("{path} has no column called {wanted}. Its columns are: {names}.",
                        "{path} no tiene ninguna columna llamada {wanted}. Sus columnas son: {names}.")
            raise ProblemError(self._error("no_such_column", text, field=kind, wanted=", ".join(wanted)))
        return result

    # Pictures and splits -------------------------------------------------------------------------

    def path_column(self) -> int:
        chosen = self._named(self._choice.paths, "path_columns")
        if chosen:
            return chosen[0]
        counts = self._picture_counts()
        best = max(counts, key=lambda number: counts[number], default=None)
        known = _first(self._keys, _PATHS) if self._header else None
        if known is not None and (counts.get(known, 0) or best is None or not counts[best]):
            return known
        if best is None or not counts[best]:
            by_files = self._column_of_files() if self._header else None
            if by_files is not None:
                return by_files
            text = Text("{path} has no column with the files of the pictures. Name that column path, file or image, or "
                        "choose it. The columns are: {names}.",
                        "{path} no tiene ninguna columna con los archivos de las imágenes. Llame a esa columna ruta, archivo "
                        "o imagen, o elíjala. Las columnas son: {names}.")
            raise ProblemError(self._error("no_path_column", text, field="path_columns"))
        rivals = [number for number, count in counts.items() if count == counts[best]]
        if self._header and len(rivals) > 1:
            text = Text("{path}: it is not clear which column names the pictures. Candidates: {candidates}. Choose one.",
                        "{path}: no está claro qué columna contiene las imágenes. Candidatas: {candidates}. Elija una.")
            raise ProblemError(self._error("path_unclear", text, field="path_columns",
                                           candidates=", ".join(self._names[number].strip() for number in rivals)))
        return best

    def _picture_counts(self) -> dict[int, int]:
        """How many of the first cells of each column end as pictures do."""
        counts: dict[int, int] = {}
        for _line, fields in self._body[:_PROBED]:
            for number, field in enumerate(fields):
                counts[number] = counts.get(number, 0) + is_picture(field.strip())
        return counts

    def _column_of_files(self) -> int | None:
        """The column whose cells are names of pictures below the list, without their endings."""
        if not self._path.name:
            return None
        names = NameIndex(self._path.parent)
        counts = {number: sum(bool(names.find(name)) for _line, fields in self._body[:_PROBED]
                              if (name := cell(fields, number)) and "\0" not in name) for number in range(len(self._names))}
        best = max(counts, key=lambda number: counts[number], default=None)
        return best if best is not None and 2 * counts[best] > len(self._body[:_PROBED]) else None

    def split_column(self, path: int) -> int | None:
        if self._header:
            known = _first(self._keys, _SPLITS)
            return known if known != path else None
        rest = [number for number in range(len(self._names)) if number != path]
        cells = {number: [cell(fields, number) for _line, fields in self._body[:_PROBED]] for number in rest}
        return next((number for number in rest if len(rest) > 1 and all(
            find_split(item) for item in cells[number] if item)), None)

    # Classes -------------------------------------------------------------------------------------

    def label_columns(self, path: int, split: int | None) -> tuple[int, ...]:
        chosen = self._named(self._choice.labels, "label_columns")
        if chosen:
            return self._chosen_labels(chosen)
        if FOLDER in self._choice.labels:
            return ()
        rest = [number for number in range(len(self._names)) if number not in (path, split)]
        if not rest:
            return ()
        profiles = [profile for profile in make_profiles(self._body, self._names, rest) if profile.values]
        named = [profile for name in (_LABELS if self._header else ()) for profile in profiles
                 if self._keys[profile.index] == name]
        if named:
            return self._by_name(named)
        return self._by_content(profiles)

    def _chosen_labels(self, chosen: list[int]) -> tuple[int, ...]:
        profiles = make_profiles(self._body, self._names, chosen)
        if len(profiles) > 1 and all(profile.binary for profile in profiles):
            sums = count_indicators(self._body, chosen)
            if sums.several:
                raise ProblemError(self._several_problem(profiles, sums.line, ""))
            return tuple(chosen)
        # "red wine" beside "red" and "wine" is a class where the user says so.
        example = several_example(profiles[0].values, weak=False)
        if example:
            raise ProblemError(self._several_problem(profiles[:1], 0, example))
        return (chosen[0],)

    def _by_name(self, named: list[Profile]) -> tuple[int, ...]:
        first = named[0]
        if first.numbers is not None:
            # Names of classes are better than their numbers.
            first = next((other for other in named[1:] if other.numbers is None and self._agree(first, other)), first)
        example = several_example(first.values)
        if example:
            raise ProblemError(self._several_problem([first], 0, example))
        if first.too_many(named=True):
            raise ProblemError(self._many_problem(first))
        others = [profile for profile in named if profile is not first and not self._agree(first, profile)]
        if others:
            self._note(first, others)
        return (first.index,)

    def _by_content(self, profiles: list[Profile]) -> tuple[int, ...]:
        """The only column that can be the classes; none where no column can."""
        indicators = [profile for profile in profiles if profile.binary]
        if len(profiles) == 1 and not profiles[0].too_many(named=False):
            example = several_example(profiles[0].values)
            if example:
                raise ProblemError(self._several_problem(profiles, 0, example))
            return (profiles[0].index,)
        sums = count_indicators(self._body, [profile.index for profile in indicators])
        if self._header and len(indicators) > 1 and sums.one_hot:
            return tuple(profile.index for profile in indicators)
        candidates = [profile for profile in profiles if profile.may_be_classes]
        several = [profile for profile in candidates if several_example(profile.values)]
        if len(candidates) > 1 and len(candidates) == len(indicators) and sums.several:
            raise ProblemError(self._several_problem(indicators, sums.line, ""))
        if len(candidates) == 1:
            if several:
                raise ProblemError(self._several_problem(several, 0, several_example(several[0].values)))
            if self._header:
                self._note(candidates[0], [])
            return (candidates[0].index,)
        if candidates:
            raise ProblemError(self._unclear_problem(candidates))
        numbers = [profile for profile in profiles if profile.numbers is not None and not _is_counter(profile)]
        if numbers:
            raise ProblemError(self._many_problem(numbers[0]))
        if profiles and not self._header:
            return (profiles[0].index,)
        if profiles:
            self._note_folders()
        return ()

    def _agree(self, first: Profile, other: Profile) -> bool:
        """Whether two columns divide the pictures alike."""
        pairs = {(cell(fields, first.index), cell(fields, other.index)) for _line, fields in self._body}
        return len(pairs) == len({one for one, _two in pairs}) == len({two for _one, two in pairs})

    # Problems ------------------------------------------------------------------------------------

    def _error(self, code: str, text: Text, field: str, **values: object) -> Problem:
        names = ", ".join(name.strip() or "?" for name in self._names[:20])
        names = names if len(names) <= 300 else names[:299] + "…"
        fix = Fix(action="choose_columns", label=Text("Choose columns…", "Elegir columnas…"),
                  arguments={"path": str(self._path)})
        return error(code, text.fill(path=self._path, names=names, **values), "dataset", field=field, path=self._path,
                     fixes=(fix,))

    def _note(self, chosen: Profile, others: Sequence[Profile]) -> None:
        text = Text("{path}: the classes are taken from the column {chosen}.",
                    "{path}: las clases se toman de la columna {chosen}.")
        if others:
            text = Text("{path}: the classes are taken from the column {chosen}. Also possible: {others}.",
                        "{path}: las clases se toman de la columna {chosen}. También sería posible: {others}.")
        text = text.fill(path=self._path, chosen=chosen.name, others=", ".join(item.name for item in others))
        self.problems.append(msgspec.structs.replace(warning("label_column", text, "dataset", path=self._path),
                                                     severity="info"))

    def _note_folders(self) -> None:
        text = Text("{path} has no column with classes: the folders of the pictures are the classes.",
                    "{path} no tiene ninguna columna con clases: las clases son las carpetas de las imágenes.")
        self.problems.append(msgspec.structs.replace(
            warning("label_column", text.fill(path=self._path), "dataset", path=self._path), severity="info"))

    def _unclear_problem(self, candidates: Sequence[Profile]) -> Problem:
        text = Text("{path}: it is not clear which column holds the classes. Candidates: {candidates}. Choose one, or the "
                    "folder of each picture.",
                    "{path}: no está claro qué columna contiene las clases. Candidatas: {candidates}. Elija una, o la carpeta "
                    "de cada imagen.")
        return self._error("columns_unclear", text, "label_columns",
                           candidates="; ".join(profile.shown() for profile in candidates[:12]))

    def _many_problem(self, profile: Profile) -> Problem:
        text = Text("{path}: the column {name} has {n} different values in {rows} rows, for example {example}: each would be "
                    "a class of its own. If that is meant, choose the column yourself; or choose another, or the folder of "
                    "each picture. The columns are: {names}.",
                    "{path}: la columna {name} tiene {n} valores distintos en {rows} filas, por ejemplo {example}: cada uno "
                    "sería una clase. Si es lo que quiere, elija usted mismo la columna; si no, elija otra o la carpeta de "
                    "cada imagen. Las columnas son: {names}.")
        return self._error("too_many_classes", text, "label_columns", name=profile.name, n=len(profile.values),
                           rows=profile.filled, example=next(iter(profile.values)))

    def _several_problem(self, profiles: Sequence[Profile], line: int, example: str) -> Problem:
        names = ", ".join(profile.name for profile in profiles[:12])
        if example:
            text = Text("{path}: the column {columns} gives a picture several classes, for example “{example}”. In a project "
                        "each picture has one class. Use a list with one class in each row, another column, or a column that "
                        "says yes or no about one of the classes.",
                        "{path}: la columna {columns} da varias clases a una imagen, por ejemplo «{example}». En un proyecto "
                        "cada imagen tiene una sola clase. Use una lista con una clase por fila, otra columna o una columna "
                        "que diga sí o no sobre una de las clases.")
        else:
            text = Text("{path}: the columns {columns} give a picture several classes, first in line {line}. In a project "
                        "each picture has one class. Use one of these columns as a yes-or-no question, columns of which only "
                        "one is set in each row, or a list with one class in each row.",
                        "{path}: las columnas {columns} dan varias clases a una imagen, por primera vez en la línea {line}. "
                        "En un proyecto cada imagen tiene una sola clase. Use una de estas columnas como pregunta de sí o "
                        "no, columnas de las que solo una esté marcada en cada fila, o una lista con una clase por fila.")
        return self._error("several_labels", text, "label_columns", columns=names, line=line, example=example)


def _is_counter(profile: Profile) -> bool:
    """Whether a column only numbers the rows, or is the same everywhere."""
    numbers = profile.numbers
    if numbers is None or len(numbers) < 2:
        return True
    return len(numbers) == profile.filled == max(numbers) - min(numbers) + 1


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", plain(name))


def _first(keys: Sequence[str], wanted: Iterable[str]) -> int | None:
    return next((keys.index(name) for name in wanted if name in keys), None)
