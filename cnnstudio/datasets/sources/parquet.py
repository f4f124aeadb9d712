"""Columns of a Parquet file as texts, and rows as a Parquet file; run as a program for a process without pyarrow: it
prints the columns, or with --write takes the rows from standard input."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec

_BATCH: Final = 10_000
"""Rows that are in memory at once."""


def read_columns(path: Path) -> dict[str, list[str]]:
    """The columns of texts or numbers by name. Raises what pyarrow raises."""
    from pyarrow import parquet

    table = parquet.read_table(path)
    names = [str(name) for name, kind in zip(table.column_names, table.schema.types, strict=True) if _is_plain(str(kind))]
    return {name: ["" if value is None else str(value) for value in table.column(name).to_pylist()] for name in names}


def _is_plain(kind: str) -> bool:
    """Whether a Parquet column holds texts or numbers (not pictures, lists or structures)."""
    return not kind.startswith(("binary", "large_binary", "fixed_size_binary", "struct", "list", "large_list", "map",
                                "fixed_size_list", "extension"))


def write_rows(path: Path, lines: Iterable[bytes]) -> None:
    """Write a Parquet file from lines of JSON: the first is (name, kind) of each column, the others are rows. Raises what
    pyarrow raises."""
    import pyarrow
    from pyarrow import parquet

    types: dict[str, Any] = {"text": pyarrow.string(), "number": pyarrow.float64(), "integer": pyarrow.int64(),
                             "boolean": pyarrow.bool_()}
    rows = iter(lines)
    schema = pyarrow.schema([(name, types[kind]) for name, kind in json.loads(next(rows))])
    with parquet.ParquetWriter(path, schema) as writer:
        while part := [json.loads(line) for line in islice(rows, _BATCH)]:
            columns = [[_as_text(cell) for cell in column] for column in zip(*part, strict=True)]
            writer.write_batch(pyarrow.record_batch(columns, schema=schema))


def _as_text(cell: Any) -> Any:
    """A cell of which every text is Unicode: a file's name may be any bytes."""
    return cell.encode("utf-8", "backslashreplace").decode() if isinstance(cell, str) else cell


def _write(path: Path) -> int:
    try:
        write_rows(path, sys.stdin.buffer)
    except OSError as os_error:
        print(os_error.errno or 0, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    if sys.argv[1] == "--write":
        sys.exit(_write(Path(sys.argv[2])))
    sys.stdout.buffer.write(msgspec.json.encode(read_columns(Path(sys.argv[1]))))
