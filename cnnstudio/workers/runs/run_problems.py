"""Problems of runs that several commands and jobs report."""

from __future__ import annotations

from cnnstudio.core.problems import Problem, error
from cnnstudio.core.text import Text
from cnnstudio.workers.runs.folder import RunFolder


def no_model_problem(run: RunFolder) -> Problem:
    """The problem of a run that has neither a model nor a checkpoint that gives one."""
    text = Text("The run {run} has no model yet. Resume it, or choose another run.",
                "El entrenamiento {run} aún no tiene modelo. Continúelo o elija otro.")
    return error("no_model", text.fill(run=run.id), "run", path=run.folder)


def in_use_problem(run: RunFolder) -> Problem:
    """The problem of a run that a process trains now."""
    text = Text("The run {run} is being trained at the moment. Wait until it ends, or stop it first.",
                "El entrenamiento {run} está en marcha. Espere a que termine o deténgalo antes.")
    return error("run_in_use", text.fill(run=run.id), "run")
