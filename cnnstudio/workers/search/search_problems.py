"""What a search says of its trials."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from cnnstudio.core.problems import Problem, error, warning
from cnnstudio.core.search import SearchSpec
from cnnstudio.core.text import Text
from cnnstudio.workers.runs.folder import RunFolder

_FATAL: Final = frozenset({"no_space", "read_only", "cannot_write", "is_link", "program_replaced", "backend_missing",
                           "child_not_started", "cluster_unreachable", "cluster_token", "cluster_no_token", "cluster_version",
                           "cluster_library", "cluster_no_room", "cluster_not_ray", "cluster_busy", "storage_full",
                           "storage_unusable", "storage_differs"})


def is_fatal(problem: Problem, spec: SearchSpec) -> bool:
    """Whether every trial would have the problem: the search ends, and the trial goes on when it is resumed."""
    varied = any(item.key == "training.backend" for item in spec.varied)
    return problem.code in _FATAL and not (varied and problem.code == "backend_missing")


def memory_problem(running: int, wanted: int, need: float) -> Problem:
    """Fewer trials run at once than the user wants; each needs so many bytes."""
    text = Text("The memory is enough for {n} trials at once, not for {wanted}: each needs about {need:,} MB.",
                "La memoria alcanza para {n} ensayos a la vez, no para {wanted}: cada uno necesita unos {need:,} MB.")
    return warning("little_memory", text.fill(n=running, wanted=wanted, need=round(need / 1e6)), "machine")


def not_present_problem(keys: Sequence[str]) -> Problem:
    """No trial can have the settings of the project, because of these keys."""
    text = Text("No trial begins with the settings that the project has, because they are not among those to try: {keys}. To "
                "compare with them, let the ranges contain them.",
                "Ningún ensayo empieza con los ajustes que tiene el proyecto, porque no están entre los que se prueban: "
                "{keys}. Para comparar con ellos, haga que los intervalos los contengan.")
    return msgspec.structs.replace(warning("not_present", text.fill(keys=", ".join(keys)), "run"), severity="info")


def discarded_problem(run: RunFolder) -> Problem:
    """The user stopped the run of a trial and kept nothing."""
    text = Text("The run {run} was stopped, and its model was discarded.",
                "El entrenamiento {run} se detuvo y su modelo se descartó.")
    return error("discarded", text.fill(run=run.id), "run")


def hopeless_problem(problem: Problem, count: int) -> Problem:
    """The first trials all failed for the same reason."""
    text = Text("The first {n} trials failed for the same reason, so the search was ended: {text}",
                "Los primeros {n} ensayos fallaron por el mismo motivo, así que se terminó la búsqueda: {text}")
    return msgspec.structs.replace(problem, text=text.fill(n=count, text=problem.text), severity="error")
