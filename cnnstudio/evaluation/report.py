"""All figures of an evaluation with their intervals: what the page and the command line show."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
import numpy as np

from cnnstudio.core.intervals import wilson_interval
from cnnstudio.core.text import Text
from cnnstudio.evaluation.answers import Answers
from cnnstudio.evaluation.areas import mean_average_precision
from cnnstudio.evaluation.class_figures import CLASS_FIGURES, ClassFigure
from cnnstudio.evaluation.figures import FIGURES, Figure
from cnnstudio.evaluation.intervals import (
    RESAMPLES,
    Drawn,
    bootstrap_interval,
    deviation,
    resample_count,
    standard_errors,
)
from cnnstudio.evaluation.sample import Counts, Resample, Sample, count_resamples

FEWEST: Final = 50
"""Pictures below which the bootstrap does not keep its promise."""
_TOO_FEW: Final = Text("With fewer than {n} pictures the bootstrap gives no honest interval.",
                       "Con menos de {n} imágenes el bootstrap no da un intervalo fiable.").fill(n=FEWEST)
_NO_SPREAD: Final = Text("The value is at the end of its scale, or all resamples give the same: the bootstrap says nothing.",
                         "El valor está en el extremo de su escala, o todos los remuestreos dan lo mismo: el bootstrap no "
                         "dice nada.")


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """A figure by the id of its entry. `value` is None where it is undefined, for the reason `reason`; `interval` (95 %) is
    None where there is none, for the same field's reason. `method` is "wilson" or "bootstrap", with so many `resamples`."""

    id: str
    value: float | None
    interval: tuple[float, float] | None = None
    method: str = ""
    resamples: int = 0
    reason: Text | None = None


