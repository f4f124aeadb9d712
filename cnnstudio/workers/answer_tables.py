"""Predictions as a table: a row for each picture or frame, with the probability of every class."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from cnnstudio.core.jobs import Prediction
from cnnstudio.datasets.sources.table_writing import Cell, TableColumn
from cnnstudio.datasets.sources.tables import write_table

AddAnswer = Callable[[Prediction], object]


def _answer_columns(names: Sequence[str], with_doubt: bool, with_time: bool, with_correction: bool) -> list[TableColumn]:
    columns = [TableColumn("path")]
    if with_time:
        columns += [TableColumn("time", "number"), TableColumn("frame", "integer")]
    columns += [TableColumn("label"), TableColumn("probability", "number"), TableColumn("problem")]
    if with_doubt:
        columns.append(TableColumn("not_sure", "boolean"))
    if with_correction:
        columns.append(TableColumn("corrected"))
    taken = {column.name for column in columns}
    # A class may be called like a column: two fields of one name would be one in JSON.
    return columns + [TableColumn(f"{name} (class)" if name in taken else name, "number") for name in names]


@contextmanager
def write_answers(path: Path, names: Sequence[str], *, with_doubt: bool = False, with_time: bool = False,
                  corrected: Mapping[str, str] | None = None, format: str = "") -> Iterator[AddAnswer]:
    """path, time and frame of a video, label, probability, problem, not_sure where the model has a reject option, corrected
    where a user gave right classes (by path), then the probability of every class.

    Rows are written as they come, in the `format` of that id, or in that of the file's ending; an earlier file is replaced
    when the block ends. Raises ProblemError and leaves it as it was otherwise.
    """
    columns = _answer_columns(names, with_doubt, with_time, corrected is not None)
    with write_table(path, columns, format) as add_row:
        yield lambda prediction: add_row(_cells(prediction, names, with_doubt, with_time, corrected))


def _cells(prediction: Prediction, names: Sequence[str], with_doubt: bool, with_time: bool,
           corrected: Mapping[str, str] | None) -> list[Cell]:
    cells: list[Cell] = [prediction.path]
    if with_time:
        cells += [prediction.seconds, prediction.frame]
    if prediction.problem is not None:
        cells += [None, None, str(prediction.problem.text)]
    else:
        cells += [prediction.top[0].label, prediction.top[0].probability, None]
    if with_doubt:
        cells.append(prediction.not_sure)
    if corrected is not None:
        cells.append(corrected.get(prediction.path))
    by_name = {item.label: item.probability for item in prediction.top}
    return [*cells, *(by_name.get(name) for name in names)]


def write_all_answers(path: Path, rows: Iterable[Prediction], names: Sequence[str], *, with_doubt: bool,
                      corrected: Mapping[str, str] | None = None, with_time: bool = False) -> None:
    """A table of rows that are there already; as `write_answers`."""
    with write_answers(path, names, with_doubt=with_doubt, with_time=with_time, corrected=corrected) as add:
        for row in rows:
            add(row)
