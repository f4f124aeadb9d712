"""Accuracy by a property of the pictures: the bins with their intervals, and whether the property matters at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from cnnstudio.core.intervals import wilson_interval
from cnnstudio.core.text import Text
from cnnstudio.evaluation.answers import Answers

BinKind = Literal["range", "value", "other", "missing"]
MOST_BINS: Final = 20
_IN_A_BIN: Final = 30
"""Pictures that a range has at least where the number of ranges is not chosen: Wilson's interval is then narrower than 35
points."""
_USUAL_BINS: Final = 8
_RARE: Final = 5
"""Values with fewer pictures are collected."""
_MOST_VALUES: Final = 12
_EXPECTED: Final = 5.0
"""The expected number in each cell from which Pearson's test is near enough (Cochran, 1954)."""
_RESAMPLES: Final = 9999
SIGNIFICANT: Final = 0.05

TESTS: Final[dict[str, Text]] = {
    "chi2": Text("Pearson's chi-square test", "prueba ji cuadrado de Pearson"),
    "fisher": Text("Fisher's exact test", "prueba exacta de Fisher"),
    "fisher_freeman_halton": Text("Fisher-Freeman-Halton test, Monte Carlo", "prueba de Fisher-Freeman-Halton, Monte Carlo"),
}
CORRECTION: Final = Text("Benjamini-Hochberg", "Benjamini-Hochberg")
_ONE_BIN: Final = Text("All pictures have the same value.", "Todas las imágenes tienen el mismo valor.")
_ALL_ALIKE: Final = Text("All answers are right, or all are wrong: there is nothing to compare.",
                         "Todas las respuestas son correctas, o todas incorrectas: no hay nada que comparar.")
_NO_VALUES: Final = Text("No picture has a value.", "Ninguna imagen tiene un valor.")


@dataclass(frozen=True, eq=False)
class Values:
    """The values of a property for n pictures: float64 (n,) with NaN where unknown, or texts (object, (n,)) with "" there."""

    id: str
    numeric: bool
    data: np.ndarray


@dataclass(frozen=True, eq=False)
class PropertyBin:
    """Pictures with a range of a number (`low` to `high`, both of a picture in it), one `value`, `others` rare values
    together, or no value. `members` are their numbers in the answers, `confidence` the mean probability of what was
    answered."""

    kind: BinKind
    members: np.ndarray
    right: int
    confidence: float
    low: float = 0.0
    high: float = 0.0
    value: str = ""
    others: int = 0

    @property
    def pictures(self) -> int:
        return len(self.members)

    @property
    def accuracy(self) -> float:
        return self.right / len(self.members)

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's, 95 %."""
        return wilson_interval(self.accuracy, self.pictures)

    def differs_from(self, overall: float) -> bool:
        """Whether its interval excludes the accuracy over all pictures."""
        low, high = self.interval
        return not low <= overall <= high


@dataclass(frozen=True, eq=False)
class PropertyAccuracy:
    """`accuracy` is that of all pictures. `p_value` is how often bins that do not matter are as uneven as these, by `test` (of
    `TESTS`); `adjusted` is it after the correction for all properties that were tried. Both are None for the reason
    `reason`. Pictures without a value are a bin, but not tested."""

    id: str
    accuracy: float
    bins: tuple[PropertyBin, ...]
    test: str = ""
    p_value: float | None = None
    adjusted: float | None = None
    reason: Text | None = None

    @property
    def matters(self) -> bool:
        return self.adjusted is not None and self.adjusted < SIGNIFICANT

    @property
    def valued(self) -> tuple[PropertyBin, ...]:
        """The bins of pictures with a value."""
        return tuple(item for item in self.bins if item.kind != "missing")

    @property
    def missing(self) -> int:
        """How many pictures have no value."""
        return sum(item.pictures for item in self.bins if item.kind == "missing")

    @property
    def spread(self) -> float:
        """The highest accuracy of a bin minus the lowest."""
        values = [item.accuracy for item in self.valued]
        return max(values) - min(values) if values else 0.0


