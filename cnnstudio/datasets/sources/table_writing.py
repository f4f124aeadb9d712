"""Write tables row by row, however many there are: CSV, TSV, JSON or Parquet."""

from __future__ import annotations

import csv
import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final, Literal

import msgspec

from cnnstudio.core.csv_text import with_guard
from cnnstudio.core.libraries import Library, library_path
from cnnstudio.core.own_process import module_command, module_environment

Cell = str | float | int | bool | None
AddRow = Callable[[Sequence[Cell]], object]
"""Called with the cells of a row, in the order of the columns; raises OSError."""


class TableColumn(msgspec.Struct, frozen=True):
    """A column of a table that is written."""

    name: str
    kind: Literal["text", "number", "integer", "boolean"] = "text"


@contextmanager
def write_csv(path: Path, columns: Sequence[TableColumn], delimiter: str = ",") -> Iterator[AddRow]:
    """As RFC 4180 has it, in UTF-8; texts are guarded against spreadsheets, what is no Unicode is escaped."""
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)

        def add(cells: Sequence[Cell]) -> None:
            writer.writerow([_csv_cell(cell) for cell in cells])

        add([column.name for column in columns])
        yield add


def write_tsv(path: Path, columns: Sequence[TableColumn]) -> Any:
    """The same with tabs."""
    return write_csv(path, columns, "\t")


def _csv_cell(cell: Cell) -> Cell:
    if isinstance(cell, bool):
        return str(cell).lower()
    return with_guard(cell) if isinstance(cell, str) else cell


@contextmanager
def write_json(path: Path, columns: Sequence[TableColumn]) -> Iterator[AddRow]:
    """An array with one object a row, each on a line of its own. What is no Unicode is escaped."""
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
        separator = "[\n"

        def add(cells: Sequence[Cell]) -> None:
            nonlocal separator
            row = {column.name: cell for column, cell in zip(columns, cells, strict=True)}
            file.write(separator + json.dumps(row, ensure_ascii=False, allow_nan=False))
            separator = ",\n"

        yield add
        file.write("[]\n" if separator == "[\n" else "\n]\n")


PYARROW: Final = Library("pyarrow", "pyarrow", "pyarrow")
_DISK: Final = 3
"""The exit code of the child that could not write; its last line is the number of the error."""


@contextmanager
def write_parquet(path: Path, columns: Sequence[TableColumn]) -> Iterator[AddRow]:
    """By a child process: a library that the user added never enters this one, and it would take 170 MB in a window."""
    kinds = [[column.name.encode("utf-8", "backslashreplace").decode(), column.kind] for column in columns]
    with tempfile.TemporaryFile() as complaints:
        child = subprocess.Popen(module_command("cnnstudio.datasets.sources.parquet", "--write", str(path)),
                                 stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=complaints,
                                 env=module_environment(library_path([PYARROW.module])))
        assert child.stdin is not None
        try:
            add = _line_writer(child.stdin, lambda: _raise_ended(child, complaints))
            add(kinds)
            yield add
            _close(child.stdin)
            if child.wait():
                _raise_ended(child, complaints)
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
            _close(child.stdin)


def _line_writer(stream: IO[bytes], failed: Callable[[], object]) -> Callable[[Sequence[Any]], object]:
    def add(cells: Sequence[Any]) -> None:
        try:
            stream.write(json.dumps(cells).encode() + b"\n")
        except OSError:
            failed()

    return add


def _raise_ended(child: subprocess.Popen[bytes], complaints: IO[bytes]) -> None:
    """Why the child ended, as the OSError that it was there."""
    code = child.wait()
    complaints.seek(0)
    lines = complaints.read().decode("utf-8", "replace").strip().splitlines() or ["?"]
    if code == _DISK and lines[-1].isdecimal():
        raise OSError(int(lines[-1]), "")
    raise OSError(0, lines[-1][:200])


def _close(stream: IO[bytes]) -> None:
    # The child's exit code says what went wrong with it.
    with suppress(OSError):
        stream.close()
