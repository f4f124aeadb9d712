"""The table of runs and scenarios, read in a thread. No Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cnnstudio.core.problems import Problem, ProblemError
from cnnstudio.core.text import format_number as number_text
from cnnstudio.core.text import tr
from cnnstudio.datasets.index import open_index
from cnnstudio.datasets.scenarios import Scenario, present_pictures
from cnnstudio.gui.pages.evaluate.results import Answer
from cnnstudio.gui.state.jobs import Report
from cnnstudio.gui.widgets.formatting import format_count, format_percent
from cnnstudio.workers.runs.folder import RunFolder, RunSummary, list_runs
from cnnstudio.workers.runs.scenarios import (
    Difference,
    Measured,
    PictureAnswer,
    best_runs,
    compare_measured,
    measure_scenarios,
)

SEEN: Final = "†"
"""Marks an accuracy beside which there are pictures that the run learned from."""


@dataclass(frozen=True, eq=False)
class ScenarioRequest:
    """All runs with a model of the project in `folder` on these scenarios, against the run with the id `reference`."""

    folder: Path
    scenarios: tuple[Scenario, ...]
    reference: str = ""


@dataclass(frozen=True, eq=False)
class RunRow:
    """A run on all scenarios, by their ids; empty with `problem` where its list cannot be read."""

    run: RunSummary
    measured: Mapping[int, Measured]
    problem: Problem | None = None


@dataclass(frozen=True, eq=False)
class ScenarioTable:
    """`rows` are the runs, the newest first; `best` the ids of the best ones of each scenario, `differences` those of each
    run and scenario against the run `reference`, "" without one."""

    scenarios: tuple[Scenario, ...]
    rows: tuple[RunRow, ...]
    best: Mapping[int, set[str]] = field(default_factory=dict)
    reference: str = ""
    differences: Mapping[tuple[str, int], Difference] = field(default_factory=dict)

    @property
    def waiting(self) -> list[str]:
        """The ids of the runs that some pictures could still be measured with."""
        return [row.run.id for row in self.rows if any(item.waiting for item in row.measured.values())]


def read_scenarios(request: ScenarioRequest, report: Report) -> ScenarioTable:
    """The table. Raises ProblemError where the index cannot be read."""
    index = open_index(request.folder)
    try:
        present = present_pictures(index, request.scenarios)
    finally:
        index.close()
    rows = []
    for summary in list_runs(request.folder):
        report.check()
        if not summary.has_model:
            continue
        try:
            rows.append(RunRow(summary, measure_scenarios(RunFolder(summary.folder), request.scenarios, present)))
        except ProblemError as problem_error:
            rows.append(RunRow(summary, {}, problem_error.problems[0]))
    best = {scenario.id: best_runs({row.run.id: row.measured[scenario.id] for row in rows if row.measured})
            for scenario in request.scenarios}
    reference = next((row for row in rows if row.run.id == request.reference), None)
    return ScenarioTable(request.scenarios, tuple(rows), best, "" if reference is None else request.reference,
                         {} if reference is None else _differences(rows, reference, report))


def _differences(rows: Sequence[RunRow], reference: RunRow, report: Report) -> dict[tuple[str, int], Difference]:
    """Every other run against the chosen one, where both were measured."""
    found = {}
    for row in rows:
        for scenario in row.measured.keys() & reference.measured.keys() if row is not reference else ():
            report.check()
            difference = compare_measured(row.measured[scenario], reference.measured[scenario])
            if difference is not None:
                found[row.run.id, scenario] = difference
    return found


def cell_text(measured: Measured | None, difference: Difference | None = None) -> str:
    """What a cell says: the accuracy with its interval, on how many pictures, and against the chosen run."""
    if measured is None:
        return "–"
    if measured.accuracy is None:
        if measured.learned:
            return tr("seen in training", "vistas al entrenar")
        return tr("not measured", "sin medir") if measured.waiting else "–"
    low, high = (number_text(100 * end, ".0f") for end in measured.interval or (0.0, 1.0))
    seen = f" {SEEN}" if measured.learned else ""
    text = f"{format_percent(measured.accuracy)} ({low}–{high}) · {format_count(measured.pictures)}{seen}"
    return text if difference is None else f"{text} · {points(difference)}"


def points(difference: Difference) -> str:
    """A difference in percentage points, with its sign."""
    return number_text(100 * difference.difference, "+.1f")


def cell_lines(measured: Measured, difference: Difference | None = None) -> list[str]:
    """Everything about a cell, a line each."""
    lines = []
    if measured.accuracy is not None and measured.interval is not None:
        low, high = (format_percent(end) for end in measured.interval)
        lines.append(tr("{accuracy} of {n} pictures that the run did not learn from (95%: {low} to {high})",
                        "{accuracy} de {n} imágenes con las que no se entrenó (95 %: de {low} a {high})",
                        accuracy=format_percent(measured.accuracy), n=format_count(measured.pictures), low=low, high=high))
    if measured.learned_accuracy is not None:
        lines.append(tr("Seen in training, so not counted: {n} ({accuracy} right)",
                        "Vistas al entrenar, por lo que no cuentan: {n} ({accuracy} acertadas)",
                        n=format_count(len(measured.learned)), accuracy=format_percent(measured.learned_accuracy)))
    if measured.waiting:
        lines.append(tr("Not measured yet: {n}", "Aún sin medir: {n}", n=format_count(len(measured.waiting))))
    if measured.unknown:
        lines.append(tr("Of a class that the model does not know: {n}", "De una clase que el modelo no conoce: {n}",
                        n=format_count(measured.unknown)))
    if measured.gone:
        lines.append(tr("No longer in the collection, or excluded: {n}", "Ya no están en la colección, o están excluidas: {n}",
                        n=format_count(measured.gone)))
    if difference is not None:
        lines.append(tr("{d} points against the chosen run on the {n} pictures that neither learned from (McNemar's p = {p})",
                        "{d} puntos respecto al elegido en las {n} imágenes con las que ninguno se entrenó (p de "
                        "McNemar = {p})",
                        d=points(difference), n=format_count(difference.pictures), p=number_text(difference.p_value, ".2g")))
    return lines or [tr("It has no pictures.", "No tiene imágenes.")]


def shown_answers(pictures: Sequence[PictureAnswer], class_names: Sequence[str]) -> list[Answer]:
    """The pictures as the panel shows them, with class numbers of `class_names`; those of other classes are left out."""
    numbers = {name: number for number, name in enumerate(class_names)}
    return [Answer(file=item.file, relative=item.path, label=numbers[item.label], predicted=numbers[item.predicted],
                   probability=item.probability, loss=0.0, file_bytes=item.file_bytes, modified_ns=item.modified_ns)
            for item in pictures if item.label in numbers and item.predicted in numbers]