def usual_bins(pictures: int) -> int:
    """How many ranges a number is divided into where nobody chose: as many as have 30 pictures each, from 2 to 8."""
    return int(np.clip(pictures // _IN_A_BIN, 2, _USUAL_BINS))


def accuracy_by(answers: Answers, values: Values, bins: int = 0) -> PropertyAccuracy:
    """The accuracy of n >= 1 answers by the values of a property, numbers in `bins` ranges (0: `usual_bins`) with as equal
    numbers of pictures as ties allow. `adjusted` is not known yet."""
    right = answers.predicted == answers.labels
    sure = answers.probabilities[np.arange(len(answers)), answers.predicted]
    numbers = range_members(values.data, bins) if values.numeric else value_members(values.data)

    def made(kind: BinKind, members: np.ndarray, **more: float | str | int) -> PropertyBin:
        return PropertyBin(kind, members, int(right[members].sum()), float(sure[members].mean()), **more)  # type: ignore[arg-type]

    result = []
    for kind, value, members in numbers:
        if kind == "range":
            within = values.data[members]
            result.append(made(kind, members, low=float(within.min()), high=float(within.max())))
        elif kind == "other":
            result.append(made(kind, members, others=len(set(values.data[members].tolist()))))
        else:
            result.append(made(kind, members, value=value))
    whole = PropertyAccuracy(values.id, float(right.mean()), tuple(result))
    return _tested(whole)


def range_members(data: np.ndarray, bins: int = 0) -> list[tuple[BinKind, str, np.ndarray]]:
    """The pictures of each range of numbers float (n,), lowest first, and those that are not finite at the end. A range
    reaches up to a quantile that is a value itself: equal values are never divided."""
    known = np.isfinite(data)
    found: list[tuple[BinKind, str, np.ndarray]] = []
    if known.any():
        count = min(bins or usual_bins(int(known.sum())), MOST_BINS)
        inner = np.linspace(0, 1, count + 1)[1:-1]
        ends = np.unique(np.quantile(data[known], inner, method="inverted_cdf"))
        places = np.searchsorted(ends, data, side="left")
        for number in range(len(ends) + 1):
            members = np.flatnonzero(known & (places == number))
            if len(members):
                found.append(("range", "", members))
    return _with_missing(found, ~known)


def value_members(data: np.ndarray) -> list[tuple[BinKind, str, np.ndarray]]:
    """The pictures of each text of (n,), the most frequent first, then the rare ones together, and those without one."""
    texts = np.asarray([str(value) for value in data.tolist()], object)
    names, places, counts = np.unique(texts, return_inverse=True, return_counts=True)
    order = [number for number in np.argsort(-counts, kind="stable").tolist() if names[number]]
    kept = [number for number in order[:_MOST_VALUES] if counts[number] >= _RARE]
    rest = order[len(kept):]
    if len(rest) == 1:
        # One value alone is called by its name.
        kept, rest = order, []
    if _are_numbers([names[number] for number in kept]):
        kept.sort(key=lambda number: float(names[number]))
    found: list[tuple[BinKind, str, np.ndarray]] = [
        ("value", str(names[number]), np.flatnonzero(places == number)) for number in kept]
    if rest:
        found.append(("other", "", np.flatnonzero(np.isin(places, rest))))
    return _with_missing(found, texts == "")


def _are_numbers(names: Sequence[str]) -> bool:
    try:
        return bool(names) and all(np.isfinite(float(name)) for name in names)
    except ValueError:
        return False


def _with_missing(found: list[tuple[BinKind, str, np.ndarray]], unknown: np.ndarray
                  ) -> list[tuple[BinKind, str, np.ndarray]]:
    missing = np.flatnonzero(unknown)
    return [*found, ("missing", "", missing)] if len(missing) else found


def _tested(whole: PropertyAccuracy) -> PropertyAccuracy:
    bins = whole.valued
    if len(bins) < 2:
        return replace(whole, reason=_ONE_BIN if bins else _NO_VALUES)
    table = np.asarray([[item.right for item in bins], [item.pictures - item.right for item in bins]])
    if not table.sum(axis=1).all():
        return replace(whole, reason=_ALL_ALIKE)
    test, p_value = independence(table)
    return replace(whole, test=test, p_value=p_value)


def independence(table: np.ndarray) -> tuple[str, float]:
    """The test (of `TESTS`) of a table of counts (2, k) whose rows and columns are not empty, and its p value: Pearson's where
    every expected count is at least 5, else Fisher's exact test, for k > 2 with drawn tables."""
    from scipy.stats import MonteCarloMethod, chi2_contingency, fisher_exact

    pearson = chi2_contingency(table, correction=False)
    if pearson.expected_freq.min() >= _EXPECTED:
        return "chi2", float(pearson.pvalue)
    if table.shape[1] == 2:
        return "fisher", float(fisher_exact(table).pvalue)
    method = MonteCarloMethod(n_resamples=_RESAMPLES, rng=np.random.default_rng(0))
    return "fisher_freeman_halton", float(fisher_exact(table, method=method).pvalue)


def ranked(found: Sequence[PropertyAccuracy]) -> list[PropertyAccuracy]:
    """The properties with `adjusted` (Benjamini and Hochberg, 1995: of those that are said to matter, at most 5 % do not, on
    average), the most telling first."""
    from scipy.stats import false_discovery_control

    tested = [item.p_value for item in found if item.p_value is not None]
    adjusted = iter(false_discovery_control(tested, method="bh").tolist() if tested else ())
    corrected = [item if item.p_value is None else replace(item, adjusted=float(next(adjusted))) for item in found]

    def order(item: PropertyAccuracy) -> tuple[float, float, float]:
        return (2.0 if item.adjusted is None else item.adjusted, 2.0 if item.p_value is None else item.p_value, -item.spread)

    return sorted(corrected, key=order)


def accuracies_by(answers: Answers, values: Sequence[Values], bins: int = 0, *, chosen_bins: Mapping[str, int] | None = None
                  ) -> list[PropertyAccuracy]:
    """All properties, tested and corrected together, the most telling first. `chosen_bins` has the ranges of single ones."""
    chosen = chosen_bins or {}
    return ranked([accuracy_by(answers, item, chosen.get(item.id, bins)) for item in values])
