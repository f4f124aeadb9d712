"""The command that shows the training plan a project's pictures allow, and applies one."""

from __future__ import annotations

import argparse
from pathlib import Path

from cnnstudio.catalog.bases import last_layers
from cnnstudio.catalog.plans import PLANS
from cnnstudio.cli.output import Output, scan_progress
from cnnstudio.cli.projects import locked_project
from cnnstudio.core.files import write_project
from cnnstudio.core.problems import Problem, ProblemError, blocking, error
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text, format_number, tr
from cnnstudio.core.training import Stage
from cnnstudio.datasets.opening import open_project
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.network.plans import plan_advice, with_plan
from cnnstudio.network.stage_checks import check_stages
from cnnstudio.workers.job_setup import refresh_index


def plan(arguments: argparse.Namespace, output: Output) -> int:
    """Say which plan suits the pictures, and with a name put its stages into the project; exit code 2 where there are no
    pictures."""
    folder: Path = arguments.project
    with locked_project(folder):
        project, index = open_project(folder)
        try:
            noticed = refresh_index(folder, project, index, scan_progress(output))
            output.problems(noticed, as_lines=False)
            if blocking(noticed):
                return 2
            classes = index.class_names(project.dataset)
            pictures = index.split_counts(classes)["train"]
        finally:
            index.close()
        advice = plan_advice(project, ProjectBases(folder), pictures, len(classes))
        if advice is None:
            raise ProblemError(_no_base())
        line = arguments.learns or advice.line
        chosen = None
        if arguments.plan:
            chosen = advice.plan if arguments.plan == "advised" else PLANS[arguments.plan]
            project = with_plan(project, chosen, line)
            wrong = blocking(check_stages(project, ProjectBases(folder)))
            if wrong:
                raise ProblemError(*wrong)
            write_project(folder, project)
    output.line({"event": "plan", "advised": advice.plan.id, "line": advice.line, "reason": advice.reason,
                 "pictures": pictures, "classes": len(classes), "applied": None if chosen is None else chosen.id},
                tr("{plan} ({id}): {reason}", "{plan} ({id}): {reason}", plan=advice.plan.label, id=advice.plan.id,
                   reason=advice.reason))
    for number, stage in enumerate(project.training.stages, start=1):
        output.line({"event": "stage", "id": stage.id, "trainable_from": stage.trainable_from, "epochs": stage.epochs,
                     "learning_rate": stage.optimizer.params.get("learning_rate"),
                     "base_rate_factor": stage.base_rate_factor}, _stage_line(project, stage, number))
    if chosen is None:
        output.print_message(tr("To use it: cnnstudio plan {folder} advised", "Para usarlo: cnnstudio plan {folder} advised",
                                folder=folder))
    return 0


def _stage_line(project: Project, stage: Stage, number: int) -> str:
    count = last_layers(stage.trainable_from)
    learns = {"": tr("as in the network", "como en la red"), "none": tr("head only", "solo la cabeza"),
              "all": tr("whole base", "toda la base")}.get(
                  stage.trainable_from, tr("base from {line} on", "base desde {line}", line=stage.trainable_from))
    if count is not None:
        learns = tr("last {n} layers of the base", "últimas {n} capas de la base", n=count)
    rate = stage.optimizer.params.get("learning_rate")
    told = stage.optimizer.type if stage.schedule is None else stage.schedule.type
    return tr("stage {number}/{count} {id}: learns {learns}, epochs {epochs}, {told} {rate}",
              "etapa {number}/{count} {id}: aprende {learns}, épocas {epochs}, {told} {rate}", number=number,
              count=len(project.training.stages), id=stage.id, learns=learns, epochs=stage.epochs, told=told,
              rate="" if rate is None or stage.schedule is not None else format_number(rate))


def _no_base() -> Problem:
    text = Text("A plan is for a network with one pretrained base, which this one does not have. Start from a base (network "
                "--base), or edit the stages themselves (training.stages).",
                "Un plan es para una red con una base preentrenada, y esta no la tiene. Parta de una base (network --base) o "
                "edite las etapas (training.stages).")
    return error("no_base", text, "network")
