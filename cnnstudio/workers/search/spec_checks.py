"""Checks of what the user asks of a search: every fault at once, each with the name of its field."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

from cnnstudio.core.libraries import Library, install_fix, install_hint, is_available
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.project import Project
from cnnstudio.core.registry import Registry
from cnnstudio.core.search import MOST_PARALLEL, MOST_TRIALS, Direction, Objective, SearchSpec
from cnnstudio.core.text import Text
from cnnstudio.workers.runs.groups import MOST_FOLDS
from cnnstudio.workers.search.grid import grid_size
from cnnstudio.workers.search.objectives import OBJECTIVES, default_direction, objective_type
from cnnstudio.workers.search.pruners import PRUNERS
from cnnstudio.workers.search.samplers import SAMPLERS
from cnnstudio.workers.search.terminators import TERMINATORS

_LARGEST_SEED: Final = 2**31 - 1
_DIRECTIONS: Final[dict[str, Direction]] = {"min": "minimize", "max": "maximize"}


def parse_objective(text: str) -> Objective:
    """`NAME`, `NAME:min` or `NAME:max`, as Keras's callbacks say it. Raises ProblemError (bad_objective)."""
    name, _, direction = (part.strip() for part in text.partition(":"))
    if not name or direction not in ("", *_DIRECTIONS):
        words = Text("{text} does not have the form NAME, NAME:min or NAME:max.",
                     "{text} no tiene la forma NOMBRE, NOMBRE:min o NOMBRE:max.")
        raise ProblemError(_problem("bad_objective", words.fill(text=text), "objectives"))
    return Objective(name=name, direction=_DIRECTIONS.get(direction) or default_direction(name))


def metric_names(project: Project) -> tuple[str, ...]:
    """The metrics of a run, as Keras's logs call them."""
    names = ("loss", *(metric.id for metric in project.training.metrics))
    return (*(f"val_{name}" for name in names), *names)


def usual_pruner(objectives: Sequence[Objective]) -> str:
    """The median where trials can end early, else none."""
    return "median" if len(objectives) == 1 and objective_type(objectives[0]).by_epoch else "none"


def spec_problems(project: Project, spec: SearchSpec) -> tuple[Problem, ...]:
    """All that is wrong with a search, except for what it varies."""
    return (*_numbers(spec), *_objectives(project, spec), *_entry(SAMPLERS, "sampler", spec.sampler),
            *_entry(PRUNERS, "pruner", spec.pruner), *_entry(TERMINATORS, "terminator", spec.terminator),
            *_combinations(spec))


def _numbers(spec: SearchSpec) -> Iterator[Problem]:
    for field, value, low, high in (("trials", spec.trials, 1, MOST_TRIALS), ("parallel", spec.parallel, 1, MOST_PARALLEL),
                                    ("seed", spec.seed, 0, _LARGEST_SEED)):
        if not low <= value <= high:
            text = Text("{field}: expected a whole number from {low:,} to {high:,}. Received: {value:,}",
                        "{field}: se esperaba un número entero de {low:,} a {high:,}. Se recibió: {value:,}")
            yield _problem("bad_number", text.fill(field=_FIELDS[field], low=low, high=high, value=value), field)
    if spec.seconds is not None and not (math.isfinite(spec.seconds) and spec.seconds > 0):
        yield _problem("bad_number", Text("The time of a search must be a number of seconds greater than 0.",
                                          "El tiempo de una búsqueda debe ser un número de segundos mayor que 0."), "seconds")
    if spec.folds and not 2 <= spec.folds <= MOST_FOLDS:
        text = Text("The number of folds must be from 2 to {most}, not {n}.",
                    "El número de pliegues debe estar entre 2 y {most}, no {n}.")
        yield _problem("bad_folds", text.fill(n=spec.folds, most=MOST_FOLDS), "folds")


_FIELDS: Final = {"trials": Text("Trials", "Ensayos"), "parallel": Text("At once", "A la vez"), "seed": Text("Seed", "Semilla")}


