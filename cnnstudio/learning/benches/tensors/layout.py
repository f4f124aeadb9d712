"""Where the cells of a tensor stand when it is drawn on a plane: sheets of its last two axes."""

from __future__ import annotations

from typing import NamedTuple

Shape = tuple[int, ...]


class Sheets(NamedTuple):
    """`rows` by `columns` sheets, each of `height` by `width` cells."""

    rows: int
    columns: int
    height: int
    width: int


def sheets_of(shape: Shape) -> Sheets:
    """The first two of four axes are the rows and columns of sheets; missing axes are 1."""
    first, second, height, width = (1,) * (4 - len(shape)) + shape
    return Sheets(first, second, height, width)


def index_at(shape: Shape, row: int, column: int, y: int, x: int) -> tuple[int, ...]:
    """The index of a cell of a sheet."""
    return (row, column, y, x)[4 - len(shape):]


def cell_of(shape: Shape, index: tuple[int, ...]) -> tuple[int, int, int, int]:
    """The sheet (row, column) and the cell (y, x) of an index."""
    first, second, y, x = (0,) * (4 - len(shape)) + index
    return first, second, y, x
