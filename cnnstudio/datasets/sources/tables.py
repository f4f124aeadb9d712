"""The formats of tables: read as rows of texts, and written row by row."""

from __future__ import annotations

import csv
import io
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.core.atomic import atomic_path
from cnnstudio.core.csv_text import without_guard
from cnnstudio.core.libraries import Library, install_fix, install_hint, is_available, library_path
from cnnstudio.core.own_process import module_command, module_environment
from cnnstudio.core.problems import Problem, ProblemError, error, warning
from cnnstudio.core.registry import Registry
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text
from cnnstudio.datasets.sources.parquet import read_columns
from cnnstudio.datasets.sources.table_writing import (
    PYARROW,
    AddRow,
    TableColumn,
    write_csv,
    write_json,
    write_parquet,
    write_tsv,
)
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.picture_files import read_regular

_DELIMITERS: Final = (",", ";", "\t", "|")
_SEPARATOR_LINE: Final = re.compile(r"\ufeff?\"?sep=(.)\"?\r?\n")
"""A first line with which a spreadsheet names the delimiter of what follows."""
_LONGEST_FIELD: Final = 1 << 20
_MAXIMUM_BYTES: Final = 4 << 30
_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """`rows` are (number of the line where it begins, its fields); the first may be a header."""

    rows: list[tuple[int, list[str]]]
    problems: tuple[Problem, ...] = ()


def read_table(path: Path) -> Table:
    """All rows of a table; raises ProblemError if it cannot be read."""
    entry = TABLE_FORMATS.find(path.suffix.lower().removeprefix("."))
    return _read_text(path) if entry is None or entry.read is None else entry.read(path)


def _read_text(path: Path) -> Table:
    try:
        if path.stat().st_size > _MAXIMUM_BYTES:
            raise ProblemError(_unreadable(path, "> 4 GB"))
        data = read_regular(path)
    except PictureError as picture_error:
        raise ProblemError(_unreadable(path, Text(picture_error.text("en"), picture_error.text("es")))) from picture_error
    except FileNotFoundError as err:
        text = Text("The list of pictures {path} was not found (it may have been renamed or moved, or its drive is not "
                    "connected).",
                    "No se encontró la lista de imágenes {path} (puede que se haya renombrado o movido, o que su unidad no "
                    "esté conectada).")
        raise ProblemError(error("folder_missing", text.fill(path=path), "dataset", path=path)) from err
    except OSError as os_error:
        raise ProblemError(_unreadable(path, reason_of(os_error))) from os_error
    content, problems = _decoded(data, path)
    named = _SEPARATOR_LINE.match(content)
    delimiter = named[1] if named else _delimiter(content, path.suffix.lower())
    rows: list[tuple[int, list[str]]] = []
    csv.field_size_limit(_LONGEST_FIELD)
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter)
    begin = 1
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            break
        except csv.Error as err:
            text = Text("{path}, line {line}: {reason}. This line is left out.",
                        "{path}, línea {line}: {reason}. Esta línea se omite.")
            problems.append(warning("bad_line", text.fill(path=path, line=begin, reason=err), "dataset", path=path))
        else:
            if any(field.strip() for field in fields) and not (named and begin == 1):
                rows.append((begin, [without_guard(field) for field in fields]))
        begin = reader.line_num + 1
    return Table(rows=rows, problems=tuple(problems))


def _unreadable(path: Path, reason: object) -> Problem:
    text = Text("The list of pictures {path} cannot be read: {reason}.",
                "No se puede leer la lista de imágenes {path}: {reason}.")
    return error("damaged_list", text.fill(path=path, reason=reason), "dataset", path=path)


