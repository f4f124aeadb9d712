"""`cnnstudio coach`: advice about a run, from evidence."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import Any

from cnnstudio.catalog.params import params_of
from cnnstudio.cli.jobs import exit_code, report_progress, run_job
from cnnstudio.cli.output import Output
from cnnstudio.cli.projects import locked_project
from cnnstudio.core import events
from cnnstudio.core.files import read_project, write_project
from cnnstudio.core.keys import set_value
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text, format_number, tr
from cnnstudio.datasets.manifest import read_manifest
from cnnstudio.network.fixes import value_text
from cnnstudio.workers.coach.advice import Advice
from cnnstudio.workers.coach.evidence import collect, find_inspection
from cnnstudio.workers.coach.judge import RULES, judge
from cnnstudio.workers.coach.outcomes import outcome
from cnnstudio.workers.runs.folder import RunFolder, find_run, list_runs
from cnnstudio.workers.runs.run_problems import in_use_problem
from cnnstudio.workers.trial_setup import inspection_job


def coach(arguments: argparse.Namespace, output: Output) -> int:
    """Print the advice, the most convincing first. Exit code 0 with or without any; 1 where the network of the run could not
    be looked into; 2 for wrong input."""
    folder: Path = arguments.project
    read_project(folder)  # a folder without a project has no runs, which would say less
    run = _run(folder, arguments.run)
    if run.living():
        raise ProblemError(in_use_problem(run))
    read_manifest(run.manifest_path)  # without it neither the network can be looked into nor the run be judged
    code = 0
    if find_inspection(run) is None and run.has_model:
        last = run_job(inspection_job(run), output, lambda event: report_progress(event, output))
        code = exit_code(last, output)
        if isinstance(last, events.Stopped):
            return code
    found = judge(collect(run))
    for advice in found:
        output.line(_line(advice), _text(advice, folder))
    came = outcome(run)
    if came is not None:
        output.print_message(str(came))
    if not found and not code and not output.as_json:
        output.line({}, tr("{run}: nothing stands out.", "{run}: nada llama la atención.", run=run.id))
    if arguments.apply:
        _apply(folder, found, output)
    return code


def _run(folder: Path, identifier: str | None) -> RunFolder:
    """The run of that id, else the newest that has begun, with or without a model: one that diverged has none."""
    if identifier is None:
        for summary in list_runs(folder):
            if summary.epochs or summary.state == "failed" or summary.has_model:
                RunFolder(summary.folder).check_links()
                return RunFolder(summary.folder)
    return find_run(folder, identifier)


def _line(advice: Advice) -> dict[str, Any]:
    return {"advice": advice.advice, "confidence": advice.confidence, "evidence": advice.evidence, "text": str(advice.text),
            "change": advice.change}


def _text(advice: Advice, folder: Path) -> str:
    lines = [f"{RULES[advice.advice].label} ({format_number(advice.confidence, '.0%')})", f"  {advice.text}"]
    if advice.change:
        values = " ".join(f"--set {shlex.quote(f'{key}={value_text(value)}')}" for key, value in advice.change.items())
        command = f"cnnstudio train {shlex.quote(str(folder))} {values}"
        lines.append("  " + tr("To try it: {command}", "Para probarlo: {command}", command=command))
    return "\n".join(lines)


def _apply(folder: Path, found: tuple[Advice, ...], output: Output) -> None:
    """Make the change of the first advice that has one. Raises ProblemError."""
    advice = next((item for item in found if item.change), None)
    if advice is None:
        text = Text("There is no advice with a change to make.", "No hay ningún consejo con un cambio que hacer.")
        raise ProblemError(error("no_change", text, "run"))
    with locked_project(folder) as before:
        project = before
        for key, value in advice.change.items():
            project = set_value(project, key, value_text(value), params_of)
        write_project(folder, project)
    for key, value in advice.change.items():
        output.print_message(f"{key} = {value_text(value)}")
