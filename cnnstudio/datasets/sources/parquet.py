"""Columns of a Parquet file as texts; run as a program it prints them, for a process without pyarrow."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec


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


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(read_columns(Path(sys.argv[1]))))