def _decoded(data: bytes, path: Path) -> tuple[str, list[Problem]]:
    """The decoded text: by its byte order mark, by its zero bytes, as UTF-8, or as Windows-1252 (with a warning)."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace"), []
    head = data[:4096]
    if head.count(0) > len(head) // 4:
        return data.decode("utf-16-le" if head[1::2].count(0) >= head[::2].count(0) else "utf-16-be", "replace"), []
    try:
        return data.decode("utf-8"), []
    except UnicodeDecodeError as err:
        line = data.count(b"\n", 0, err.start) + 1
    try:
        content, name = data.decode("cp1252"), "Windows-1252"
    except UnicodeDecodeError:
        content, name = data.decode("latin-1"), "Latin-1"
    text = Text("{path} is not UTF-8 (line {line}); it was read as {name}. If names with accents look wrong, save it as "
                "UTF-8.",
                "{path} no está en UTF-8 (línea {line}); se leyó como {name}. Si los nombres con acentos salen mal, "
                "guárdelo como UTF-8.")
    return content, [warning("wrong_encoding", text.fill(path=path, line=line, name=name), "dataset", path=path)]


def _delimiter(text: str, suffix: str) -> str:
    """The delimiter that splits the first lines into the same number of fields, more than one."""
    head = text[:64_000]
    lines = head.splitlines(keepends=True)[:40]
    if len(text) > len(head) and len(lines) > 1:
        lines.pop()

    def merit(delimiter: str) -> tuple[float, int]:
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        except csv.Error:
            return (0.0, 0)
        usual = max(set(widths), key=widths.count) if widths else 1
        if usual < 2:
            return (0.0, 0)
        return (widths.count(usual) / len(widths), usual)

    preferred = ("\t", *_DELIMITERS) if suffix == ".tsv" else _DELIMITERS
    best = max(preferred, key=merit)
    return best if merit(best)[1] > 1 else preferred[0]


def _read_parquet(path: Path) -> Table:
    if not is_available(PYARROW):
        text = Text("Parquet lists need the library pyarrow, which is not installed. {hint} Or save the list as CSV.",
                    "Las listas Parquet necesitan la biblioteca pyarrow, que no está instalada. {hint} O guarde la lista como "
                    "CSV.")
        raise ProblemError(error("library_missing", text.fill(hint=install_hint(PYARROW)), "dataset", path=path,
                                 fixes=(install_fix(PYARROW),)))
    if not path.is_file():
        raise ProblemError(*_missing(path))
    added = library_path([PYARROW.module])
    try:
        # What the user added never enters this process, which may be that of the window.
        columns = _columns_by_child(path, added) if added else read_columns(path)
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, subprocess.SubprocessError) as err:
        raise ProblemError(_unreadable(path, str(err).splitlines()[0][:200] if str(err) else "?")) from err
    rows = [(1, list(columns))]
    rows += [(number, list(fields)) for number, fields in enumerate(zip(*columns.values(), strict=True), start=2)]
    return Table(rows=rows)


def _columns_by_child(path: Path, added: str) -> dict[str, list[str]]:
    done = subprocess.run(module_command("cnnstudio.datasets.sources.parquet", str(path)), capture_output=True, check=False,
                          env=module_environment(added), stdin=subprocess.DEVNULL)
    if done.returncode:
        raise RuntimeError((done.stderr.decode("utf-8", "replace").strip().splitlines() or ["?"])[-1])
    return msgspec.json.decode(done.stdout, type=dict[str, list[str]])


def _missing(path: Path) -> tuple[Problem, ...]:
    try:
        path.read_bytes()
    except OSError as os_error:
        return (_unreadable(path, reason_of(os_error)),)
    return (_unreadable(path, "?"),)


class TableFormat(msgspec.Struct, frozen=True, kw_only=True):
    """A format of tables; its id is the suffix of its files. `read` is None for one that is written only."""

    id: str
    label: str
    write: Callable[[Path, Sequence[TableColumn]], AbstractContextManager[AddRow]]
    read: Callable[[Path], Table] | None = None
    libraries: tuple[Library, ...] = ()


TABLE_FORMATS: Final[Registry[TableFormat]] = Registry("table format", (
    TableFormat(id="csv", label="CSV", read=_read_text, write=write_csv),
    TableFormat(id="tsv", label="TSV", read=_read_text, write=write_tsv),
    TableFormat(id="parquet", label="Parquet", read=_read_parquet, write=write_parquet, libraries=(PYARROW,)),
    TableFormat(id="json", label="JSON", write=write_json),
))


def table_format_of(path: Path, format: str = "") -> TableFormat:
    """The format of a table that will be written, by its id or by the file's ending. Raises ProblemError (unknown_table_format,
    library_missing)."""
    entry = TABLE_FORMATS.find(format or path.suffix.lower().removeprefix("."))
    if entry is None:
        known = ", ".join(f".{name}" for name in TABLE_FORMATS.ids())
        text = Text("{path}: a table is written in the format that its name ends with. Choose one of {known}.",
                    "{path}: una tabla se escribe en el formato con el que termina su nombre. Elija uno de {known}.")
        raise ProblemError(error("unknown_table_format", text.fill(path=path, known=known), "file", path=path))
    missing = next((library for library in entry.libraries if not is_available(library)), None)
    if missing is not None:
        text = Text("{format} tables need the library {name}, which is not installed. {hint} Or save the table as CSV.",
                    "Las tablas {format} necesitan la biblioteca {name}, que no está instalada. {hint} O guarde la tabla "
                    "como CSV.")
        raise ProblemError(error("library_missing", text.fill(format=entry.label, name=missing.name,
                                                              hint=install_hint(missing)), "file", path=path,
                                 fixes=(install_fix(missing),)))
    return entry


@contextmanager
def write_table(path: Path, columns: Sequence[TableColumn], format: str = "") -> Iterator[AddRow]:
    """A table whose rows are written as they are added; it takes the place of an earlier one when the block ends, and an
    error leaves that as it was; the format as in `table_format_of`. Raises ProblemError."""
    entry = table_format_of(path, format)
    with atomic_path(path) as temporary, entry.write(temporary, columns) as add:
        yield add
