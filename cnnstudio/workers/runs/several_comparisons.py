"""One run compared with each of several others, with p-values corrected for that there are several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from cnnstudio.core.problems import Problem, ProblemError
from cnnstudio.datasets.paired import SIGNIFICANT
from cnnstudio.workers.runs.comparison import RunComparison, compare_runs, split_to_compare
from cnnstudio.workers.runs.folder import RunFolder

CORRECTION: Final = "Benjamini-Hochberg"


class ComparedRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run beside the first one, or the problem that prevents it. `p_value` is corrected where there are several."""

    run: str
    comparison: RunComparison | None = None
    p_value: float = 1.0
    problem: Problem | None = None

    @property
    def significant(self) -> bool:
        return self.comparison is not None and self.p_value < SIGNIFICANT


class SettingValues(msgspec.Struct, frozen=True, kw_only=True):
    """A key as `cnnstudio set` takes it, with its value in the first run and in each of the others as JSON types."""

    key: str
    values: tuple[Any, ...]


def corrected_p_values(results: Sequence[RunComparison]) -> list[float]:
    """The p-values of McNemar's test after the correction of Benjamini and Hochberg: among several comparisons one looks
    significant by chance sooner."""
    from scipy.stats import false_discovery_control

    values = [result.paired.mcnemar.p_value for result in results]
    return [float(value) for value in false_discovery_control(values)] if values else []


def compare_with_each(first: RunFolder, others: Sequence[RunFolder], split: str = "") -> tuple[ComparedRun, ...]:
    """Compare a run with each other one, on one split for all; raises ProblemError only where no split is common to them."""
    split = split or common_split(first, others)
    results: list[RunComparison | Problem] = []
    for other in others:
        try:
            results.append(compare_runs(first, other, split))
        except ProblemError as err:
            results.append(err.problems[0])
    corrected = iter(corrected_p_values([result for result in results if isinstance(result, RunComparison)]))
    return tuple(
        ComparedRun(run=other.id, comparison=result, p_value=next(corrected)) if isinstance(result, RunComparison)
        else ComparedRun(run=other.id, problem=result)
        for other, result in zip(others, results, strict=True))


def common_split(first: RunFolder, others: Sequence[RunFolder]) -> str:
    """The split of the first other run that has one in common with the first; raises ProblemError of the first where none
    has."""
    refused: ProblemError | None = None
    for other in others:
        try:
            return split_to_compare(first, other)
        except ProblemError as err:
            refused = refused or err
    if refused is not None:
        raise refused
    return ""


def settings_of_all(results: Sequence[RunComparison]) -> tuple[SettingValues, ...]:
    """The settings in which any of the compared runs differs from the first, with the values of all."""
    differences = [{item.key: item for item in result.differences} for result in results]
    rows = []
    for key in dict.fromkeys(key for items in differences for key in items):
        own = next(items[key].first for items in differences if key in items)
        others = (items[key].second if key in items else own for items in differences)
        rows.append(SettingValues(key=key, values=(own, *others)))
    return tuple(rows)