def _objectives(project: Project, spec: SearchSpec) -> Iterator[Problem]:
    known = tuple(dict.fromkeys((*OBJECTIVES.ids(), *metric_names(project))))
    names = [objective.name for objective in spec.objectives]
    if not names or len(set(names)) < len(names):
        yield _problem("bad_objective", Text("Name at least one objective, and each only once.",
                                             "Indique al menos un objetivo, y cada uno una sola vez."), "objectives")
    measured = metric_names(project)
    for name in names:
        entry = OBJECTIVES.find(name)
        if (entry is None or entry.by_epoch) and name not in measured:
            text = Text("There is no objective called {name}. Available: {names}.",
                        "No hay ningún objetivo llamado {name}. Disponibles: {names}.")
            yield _problem("unknown_objective", text.fill(name=name, names=", ".join(known)), "objectives")


def _entry(registry: Registry[object], field: str, identifier: str) -> Iterator[Problem]:  # type: ignore[type-var]
    entry = registry.find(identifier)
    if entry is None:
        text = Text("There is no {field} called {name}. Available: {names}.",
                    "No hay ningún {field} llamado {name}. Disponibles: {names}.")
        yield _problem(f"unknown_{field}", text.fill(field=field, name=identifier, names=", ".join(registry.ids())), field)
        return
    for library in getattr(entry, "libraries", ()):
        if not is_available(library):
            yield _missing(getattr(entry, "label", Text("", "")), library, field)


def _missing(label: Text, library: Library, field: str) -> Problem:
    text = Text("{label} needs {name}, which is not installed. {install}",
                "{label} necesita {name}, que no está instalado. {install}")
    text = text.fill(label=label, name=library.name, install=install_hint(library))
    return error(f"{library.module}_missing", text, "project", field=field, fixes=(install_fix(library),))


def _combinations(spec: SearchSpec) -> Iterator[Problem]:
    """What does not go together."""
    pruner, several = PRUNERS.find(spec.pruner), len(spec.objectives) > 1
    if pruner is not None and pruner.ends_trials:
        if several:
            yield _problem("pruner_objectives", Text(
                "With several objectives no trial can be ended early, since none of them alone decides: choose the pruner "
                "none.",
                "Con varios objetivos no se puede terminar antes ningún ensayo, porque ninguno decide por sí solo: elija el "
                "pruner none."), "pruner")
        elif spec.objectives and not objective_type(spec.objectives[0]).by_epoch:
            text = Text("{label} is known at the end of a trial only, so that none can be ended early: choose the pruner none.",
                        "{label} solo se conoce al final de un ensayo, así que ninguno se puede terminar antes: elija el "
                        "pruner none.")
            yield _problem("pruner_objectives", text.fill(label=objective_type(spec.objectives[0]).label), "pruner")
        if pruner.needs_folds and not spec.folds:
            yield _problem("pruner_folds", Text(
                "The pruner wilcoxon compares the folds of a cross-validation: say how many with --folds K.",
                "El pruner wilcoxon compara los pliegues de una validación cruzada: indique cuántos con --folds K."), "folds")
    if several and spec.terminator not in ("none", *_unknown(TERMINATORS, spec.terminator)):
        yield _problem("terminator_objectives", Text(
            "Whether more trials help is judged for a single objective only: switch the terminator off.",
            "Si más ensayos ayudan solo se juzga con un único objetivo: desactive el terminator."), "terminator")
    sampler = SAMPLERS.find(spec.sampler)
    if sampler is not None and sampler.finite and spec.varied and grid_size(spec.varied) > MOST_TRIALS:
        text = Text("The grid has {n:,} combinations, more than the {most:,} that a search can try. Give ranges fewer steps, "
                    "or choose another sampler.",
                    "La cuadrícula tiene {n:,} combinaciones, más de las {most:,} que una búsqueda puede probar. Dé menos "
                    "pasos a los intervalos o elija otro sampler.")
        yield _problem("large_grid", text.fill(n=grid_size(spec.varied), most=MOST_TRIALS), "sampler")


def _unknown(registry: Registry[object], identifier: str) -> tuple[str, ...]:  # type: ignore[type-var]
    return () if identifier in registry else (identifier,)


def _problem(code: str, text: Text, field: str) -> Problem:
    return error(code, text, "project", field=field)
