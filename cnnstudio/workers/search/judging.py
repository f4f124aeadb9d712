"""The values of a trained run by the objectives of a search."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean

from cnnstudio.catalog.context import context_of
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.search import Objective
from cnnstudio.core.text import Text
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.network.shapes import report
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.search.objectives import objective_type


def run_values(run: RunFolder, metrics: Mapping[str, float], objectives: Sequence[Objective], class_count: int,
               latency: float | None = None) -> tuple[float, ...]:
    """The value of each objective; `metrics` are those of the weights that are kept, `latency` is in milliseconds where it was
    measured. Raises ProblemError (no_value)."""
    return tuple(_value(run, metrics, objective, class_count, latency) for objective in objectives)


def _value(run: RunFolder, metrics: Mapping[str, float], objective: Objective, class_count: int, latency: float | None
           ) -> float:
    entry = objective_type(objective)
    value: float | None = None
    if entry.of_network is not None:
        project = run.spec()
        context = context_of(project, max(class_count, 2), ProjectBases(run.project_folder))
        value = entry.of_network(report(project.network, context))
    elif entry.of_run is not None:
        try:
            value = entry.of_run(run)
        except OSError:
            value = None
    else:
        value = latency if entry.timed else metrics.get(objective.name)
    if value is None or not math.isfinite(value):
        raise ProblemError(_no_value(objective, run, value))
    return value


def _no_value(objective: Objective, run: RunFolder, value: float | None) -> Problem:
    label = objective_type(objective).label
    if value is None:
        text = Text("{run}: it has no value of the objective {label}, so that it cannot be compared.",
                    "{run}: no tiene ningún valor del objetivo {label}, así que no se puede comparar.")
    else:
        text = Text("{run}: the value of the objective {label} is not a number ({value}), so that it cannot be compared. A "
                    "lower learning rate often helps.",
                    "{run}: el valor del objetivo {label} no es un número ({value}), así que no se puede comparar. Suele "
                    "ayudar una tasa de aprendizaje menor.")
    return error("no_value", text.fill(run=run.id, label=label, value=str(value)), "run")


def mean_values(folds: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    """The values of a trial: the mean over its folds."""
    return tuple(fmean(values) for values in zip(*folds, strict=True))


def needs_timing(objectives: Sequence[Objective]) -> bool:
    """Whether an objective is measured by a job of its own."""
    return any(objective_type(objective).timed for objective in objectives)