class ClassValues(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one class; `support` pictures, `called` predictions and `right` ones."""

    name: str
    support: int
    called: int
    right: int
    figures: tuple[Value, ...]

    def __getitem__(self, identifier: str) -> Value:
        return next(value for value in self.figures if value.id == identifier)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of an evaluation in the order of their registries."""

    images: int
    figures: tuple[Value, ...]
    classes: tuple[ClassValues, ...]

    def __getitem__(self, identifier: str) -> Value:
        return next(value for value in self.figures if value.id == identifier)


def make_report(answers: Answers, *, intervals: bool = True, seed: int = 0, check: Callable[[], None] = lambda: None
                ) -> Report:
    """The report of n >= 1 answers. Without `intervals` those of the bootstrap are left out, which is much quicker: for what
    follows a slider. `check` is called now and then and may raise to stop."""
    sample = Sample(answers)
    reasons = {figure.id: figure.undefined(sample) for figure in FIGURES}
    values = {figure.id: figure.compute(sample) for figure in FIGURES if reasons[figure.id] is None}
    check()
    by_class = {figure.id: figure.compute(sample) for figure in CLASS_FIGURES}
    check()
    errors: dict[str, np.ndarray] = {}
    counts = {False: 0, True: 0}
    if intervals and sample.images >= FEWEST:
        for costly in (False, True):
            counts[costly] = resample_count(sample.images, sample.classes if costly else 1)
            errors |= standard_errors(sample, _drawn(values, costly, check), counts[costly], seed)
    return _assemble(sample, answers.class_names, reasons, values, by_class, errors, counts)


def figure_value(answers: Answers, identifier: str, *, seed: int = 0, check: Callable[[], None] = lambda: None) -> Value:
    """One figure of n >= 1 answers with its interval; as in `make_report`, without computing the others."""
    sample, figure = Sample(answers), FIGURES[identifier]
    reason = figure.undefined(sample)
    if reason is not None:
        return Value(id=identifier, value=None, reason=reason)
    value = figure.compute(sample)
    count = resample_count(sample.images, sample.classes if figure.costly else 1) if sample.images >= FEWEST else 0
    drawn = _drawn({identifier: value}, figure.costly, check, classes=False) if count else {}
    errors = standard_errors(sample, drawn, count, seed)
    return _value(figure, sample, value, None, errors, {figure.costly: count})


def mean_precision_value(answers: Answers, value: float, *, seed: int = 0, check: Callable[[], None] = lambda: None) -> Value:
    """The mean of the average precisions of all classes, which is `value`, with its interval."""
    sample = Sample(answers)
    count = resample_count(sample.images, sample.classes) if sample.images >= FEWEST else 0

    def checked(block: Resample) -> np.ndarray:
        check()
        return mean_average_precision(block)

    errors = standard_errors(sample, {"mean": checked} if count else {}, count, seed)
    interval = bootstrap_interval(value, float(errors["mean"]), "logit") if errors else None
    return _with_bootstrap("average_precision", value, interval, sample, count)


def count_report(confusion: np.ndarray, class_names: Sequence[str], seed: int = 0) -> Report:
    """The figures that need no probabilities, from a confusion matrix int (classes, classes) of n >= 1 pictures. It takes
    milliseconds, however many pictures there are: for what follows a slider."""
    sample = Counts(confusion)
    entries = [figure for figure in FIGURES if not figure.needs_probabilities]
    reasons = {figure.id: figure.undefined(sample) for figure in entries}
    values = {figure.id: figure.compute(sample) for figure in entries if reasons[figure.id] is None}
    by_class = {figure.id: figure.compute(sample) for figure in CLASS_FIGURES if not figure.needs_probabilities}
    errors: dict[str, np.ndarray] = {}
    if sample.images >= FEWEST:
        drawn = count_resamples(sample, RESAMPLES, seed)
        errors = {figure.id: deviation(figure.resampled(drawn)) for figure in entries
                  if figure.resampled is not None and figure.id in values}
        errors |= {f"class:{figure.id}": deviation(figure.resampled(drawn)) for figure in CLASS_FIGURES
                   if figure.resampled is not None and figure.id in by_class}
    return _assemble(sample, class_names, reasons, values, by_class, errors, {False: RESAMPLES, True: 0})


def _assemble(sample: Counts, names: Sequence[str], reasons: dict[str, Text | None], values: dict[str, float],
              by_class: dict[str, np.ndarray], errors: dict[str, np.ndarray], counts: dict[bool, int]) -> Report:
    figures = tuple(_value(FIGURES[name], sample, values.get(name), reason, errors, counts) for name, reason in reasons.items())
    classes = tuple(
        ClassValues(name=name, support=int(sample.support[number]), called=int(sample.called[number]),
                    right=int(sample.right[number]), figures=tuple(
                        _class_value(CLASS_FIGURES[entry], sample, number, float(array[number]), errors, counts)
                        for entry, array in by_class.items()))
        for number, name in enumerate(names))
    return Report(images=sample.images, figures=figures, classes=classes)


def _drawn(values: dict[str, float], costly: bool, check: Callable[[], None], *, classes: bool = True) -> dict[str, Drawn]:
    """What is computed of each resample, by name; those of classes have a name of their own."""
    drawn: dict[str, Drawn] = {}
    for figure in FIGURES:
        if figure.resampled is not None and figure.costly == costly and figure.id in values:
            drawn[figure.id] = figure.resampled
    for entry in CLASS_FIGURES if classes else ():
        if entry.resampled is not None and entry.costly == costly:
            drawn[f"class:{entry.id}"] = entry.resampled

    def checked(function: Drawn) -> Drawn:
        def compute(block: Resample) -> np.ndarray:
            check()
            return function(block)

        return compute

    return {name: checked(function) for name, function in drawn.items()}


def _value(figure: Figure, sample: Counts, value: float | None, reason: Text | None, errors: dict[str, np.ndarray],
           counts: dict[bool, int]) -> Value:
    if value is None:
        return Value(id=figure.id, value=None, reason=reason)
    if figure.shares is not None:
        _right, of = figure.shares(sample)
        return Value(id=figure.id, value=value, interval=wilson_interval(value, of), method=figure.method)
    interval = bootstrap_interval(value, float(errors[figure.id]), figure.scale) if figure.id in errors else None
    return _with_bootstrap(figure.id, value, interval, sample, counts[figure.costly])


def _class_value(figure: ClassFigure, sample: Counts, number: int, value: float, errors: dict[str, np.ndarray],
                 counts: dict[bool, int]) -> Value:
    if not math.isfinite(value):
        return Value(id=figure.id, value=None, reason=figure.undefined)
    if figure.shares is not None:
        of = int(figure.shares(sample)[1][number])
        return Value(id=figure.id, value=value, interval=wilson_interval(value, of), method="wilson")
    if figure.resampled is None:
        return Value(id=figure.id, value=value)
    found = errors.get(f"class:{figure.id}")
    interval = None if found is None else bootstrap_interval(value, float(found[number]), "logit")
    return _with_bootstrap(figure.id, value, interval, sample, counts[figure.costly])


def _with_bootstrap(identifier: str, value: float, interval: tuple[float, float] | None, sample: Counts, count: int) -> Value:
    reason = None if interval is not None or (not count and sample.images >= FEWEST) else (
        _TOO_FEW if sample.images < FEWEST else _NO_SPREAD)
    return Value(id=identifier, value=value, interval=interval, method="bootstrap" if interval is not None else "",
                 resamples=count if interval is not None else 0, reason=reason)
