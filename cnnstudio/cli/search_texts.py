"""Searches and their trials as lines of text and of JSON. Trials are counted from 1, as people do."""

from __future__ import annotations

from typing import Any, Final

from cnnstudio.cli.output import problem_line
from cnnstudio.core.search import SearchSpec, TrialState
from cnnstudio.core.text import Text, tr
from cnnstudio.workers.forecasts import seconds_text
from cnnstudio.workers.search.objectives import objective_type
from cnnstudio.workers.search.reading import ParamValue, Search, Trial, best_run

_STATES: Final[dict[TrialState, Text]] = {
    "waiting": Text("waits", "en espera"), "running": Text("running", "en marcha"), "complete": Text("complete", "completo"),
    "pruned": Text("ended early", "terminado antes"), "failed": Text("failed", "fallido")}
_COUNTED: Final[dict[str, Text]] = {
    "complete": Text("complete", "completos"), "pruned": Text("ended early", "terminados antes"),
    "failed": Text("failed", "fallidos"), "waiting": Text("waiting", "en espera"), "running": Text("running", "en marcha")}


def trial_row(trial: Trial, spec: SearchSpec) -> dict[str, Any]:
    """A trial for other programs; `run` is its first or only one."""
    return {"event": "trial", "trial": trial.number + 1, "state": trial.state, "values": _values(trial, spec),
            "params": trial.params, "run": trial.runs[0] if trial.runs else None, "runs": list(trial.runs),
            "seconds": trial.seconds, "present": trial.present,
            "problem": None if trial.problem is None else problem_line(trial.problem)}


def _values(trial: Trial, spec: SearchSpec) -> dict[str, float]:
    return {objective.name: value for objective, value in zip(spec.objectives, trial.values, strict=False)}


def trial_line(trial: Trial, spec: SearchSpec, best: bool = False) -> str:
    """A trial in the terminal."""
    parts = [f"{trial.number + 1:>4}"]
    several = len(spec.objectives) > 1
    parts += [(f"{objective.name} " if several else "") + objective_type(objective).format(value)
              for objective, value in zip(spec.objectives, trial.values, strict=False)]
    if trial.state != "complete":
        parts.append(str(_STATES[trial.state]))
    parts.append(" ".join(f"{key.removeprefix('training.').removeprefix('network.')}={_text(value)}"
                          for key, value in trial.params.items()))
    if trial.seconds is not None:
        parts.append(seconds_text(trial.seconds))
    if trial.present:
        parts.append(tr("(present settings)", "(ajustes actuales)"))
    if best:
        parts.append("*")
    if trial.problem is not None:
        parts.append(str(trial.problem.text))
    return "  ".join(part for part in parts if part)


def _text(value: ParamValue) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def search_row(search: Search) -> dict[str, Any]:
    """A search for other programs: `best` is the best run, `bests` that of each objective."""
    best = search.trial(search.best[0]) if search.best and search.best[0] is not None else None
    states = ("complete", "pruned", "failed", "waiting", "running")
    return {
        "search": search.id, "best": best_run(search) if best else None, "trial": None if best is None else best.number + 1,
        "values": {} if best is None else _values(best, search.spec), "params": {} if best is None else best.params,
        "bests": {objective.name: best_run(search, place) for place, objective in enumerate(search.spec.objectives)},
        "front": [number + 1 for number in search.front], "running": search.running, "ending": search.ending,
        "seconds": round(search.seconds, 1),
        "trials": {state: count for state in states if (count := sum(trial.state == state for trial in search.trials))}}


def search_line(search: Search) -> str:
    """A search in the terminal, with its best runs."""
    counts = ", ".join(f"{_COUNTED[state]}: {count}" for state, count in search_row(search)["trials"].items())
    lines = [f"{search.id}: {counts or tr('no trial yet', 'aún sin ensayos')}, {seconds_text(search.seconds)}"]
    for place, objective in enumerate(search.spec.objectives):
        number = search.best[place] if search.best else None
        trial = None if number is None else search.trial(number)
        if trial is not None:
            entry = objective_type(objective)
            lines.append("  " + tr("best {name}: {value}, trial {n}, run {run}", "mejor {name}: {value}, ensayo {n}, "
                                   "entrenamiento {run}", name=entry.label, value=entry.format(trial.values[place]),
                                   n=trial.number + 1, run=best_run(search, place)))
    if len(search.front) > 1:
        lines.append("  " + tr("front: trials {numbers}", "frente: ensayos {numbers}",
                               numbers=", ".join(str(number + 1) for number in search.front)))
    return "\n".join(lines)
